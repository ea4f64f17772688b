"""The two workflows, as the app ships them. Made when missing; after that they are the
administrator's, and only "Restore Default Workflows" in the settings puts them back."""

import frappe
from frappe.model.document import Document

from metalcraft_workflow.rules import path
from metalcraft_workflow.rules import workflow_layout as rules
from metalcraft_workflow.rules.requirement import _lt
from metalcraft_workflow.setup.history import set_outside, with_history

# state: (docstatus, who edits, gate of entering it)
SALES_ORDER_STATES = {
	_lt("Draft"): (0, "Customer Support", ""),
	_lt("Pending Approval"): (0, "Order Approver", "request_approval"),
	_lt("Credit Hold"): (0, "Accounts Manager", "credit_hold"),
	_lt("Sent Back"): (0, "Customer Support", ""),
	_lt("Rejected"): (0, "Order Approver", ""),
	_lt("Approved"): (1, "Order Approver", "approve"),
	_lt("Change Review"): (1, "Order Approver", "change_review"),
	_lt("Cancelled"): (2, "Order Approver", ""),
}
GOOD_CREDIT = "not doc.credit_hold_reason"
BAD_CREDIT = "doc.credit_hold_reason"

# from, action, to, role, condition, reason required
SALES_ORDER_TRANSITIONS = [
	("Draft", _lt("Request Approval"), "Pending Approval", "Customer Support", GOOD_CREDIT, False),
	("Draft", _lt("Request Approval"), "Credit Hold", "Customer Support", BAD_CREDIT, False),
	("Sent Back", _lt("Request Approval"), "Pending Approval", "Customer Support", GOOD_CREDIT, False),
	("Sent Back", _lt("Request Approval"), "Credit Hold", "Customer Support", BAD_CREDIT, False),
	("Credit Hold", _lt("Release Credit Hold"), "Pending Approval", "Accounts Manager", "", False),
	("Credit Hold", _lt("Send Back"), "Sent Back", "Accounts Manager", "", True),
	("Credit Hold", _lt("Reject"), "Rejected", "Accounts Manager", "", True),
	("Pending Approval", _lt("Approve"), "Approved", "Order Approver", "", False),
	("Pending Approval", _lt("Send Back"), "Sent Back", "Order Approver", "", True),
	("Pending Approval", _lt("Reject"), "Rejected", "Order Approver", "", True),
	("Rejected", _lt("Reopen"), "Draft", "Order Approver", "", False),
	# "Update Items" leads here by itself; ERPNext refuses it to a role that has no transition there
	("Approved", _lt("Review Changes"), "Change Review", "Order Approver", "", True),
	("Approved", _lt("Cancel Order"), "Cancelled", "Order Approver", "", False),
	("Change Review", _lt("Accept Changes"), "Approved", "Order Approver", "", False),
	("Change Review", _lt("Cancel Order"), "Cancelled", "Order Approver", "", False),
]

DELIVERY_NOTE_STATES = {
	_lt("Packing"): (0, "Final Pack", ""),
	_lt("QA Review"): (0, "Quality Assurance", "complete_packing"),
	_lt("Awaiting Clearance"): (0, "Customer Support", "release_documents"),
	_lt("On Hold"): (0, "Customer Support", "hold"),
	_lt("Cleared"): (0, "Shipping", "clear"),
	_lt("Shipped"): (1, "Shipping", "ship"),
	_lt("Return Received"): (1, "Shipping", "receive_return"),
	_lt("Cancelled"): (2, "Shipping", ""),
}
WITH_DOCUMENTS = "not doc.is_return and doc.documents_required"
WITHOUT_DOCUMENTS = "not doc.is_return and not doc.documents_required"

DELIVERY_NOTE_TRANSITIONS = [
	("Packing", _lt("Complete Packing"), "QA Review", "Final Pack", WITH_DOCUMENTS, False),
	("Packing", _lt("Complete Packing"), "Awaiting Clearance", "Final Pack", WITHOUT_DOCUMENTS, False),
	("Packing", _lt("Receive Return"), "Return Received", "Shipping", "doc.is_return", False),
	("QA Review", _lt("Release Documents"), "Awaiting Clearance", "Quality Assurance", "", False),
	("QA Review", _lt("Return to Packing"), "Packing", "Quality Assurance", "", True),
	("Awaiting Clearance", _lt("Clear for Shipment"), "Cleared", "Customer Support", "", False),
	("Awaiting Clearance", _lt("Hold"), "On Hold", "Customer Support", "", True),
	("Awaiting Clearance", _lt("Return to Packing"), "Packing", "Customer Support", "", True),
	("On Hold", _lt("Resume"), "Awaiting Clearance", "Customer Support", "", False),
	("On Hold", _lt("Return to Packing"), "Packing", "Customer Support", "", True),
	("Cleared", _lt("Ship"), "Shipped", "Shipping", "", False),
	("Cleared", _lt("Revoke Clearance"), "Awaiting Clearance", "Customer Support", "", True),
	("Shipped", _lt("Cancel Delivery"), "Cancelled", "Shipping", "", False),
	("Return Received", _lt("Cancel Delivery"), "Cancelled", "Shipping", "", False),
]

