import frappe
from frappe.tests.utils import FrappeTestCase, change_settings

from metalcraft_workflow.tests import factories, money
from metalcraft_workflow.tests.factories import APPROVER, SUPPORT, as_user


class ClosingCase(FrappeTestCase):
	@classmethod
	def setUpClass(cls):
		super().setUpClass()
		factories.setup_world()

	def setUp(self):
		frappe.set_user("Administrator")

	def assertClosed(self, order):
		money.commit()
		self.assertEqual(money.state(order), ("Closed", "Closed"), self.open_points(order))
		self.assertEqual(frappe.db.get_value("Sales Order", order.name, "closed_by_workflow"), 1)

	def assertOpen(self, order, *codes):
		"""The order is open; its form gives `codes` as the reasons, when there are any named."""
		money.commit()
		self.assertNotEqual(money.state(order)[0], "Closed")
		if codes:
			self.assertEqual(sorted(self.open_points(order)), sorted(codes))

	def open_points(self, order):
		from metalcraft_workflow.gates.checklist import get_checklist

		with as_user(SUPPORT):
			gates = get_checklist("Sales Order", order.name)
		return {
			row["code"]: row["message"]
			for gate in gates
			if gate["gate"] == "close"
			for row in gate["requirements"]
			if not row["met"]
		}


class TestClosing(ClosingCase):
	def test_ship_invoice_pay(self):
		order = money.order()
		self.assertOpen(order, "delivered", "billed")
		delivery = money.ship(order)
		self.assertOpen(order, "billed")
		invoice = money.invoice(delivery)
		self.assertOpen(order, "paid")
		self.assertEqual(money.state(order)[1], "Invoiced")
		money.pay(invoice)
		self.assertClosed(order)
