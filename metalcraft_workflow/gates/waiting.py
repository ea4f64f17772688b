"""How many documents wait where: the number cards of the workspace."""

import frappe
from frappe import _

from metalcraft_workflow import compat
from metalcraft_workflow.gates.input import checked
from metalcraft_workflow.gates.workflow import active_workflow, states_by_gate


@frappe.whitelist()
@frappe.read_only()
@checked
def count(filters: dict | list | str | None = None) -> dict:
	"""The documents of a DocType whose state carries a gate, as a number card shows it.

	`filters` is `{"doctype": ..., "gate": ...}`. States are found by their gate, so that the card
	goes on counting when an administrator renames one. Counts what the user may read; raises
	PermissionError when that is nothing at all.
	"""
	filters = frappe._dict(filters if isinstance(filters, dict) else {})
	workflow = active_workflow(filters.doctype) if isinstance(filters.doctype, str) else None
	if not workflow:
		frappe.throw(_("Say which documents to count: a type that has a workflow, and a gate."))
	states = [state for state, gate in states_by_gate(filters.doctype).items() if gate == filters.gate]
	waiting = {workflow.workflow_state_field: ["in", states]}
	found = frappe.get_list(
		filters.doctype, filters=waiting, fields=[compat.count_as("number")], order_by=None
	)
	return {
		"value": found[0].number if states else 0,
		"fieldtype": "Int",
		"route": ["List", filters.doctype, "List"],
		"route_options": waiting,
	}
