from unittest.mock import patch

import frappe
from frappe.tests.utils import change_settings
from frappe.utils import add_days, fmt_money, formatdate, getdate, nowdate

from metalcraft_workflow.steps import closing
from metalcraft_workflow.tests.support import deliveries, factories, money, rest
from metalcraft_workflow.tests.support.cases import ClosingCase
from metalcraft_workflow.tests.support.factories import APPROVER, SUPPORT, as_user


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

	def test_the_form_says_in_words_why_the_order_is_open(self):
		order = money.order((factories.make_item(), 10, 100), (factories.make_item("MT-CYL-02"), 4, 50))
		points = self.open_points(order)
		self.assertIn("1. MT-CYL-01: 10, 2. MT-CYL-02: 4", points["delivered"])
		self.assertIn(f"MT-CYL-01: {fmt_money(1000, currency=order.currency)}", points["billed"])
		delivery = money.ship(order, 10, 4)
		draft = money.draft_invoice(delivery)
		self.assertOpen(order, "billed", "no_draft_invoices")
		self.assertIn(draft.name, self.open_points(order)["no_draft_invoices"])
		with as_user(SUPPORT):
			draft.submit()
		money.pay(draft, amount=700)
		points = self.open_points(order)
		self.assertEqual(list(points), ["paid"])
		self.assertIn(f"{draft.name}: {fmt_money(500, currency=draft.currency)}", points["paid"])

	def test_two_deliveries_and_two_invoices_however_they_are_paid(self):
		"""Every way of paying, with the payments as the last events and the second delivery as the last."""
		for pay in (
			lambda first, second: (money.pay(first), money.pay(second)),
			lambda first, second: money.pay(first, second),
			lambda first, second: (money.pay(first, amount=100), money.pay(first), money.pay(second)),
			lambda first, second: (money.journal(first, 400), money.journal(second, 600)),
			lambda first, second: (
				money.pay(first),
				money.pay(second, amount=590),
				money.journal(second, 10, money.WRITE_OFF),
			),
			lambda first, second: (
				money.pay_in_advance(first, 1000, against_order=False),
				money.reconcile(first.customer),
			),
		):
			order = money.order()
			first = money.invoice(money.ship(order, 4))
			second = money.invoice(money.ship(order, 6))
			self.assertOpen(order, "paid")
			pay(first, second)
			self.assertClosed(order)

	def test_the_last_event_is_a_delivery_an_invoice_or_the_deletion_of_a_draft(self):
		order = money.order()
		first = money.invoice(money.ship(order, 4))
		money.pay(first)
		self.assertOpen(order, "delivered", "billed")
		delivery = money.ship(order, 6)
		second = money.draft_invoice(delivery)
		self.assertOpen(order, "billed", "no_draft_invoices")
		with as_user(SUPPORT):
			second.submit()
		money.pay(second)
		self.assertClosed(order)

	def test_paid_in_advance_the_invoice_closes(self):
		order = money.order()
		money.pay_in_advance(order, 1000)
		delivery = money.ship(order)
		self.assertOpen(order, "billed")
		money.invoice(delivery, allocate_advances_automatically=1)
		self.assertClosed(order)

	def test_invoiced_and_paid_before_delivery_the_delivery_closes(self):
		order = money.order()
		invoice = money.invoice_order(order)
		money.pay(invoice)
		self.assertOpen(order, "delivered")
		money.ship(order)
		self.assertClosed(order)

	def test_a_draft_delivery_keeps_it_open_until_it_is_deleted(self):
		order = money.order()
		invoice = money.invoice_order(order)
		money.pay(invoice)
		deliveries.bring(order, 10)
		delivery = deliveries.packed(order)
		self.assertOpen(order, "delivered", "no_draft_deliveries")
		self.assertEqual(money.state(order)[1], "Final Pack")
		deliveries.shipped(delivery)
		self.assertClosed(order)

	def test_a_drop_shipment_is_delivered_by_the_supplier(self):
		item = factories.make_item("MT-DROP")
		order = money.order((item, 2, 100), **money.drop_ship(item))
		money.pay(money.invoice_order(order))
		self.assertOpen(order, "delivered")
		purchase = money.order_from_supplier(order)
		set_status = frappe.get_attr("erpnext.buying.doctype.purchase_order.purchase_order.update_status")
		set_status("Delivered", purchase.name)
		self.assertClosed(order)
		set_status("Submitted", purchase.name)
		self.assertOpen(order, "delivered")

	def test_services_are_delivered_with_the_goods(self):
		service = factories.make_item("MT-SERVICE", is_stock_item=0)
		order = money.order((factories.make_item(), 1, 100), (service, 1, 50))
		money.pay(money.invoice(money.ship(order)))
		self.assertClosed(order)

	def test_an_order_without_delivery_closes_when_it_is_paid(self):
		service = factories.make_item("MT-SERVICE", is_stock_item=0)
		for fields in ({"skip_delivery_note": 1}, {"order_type": "Maintenance"}):
			order = money.order((service, 1, 50), **fields)
			self.assertOpen(order, "billed")
			money.pay(money.invoice_order(order))
			self.assertClosed(order)

	def test_a_free_order_closes_when_it_is_delivered(self):
		order = money.order((factories.make_item("MT-FREE"), 1, 0))
		self.assertOpen(order, "delivered")
		money.ship(order)
		self.assertClosed(order)

	def test_nothing_closes_when_the_settings_say_so(self):
		with change_settings("Metalcraft Settings", {"close_automatically": 0}):
			order = money.order()
			money.pay(money.invoice(money.ship(order)))
			self.assertOpen(order, "automatic")

	def test_days_of_grace(self):
		with change_settings("Metalcraft Settings", {"days_of_grace": 3}):
			order = money.order()
			money.pay(money.invoice(money.ship(order)))
			self.assertOpen(order, "grace")
			self.assertIn(formatdate(add_days(nowdate(), 3)), self.open_points(order)["grace"])
			with patch.object(closing, "getdate", lambda: getdate(add_days(nowdate(), 2))):
				closing.sweep()
			self.assertOpen(order)
			with patch.object(closing, "getdate", lambda: getdate(add_days(nowdate(), 3))):
				closing.sweep()
			self.assertClosed(order)
		# the setting is about closing: it opens nothing that is closed
		with change_settings("Metalcraft Settings", {"days_of_grace": 30}):
			closing.sweep()
			self.assertClosed(order)

	def test_days_of_grace_begin_with_the_delivery_where_nothing_is_paid(self):
		with change_settings("Metalcraft Settings", {"days_of_grace": 3}):
			order = money.order(("MT-CYL-01", 10, 0))
			money.ship(order)
			self.assertOpen(order, "grace")
			with patch.object(closing, "getdate", lambda: getdate(add_days(nowdate(), 3))):
				closing.sweep()
			self.assertClosed(order)

	def test_keep_open_holds_it_until_it_is_unticked(self):
		order = money.order()
		with as_user(APPROVER):
			doc = frappe.get_doc("Sales Order", order.name)
			doc.keep_open = 1
			doc.save()
		money.pay(money.invoice(money.ship(order)))
		self.assertOpen(order, "keep_open")
		with as_user(APPROVER):
			doc = frappe.get_doc("Sales Order", order.name)
			doc.keep_open = 0
			doc.save()
		self.assertClosed(order)

	def test_new_orders_are_kept_open_when_the_settings_say_so(self):
		with change_settings("Metalcraft Settings", {"keep_open_default": 1}):
			self.assertEqual(factories.make_order().keep_open, 1)
		self.assertEqual(factories.make_order().keep_open, 0)


