"""Who is told, in which language, and that nobody is told what they may not read."""

from unittest.mock import patch

import frappe
from frappe.core.doctype.user_permission.user_permission import clear_user_permissions
from frappe.desk.form.assign_to import add
from frappe.tests.utils import FrappeTestCase

from metalcraft_workflow.gates.notifications import notify_roles
from metalcraft_workflow.metalcraft_workflow.report.open_orders.open_orders import late_orders
from metalcraft_workflow.metalcraft_workflow.report.release_history.release_history import get_rows
from metalcraft_workflow.rules.requirement import Phrase
from metalcraft_workflow.tests.support import deliveries, factories
from metalcraft_workflow.tests.support.factories import APPROVER, COMPANY, PRODUCER, SUPPORT, act, as_user
from metalcraft_workflow.tests.support.mail_account import make_account

OTHER_APPROVER = "approver2@metalcraft.test"
TURN = "{document} {name} ({title}) is now in {state}: your turn"


class TestNotifications(FrappeTestCase):
	@classmethod
	def setUpClass(cls):
		super().setUpClass()
		factories.setup_world()
		make_account()
		cls.elsewhere = other_company()
		frappe.db.commit()

	def setUp(self):
		frappe.set_user("Administrator")

	def tearDown(self):
		frappe.db.rollback()
		for user in (APPROVER, OTHER_APPROVER, PRODUCER):
			frappe.cache.hdel("user_permissions", user)
			frappe.clear_document_cache("User", user)

	def only_company(self, user: str, company: str):
		"""Let `user` see the documents of one company only."""
		frappe.get_doc(
			{"doctype": "User Permission", "user": user, "allow": "Company", "for_value": company}
		).insert()

	def told(self, doc) -> list[str]:
		return frappe.get_all("Notification Log", {"document_name": doc.name}, pluck="for_user")

	def asked(self):
		order = factories.make_order()
		act(order, "Request Approval", SUPPORT)
		return order

	def test_who_sees_another_company_only_is_not_told(self):
		self.only_company(OTHER_APPROVER, self.elsewhere)
		told = self.told(self.asked())
		self.assertIn(APPROVER, told)
		self.assertNotIn(OTHER_APPROVER, told)

	def test_what_was_shared_with_somebody_they_are_told(self):
		self.only_company(OTHER_APPROVER, self.elsewhere)
		order = factories.make_order()
		frappe.share.add("Sales Order", order.name, OTHER_APPROVER, read=1)
		act(order, "Request Approval", SUPPORT)
		self.assertIn(OTHER_APPROVER, self.told(order))

	def test_what_a_colleague_has_done_rings_no_more(self):
		order = self.asked()
		bell = {"document_name": order.name, "for_user": ["in", [APPROVER, OTHER_APPROVER]], "read": 0}
		self.assertEqual(frappe.db.count("Notification Log", bell), 2)
		act(order, "Send Back", APPROVER, "The price is missing.")
		self.assertEqual(frappe.db.count("Notification Log", bell), 0)
		self.assertIn(SUPPORT, frappe.get_all("Notification Log", {"read": 0}, pluck="for_user"))

	def test_what_is_said_of_something_else_rings_on(self):
		"""A question of the customer, a Notification of an administrator."""
		order = self.asked()
		with as_user(SUPPORT):
			notify_roles({"Order Approver"}, order, Phrase("The customer has a question"))
		act(order, "Send Back", APPROVER, "The price is missing.")
		unread = {"document_name": order.name, "for_user": OTHER_APPROVER, "read": 0}
		self.assertEqual(
			frappe.get_all("Notification Log", unread, pluck="subject"), ["The customer has a question"]
		)

	def test_jobs_that_run_late_or_twice_change_nothing(self):
		order, jobs = factories.make_order(), []
		with patch(
			"metalcraft_workflow.gates.notifications.later",
			lambda method, **values: jobs.append((method, values)),
		):
			act(order, "Request Approval", SUPPORT)
			act(order, "Send Back", APPROVER, "The price is missing.")

		def run(backwards: bool = False) -> list[str]:
			for method, values in jobs[::-1] if backwards else jobs:
				frappe.get_attr(f"metalcraft_workflow.{method}")(**values)
			return frappe.get_all(
				"Notification Log", {"document_name": order.name, "read": 0}, pluck="for_user"
			)

		told = run(backwards=True)
		self.assertIn(SUPPORT, told)
		self.assertFalse({APPROVER, OTHER_APPROVER} & set(told))
		self.assertCountEqual(run(), told)
		frappe.db.set_value("Notification Log", {"document_name": order.name}, "read", 1)
		self.assertEqual(run(), [])

	def test_an_assignment_rings_on(self):
		order = self.asked()
		add({"doctype": order.doctype, "name": order.name, "assign_to": [OTHER_APPROVER]})
		act(order, "Send Back", APPROVER, "The price is missing.")
		bell = {"document_name": order.name, "for_user": OTHER_APPROVER, "type": "Assignment", "read": 0}
		self.assertTrue(frappe.db.exists("Notification Log", bell))

	def test_the_disabled_are_not_told(self):
		frappe.db.set_value("User", OTHER_APPROVER, "enabled", 0)
		self.assertNotIn(OTHER_APPROVER, self.told(self.asked()))

	def test_each_is_told_in_their_language(self):
		frappe.get_doc(
			{
				"doctype": "Translation",
				"language": "de",
				"source_text": TURN,
				"translated_text": "{name} ({title}) ist bei Ihnen: {state}",
			}
		).insert()
		frappe.db.set_value("User", APPROVER, "language", "de")
		frappe.clear_document_cache("User", APPROVER)
		order = self.asked()
		subjects = dict(
			frappe.get_all(
				"Notification Log", {"document_name": order.name}, ["for_user", "subject"], as_list=True
			)
		)
		self.assertIn("ist bei Ihnen", subjects[APPROVER])
		self.assertIn("is now in Pending Approval: your turn", subjects[OTHER_APPROVER])

	def test_a_document_that_is_gone_tells_nobody(self):
		order = factories.make_order()
		with as_user(SUPPORT):
			order.delete()
			notify_roles({"Order Approver"}, order, Phrase("Gone"))
		self.assertNotIn(APPROVER, self.told(order))

	def test_a_department_is_mailed_without_who_may_not_know(self):
		department = frappe.get_doc("Production Department", factories.make_department("Cylinders"))
		department.role = "Production"
		department.append("recipients", {"user": OTHER_APPROVER})
		department.save()
		order = factories.make_order()
		recipients, _left_out = department.addresses(order)
		self.assertLessEqual({PRODUCER, OTHER_APPROVER, "cylinders@metalcraft.test"}, set(recipients))
		for user in (PRODUCER, OTHER_APPROVER):
			self.only_company(user, self.elsewhere)
		recipients, _left_out = department.addresses(order)
		self.assertIn("cylinders@metalcraft.test", recipients)
		self.assertFalse({PRODUCER, OTHER_APPROVER} & set(recipients))

	def test_who_sees_another_company_only_reads_no_notice_and_no_figure(self):
		order = deliveries.approved_order(delivery_date=frappe.utils.nowdate())
		notice = frappe.get_doc("Production Notice", {"sales_order": order.name})
		self.assertEqual(notice.company, COMPANY)
		with as_user(PRODUCER):
			self.assertTrue(notice.has_permission("read"))
		self.only_company(PRODUCER, self.elsewhere)
		with as_user(PRODUCER):
			self.assertFalse(frappe.get_doc("Production Notice", notice.name).has_permission("read"))
			self.assertEqual(late_orders()["value"], 0)

	def test_who_sees_another_company_only_reads_no_record(self):
		order = self.asked()
		of_order = {"reference_name": order.name}
		with as_user(APPROVER):
			(name,) = frappe.get_list("Release Record", of_order, pluck="name")
			self.assertTrue(frappe.get_doc("Release Record", name).has_permission("read"))
		self.only_company(APPROVER, self.elsewhere)
		with as_user(APPROVER):
			self.assertEqual(frappe.get_list("Release Record", of_order), [])
			self.assertFalse(frappe.get_doc("Release Record", name).has_permission("read"))

	def test_the_history_of_an_order_names_no_delivery_that_one_may_not_read(self):
		note = act(deliveries.delivery(), "Complete Packing", factories.PACKER)
		order = note.items[0].against_sales_order
		names = {row.reference_name for row in get_rows(order)}
		self.assertEqual(names, {order, note.name})
		sales = factories.make_user("seller@metalcraft.test", ["Sales User"])
		with as_user(sales):
			readable = {
				doc.name
				for doc in (frappe.get_doc("Sales Order", order), frappe.get_doc("Delivery Note", note.name))
				if doc.has_permission("read")
			}
			self.assertEqual({row.reference_name for row in get_rows(order)}, readable)
		clear_user_permissions(sales, "Company")


def other_company() -> str:
	"""A company besides that of the tests."""
	found = frappe.db.get_value("Company", {"name": ["!=", COMPANY]})
	return (
		found
		or frappe.get_doc(
			{
				"doctype": "Company",
				"company_name": "Metalcraft Elsewhere",
				"abbr": "MTE",
				"default_currency": "USD",
				"country": "United States",
			}
		)
		.insert()
		.name
	)
