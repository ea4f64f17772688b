"""A site that has orders and deliveries already: they keep their course until they are brought in.

Frappe gives every document without a state one when a Workflow is saved. Documents from before the
app get states of their own, in which Frappe's permissions rule and no gate asks for anything.
"""

import frappe

from metalcraft_workflow.gates.workflow import OUTSIDE

# state: (docstatus, who edits, gate)
STATES = {
	"Outside Process": (0, "All", OUTSIDE),
	"Outside Process, Submitted": (1, "All", OUTSIDE),
	"Outside Process, Cancelled": (2, "All", OUTSIDE),
}
DRAFT, SUBMITTED, CANCELLED = STATES

# from, action, to, role, condition, reason required
TRANSITIONS = [
	(DRAFT, "Submit", SUBMITTED, "All", "", False),
	(SUBMITTED, "Cancel", CANCELLED, "All", "", False),
]


def has_history(doctype: str) -> bool:
	"""Whether there are documents of `doctype` that do not follow the process."""
	return bool(frappe.db.exists(doctype, {"follows_process": 0}))


def with_history(doctype: str, states: dict, transitions: list[tuple]) -> tuple[dict, list[tuple]]:
	"""`states` and `transitions` of the workflow on `doctype`, with those for documents from before
	where there are any. A new site gets the workflow as it was designed."""
	if not has_history(doctype):
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
