"""How ERPNext lets a delivery go back whose order was closed, or is on hold.

ERPNext refuses to save a delivery of such an order, whatever is changed. So one that is under way could never be
taken back, and would keep its goods. For the moment of that check the order is open, when the delivery goes back
or aside. Nobody else sees it: the order is locked by then, it is lifted and put back in one transaction, before
its commit whatever happens in between, and a rollback undoes it anyway.
"""

from functools import partial

import frappe
from frappe.model.document import Document

from metalcraft_workflow.facts.orders import orders_of
from metalcraft_workflow.gates.workflow import active_workflow, gate_of_state, state_of
from metalcraft_workflow.rules.path import gates_between

STOPPED = ("Closed", "On Hold")
OPEN = "To Deliver and Bill"


def goes_back(doc: Document) -> bool:
	"""Whether a draft moves in its workflow without passing a gate."""
	before, workflow = doc.get_doc_before_save(), active_workflow(doc.doctype)
	if not before or not workflow or doc.docstatus:
		return False
	old, new = state_of(before), state_of(doc)
	return old != new and not gates_between(gate_of_state(workflow, old), gate_of_state(workflow, new))


def lift(doc: Document) -> None:
	"""Open the orders of `doc` that are closed or on hold, until `put_back` or the commit."""
	lifted = dict(
		frappe.get_all(
			"Sales Order",
			filters={"name": ["in", orders_of(doc)], "docstatus": 1, "status": ["in", STOPPED]},
			fields=["name", "status"],
			as_list=True,
		)
	)
	for order in lifted:
		frappe.db.set_value("Sales Order", order, "status", OPEN, update_modified=False)
	if lifted:
		doc.flags.lifted_stops = lifted
		frappe.db.before_commit.add(partial(put_back, doc))


def put_back(doc: Document) -> None:
	"""Undo `lift`. Harmless when nothing was lifted."""
	for order, status in (doc.flags.pop("lifted_stops", None) or {}).items():
		frappe.db.set_value("Sales Order", order, "status", status, update_modified=False)
