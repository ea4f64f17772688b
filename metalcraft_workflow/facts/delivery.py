"""Facts about the orders of a delivery, that several of its steps ask for."""

import frappe
from frappe.model.document import Document
from frappe.utils import flt

from metalcraft_workflow.facts import traceability
from metalcraft_workflow.facts.locks import lock
from metalcraft_workflow.facts.orders import orders_of
from metalcraft_workflow.gates.once import once
from metalcraft_workflow.gates.workflow import states_by_gate
from metalcraft_workflow.rules import clearance as rules
from metalcraft_workflow.rules.path import has_passed
from metalcraft_workflow.rules.quantity import Qty
from metalcraft_workflow.rules.requirement import Link, Requirement, _lt

# What the steps of a delivery go by
FIELDS = (
	"docstatus",
	"workflow_state",
	"customer",
	"company",
	"is_return",
	"return_against",
	"set_warehouse",
)
TABLES = {
	"items": (
		"name",
		"item_code",
		"qty",
		"conversion_factor",
		"warehouse",
		"batch_no",
		"serial_no",
		"serial_and_batch_bundle",
		"use_serial_batch_fields",
		"so_detail",
		"against_sales_order",
		"return_authorization_item",
	),
	"traceability": (
		"name",
		"delivery_note_item",
		"item_code",
		"qty",
		"batch_no",
		"serial_nos",
		*traceability.ORIGIN,
	),
}


def is_touched(doc: Document) -> bool:
	"""Whether this save moves `doc`, or changes its goods or where they come from. Else what its steps have
	found and written at an earlier save holds still."""
	before = doc.get_doc_before_save()
	if not before or doc.packed_items or before.packed_items:
		return True  # ERPNext makes the parts of bundles anew at will
	if any((doc.get(name) or None) != (before.get(name) or None) for name in FIELDS):
		return True
	return any(_rows(doc, table, fields) != _rows(before, table, fields) for table, fields in TABLES.items())


def _rows(doc: Document, table: str, fields: tuple[str, ...]) -> list[list]:
	return [[row.get(name) or None for name in fields] for row in doc.get(table)]


def orders(doc: Document) -> list[frappe._dict]:
	"""The orders of `doc`, with what its gates read of them. Once a save, and kept to this transaction, so that
	two people who pack the same order side by side come one after the other."""
	names = orders_of(doc)
	return once(doc, ("orders", *names), lambda: _read_orders(names, for_update=is_saving(doc)))


def process_orders(doc: Document) -> list[frappe._dict]:
	"""Those of the orders of `doc` that follow the process."""
	return [order for order in orders(doc) if order.follows_process]


def _read_orders(names: list[str], for_update: bool) -> list[frappe._dict]:
	if not names:
		return []
	table = frappe.qb.DocType("Sales Order")
	query = (
		frappe.qb.from_(table)
		.where(table.name.isin(names))
		.orderby(table.name)
		.select(
			table.name,
			table.follows_process,
			table.workflow_state,
			table.status,
			table.docstatus,
			table.po_no,
			table.currency,
			table.party_account_currency,
			table.rounded_total,
			table.grand_total,
			table.base_rounded_total,
			table.base_grand_total,
			table.payment_terms_template,
		)
	)
	return (query.for_update() if for_update else query).run(as_dict=True)


def is_saving(doc: Document) -> bool:
	"""Whether `doc` is being saved: it is new, or what is stored of it was loaded beside it."""
	return doc.is_new() or bool(doc.get_doc_before_save())


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


def weight_unit(doc: Document) -> list[Requirement]:
	"""The requirement that a weight has its unit, asked where there is a weight: at packing, and again at
	shipping."""
	if not doc.gross_weight:
		return []
	return [
		Requirement(
			code="gross_weight_uom",
			label=_lt("Unit of the gross weight"),
			message=_lt("The gross weight is {weight}: enter its unit."),
			params={"weight": Qty(flt(doc.gross_weight))},
			met=bool(doc.gross_weight_uom),
			link=Link(doc.doctype, doc.name, "gross_weight_uom"),
		)
	]
