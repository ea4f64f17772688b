"""Check Set-Up: what a site still needs, for whoever sets it up."""

import frappe
from frappe.tests.utils import FrappeTestCase

from metalcraft_workflow.desk.set_up import check_set_up
from metalcraft_workflow.tests.support import factories
from metalcraft_workflow.tests.support.factories import SUPPORT, as_user


class TestSetUp(FrappeTestCase):
	@classmethod
	def setUpClass(cls):
		super().setUpClass()
		factories.setup_world()

	def missing(self) -> dict[str, dict]:
		return {point["label"]: point for point in check_set_up() if not point["met"]}

	def test_says_where_a_missing_warehouse_is_named(self):
		settings = frappe.get_doc("Metalcraft Settings")
		label = f"Final Pack warehouse of {factories.COMPANY}"
		self.assertNotIn(label, self.missing())
		settings.warehouses = [row for row in settings.warehouses if row.company != factories.COMPANY]
		settings.save()
		self.assertEqual(self.missing()[label]["doctype"], "Metalcraft Settings")

	def test_a_department_without_recipients(self):
		department = frappe.get_doc(
			{"doctype": "Production Department", "department_name": "MT Nobody", "active": 1}
		).insert()
		self.assertEqual(self.missing()[f"Recipients of {department.name}"]["name"], department.name)

	def test_everybody_who_approves_is_counted(self):
		self.assertNotIn("People for “Approve”", self.missing())
		frappe.db.delete(
			"Has Role",
			{"role": "Order Approver", "parenttype": "User", "parent": ("!=", "approver@metalcraft.test")},
		)
		self.assertIn("second", self.missing()["People for “Approve”"]["message"])

	def test_is_for_who_sets_up(self):
		with as_user(SUPPORT):
			self.assertRaises(frappe.PermissionError, check_set_up)
