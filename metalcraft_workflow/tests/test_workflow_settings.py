import frappe
from frappe.tests.utils import FrappeTestCase

from metalcraft_workflow.gates.guard import GateNotMet, PassageRefused
from metalcraft_workflow.patches import keywords_of_documents, quality_keeps_batches, shipping_cancels_bundles
from metalcraft_workflow.setup.install import after_sync
from metalcraft_workflow.setup.workflows import (
	DELIVERY_NOTE_STATES,
	SALES_ORDER_STATES,
	SALES_ORDER_TRANSITIONS,
	WORKFLOWS,
	make_workflow,
	restore_workflows,
)
from metalcraft_workflow.tests.support import factories
from metalcraft_workflow.tests.support.factories import APPROVER, MANAGER, SUPPORT, act, as_user
from metalcraft_workflow.tests.support.snapshot import snapshot


class TestWorkflowSettings(FrappeTestCase):
	"""Administrators own the workflows: what they change holds, and the rules hold too."""

	@classmethod
	def setUpClass(cls):
		super().setUpClass()
		factories.setup_world()

	def tearDown(self):
		frappe.db.rollback()
		restore_workflows()
		frappe.clear_cache()

	def edit_workflow(self, name="Sales Order Approval"):
		return frappe.get_doc("Workflow", name)

	def test_workflows_are_as_designed(self):
		for name, states in (
			("Sales Order Approval", SALES_ORDER_STATES),
			("Delivery Note Release", DELIVERY_NOTE_STATES),
		):
			workflow = self.edit_workflow(name)
			self.assertTrue(workflow.is_active)
			self.assertEqual(
				{
					row.state: (int(row.doc_status), row.allow_edit, row.gate or "")
					for row in workflow.states
					if row.gate != "outside"  # only on a site that had documents before the app
				},
				states,
			)

	def test_the_builder_finds_a_place_for_each_state_and_action(self):
		for name in WORKFLOWS:
			workflow = make_workflow(name)
			boxes = {
				each["id"]
				for each in frappe.parse_json(workflow.workflow_data)
				if each["type"] in ("state", "action")
			}
			rows = (*workflow.states, *workflow.transitions)
			self.assertEqual({row.workflow_builder_id for row in rows}, boxes)

	def test_a_renamed_state_keeps_its_gate(self):
		self.rename_state("Pending Approval", "Waiting for the Boss")
		order = factories.make_order(with_file=False, po_no="")
		with self.assertRaises(GateNotMet):
			act(order, "Request Approval", SUPPORT)
		order = act(factories.make_order(), "Request Approval", SUPPORT)
		self.assertEqual(order.workflow_state, "Waiting for the Boss")
		with as_user(SUPPORT), self.assertRaises(frappe.PermissionError):
			frappe.get_doc("Sales Order", order.name).submit()
		self.assertEqual(act(order, "Approve", APPROVER).docstatus, 1)

	def test_a_voided_order_finds_its_way_when_its_old_state_is_gone(self):
		order = act(factories.make_order(), "Request Approval", SUPPORT)
		self.rename_state("Draft", "New Order")
		with as_user(APPROVER):
			doc = frappe.get_doc("Sales Order", order.name)
			doc.items[0].qty = 11
			doc.save()
			doc.reload()
		self.assertEqual(doc.workflow_state, "New Order")
		self.assertEqual(act(doc, "Request Approval", SUPPORT).workflow_state, "Pending Approval")

	def rename_state(self, old, new):
		"""Put another state in the place of `old`, in the Workflow form."""
		frappe.get_doc({"doctype": "Workflow State", "workflow_state_name": new}).insert(
			ignore_if_duplicate=True
		)
		workflow = self.edit_workflow()
		for row in (*workflow.states, *workflow.transitions):
			for fieldname in ("state", "next_state"):
				if row.get(fieldname) == old:
					row.set(fieldname, new)
		workflow.save()

	def test_a_transition_given_to_another_role(self):
		workflow = self.edit_workflow()
		for row in workflow.transitions:
			if row.action == "Approve":
				row.allowed = "Sales Manager"
		workflow.save()
		order = act(factories.make_order(customer=factories.bare_customer()), "Request Approval", SUPPORT)
		with self.assertRaises(frappe.ValidationError):
			act(order, "Approve", APPROVER)
		self.assertEqual(act(order, "Approve", MANAGER).docstatus, 1)

	def test_a_shortcut_passes_the_gates_it_jumps_over(self):
		workflow = self.edit_workflow()
		workflow.append(
			"transitions",
			{
				"state": "Draft",
				"action": "Approve",
				"next_state": "Approved",
				"allowed": "Sales Manager",
				"allow_self_approval": 1,
			},
		)
		workflow.save()
		order = factories.make_order(customer=factories.bare_customer(), with_file=False, po_no="")
		with self.assertRaises(GateNotMet):
			act(order, "Approve", MANAGER)

	def test_an_inserted_state_is_passed_on_the_way(self):
		frappe.get_doc({"doctype": "Workflow State", "workflow_state_name": "Engineering Check"}).insert(
			ignore_if_duplicate=True
		)
		workflow = self.edit_workflow()
		for row in workflow.transitions:
			if row.action == "Approve":
				row.state = "Engineering Check"
		workflow.append(
			"states", {"state": "Engineering Check", "doc_status": "0", "allow_edit": "Order Approver"}
		)
		workflow.append(
			"transitions",
			{
				"state": "Pending Approval",
				"action": "Review",
				"next_state": "Engineering Check",
				"allowed": "Production",
				"allow_self_approval": 1,
			},
		)
		if not frappe.db.exists("Workflow Action Master", "Review"):
			frappe.get_doc({"doctype": "Workflow Action Master", "workflow_action_name": "Review"}).insert()
		workflow.save()
		order = act(factories.make_order(), "Request Approval", SUPPORT)
		with self.assertRaises(frappe.ValidationError):
			act(order, "Approve", APPROVER)
		with as_user(APPROVER), self.assertRaises((PassageRefused, frappe.PermissionError)):
			frappe.get_doc("Sales Order", order.name).submit()

	def test_setting_up_again_changes_nothing(self):
		workflow = self.edit_workflow()
		workflow.states[0].allow_edit = "Sales User"
		workflow.save()
		before = snapshot()
		after_sync()
		after_sync()
		self.assertEqual(snapshot(), before)

	def test_a_right_that_came_later_is_not_given_against_an_administrator(self):
		for patch, right, filters in (
			(quality_keeps_batches, "write", {"parent": "Batch", "role": "Quality Assurance"}),
			(
				shipping_cancels_bundles,
				"cancel",
				{"parent": "Serial and Batch Bundle", "role": "Shipping"},
			),
		):
			for changed, given in (({}, 1), ({"export": 0}, 0)):
				with self.subTest(patch.__name__, changed=changed):
					name = frappe.db.get_value("Custom DocPerm", {**filters, "permlevel": 0})
					frappe.db.set_value("Custom DocPerm", name, {right: 0, **changed})
					patch.execute()
					self.assertEqual(frappe.db.get_value("Custom DocPerm", name, right), given)

	def test_keywords_that_came_later_leave_those_of_an_administrator(self):
		def keywords(document_type):
			return frappe.db.get_value("Shipment Document Type", document_type, "keywords")

		told = keywords("Mill Certificate")
		frappe.db.set_value("Shipment Document Type", "Mill Certificate", "keywords", None)
		frappe.db.set_value("Shipment Document Type", "Certificate of Conformance", "keywords", "EN 10204")
		keywords_of_documents.execute()
		self.assertTrue(told)
		self.assertEqual(keywords("Mill Certificate"), told)
		self.assertEqual(keywords("Certificate of Conformance"), "EN 10204")

	def test_every_transition_starts_and_ends_in_a_state(self):
		for state, _action, next_state, *_rest in SALES_ORDER_TRANSITIONS:
			self.assertIn(state, SALES_ORDER_STATES)
			self.assertIn(next_state, SALES_ORDER_STATES)
