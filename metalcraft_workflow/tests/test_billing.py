"""Steps 12-14: what is billed is judged on both sides, by quantity and by amount, and says what to do."""

import frappe
from frappe.tests.utils import change_settings

from metalcraft_workflow.gates.waiver import waive
from metalcraft_workflow.portal import orders as portal_orders
from metalcraft_workflow.steps import closing
from metalcraft_workflow.tests.support import deliveries, factories, money, rest, returns
from metalcraft_workflow.tests.support.cases import ClosingCase
from metalcraft_workflow.tests.support.factories import (
	ACCOUNTS,
	CONTROLLER,
	MANAGER,
	SUPPORT,
	as_user,
)
from metalcraft_workflow.tests.support.marks import needs_exchange_gains, needs_several_currencies

APPROVER2 = "approver2@metalcraft.test"
REASON = "Agreed with the customer on the phone."


def invoice_lines(delivery, *lines: dict):
	"""The submitted invoice of a delivery, with other values on its first lines, by who may bill what was not
	ordered."""
	doc = money.draft_invoice(delivery)
	with as_user(CONTROLLER):
		doc = frappe.get_doc("Sales Invoice", doc.name)
		for line, values in zip(doc.items, lines, strict=False):
			line.update({"price_list_rate": 0, "discount_percentage": 0, **values})
		doc.ignore_pricing_rule = 1
		doc.save()
		doc.submit()
	return doc


class TestQuantityAndAmount(ClosingCase):
	def test_the_right_amount_for_fewer_pieces_does_not_close_it(self):
		order = money.order()
		invoice = invoice_lines(money.ship(order), {"qty": 8, "rate": 125})
		self.assertEqual(invoice.grand_total, 1000)
		money.pay(invoice)
		self.assertOpen(order, "billed")
		self.assertIn("1. MT-CYL-01: 8 / 10", self.open_points(order)["billed"])
		self.assertEqual(money.state(order)[1], "Shipped")

	def test_nor_for_more_pieces(self):
		order = money.order(("MT-CYL-01", 10, 120))
		money.pay(invoice_lines(money.ship(order), {"qty": 12, "rate": 100}))
		self.assertOpen(order, "billed")
		self.assertIn("1. MT-CYL-01: 12 / 10", self.open_points(order)["billed"])

	def test_a_trade_in_that_was_left_out_keeps_it_open(self):
		order = self.with_trade_in()
		delivery = money.ship(order, 10)
		draft = money.draft_invoice(delivery)
		with as_user(SUPPORT):
			draft.set("items", draft.items[:1])
			draft.save()
			draft.submit()
		money.pay(draft)
		self.assertOpen(order, "billed")
		self.assertIn("2. MT-TRADE-IN: ", self.open_points(order)["billed"])
		self.assertIn("-150.00", self.open_points(order)["billed"])

	def test_a_trade_in_closes_it_when_it_is_taken_off(self):
		order = self.with_trade_in()
		invoice = money.invoice(money.ship(order, 10))
		self.assertEqual(invoice.grand_total, 850)
		money.pay(invoice)
		self.assertClosed(order)

	def with_trade_in(self):
		self.addCleanup(frappe.db.set_single_value, "Selling Settings", "allow_negative_rates_for_items", 0)
		frappe.db.set_single_value("Selling Settings", "allow_negative_rates_for_items", 1)
		trade_in = factories.make_item("MT-TRADE-IN", is_stock_item=0, item_defaults=[])
		return money.order((factories.make_item(), 10, 100), (trade_in, 1, -150))

	def test_a_discount_on_the_whole_invoice_is_a_lower_price(self):
		order = money.order()
		delivery = money.ship(order)
		draft = money.draft_invoice(delivery)
		with as_user(SUPPORT):
			draft.update({"apply_discount_on": "Net Total", "additional_discount_percentage": 5})
			draft.save()
			draft.submit()
		money.pay(draft)
		self.assertOpen(order, "billed")
		self.assertIn("50.00", self.open_points(order)["billed"])

	def test_a_discount_of_the_order_is_no_lower_price(self):
		discount = {"apply_discount_on": "Net Total", "additional_discount_percentage": 3.3}
		order = money.order(
			(factories.make_item(), 7, 33.33), (factories.make_item("MT-CYL-02"), 3, 9.99), **discount
		)
		for quantities in ((2, 1), (5, 2)):
			money.pay(money.invoice(money.ship(order, *quantities)))
		self.assertClosed(order)


