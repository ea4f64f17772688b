import frappe
from frappe.tests.utils import FrappeTestCase

from metalcraft_workflow.setup.custom_fields import STAGES
from metalcraft_workflow.steps import tracking
from metalcraft_workflow.tests.support import deliveries, factories, money
from metalcraft_workflow.tests.support.factories import (
	APPROVER,
	CONTROLLER,
	PACKER,
	SHIPPER,
	SUPPORT,
	act,
	as_user,
)


class StageCase(FrappeTestCase):
	@classmethod
	def setUpClass(cls):
		super().setUpClass()
		factories.setup_world()

	def setUp(self):
		frappe.set_user("Administrator")

	def assertStage(self, order, stage):
		"""The stage is right after the event, and deriving it again from nothing finds no difference."""
		self.assertEqual(money.state(order)[1], stage)
		self.assertIn(stage, STAGES)
		self.assertEqual(tracking.recompute([order.name]), [])


class TestStage(StageCase):
	def test_an_order_in_one_delivery(self):
		order = factories.make_order(customer=factories.make_customer("MT Staged"))
		self.assertStage(order, "Draft")
		act(order, "Request Approval", SUPPORT)
		self.assertStage(order, "Pending Approval")
		act(order, "Send Back", APPROVER, "Price")
		self.assertStage(order, "Draft")
		factories.approve(order)
		self.assertStage(order, "In Production")
		deliveries.bring(order)
		self.assertStage(order, "Final Pack")
		delivery = deliveries.packed(order)
		self.assertStage(order, "Final Pack")
		act(delivery, "Complete Packing", PACKER)
		self.assertStage(order, "Awaiting Clearance")
		act(delivery, "Hold", SUPPORT, "Customer asked to wait")
		self.assertStage(order, "Awaiting Clearance")
		act(delivery, "Resume", SUPPORT)
		act(delivery, "Clear for Shipment", SUPPORT)
		self.assertStage(order, "Ready to Ship")
		delivery = act(deliveries.ready_to_ship(delivery), "Ship", SHIPPER)
		self.assertStage(order, "Shipped")
		invoice = money.invoice(delivery)
		self.assertStage(order, "Invoiced")
		money.pay(invoice)
		self.assertStage(order, "Invoiced")
		money.commit()
		self.assertStage(order, "Closed")

	def test_documents_wait_for_quality(self):
		customer = factories.make_customer("MT Certified")
		document = frappe.get_all("Shipment Document Type", pluck="name", limit=1)[0]
		order = deliveries.approved_order(customer=customer, required_documents=[{"document_type": document}])
		deliveries.bring(order)
		delivery = deliveries.packed(order)
		act(delivery, "Complete Packing", PACKER)
		self.assertStage(order, "QA")

	def test_a_customer_on_hold(self):
		customer = factories.make_customer(f"MT Held {frappe.generate_hash(length=5)}")
		order = factories.make_order(customer=customer)
		frappe.db.set_value("Customer", customer, {"credit_hold": 1, "credit_hold_reason": "Late"})
		act(order, "Request Approval", SUPPORT)
		self.assertStage(order, "Credit Hold")
		act(order, "Release Credit Hold", CONTROLLER)
		self.assertStage(order, "Pending Approval")

	def test_several_deliveries_the_furthest_counts(self):
		order = money.order()
		money.ship(order, 3)
		self.assertStage(order, "Partially Shipped")
		deliveries.bring(order, 3)
		self.assertStage(order, "Partially Shipped")
		second = deliveries.packed(order)
		self.assertStage(order, "Final Pack")
		second = deliveries.cleared(second)
		self.assertStage(order, "Ready to Ship")
		act(second, "Revoke Clearance", SUPPORT, "Wrong address")
		self.assertStage(order, "Awaiting Clearance")
		act(second, "Return to Packing", SUPPORT, "Wrong address")
		self.assertStage(order, "Final Pack")

	def test_a_draft_delivery_is_deleted(self):
		order = money.order()
		money.ship(order, 3)
		deliveries.bring(order, 3)
		draft = deliveries.packed(order)
		self.assertStage(order, "Final Pack")
		with as_user(PACKER):
			frappe.delete_doc("Delivery Note", draft.name)
		self.assertStage(order, "Partially Shipped")

	def test_changed_after_approval(self):
		order = money.order()
		factories.change_quantity(order, 12)
		self.assertStage(order, "Pending Approval")
		act(frappe.get_doc("Sales Order", order.name), "Accept Changes", "approver2@metalcraft.test")
		self.assertStage(order, "In Production")

	def test_what_is_cancelled_goes_back(self):
		order = money.order()
		deliveries.bring(order)
		transfer = frappe.get_last_doc("Stock Entry", {"sales_order": order.name})
		delivery = deliveries.shipped(deliveries.packed(order))
		act(delivery, "Cancel Delivery", SHIPPER)
		self.assertStage(order, "Final Pack")
		transfer.cancel()
		self.assertStage(order, "In Production")
		act(frappe.get_doc("Sales Order", order.name), "Cancel Order", APPROVER)
		self.assertStage(order, "Cancelled")

	def test_nobody_edits_the_order_by_it(self):
		order = money.order()
		modified = frappe.db.get_value("Sales Order", order.name, "modified")
		deliveries.bring(order)
		deliveries.packed(order)
		self.assertEqual(frappe.db.get_value("Sales Order", order.name, "modified"), modified)

	def test_recomputing_finds_and_mends_a_difference(self):
		order = money.order()
		frappe.db.set_value("Sales Order", order.name, {"order_stage": "QA", "per_final_pack": 33})
		self.assertEqual(
			tracking.recompute([order.name]),
			[
				{"sales_order": order.name, "field": "order_stage", "was": "QA", "is": "In Production"},
				{"sales_order": order.name, "field": "per_final_pack", "was": 33, "is": 0},
			],
		)
		self.assertStage(order, "In Production")


