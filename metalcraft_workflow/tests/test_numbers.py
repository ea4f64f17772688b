"""Quantities and amounts as people write them: in every print, mail, page and sentence, in the formats that
sites have."""

from datetime import date

import frappe
from frappe.tests.utils import FrappeTestCase

from metalcraft_workflow.facts.orders import orders_of
from metalcraft_workflow.gates.checklist import get_checklist
from metalcraft_workflow.gates.language import in_language
from metalcraft_workflow.gates.numbers import written_day, written_money, written_price, written_qty
from metalcraft_workflow.outgoing import production_notices
from metalcraft_workflow.steps import approval, shipping
from metalcraft_workflow.steps.conformance import issue_certificate
from metalcraft_workflow.tests.support import deliveries, factories, money, rest
from metalcraft_workflow.tests.support.factories import PACKER, QA, SUPPORT, act, as_user
from metalcraft_workflow.tests.support.mail_account import make_account
from metalcraft_workflow.tests.support.numbers import number_format, plain_text
from metalcraft_workflow.tests.support.web_server import serve_assets

# What a site sets -> 2.5 Kg, 10000 pieces, a price of 1234.5 dollars, and 2.125 missing
FORMATS = {
	"#,###.##": ("2.5 Kg", "10,000 Nos", "$ 1,234.50", "2.125"),
	"#.###,##": ("2,5 Kg", "10.000 Nos", "$ 1.234,50", "2,125"),
	"#.###": ("2,5 Kg", "10.000 Nos", "$ 1.234,50", "2,125"),
	"#,###": ("2.5 Kg", "10,000 Nos", "$ 1,234.50", "2.125"),
	"# ###,##": ("2,5 Kg", "10 000 Nos", "$ 1 234,50", "2,125"),
	"#'###.##": ("2.5 Kg", "10'000 Nos", "$ 1'234.50", "2.125"),
	"#,##,###.##": ("2.5 Kg", "10,000 Nos", "$ 1,234.50", "2.125"),
}


