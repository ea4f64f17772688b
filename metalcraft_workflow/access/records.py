"""Who may read the log: whoever may read the document that a record is about."""

import frappe
from frappe.model.db_query import DatabaseQuery
from frappe.model.document import Document

# What records are about
DOCTYPES = ("Sales Order", "Delivery Note")


def has_permission(doc: Document, ptype: str | None = None, user: str | None = None) -> bool:
	"""Whether `user` may read the document that a Release Record is about; of one that is gone, as their
	roles say. The hook of Frappe, which asks it beside the roles."""
	if not frappe.db.exists(doc.reference_doctype, doc.reference_name):
		return True
	return bool(frappe.has_permission(doc.reference_doctype, "read", doc=doc.reference_name, user=user))


def conditions(user: str | None = None) -> str:
	"""SQL condition that narrows a list of Release Records to the documents that `user` may read; empty
	when they read all of them. The hook of Frappe."""
	user = user or frappe.session.user
	narrowed = {doctype: _narrowed(doctype, user) for doctype in DOCTYPES}
	if not any(narrowed.values()):
		return ""
	return "(" + " or ".join(f"({_of(doctype)}{rest})" for doctype, rest in narrowed.items()) + ")"


def _of(doctype: str) -> str:
	return f"`tabRelease Record`.`reference_doctype` = {frappe.db.escape(doctype)}"


def _narrowed(doctype: str, user: str) -> str:
	"""What else holds for records about `doctype`; empty when `user` reads all of it."""
	if not frappe.has_permission(doctype, "read", user=user):
		return " and 1 = 0"
	match = DatabaseQuery(doctype, user=user).build_match_conditions()
	if not match:
		return ""
	# Built by Frappe of the user's permissions, and of nothing that anybody sends
	names = f"select `tab{doctype}`.`name` from `tab{doctype}` where {match}"  # nosec B608
	return f" and `tabRelease Record`.`reference_name` in ({names})"
