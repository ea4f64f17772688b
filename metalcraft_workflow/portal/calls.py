"""Calls of Frappe that do more than the caller may: here they ask. Where a permission is all that is
missing, a row in `rules.open_calls` does it."""

import frappe
from frappe.desk import reportview
from frappe.templates.includes.comments import comments
from frappe.utils import get_fullname, get_safe_filters

from metalcraft_workflow.gates.input import KnownDocType, LongText, checked

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
@checked
def add_comment(
	comment: LongText,
	comment_email: str,
	comment_by: str,
	reference_doctype: KnownDocType,
	reference_name: str | int,
	route: str | None = None,
) -> str | bool | None:
	"""Frappe's comment on a page of the website, which takes any document and any name of an author, and
	mails whoever made the document. Here whoever has signed in signs with their own name. Raises
	PermissionError for a document of the process that the user may not read."""
	if frappe.session.user != "Guest":
		if _is_kept_in_house(reference_doctype):
			frappe.get_doc(reference_doctype, reference_name).check_permission("read")
		comment_email, comment_by = frappe.session.user, get_fullname(frappe.session.user)
	return comments.add_comment(comment, comment_email, comment_by, reference_doctype, reference_name, route)


@frappe.whitelist()
@checked
def get_count(
	doctype: str, filters: str | dict | list | None = None, debug: bool = False, cache: bool = False
) -> int:
	"""How many documents there are, of those that the user may read. Frappe 15 counts in any table, by
	anything in it. Raises PermissionError."""
	# The count of the desk reads its arguments from here
	frappe.form_dict.update(doctype=doctype, filters=get_safe_filters(filters))
	return reportview.get_count()


def _is_kept_in_house(doctype: str) -> bool:
	return doctype in KEPT_IN_HOUSE or frappe.get_meta(doctype).module == "Metalcraft Workflow"
