"""A site that had orders and deliveries before the app came."""

import frappe
from frappe.tests.utils import FrappeTestCase

from metalcraft_workflow.gates.checklist import get_checklist
from metalcraft_workflow.setup import history
from metalcraft_workflow.setup.workflows import (
	DELIVERY_NOTE_STATES,
	SALES_ORDER_STATES,
	make_workflow,
	restore_workflows,
)
from metalcraft_workflow.steps import closing, tracking
from metalcraft_workflow.tests.support import deliveries, factories, money
from metalcraft_workflow.tests.support.factories import COMPANY, FINAL_PACK, as_user

OLD_HAND = "oldhand@metalcraft.test"


class TestHistory(FrappeTestCase):
	@classmethod
	def setUpClass(cls):
		# The workflows of this test are taken back with the rest; what is cached of them is not
		cls.addClassCleanup(frappe.clear_cache)
		super().setUpClass()
		factories.setup_world()
		factories.make_user(
			OLD_HAND, ["Sales User", "Stock User", "Accounts User", "Sales Manager", "Stock Manager"]
		)
		cls.drop_workflows()
		item = factories.make_item()
		factories.make_stock(item, 100)
		cls.customer = factories.make_customer("MT Old Customer")
		cls.draft, cls.submitted, cls.shipped = (cls.old_order() for _number in range(3))
		with as_user(OLD_HAND):
			cls.submitted.submit()
			cls.shipped.submit()
		cls.old_delivery = cls.deliver(cls.shipped)
		cls.old_delivery.submit()
		cls.draft_delivery = cls.deliver(cls.submitted, 4)
		for doctype in history.DOCTYPES:
			frappe.db.set_value(
				doctype, {"customer": cls.customer}, {"follows_process": 0, "workflow_state": ""}
			)
			if doctype == "Sales Order":  # what the app has written on it since
				frappe.db.set_value(doctype, {"customer": cls.customer}, "order_stage", None)
		restore_workflows()

	@staticmethod
	def drop_workflows():
		for workflow in frappe.get_all("Workflow", {"document_type": ("in", history.DOCTYPES)}, pluck="name"):
			frappe.db.set_value("Workflow", workflow, "is_active", 0)
		frappe.clear_cache()

	@classmethod
	def old_order(cls):
		"""A draft as it was left by the time before the app."""
		with as_user(OLD_HAND):
			order = frappe.get_doc(
				{
					"doctype": "Sales Order",
					"customer": cls.customer,
					"company": COMPANY,
					"transaction_date": "2025-01-15",
					"delivery_date": "2025-02-15",
					"items": [{"item_code": "MT-CYL-01", "qty": 10, "rate": 100, "warehouse": FINAL_PACK}],
				}
			).insert()
		state = "Outside Process" if order.workflow_state else ""
		frappe.db.set_value("Sales Order", order.name, {"follows_process": 0, "workflow_state": state})
		return frappe.get_doc("Sales Order", order.name)

	@staticmethod
	def deliver(order, qty: float = 10):
		from erpnext.selling.doctype.sales_order.sales_order import make_delivery_note

		with as_user(OLD_HAND):
			doc = make_delivery_note(order.name)
			doc.items[0].qty = qty
			doc.insert()
		frappe.db.set_value("Delivery Note", doc.name, "follows_process", 0)
		return frappe.get_doc("Delivery Note", doc.name)

	def reload(self, doc):
		return frappe.get_doc(doc.doctype, doc.name)

	def test_nothing_happened_to_the_old_documents(self):
		states = [self.reload(doc).workflow_state for doc in (self.draft, self.submitted, self.old_delivery)]
		self.assertEqual(
			states, ["Outside Process", "Outside Process, Submitted", "Outside Process, Submitted"]
		)
		self.assertEqual(self.reload(self.shipped).status, "To Bill")
		self.assertFalse(self.reload(self.shipped).order_stage)
		names = ("in", [self.draft.name, self.submitted.name, self.shipped.name])
		self.assertFalse(frappe.db.exists("Production Notice", {"sales_order": names}))
		self.assertEqual(get_checklist("Sales Order", self.draft.name), [])

	def test_old_drafts_are_edited_submitted_and_cancelled_by_who_could_before(self):
		order = self.old_order()
		with as_user(OLD_HAND):
			order.po_no = "changed"
			order.save()
			order.submit()
			self.assertEqual((order.docstatus, order.workflow_state), (1, "Outside Process, Submitted"))
			order.cancel()
		self.assertEqual(self.reload(order).workflow_state, "Outside Process, Cancelled")
		self.assertFalse(frappe.db.exists("Release Record", {"reference_name": order.name}))

	def test_who_could_not_submit_before_still_cannot(self):
		order = self.old_order()
		with as_user(factories.SUPPORT), self.assertRaises(frappe.PermissionError):
			self.reload(order).submit()

	def test_old_orders_are_delivered_invoiced_and_paid_as_before(self):
		delivery = self.reload(self.draft_delivery)
		with as_user(OLD_HAND):
			delivery.submit()
			rest = self.deliver(self.submitted, 6)
			self.assertEqual((rest.follows_process, rest.workflow_state), (0, "Outside Process"))
			rest = self.reload(rest)
			rest.submit()
		mails = frappe.db.count("Email Queue")
		for doc in (delivery, rest):
			invoice = self.old_invoice(doc)
			money.pay(invoice)
			self.assertFalse(invoice.invoice_sent_on)
		self.assertEqual(closing.out_of_step([self.submitted.name]), {})
		self.assertEqual(self.reload(self.submitted).status, "Completed")
		self.assertEqual(frappe.db.count("Email Queue"), mails)

	def test_what_an_old_delivery_takes_from_stock_is_left_to_erpnext(self):
		"""Also of an item that has to name its batch by now: no rows, and no choice taken away."""
		item = factories.make_item("MT-BATCH-01", has_batch_no=1, traceability_required="Batch")
		order = self.old_order()
		with as_user(OLD_HAND):
			order.submit()
		delivery = self.deliver(order)
		line = {
			"item_code": item,
			"item_name": item,
			"uom": "Nos",
			"conversion_factor": 1,
			"qty": 1,
			"rate": 1,
		}
		with as_user(OLD_HAND):
			delivery.append("items", {**line, "warehouse": FINAL_PACK, "use_serial_batch_fields": 1})
			delivery.save()
		self.assertEqual((delivery.traceability, delivery.items[-1].use_serial_batch_fields), ([], 1))

	@staticmethod
	def old_invoice(delivery):
		from erpnext.stock.doctype.delivery_note.delivery_note import make_sales_invoice

		with as_user(OLD_HAND):
			doc = make_sales_invoice(delivery.name).insert()
			doc.submit()
			return doc

	def test_no_line_of_the_process_slips_onto_an_old_delivery(self):
		order = deliveries.approved_order(customer=self.customer)
		old = self.old_order()
		with as_user(OLD_HAND):
			old.submit()
			delivery = self.deliver(old)
			delivery.append(
				"items",
				{
					"item_code": "MT-CYL-01",
					"qty": 1,
					"rate": 100,
					"warehouse": FINAL_PACK,
					"against_sales_order": order.name,
					"so_detail": order.items[0].name,
				},
			)
			with self.assertRaisesRegex(frappe.ValidationError, order.name):
				delivery.save()

	def test_new_orders_follow_the_process(self):
		order = factories.make_order(customer=self.customer)
		self.assertEqual((order.follows_process, order.workflow_state), (1, "Draft"))
		with as_user(factories.MANAGER), self.assertRaises(frappe.PermissionError):
			self.reload(order).submit()

	def test_restoring_the_workflows_keeps_the_old_documents_in_place(self):
		restore_workflows()
		self.assertEqual(self.reload(self.draft).workflow_state, "Outside Process")
		self.assertEqual(
			[row.state for row in make_workflow("Sales Order Approval").states],
			[*SALES_ORDER_STATES, *history.STATES],
		)

	def test_bringing_an_order_in(self):
		order = self.old_order()
		with as_user(OLD_HAND):
			order.submit()
			delivery = self.reload(self.deliver(order))
			delivery.submit()
		mails = frappe.db.count("Email Queue")
		report = history.adopt(order.name)
		self.assertEqual((report["state"], report["stage"]), ("Approved", "Shipped"))
		self.assertEqual(report["deliveries"], f"{delivery.name}: Shipped")
		order = self.reload(order)
		self.assertEqual((order.follows_process, order.status), (1, "To Bill"))
		self.assertEqual(frappe.db.count("Email Queue"), mails)
		record = frappe.get_last_doc("Release Record", {"reference_name": order.name})
		self.assertEqual((record.action, record.to_state), ("Adopt", "Approved"))
		with self.assertRaises(frappe.ValidationError):
			history.adopt(order.name)
		# from here on it is an order like any other
		self.assertEqual(tracking.recompute([order.name]), [])
		money.pay(money.invoice(delivery))
		self.assertEqual(closing.settle(order.name), ["close"])

	def test_drafts_begin_at_the_beginning(self):
		order = self.old_order()
		self.assertIn(order.name, history.orders_outside(self.customer, "2025-01-01"))
		self.assertNotIn(order.name, history.orders_outside(self.customer, "2025-02-01"))
		self.assertEqual(history.adopt(order.name)["state"], "Draft")
		self.assertNotIn(order.name, history.orders_outside())
		with as_user(OLD_HAND), self.assertRaises(frappe.PermissionError):
			self.reload(order).submit()


class TestNewSite(FrappeTestCase):
	def test_the_workflows_are_as_designed(self):
		if history.has_history():
			self.skipTest("this site has orders from before the app")
		for doctype, states in (("Sales Order", SALES_ORDER_STATES), ("Delivery Note", DELIVERY_NOTE_STATES)):
			self.assertEqual(history.with_history(doctype, states, []), (states, []))