class TestLowerPrice(ClosingCase):
	def discounted(self):
		order = money.order()
		invoice = invoice_lines(money.ship(order), {"rate": 90})
		money.pay(invoice)
		self.assertOpen(order, "billed")
		self.assertIn("100.00", self.open_points(order)["billed"])
		return order, invoice

	def waive(self, order, user=MANAGER, reason=REASON):
		with as_user(user):
			waive("Sales Order", order.name, "close", "billed", reason)
		money.commit()

	def test_a_manager_accepts_it_on_record_and_the_order_closes(self):
		order, _invoice = self.discounted()
		with self.assertRaises(frappe.PermissionError):
			self.waive(order, SUPPORT)
		with self.assertRaises(frappe.ValidationError):
			self.waive(order, reason=" ")
		self.waive(order)
		self.assertClosed(order)
		record = frappe.get_last_doc("Release Record", {"reference_name": order.name, "kind": "Waiver"})
		self.assertEqual((record.gate, record.requirement), ("close", "billed"))
		self.assertEqual((record.user, record.role, record.reason), (MANAGER, "Sales Manager", REASON))
		# no sweep finds anything
		self.assertEqual(closing.out_of_step([order.name]), {})

	def test_over_rest_it_closes_at_once(self):
		order, _invoice = self.discounted()
		answer = rest.call(
			MANAGER,
			"metalcraft_workflow.gates.waiver.waive",
			doctype="Sales Order",
			name=order.name,
			gate="close",
			requirement="billed",
			reason=REASON,
		)
		self.assertEqual(answer.status, 200)
		self.assertClosed(order)

	def test_another_figure_is_another_difference(self):
		order, invoice = self.discounted()
		self.waive(order)
		self.assertClosed(order)
		money.credit(invoice, 1, update_outstanding_for_self=0)
		self.assertOpen(order)
		self.assertIn("billed", self.open_points(order))

	def test_a_payment_that_is_withdrawn_is_no_other_figure(self):
		order = money.order()
		invoice = invoice_lines(money.ship(order), {"rate": 90})
		payment = money.pay(invoice)
		self.waive(order)
		self.assertClosed(order)
		money.cancel(payment)
		self.assertOpen(order, "paid")
		money.pay(invoice)
		self.assertClosed(order)

	def test_what_nobody_billed_cannot_be_accepted(self):
		order = money.order()
		money.ship(order)
		with self.assertRaisesRegex(frappe.ValidationError, "nothing to waive"):
			self.waive(order)
		with as_user(MANAGER), self.assertRaisesRegex(frappe.PermissionError, "no role that may"):
			waive("Sales Order", order.name, "close", "paid", REASON)
		delivery = frappe.get_last_doc("Delivery Note")
		with as_user(MANAGER), self.assertRaisesRegex(frappe.ValidationError, "nothing to waive"):
			waive("Delivery Note", delivery.name, "close", "billed", REASON)

	def test_a_credit_note_for_the_price_takes_no_quantity_off(self):
		order = money.order()
		delivery = money.ship(order)
		invoice = money.invoice(delivery)
		money.pay(invoice)
		self.assertClosed(order)
		money.refund(credit_price(invoice, 2, 50))
		self.assertOpen(order, "billed")
		self.waive(order)
		self.assertClosed(order)
		# the price of two was lowered; that says nothing of a piece that comes back
		money.take_back(delivery, 1)
		self.assertOpen(order)
		self.assertIn("1. MT-CYL-01: 1", self.open_points(order)["returns"])


def credit_price(invoice, qty, rate):
	"""A submitted credit note that lowers the price of `qty` pieces of the first line by `rate` each."""
	from erpnext.accounts.doctype.sales_invoice.sales_invoice import make_sales_return

	with as_user(CONTROLLER):
		doc = make_sales_return(invoice.name)
		doc.set("items", doc.items[:1])
		doc.items[0].update({"qty": -qty, "rate": rate, "price_list_rate": 0, "discount_percentage": 0})
		doc.insert()
		doc.submit()
	return doc


