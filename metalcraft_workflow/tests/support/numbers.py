"""Sites that write numbers otherwise."""

from collections.abc import Iterator
from contextlib import contextmanager

import frappe


@contextmanager
def number_format(pattern: str, **defaults: str) -> Iterator[None]:
	"""The site writes numbers as `pattern` shows; `defaults` are other ones of it, as `currency_precision`."""
	values = {"number_format": pattern, **defaults}
	before = {key: frappe.db.get_default(key) for key in values}
	for key, value in values.items():
		frappe.db.set_default(key, value)
	try:
		yield
	finally:
		for key, value in before.items():
			frappe.db.set_default(key, value or "")


def plain_text(html: str) -> str:
	"""What `html` says to who looks at it."""
	text = frappe.utils.strip_html(html.split("</style>")[-1].replace("<", " <"))
	return " ".join(frappe.utils.html_utils.unescape_html(text).split())
