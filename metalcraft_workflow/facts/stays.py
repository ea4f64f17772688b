"""Where documents of the process were, and where they wait now: read in sets, however many there are."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

import frappe
from frappe.query_builder.functions import Max, Min
from frappe.utils import get_datetime

from metalcraft_workflow.gates.workflow import active_workflow
from metalcraft_workflow.rules import path, stays
from metalcraft_workflow.rules.path import OUTSIDE
from metalcraft_workflow.rules.requirement import _lt

# Where a document of each type begins, and where one is that is past the gates that give a stage a name
FIRST = {"Sales Order": "Draft", "Delivery Note": "Final Pack"}
IN_PRODUCTION = "In Production"

# Whose an order is when all of it has left
AFTER_SHIPMENT = {"Shipped": _lt("Customer Support"), "Invoiced": _lt("Accounts User")}


@dataclass(frozen=True)
class Wait:
	"""A document that waits now: in which stage, in which state, since when, and for whom (role or department).

	`order` is the Sales Order it is about. An order that several departments produce waits for each of them.
	"""

	doctype: str
	name: str
	order: str
	stage: str
	state: str
	since: datetime
	whom: str
	is_department: bool = False


def stages(doctype: str) -> dict[str, str]:
	"""State -> the stage of a document in it; empty where nobody has work with it any more."""
	workflow = active_workflow(doctype)
	return {
		row.state: _stage(doctype, row.get("gate") or "", int(row.doc_status))
		for row in (workflow.states if workflow else [])
	}


def _stage(doctype: str, gate: str, docstatus: int) -> str:
	if docstatus == 2 or gate == OUTSIDE:
		return ""
	if docstatus == 1 and doctype == "Delivery Note":
		return ""
	return path.stage_of(gate) or (IN_PRODUCTION if docstatus == 1 else FIRST[doctype])


def read(doctype: str, documents: Iterable[Mapping]) -> dict[str, tuple[stays.Stay, ...]]:
	"""Name -> its stays, of `documents` (name, creation, workflow_state) of one type.

	They follow each other as their records do, also where the clock was set back between them. An order is in production until a delivery of it is begun; then its delivery notes say where it is. What
	came into the process on its way has no stays. Two queries for orders, one for deliveries.
	"""
	documents = {row["name"]: row for row in documents}
	if not documents:
		return {}
	known, moves = stages(doctype), defaultdict(list)
	for row in moves_of(doctype, documents):
		stage = known.get(row.to_state)
		if stage is None:
			# the state has another name by now
			stage = _stage(doctype, row.gate or "", int(row.gate in ("approve", "ship")))
		earlier = moves[row.name][-1].at if moves[row.name] else documents[row.name]["creation"]
		moves[row.name].append(stays.Move(max(row.creation, earlier), stage, row.reason or ""))
	first = FIRST[doctype]
	found = {
		name: stays.stays(row["creation"], first, moves[name])
		for name, row in documents.items()
		if moves[name] or known.get(row["workflow_state"], first) == first
	}
	if doctype == "Sales Order":
		begun = first_deliveries(found)
		found = {name: stays.cut(rows, IN_PRODUCTION, begun.get(name)) for name, rows in found.items()}
	return found


def moves_of(doctype: str, names: Iterable[str]) -> list[frappe._dict]:
	"""What is on record of moves of the documents `names` between states, of each in its order. One query."""
	record, document = frappe.qb.DocType("Release Record"), frappe.qb.DocType(doctype)
	return (
		frappe.qb.from_(record)
		.join(document)
		.on(record.process_id == document.process_id)  # not the name, which a deleted draft may have had
		.where(document.name.isin(list(names)))
		.where(record.kind.isin(["Passage", "Void"]))
		.where(record.to_state.isnotnull() & (record.to_state != ""))
		.orderby(record.process_id)
		.orderby(record.sequence)
		.select(document.name, record.creation, record.to_state, record.gate, record.reason)
		.run(as_dict=True)
	)


def first_deliveries(orders: Iterable[str]) -> dict[str, datetime]:
	"""Order -> when the first delivery note of it was begun that was not cancelled. One query."""
	orders = list(orders)
	if not orders:
		return {}
	note, line = frappe.qb.DocType("Delivery Note"), frappe.qb.DocType("Delivery Note Item")
	return dict(
		frappe.qb.from_(line)
		.join(note)
		.on(note.name == line.parent)
		.where(line.against_sales_order.isin(orders))
		.where(note.is_return == 0)
		.where(note.docstatus < 2)
		.groupby(line.against_sales_order)
		.select(line.against_sales_order, Min(note.creation))
		.run()
	)


# Where they wait now


def waits(orders: Iterable[Mapping]) -> list[Wait]:
	"""What waits of open `orders` (name, order_stage, workflow_state, creation): the drafts of their deliveries,
	and where there is none, the order. In six queries, however many orders."""
	orders = {row["name"]: row for row in orders if row["order_stage"]}
	if not orders:
		return []
	drafts = draft_deliveries(orders)
	with_drafts = {row.sales_order for row in drafts}
	waiting = [row for row in orders.values() if row["name"] not in with_drafts]
	order_moves = _last_moves("Sales Order", [row["name"] for row in waiting])
	draft_moves = _last_moves("Delivery Note", {row.name for row in drafts})
	shipped = _last_shipments(waiting)
	invoiced = _last_invoices(waiting)
	departments = open_departments(waiting)
	editors = {doctype: _editors(doctype) for doctype in FIRST}
	draft_stages = stages("Delivery Note")

	found = [
		Wait(
			"Delivery Note",
			row.name,
			row.sales_order,
			draft_stages.get(row.workflow_state) or FIRST["Delivery Note"],
			row.workflow_state or "",
			draft_moves.get(row.name) or row.creation,
			editors["Delivery Note"].get(row.workflow_state, ""),
		)
		for row in drafts
	]
	for row in waiting:
		name, stage = row["name"], row["order_stage"]
		since = order_moves.get(name) or row["creation"]
		if stage in ("Shipped", "Partially Shipped", "Invoiced"):
			since = shipped.get(name) or since
		if stage == "Invoiced":
			since = invoiced.get(name) or since
		here = ("Sales Order", name, name, stage, row["workflow_state"] or "", since)
		if stage in (IN_PRODUCTION, "Partially Shipped"):
			told = departments.get(name)
			found += [Wait(*here, whom, True) for whom in told or []] or [Wait(*here, "Production")]
		elif stage == "Final Pack":
			found.append(Wait(*here, next(iter(editors["Delivery Note"].values()), "")))
		else:
			whom = AFTER_SHIPMENT.get(stage) or editors["Sales Order"].get(row["workflow_state"], "")
			found.append(Wait(*here, whom))
	return found


def draft_deliveries(orders: Iterable[str]) -> list[frappe._dict]:
	"""Delivery notes under way for `orders`, one row an order and note: name, workflow_state, creation,
	sales_order. Returns are none."""
	note, line = frappe.qb.DocType("Delivery Note"), frappe.qb.DocType("Delivery Note Item")
	return (
		frappe.qb.from_(line)
		.join(note)
		.on(note.name == line.parent)
		.where(line.against_sales_order.isin(list(orders)))
		.where(note.docstatus == 0)
		.where(note.is_return == 0)
		.select(note.name, note.workflow_state, note.creation, line.against_sales_order.as_("sales_order"))
		.distinct()
		.orderby(note.name)
		.run(as_dict=True)
	)


def open_departments(orders: Iterable[Mapping]) -> dict[str, list[str]]:
	"""Order -> the departments that have not finished their notices of it, of those that are with production."""
	names = [row["name"] for row in orders if row["order_stage"] in (IN_PRODUCTION, "Partially Shipped")]
	if not names:
		return {}
	notice, order = frappe.qb.DocType("Production Notice"), frappe.qb.DocType("Sales Order")
	rows = (
		frappe.qb.from_(notice)
		.join(order)
		.on((order.name == notice.sales_order) & (order.process_id == notice.process_id))
		.where(order.name.isin(names))
		.select(notice.sales_order, notice.department, notice.kind, notice.status)
		.orderby(notice.department)
		.orderby(notice.revision)
		.run()
	)
	last = {(order, department): (kind, status) for order, department, kind, status in rows}
	found = defaultdict(list)
	for (order, department), (kind, status) in last.items():
		if kind != "Cancel" and status != "Done":
			found[order].append(department)
	return found


def _editors(doctype: str) -> dict[str, str]:
	"""State -> the role that edits in it, the first state first."""
	workflow = active_workflow(doctype)
	roles: dict[str, str] = {}
	for row in workflow.states if workflow else []:
		roles.setdefault(row.state, row.allow_edit)
	return roles


def _last_moves(doctype: str, names: Iterable[str]) -> dict[str, datetime]:
	names = list(names)
	if not names:
		return {}
	record, document = frappe.qb.DocType("Release Record"), frappe.qb.DocType(doctype)
	return dict(
		frappe.qb.from_(record)
		.join(document)
		.on(record.process_id == document.process_id)
		.where(document.name.isin(names))
		.where(record.kind.isin(["Passage", "Void"]))
		.groupby(document.name)
		.select(document.name, Max(record.creation))
		.run()
	)


def _last_shipments(orders: Iterable[Mapping]) -> dict[str, datetime]:
	names = [
		row["name"] for row in orders if row["order_stage"] in ("Shipped", "Partially Shipped", "Invoiced")
	]
	if not names:
		return {}
	record, note, line = (
		frappe.qb.DocType(name) for name in ("Release Record", "Delivery Note", "Delivery Note Item")
	)
	return dict(
		frappe.qb.from_(line)
		.join(note)
		.on(note.name == line.parent)
		.join(record)
		.on(record.process_id == note.process_id)
		.where(record.kind == "Passage")
		.where(record.gate == "ship")
		.where(line.against_sales_order.isin(names))
		.where(line.docstatus == 1)
		.groupby(line.against_sales_order)
		.select(line.against_sales_order, Max(record.creation))
		.run()
	)


def _last_invoices(orders: Iterable[Mapping]) -> dict[str, datetime]:
	names = [row["name"] for row in orders if row["order_stage"] == "Invoiced"]
	if not names:
		return {}
	invoice, line = frappe.qb.DocType("Sales Invoice"), frappe.qb.DocType("Sales Invoice Item")
	return {
		order: get_datetime(posted)
		for order, posted in (
			frappe.qb.from_(line)
			.join(invoice)
			.on(invoice.name == line.parent)
			.where(line.sales_order.isin(names))
			.where(invoice.docstatus == 1)
			.groupby(line.sales_order)
			.select(line.sales_order, Max(invoice.posting_date))
			.run()
		)
	}
