"""Two people settle one order at the same moment: real processes, real commits.

What is made here stays on the site; every order and customer is new.
"""

import frappe

from metalcraft_workflow.steps import closing
from metalcraft_workflow.tests.support import concurrency, deliveries, factories, money
from metalcraft_workflow.tests.support.cases import ClosingCase
from metalcraft_workflow.tests.support.factories import (
	ACCOUNTS,
	CONTROLLER,
	PACKER,
	PRODUCER,
	SHIPPER,
	SUPPORT,
)


class TestSideBySide(ClosingCase):
	def assertClosedOnce(self, order, said):
		self.assertEqual(said, ["done"] * len(said))
		self.assertClosed(order)
		comments = {"reference_name": order.name, "content": ("like", "Closed%")}
		self.assertEqual(sorted(frappe.get_all("Comment", comments, pluck="comment_type")), ["Info", "Label"])
		self.assertFalse(frappe.db.exists("Error Log", {"reference_name": order.name}))

	def test_payments_of_the_invoices_of_one_order(self):
		for count in (2, 6):
			with self.subTest(payments=count):
				order = money.order((factories.make_item(), count, 100))
				money.ship(order)
				invoices = [money.invoice_order(order, qty=1) for _number in range(count)]
				payments = [money.pay(invoice, submit=False) for invoice in invoices]
				said = concurrency.run(*((ACCOUNTS, "submit", payment) for payment in payments))
				self.assertClosedOnce(order, said)

	def test_a_delivery_and_a_payment(self):
		order = money.order()
		invoice = money.invoice_order(order)
		payment = money.pay(invoice, submit=False)
		delivery = self.cleared_delivery(order)
		said = concurrency.run((SHIPPER, "Ship", delivery), (ACCOUNTS, "submit", payment))
		self.assertClosedOnce(order, said)

	def test_two_deliveries_of_one_line(self):
		"""ERPNext counts one of them; the app counts both."""
		order = money.order()
		money.pay(money.invoice_order(order))
		notes = [self.cleared_delivery(order, 5), self.cleared_delivery(order, 5)]
		said = concurrency.run(*((SHIPPER, "Ship", note) for note in notes), overlap=False)
		self.assertClosedOnce(order, said)
		self.assertEqual(frappe.db.get_value("Sales Order", order.name, "per_delivered"), 100)
		self.assertEqual(frappe.db.get_value("Sales Order Item", order.items[0].name, "delivered_qty"), 10)

	def test_a_transfer_and_a_delivery(self):
		"""Whoever waits for the other derives the stage by what was before."""
		for first_to_start in (0, 1):
			with self.subTest(first_to_start=first_to_start):
				order = money.order((factories.make_item(), 4, 100))
				note = self.cleared_delivery(order, 2)
				tasks = [(PRODUCER, "submit", deliveries.draft_transfer(order)), (SHIPPER, "Ship", note)]
				said = concurrency.run(tasks[first_to_start], tasks[1 - first_to_start], overlap=False)
				self.assertEqual(said, ["done", "done"])
				self.assertEqual(money.state(order)[1], "Partially Shipped")
				line = frappe.get_doc("Sales Order", order.name).items[0]
				self.assertEqual((line.final_pack_qty, line.delivered_qty), (4, 2))

	def test_a_clearance_and_a_delivery(self):
		for first_to_start in (0, 1):
			with self.subTest(first_to_start=first_to_start):
				order = money.order((factories.make_item(), 4, 100))
				ready = self.cleared_delivery(order, 2)
				deliveries.bring(order, 2)
				waiting = factories.act(deliveries.packed(order), "Complete Packing", PACKER)
				tasks = [(SUPPORT, "Clear for Shipment", waiting), (SHIPPER, "Ship", ready)]
				said = concurrency.run(tasks[first_to_start], tasks[1 - first_to_start], overlap=False)
				self.assertEqual(said, ["done", "done"])
				self.assertFalse(closing.out_of_step([order.name]))

	def test_a_payment_is_cancelled_while_another_is_made(self):
		order = money.order((factories.make_item(), 2, 100))
		money.ship(order)
		first, second = money.invoice_order(order, qty=1), money.invoice_order(order, qty=1)
		paid = money.pay(first)
		money.commit()
		said = concurrency.run(
			(CONTROLLER, "cancel", paid),
			(ACCOUNTS, "submit", money.pay(second, submit=False)),
			overlap=False,
		)
		self.assertEqual(said, ["done", "done"])
		self.assertOpen(order, "paid")
		self.assertEqual(money.state(order)[1], "Invoiced")

	def cleared_delivery(self, order, qty: float = 10):
		"""A delivery note of `qty` that only has to be shipped."""
		deliveries.bring(order, qty)
		note = deliveries.packed(order)
		return deliveries.ready_to_ship(deliveries.cleared(note))