class TestOpeningAgain(ClosingCase):
	def closed_order(self):
		order = money.order()
		delivery = money.ship(order)
		invoice = money.invoice(delivery)
		payment = money.pay(invoice)
		self.assertClosed(order)
		return order, delivery, invoice, payment

	def test_a_cancelled_payment_opens_it_and_a_new_one_closes_it(self):
		order, _delivery, invoice, payment = self.closed_order()
		money.cancel(payment)
		self.assertOpen(order, "paid")
		self.assertEqual(money.state(order), ("Completed", "Invoiced"))
		money.pay(invoice)
		self.assertClosed(order)

	def test_an_unreconciled_payment_opens_it(self):
		order, _delivery, invoice, payment = self.closed_order()
		with as_user(factories.CONTROLLER):
			undo = frappe.get_doc(
				{
					"doctype": "Unreconcile Payment",
					"company": factories.COMPANY,
					"voucher_type": "Payment Entry",
					"voucher_no": payment.name,
				}
			)
			undo.add_references()
			undo.insert()
			undo.submit()
		self.assertOpen(order, "paid")
		money.reconcile(invoice.customer)
		self.assertClosed(order)

	def test_a_cancelled_invoice_opens_it(self):
		order, delivery, invoice, payment = self.closed_order()
		money.cancel(payment)
		money.commit()
		money.cancel(invoice)
		self.assertOpen(order, "billed")
		self.assertEqual(money.state(order)[1], "Shipped")
		money.pay(money.invoice(delivery))
		self.assertClosed(order)

	def test_what_closed_it_is_cancelled_in_one_go(self):
		"""ERPNext refuses to cancel an invoice or a delivery of a closed order; the app opens it first."""
		order = money.order()
		invoice = money.invoice_order(order)
		money.pay(invoice)
		delivery = money.ship(order)
		self.assertClosed(order)
		factories.act(delivery, "Cancel Delivery", factories.SHIPPER)
		self.assertOpen(order, "delivered")
		money.cancel(invoice)
		self.assertOpen(order, "billed", "delivered")

	def test_an_invoice_is_cancelled_with_its_payment_left_on_account(self):
		order, delivery, invoice, _payment = self.closed_order()
		money.cancel(invoice)
		self.assertOpen(order, "billed")
		money.invoice(delivery)
		money.reconcile(invoice.customer)
		self.assertClosed(order)

	def test_a_cancelled_journal_entry_opens_it(self):
		order = money.order()
		invoice = money.invoice(money.ship(order))
		entry = money.journal(invoice, 1000)
		self.assertClosed(order)
		money.cancel(entry)
		self.assertOpen(order, "paid")

	def test_over_the_credit_limit_the_payment_is_cancelled_all_the_same(self):
		order, _delivery, _invoice, payment = self.closed_order()
		customer = frappe.get_doc("Customer", order.customer)
		customer.append("credit_limits", {"company": factories.COMPANY, "credit_limit": 1})
		customer.flags.ignore_validate = True
		customer.save()
		money.cancel(payment)
		self.assertOpen(order, "paid")

	def test_goods_that_come_back_open_it_and_go_out_again(self):
		order, delivery, _invoice, _payment = self.closed_order()
		money.take_back(delivery, 4)
		self.assertOpen(order, "returns")
		self.assertIn("MT-CYL-01: 4", self.open_points(order)["returns"])
		self.assertEqual(money.state(order)[1], "Partially Shipped")
		# they are at Final Pack again
		deliveries.shipped(deliveries.packed(order))
		self.assertClosed(order)

	def test_goods_that_come_back_are_credited_and_refunded(self):
		for fields in ({}, {"update_billed_amount_in_sales_order": 1}):
			order, delivery, invoice, _payment = self.closed_order()
			money.take_back(delivery, 4)
			self.assertOpen(order, "returns")
			note = money.credit(invoice, 4, **fields)
			self.assertOpen(order, "paid")
			self.assertIn("-400.00", self.open_points(order)["paid"])
			money.refund(note)
			self.assertClosed(order)
			money.cancel(note_payment(note))
			self.assertOpen(order, "paid")

	def test_a_credit_note_against_the_invoice_itself(self):
		order = money.order()
		delivery = money.ship(order)
		invoice = money.invoice(delivery)
		money.take_back(delivery, 4)
		money.credit(invoice, 4, update_outstanding_for_self=0)
		self.assertOpen(order, "paid")
		money.pay(invoice)
		self.assertClosed(order)

	def test_credited_is_not_paid(self):
		"""The customer keeps the goods and the invoice is credited: ERPNext says nothing outstanding."""
		order = money.order()
		invoice = money.invoice(money.ship(order))
		note = money.credit(invoice, update_outstanding_for_self=0)
		self.assertEqual(frappe.db.get_value("Sales Invoice", invoice.name, "outstanding_amount"), 0)
		self.assertOpen(order, "billed")
		# the credit note was a mistake
		money.cancel(note)
		self.assertOpen(order, "paid")
		money.pay(invoice)
		self.assertClosed(order)

	def test_everything_came_back_and_was_credited(self):
		order = money.order()
		delivery = money.ship(order)
		invoice = money.invoice(delivery)
		money.take_back(delivery)
		money.credit(invoice, update_outstanding_for_self=0)
		self.assertOpen(order, "kept")

	def test_a_credit_note_after_the_close_opens_it(self):
		order, _delivery, invoice, _payment = self.closed_order()
		note = money.credit(invoice)
		self.assertOpen(order, "billed", "paid")
		money.cancel(note)
		self.assertClosed(order)


