from unittest.mock import patch

import frappe
from frappe.tests.utils import FrappeTestCase, change_settings

from metalcraft_workflow.tests.support import deliveries, factories, money, rest
from metalcraft_workflow.tests.support.factories import ACCOUNTS, CONTROLLER, QA, SHIPPER, SUPPORT, as_user
from metalcraft_workflow.tests.support.mail_account import make_account


class TestInvoicing(FrappeTestCase):
	@classmethod
	def setUpClass(cls):
		super().setUpClass()
		factories.setup_world()
		make_account()

	def setUp(self):
		frappe.set_user("Administrator")

	def contact(self, customer: str, email: str, **fields):
		return frappe.get_doc(
			{
				"doctype": "Contact",
				"first_name": email,
				"email_ids": [{"email_id": email, "is_primary": 1}],
				"links": [{"link_doctype": "Customer", "link_name": customer}],
				**fields,
			}
		).insert()

	def delivery(self, email: str | None = None):
		"""A shipped delivery of a new order, of a customer with a contact."""
		customer = factories.make_customer(f"Billed {frappe.generate_hash(length=6)}")
		if email:
			self.contact(customer, email, is_primary_contact=1)
		return money.ship(money.order(customer=customer))

	def mails(self, invoice):
		return frappe.get_all(
			"Email Queue",
			{"reference_doctype": "Sales Invoice", "reference_name": invoice.name},
			["name", "message", "attachments"],
		)

	def recipients(self, mail):
		return frappe.get_all("Email Queue Recipient", {"parent": mail.name}, pluck="recipient")

	def comments(self, invoice):
		return " ".join(frappe.get_all("Comment", {"reference_name": invoice.name}, pluck="content"))

	def sent_on(self, invoice):
		return frappe.db.get_value("Sales Invoice", invoice.name, "invoice_sent_on")

	def test_support_sends_it_with_po_and_tracking(self):
		delivery = self.delivery("billing@buyer.test")
		order = frappe.get_doc("Sales Order", delivery.items[0].against_sales_order)
		invoice = money.invoice(delivery)
		self.assertEqual(invoice.owner, SUPPORT)
		self.assertEqual(invoice.po_no, order.po_no)
		self.assertEqual(invoice.tracking_number, delivery.tracking_number)
		(mail,) = self.mails(invoice)
		self.assertEqual(self.recipients(mail), ["billing@buyer.test"])
		self.assertIn(order.po_no, mail.message)
		self.assertIn(delivery.tracking_number, mail.message)
		(attachment,) = frappe.parse_json(mail.attachments)
		self.assertEqual((attachment["print_format_attachment"], attachment["name"]), (1, invoice.name))
		self.assertTrue(self.sent_on(invoice))
		self.assertIn("billing@buyer.test", self.comments(invoice))

	def test_the_total_is_said_as_it_stands_and_the_print_is_in_its_language(self):
		delivery = self.delivery("billing@buyer.test")
		invoice = money.invoice(delivery, disable_rounded_total=1, language="de")
		(mail,) = self.mails(invoice)
		self.assertIn("1,000.00", mail.message)
		self.assertEqual(frappe.parse_json(mail.attachments)[0]["lang"], "de")

	def test_it_goes_to_the_billing_contact(self):
		delivery = self.delivery("buyer@buyer.test")
		self.contact(delivery.customer, "accounts@buyer.test", is_billing_contact=1)
		invoice = money.invoice(delivery)
		self.assertEqual(invoice.contact_email, "buyer@buyer.test")
		self.assertEqual(self.recipients(self.mails(invoice)[0]), ["accounts@buyer.test"])

	def test_without_an_address_it_is_submitted_and_says_so(self):
		invoice = money.invoice(self.delivery())
		self.assertEqual(invoice.docstatus, 1)
		self.assertEqual(self.mails(invoice), [])
		self.assertFalse(self.sent_on(invoice))
		self.assertIn("no contact with a valid email address", self.comments(invoice))

	def test_without_a_mail_account_it_is_submitted_and_says_so(self):
		delivery = self.delivery("billing@buyer.test")
		error = frappe.OutgoingEmailError("Please setup default outgoing Email Account")
		with patch("metalcraft_workflow.steps.invoicing.frappe.sendmail", side_effect=error):
			invoice = money.invoice(delivery)
		self.assertEqual(invoice.docstatus, 1)
		self.assertFalse(self.sent_on(invoice))
		self.assertIn("outgoing Email Account", self.comments(invoice))
		# later, by hand
		answer = rest.call(SUPPORT, "metalcraft_workflow.steps.invoicing.send_invoice", name=invoice.name)
		self.assertEqual(answer.data, "billing@buyer.test")
		self.assertEqual(len(self.mails(invoice)), 1)
		self.assertTrue(self.sent_on(invoice))

	def test_who_may_not_submit_it_does_not_send_it(self):
		invoice = money.invoice(self.delivery("billing@buyer.test"))
		for user in (QA, SHIPPER, money.portal_user(invoice.customer)):
			answer = rest.call(user, "metalcraft_workflow.steps.invoicing.send_invoice", name=invoice.name)
			self.assertEqual(answer.status, 403)
		self.assertEqual(len(self.mails(invoice)), 1)

	def test_a_draft_is_not_sent(self):
		draft = money.draft_invoice(self.delivery("billing@buyer.test"))
		answer = rest.call(SUPPORT, "metalcraft_workflow.steps.invoicing.send_invoice", name=draft.name)
		self.assertEqual(answer.status, 417)
		self.assertIn("Submit the invoice first", answer.words)

	def test_a_cancelled_one_is_not_sent_again(self):
		invoice = money.invoice(self.delivery("billing@buyer.test"))
		with as_user(CONTROLLER):
			frappe.get_doc("Sales Invoice", invoice.name).cancel()
		answer = rest.call(
			SUPPORT,
			"metalcraft_workflow.steps.invoicing.send_invoice",
			name=invoice.name,
			sent_on=str(self.sent_on(invoice)),
		)
		self.assertEqual(answer.status, 417)
		self.assertIn("Only a submitted invoice", answer.words)

	def test_it_is_not_mailed_when_the_settings_say_so(self):
		with change_settings("Metalcraft Settings", {"mail_invoice": 0}):
			invoice = money.invoice(self.delivery("billing@buyer.test"))
		self.assertEqual(self.mails(invoice), [])

	def test_credit_notes_and_invoices_beside_the_process_are_not_mailed(self):
		invoice = money.invoice(self.delivery("billing@buyer.test"))
		self.assertEqual(self.mails(money.credit(invoice)), [])
		with as_user(ACCOUNTS):
			other = frappe.get_doc(
				{
					"doctype": "Sales Invoice",
					"customer": invoice.customer,
					"company": factories.COMPANY,
					"items": [{"item_code": factories.make_item(), "qty": 1, "rate": 5}],
				}
			).insert()
			other.submit()
		self.assertEqual(self.mails(other), [])

	def test_nobody_writes_the_server_s_fields(self):
		delivery = self.delivery("billing@buyer.test")
		with as_user(SUPPORT):
			draft = money.draft_invoice(delivery)
			draft.invoice_sent_on = "2020-01-01 00:00:00"
			draft.tracking_number = "mine"
			draft.save()
			self.assertEqual((draft.invoice_sent_on, draft.tracking_number), (None, delivery.tracking_number))
			# so that one who says it was sent does not keep it from being sent
			draft.submit()
		self.assertEqual(len(self.mails(draft)), 1)
		sent_on = self.sent_on(draft)
		with as_user(SUPPORT):
			doc = frappe.get_doc("Sales Invoice", draft.name)
			doc.invoice_sent_on = None
			doc.tracking_number = "mine"
			doc.save()
		self.assertEqual(self.sent_on(draft), sent_on)
		self.assertEqual(
			frappe.db.get_value("Sales Invoice", draft.name, "tracking_number"), delivery.tracking_number
		)

	def test_a_corrected_tracking_number_reaches_the_invoice(self):
		delivery = self.delivery("billing@buyer.test")
		invoice = money.invoice(delivery)
		deliveries.edit(delivery, SHIPPER, tracking_number="1Z-CORRECTED")
		self.assertEqual(
			frappe.db.get_value("Sales Invoice", invoice.name, "tracking_number"), "1Z-CORRECTED"
		)
