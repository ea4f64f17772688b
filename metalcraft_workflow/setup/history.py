"""A site that has orders and deliveries already: they keep their course until they are brought in.

Frappe gives every document without a state one when a Workflow is saved. Documents from before the
app get states of their own, in which Frappe's permissions rule and no gate asks for anything.
"""

import frappe
from frappe import _
from frappe.utils import cint

from metalcraft_workflow.facts.orders import read_order, sync_stage
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


def orders_outside(customer: str | None = None, from_date: str | None = None) -> list[str]:
	"""Names of the orders that do not follow the process; of a customer, or dated from a day on."""
	filters = [["follows_process", "=", 0]]
	if customer:
		filters.append(["customer", "=", customer])
	if from_date:
		filters.append(["transaction_date", ">=", from_date])
	return frappe.get_all("Sales Order", filters=filters, pluck="name", order_by="name")


def adopt(name: str) -> dict:
	"""Bring one order and its deliveries into the process, each to the state that fits what it is.

	Mails nobody and closes nothing: from here on it is an order like any other, which the next event or
	the sweep settles. Gives `{sales_order, state, stage, deliveries}`. Raises ValidationError when the
	order follows the process already.
	"""
	order = frappe.db.get_value("Sales Order", name, ["docstatus", "follows_process"], as_dict=True)
	if not order or order.follows_process:
		frappe.throw(_("{0} is no order from before the app was installed.").format(name))
	state = _bring_in("Sales Order", name, order.docstatus, "approve")
	deliveries = _deliveries_outside(name)
	for row in deliveries:
		gate = "receive_return" if row.is_return else "ship"
		row.state = _bring_in("Delivery Note", row.name, row.docstatus, gate)
	return {
		"sales_order": name,
		"state": state,
		"stage": sync_stage(read_order(name)),
		"deliveries": ", ".join(f"{row.name}: {row.state}" for row in deliveries),
	}


def _deliveries_outside(order: str) -> list[dict]:
	note, line = frappe.qb.DocType("Delivery Note"), frappe.qb.DocType("Delivery Note Item")
	return (
		frappe.qb.from_(note)
		.join(line)
		.on(line.parent == note.name)
		.where(line.against_sales_order == order)
		.where(note.follows_process == 0)
		.select(note.name, note.docstatus, note.is_return)
		.distinct()
		.orderby(note.name)
		.run(as_dict=True)
	)


def _bring_in(doctype: str, name: str, docstatus: int, submitted_gate: str) -> str:
	"""Put a document into its state. One that is submitted counts as having passed `submitted_gate`, so
	that a later change of its lines is reviewed as any other."""
	state = _state_inside(doctype, docstatus, submitted_gate)
	was = frappe.db.get_value(doctype, name, "workflow_state")
	frappe.db.set_value(doctype, name, {"follows_process": 1, "workflow_state": state}, update_modified=False)
	record.write(
		frappe.get_doc(doctype, name),
		"Passage",
		gate=submitted_gate if docstatus == 1 else "",
		action="Adopt",
		from_state=was,
		to_state=state,
		reason=_("From before the app was installed"),
	)
	return state


def _state_inside(doctype: str, docstatus: int, submitted_gate: str) -> str:
	"""The state of the process that fits a document as it stands."""
	if docstatus == 1:
		return state_with_gate(doctype, submitted_gate)
	states = active_workflow(doctype).states
	return next(
		row.state for row in states if cint(row.doc_status) == docstatus and row.get("gate") != OUTSIDE
	)
