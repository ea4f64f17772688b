"""Facts about the orders of a delivery, that several of its steps ask for."""

import frappe
from frappe.model.document import Document

from metalcraft_workflow.facts.locks import lock
from metalcraft_workflow.facts.orders import orders_of
from metalcraft_workflow.gates.workflow import states_by_gate
from metalcraft_workflow.rules import clearance as rules
from metalcraft_workflow.rules.path import has_passed
from metalcraft_workflow.rules.requirement import Requirement


def process_orders(doc: Document) -> list[frappe._dict]:
	"""The orders of `doc` that follow the process, with what its gates read of them."""
	names = orders_of(doc)
	if not names:
		return []
	return frappe.get_all(
		"Sales Order",
		filters={"name": ["in", names], "follows_process": 1},
		fields=[
			"name",
			"workflow_state",
			"status",
			"docstatus",
			"currency",
			"party_account_currency",
			"rounded_total",
			"grand_total",
			"base_rounded_total",
			"base_grand_total",
			"payment_terms_template",
		],
		order_by="name",
	)


def lock_orders_of(doc: Document) -> None:
	"""Keep the orders of a delivery or an invoice to this transaction, so that two people who pack or
	credit the same order side by side come one after the other."""
	lock("Sales Order", orders_of(doc))


def as_fact(order: frappe._dict, **more) -> rules.Order:
	"""The order as the rules see it."""
	gate = states_by_gate("Sales Order").get(order.workflow_state, "")
	return rules.Order(
		name=order.name,
		approved=order.docstatus == 1 and has_passed(gate, "approve"),
		in_review=order.docstatus == 1 and gate == "change_review",
		stopped=order.status if order.status in ("On Hold", "Closed") else "",
		**more,
	)


def order_released(doc: Document) -> list[Requirement]:
	"""The requirement that every order of `doc` is approved, unchanged and not stopped; it is asked at
	packing, at clearance and again at shipping."""
	requirement = rules.released([as_fact(order) for order in process_orders(doc)])
	return [requirement] if requirement else []
