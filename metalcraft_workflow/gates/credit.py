"""A customer's credit: the facts that approval (step 5) and clearance (step 10) ask for, and how
ERPNext's own check of the limit lets a document pass that Accounts has released on record."""

from dataclasses import replace
from functools import partial

import frappe
from frappe.model.document import Document
from frappe.utils import flt

from metalcraft_workflow.gates import fresh, record
from metalcraft_workflow.gates.message import money, sentence
from metalcraft_workflow.rules import credit as rules
from metalcraft_workflow.rules.requirement import Requirement

# Where each document's credit is decided: its gate, and the code of the requirement
GATE = {"Sales Order": "approve", "Delivery Note": "clear"}
CODE = "credit"

# More than any exposure; as large as a currency field can hold
NO_LIMIT = 999_999_999_999


def requirement(doc: Document) -> Requirement:
	"""The requirement `credit` for a Sales Order or a Delivery Note.

	A release of the document itself is a waiver, which the guard knows; a delivery also stands on the
	releases of all its orders.
	"""
	return rules.requirement(facts(doc))


def hold_reason(doc: Document) -> str:
	"""Why `doc` has to wait for Accounts, in a sentence; empty when it has not."""
	asked = requirement(doc)
	return "" if asked.met or is_released(doc) else sentence(asked)


def facts(doc: Document) -> rules.Credit:
	"""What is known about the credit of `doc`'s customer, with `doc` itself counted."""
	from erpnext.selling.doctype.customer.customer import get_credit_limit

	put_back(doc.customer, doc.company)  # what counts here is the true limit
	customer = frappe.get_cached_doc("Customer", doc.customer)
	bypassed = is_bypassed(doc)
	# ERPNext's "bypass" leaves the orders alone and looks at the deliveries instead
	limit = 0 if bypassed and doc.doctype == "Sales Order" else get_credit_limit(doc.customer, doc.company)
	found = rules.Credit(
		customer=customer.customer_name or doc.customer,
		on_hold=bool(customer.get("credit_hold")),
		hold_reason=customer.get("credit_hold_reason") or "",
		limit=limit,
		exposure=exposure(doc, bypassed) if limit else 0,
		money=partial(
			money,
			currency=frappe.get_cached_value("Company", doc.company, "default_currency"),
		),
	)
	if doc.doctype != "Sales Order" and not rules.is_good(found):
		return replace(found, released=orders_are_released(doc))
	return found


def exposure(doc: Document, bypassed: bool) -> float:
	"""What the customer owes and has on order in this company, with `doc` as it is now."""
	from erpnext.selling.doctype.customer.customer import get_customer_outstanding

	ignore_orders = bypassed and doc.doctype != "Sales Order"
	total = get_customer_outstanding(doc.customer, doc.company, ignore_outstanding_sales_order=ignore_orders)
	if doc.doctype == "Sales Order":
		# A submitted order is in the total as it is stored, which may be before this edit
		total += approved_meanwhile(doc) - stored_share(doc)
		return total + share(doc.base_grand_total, doc.per_billed)
	if ignore_orders or not any(row.against_sales_order for row in doc.items):
		return total + flt(doc.base_grand_total)
	return total


def approved_meanwhile(order: Document) -> float:
	"""What other orders of the customer come to that were approved since this transaction began.

	Each approval holds the customer until its commit: of two at the same moment the later one waits, and
	finds the earlier one here. Its own view of the orders is from before that.
	"""
	if order.docstatus != 1 or not order.get_doc_before_save():
		return 0  # nobody is approving it now
	frappe.db.get_value("Customer", order.customer, "name", for_update=True)
	table = frappe.qb.DocType("Sales Order")
	query = (
		frappe.qb.from_(table)
		.where(table.customer == order.customer)
		.where(table.company == order.company)
		.where(table.docstatus == 1)
		.where(table.status != "Closed")
		.where(table.per_billed < 100)
		.where(table.name != order.name)
		.select(table.name)
	)
	approved = set(query.run(pluck=True))
	rows = fresh.committed(lambda: query.select(table.base_grand_total, table.per_billed).run(as_dict=True))
	return sum(share(row.base_grand_total, row.per_billed) for row in rows if row.name not in approved)


