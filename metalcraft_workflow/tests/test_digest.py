"""The daily digest: one mail a day to each whom the settings name, of what waits for them and nothing else."""

from datetime import datetime
from email import message_from_string
from unittest.mock import patch

import frappe
from frappe.core.doctype.user_permission.user_permission import clear_user_permissions
from frappe.email.queue import unsubscribe
from frappe.tests.utils import FrappeTestCase

from metalcraft_workflow.desk import digest
from metalcraft_workflow.metalcraft_workflow.doctype.work_digest.work_digest import WorkDigest
from metalcraft_workflow.tests.support import concurrency, factories
from metalcraft_workflow.tests.support.factories import APPROVER, PRODUCER, SUPPORT, act, approve
from metalcraft_workflow.tests.support.mail_account import forget_accounts, make_account, without_account

OTHER_APPROVER = "approver2@metalcraft.test"
WORKSHOP = "MT Workshop"


class DigestCase(FrappeTestCase):
	@classmethod
	def setUpClass(cls):
		super().setUpClass()
		factories.setup_world()
		make_account()
		frappe.db.commit()

	def setUp(self):
		frappe.set_user("Administrator")
		forget_accounts()

	def tearDown(self):
		frappe.set_user("Administrator")
		frappe.db.rollback()
		for user in (APPROVER, OTHER_APPROVER):
			frappe.clear_cache(user=user)
			frappe.clear_document_cache("User", user)
		frappe.clear_document_cache("Metalcraft Settings", "Metalcraft Settings")

	def choose(self, *rows: dict):
		"""Who gets it, as the administrator says."""
		settings = frappe.get_doc("Metalcraft Settings")
		settings.set("digests", rows)
		settings.save()

	def at(self, hour: int, day: int = 1) -> None:
		"""The scheduler's run at an hour of the site."""
		with patch("metalcraft_workflow.desk.digest.now_datetime", lambda: datetime(2040, 5, day, hour, 5)):
			digest.send_due()

	def mails(self, address: str) -> list:
		names = frappe.get_all(
			"Email Queue Recipient", {"recipient": address}, pluck="parent", order_by="creation"
		)
		mails = [frappe.get_doc("Email Queue", name) for name in names]
		return [mail for mail in mails if mail.reference_doctype == "Metalcraft Settings"]

	def text(self, address: str) -> str:
		"""What the only mail to this address says."""
		(mail,) = self.mails(address)
		message = message_from_string(mail.message)
		parts = [part for part in message.walk() if part.get_content_type() == "text/html"]
		return parts[0].get_payload(decode=True).decode()

	def waiting(self, **fields):
		"""An order that waits for its approval, among the first that the mail shows."""
		order = act(factories.make_order(**fields), "Request Approval", SUPPORT)
		order.items[0].db_set("delivery_date", "2018-01-01")
		return order