def note_payment(note):
	name = frappe.db.get_value("Payment Entry Reference", {"reference_name": note.name}, "parent")
	return frappe.get_doc("Payment Entry", name)


class TestClosingByHand(ClosingCase):
	UPDATE_STATUS = "erpnext.selling.doctype.sales_order.sales_order.update_status"

	def test_a_person_s_close_is_respected(self):
		order = money.order()
		invoice = money.invoice(money.ship(order))
		rest.call(APPROVER, self.UPDATE_STATUS, name=order.name, status="Closed")
		payment = money.pay(invoice)
		money.cancel(payment)
		money.commit()
		self.assertEqual(money.state(order), ("Closed", "Closed"))
		self.assertEqual(frappe.db.get_value("Sales Order", order.name, "closed_by_workflow"), 0)

	def test_a_person_opens_it_and_it_stays_open(self):
		order = money.order()
		money.pay(money.invoice(money.ship(order)))
		self.assertClosed(order)
		answer = rest.call(APPROVER, self.UPDATE_STATUS, name=order.name, status="Draft")
		self.assertIn("Keep Open", answer.words)
		self.assertOpen(order, "keep_open")
		with as_user(APPROVER):
			doc = frappe.get_doc("Sales Order", order.name)
			doc.keep_open = 0
			doc.save()
		self.assertClosed(order)

	def test_keep_open_opens_a_closed_order(self):
		order = money.order()
		money.pay(money.invoice(money.ship(order)))
		self.assertClosed(order)
		with as_user(APPROVER):
			doc = frappe.get_doc("Sales Order", order.name)
			doc.keep_open = 1
			doc.save()
		self.assertOpen(order, "keep_open")

	def test_on_hold_it_does_not_close(self):
		order = money.order()
		invoice = money.invoice(money.ship(order))
		rest.call(APPROVER, self.UPDATE_STATUS, name=order.name, status="On Hold")
		money.pay(invoice)
		self.assertOpen(order, "not_on_hold")
		rest.call(APPROVER, self.UPDATE_STATUS, name=order.name, status="Draft")
		self.assertClosed(order)

	def test_who_may_not_submit_the_order_does_not_close_it(self):
		order = money.order()
		portal = money.portal_user(order.customer)
		deliveries.bring(order)
		delivery = deliveries.shipped(deliveries.packed(order))
		before = money.state(order)
		calls = (
			(self.UPDATE_STATUS, {"name": order.name, "status": "Closed"}),
			(self.UPDATE_STATUS, {"name": order.name, "status": "On Hold"}),
			# which changes nothing but whose change was the last
			(self.UPDATE_STATUS, {"name": order.name, "status": "Draft"}),
			(
				"erpnext.selling.doctype.sales_order.sales_order.close_or_unclose_sales_orders",
				{"names": frappe.as_json([order.name]), "status": "Closed"},
			),
			(
				"erpnext.stock.doctype.delivery_note.delivery_note.update_delivery_note_status",
				{"docname": delivery.name, "status": "Closed"},
			),
		)
		for user in (portal, SUPPORT, factories.PRODUCER, factories.PACKER, factories.QA):
			for method, arguments in calls:
				with self.subTest(user=user, method=method):
					self.assertEqual(rest.call(user, method, **arguments).status, 403)
		self.assertEqual(money.state(order), before)
		rest.call(APPROVER, self.UPDATE_STATUS, name=order.name, status="Closed")
		self.assertEqual(money.state(order), ("Closed", "Closed"))
		self.assertEqual(rest.call(portal, self.UPDATE_STATUS, name=order.name, status="Draft").status, 403)


