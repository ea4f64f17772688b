import frappe
from frappe.utils import fmt_money, nowdate

from metalcraft_workflow.gates.guard import GateNotMet
from metalcraft_workflow.tests.support import deliveries, factories, money
from metalcraft_workflow.tests.support.cases import FinalPackCase
from metalcraft_workflow.tests.support.factories import (
	ACCOUNTS,
	APPROVER,
	CONTROLLER,
	PACKER,
	SHIPPER,
	SUPPORT,
	act,
	as_user,
)


class TestClearance(FinalPackCase):
	def awaiting(self, *lines, **fields):
		return act(deliveries.delivery(*lines, **fields), "Complete Packing", PACKER)

	def prepaid(self, percent: float = 50) -> str:
		name = f"MT Prepaid {percent:g}"
		if not frappe.db.exists("Payment Terms Template", name):
			if not frappe.db.exists("Payment Term", "MT Net"):
				frappe.get_doc(
					{"doctype": "Payment Term", "payment_term_name": "MT Net", "invoice_portion": 100}
				).insert()
			frappe.get_doc(
				{
					"doctype": "Payment Terms Template",
					"template_name": name,
					"prepayment_percent": percent,
					"terms": [
						{
							"payment_term": "MT Net",
							"invoice_portion": 100,
							"due_date_based_on": "Day(s) after invoice date",
							"credit_days": 30,
						}
					],
				}
			).insert()
		return name

	def pay(self, doctype: str, name: str, amount: float):
		from erpnext.accounts.doctype.payment_entry.payment_entry import get_payment_entry

		entry = get_payment_entry(doctype, name, party_amount=amount)
		entry.reference_no, entry.reference_date = "R1", nowdate()
		entry.insert()
		entry.submit()
		return entry

	def invoice(self, order: str):
		from erpnext.selling.doctype.sales_order.sales_order import make_sales_invoice

		invoice = make_sales_invoice(order)
		invoice.insert()
		invoice.submit()
		return invoice

	def test_only_customer_support_clears(self):
		doc = self.awaiting()
		for user in (PACKER, SHIPPER, APPROVER, CONTROLLER):
			with self.subTest(user), self.assertRaises(Exception) as refused:
				act(doc, "Clear for Shipment", user)
			self.assertIsInstance(refused.exception, (frappe.PermissionError, frappe.ValidationError))
		self.assertEqual(act(doc, "Clear for Shipment", SUPPORT).workflow_state, "Cleared")

	def test_prepayment_by_an_advance(self):
		doc = self.awaiting(payment_terms_template=self.prepaid(50), customer="MT Customer")
		order = doc.items[0].against_sales_order
		with self.assertRefused(order, "50%", fmt_money(500, currency=doc.currency), exception=GateNotMet):
			act(doc, "Clear for Shipment", SUPPORT)
		self.pay("Sales Order", order, 300)
		with self.assertRefused(order, "200.00", exception=GateNotMet):
			act(doc, "Clear for Shipment", SUPPORT)
		self.pay("Sales Order", order, 200)
		self.assertEqual(act(doc, "Clear for Shipment", SUPPORT).workflow_state, "Cleared")

	def test_prepayment_by_a_journal_entry(self):
		doc = self.awaiting(payment_terms_template=self.prepaid(50))
		order = frappe.get_doc("Sales Order", doc.items[0].against_sales_order)
		entry = money.journal_draft(order, 500)
		# one that is booked for something else
		money.journal(self.invoice(factories.approve(factories.make_order()).name), 500)
		with self.assertRefused(order.name, "500.00", exception=GateNotMet):
			act(doc, "Clear for Shipment", SUPPORT)
		with as_user(ACCOUNTS):
			entry.submit()
		self.assertEqual(act(doc, "Clear for Shipment", SUPPORT).workflow_state, "Cleared")

	def test_prepayment_on_the_invoice(self):
		doc = self.awaiting(payment_terms_template=self.prepaid(50))
		order = doc.items[0].against_sales_order
		invoice = self.invoice(order)
		with self.assertRefused(order, "500.00", exception=GateNotMet):
			act(doc, "Clear for Shipment", SUPPORT)
		payment = self.pay("Sales Invoice", invoice.name, 500)
		act(doc, "Clear for Shipment", SUPPORT)
		act(doc, "Revoke Clearance", SUPPORT, "Payment withdrawn")
		payment.reload()
		payment.cancel()
		with self.assertRefused(order, "500.00", exception=GateNotMet):
			act(doc, "Clear for Shipment", SUPPORT)

	def test_a_payment_of_an_invoice_of_two_orders_counts_for_each_by_its_share(self):
		from erpnext.selling.doctype.sales_order.sales_order import make_sales_invoice

		doc = self.awaiting(payment_terms_template=self.prepaid(50))
		order = doc.items[0].against_sales_order
		other = factories.approve(factories.make_order(("MT-CYL-01", 30, 100), customer=doc.customer))
		invoice = make_sales_invoice(other.name, make_sales_invoice(order))
		invoice.insert()
		invoice.submit()
		self.pay("Sales Invoice", invoice.name, 1200)
		# 300 of the 1200 are for the order of 1000, which wants 500
		with self.assertRefused(order, "200.00", exception=GateNotMet):
			act(doc, "Clear for Shipment", SUPPORT)

	def test_an_advance_taken_over_by_the_invoice_counts_once(self):
		doc = self.awaiting(payment_terms_template=self.prepaid(50))
		order = doc.items[0].against_sales_order
		self.pay("Sales Order", order, 300)
		from erpnext.selling.doctype.sales_order.sales_order import make_sales_invoice

		invoice = make_sales_invoice(order)
		invoice.set_advances()
		for row in invoice.advances:
			row.allocated_amount = row.advance_amount
		invoice.insert()
		invoice.submit()
		self.assertEqual(invoice.outstanding_amount, 700)
		with self.assertRefused(order, "200.00", exception=GateNotMet):
			act(doc, "Clear for Shipment", SUPPORT)

	def test_a_credit_note_is_no_prepayment(self):
		from erpnext.accounts.doctype.sales_invoice.sales_invoice import make_sales_return

		doc = self.awaiting(payment_terms_template=self.prepaid(50))
		invoice = self.invoice(doc.items[0].against_sales_order)
		note = make_sales_return(invoice.name)
		note.update_outstanding_for_self = 0
		note.insert()
		note.submit()
		with self.assertRefused("500.00", exception=GateNotMet):
			act(doc, "Clear for Shipment", SUPPORT)

	def test_prepayment_can_be_waived_by_accounts(self):
		from metalcraft_workflow.gates.waiver import waive

		doc = self.awaiting(payment_terms_template=self.prepaid(50))
		with as_user(CONTROLLER):
			waive("Delivery Note", doc.name, "clear", "prepayment", "Bank confirmed by phone")
		self.assertEqual(act(doc, "Clear for Shipment", SUPPORT).workflow_state, "Cleared")

	def test_a_customer_on_hold_is_not_cleared(self):
		customer = factories.make_customer("MT Held Customer")
		doc = self.awaiting(customer=customer)
		frappe.get_doc("Customer", customer).update(
			{"credit_hold": 1, "credit_hold_reason": "Cheque bounced"}
		).save()
		with self.assertRefused("MT Held Customer", exception=GateNotMet):
			act(doc, "Clear for Shipment", SUPPORT)
		frappe.get_doc("Customer", customer).update({"credit_hold": 0}).save()
		self.assertEqual(act(doc, "Clear for Shipment", SUPPORT).workflow_state, "Cleared")

	def test_an_order_in_change_review_is_not_cleared(self):
		doc = self.awaiting()
		order = frappe.get_doc("Sales Order", doc.items[0].against_sales_order)
		factories.change_quantity(order, 12)
		with self.assertRefused(order.name, "accept the changes", exception=GateNotMet):
			act(doc, "Clear for Shipment", SUPPORT)

	def test_hold_and_resume(self):
		doc = self.awaiting()
		doc = act(doc, "Hold", SUPPORT, "Customer asked to wait")
		with self.assertRaises(frappe.ValidationError):
			act(doc, "Clear for Shipment", SUPPORT)
		doc = act(doc, "Resume", SUPPORT)
		self.assertEqual(act(doc, "Clear for Shipment", SUPPORT).workflow_state, "Cleared")

	def test_changed_terms_after_clearance_void_it(self):
		doc = act(self.awaiting(), "Clear for Shipment", SUPPORT)
		with as_user(SHIPPER):
			doc = frappe.get_doc("Delivery Note", doc.name)
			doc.items[0].rate = 1
			doc.save()
		self.assertEqual(
			frappe.db.get_value("Delivery Note", doc.name, "workflow_state"), "Awaiting Clearance"
		)

	def test_changed_lines_after_clearance_void_the_packing(self):
		doc = act(self.awaiting(), "Clear for Shipment", SUPPORT)
		with as_user(SHIPPER):
			doc = frappe.get_doc("Delivery Note", doc.name)
			doc.items[0].qty = 3
			doc.save()
		self.assertEqual(frappe.db.get_value("Delivery Note", doc.name, "workflow_state"), "Packing")
