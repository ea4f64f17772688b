"""What the portal promises: what was approved, and nothing else; and what shipped with its papers."""

import frappe
from frappe.tests.utils import FrappeTestCase

from metalcraft_workflow.portal.orders import INVOICE_FIELDS, LINE_FIELDS, ORDER_FIELDS, _in_currency
from metalcraft_workflow.setup.promises import write_promises
from metalcraft_workflow.tests.support import deliveries, factories, money, rest
from metalcraft_workflow.tests.support.factories import APPROVER, QA, act, change_quantity
from metalcraft_workflow.tests.support.numbers import plain_text
from metalcraft_workflow.tests.support.web_server import serve_assets

ORDERS = "/api/method/metalcraft_workflow.portal.orders"
DOCUMENTS = "/api/method/metalcraft_workflow.portal.documents"
MILL = "Mill Certificate"


class TestPromises(FrappeTestCase):
	@classmethod
	def setUpClass(cls):
		super().setUpClass()
		factories.setup_world()
		serve_assets(cls)
		cls.customer = factories.make_customer(f"Promised {frappe.generate_hash(length=6)}")
		cls.user = money.portal_user(cls.customer)
		frappe.db.commit()

	def setUp(self):
		frappe.set_user("Administrator")

	def shown(self, order) -> dict:
		return rest.request(self.user, "GET", f"{ORDERS}.get_order?name={order.name}").data

	def listed(self, stage: str) -> list[str]:
		data = rest.request(self.user, "GET", f"{ORDERS}.list_orders?stage={stage}").data
		return [order["name"] for order in data["orders"]]

	def page(self, order) -> str:
		return plain_text(rest.request(self.user, "GET", f"/customer-orders/{order.name}").text)

	def test_a_change_under_review_is_not_promised(self):
		order = deliveries.approved_order(customer=self.customer)
		deliveries.bring(order, 4)
		deliveries.shipped(deliveries.packed(order))
		before = self.shown(order)
		self.assertEqual(
			(before["in_review"], before["stage"], before["amount"]), (False, "Partly Shipped", 1000)
		)
		change_quantity(frappe.get_doc("Sales Order", order.name), 20)
		shown = self.shown(order)
		self.assertLessEqual(set(ORDER_FIELDS), set(shown))
		for field in ("promised_on", "amount", "stage", "lines"):
			self.assertEqual(shown[field], before[field], field)
		self.assertTrue(shown["in_review"])
		self.assertEqual(set(shown["lines"][0]), set(LINE_FIELDS))
		self.assertIn("Until then it stands as it was approved", self.page(order))
		self.assertIn(order.name, self.listed("Partly Shipped"))
		self.assertNotIn(order.name, self.listed("Received"))
		act(order, "Accept Changes", "approver2@metalcraft.test")
		shown = self.shown(order)
		self.assertEqual(
			(shown["in_review"], shown["amount"], shown["lines"][0]["ordered"]), (False, 2000, 20)
		)

	def test_where_nobody_wrote_down_what_was_approved_nothing_is_promised(self):
		order = deliveries.approved_order(customer=self.customer)
		other = deliveries.approved_order(customer=self.customer)
		for doc in (order, other):
			doc.db_set("approved_promise", None, update_modified=False)
		change_quantity(order, 20)
		write_promises()
		shown = self.shown(order)
		self.assertEqual((shown["in_review"], shown["amount"], shown["promised_on"]), (True, None, None))
		change_quantity(other, 20)
		self.assertEqual(self.shown(other)["amount"], 1000)

	def test_a_cancelled_order_promises_nothing(self):
		order = deliveries.approved_order(customer=self.customer)
		act(order, "Cancel Order", APPROVER)
		shown = self.shown(order)
		self.assertEqual((shown["stage"], shown["promised_on"], shown["amount"]), ("Cancelled", None, None))
		self.assertIsNone(shown["lines"][0]["amount"])
		page = self.page(order)
		self.assertNotIn("Promised Ship Date", page)
		self.assertNotIn("To be confirmed", page)

	def test_an_order_with_a_return_says_so(self):
		order = deliveries.approved_order(customer=self.customer)
		delivery = money.ship(order)
		self.assertFalse(self.shown(order)["came_back"])
		money.take_back(delivery, 3)
		shown = self.shown(order)
		self.assertTrue(shown["came_back"])
		self.assertEqual(shown["lines"][0]["returned"], 3)
		self.assertIn("3 Nos came back", self.page(order))

	def test_nothing_paid_is_all_outstanding(self):
		"""It is kept in the currency of the company, and shown in that of the invoice."""
		invoice = frappe._dict(
			currency="JPY",
			party_account_currency="USD",
			grand_total=810749.25,
			rounded_total=810750,
			base_grand_total=5404.99,
			base_rounded_total=5405,
			outstanding_amount=5405,
		)
		self.assertEqual(_in_currency(invoice), 810750)
		self.assertEqual(_in_currency(frappe._dict(invoice, outstanding_amount=2702.5)), 405375)
		self.assertEqual(_in_currency(frappe._dict(invoice, outstanding_amount=0)), 0)
		self.assertIn("outstanding", INVOICE_FIELDS)

	# Papers

	def test_a_shipment_without_documents_has_its_packing_list(self):
		order = deliveries.approved_order(customer=self.customer)
		delivery = money.ship(order)
		self.assertIn("Packing List", self.page(order))
		path = f"{DOCUMENTS}.download_packing_list?delivery_note={delivery.name}"
		answer = rest.request(self.user, "GET", path)
		self.assertEqual(answer.status, 200)
		self.assertTrue(answer.text.startswith("%PDF"))
		stranger = money.portal_user(factories.make_customer("MT Stranger"))
		self.assertEqual(rest.request(stranger, "GET", path).status, 404)

	def test_certificates_are_told_apart_and_their_files_are_called_as_they_were(self):
		deliveries.each_batch(MILL)
		customer = factories.make_customer(
			f"Steel {frappe.generate_hash(length=6)}", required_documents=[{"document_type": MILL}]
		)
		user = money.portal_user(customer)
		doc, batches = deliveries.of_batches(customer=customer)
		doc = act(doc, "Complete Packing", factories.PACKER)
		for number in range(2):
			url = deliveries.upload(doc, name="mill.pdf")
			with factories.as_user(QA):
				doc = frappe.get_doc("Delivery Note", doc.name)
				doc.shipment_documents[number].file = url
				doc.save()
		act(doc, "Release Documents", QA)
		act(doc, "Clear for Shipment", factories.SUPPORT)
		doc = act(deliveries.ready_to_ship(doc), "Ship", factories.SHIPPER)
		order = doc.items[0].against_sales_order
		(shipment,) = rest.request(user, "GET", f"{ORDERS}.get_order?name={order}").data["shipments"]
		self.assertEqual(
			sorted(row["title"] for row in shipment["documents"]),
			sorted(f"{MILL} (batch {batch}, heat HEAT-{batch})" for batch in batches),
		)
		self.assertEqual({row["file_name"] for row in shipment["documents"]}, {"mill.pdf"})
