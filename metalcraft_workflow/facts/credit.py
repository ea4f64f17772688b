"""A customer's credit: the facts that approval (step 5) and clearance (step 10) ask for, and whether Accounts
has released it on record."""

from dataclasses import replace
from typing import NamedTuple

import frappe
from frappe.model.document import Document
from frappe.utils import flt

from metalcraft_workflow.facts.committed import committed
from metalcraft_workflow.facts.credit_limit import lifted_limit
from metalcraft_workflow.facts.outstanding import customer_outstanding
from metalcraft_workflow.gates import record
from metalcraft_workflow.gates.message import sentence
from metalcraft_workflow.gates.once import once
from metalcraft_workflow.rules import credit as rules
from metalcraft_workflow.rules.requirement import Requirement

# Where each document's credit is decided: its gate, and the code of the requirement
GATE = {"Sales Order": "approve", "Delivery Note": "clear"}
CODE = "credit"


def requirement(doc: Document) -> Requirement:
	"""The requirement `credit` for a Sales Order or a Delivery Note.

	A release of the document itself is a waiver, which the guard knows; a delivery also stands on the
	releases of all its orders.
	"""
	return rules.requirement(facts(doc))


def hold_reason(doc: Document) -> str:
	"""Why `doc` has to wait for Accounts, in a sentence; empty when it has not."""
	asked = requirement(doc)
	return "" if asked.met or is_released(doc) else sentence(asked, with_amounts=True)


def facts(doc: Document) -> rules.Credit:
	"""What is known about the credit of `doc`'s customer, with `doc` itself counted."""
	customer = frappe.get_cached_doc("Customer", doc.customer)
	bypassed = is_bypassed(doc)
	# ERPNext's "bypass" leaves the orders alone and looks at the deliveries instead
	limit = 0 if bypassed and doc.doctype == "Sales Order" else limit_of(doc)
	found = rules.Credit(
		customer=doc.customer,
		title=customer.customer_name,
		on_hold=bool(customer.get("credit_hold")),
		hold_reason=customer.get("credit_hold_reason") or "",
		limit=limit,
		exposure=exposure(doc, bypassed) if limit else 0,
		currency=frappe.get_cached_value("Company", doc.company, "default_currency"),
	)
	if doc.doctype != "Sales Order" and not rules.is_good(found):
		return replace(found, released=orders_are_released(doc))
	return found


def exposure(doc: Document, bypassed: bool) -> float:
	"""What the customer owes and has on order in this company, with `doc` as it is now."""
	with_orders = doc.doctype == "Sales Order" or not bypassed
	total = customer_outstanding(doc.customer, doc.company, with_orders)
	if doc.doctype == "Sales Order":
		# A submitted order is in the total as it is stored, which may be before this edit
		total += approved_meanwhile(doc) - stored_share(doc)
		return total + share(doc.base_grand_total, doc.per_billed)
	if not with_orders or not any(row.against_sales_order for row in doc.items):
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
	rows = committed(lambda: query.select(table.base_grand_total, table.per_billed).run(as_dict=True))
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


def limit_of(doc: Document) -> float:
	"""The limit of `doc`'s customer in its company, also while it is lifted; 0 for none."""
	lifted = lifted_limit(doc.customer, doc.company)
	return _terms(doc).limit if lifted is None else lifted


def is_bypassed(doc: Document) -> bool:
	"""Whether ERPNext checks this customer's deliveries instead of the orders."""
	return _terms(doc).bypassed


class Terms(NamedTuple):
	"""A customer's limit in a company, 0 for none, and whether only deliveries are checked against it."""

	limit: float
	bypassed: bool


def _terms(doc: Document) -> Terms:
	return once(doc, ("credit", doc.customer, doc.company), lambda: _read_terms(doc.customer, doc.company))


def _read_terms(customer: str, company: str) -> Terms:
	"""As ERPNext has it: the customer's own limit, else that of the group, else that of the company."""
	customer_group = frappe.get_cached_value("Customer", customer, "customer_group")
	rows = {
		(row.parenttype, row.parent): row
		for row in frappe.get_all(
			"Customer Credit Limit",
			filters={"parent": ["in", [customer, customer_group]], "company": company},
			fields=["parent", "parenttype", "credit_limit", "bypass_credit_limit_check"],
		)
	}
	own, group = (
		rows.get(key) or frappe._dict()
		for key in (("Customer", customer), ("Customer Group", customer_group))
	)
	return Terms(
		flt(own.credit_limit)
		or (0 if group.bypass_credit_limit_check else flt(group.credit_limit))
		or flt(frappe.get_cached_value("Company", company, "credit_limit")),
		bool(own.bypass_credit_limit_check),
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
