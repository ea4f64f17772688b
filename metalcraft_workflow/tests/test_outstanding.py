"""Steps 5 and 10: what a customer owes comes to what ERPNext's own check of the credit limit adds up."""

import frappe
from erpnext.selling.doctype.customer.customer import get_customer_outstanding
from frappe.tests.utils import FrappeTestCase

from metalcraft_workflow.facts.outstanding import customer_outstanding
from metalcraft_workflow.tests.support import factories, money
from metalcraft_workflow.tests.support.factories import COMPANY, SUPPORT, as_user


class TestOutstanding(FrappeTestCase):
	@classmethod
	def setUpClass(cls):
		super().setUpClass()
		factories.setup_world()

	def setUp(self):
		self.item = factories.make_item()
		self.customer = factories.make_customer(f"Owes {frappe.generate_hash(length=8)}")

	def order(self, qty: float):
		return money.order((self.item, qty, 100), customer=self.customer)

	def owed(self) -> tuple[float, float]:
		"""With what is on order and without, each the same as ERPNext's."""
		found = []
		for with_orders in (True, False):
			theirs = get_customer_outstanding(
				self.customer, COMPANY, ignore_outstanding_sales_order=not with_orders
			)
			ours = customer_outstanding(self.customer, COMPANY, with_orders)
			self.assertAlmostEqual(ours, theirs, 6)
			found.append(ours)
		return tuple(found)

	def without_order(self, note, empty: str | None) -> None:
		"""As a delivery that was made without an order, before the app was there."""
		lines = [row.name for row in note.items]
		frappe.db.set_value("Delivery Note Item", {"name": ("in", lines)}, "against_sales_order", empty)
		frappe.db.set_value("Sales Order", note.items[0].against_sales_order, "status", "Closed")

	def test_a_new_customer_owes_nothing(self):
		self.assertEqual(self.owed(), (0, 0))

	def test_orders_invoices_payments_and_credit_are_counted(self):
		self.order(3)
		self.assertEqual(self.owed(), (300, 0))
		bill = money.invoice(money.ship(self.order(5)))
		self.assertEqual(self.owed(), (800, 500))
		money.pay(bill, amount=120)
		self.assertEqual(self.owed(), (680, 380))
		money.credit(bill, qty=1)
		self.assertEqual(self.owed(), (580, 280))

	def test_what_is_cancelled_or_closed_is_not_counted(self):
		closed = self.order(3)
		with as_user(factories.MANAGER):
			closed.reload()
			closed.update_status("Closed")
		money.cancel(money.invoice(money.ship(self.order(2))))
		self.assertEqual(self.owed(), (200, 0))

	def test_part_of_an_order_that_is_billed_counts_once(self):
		order = self.order(4)
		money.invoice_order(order, qty=1)
		self.assertEqual(self.owed(), (400, 100))

	def test_deliveries_without_an_order_are_counted_until_they_are_billed(self):
		for empty in ("", None):
			note = money.ship(self.order(2))
			before = self.owed()[1]
			self.without_order(note, empty)
			self.assertEqual(self.owed()[1], before + 200, repr(empty))
		partly = money.ship(self.order(3))
		bill = money.draft_invoice(partly)
		with as_user(SUPPORT):
			bill.items[0].qty = 1
			bill.save()
			bill.submit()
		before = self.owed()[1]
		self.without_order(partly, "")
		self.assertEqual(self.owed()[1], before + 200)

	def test_another_currency_comes_to_the_same(self):
		order = money.order_abroad("EUR", (self.item, 2, 100), rate=1.25)
		self.customer = order.customer
		self.assertEqual(self.owed(), (250, 0))
		note = money.ship(order)
		self.without_order(note, None)
		self.owed()
		money.invoice(money.ship(self.order(1)))
		self.owed()
