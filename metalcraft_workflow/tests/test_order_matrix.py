"""Every state of an order, every action, every role: who may, and who may not."""

import frappe
from frappe.tests.utils import FrappeTestCase

from metalcraft_workflow.setup.workflows import SALES_ORDER_STATES, SALES_ORDER_TRANSITIONS
from metalcraft_workflow.tests.support import factories
from metalcraft_workflow.tests.support.factories import APPROVER, CONTROLLER, PEOPLE, SUPPORT, act, as_user

SECOND_APPROVER = "approver2@metalcraft.test"

# How an order comes to each state: (action, user, reason), after it was made by Customer Support
WAY_TO = {
	"Draft": [],
	"Pending Approval": [("Request Approval", SUPPORT, None)],
	"Credit Hold": [("Request Approval", SUPPORT, None)],
	"Sent Back": [("Request Approval", SUPPORT, None), ("Send Back", APPROVER, "Wrong price")],
	"Rejected": [("Request Approval", SUPPORT, None), ("Reject", APPROVER, "We do not make this")],
	"Approved": [("Request Approval", SUPPORT, None), ("Approve", APPROVER, None)],
	"Change Review": [("Request Approval", SUPPORT, None), ("Approve", APPROVER, None)],
}


class TestOrderMatrix(FrappeTestCase):
	@classmethod
	def setUpClass(cls):
		super().setUpClass()
		factories.setup_world()
		factories.make_customer("MT Customer on Hold", credit_hold=1, credit_hold_reason="Does not pay")

	def bring_to(self, state: str):
		customer = "MT Customer on Hold" if state == "Credit Hold" else None
		order = factories.make_order(customer=customer)
		for action, user, reason in WAY_TO[state]:
			order = act(order, action, user, reason)
		if state == "Change Review":
			factories.change_quantity(order, 12, user=APPROVER)
			order.reload()
		self.assertEqual(order.workflow_state, state)
		return order

	def test_only_the_named_role_takes_each_action(self):
		actions = sorted({row[1] for row in SALES_ORDER_TRANSITIONS})
		for state in WAY_TO:
			order = self.bring_to(state)
			expected = {
				(action, role)
				for start, action, _next, role, *_rest in SALES_ORDER_TRANSITIONS
				if start == state
			}
			allowed = set()
			for user, roles in PEOPLE.items():
				if user == APPROVER and state == "Change Review":
					continue  # who changed the order does not accept the change
				for action in actions:
					frappe.db.savepoint("before_action")
					try:
						act(order, action, user, "Because of the test")
						allowed |= {(action, role) for role in roles if (action, role) in expected}
						self.assertTrue(
							any((action, role) in expected for role in roles), f"{user}: {state} > {action}"
						)
					except (frappe.PermissionError, frappe.ValidationError):
						pass
					frappe.db.rollback(save_point="before_action")
					frappe.clear_document_cache(order.doctype, order.name)
			self.assertEqual(allowed, expected, f"from {state}")

	def test_only_the_named_role_edits_in_each_state(self):
		for state in WAY_TO:
			order = self.bring_to(state)
			_docstatus, editor, _gate = SALES_ORDER_STATES[state]
			field = "production_notes"
			for user, roles in PEOPLE.items():
				frappe.db.savepoint("before_edit")
				with as_user(user):
					doc = frappe.get_doc("Sales Order", order.name)
					doc.set(field, f"written by {user}")
					if editor in roles:
						doc.save()
						self.assertEqual(
							frappe.db.get_value("Sales Order", order.name, field), doc.get(field)
						)
					else:
						with self.assertRaises(frappe.PermissionError, msg=f"{user} edits in {state}"):
							doc.save()
				frappe.db.rollback(save_point="before_edit")
				frappe.clear_document_cache(order.doctype, order.name)

	def test_a_cancelled_order_stays_cancelled(self):
		order = act(self.bring_to("Approved"), "Cancel Order", APPROVER)
		self.assertEqual((order.docstatus, order.workflow_state), (2, "Cancelled"))
		for user in (SUPPORT, APPROVER, CONTROLLER):
			for action in {row[1] for row in SALES_ORDER_TRANSITIONS}:
				with self.assertRaises((frappe.PermissionError, frappe.ValidationError)):
					act(order, action, user, "Because of the test")

	def test_whoever_changed_an_approved_order_does_not_accept_it(self):
		order = self.bring_to("Change Review")
		with self.assertRaises(frappe.ValidationError):
			act(order, "Accept Changes", APPROVER)
		self.assertEqual(act(order, "Accept Changes", SECOND_APPROVER).workflow_state, "Approved")