class TestSweep(ClosingCase):
	def test_it_closes_and_opens_what_an_event_missed(self):
		order = money.order()
		invoice = money.invoice(money.ship(order))
		money.commit()
		money.pay(invoice)
		frappe.db.after_commit.reset()  # the server died after the commit
		frappe.flags.orders_to_settle.clear()
		self.assertOpen(order)
		closing.sweep()
		self.assertClosed(order)

		frappe.db.set_value("Sales Invoice", invoice.name, "outstanding_amount", 5)
		closing.sweep()
		self.assertOpen(order, "paid")

	def test_it_mends_a_stage(self):
		order = money.order()
		money.commit()
		frappe.db.set_value("Sales Order", order.name, "order_stage", "QA")
		closing.sweep()
		self.assertEqual(money.state(order)[1], "In Production")
		self.assertEqual(closing.sweep()["out_of_step"], 0)

	def test_an_error_is_logged_and_the_others_go_on(self):
		orders = []
		for _number in range(2):
			order = money.order()
			invoice = money.invoice(money.ship(order))
			money.commit()
			orders.append((order, invoice))
		(broken, _), (sound, _) = orders
		close = closing.close

		def close_but_one(order, facts):
			if order.name == broken.name:
				raise RuntimeError("broken")
			close(order, facts)

		with patch.object(closing, "close", close_but_one):
			for _order, invoice in orders:
				money.pay(invoice)
			money.commit()
		self.assertOpen(broken)
		self.assertClosed(sound)
		logged = frappe.get_all("Error Log", {"reference_doctype": "Sales Order"}, pluck="reference_name")
		self.assertIn(broken.name, logged)
		self.assertNotIn(sound.name, logged)
		closing.sweep()
		self.assertClosed(broken)