WORKFLOWS = {
	_lt("Sales Order Approval"): ("Sales Order", SALES_ORDER_STATES, SALES_ORDER_TRANSITIONS),
	_lt("Delivery Note Release"): ("Delivery Note", DELIVERY_NOTE_STATES, DELIVERY_NOTE_TRANSITIONS),
}


def make_workflows() -> None:
	"""Create the workflows that are missing. One that exists is left as it is."""
	for name in WORKFLOWS:
		if not frappe.db.exists("Workflow", name):
			make_workflow(name)


def restore_workflows() -> None:
	"""Put both workflows back as the app ships them, and make them the active ones."""
	for name in WORKFLOWS:
		make_workflow(name)


def make_workflow(name: str) -> Document:
	"""Write the workflow `name` from its tables above; an existing one is overwritten."""
	doctype, states, transitions = WORKFLOWS[name]
	states, transitions = with_history(doctype, states, transitions)
	make_masters(states, transitions)
	set_outside(doctype)
	workflow = (
		frappe.get_doc("Workflow", name) if frappe.db.exists("Workflow", name) else frappe.new_doc("Workflow")
	)
	workflow.update(
		{
			"workflow_name": name,
			"document_type": doctype,
			"workflow_state_field": "workflow_state",
			"is_active": 1,
			"send_email_alert": 0,
			"states": [
				{
					"state": state,
					"doc_status": str(docstatus),
					"allow_edit": role,
					"gate": gate,
					# From its approval on, an order is known by its stage
					"avoid_status_override": int(gate == "approve"),
				}
				for state, (docstatus, role, gate) in states.items()
			],
			"transitions": [
				{
					"state": state,
					"action": action,
					"next_state": next_state,
					"allowed": role,
					"condition": condition,
					"reason_required": int(reason),
					# Frappe compares with the owner; the guard compares with who asked
					"allow_self_approval": 1,
				}
				for state, action, next_state, role, condition, reason in transitions
			],
		}
	)
	lay_out(workflow)
	workflow.flags.ignore_permissions = True  # install runs as whoever installs
	workflow.save()
	frappe.clear_cache(doctype=doctype)
	return workflow


def lay_out(workflow: Document) -> None:
	"""Place the boxes of `workflow` in Frappe's Workflow Builder, which puts all of them into one heap."""
	states = [
		rules.State(row.state, aside=number > 0 and not path.find(row.gate or ""))
		for number, row in enumerate(workflow.states)
	]
	moves = [rules.Move(row.state, row.action, row.next_state) for row in workflow.transitions]
	for number, row in enumerate(workflow.states, 1):
		row.workflow_builder_id = str(number)
	for number, row in enumerate(workflow.transitions, 1):
		row.workflow_builder_id = f"action-{number}"
	workflow.workflow_data = frappe.as_json(rules.layout(states, moves))


def lay_out_workflows() -> None:
	"""Place the boxes of the app's workflows where nobody has done it in the Workflow Builder: a patch."""
	for name in WORKFLOWS:
		if not frappe.db.exists("Workflow", name):
			continue
		workflow = frappe.get_doc("Workflow", name)
		if frappe.parse_json(workflow.workflow_data or "[]"):
			continue
		lay_out(workflow)
		for row in (*workflow.states, *workflow.transitions):
			row.db_set("workflow_builder_id", row.workflow_builder_id, update_modified=False)
		workflow.db_set("workflow_data", workflow.workflow_data, update_modified=False)


def make_masters(states: dict, transitions: list[tuple]) -> None:
	"""Create the states and actions that are missing, also where fixtures are not loaded yet.

	Install runs as whoever installs, and a restore as who may write the settings.
	"""
	for state in states:
		if not frappe.db.exists("Workflow State", state):
			frappe.get_doc({"doctype": "Workflow State", "workflow_state_name": state}).insert(
				ignore_permissions=True
			)
	for action in {row[1] for row in transitions}:
		if not frappe.db.exists("Workflow Action Master", action):
			frappe.get_doc({"doctype": "Workflow Action Master", "workflow_action_name": action}).insert(
				ignore_permissions=True
			)


def delete_workflows() -> None:
	"""Remove both workflows, for uninstall."""
	for name in WORKFLOWS:
		frappe.delete_doc("Workflow", name, ignore_missing=True, force=True, delete_permanently=True)
