"""Mails to customers: one of a kind for one event, each by a template."""

import email
from contextlib import contextmanager
from unittest.mock import patch

import frappe
from frappe.email.doctype.email_queue.email_queue import SendMailContext
from frappe.tests.utils import FrappeTestCase, change_settings
from frappe.utils import add_to_date, now_datetime

from metalcraft_workflow.outgoing import customer_mail, mail_package, sent_mails
from metalcraft_workflow.setup.mails import TEMPLATES, add_mail_templates, add_translated_templates
from metalcraft_workflow.steps.approval import send_acknowledgement
from metalcraft_workflow.steps.closing import settle
from metalcraft_workflow.steps.invoicing import send_invoice
from metalcraft_workflow.steps.shipping import send_shipment
from metalcraft_workflow.tests.support import concurrency, deliveries, factories, money, rest
from metalcraft_workflow.tests.support.factories import (
	APPROVER,
	QA,
	SHIPPER,
	SUPPORT,
	act,
	as_user,
	change_quantity,
)
from metalcraft_workflow.tests.support.mail_account import make_account, without_account
from metalcraft_workflow.tests.support.pdf import sample_pdf

BUYER = "buyer@customer.test"
SWITCHES = {f"mail_{kind}": 1 for kind in TEMPLATES}
PACKAGE = "metalcraft_workflow.outgoing.package.package_pdf"


