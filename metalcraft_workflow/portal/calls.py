"""Calls of Frappe and ERPNext that do not ask whether the caller may: here they ask.

Every signed-in user can make them, also a customer who has nothing but the portal.
"""

import frappe
from erpnext.accounts.doctype.sales_invoice import sales_invoice
from erpnext.selling.doctype.sales_order import sales_order
from erpnext.stock.doctype.delivery_note import delivery_note
from frappe.model.document import Document
from frappe.templates.includes.comments import comments

# The documents of the process on which only the house comments, beside those of this app
KEPT_IN_HOUSE = (
	"Lead",
	"Opportunity",
	"Quotation",
	"Customer",
	"Sales Order",
	"Stock Entry",
	"Delivery Note",
	"Sales Invoice",
	"Payment Entry",
)


# Guests may call it, as in Frappe, which lets them comment on what it publishes and on nothing else
@frappe.whitelist(allow_guest=True)  # nosemgrep
def add_comment(
	comment: str,
	comment_email: str,
	comment_by: str,
	reference_doctype: str,
	reference_name: str | int,
	route: str | None = None,
) -> str | bool | None:
	"""Frappe's comment on a page of the website, which takes any document and any name of an author, and
	mails whoever made the document. Raises PermissionError for a document of the process that the user may
	not read."""
	if frappe.session.user != "Guest" and _is_kept_in_house(reference_doctype):
		frappe.get_doc(reference_doctype, reference_name).check_permission("read")
	return comments.add_comment(comment, comment_email, comment_by, reference_doctype, reference_name, route)


@frappe.whitelist()
def update_order_status(status: str, name: str) -> None:
	"""ERPNext's `update_status` of a Sales Order. Raises PermissionError to who may not submit it."""
	frappe.get_doc("Sales Order", name).check_permission("submit")
	sales_order.update_status(status, name)


@frappe.whitelist()
def update_delivery_status(docname: str, status: str) -> None:
	"""ERPNext's `update_delivery_note_status`. Raises PermissionError to who may not submit it."""
	frappe.get_doc("Delivery Note", docname).check_permission("submit")
	delivery_note.update_delivery_note_status(docname, status)


@frappe.whitelist()
def create_invoice_discounting(source_name: str, target_doc: str | None = None) -> Document:
	"""ERPNext's own, by which any signed-in user could read who owes how much."""
	frappe.get_doc("Sales Invoice", source_name).check_permission("read")
	return sales_invoice.create_invoice_discounting(source_name, target_doc)


def _is_kept_in_house(doctype: str) -> bool:
	return doctype in KEPT_IN_HOUSE or frappe.get_meta(doctype).module == "Metalcraft Workflow"
