import frappe
from frappe.tests.utils import FrappeTestCase

from metalcraft_workflow.gates.guard import PassageRefused
from metalcraft_workflow.setup.workflows import restore_workflows
from metalcraft_workflow.tests.support import deliveries, factories
from metalcraft_workflow.tests.support.deliveries import edit
from metalcraft_workflow.tests.support.factories import (
	APPROVER,
	SHIPPER,
	SUPPORT,
	act,
	as_user,
	change_quantity,
)

ANOTHER = "MT Plain Workflow"


class TestWithoutWorkflow(FrappeTestCase):
	"""A workflow that is switched off lets nothing go."""

	@classmethod
	def setUpClass(cls):
		super().setUpClass()
		factories.setup_world()

	def tearDown(self):
		frappe.set_user("Administrator")
		frappe.db.rollback()
		restore_workflows()
		frappe.clear_cache()

	def switch_off(self, name: str = "Sales Order Approval"):
		workflow = frappe.get_doc("Workflow", name)
		workflow.is_active = 0
		workflow.save()

	def delete_workflow(self, name: str = "Sales Order Approval"):
		frappe.delete_doc("Workflow", name, force=True)

	def replace_workflow(self):
		"""Make another workflow the active one: the same states, nobody asks for anything."""
		workflow = frappe.copy_doc(frappe.get_doc("Workflow", "Sales Order Approval"))
		workflow.workflow_name = ANOTHER
		for row in workflow.states:
			row.update({"gate": "", "allow_edit": "All"})
		for row in workflow.transitions:
			row.allowed = "All"
		workflow.insert()

	def each_way(self):
		for way in (self.switch_off, self.delete_workflow, self.replace_workflow):
			frappe.db.savepoint("with_workflow")
			way()
			frappe.clear_cache()
			with self.subTest(way.__name__):
				yield
			frappe.db.rollback(save_point="with_workflow")
			frappe.clear_cache()

	def assertStays(self, order, change):
		before = frappe.db.get_value(order.doctype, order.name, ["docstatus", "workflow_state"])
		frappe.db.savepoint("before_change")
		with self.assertRaises(PassageRefused) as refused:
			change()
		frappe.db.rollback(save_point="before_change")
		self.assertIn("Metalcraft Settings", str(refused.exception))
		self.assertEqual(
			frappe.db.get_value(order.doctype, order.name, ["docstatus", "workflow_state"]), before
		)

	def test_orders_stay_where_they_are_and_say_why(self):
		draft = factories.make_order()
		pending = act(factories.make_order(), "Request Approval", SUPPORT)
		approved = factories.approve(factories.make_order())
		for _way in self.each_way():
			for user in (APPROVER, "Administrator"):
				for order in (draft, pending):
					with as_user(user):
						self.assertStays(
							order, lambda order=order: frappe.get_doc("Sales Order", order.name).submit()
						)
				with as_user(user):
					self.assertStays(approved, lambda: frappe.get_doc("Sales Order", approved.name).cancel())
			with as_user("Administrator"):
				self.assertStays(pending, lambda: edit(pending, "Administrator", workflow_state="Approved"))
				self.assertStays(pending, lambda: frappe.delete_doc("Sales Order", pending.name))

	def test_what_is_harmless_can_be_edited_and_what_was_released_cannot(self):
		draft = factories.make_order()
		approved = factories.approve(factories.make_order())
		for _way in self.each_way():
			self.assertEqual(edit(draft, "Administrator", po_no="PO-ANOTHER").po_no, "PO-ANOTHER")
			self.assertEqual(edit(approved, "Administrator", keep_open=1).keep_open, 1)
			self.assertStays(approved, lambda: change_quantity(approved, 8, "Administrator"))
			self.assertStays(approved, lambda: edit(approved, "Administrator", shipping_address="Elsewhere"))
			self.assertEqual(edit(approved, "Administrator", approved_by=SUPPORT).approved_by, APPROVER)

	def test_a_delivery_does_not_ship(self):
		note = deliveries.ready_to_ship(
			deliveries.cleared(deliveries.delivery((factories.make_item(), 10, 100)))
		)
		self.switch_off("Delivery Note Release")
		frappe.clear_cache()
		with as_user(SHIPPER):
			self.assertStays(note, lambda: frappe.get_doc("Delivery Note", note.name).submit())
		elsewhere = factories.make_address(note.customer, address_line1="Elsewhere 1")
		self.assertStays(note, lambda: edit(note, "Administrator", shipping_address_name=elsewhere))

	def test_they_go_on_when_it_is_active_again(self):
		order = factories.make_order()
		self.switch_off()
		frappe.clear_cache()
		new = factories.make_order()
		self.assertStays(new, lambda: frappe.get_doc("Sales Order", new.name).submit())
		restore_workflows()
		for doc in (order, new):
			doc.reload()
			self.assertEqual(factories.approve(doc).workflow_state, "Approved")

	def test_only_a_setting_lets_them_go_and_it_is_on_record(self):
		order = act(factories.make_order(), "Request Approval", SUPPORT)
		self.switch_off()
		with self.assertRaises(frappe.ValidationError):
			frappe.get_doc("Metalcraft Settings").update({"orders_without_workflow": 1}).save()
		settings = frappe.get_doc("Metalcraft Settings")
		settings.update(
			{
				"orders_without_workflow": 1,
				"without_workflow_reason": "Stocktaking: the two approvers are ill",
			}
		)
		settings.save()
		self.assertFalse(settings.without_workflow_reason)
		on_record = frappe.get_last_doc("Release Record", {"kind": "Setting"})
		self.assertEqual(on_record.reason, "Stocktaking: the two approvers are ill")
		self.assertEqual(
			(on_record.user, on_record.action), ("Administrator", "Sales Order: Goes On Without Its Workflow")
		)

		frappe.clear_cache()
		with as_user("Administrator"):
			frappe.get_doc("Sales Order", order.name).submit()
		self.assertEqual(frappe.db.get_value("Sales Order", order.name, "docstatus"), 1)
		moved = frappe.get_last_doc("Release Record", {"process_id": order.process_id})
		self.assertEqual((moved.kind, moved.action, moved.user), ("Passage", "Submit", "Administrator"))

		settings.reload()
		settings.update({"orders_without_workflow": 0, "without_workflow_reason": "They are back"})
		settings.save()
		frappe.clear_cache()
		self.assertStays(order, lambda: frappe.get_doc("Sales Order", order.name).cancel())
