"""Facts about a delivery that several of its steps ask for: its orders, and its documents."""

import frappe
from frappe import _
from frappe.model.document import Document

from metalcraft_workflow.gates.order_facts import orders_of
from metalcraft_workflow.gates.workflow import has_passed, states_by_gate
from metalcraft_workflow.rules import clearance as rules
from metalcraft_workflow.rules import documents as document_rules
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


def lock_orders(doc: Document) -> None:
	"""Keep the orders of `doc` to this transaction, so that two people who pack the same order side
	by side come one after the other. Always in the order of the names, so that nobody waits in a ring."""
	names = orders_of(doc)
	if names:
		order = frappe.qb.DocType("Sales Order")
		frappe.qb.from_(order).where(order.name.isin(names)).orderby(order.name).select(
			order.name
		).for_update().run()


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


def required_documents(doc: Document) -> dict[str, dict[str, list[str]]]:
	"""Which documents the customer, the items (parts of bundles too) and the orders of `doc` ask for, and
	who asks."""
	asked_by = {
		"Customer": {doc.customer} - {None},
		"Sales Order": set(orders_of(doc)),
		"Item": with_templates({row.item_code for row in [*doc.items, *doc.packed_items] if row.item_code}),
	}
	names = set().union(*asked_by.values())
	if not names:
		return {}
	rows = frappe.get_all(
		"Required Document",
		filters={
			"parenttype": ["in", list(asked_by)],
			"parentfield": "required_documents",
			"parent": ["in", list(names)],
		},
		fields=["document_type", "parenttype", "parent"],
	)
	return document_rules.reasons(
		document_rules.Demand(row.document_type, row.parenttype, row.parent)
		for row in rows
		if row.parent in asked_by[row.parenttype]
	)


def with_templates(codes: set[str]) -> set[str]:
	"""Items, and the templates of those that are variants: what a template asks for holds for them."""
	if not codes:
		return codes
	return codes | set(
		frappe.get_all(
			"Item", filters={"name": ["in", list(codes)], "variant_of": ["is", "set"]}, pluck="variant_of"
		)
	)


def documents_complete(doc: Document, waived: bool = False) -> list[Requirement]:
	"""The requirement that every document of `doc` has its file; none when it needs no documents.

	With `waived`, whoever may has decided that it goes without those that are missing.
	"""
	rows = [document_rules.Row(row.document_type, row.file or "") for row in doc.shipment_documents]
	wanting = document_rules.missing(rows, required_documents(doc))
	if not wanting and not rows:
		return []
	return [document_rules.documents([_(name) for name in wanting], doc.name, waived)]
