"""A site that has orders and deliveries already: they keep their course until they are brought in.

Frappe gives every document without a state one when a Workflow is saved. Documents from before the
app get states of their own, in which Frappe's permissions rule and no gate asks for anything.
"""

from collections.abc import Iterable

import frappe
from frappe import _
from frappe.model.document import Document
from frappe.utils import cint

from metalcraft_workflow.facts.orders import read_orders, sync_stages
from metalcraft_workflow.gates import record
from metalcraft_workflow.gates.workflow import active_workflow, state_with_gate
from metalcraft_workflow.rules.path import OUTSIDE
from metalcraft_workflow.rules.requirement import _lt

DOCTYPES = ("Sales Order", "Delivery Note")

# state: (docstatus, who edits, gate)
STATES = {
	_lt("Outside Process"): (0, "All", OUTSIDE),
	_lt("Outside Process, Submitted"): (1, "All", OUTSIDE),
	_lt("Outside Process, Cancelled"): (2, "All", OUTSIDE),
}
DRAFT, SUBMITTED, CANCELLED = STATES

# from, action, to, role, condition, reason required
TRANSITIONS = [
	(DRAFT, "Submit", SUBMITTED, "All", "", False),
	(SUBMITTED, "Cancel", CANCELLED, "All", "", False),
]


def leave_outside() -> None:
	"""Leave every order and delivery that there is outside the process, when the app is installed.

	Also those of an earlier installation: their columns are still there, but not the record of who
	released what.
	"""
	for doctype in DOCTYPES:
		table = frappe.qb.DocType(doctype)
		frappe.qb.update(table).set(table.follows_process, 0).run()
	order = frappe.qb.DocType("Sales Order")
	frappe.qb.update(order).set(order.order_stage, "").run()


def has_history() -> bool:
	"""Whether there are orders or deliveries that do not follow the process."""
	return any(frappe.db.exists(doctype, {"follows_process": 0}) for doctype in DOCTYPES)


def with_history(doctype: str, states: dict, transitions: list[tuple]) -> tuple[dict, list[tuple]]:
	"""`states` and `transitions` of the workflow on `doctype`, with those for documents from before
	where there are any. A new site gets the workflow as it was designed."""
	if doctype not in DOCTYPES or not has_history():
		return states, transitions
	return {**states, **STATES}, [*transitions, *TRANSITIONS]


def set_outside(doctype: str) -> None:
	"""Put every document of `doctype` that does not follow the process into the state for it.

	Before the Workflow is saved, because Frappe then fills every state that is empty.
	"""
	table = frappe.qb.DocType(doctype)
	for state, (docstatus, _role, _gate) in STATES.items():
		(
			frappe.qb.update(table)
			.set(table.workflow_state, state)
			.where(table.follows_process == 0)
			.where(table.docstatus == docstatus)
			.run()
		)


# Bringing orders in


def outside(customer: str | None = None, from_date: str | None = None) -> dict:
	"""Filters for the orders that do not follow the process; of a customer, or dated from a day on."""
	return {
		"follows_process": 0,
		**({"customer": customer} if customer else {}),
		**({"transaction_date": [">=", from_date]} if from_date else {}),
	}


def orders_outside(customer: str | None = None, from_date: str | None = None) -> list[str]:
	"""Names of the orders that fit `outside`."""
	return frappe.get_all("Sales Order", outside(customer, from_date), pluck="name", order_by="name")


def adopt(name: str) -> dict:
	"""Bring one order in, as `adopt_all` does. Raises ValidationError when it follows the process already."""
	if not frappe.db.exists("Sales Order", {"name": name, "follows_process": 0}):
		frappe.throw(_("{0} is no order from before the app was installed.").format(name))
	return adopt_all([name])[0]