class TestNet(ClosingCase):
	"""Net quantities decide, and not every credit note ever."""

	def billed_again(self):
		"""An order of 10 whose invoice was credited in full and made again; its delivery and last invoice."""
		order = money.order()
		delivery = money.ship(order)
		wrong = money.invoice(delivery)
		money.credit(wrong, update_outstanding_for_self=0, update_billed_amount_in_sales_order=1)
		invoice = money.invoice_order(order)
		money.pay(invoice)
		self.assertClosed(order)
		return order, delivery, invoice

	def test_goods_that_come_back_later_are_not_covered_by_an_old_credit_note(self):
		order, delivery, invoice = self.billed_again()
		money.take_back(delivery, 4)
		self.assertOpen(order, "returns")
		self.assertIn("1. MT-CYL-01: 4", self.open_points(order)["returns"])
		self.assertEqual(money.state(order)[1], "Partially Shipped")
		money.refund(money.credit(invoice, 4))
		self.assertClosed(order)

	def test_nor_are_authorized_returns(self):
		returns.setup_returns()
		self.addCleanup(returns.leave_returns)
		order, delivery, _invoice = self.billed_again()
		rma = returns.authorized(delivery, {"qty": 4})
		returns.receive(rma)
		returns.judge(rma)
		self.assertOpen(order, "returns_credited")
		self.assertEqual((returns.status(rma), returns.stored(rma).items[0].settled_qty), ("Received", 0))
		money.refund(returns.credit(rma))
		self.assertEqual(returns.status(rma), "Settled")
		self.assertClosed(order)

	def test_a_lower_price_settles_no_authorized_return(self):
		returns.setup_returns()
		self.addCleanup(returns.leave_returns)
		order = money.order()
		delivery = money.ship(order)
		invoice = money.invoice(delivery)
		credit_price(invoice, 2, 50)
		rma = returns.authorized(delivery, {"qty": 2})
		returns.receive(rma)
		returns.judge(rma)
		self.assertEqual((returns.status(rma), returns.stored(rma).items[0].settled_qty), ("Received", 0))
		self.assertIn("returns_credited", self.open_points(order))

	def test_a_return_of_a_part_delivery_is_not_settled_by_what_is_still_to_come(self):
		returns.setup_returns()
		self.addCleanup(returns.leave_returns)
		order = money.order()
		delivery = money.ship(order, 5)
		money.pay(money.invoice(delivery))
		rma = returns.authorized(delivery, {"qty": 2})
		returns.receive(rma)
		rma = returns.judge(rma)
		self.assertEqual((rma.status, rma.items[0].settled_qty), ("Received", 0))
		money.refund(returns.credit(rma))
		self.assertEqual(returns.status(rma), "Settled")
		money.pay(money.invoice(money.ship(order, 5)))
		self.assertClosed(order)

	def test_what_came_back_and_was_never_billed_says_what_can_be_done(self):
		order = money.order()
		delivery = money.ship(order)
		money.take_back(delivery, 4)
		invoice = money.invoice(delivery)
		self.assertEqual(invoice.grand_total, 600)
		money.pay(invoice)
		self.assertOpen(order, "returns")
		said = self.open_points(order)["returns"]
		self.assertIn("never billed: 1. MT-CYL-01: 4", said)
		self.assertIn("Update Items", said)
		factories.change_quantity(order, 6)
		factories.act(order, "Accept Changes", APPROVER2)
		self.assertClosed(order)

	def test_nothing_is_at_final_pack_when_all_came_back_elsewhere(self):
		order = money.order()
		delivery = money.ship(order)
		returns.setup_returns()
		self.addCleanup(returns.leave_returns)
		money.take_back(delivery)
		money.commit()
		self.assertEqual(money.state(order)[1], "In Production")
		self.assertEqual(closing.out_of_step([order.name]), {})
		deliveries.bring(order, 4)
		self.assertEqual(money.state(order)[1], "Final Pack")


class TestAdvances(ClosingCase):
	def test_an_advance_that_is_not_set_off_is_named(self):
		order = money.order()
		payment = money.pay_in_advance(order, 1000)
		money.invoice(money.ship(order))
		self.assertOpen(order, "paid")
		said = self.open_points(order)["paid"]
		self.assertIn(f"{payment.name}: ", said)
		self.assertIn("Payment Reconciliation", said)
		money.reconcile(order.customer)
		self.assertClosed(order)

	def test_so_are_a_journal_entry_and_a_payment_on_account(self):
		order = money.order()
		entry = money.journal(order, 300)
		payment = money.pay_in_advance(order, 200, against_order=False)
		money.invoice(money.ship(order))
		said = self.open_points(order)["paid"]
		self.assertIn(f"{entry.name}: ", said)
		self.assertIn(f"{payment.name}: ", said)