def share(total: float | None, per_billed: float | None) -> float:
	"""The part of an order that is not billed yet, as ERPNext counts it."""
	return flt(total) * (100 - flt(per_billed)) / 100


def stored_share(order: Document) -> float:
	"""What ERPNext counts of `order` at this moment: nothing before it is submitted."""
	if order.is_new():
		return 0
	stored = frappe.db.get_value(
		"Sales Order",
		{"name": order.name, "docstatus": 1, "status": ["!=", "Closed"]},
		["base_grand_total", "per_billed"],
		as_dict=True,
	)
	return share(stored.base_grand_total, stored.per_billed) if stored else 0


def is_bypassed(doc: Document) -> bool:
	"""Whether ERPNext checks this customer's deliveries instead of the orders."""
	return bool(
		frappe.db.get_value(
			"Customer Credit Limit",
			{"parent": doc.customer, "parenttype": "Customer", "company": doc.company},
			"bypass_credit_limit_check",
		)
	)


# Released on record


def is_released(doc: Document) -> bool:
	"""Whether Accounts released the credit of `doc` as it is now, on record.

	An invoice is as good as what it bills: its orders, or its deliveries.
	"""
	if gate := GATE.get(doc.doctype):
		return CODE in record.waived_codes(doc, gate) or (
			doc.doctype == "Delivery Note" and orders_are_released(doc)
		)
	deliveries = {row.get("delivery_note") for row in doc.items}
	return orders_are_released(doc) or (
		all(deliveries) and all(is_released(frappe.get_doc("Delivery Note", name)) for name in deliveries)
	)


def orders_are_released(doc: Document) -> bool:
	"""Whether every line of a delivery or an invoice stands on an order that Accounts released."""
	field = "against_sales_order" if doc.doctype == "Delivery Note" else "sales_order"
	orders = {row.get(field) for row in doc.items}
	return bool(orders) and all(
		name and is_released(frappe.get_doc("Sales Order", name)) for name in sorted(orders, key=bool)
	)


# ERPNext checks the limit once more when a document is submitted, an order also whenever it is saved
# after that. It has no way to be told that Accounts has released this one, so the limit is lifted for
# the moment of that check. Nobody else sees it: it is lifted and put back in one transaction, before
# its commit whatever happens in between, and a rollback undoes it anyway.


def lift_limit(doc: Document, method: str | None = None) -> None:
	"""Lift the limit for ERPNext's check of `doc`, if Accounts released it. In `before_submit`.

	Also in `before_update_after_submit` of an order of the process, released or not: a change of its
	lines takes it to its review, where the gate `approve` asks for the credit again.
	"""
	if doc.doctype != "Sales Order" and not is_bypassed(doc):
		return  # ERPNext has checked their orders, and does not check them again
	if not _has_limit(doc.customer, doc.company):
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
	if order and _has_limit(order.customer, order.company):
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
	_lifted()[(customer, company)] = undo
	frappe.db.before_commit.add(partial(put_back, customer, company))


def put_back(customer: str, company: str) -> None:
	"""Undo `lift`. Harmless when nothing was lifted."""
	undo = _lifted().pop((customer, company), None)
	if undo:
		undo()
		frappe.clear_document_cache("Customer", customer)


def _lifted() -> dict:
	if "metalcraft_lifted_limits" not in frappe.flags:
		frappe.flags.metalcraft_lifted_limits = {}
	return frappe.flags.metalcraft_lifted_limits


def _has_limit(customer: str, company: str) -> bool:
	from erpnext.selling.doctype.customer.customer import get_credit_limit

	return get_credit_limit(customer, company) > 0


def _set_limit(row: str, limit: float) -> None:
	frappe.db.set_value("Customer Credit Limit", row, "credit_limit", limit, update_modified=False)
