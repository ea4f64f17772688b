"""What customers get in print: all they need, and nothing of what is for our people."""

import frappe
from frappe.email.doctype.email_queue.email_queue import SendMailContext
from frappe.tests.utils import FrappeTestCase
from frappe.utils import add_days, now_datetime, nowdate

from metalcraft_workflow.setup.custom_fields import FOR_CUSTOMERS, get_custom_fields, hide_from_prints
from metalcraft_workflow.setup.properties import PROPERTIES, delete_properties, make_properties
from metalcraft_workflow.tests.support import deliveries, factories, money, rest
from metalcraft_workflow.tests.support.factories import SUPPORT, change_quantity
from metalcraft_workflow.tests.support.mail_account import make_account
from metalcraft_workflow.tests.support.numbers import plain_text
from metalcraft_workflow.tests.support.web_server import serve_assets

MARK = "NOT-FOR-CUSTOMERS"
INTERNAL_ROW = {
	"delivery_note_item": MARK,
	"supplier": MARK,
	"supplier_lot": MARK,
	"source_purchase_order": MARK,
	"purchase_receipt": MARK,
	"certificate": f"/private/files/{MARK}.pdf",
}
# Labels that a print may carry for another reason
ALSO_OTHERS = {"Differences", "Approved On", "Shipping"}


