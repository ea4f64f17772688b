"""Reading the active Workflow of a DocType. Everything is looked up by what a state *means* (its
`gate`), never by what it is called, because administrators rename states."""

from collections.abc import Iterator

import frappe
from frappe import _
from frappe.model.document import Document
from frappe.model.workflow import get_workflow_name, is_transition_condition_satisfied
from frappe.utils import cint

from metalcraft_workflow.gates.names import is_among
from metalcraft_workflow.rules.path import OUTSIDE, RELEASED_AT, gates_between, has_passed


def active_workflow(doctype: str) -> Document | None:
	"""The active Workflow of `doctype` (cached), or None."""
	name = get_workflow_name(doctype)
	return frappe.get_cached_doc("Workflow", name) if name else None


def process_workflow(doctype: str) -> Document | None:
	"""The active Workflow of `doctype` when it is one of the process, whoever drew it: it has a state with the
	gate at which the document is released. None when it is switched off, deleted, or replaced by another."""
	workflow = active_workflow(doctype)
	released = RELEASED_AT.get(doctype)
	return workflow if workflow and any(row.get("gate") == released for row in workflow.states) else None


def first_editors(doctype: str) -> set[str]:
	"""The roles that begin documents of `doctype`: those that may edit them in their first state."""
	workflow = active_workflow(doctype)
	return {row.allow_edit for row in state_rows(workflow, workflow.states[0].state)} if workflow else set()


def state_rows(workflow: Document, state: str) -> list[Document]:
	"""The rows of `state`: several, when several roles may edit in it."""
	return [row for row in workflow.states if row.state == state]


def state_of(doc: Document) -> str:
	"""The workflow state of `doc`; the first state when it has none yet."""
	workflow = active_workflow(doc.doctype)
	if not workflow:
		return ""
	return doc.get(workflow.workflow_state_field) or workflow.states[0].state


def gate_of_state(workflow: Document, state: str) -> str:
	"""The gate attached to `state`, or an empty string."""
	return next((row.gate for row in state_rows(workflow, state) if row.get("gate")), "")


def gate_of(doc: Document) -> str:
	"""The gate that `doc` passed last by the state it is in, or an empty string."""
	workflow = active_workflow(doc.doctype)
	return gate_of_state(workflow, state_of(doc)) if workflow else ""


def states_by_gate(doctype: str) -> dict[str, str]:
	"""State -> gate, for every state of the active Workflow of `doctype`."""
	workflow = active_workflow(doctype)
	return {row.state: row.get("gate") or "" for row in workflow.states} if workflow else {}


def state_with_gate(doctype: str, gate: str) -> str:
	"""The first state that carries `gate`. Raises a ValidationError that says where to set it."""
	for state, attached in states_by_gate(doctype).items():
		if attached == gate:
			return state
	frappe.throw(
		_(
			"No state of the active {0} workflow has the gate {1}. Set it on the state in the Workflow."
		).format(_(doctype), frappe.bold(gate)),
		title=_("Workflow Is Incomplete"),
	)


def outside_state(doctype: str, docstatus: int = 0) -> str:
	"""The state of documents of `doctype` from before the app was installed, or an empty string."""
	workflow = active_workflow(doctype)
	for row in workflow.states if workflow else []:
		if row.get("gate") == OUTSIDE and int(row.doc_status) == docstatus:
			return row.state
	return ""


def transitions_from(
	workflow: Document, state: str, doc: Document, roles: set[str] | None = None
) -> Iterator[Document]:
	"""Transitions out of `state` whose condition holds for `doc`, and which one of `roles` may take."""
	for transition in workflow.transitions:
		if transition.state != state or (roles is not None and transition.allowed not in roles):
			continue
		if is_transition_condition_satisfied(transition, doc):
			yield transition


def set_fact(doc: Document, fieldname: str, value) -> None:
	"""Set a field that conditions of transitions read.

	Frappe evaluates the condition on the document as it was before the save, so the fact is set on
	that copy too: a branch is chosen by what is true now.
	"""
	doc.set(fieldname, value)
	if before := doc.get_doc_before_save():
		before.set(fieldname, value)


def state_before(workflow: Document, gate: str, came_from: str) -> str:
	"""The draft state to go back to when `gate` is to be passed again: where the document came from;
	or, when an administrator has put another state there, the last one before that gate."""
	if state_rows(workflow, came_from):
		return came_from
	for row in workflow.states:
		if is_among("Workflow State", row.state, {came_from}):
			return row.state
	earlier = [
		row.state
		for row in workflow.states
		if cint(row.doc_status) == 0
		and row.get("gate") != OUTSIDE
		and not has_passed(row.get("gate") or "", gate)
	]
	asking = [
		row.state
		for row in workflow.transitions
		if row.state in earlier and gate in gates_between("", gate_of_state(workflow, row.next_state))
	]
	return (asking or earlier)[0]
