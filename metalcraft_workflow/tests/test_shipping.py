import frappe
from frappe.tests.utils import FrappeTestCase

from metalcraft_workflow.tests import deliveries, factories


class TestShipping(FrappeTestCase):
	@classmethod
	def setUpClass(cls):
		super().setUpClass()
		factories.setup_world()

	def test_a_delivery_travels_to_shipped(self):
		doc = deliveries.delivery()
		self.assertEqual(doc.workflow_state, "Packing")
		self.assertEqual(
			doc.items[0].customer_po_no,
			frappe.db.get_value("Sales Order", doc.items[0].against_sales_order, "po_no"),
		)
		doc = deliveries.shipped(doc)
		self.assertEqual((doc.workflow_state, doc.docstatus), ("Shipped", 1))
		order = frappe.get_doc("Sales Order", doc.items[0].against_sales_order)
		self.assertEqual(order.per_delivered, 100)