class TestPrintsForCustomers(FrappeTestCase):
	@classmethod
	def setUpClass(cls):
		super().setUpClass()
		factories.setup_world()
		serve_assets(cls)
		make_account()
		cls.customer = factories.make_customer(f"Reader {frappe.generate_hash(length=6)}")
		line = {"item_code": factories.make_item(), "qty": 10, "rate": 100, "warehouse": factories.FINAL_PACK}
		cls.order = deliveries.approved_order(
			customer=cls.customer,
			items=[{**line, "customer_part_no": "THEIR-PART"}],
			production_notes=f"{MARK} notes",
		)
		cls.delivery = money.ship(cls.order)
		cls.invoice = money.invoice(cls.delivery)
		frappe.db.commit()

	def setUp(self):
		frappe.set_user("Administrator")

	def documents(self):
		for doc in (self.order, self.delivery, self.invoice):
			yield frappe.get_doc(doc.doctype, doc.name)

	def printed(self, doc, print_format: str) -> str:
		return plain_text(frappe.get_print(doc.doctype, doc.name, print_format, doc=doc))

	def test_the_standard_prints_keep_to_themselves_what_is_for_our_people(self):
		fields = get_custom_fields()
		for doc in self.documents():
			labels = set()
			for parent, rows in (
				(doc, fields[doc.doctype]),
				(doc.items[0], fields.get(f"{doc.doctype} Item", [])),
			):
				for row in rows:
					if row["fieldname"] not in FOR_CUSTOMERS[parent.doctype]:
						fill(parent, row)
						labels.add(row.get("label"))
			if doc.doctype == "Delivery Note":
				doc.append("traceability", {"item_code": doc.items[0].item_code, "qty": 1, **INTERNAL_ROW})
			text = self.printed(doc, "Standard")
			with self.subTest(doc.doctype):
				self.assertIn(doc.items[0].item_code, text)
				self.assertNotIn(MARK, text)
				for label in labels - ALSO_OTHERS - {None}:
					self.assertNotIn(f" {label} ", text)

	def test_what_they_may_read_is_there(self):
		delivery = frappe.get_doc("Delivery Note", self.delivery.name)
		text = self.printed(delivery, "Standard")
		for words in (delivery.carrier, delivery.tracking_number, self.order.po_no, "THEIR-PART"):
			self.assertIn(words, text)

	def test_a_site_that_has_the_fields_hides_them_too(self):
		name = {"dt": "Sales Order", "fieldname": "production_notes"}
		frappe.db.set_value("Custom Field", name, "print_hide", 0)
		hide_from_prints()
		self.assertEqual(frappe.db.get_value("Custom Field", name, "print_hide"), 1)
		frappe.db.rollback()

	def test_the_app_s_own_formats_say_what_customers_need(self):
		order, delivery, invoice = self.documents()
		for doc, print_format, words in (
			(order, "Order Acknowledgement", (order.po_no, "10 Nos", "$ 100.00", "$ 1,000.00")),
			(delivery, "Metalcraft Delivery Note", (order.po_no, delivery.tracking_number, "10 Nos")),
			(
				invoice,
				"Metalcraft Sales Invoice",
				(order.po_no, delivery.tracking_number, "Total (USD) $ 1,000.00"),
			),
		):
			with self.subTest(print_format):
				text = self.printed(doc, print_format)
				for word in (doc.name, doc.customer_name, "12 Dock Road", "THEIR-PART", *words):
					self.assertIn(word, text)
				for word in (MARK, "Grant Commission", "Update Billed Amount", "Sent to Customer"):
					self.assertNotIn(word, text)

	def test_what_is_not_approved_promises_nothing_in_print(self):
		order = factories.make_order(customer=self.customer)
		self.assertIn("Not approved as it stands here", self.printed(order, "Order Acknowledgement"))
		order = deliveries.approved_order(customer=self.customer)
		self.assertNotIn("Not approved", self.printed(order, "Order Acknowledgement"))
		change_quantity(frappe.get_doc("Sales Order", order.name), 12)
		order = frappe.get_doc("Sales Order", order.name)
		self.assertIn("Not approved as it stands here", self.printed(order, "Order Acknowledgement"))

	def test_lines_that_ship_on_different_days_say_so(self):
		item = factories.make_item()
		rows = [
			{"item_code": item, "qty": 1, "rate": 1, "delivery_date": add_days(nowdate(), days)}
			for days in (5, 9)
		]
		order = factories.make_order(customer=self.customer, items=rows, delivery_date=None)
		text = self.printed(order, "Order Acknowledgement")
		for row in order.items:
			self.assertIn(frappe.utils.formatdate(row.delivery_date), text)

	def test_a_discount_is_taken_off(self):
		tax = {"charge_type": "Actual", "description": "Freight", "tax_amount": 20}
		for sign, taxes, written in (
			(1, [], "$ -50.00"),
			(1, [tax], "$ -50.00"),
			(-1, [], "$ 50.00"),
			(-1, [tax], "$ 50.00"),
		):
			invoice = frappe.get_doc("Sales Invoice", self.invoice.name)
			invoice.update({"total": sign * 1000, "discount_amount": sign * 50, "taxes": taxes})
			with self.subTest(sign=sign, taxes=len(taxes)):
				text = self.printed(invoice, "Metalcraft Sales Invoice")
				self.assertIn(f"Discount {written}", text)
				self.assertEqual("Freight $ 20.00" in text, bool(taxes))

	def test_they_are_the_defaults_where_nobody_has_chosen(self):
		for doctype, name, value, _fieldtype in PROPERTIES:
			if name == "default_print_format":
				self.assertEqual(frappe.get_meta(doctype).default_print_format, value)
		(attachment,) = frappe.parse_json(
			frappe.db.get_value("Email Queue", {"reference_name": self.invoice.name}, "attachments") or "[{}]"
		)
		self.assertIn(attachment.get("print_format"), ("Metalcraft Sales Invoice", None))

	def test_an_administrator_s_choice_stays_and_erpnext_s_own_does_not(self):
		setter = {"doc_type": "Sales Invoice", "property": "default_print_format"}
		for before, after in (
			("Sales Invoice with Item Image", "Metalcraft Sales Invoice"),
			("Standard", "Standard"),
		):
			delete_properties()
			frappe.make_property_setter(
				{
					"doctype": "Sales Invoice",
					"doctype_or_field": "DocType",
					"property": "default_print_format",
					"value": before,
					"property_type": "Data",
				}
			)
			make_properties()
			self.assertEqual(frappe.get_all("Property Setter", setter, pluck="value"), [after])
		delete_properties()
		self.assertEqual(frappe.get_all("Property Setter", setter, pluck="value"), ["Standard"])
		frappe.db.rollback()
		frappe.clear_cache(doctype="Sales Invoice")

	def test_the_desk_mails_the_print_of_an_order_with_a_private_file(self):
		for print_format in ("Standard", "Order Acknowledgement"):
			answer = rest.call(
				SUPPORT,
				"frappe.core.doctype.communication.email.make",
				doctype="Sales Order",
				name=self.order.name,
				subject="Your order",
				content="As we have it",
				recipients="buyer@customer.test",
				send_email=1,
				print_format=print_format,
			)
			self.assertEqual(answer.status, 200, answer.words)
			mail = frappe.get_doc("Email Queue", {"communication": answer.data["name"]})
			with self.subTest(print_format):
				self.assertIn(
					b"application/pdf", SendMailContext(mail).build_message("buyer@customer.test").lower()
				)


def fill(doc, row: dict) -> None:
	"""Give a field a value that would show."""
	values = {"Check": 1, "Datetime": now_datetime(), "Percent": 12.5, "Float": 12.5, "Int": 12}
	if row["fieldtype"] in ("Data", "Small Text", "Long Text", "Select", "Link"):
		doc.set(row["fieldname"], MARK)
	elif row["fieldtype"] == "Attach":
		doc.set(row["fieldname"], f"/private/files/{MARK}.pdf")
	elif row["fieldtype"] in values:
		doc.set(row["fieldname"], values[row["fieldtype"]])
