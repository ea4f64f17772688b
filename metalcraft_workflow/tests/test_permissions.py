"""What setting up gives to roles, and what it leaves alone."""

import frappe
from frappe.client import get_value
from frappe.tests.utils import FrappeTestCase

from metalcraft_workflow.setup.permissions import GRANTS, grant_permissions, revoke_permissions, rules
from metalcraft_workflow.tests.support import factories
from metalcraft_workflow.tests.support.factories import (
	APPROVER,
	CONTROLLER,
	PACKER,
	QA,
	SHIPPER,
	SUPPORT,
	as_user,
)


class TestPermissions(FrappeTestCase):
	@classmethod
	def setUpClass(cls):
		super().setUpClass()
		factories.setup_world()

	def setUp(self):
		frappe.db.savepoint("granted")
		self.addCleanup(frappe.clear_cache)
		self.addCleanup(frappe.db.rollback, save_point="granted")

	def rights(self, doctype: str, role: str) -> set[str]:
		row = frappe.db.get_value("Custom DocPerm", {"parent": doctype, "role": role}, "*", as_dict=True)
		return {right for right in frappe.permissions.rights if row[right]}

	def test_a_role_gets_its_rights_and_no_others_beside_the_standard_ones(self):
		frappe.db.delete("Custom DocPerm", {"parent": "Delivery Note"})
		frappe.clear_cache(doctype="Delivery Note")
		with as_user(PACKER):
			self.assertFalse(frappe.has_permission("Delivery Note", "write"))
		grant_permissions()
		for role, rights in GRANTS["Delivery Note"].items():
			self.assertEqual(self.rights("Delivery Note", role), set(rights), role)
		self.assertLessEqual(rules("DocPerm", "Delivery Note"), rules("Custom DocPerm", "Delivery Note"))
		with as_user(PACKER):
			self.assertTrue(frappe.has_permission("Delivery Note", "write"))
			self.assertFalse(frappe.has_permission("Delivery Note", "submit"))

	def test_a_form_asks_the_workflow_before_an_action(self):
		"""As the form of Frappe 16 does, for whoever takes one."""
		for user in (SUPPORT, APPROVER, CONTROLLER, PACKER, QA, SHIPPER):
			for doctype in ("Sales Order", "Delivery Note"):
				with self.subTest(user=user, doctype=doctype), as_user(user):
					answer = get_value("Workflow", "is_active", {"document_type": doctype})
					self.assertEqual(answer["is_active"], 1)
					self.assertFalse(frappe.has_permission("Workflow", "write"))

	def test_what_an_administrator_took_away_stays_away(self):
		row = frappe.db.get_value("Custom DocPerm", {"parent": "Delivery Note", "role": "Final Pack"})
		frappe.db.set_value("Custom DocPerm", row, "write", 0)
		before = rules("Custom DocPerm", "Delivery Note")
		grant_permissions()
		self.assertEqual(rules("Custom DocPerm", "Delivery Note"), before)
		frappe.clear_cache(doctype="Delivery Note")
		with as_user(PACKER):
			self.assertFalse(frappe.has_permission("Delivery Note", "write"))

	def test_taking_the_grants_away_leaves_the_standard_permissions(self):
		revoke_permissions()
		self.assertFalse(frappe.db.exists("Custom DocPerm", {"role": "Final Pack"}))
		self.assertFalse(frappe.db.exists("Custom DocPerm", {"parent": "Delivery Note"}))