class TestCost(StageCase):
	"""What the app adds to documents that have nothing to do with it, counted in queries."""

	EVENTS = (
		"before_insert",
		"before_validate",
		"validate",
		"before_submit",
		"before_update_after_submit",
		"on_update",
		"on_submit",
		"on_change",
		"before_cancel",
		"on_cancel",
		"after_delete",
	)

	def handlers(self, doctype: str):
		from metalcraft_workflow import hooks

		for event in self.EVENTS:
			for path in hooks.doc_events.get(doctype, {}).get(event, []):
				yield event, frappe.get_attr(path)

	def assertCosts(self, doc, queries: int):
		handlers = list(self.handlers(doc.doctype))
		frappe.get_cached_doc("Metalcraft Settings")
		with self.assertQueryCount(queries):
			for event, handler in handlers:
				handler(doc, event)

	def test_a_counter_sale_costs_one_query(self):
		"""Whether ERPNext will check the customer's credit limit."""
		customer, item = factories.make_customer(), factories.make_item()
		with as_user(factories.ACCOUNTS):
			invoice = frappe.get_doc(
				{
					"doctype": "Sales Invoice",
					"customer": customer,
					"company": factories.COMPANY,
					"items": [{"item_code": item, "qty": 1, "rate": 5}],
				}
			).insert()
			invoice.submit()
		self.assertCosts(invoice, 1)
		self.assertFalse(frappe.flags.orders_to_settle)

	def test_a_stock_entry_of_something_else_costs_nothing(self):
		self.assertCosts(factories.make_stock(factories.make_item(), 1), 0)

	def test_payments_have_no_handlers(self):
		for doctype in ("Payment Entry", "Journal Entry", "Payment Ledger Entry", "GL Entry", "Bin"):
			self.assertEqual(list(self.handlers(doctype)), [])

	def test_a_hundred_orders_are_read_like_one(self):
		from metalcraft_workflow.facts.orders import read_orders

		names = frappe.get_all("Sales Order", pluck="name", limit=100)
		read_orders(names)
		with self.assertQueryCount(7):
			read_orders(names)
