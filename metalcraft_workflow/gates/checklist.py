"""The checklist of the next gate, as the form shows it: the server's own answer to "what is missing?"."""

import frappe
from frappe.model.document import Document

from metalcraft_workflow.gates import record, registry, separation
from metalcraft_workflow.gates.message import sentence
from metalcraft_workflow.gates.workflow import (
	active_workflow,
	gate_of_state,
	gates_between,
	state_of,
	transitions_from,
)
from metalcraft_workflow.rules.requirement import Requirement


@frappe.whitelist()
def get_checklist(doctype: str, name: str) -> list[dict]:
	"""The gates that the document can meet next, each with its requirements.

	Gives a list of `{gate, action, next_state, role, requirements}`; a requirement is `{code, label,
	message, met, waived, can_waive, link}`. For an order on its way it ends with `close`. Raises
	PermissionError when the user may not read the document.
	"""
	doc = frappe.get_doc(doctype, name)
	doc.check_permission("read")
	return [*next_gates(doc), *closing(doc)]


def next_gates(doc: Document) -> list[dict]:
	"""One entry a transition that leads through a gate from where `doc` stands."""
	workflow = active_workflow(doc.doctype)
	if not workflow:
		return []
	state = state_of(doc)
	entries = []
	for transition in transitions_from(workflow, state, doc):
		gates = gates_between(
			gate_of_state(workflow, state), gate_of_state(workflow, transition.next_state)
		)
		requirements = [row for gate in gates for row in described(doc, gate)]
		if requirements and not any(entry["next_state"] == transition.next_state for entry in entries):
			entries.append(
				{
					"gate": gates[-1],
					"action": transition.action,
					"next_state": transition.next_state,
					"role": transition.allowed,
					"requirements": requirements,
				}
			)
	return entries


def closing(doc: Document) -> list[dict]:
	"""Why a submitted document is still open, when something decides that."""
	if doc.docstatus != 1:
		return []
	gate = "close" if doc.doctype == "Sales Order" else ""
	requirements = described(doc, gate) if gate else []
	return [{"gate": gate, "requirements": requirements}] if requirements else []


def described(doc: Document, gate: str) -> list[dict]:
	"""The requirements of `gate`, in words, as the form draws them."""
	waived = record.waived_codes(doc, gate)
	roles = frappe.get_roles()
	return [
		describe(gate, requirement, waived, roles)
		for requirement in separation.requirements(gate, doc) + registry.requirements_of(gate, doc)
	]


def describe(gate: str, requirement: Requirement, waived: set[str], roles: list[str]) -> dict:
	"""One requirement in words."""
	link = requirement.link
	return {
		"gate": gate,
		"code": requirement.code,
		"label": frappe._(requirement.label),
		"message": "" if requirement.met else sentence(requirement),
		"met": requirement.met,
		"waived": not requirement.met and requirement.code in waived,
		"can_waive": not requirement.met
		and requirement.waivable
		and registry.waiver_role(gate, requirement.code) in roles,
		"link": {"doctype": link.doctype, "name": link.name, "fieldname": link.fieldname} if link else None,
	}
