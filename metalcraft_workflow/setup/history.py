"""A site that has orders and deliveries already: they keep their course until they are brought in.

Frappe gives every document without a state one when a Workflow is saved. Documents from before the
app get states of their own, in which Frappe's permissions rule and no gate asks for anything.
"""

import frappe

from metalcraft_workflow.gates.workflow import OUTSIDE

DOCTYPES = ("Sales Order", "Delivery Note")

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