class TestCurrencies(ClosingCase):
	def test_three_invoices_of_a_third_each_in_yen(self):
		"""133 each for 400: one yen is lost, and nobody ever bills it."""
		powder = factories.make_item("MT-POWDER", stock_uom="Kg")
		order = money.order_abroad("JPY", (powder, 1, 400), rate=0.01, account_currency="JPY")
		money.ship(order)
		for _number in range(3):
			doc = self.invoice_part(order, 0.333, 133)
			money.pay_abroad(doc)
		self.assertClosed(order)

	def invoice_part(self, order, qty, amount):
		from erpnext.selling.doctype.sales_order.sales_order import make_sales_invoice

		with as_user(SUPPORT):
			doc = make_sales_invoice(order.name)
			doc.items[0].update({"qty": qty, "rate": amount / qty})
			doc.ignore_pricing_rule = 1
			doc.insert()
			doc.submit()
		return doc

	def test_ten_yen_less_are_ten_yen(self):
		order = money.order_abroad("JPY", ("MT-CYL-01", 1, 400), rate=0.01, account_currency="JPY")
		money.ship(order)
		money.pay_abroad(self.invoice_part(order, 1, 390))
		self.assertOpen(order, "billed")

	@needs_several_currencies
	def test_four_thousandths_of_a_dinar_are_to_be_paid(self):
		with change_settings("System Settings", {"currency_precision": "3"}):
			order = money.order_abroad("KWD", ("MT-CYL-01", 10, 1.005), rate=3, account_currency="KWD")
			invoice = money.invoice(money.ship(order), disable_rounded_total=1)
			self.assertEqual(invoice.grand_total, 10.05)
			money.pay_abroad(invoice, 10.046)
			self.assertOpen(order, "paid")
			self.assertIn("0.004", self.open_points(order)["paid"])
			money.pay_abroad(invoice)
			self.assertClosed(order)

	@needs_several_currencies
	def test_a_customer_whose_account_is_in_the_company_s_currency(self):
		allowed = {"allow_multi_currency_invoices_against_single_party_account": 1}
		with change_settings("Accounts Settings", allowed):
			order = money.order_abroad("JPY", ("MT-CYL-01", 3, 270250), rate=0.0067)
			invoice = money.invoice(money.ship(order))
			self.assertEqual(invoice.party_account_currency, "USD")
			self.assertOpen(order, "paid")
			(sent,) = portal_orders._invoices(order.name)
			self.assertEqual((sent["amount"], sent["outstanding"]), (810750, 810750))
			money.pay_abroad(invoice)
			self.assertClosed(order)


