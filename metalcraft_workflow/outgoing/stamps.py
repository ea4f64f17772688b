"""The mails that say a customer was told, and that it was once: nobody deletes them or puts them elsewhere.

Such a mail is found by its name (`rules.customer_mail.stamp`). Without it, the customer would be told again.
"""

import frappe
from frappe import _
from frappe.model.document import Document

from metalcraft_workflow.gates.append_only import is_ours
from metalcraft_workflow.outgoing.customer_mail import KINDS
from metalcraft_workflow.rules.customer_mail import is_stamp

# What makes it one
KEPT = ("communication_type", "sent_or_received", "reference_doctype", "reference_name")


def protect(mail: Document, method: str, *args) -> None:
	"""Refuse to delete, rename, forge or relink such a mail. In the events of Communication. Raises
	PermissionError."""
	if not is_stamp(mail.name or "", KINDS):
		return
	if mail.is_new():
		if is_ours(mail):
			return
	elif method in ("validate", "before_change"):
		before = mail.get_doc_before_save()
		if not before or all(mail.get(name) == before.get(name) for name in KEPT):
			return
	elif method == "on_trash" and goes_with_its_company(mail):
		return
	frappe.throw(
		_("{0} keeps on record that the customer was told. It cannot be deleted or moved.").format(mail.name),
		frappe.PermissionError,
		title=_("Kept for Good"),
	)


def goes_with_its_company(mail: Document) -> bool:
	"""Whether all transactions of the company are being deleted, as an administrator has submitted."""
	if not mail.reference_doctype or not frappe.db.exists("DocType", "Transaction Deletion Record"):
		return False
	company = frappe.db.get_value(mail.reference_doctype, mail.reference_name, "company")
	return bool(
		company
		and frappe.db.exists(
			"Transaction Deletion Record",
			{"company": company, "docstatus": 1, "status": ["in", ["Queued", "Running"]]},
		)
	)