class TestWhen(DigestCase):
	def test_nobody_gets_one_unless_it_was_chosen(self):
		self.waiting()
		self.assertEqual(frappe.get_doc("Metalcraft Settings").digests, [])
		self.at(23)
		self.assertEqual(frappe.get_all("Work Digest"), [])

	def test_from_the_hour_on_once_a_day(self):
		order = self.waiting()
		self.choose({"role": "Order Approver", "hour": "07:00"})
		self.at(6)
		self.assertEqual(self.mails(APPROVER), [])
		self.at(7)
		self.assertIn(order.name, self.text(APPROVER))
		for hour in (7, 8, 23):
			self.at(hour)
		self.assertEqual(len(self.mails(APPROVER)), 1)
		self.at(7, day=2)
		self.assertEqual(len(self.mails(APPROVER)), 2)

	def test_an_hour_that_was_missed_is_made_up_for_on_the_same_day(self):
		self.waiting()
		self.choose({"role": "Order Approver", "hour": "07:00"})
		self.at(11)
		self.assertEqual(len(self.mails(APPROVER)), 1)

	def test_nothing_waits_nothing_comes_and_later_neither(self):
		user = factories.make_user("idle@metalcraft.test", ["Order Approver"])
		other = factories.make_customer("MT Digest Other")
		frappe.permissions.add_user_permission("Customer", other, user, ignore_permissions=True)
		self.choose({"role": "Order Approver", "hour": "07:00"})
		self.at(7)
		self.waiting(customer=other)
		self.at(9)
		self.assertEqual(self.mails(user), [])
		self.at(7, day=2)
		self.assertEqual(len(self.mails(user)), 1)

	def test_who_is_named_twice_gets_one_at_the_earliest_hour(self):
		self.waiting()
		frappe.get_doc("User", APPROVER).add_roles("Sales Manager")
		self.choose({"role": "Order Approver", "hour": "10:00"}, {"role": "Sales Manager", "hour": "06:00"})
		self.at(6)
		self.assertEqual((len(self.mails(APPROVER)), len(self.mails(OTHER_APPROVER))), (1, 0))
		self.at(10)
		self.assertEqual((len(self.mails(APPROVER)), len(self.mails(OTHER_APPROVER))), (1, 1))

	def test_without_an_account_it_waits(self):
		self.waiting()
		self.choose({"role": "Order Approver", "hour": "07:00"})
		without_account()
		self.at(7)
		self.assertEqual(frappe.get_all("Work Digest"), [])
		make_account()
		self.at(8)
		self.assertEqual(len(self.mails(APPROVER)), 1)

	def test_two_at_once_send_one(self):
		act(factories.make_order(), "Request Approval", SUPPORT)
		user = frappe.get_doc("User", APPROVER)
		frappe.db.delete("Work Digest", {"recipient": APPROVER})
		before = len(self.mails(APPROVER))
		frappe.db.commit()
		self.addCleanup(frappe.db.commit)
		self.addCleanup(frappe.db.delete, "Work Digest", {"recipient": APPROVER})
		said = concurrency.run(*[("Administrator", "digest", user)] * 2, overlap=False)
		self.assertEqual(said, ["done", "done"])
		mails = self.mails(APPROVER)
		self.addCleanup(frappe.delete_doc, "Email Queue", mails[-1].name, force=True)
		self.assertEqual(len(mails), before + 1)


