import frappe
from frappe.tests.utils import FrappeTestCase

from metalcraft_workflow.gates.guard import PassageRefused, ReasonRequired
from metalcraft_workflow.gates.record import last_passage
from metalcraft_workflow.rules.server_fields import FIELDS
from metalcraft_workflow.setup.custom_fields import get_custom_fields
from metalcraft_workflow.tests.support import factories
from metalcraft_workflow.tests.support.factories import APPROVER, SUPPORT, act, as_user


class TestGuard(FrappeTestCase):
	@classmethod
	def setUpClass(cls):
		super().setUpClass()
		factories.setup_world()

	def test_order_travels_to_approved(self):
		order = factories.make_order()
		self.assertEqual(order.workflow_state, "Draft")
		order = factories.approve(order)
		self.assertEqual((order.workflow_state, order.docstatus), ("Approved", 1))
		records = frappe.get_all(
			"Release Record",
			{"reference_name": order.name},
			["action", "gate", "user", "role", "from_state", "to_state"],
			order_by="creation",
		)
		self.assertEqual(
			[(row.action, row.gate, row.user, row.role) for row in records],
			[
				("Request Approval", "request_approval", SUPPORT, "Customer Support"),
				("Approve", "approve", APPROVER, "Order Approver"),
			],
		)

	def test_direct_submit_of_a_draft_is_refused(self):
		order = factories.make_order()
		for user in (SUPPORT, APPROVER, "Administrator"):
			with as_user(user), self.assertRaises(frappe.PermissionError):
				frappe.get_doc("Sales Order", order.name).submit()
		self.assertEqual(frappe.db.get_value("Sales Order", order.name, "docstatus"), 0)

	def test_writing_the_state_by_a_save_is_refused(self):
		order = factories.make_order()
		for state in ("Approved", "Rejected", "Cancelled"):
			with as_user(SUPPORT), self.assertRaises(frappe.PermissionError):
				frappe.get_attr("frappe.client.set_value")("Sales Order", order.name, "workflow_state", state)

	def test_send_back_needs_a_reason(self):
		order = factories.make_order()
		act(order, "Request Approval", SUPPORT)
		with self.assertRaises(ReasonRequired):
			act(order, "Send Back", APPROVER)
		order = act(order, "Send Back", APPROVER, "Wrong price on line 1")
		self.assertEqual(order.workflow_state, "Sent Back")

	def test_nobody_edits_out_of_turn(self):
		order = factories.make_order()
		act(order, "Request Approval", SUPPORT)
		with as_user(SUPPORT):
			doc = frappe.get_doc("Sales Order", order.name)
			doc.po_no = "changed"
			with self.assertRaises(PassageRefused):
				doc.save()

	def test_server_fields_are_the_servers(self):
		order = factories.make_order()
		with as_user(SUPPORT):
			doc = frappe.get_doc("Sales Order", order.name)
			doc.approved_by = SUPPORT
			doc.order_stage = "Closed"
			doc.save()
			doc.reload()
		self.assertFalse(doc.approved_by)
		self.assertNotEqual(doc.order_stage, "Closed")

	def test_the_list_of_server_fields_has_all_that_the_app_makes(self):
		for doctype in ("Sales Order", "Sales Order Item", "Delivery Note", "Delivery Note Item"):
			ours = {row["fieldname"] for row in get_custom_fields()[doctype] if row.get("read_only")}
			self.assertEqual(ours - set(FIELDS[doctype]), set())

	def test_server_fields_are_the_servers_whatever_customize_form_says(self):
		for fieldname in ("approved_by", "order_stage"):
			frappe.db.set_value("Custom Field", {"dt": "Sales Order", "fieldname": fieldname}, "read_only", 0)
		frappe.clear_cache(doctype="Sales Order")
		self.addCleanup(frappe.clear_cache, doctype="Sales Order")
		self.test_server_fields_are_the_servers()

	def test_nobody_says_that_an_order_is_delivered_and_billed(self):
		order = factories.make_order(per_billed=100, advance_paid=500)
		with as_user(SUPPORT):
			doc = frappe.get_doc("Sales Order", order.name)
			doc.update({"per_billed": 100, "per_delivered": 100, "advance_paid": 500})
			doc.items[0].update({"delivered_qty": 10, "billed_amt": 1000, "returned_qty": 10})
			doc.save()
			doc.reload()
		self.assertEqual((doc.per_billed, doc.per_delivered, doc.advance_paid), (0, 0, 0))
		row = doc.items[0]
		self.assertEqual((row.delivered_qty, row.billed_amt, row.returned_qty), (0, 0, 0))

	def test_approved_order_is_not_edited_out_of_turn(self):
		order = factories.approve(factories.make_order())
		with as_user(SUPPORT):
			doc = frappe.get_doc("Sales Order", order.name)
			doc.keep_open = 1
			with self.assertRaises(frappe.PermissionError):
				doc.save()
		with as_user(APPROVER):
			doc = frappe.get_doc("Sales Order", order.name)
			doc.keep_open = 1
			doc.approved_by = SUPPORT
			doc.items[0].final_pack_qty = 10
			doc.save()
			doc.reload()
		self.assertEqual((doc.keep_open, doc.items[0].final_pack_qty), (1, 0))
		self.assertNotEqual(doc.approved_by, SUPPORT)

	def test_direct_cancel_is_the_cancelling_transition(self):
		order = factories.approve(factories.make_order())
		with as_user(SUPPORT), self.assertRaises(frappe.PermissionError):
			frappe.get_doc("Sales Order", order.name).cancel()
		with as_user(APPROVER):
			doc = frappe.get_doc("Sales Order", order.name)
			doc.cancel()
		self.assertEqual(
			frappe.db.get_value("Sales Order", order.name, ["docstatus", "workflow_state"]), (2, "Cancelled")
		)

	def test_what_was_asked_for_is_not_deleted(self):
		order = factories.make_order()
		act(order, "Request Approval", SUPPORT)
		for user in (SUPPORT, APPROVER, "Administrator"):
			with as_user(user), self.assertRaises(frappe.PermissionError):
				frappe.delete_doc("Sales Order", order.name)
		act(order, "Approve", APPROVER)
		act(order, "Cancel Order", APPROVER)
		with self.assertRaises(frappe.PermissionError):
			frappe.delete_doc("Sales Order", order.name)

	def test_a_draft_that_was_sent_back_can_go_and_its_records_stay(self):
		order = factories.make_order()
		act(order, "Request Approval", SUPPORT)
		act(order, "Send Back", APPROVER, "Ordered twice")
		with as_user(APPROVER), self.assertRaises(frappe.PermissionError):
			frappe.delete_doc("Sales Order", order.name)
		with as_user(SUPPORT):
			frappe.delete_doc("Sales Order", order.name)
		self.assertEqual(frappe.db.count("Release Record", {"reference_name": order.name}), 2)

	def test_a_new_document_does_not_inherit_the_records_of_its_name(self):
		gone = factories.make_order()
		act(gone, "Request Approval", SUPPORT)
		act(gone, "Send Back", APPROVER, "Ordered twice")
		with as_user(SUPPORT):
			frappe.delete_doc("Sales Order", gone.name)
		order = factories.make_order()
		self.assertEqual(order.name, gone.name)  # Frappe gives the last number of a series again
		self.assertIsNone(last_passage(order, "request_approval"))

	def test_release_records_are_kept_as_written(self):
		order = factories.make_order()
		act(order, "Request Approval", SUPPORT)
		record = frappe.get_last_doc("Release Record", {"reference_name": order.name})
		for user in ("Administrator", "manager@metalcraft.test", SUPPORT):
			with as_user(user):
				for change in (
					lambda: record.db_set("reason", "x"),
					lambda: frappe.get_doc("Release Record", record.name).update({"reason": "x"}).save(),
					lambda: frappe.get_attr("frappe.client.set_value")(
						"Release Record", record.name, "reason", "x"
					),
					lambda: frappe.delete_doc("Release Record", record.name),
					lambda: frappe.delete_doc("Release Record", record.name, force=True),
					lambda: frappe.rename_doc("Release Record", record.name, "X-1"),
				):
					with self.assertRaises(frappe.PermissionError):
						change()
		self.assertEqual(frappe.db.get_value("Release Record", record.name, "user"), SUPPORT)
