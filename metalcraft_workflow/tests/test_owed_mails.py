"""What customers are told after a step, they are told: whatever becomes of the job that was to do it."""

from contextlib import contextmanager
from unittest.mock import patch

import frappe
from frappe.tests.utils import FrappeTestCase
from frappe.utils import add_to_date, now_datetime
from redis.exceptions import ConnectionError as NoRedis

from metalcraft_workflow.outgoing import owed_mails, production_notices, restored, sent_mails
from metalcraft_workflow.setup.mails import TEMPLATES, add_mail_templates
from metalcraft_workflow.tests.support import concurrency, deliveries, factories, money
from metalcraft_workflow.tests.support.factories import APPROVER, SHIPPER, SUPPORT, act
from metalcraft_workflow.tests.support.mail_account import make_account


@contextmanager
def without_redis():
	"""Steps as people take them, where nothing can be queued."""

	real = frappe.enqueue

	def enqueue(method, *args, **given):
		if given.get("now"):
			return real(method, *args, **given)
		raise NoRedis(f"{method} was not queued")

	outgoing = "metalcraft_workflow.outgoing"
	with (
		patch("metalcraft_workflow.gates.background.is_at_once", return_value=False),
		patch(f"{outgoing}.owed_mails.is_at_once", return_value=False),
		patch("frappe.enqueue", enqueue),
	):
		yield


