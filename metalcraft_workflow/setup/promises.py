"""What approved orders have promised, on a site where nobody wrote it down yet."""

import frappe

from metalcraft_workflow.facts.promise import FIELD, written_promise
from metalcraft_workflow.gates.workflow import states_by_gate
from metalcraft_workflow.rules.path import has_passed


def write_promises() -> None:
	"""Write it on the open orders that stand as they were approved. A patch: what a change that is under
	review has taken the place of cannot be told any more."""
	approved = [state for state, gate in states_by_gate("Sales Order").items() if has_passed(gate, "approve")]
	names = frappe.get_all(
		"Sales Order",
		filters={
			"follows_process": 1,
			"docstatus": 1,
			"status": ["not in", ["Closed", "Completed"]],
			"workflow_state": ["in", approved],
			FIELD: ["is", "not set"],
		},
		pluck="name",
	)
	for name in names:
		promise = written_promise(frappe.get_doc("Sales Order", name))
		frappe.db.set_value("Sales Order", name, FIELD, promise, update_modified=False)