class TestNumbers(FrappeTestCase):
	@classmethod
	def setUpClass(cls):
		super().setUpClass()
		factories.setup_world()
		serve_assets(cls)
		make_account()
		cls.customer = factories.make_customer(
			f"Counting {frappe.generate_hash(length=6)}",
			required_documents=[{"document_type": "Certificate of Conformance"}],
		)
		cls.user = money.portal_user(cls.customer)
		kilos = factories.make_item("MT-KG-01", stock_uom="Kg")
		cls.order = deliveries.approved_order(
			(kilos, 2.5, 1234.5),
			(factories.make_item(), 10000, 1),
			customer=cls.customer,
			contact_email="buyer@customer.test",
		)
		deliveries.bring(cls.order)
		doc = act(deliveries.packed(cls.order), "Complete Packing", PACKER)
		with as_user(QA):
			cls.certificate = issue_certificate(doc.name)
		act(doc, "Release Documents", QA)
		act(doc, "Clear for Shipment", SUPPORT)
		cls.delivery = act(deliveries.ready_to_ship(doc), "Ship", factories.SHIPPER)
		cls.open = deliveries.approved_order((kilos, 2.125, 10), customer=cls.customer)
		frappe.db.commit()

	def setUp(self):
		frappe.set_user("Administrator")

	def prints(self):
		for doctype, name, print_format in (
			("Sales Order", self.order.name, "Work Order Traveller"),
			("Delivery Note", self.delivery.name, "Packing List"),
			("Conformance Certificate", self.certificate, "Certificate of Conformance"),
		):
			yield print_format, plain_text(frappe.get_print(doctype, name, print_format))

	def mails(self):
		order = frappe.get_doc("Sales Order", self.order.name)
		delivery = frappe.get_doc("Delivery Note", self.delivery.name)
		yield "acknowledgement", plain_text(approval.acknowledgement(order, changed=False)["lines"])
		yield "shipment", plain_text(shipping.shipment(delivery, orders_of(delivery))["lines"])
		notice = frappe.get_doc("Production Notice", {"sales_order": order.name})
		queued = frappe.get_doc("Email Queue", production_notices.by_mail(notice)["email_queue"])
		yield "notice", plain_text(queued.message.replace("=\n", ""))

	def test_prints_and_mails_in_every_format(self):
		for pattern, (kilos, pieces, price, _missing) in FORMATS.items():
			with number_format(pattern):
				for what, text in (*self.prints(), *self.mails()):
					with self.subTest(pattern, what=what):
						self.assertIn(kilos, text)
						self.assertIn(pieces, text)
						if what == "acknowledgement":
							self.assertIn(price, text)
		frappe.db.rollback()

	def test_the_portal_in_every_format(self):
		for pattern, (kilos, pieces, _price, _missing) in FORMATS.items():
			with self.subTest(pattern), number_format(pattern):
				page = plain_text(rest.request(self.user, "GET", f"/customer-orders/{self.order.name}").text)
				self.assertIn(kilos, page)
				self.assertIn(pieces, page)
		frappe.db.commit()

	def test_sentences_in_every_format(self):
		for pattern, (*_others, missing) in FORMATS.items():
			with self.subTest(pattern), number_format(pattern), as_user(SUPPORT):
				said = {
					row["code"]: row["message"]
					for entry in get_checklist("Sales Order", self.open.name)
					for row in entry["requirements"]
				}
				self.assertIn(f"MT-KG-01: {missing}", said["delivered"])
		frappe.db.rollback()

	def test_an_amount_has_the_decimals_of_its_currency(self):
		for amount, currency, text in (
			(810750, "JPY", "810,750"),
			(0.25, "KWD", "0.250"),
			(1234.5, "USD", "1,234.50"),
			(-0.001, "USD", "0.00"),
		):
			with self.subTest(currency):
				self.assertEqual(written_money(amount, currency).split()[-1], text)
		self.assertEqual(written_price(0.0125, "USD"), "$ 0.0125")
		with number_format("#.###"):
			self.assertEqual(written_money(1234.5, "USD"), "$ 1.234,50")
		with number_format("#,###.##", currency_precision="4"):
			self.assertEqual(written_money(0.0125, "USD"), "$ 0.0125")
			self.assertEqual(written_money(12, "USD"), "$ 12.00")
		with number_format("#,###.##", use_number_format_from_currency="1"):
			self.assertEqual(written_money(1234567, "INR").split()[-1], "12,34,567.00")
		with number_format("#,###.##", hide_currency_symbol="Yes"):
			self.assertEqual(written_money(5, "USD"), "5.00")

	def test_where_the_sign_of_a_currency_stands(self):
		frappe.db.set_value("Currency", "SEK", "symbol_on_right", 1)
		self.assertEqual(written_money(5, "SEK"), "5.00 kr")
		frappe.db.set_value("Currency", "SEK", "symbol_on_right", 0)
		frappe.db.rollback()
		frappe.clear_document_cache("Currency", "SEK")

	def test_who_reads_another_language_has_its_formats(self):
		day = date(2025, 3, 1)
		at_home = written_qty(1234.5), written_day(day)
		expected = at_home
		if frappe.get_meta("Language").has_field("number_format"):
			own = {"number_format": "#.###,##", "date_format": "dd.mm.yyyy"}
			frappe.get_doc("Language", "de").update(own).save()
			expected = ("1.234,5", "01.03.2025")
		with in_language("de"):
			self.assertEqual((written_qty(1234.5), written_day(day)), expected)
		self.assertEqual((written_qty(1234.5), written_day(day)), at_home)
		frappe.db.rollback()
		frappe.clear_document_cache("Language", "de")

	def test_nothing_is_written_as_nothing(self):
		self.assertEqual((written_qty(None), written_qty(0, "Nos"), written_day(None)), ("0", "0 Nos", ""))
		self.assertEqual(written_day(date(2025, 3, 1)), frappe.utils.formatdate("2025-03-01"))