class TestOwedMails(FrappeTestCase):
	@classmethod
	def setUpClass(cls):
		super().setUpClass()
		factories.setup_world()
		add_mail_templates()
		frappe.get_doc("Metalcraft Settings").update({f"mail_{kind}": 1 for kind in TEMPLATES}).save()
		make_account()
		money.commit()

	def setUp(self):
		frappe.set_user("Administrator")
		make_account()

	def tearDown(self):
		money.commit()

	def to_approve(self):
		customer = factories.make_customer(f"Owed {frappe.generate_hash(length=6)}")
		order = factories.make_order(customer=customer, contact_email="buyer@customer.test")
		act(order, "Request Approval", SUPPORT)
		return order

	def approved(self):
		"""An approved order whose acknowledgement is still owed."""
		order = self.to_approve()
		with without_redis():
			act(order, "Approve", APPROVER)
			money.commit()
		return order

	def mails(self, kind: str, doc) -> list[str]:
		"""The mails of a kind about a document that are in the queue."""
		stamps = {"reference_name": doc.name, "name": ("like", f"{kind}-%")}
		names = frappe.get_all("Communication", stamps, pluck="name")
		# An empty list would find the mails of nothing
		return names and frappe.get_all(
			"Email Queue", {"communication": ("in", names)}, pluck="communication"
		)

	def owed(self, doc) -> list[str]:
		return frappe.get_all("Owed Mail", {"reference_name": doc.name}, pluck="name")

	def assertMadeOnce(self, kind: str, doc):
		self.assertEqual(self.mails(kind, doc), [])
		for _time in range(2):  # the scheduler comes by again
			owed_mails.make_owed()
			self.assertEqual(len(self.mails(kind, doc)), 1)
		self.assertEqual(self.owed(doc), [])

	def test_an_acknowledgement_whose_job_was_lost(self):
		order = self.approved()
		self.assertEqual(frappe.db.get_value("Sales Order", order.name, "docstatus"), 1)
		self.assertMadeOnce("acknowledgement", order)
		production_notices.deliver()
		notices = frappe.get_all("Production Notice", {"sales_order": order.name}, pluck="name")
		self.assertEqual(frappe.db.count("Email Queue", {"reference_name": ("in", notices)}), len(notices))

	def test_a_notice_of_shipment_whose_job_was_lost(self):
		order = money.order(contact_email="buyer@customer.test")
		deliveries.bring(order)
		note = deliveries.ready_to_ship(deliveries.cleared(deliveries.packed(order)))
		with without_redis():
			act(note, "Ship", SHIPPER)
			money.commit()
		self.assertMadeOnce("shipped", note)

	def test_thanks_whose_job_was_lost(self):
		order = money.order(contact_email="buyer@customer.test")
		invoice = money.invoice(money.ship(order))
		with without_redis():
			money.pay(invoice)
			money.commit()
		self.assertEqual(money.state(order), ("Closed", "Closed"))
		self.assertMadeOnce("closed", order)

	def test_it_is_of_whoever_took_the_step(self):
		order = self.approved()
		owed_mails.make_owed()
		(name,) = self.mails("acknowledgement", order)
		self.assertEqual(frappe.db.get_value("Communication", name, "owner"), APPROVER)
		self.assertEqual(frappe.session.user, "Administrator")

	def test_a_step_that_is_rolled_back_owes_nothing(self):
		order = self.to_approve()
		money.commit()
		with without_redis():
			act(order, "Approve", APPROVER)
			self.assertEqual(len(self.owed(order)), 1)
			frappe.db.rollback()
		self.assertEqual(self.owed(order), [])

	def test_the_job_and_the_scheduler_side_by_side(self):
		order = self.approved()
		(name,) = self.owed(order)
		row = frappe.get_doc("Owed Mail", name)
		said = concurrency.run(*[("Administrator", "make owed", row)] * 2, overlap=False)
		self.assertEqual(said, ["done", "done"])
		self.assertEqual(len(self.mails("acknowledgement", order)), 1)
		self.assertEqual(self.owed(order), [])

	def test_one_that_cannot_be_made_is_tried_again_after_an_hour(self):
		order = self.approved()
		(name,) = self.owed(order)
		maker = "metalcraft_workflow.steps.approval.mail_acknowledgement"
		with patch(maker, side_effect=OSError("No space left")):
			owed_mails.make(name)
		row = frappe.db.get_value("Owed Mail", name, ["attempts", "error"], as_dict=True)
		self.assertEqual(row, {"attempts": 1, "error": "No space left"})
		owed_mails.make_owed()
		self.assertEqual(self.mails("acknowledgement", order), [])
		frappe.db.set_value("Owed Mail", name, "tried_on", add_to_date(now_datetime(), hours=-2))
		self.assertMadeOnce("acknowledgement", order)

	def test_what_is_tried_no_longer_is_told(self):
		order = self.approved()
		(name,) = self.owed(order)
		maker = "metalcraft_workflow.steps.approval.mail_acknowledgement"
		with (
			patch(maker, side_effect=OSError("No space left")),
			patch.object(owed_mails, "MAX_ATTEMPTS", 1),
		):
			owed_mails.make(name)
		comments = frappe.get_all("Comment", {"reference_name": order.name}, pluck="content")
		self.assertEqual(sum("could not be made: No space left" in text for text in comments), 1)

	def test_after_a_restore_what_frappe_gave_up_is_not_started_again(self):
		order = self.approved()
		(row,) = self.owed(order)
		owed_mails.make(row)
		(stamp,) = self.mails("acknowledgement", order)
		mail = frappe.get_doc("Email Queue", {"communication": stamp})
		notice = frappe.get_doc("Production Notice", {"sales_order": order.name})
		notice.db_set({"status": "Failed", "email_queue": None})
		error = "SMTPServerDisconnected: Connection unexpectedly closed"
		mail.db_set({"status": "Error", "error": error})
		restored.count_as_sent(restored.waiting())
		frappe.db.set_value(
			"Email Queue", mail.name, "modified", add_to_date(now_datetime(), hours=-2), update_modified=False
		)
		sent_mails.start_again()
		production_notices.deliver()
		self.assertEqual(mail.reload().status, "Sent")
		self.assertEqual((notice.reload().status, notice.email_queue), ("Sent", None))

	def test_after_a_restore_what_waited_in_the_backup_is_not_sent_again(self):
		queued, owed = self.approved(), self.approved()
		(row,) = self.owed(queued)
		owed_mails.make(row)
		(stamp,) = self.mails("acknowledgement", queued)
		mail = frappe.get_doc("Email Queue", {"communication": stamp})
		mails = restored.waiting()
		self.assertIn(mail.name, [each.name for each in mails])
		self.assertNotIn(mail.name, [each.name for each in restored.waiting(before="2001-01-01")])

		restored.count_as_sent(mails)
		self.assertEqual(restored.waiting(), [])
		self.assertEqual({mail.reload().status, mail.recipients[0].status}, {"Sent"})
		owed_mails.make_owed()
		production_notices.deliver()
		self.assertEqual(self.mails("acknowledgement", owed), [])
		for order in (queued, owed):
			notices = frappe.get_all("Production Notice", {"sales_order": order.name}, ["name", "status"])
			self.assertEqual([notice.status for notice in notices], ["Sent"])
			self.assertFalse(frappe.db.exists("Email Queue", {"reference_name": notices[0].name}))

	def test_nothing_is_owed_about_what_was_deleted(self):
		row = frappe.new_doc(
			"Owed Mail", kind="closed", reference_doctype="Sales Order", reference_name="None"
		)
		row.db_insert()
		owed_mails.make_owed()
		self.assertFalse(frappe.db.exists("Owed Mail", row.name))
