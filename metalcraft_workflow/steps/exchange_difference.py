"""Step 12: an invoice takes over an advance that was paid at another rate of exchange.

ERPNext books the difference as a Journal Entry, with the rights of whoever submits the invoice. Customer
Support, whose step that is, has none to journal entries. It gets the right to make one, and may use it for
this entry alone: while it submits that invoice.
"""

import frappe
from frappe.model.document import Document

from metalcraft_workflow import compat

ROLE = "Customer Support"


def begin(doc: Document, method: str | None = None) -> None:
	"""Let the difference of this invoice be booked (`before_submit` of Sales Invoice)."""
	frappe.flags.books_difference_of = doc.name if doc.get("advances") else None


def end(doc: Document, method: str | None = None) -> None:
	"""Let no more be booked (`on_submit`, which comes after ERPNext's own)."""
	frappe.flags.books_difference_of = None


def has_permission(
	doc: Document, ptype: str | None = None, user: str | None = None, **_kwargs
) -> bool | None:
	"""Deny a Journal Entry that is made by the right of Customer Support alone, and is not the difference
	that ERPNext books; which may be submitted by who may make it. `has_permission` of Journal Entry: events
	of one come after its permissions."""
	if ptype == "create" and is_difference(doc):
		doc.flags.ignore_permissions = True  # it is the invoice that somebody had the right to submit
	elif ptype == "create" and not may_make_others(user):
		return False
	return compat.no_objection()


def is_difference(doc: Document) -> bool:
	"""Whether `doc` is what ERPNext books for the invoice that is being submitted."""
	invoice = frappe.flags.books_difference_of
	return bool(
		invoice
		and doc.is_system_generated
		and doc.voucher_type == "Exchange Gain Or Loss"
		and any(
			(row.reference_type, row.reference_name) == ("Sales Invoice", invoice) for row in doc.accounts
		)
	)


def may_make_others(user: str | None) -> bool:
	"""Whether one of the user's other roles lets them make journal entries."""
	roles = set(frappe.get_roles(user)) - {ROLE}
	return any(
		row.create and not row.permlevel and row.role in roles
		for row in frappe.get_meta("Journal Entry").permissions
	)