def adopt_all(names: list[str]) -> list[dict]:
	"""Bring orders and their deliveries into the process, each to the state that fits what it is.

	Mails nobody and closes nothing: from here on they are orders like any others, which the next event or
	the sweep settles. Gives `{sales_order, state, stage, deliveries}` of each that was outside.
	"""
	orders = _load("Sales Order", names)
	notes: dict[str, list[str]] = {}
	for order, note in _deliveries_of([order.name for order in orders]):
		notes.setdefault(order, []).append(note)
	deliveries = _load("Delivery Note", {note for found in notes.values() for note in found})
	states = {doc.name: _bring_in(doc) for doc in (*orders, *deliveries)}
	_write_states("Sales Order", orders, states)
	_write_states("Delivery Note", deliveries, states)
	brought = {doc.name for doc in deliveries}
	stages = sync_stages(read_orders([order.name for order in orders]).values())
	return [
		{
			"sales_order": order.name,
			"state": states[order.name],
			"stage": stages[order.name],
			"deliveries": ", ".join(
				f"{note}: {states[note]}" for note in notes.get(order.name, ()) if note in brought
			),
		}
		for order in orders
	]


def _load(doctype: str, names: Iterable[str]) -> list[Document]:
	"""Those of the documents `names` that are outside, in the order of their names, with their tables: a query
	a table, however many there are."""
	rows = frappe.get_all(
		doctype, {"name": ["in", list(names)], "follows_process": 0}, ["*"], order_by="name"
	)
	tables: dict[str, dict[str, list]] = {row.name: {} for row in rows}
	for table in frappe.get_meta(doctype).get_table_fields() if rows else ():
		for child in frappe.get_all(
			table.options,
			{"parent": ["in", list(tables)], "parenttype": doctype, "parentfield": table.fieldname},
			["*"],
			order_by="parent, idx",
		):
			tables[child.parent].setdefault(table.fieldname, []).append(child)
	return [frappe.get_doc({"doctype": doctype, **row, **tables[row.name]}) for row in rows]


def _deliveries_of(orders: list[str]) -> list[tuple[str, str]]:
	"""Each order with each of its deliveries that is outside."""
	note, line = frappe.qb.DocType("Delivery Note"), frappe.qb.DocType("Delivery Note Item")
	return (
		frappe.qb.from_(note)
		.join(line)
		.on(line.parent == note.name)
		.where(line.against_sales_order.isin(orders or [""]))
		.where(note.follows_process == 0)
		.select(line.against_sales_order, note.name)
		.distinct()
		.orderby(note.name)
		.run()
	)


def _bring_in(doc: Document) -> str:
	"""Put a document on record as brought in; gives the state for it. One that is submitted counts as having
	passed the gate that submits, so that a later change of its lines is reviewed as any other."""
	gate = "approve" if doc.doctype == "Sales Order" else "receive_return" if doc.is_return else "ship"
	state = _state_inside(doc.doctype, doc.docstatus, gate)
	was, doc.workflow_state, doc.follows_process = doc.workflow_state, state, 1
	record.write(
		doc,
		"Passage",
		gate=gate if doc.docstatus == 1 else "",
		action="Adopt",
		from_state=was,
		to_state=state,
		reason=_("From before the app was installed"),
	)
	return state


def _write_states(doctype: str, docs: list[Document], states: dict[str, str]) -> None:
	by_state: dict[str, list[str]] = {}
	for doc in docs:
		by_state.setdefault(states[doc.name], []).append(doc.name)
	table = frappe.qb.DocType(doctype)
	for state, names in by_state.items():
		frappe.qb.update(table).set(table.follows_process, 1).set(table.workflow_state, state).where(
			table.name.isin(names)
		).run()


def _state_inside(doctype: str, docstatus: int, submitted_gate: str) -> str:
	"""The state of the process that fits a document as it stands."""
	if docstatus == 1:
		return state_with_gate(doctype, submitted_gate)
	states = active_workflow(doctype).states
	return next(
		row.state for row in states if cint(row.doc_status) == docstatus and row.get("gate") != OUTSIDE
	)
