"""What ERPNext's own portal pages may give out, beside the app's.

They show whole documents: drafts, internal fields, what an item costs, in any print format that the
address names. Orders and deliveries are shown by the app's pages alone; of invoices and quotations only
what was submitted; and lists answer with a few fields of each row.
"""

from collections.abc import Callable
from typing import Any

import frappe
import frappe.www.list
from frappe import _
from frappe.model.document import Document

from metalcraft_workflow.gates.input import KnownDocType, checked

# DocTypes of which ERPNext's lists send whole documents, and what is left of a row
SHORTENED = ("Sales Order", "Delivery Note", "Sales Invoice", "Quotation")
ROW_FIELDS = ("name", "status", "transaction_date", "posting_date", "grand_total", "currency")


def refuse(doc: Document | None = None, **_kwargs) -> bool:
	"""Refuse orders and deliveries in ERPNext's pages and prints (`has_website_permission`).

	It is asked of people without a permission on the document, which are customers and guests.
	"""
	return not doc


def submitted_only(doc: Document | None = None, **_kwargs) -> bool:
	"""Refuse drafts and cancelled ones (`has_website_permission` of invoices and quotations).

	A customer's own cart in the web shop is a draft of a quotation, and theirs to see.
	"""
	return not doc or doc.docstatus == 1 or (doc.docstatus == 0 and doc.get("order_type") == "Shopping Cart")


# Guests may call both where Frappe lets them, which shows them what it publishes
@frappe.whitelist(allow_guest=True)  # nosemgrep
@checked
def get(doctype: KnownDocType, limit_start: int = 0, limit: int = 20, **kwargs: Any) -> dict:
	"""Frappe's `www.list.get`, with short rows in its `raw_result`. Raises DoesNotExistError where Frappe has
	no such call, ValidationError when it can make nothing of the other arguments."""
	answer = _answer("get", doctype, limit_start=limit_start, limit=limit, **kwargs)
	if _is_shortened(doctype) and answer.get("raw_result"):
		rows = frappe.parse_json(answer["raw_result"])
		answer["raw_result"] = frappe.as_json([_short(row) for row in rows], indent=0)
	return answer


# As above
@frappe.whitelist(allow_guest=True)  # nosemgrep
@checked
def get_list_data(doctype: KnownDocType, limit_start: int = 0, limit: int = 20, **kwargs: Any) -> list:
	"""Frappe's `www.list.get_list_data`, with short rows. Raises as `get` does."""
	rows = _answer("get_list_data", doctype, limit_start=limit_start, limit=limit, **kwargs)
	return [_short(row) for row in rows] if _is_shortened(doctype) else rows


def _answer(name: str, doctype: str, /, **kwargs) -> dict | list:
	call = _standard(name)
	try:
		return call(doctype, **kwargs)
	except Exception as error:
		if hasattr(error, "http_status_code"):
			raise
		# It takes any argument for a filter, and whatever is in it to the database
		frappe.throw(_("This list cannot be shown with these filters."), title=_("Please Check"))


def _standard(name: str) -> Callable:
	"""Frappe's own call, if it has one that this user may use: 16 has only `get_list_data`, and not for
	guests."""
	call = getattr(frappe.www.list, name, None)
	if not call:
		frappe.throw(_("There is no such list."), frappe.DoesNotExistError)
	if frappe.session.user == "Guest" and call not in frappe.guest_methods:
		frappe.throw(_("Sign in first."), frappe.PermissionError)
	return call


def _is_shortened(doctype: str) -> bool:
	return doctype in SHORTENED and not frappe.has_permission(doctype, "read")


def _short(row) -> dict:
	return {field: row.get(field) for field in ROW_FIELDS if row.get(field) is not None}
