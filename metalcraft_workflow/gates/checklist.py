"""The checklist of the next gate, as the form shows it: the server's own answer to "what is missing?"."""

from collections.abc import Container

import frappe
from frappe.model.document import Document
from frappe.utils import get_fullname

from metalcraft_workflow.gates import record, registry, separation
from metalcraft_workflow.gates.input import KnownDocType, checked
from metalcraft_workflow.gates.message import sentence, ways_to_mend
from metalcraft_workflow.gates.names import is_among
from metalcraft_workflow.gates.once import reading
from metalcraft_workflow.gates.workflow import active_workflow, gate_of_state, state_of, transitions_from
from metalcraft_workflow.rules.path import CLOSE, gates_between
from metalcraft_workflow.rules.requirement import Link, Requirement, unmet


@frappe.whitelist()
@checked
def get_checklist(doctype: KnownDocType, name: str) -> list[dict]:
	"""The gates that the document can meet next, each with its requirements.

	Gives a list of `{gate, action, next_state, role, requirements}`; a requirement is `{code, label,
	message, met, waived, can_waive, is_for_colleague, link}`, where `is_for_colleague` says that another person
	with the role has to take the step. It begins with why the document came to where it is, when
	whoever sent it there gave a reason: `{arrival: {action, user, by, creation, reason}}`. For an order on
	its way it ends with `close`. Raises PermissionError when the user may not read the document.
	"""
	doc = frappe.get_doc(doctype, name)
	doc.check_permission("read")
	with reading(doc):
		return [*arrival(doc), *next_gates(doc), *closing(doc)]


def arrival(doc: Document) -> list[dict]:
	"""The reason that was given when `doc` came to the state it is in, for whoever takes it from here."""
	last = record.last_move(doc)
	if not last or not last.reason or not is_among("Workflow State", state_of(doc), {last.to_state}):
		return []
	said = frappe._dict({key: last[key] for key in ("action", "user", "creation", "reason", "to_state")})
	said.by = get_fullname(last.user)
	return [{"arrival": said, "gate": "", "requirements": []}]


def next_gates(doc: Document) -> list[dict]:
	"""One entry a transition that leads through a gate from where `doc` stands."""
	workflow = active_workflow(doc.doctype)
	if not workflow:
		return []
	state = state_of(doc)
	entries = []
	for transition in transitions_from(workflow, state, doc):
		gates = gates_between(gate_of_state(workflow, state), gate_of_state(workflow, transition.next_state))
		requirements = [row for gate in gates for row in described(doc, gate, transition.allowed, gates)]
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
	"""Why a submitted order is still open."""
	if doc.doctype != "Sales Order" or doc.docstatus != 1 or doc.status == "Closed":
		return []
	return [{"gate": CLOSE, "requirements": described(doc, CLOSE)}]


def described(doc: Document, gate: str, role: str | None = None, together: Container[str] = ()) -> list[dict]:
	"""The requirements of `gate`, in words, as the form draws them.

	Separation of duties is about who takes the step, so it is left out for those without its `role`.
	"""
	waived = record.waived_codes(doc, gate)
	roles = frappe.get_roles()
	requirements = registry.requirements_of(gate, doc)
	if role in roles:
		requirements = separation.requirements(gate, doc, together) + requirements
	links = iter(ways_to_mend(unmet(requirements), doc))
	return [
		describe(gate, requirement, None if requirement.met else next(links), waived, roles)
		for requirement in requirements
	]


def describe(
	gate: str, requirement: Requirement, link: Link | None, waived: set[str], roles: list[str]
) -> dict:
	"""One requirement in words, with where it is mended."""
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
		"is_for_colleague": not requirement.met and requirement.message == separation.TAKEN_BY_YOU,
		"link": {"doctype": link.doctype, "name": link.name, "fieldname": link.fieldname} if link else None,
	}
