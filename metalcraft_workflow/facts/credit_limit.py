"""How ERPNext's own check of the credit limit lets a document pass that Accounts has released on record.

ERPNext checks the limit once more when a document is submitted, an order also whenever it is saved after
that. It has no way to be told that Accounts has released this one, so the limit is lifted for the moment of
that check. Nobody else sees it: it is lifted and put back in one transaction, before its commit whatever
happens in between, and a rollback undoes it anyway.
"""

from collections.abc import Callable
from functools import partial
from typing import NamedTuple

import frappe
from frappe.model.document import Document
from frappe.utils import flt

# More than any exposure; as large as a currency field can hold
NO_LIMIT = 999_999_999_999


class Lifted(NamedTuple):
	"""A limit that is lifted: what it is in truth, and how it is put back."""

	limit: float
	undo: Callable[[], None]


def true_limit(customer: str, company: str) -> float:
	"""The customer's limit in this company, also while it is lifted; 0 for none."""
	from erpnext.selling.doctype.customer.customer import get_credit_limit

	lifted = lifted_limit(customer, company)
	return flt(get_credit_limit(customer, company)) if lifted is None else lifted


def lifted_limit(customer: str, company: str) -> float | None:
	"""The customer's limit in this company in truth, when it is lifted; else None."""
	lifted = _lifted().get((customer, company))
	return lifted.limit if lifted else None


def lift_limit(doc: Document, method: str | None = None) -> None:
	"""Lift the limit for ERPNext's check of `doc`, if Accounts released it. In `before_submit`.

	Also in `before_update_after_submit` of an order of the process, released or not: a change of its
	lines takes it to its review, where the gate `approve` asks for the credit again.
	"""
	# Here, because credit reads the true limit from this module
	from metalcraft_workflow.facts.credit import is_bypassed, is_released, limit_of

	if doc.doctype != "Sales Order" and not is_bypassed(doc):
		return  # ERPNext has checked their orders, and does not check them again
	if limit_of(doc) <= 0:
		return
	if is_released(doc) if method == "before_submit" else doc.follows_process:
		lift(doc.customer, doc.company)


def lift_limit_for_line(row: Document, method: str | None = None) -> None:
	"""Lift the limit while "Update Items" writes the lines of a submitted order one by one.

	ERPNext checks it between those and the save of the order, after which it is put back.
	"""
	order = frappe.db.get_value(
		"Sales Order",
		{"name": row.parent, "docstatus": 1, "follows_process": 1},
		["customer", "company"],
		as_dict=True,
	)
	if order and true_limit(order.customer, order.company) > 0:
		lift(order.customer, order.company)


def put_back_limit(doc: Document, method: str | None = None) -> None:
	"""Put the limit back as it was. The first handler of `on_submit` and `on_update_after_submit`."""
	put_back(doc.customer, doc.company)


def lift(customer: str, company: str) -> None:
	"""Make the customer's limit in this company boundless until `put_back`, or the commit."""
	key = {"parent": customer, "parenttype": "Customer", "company": company}
	row = frappe.db.get_value(
		"Customer Credit Limit",
		key,
		["name", "credit_limit"],
		as_dict=True,
		for_update=True,
	)
	if row and flt(row.credit_limit) == NO_LIMIT:
		return
	limit = true_limit(customer, company)
	if row:
		undo = partial(_set_limit, row.name, row.credit_limit)
		_set_limit(row.name, NO_LIMIT)
	else:
		# The limit comes from the customer group or the company: a row of the customer's own goes first
		row = frappe.get_doc(
			{
				"doctype": "Customer Credit Limit",
				"parentfield": "credit_limits",
				"credit_limit": NO_LIMIT,
				**key,
			}
		)
		row.db_insert()
		undo = partial(frappe.db.delete, "Customer Credit Limit", {"name": row.name})
	_lifted()[(customer, company)] = Lifted(limit, undo)
	frappe.db.before_commit.add(partial(put_back, customer, company))


def put_back(customer: str, company: str) -> None:
	"""Undo `lift`. Harmless when nothing was lifted."""
	lifted = _lifted().pop((customer, company), None)
	if lifted:
		lifted.undo()
		frappe.clear_document_cache("Customer", customer)


def _lifted() -> dict[tuple[str, str], Lifted]:
	if "metalcraft_lifted_limits" not in frappe.flags:
		frappe.flags.metalcraft_lifted_limits = {}
	return frappe.flags.metalcraft_lifted_limits


def _set_limit(row: str, limit: float) -> None:
	frappe.db.set_value("Customer Credit Limit", row, "credit_limit", limit, update_modified=False)