class TestWhatAndToWhom(DigestCase):
	def test_each_reads_what_they_may_read(self):
		mine = self.waiting(customer=factories.make_customer("MT Digest A"))
		other = self.waiting(customer=factories.make_customer("MT Digest B"))
		frappe.permissions.add_user_permission("Customer", "MT Digest A", APPROVER, ignore_permissions=True)
		self.addCleanup(clear_user_permissions, APPROVER, "Customer")
		self.choose({"role": "Order Approver", "hour": "07:00"})
		self.at(7)
		text = self.text(APPROVER)
		self.assertIn(mine.name, text)
		self.assertIn(mine.po_no, text)
		self.assertNotIn(other.name, text)
		self.assertNotIn("MT Digest B", text)
		self.assertIn(other.name, self.text(OTHER_APPROVER))

	def test_in_the_language_of_the_reader(self):
		self.waiting().db_set("po_no", "PO-CHANGED")
		frappe.db.set_value("User", APPROVER, "language", "de")
		frappe.clear_document_cache("User", APPROVER)
		self.choose({"role": "Order Approver", "hour": "07:00"})
		before = frappe.local.lang
		self.at(7)
		self.assertEqual(frappe.local.lang, before)
		self.assertEqual(frappe.session.user, "Administrator")
		self.assertIn("Freizugebende Aufträge", self.text(APPROVER))
		self.assertIn("Orders to Approve", self.text(OTHER_APPROVER))
		self.assertIn("Der Auftrag wurde geändert, seit um die Freigabe gebeten wurde", self.text(APPROVER))

	def test_who_left_is_left_out(self):
		self.waiting()
		frappe.db.set_value("User", APPROVER, "enabled", 0)
		self.addCleanup(frappe.db.set_value, "User", APPROVER, "enabled", 1)
		frappe.get_doc("Notification Settings", OTHER_APPROVER).db_set("enable_email_notifications", 0)
		self.choose({"role": "Order Approver", "hour": "07:00"})
		self.at(7)
		self.assertEqual((self.mails(APPROVER), self.mails(OTHER_APPROVER)), ([], []))

	def test_who_does_not_want_it_leaves_by_its_link(self):
		self.waiting()
		self.choose({"role": "Order Approver", "hour": "07:00"})
		self.at(7)
		self.assertIn("Unsubscribe", self.text(APPROVER))
		(mail,) = self.mails(APPROVER)
		with patch.object(frappe.db, "commit"):
			unsubscribe(mail.reference_doctype, mail.reference_name, APPROVER)
		self.at(7, day=2)
		self.assertEqual(len(self.mails(APPROVER)), 1)
		self.assertEqual(len(self.mails(OTHER_APPROVER)), 2)

	def test_a_department_is_told_of_its_notices(self):
		foreman = factories.make_user("foreman@metalcraft.test", ["Production"])
		# What others have left waits for everybody where a department names nobody
		frappe.db.set_value("Production Notice", {"status": ("!=", "Done")}, "status", "Done")
		shops = {
			WORKSHOP: [{"user": foreman}, {"email": "workshop@metalcraft.test"}],
			"MT Other Shop": [{"user": PRODUCER}],
		}
		orders = []
		for shop, recipients in shops.items():
			frappe.get_doc(
				{
					"doctype": "Production Department",
					"department_name": shop,
					"active": 1,
					"recipients": recipients,
				}
			).insert()
			item = factories.make_item(f"MT-{shop}", production_departments=[{"department": shop}])
			orders.append(approve(factories.make_order((item, 1, 777))))
		order, other = orders
		self.choose({"production_department": WORKSHOP, "hour": "06:00"})
		self.at(6)
		for address in (foreman, "workshop@metalcraft.test"):
			text = self.text(address)
			self.assertIn("Notices to Acknowledge", text)
			self.assertIn(order.name, text)
			self.assertNotIn(other.name, text)
			self.assertNotIn("777", text)
		self.assertEqual(self.mails(PRODUCER), [])
		self.assertNotIn("my-work", self.text("workshop@metalcraft.test"))
		notice = frappe.db.get_value("Production Notice", {"sales_order": order.name})
		frappe.db.set_value("Production Notice", notice, "status", "Acknowledged")
		self.at(6, day=2)
		self.assertEqual(len(self.mails("workshop@metalcraft.test")), 1)

	def test_what_people_wrote_is_no_html(self):
		self.waiting(po_no="PO <b>Digest</b> & Sons")
		self.choose({"role": "Order Approver", "hour": "07:00"})
		self.at(7)
		self.assertNotIn("<b>Digest</b>", self.text(APPROVER))


class TestSettings(DigestCase):
	def test_a_row_names_a_department_or_a_role_each_once(self):
		for rows in (
			[{"hour": "07:00"}],
			[{"role": "Shipping", "production_department": "Cylinders", "hour": "07:00"}],
			[{"role": "Shipping", "hour": "07:00"}, {"role": "Shipping", "hour": "09:00"}],
			[{"role": "Shipping", "hour": "24:00"}],
		):
			with self.assertRaises(frappe.ValidationError):
				self.choose(*rows)

	def test_what_was_looked_up_long_ago_is_cleared(self):
		self.waiting()
		self.choose({"role": "Order Approver", "hour": "07:00"})
		self.at(7)
		log = frappe.get_last_doc("Work Digest", {"recipient": APPROVER})
		self.assertEqual(log.email_queue, self.mails(APPROVER)[0].name)
		log.db_set("creation", "2020-01-01 00:00:00", update_modified=False)
		WorkDigest.clear_old_logs(30)
		self.assertFalse(frappe.db.exists("Work Digest", log.name))
		self.assertTrue(frappe.db.exists("Work Digest", {"recipient": OTHER_APPROVER}))
