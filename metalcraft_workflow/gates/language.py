"""The language in which something is said: that of the document or of whoever reads it, and never that of
whoever acts."""

from collections.abc import Iterator
from contextlib import contextmanager

import frappe
from frappe.model.document import Document

# What Frappe keeps of the language of a request: itself, templates that were made in it and, on 16, how days
# are written in it
KEPT = ("lang", "jenv", "user_date_format", "user_time_format")


@contextmanager
def in_language(language: str | None) -> Iterator[None]:
	"""Say in `language` what is said inside; in that of the site when there is none.

	Frappe's own `print_language` goes on in the other language when something inside fails.
	"""
	language = language or site_language()
	if language == frappe.local.lang:
		yield
		return
	before = {name: getattr(frappe.local, name, None) for name in KEPT}
	for name in KEPT:
		setattr(frappe.local, name, None)
	frappe.local.lang = language
	try:
		yield
	finally:
		for name, value in before.items():
			setattr(frappe.local, name, value)


def site_language() -> str:
	"""The language of the site, for what is written to nobody in particular."""
	return frappe.get_system_settings("language") or "en"


def language_of(user: str) -> str:
	"""The language that `user` reads."""
	return frappe.get_cached_value("User", user, "language") or site_language()


def language_of_document(doc: Document) -> str:
	"""The language of `doc`: its own, else its customer's, else that of the site."""
	customer = doc.get("customer")
	return (
		doc.get("language")
		or (customer and frappe.get_cached_value("Customer", customer, "language"))
		or site_language()
	)