class TestCustomerMails(FrappeTestCase):
	@classmethod
	def setUpClass(cls):
		super().setUpClass()
		factories.setup_world()
		add_mail_templates()
		add_translated_templates()
		frappe.get_doc("Metalcraft Settings").update(SWITCHES).save()
		make_account()
		money.commit()

	def setUp(self):
		frappe.set_user("Administrator")
		make_account()

	def tearDown(self):
		frappe.db.rollback()

	def order(self, **fields):
		customer = factories.make_customer(f"Mailed {frappe.generate_hash(length=6)}")
		return factories.make_order(**{"customer": customer, "contact_email": BUYER, **fields})

	def mails(self, kind: str, doc) -> list:
		"""The mails of a kind about a document, oldest first, as they stand in the queue."""
		names = frappe.get_all(
			"Communication",
			{"reference_name": doc.name, "name": ("like", f"{kind}-%")},
			pluck="name",
			order_by="creation",
		)
		return [frappe.get_doc("Email Queue", {"communication": name}) for name in names]

	def said(self, mail) -> str:
		communication = frappe.get_doc("Communication", mail.communication)
		return f"{communication.subject}\n{communication.content}"

	def comments(self, doc) -> str:
		return " ".join(frappe.get_all("Comment", {"reference_name": doc.name}, pluck="content"))

	# What says that the customer was told

	def test_nobody_deletes_or_moves_what_says_that_the_customer_was_told(self):
		order = factories.approve(self.order())
		other = self.order()
		(queued,) = self.mails("acknowledgement", order)
		name = queued.communication
		for user in ("Administrator", SUPPORT):
			with as_user(user):
				for change in (
					lambda: frappe.delete_doc("Communication", name, force=True),
					lambda: frappe.rename_doc("Communication", name, "X", force=True),
					lambda: frappe.get_doc("Communication", name).db_set("reference_name", other.name),
					lambda: (
						frappe.get_doc("Communication", name)
						.update({"reference_name": other.name})
						.save(ignore_permissions=True)
					),
					lambda: (
						frappe.get_doc("Communication", name)
						.update({"communication_type": "Communication"})
						.save(ignore_permissions=True)
					),
				):
					with self.assertRaises(frappe.PermissionError):
						change()
		for method, arguments in {
			"frappe.client.delete": {"doctype": "Communication", "name": name},
			"frappe.email.relink": {
				"name": name,
				"reference_doctype": "Sales Order",
				"reference_name": other.name,
			},
		}.items():
			rest.call("Administrator", method, **arguments)
		self.assertEqual(frappe.db.get_value("Communication", name, "reference_name"), order.name)
		# What Frappe itself writes about it, goes on
		frappe.get_doc("Communication", name).db_set("delivery_status", "Sent")

	def test_nobody_forges_it(self):
		order = self.order()
		forged = frappe.get_doc(
			{
				"doctype": "Communication",
				"communication_type": "Automated Message",
				"reference_doctype": "Sales Order",
				"reference_name": order.name,
				"subject": "x",
			}
		)
		with self.assertRaises(frappe.PermissionError):
			forged.insert(set_name=f"closed-{order.name}")

	def test_it_goes_with_all_transactions_of_its_company(self):
		order = factories.approve(self.order())
		(queued,) = self.mails("acknowledgement", order)
		deletion = frappe.get_doc({"doctype": "Transaction Deletion Record", "company": factories.COMPANY})
		deletion.insert()
		frappe.db.set_value(deletion.doctype, deletion.name, {"docstatus": 1, "status": "Running"})
		frappe.delete_doc("Communication", queued.communication)
		self.assertFalse(frappe.db.exists("Communication", queued.communication))

	# Acknowledgement

	def test_an_approved_order_is_acknowledged(self):
		order = self.order()
		with as_user(SUPPORT):
			order.items[0].customer_part_no = "<i>P&1</i>"
			order.save()
		order = factories.approve(order)
		(mail,) = self.mails("acknowledgement", order)
		self.assertEqual([row.recipient for row in mail.recipients], [BUYER])
		said = self.said(mail)
		for words in (
			order.po_no,
			order.name,
			order.get_formatted("delivery_date"),
			order.get_formatted("grand_total"),
			"MT-CYL-01",
			"&lt;i&gt;P&amp;1&lt;/i&gt;",
			f"/customer-orders/{order.name}",
		):
			self.assertIn(words, said)
		self.assertNotIn("{{", said)

	def test_a_change_is_acknowledged_when_it_is_accepted_and_new(self):
		order = factories.approve(self.order())
		change_quantity(order, 12)
		order.reload()
		self.assertEqual(len(self.mails("acknowledgement", order)), 1)
		act(order, "Accept Changes", "approver2@metalcraft.test")
		first, second = self.mails("acknowledgement", order)
		self.assertIn("Changed order", self.said(second))
		self.assertNotIn("Changed order", self.said(first))
		# reviewed without a change: nothing new
		order.reload()
		act(order, "Review Changes", APPROVER, "Look again")
		act(order, "Accept Changes", "approver2@metalcraft.test")
		self.assertEqual(len(self.mails("acknowledgement", order)), 2)

	def test_nobody_to_tell_is_said_and_stops_nothing(self):
		order = factories.approve(self.order(contact_email=None))
		self.assertEqual((order.docstatus, self.mails("acknowledgement", order)), (1, []))
		self.assertIn("was not mailed the order acknowledgement", self.comments(order))

	def test_without_an_account_the_approval_stands(self):
		order = self.order()
		without_account()
		order = factories.approve(order)
		self.assertEqual((order.docstatus, self.mails("acknowledgement", order)), (1, []))
		self.assertIn("was not mailed", self.comments(order))

	# Whom it goes to

	def test_each_address_of_a_contact_gets_it_and_who_was_left_out_is_said(self):
		order = factories.approve(self.order(contact_email=None))
		# As an import may have brought it
		order.db_set("contact_email", "Ann <a@customer.test>, nonsense; B@customer.test, b@customer.test")
		with as_user(SUPPORT):
			self.assertEqual(send_acknowledgement(order.name), "a@customer.test, B@customer.test")
		(mail,) = self.mails("acknowledgement", order)
		recipients = sorted(row.recipient for row in mail.recipients)
		self.assertEqual(recipients, ["B@customer.test", "a@customer.test"])
		self.assertIn("Left out: nonsense (not an email address).", self.comments(order))

	def test_who_has_unsubscribed_is_not_said_to_have_got_it(self):
		doc = self.shipped()
		frappe.get_doc({"doctype": "Email Unsubscribe", "email": BUYER, "global_unsubscribe": 1}).insert()
		invoice = money.invoice(doc)
		self.assertEqual(self.mails("invoice", invoice), [])
		self.assertFalse(frappe.db.get_value("Sales Invoice", invoice.name, "invoice_sent_on"))
		self.assertFalse(frappe.db.exists("Communication", {"reference_name": invoice.name}))
		self.assertIn(f"{BUYER} (has unsubscribed from all mails)", self.comments(invoice))
		self.assertNotIn("was mailed to", self.comments(invoice))
		# who else is there gets it
		frappe.db.set_value("Sales Invoice", invoice.name, "contact_email", f"{BUYER}, other@customer.test")
		with as_user(SUPPORT):
			self.assertEqual(send_invoice(invoice.name), "other@customer.test")
		self.assertTrue(frappe.db.get_value("Sales Invoice", invoice.name, "invoice_sent_on"))

	def test_a_mail_that_the_queue_does_not_take_was_not_sent(self):
		with patch("metalcraft_workflow.outgoing.customer_mail.frappe.sendmail", return_value=[]):
			order = factories.approve(self.order())
		self.assertFalse(frappe.db.exists("Communication", {"reference_name": order.name}))
		self.assertIn(f"{BUYER} (cannot be mailed)", self.comments(order))

	def test_leaving_a_conversation_silences_none_of_these(self):
		order = factories.approve(self.order())
		frappe.get_doc(
			{
				"doctype": "Email Unsubscribe",
				"email": BUYER,
				"reference_doctype": "Sales Order",
				"reference_name": order.name,
			}
		).insert()
		change_quantity(order, 12)
		order.reload()
		act(order, "Accept Changes", "approver2@metalcraft.test")
		_first, second = self.mails("acknowledgement", order)
		self.assertEqual([row.recipient for row in second.recipients], [BUYER])
		self.assertEqual(second.reference_name, order.name)

	# In which language

	def test_a_mail_is_in_the_language_of_its_document(self):
		for spoken, written, words in (
			("de", "en", ("Your order", "Quantity", "Promised ship date")),
			("en", "de", ("Ihr Auftrag", "Menge", "Zugesagtes Versanddatum")),
		):
			with self.subTest(written), speaking(spoken):
				order = factories.approve(self.order(language=written))
				self.assertEqual(frappe.local.lang, spoken)
				said = self.said(self.mails("acknowledgement", order)[0])
				for word in words:
					self.assertIn(word, said)

	# What became of it

	def failed(self, mail, error: str = "") -> None:
		error = error or "smtplib.SMTPRecipientsRefused: {'buyer@customer.test': (550, b'No such user')}"
		frappe.db.set_value("Email Queue", mail.name, {"status": "Error", "error": f"Traceback\n{error}"})

	def shown(self, doc) -> dict:
		with as_user(SUPPORT):
			doc = frappe.get_doc(doc.doctype, doc.name)
			doc.run_method("onload")
		return doc.get("__onload").customer_mails

	def test_a_mail_that_was_not_delivered_is_shown_and_told_once(self):
		order = factories.approve(self.order())
		(mail,) = self.mails("acknowledgement", order)
		self.assertIsNone(self.shown(order)["acknowledgement"]["problem"])
		self.failed(mail)
		for _ in range(2):
			with self.commits():
				sent_mails.report_failures()
		self.assertEqual(
			self.comments(order).count("was not delivered. The mail server refused an address"), 1
		)
		told = frappe.get_all("Notification Log", {"document_name": order.name}, ["for_user", "subject"])
		self.assertEqual([row.for_user for row in told if "not delivered" in row.subject].count(SUPPORT), 1)
		self.assertIn("No such user", self.shown(order)["acknowledgement"]["problem"])

	def test_a_mail_that_the_server_could_not_take_is_tried_again_for_days(self):
		order = factories.approve(self.order())
		(mail,) = self.mails("acknowledgement", order)

		def given_up(error: str, hours: int = 2) -> str:
			"""What becomes of the mail so many hours after Frappe gave it up."""
			self.failed(mail, error)
			then = add_to_date(now_datetime(), hours=-hours)
			frappe.db.set_value("Email Queue", mail.name, "modified", then, update_modified=False)
			sent_mails.start_again()
			return mail.reload().status

		away = "SMTPServerDisconnected: Connection unexpectedly closed"
		self.assertEqual(given_up(away), "Not Sent")
		self.assertEqual(mail.retry, 0)
		self.assertEqual(given_up(away, hours=0), "Error")
		self.assertIn("It is tried again.", self.shown(order)["acknowledgement"]["problem"])
		busy = "smtplib.SMTPRecipientsRefused: {'buyer@customer.test': (451, b'Come back later')}"
		self.assertEqual(given_up(busy), "Not Sent")
		self.assertEqual(given_up(busy.replace("451", "550")), "Error")
		self.assertNotIn("It is tried again.", self.shown(order)["acknowledgement"]["problem"])

		send_again = "metalcraft_workflow.steps.approval.send_acknowledgement"
		known = self.shown(order)["acknowledgement"]["name"]
		self.assertEqual(rest.call(SUPPORT, send_again, name=order.name, known=known).status, 200)
		self.assertEqual(given_up(away), "Error", "it was sent again by hand")

	def test_a_mail_that_is_tried_no_longer_is_told_once_more(self):
		order = factories.approve(self.order())
		(mail,) = self.mails("acknowledgement", order)
		self.failed(mail, "SMTPServerDisconnected: Connection unexpectedly closed")
		for days in (0, -4):
			then = add_to_date(now_datetime(), days=days)
			frappe.db.set_value("Communication", mail.communication, "creation", then, update_modified=False)
			for _time in range(2):
				with self.commits():
					sent_mails.report_failures()
		comments = self.comments(order)
		self.assertEqual(comments.count("was not delivered."), 1)
		self.assertEqual(comments.count("could not be delivered for days and is tried no longer."), 1)

	def test_mails_that_are_refused_for_good_do_not_keep_others_from_being_started_again(self):
		mails = []
		for error in (
			"SMTPRecipientsRefused: {'buyer@customer.test': (550, b'No')}",
			"SMTPServerDisconnected: x",
		):
			(mail,) = self.mails("acknowledgement", factories.approve(self.order()))
			self.failed(mail, error if "Disc" in error else f"smtplib.{error}")
			then = add_to_date(now_datetime(), hours=-2)
			frappe.db.set_value("Email Queue", mail.name, "modified", then, update_modified=False)
			mails.append(mail)
		with patch.object(sent_mails, "MAX_A_RUN", 1):
			sent_mails.start_again()
		self.assertEqual([mail.reload().status for mail in mails], ["Error", "Not Sent"])

	def test_a_mail_that_bounced_is_shown(self):
		order = factories.approve(self.order())
		(mail,) = self.mails("acknowledgement", order)
		frappe.db.set_value("Email Queue", mail.name, "status", "Sent")
		frappe.db.set_value("Communication", mail.communication, "delivery_status", "Bounced")
		with self.commits():
			sent_mails.report_failures()
		self.assertIn("The mail server says: Bounced. Check the address.", self.comments(order))

	def test_customer_support_sends_them_again(self):
		doc = self.shipped()
		order = frappe.get_doc("Sales Order", doc.items[0].against_sales_order)
		for kind, about, method in (
			("acknowledgement", order, "approval.send_acknowledgement"),
			("shipped", doc, "shipping.send_shipment"),
		):
			method = f"metalcraft_workflow.steps.{method}"
			known = self.shown(about)[kind]["name"]
			for user in (QA, SHIPPER, money.portal_user(doc.customer)):
				self.assertEqual(rest.call(user, method, name=about.name, known=known).status, 403)
			answers = [rest.call(SUPPORT, method, name=about.name, known=known) for _ in range(2)]
			with self.subTest(kind):
				self.assertEqual([answer.status for answer in answers], [200, 417])
				self.assertEqual(answers[0].data, BUYER)
				self.assertIn("just been sent", answers[1].words)
				self.assertEqual(len(self.mails(kind, about)), 2)
				known = self.shown(about)[kind]["name"]
				self.assertEqual(rest.call(SUPPORT, method, name=about.name, known=known).status, 200)
				self.assertEqual(len(self.mails(kind, about)), 3)

	def test_what_is_not_approved_or_shipped_is_not_sent(self):
		order = self.order()
		with as_user(SUPPORT), self.assertRaises(frappe.ValidationError):
			send_acknowledgement(order.name)
		draft = deliveries.delivery()
		with as_user(SUPPORT), self.assertRaises(frappe.ValidationError):
			send_shipment(draft.name)

	# Shipment

	def shipped(self):
		order = factories.approve(self.order())
		deliveries.bring(order)
		return deliveries.shipped(deliveries.packed(order, contact_email=BUYER))

	def test_the_same_shipment_is_told_once(self):
		doc = self.shipped()
		self.assertEqual(len(self.mails("shipped", doc)), 1)
		with as_user(SHIPPER):
			doc.reload()
			doc.cancel()
			again = frappe.copy_doc(doc)
			again.amended_from, again.docstatus = doc.name, 0
		with as_user(factories.PACKER):
			again.insert()
		again = deliveries.cleared(again)
		again = deliveries.edit(
			again,
			SHIPPER,
			carrier="Road Runner",
			tracking_number=doc.tracking_number,
			ship_date=doc.ship_date,
			packages=2,
		)
		again = act(again, "Ship", SHIPPER)
		self.assertEqual((again.docstatus, self.mails("shipped", again)), (1, []))

	def test_the_package_follows_the_mail_into_the_queue(self):
		doc = self.shipped()
		(mail,) = self.mails("shipped", doc)
		self.assertTrue(mail.send_after)
		with self.commits(), patch(PACKAGE, return_value=sample_pdf("package")):
			mail_package.add_packages()
		mail.reload()
		self.assertIsNone(mail.send_after)
		(attachment,) = frappe.parse_json(mail.attachments)
		file = frappe.get_doc("File", attachment["fid"])
		self.assertEqual((file.is_private, file.attached_to_name), (1, mail.communication))
		self.assertIn(b"package", as_sent(mail))
		# the next run has nothing to do
		with patch(PACKAGE) as package:
			mail_package.add_packages()
		package.assert_not_called()

	def test_without_its_package_the_mail_leaves_all_the_same(self):
		for words, package in (
			("too large", {"return_value": b"0" * (mail_package.MAX_SIZE + 1)}),
			("row 2 is damaged", {"side_effect": frappe.ValidationError("row 2 is damaged")}),
		):
			doc = self.shipped()
			with self.subTest(words), self.commits(), patch(PACKAGE, **package):
				mail_package.add_packages()
				(mail,) = self.mails("shipped", doc)
				self.assertEqual((mail.send_after, mail.attachments_list), (None, []))
				self.assertIn(words, self.comments(doc))

	@contextmanager
	def commits(self):
		"""Keep what the test arranged out of the background job's own commits and rollbacks."""
		with patch("frappe.db.commit"), patch("frappe.db.rollback"):
			yield

	# Invoice

	def test_who_presses_twice_sends_once(self):
		doc = self.shipped()
		invoice = money.invoice(doc)
		self.assertEqual(len(self.mails("invoice", invoice)), 1)
		known = str(invoice.invoice_sent_on)
		method = "metalcraft_workflow.steps.invoicing.send_invoice"
		self.assertEqual(rest.call(SUPPORT, method, name=invoice.name).status, 417)
		answers = [rest.call(SUPPORT, method, name=invoice.name, sent_on=known) for _ in range(2)]
		self.assertEqual([answer.status for answer in answers], [200, 417])
		self.assertIn("just been sent", answers[1].words)
		self.assertEqual(len(self.mails("invoice", invoice)), 2)

	def test_two_people_who_send_it_at_the_same_moment_send_once(self):
		with change_settings("Metalcraft Settings", {"mail_invoice": 0}):
			invoice = money.invoice(self.shipped())
		said = concurrency.run(
			(SUPPORT, "mail", invoice), ("support2@metalcraft.test", "mail", invoice), overlap=False
		)
		self.assertEqual(sorted(word.split()[0] for word in said), ["done", "failed:"])
		self.assertIn("just been sent", " ".join(said))
		self.assertEqual(len(self.mails("invoice", invoice)), 1)

	# Thanks

	def test_thanks_are_said_once(self):
		doc = self.shipped()
		order = frappe.get_doc("Sales Order", doc.items[0].against_sales_order)
		invoice = money.invoice(doc)
		for _ in range(2):
			payment = money.pay(invoice)
			self.assertEqual(settle(order.name), ["close"])
			self.assertEqual(len(self.mails("closed", order)), 1)
			payment.reload()
			payment.cancel()
			self.assertEqual(settle(order.name), ["reopen"])

	# Templates and switches

	def test_an_administrator_s_template_stays_theirs(self):
		name = TEMPLATES["acknowledgement"][0]
		frappe.get_doc("Email Template", name).update(
			{"subject": "Thanks for {{ po_no }} & more", "response": "<p>As you wish, {{ customer }}</p>"}
		).save()
		add_mail_templates()
		self.assertIn("As you wish", frappe.db.get_value("Email Template", name, "response"))
		order = factories.approve(self.order())
		said = self.said(self.mails("acknowledgement", order)[0])
		self.assertIn(f"Thanks for {order.po_no} & more", said)
		self.assertIn(f"As you wish, {order.customer}", said)

	def test_a_template_that_does_not_work_stops_nothing(self):
		name = TEMPLATES["acknowledgement"][0]
		frappe.db.set_value("Email Template", name, "response", "{{ nobody.knows.this }}")
		frappe.clear_document_cache("Email Template", name)
		order = factories.approve(self.order())
		self.assertEqual((order.docstatus, self.mails("acknowledgement", order)), (1, []))
		self.assertIn("was not mailed", self.comments(order))
		frappe.clear_document_cache("Email Template", name)

	def test_a_mail_that_cannot_be_written_stops_no_step(self):
		"""What it would say or to whom cannot be read."""
		for broken in ("common_context", "customer_addresses"):
			with (
				self.subTest(broken),
				patch(
					f"metalcraft_workflow.outgoing.customer_mail.{broken}", side_effect=TypeError("no day")
				),
			):
				doc = self.shipped()
				order = frappe.get_doc("Sales Order", doc.items[0].against_sales_order)
				invoice = money.invoice(doc)
				money.pay(invoice)
				self.assertEqual(settle(order.name), ["close"])
				self.assertEqual((order.docstatus, doc.docstatus, invoice.docstatus), (1, 1, 1))
				for kind, about in (
					("acknowledgement", order),
					("shipped", doc),
					("invoice", invoice),
					("closed", order),
				):
					self.assertEqual(self.mails(kind, about), [])
					words = f"was not mailed the {customer_mail.KINDS[kind]}: no day"
					self.assertIn(words, self.comments(about))

	def test_switched_off_nothing_is_said(self):
		with change_settings("Metalcraft Settings", dict.fromkeys(SWITCHES, 0)):
			order = factories.approve(self.order())
		self.assertEqual(self.mails("acknowledgement", order), [])
		self.assertNotIn("mailed", self.comments(order))

	def test_every_name_in_the_templates_is_known(self):
		"""A name that is not known would stand in the mail with its braces."""
		doc = self.shipped()
		order = frappe.get_doc("Sales Order", doc.items[0].against_sales_order)
		invoice = money.invoice(doc)
		money.pay(invoice)
		settle(order.name)
		for kind, about in (
			("acknowledgement", order),
			("shipped", doc),
			("invoice", invoice),
			("closed", order),
		):
			with self.subTest(kind):
				(mail,) = self.mails(kind, about)
				self.assertNotIn("{", self.said(mail))
				self.assertIn(customer_mail.portal_url([order.name]), self.said(mail))


@contextmanager
def speaking(language: str):
	"""Whoever acts reads this language."""
	before = frappe.local.lang
	frappe.local.lang, frappe.local.jenv = language, None
	try:
		yield
	finally:
		frappe.local.lang, frappe.local.jenv = before, None


def as_sent(mail) -> bytes:
	"""The mail as it is handed to the mail server."""
	message = email.message_from_bytes(SendMailContext(mail).build_message(BUYER))
	return b"".join(part.get_payload(decode=True) or b"" for part in message.walk())