class TestAnotherRate(ClosingCase):
	"""An advance is paid at one rate of exchange, and taken over by an invoice at another."""

	JOURNAL = "api/resource/Journal Entry"

	def advanced(self):
		order = money.order_abroad("EUR", ("MT-CYL-01", 10, 100), rate=1.1, account_currency="EUR")
		money.pay_abroad(order, rate=1.2)
		return order

	@needs_exchange_gains
	def test_customer_support_submits_the_invoice_and_the_difference_is_booked(self):
		order = self.advanced()
		invoice = money.invoice(money.ship(order), allocate_advances_automatically=1)
		self.assertEqual(invoice.advances[0].exchange_gain_loss, 100)
		(entry,) = frappe.get_all(
			"Journal Entry Account", {"reference_name": invoice.name, "docstatus": 1}, pluck="parent"
		)
		entry = frappe.get_doc("Journal Entry", entry)
		self.assertEqual(
			(entry.voucher_type, entry.total_debit, entry.owner), ("Exchange Gain Or Loss", 100, SUPPORT)
		)
		self.assertClosed(order)

	@needs_exchange_gains
	def test_that_is_all_that_customer_support_may_do_with_journal_entries(self):
		order = self.advanced()
		invoice = money.invoice(money.ship(order), allocate_advances_automatically=1)
		entry = frappe.get_doc(
			"Journal Entry",
			frappe.db.get_value("Journal Entry Account", {"reference_name": invoice.name}, "parent"),
		)
		money.commit()
		copy = frappe.copy_doc(entry)
		copy.is_system_generated = 1
		path = f"{self.JOURNAL}/{entry.name}"
		self.assertEqual(rest.request(SUPPORT, "POST", self.JOURNAL, as_sent(copy)).status, 403)
		self.assertEqual(rest.request(SUPPORT, "PUT", path, {"user_remark": "Mine"}).status, 403)
		self.assertEqual(rest.request(SUPPORT, "GET", path).status, 403)
		self.assertEqual(rest.request(SUPPORT, "DELETE", path).status, 403)
		with as_user(SUPPORT):
			with self.assertRaises(frappe.PermissionError):
				frappe.copy_doc(entry).insert()
			with self.assertRaises(frappe.PermissionError):
				entry.cancel()
		# nor does choosing an account tell what is on it
		details = "erpnext.accounts.doctype.payment_entry.payment_entry.get_account_details"
		account = {"account": money.CASH, "date": str(order.transaction_date)}
		self.assertEqual(rest.call(SUPPORT, details, **account).status, 403)
		self.assertEqual(rest.call(ACCOUNTS, details, **account).status, 200)
		# who has the right by another role keeps it
		with as_user(ACCOUNTS):
			self.assertTrue(frappe.copy_doc(entry).has_permission("create"))

	@needs_exchange_gains
	def test_an_invoice_that_fails_leaves_nothing_open(self):
		order = self.advanced()
		draft = money.draft_invoice(money.ship(order))
		entry = frappe.get_doc(
			{
				"doctype": "Journal Entry",
				"voucher_type": "Exchange Gain Or Loss",
				"is_system_generated": 1,
				"company": factories.COMPANY,
				"accounts": [
					{"account": money.CASH, "reference_type": "Sales Invoice", "reference_name": draft.name}
				],
			}
		)
		with as_user(SUPPORT):
			draft.allocate_advances_automatically = 1
			draft.save()
			draft.submit()
			self.assertFalse(entry.has_permission("create"))


def as_sent(doc) -> dict:
	"""A document as a client sends it."""
	return frappe.parse_json(frappe.as_json(doc))


class TestDropShipments(ClosingCase):
	SET_STATUS = "erpnext.buying.doctype.purchase_order.purchase_order.update_status"

	def boxed(self, ordered, bought):
		"""An order of `ordered` = (quantity, unit) that the supplier delivers, and its purchase order of
		`bought`; a box holds 10."""
		item = factories.make_item("MT-DROP-BOX", uoms=[{"uom": "Box", "conversion_factor": 10}])
		fields = money.drop_ship(item)
		fields["items"][0].update({"qty": ordered[0], "uom": ordered[1]})
		order = money.order((item, *ordered), **fields)
		money.pay(money.invoice_order(order))
		purchase = money.order_from_supplier(order, {"qty": bought[0], "uom": bought[1]})
		frappe.get_attr(self.SET_STATUS)("Delivered", purchase.name)
		return order, purchase

	def figures(self, order):
		doc = frappe.get_doc("Sales Order", order.name)
		return doc.per_delivered, doc.items[0].delivered_qty

	def test_boxes_that_are_bought_for_pieces(self):
		order, purchase = self.boxed((20, "Nos"), (2, "Box"))
		self.assertClosed(order)
		self.assertEqual(self.figures(order), (100, 20))
		self.assertEqual(closing.out_of_step([order.name]), {})
		frappe.get_attr(self.SET_STATUS)("Submitted", purchase.name)
		self.assertOpen(order, "delivered")

	def test_pieces_that_are_bought_for_boxes_are_not_as_many_boxes(self):
		order, _purchase = self.boxed((2, "Box"), (5, "Nos"))
		self.assertOpen(order, "delivered")
		self.assertIn("1. MT-DROP-BOX: 1.5", self.open_points(order)["delivered"])
		self.assertEqual(self.figures(order), (25, 0.5))

	def test_what_was_received_counts_and_not_what_was_ordered(self):
		order, purchase = self.boxed((20, "Nos"), (20, "Nos"))
		self.assertClosed(order)
		frappe.db.set_value("Purchase Order Item", purchase.items[0].name, "received_qty", 15)
		closing.settle_in_sets([order.name])
		self.assertOpen(order, "delivered")
		self.assertEqual(self.figures(order), (75, 15))
		self.assertEqual(closing.out_of_step([order.name]), {})
