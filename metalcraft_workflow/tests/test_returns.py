import frappe
from erpnext.accounts.doctype.sales_invoice.sales_invoice import make_sales_return
from frappe.utils import flt

from metalcraft_workflow.facts.final_pack import ready_to_pack
from metalcraft_workflow.steps import closing
from metalcraft_workflow.steps import returns as steps
from metalcraft_workflow.steps.transfer import make_transfer
from metalcraft_workflow.tests.support import concurrency, deliveries, factories, money, rest, returns
from metalcraft_workflow.tests.support.cases import ClosingCase
from metalcraft_workflow.tests.support.factories import (
	ACCOUNTS,
	APPROVER,
	FINAL_PACK,
	MANAGER,
	PACKER,
	PRODUCER,
	QA,
	SHIPPER,
	SUPPORT,
	act,
	as_user,
)

UPDATE_STATUS = "erpnext.selling.doctype.sales_order.sales_order.update_status"


class ReturnsCase(ClosingCase):
	@classmethod
	def setUpClass(cls):
		super().setUpClass()
		returns.setup_returns()
		cls.addClassCleanup(returns.leave_returns)

	def closed_order(self):
		"""An order of 10 that is shipped, paid and closed; its delivery note and invoice."""
		order = money.order()
		delivery = money.ship(order)
		invoice = money.invoice(delivery)
		money.pay(invoice)
		self.assertClosed(order)
		return order, delivery, invoice

	def returned(self, back):
		"""What ERPNext has counted of the line of a return: the quantity on the order, the part of the delivery."""
		line = back.items[0].so_detail
		return (
			frappe.db.get_value("Sales Order Item", line, "returned_qty"),
			frappe.db.get_value("Delivery Note", back.return_against, "per_returned"),
		)

	def ship_again(self, order, qty: float):
		"""Bring what came back to Final Pack again, and ship it the whole way."""
		factories.make_stock(order.items[0].item_code, qty, factories.PRODUCTION)
		with as_user(PRODUCER):
			entry = make_transfer(order.name)
			self.assertEqual([row.qty for row in entry.items], [qty])
			entry.items[0].s_warehouse = factories.PRODUCTION
			entry.insert().submit()
		return deliveries.shipped(deliveries.packed(order))


class TestCredit(ReturnsCase):
	def test_it_opens_the_order_until_it_is_credited_and_refunded(self):
		order, _delivery, invoice = self.closed_order()
		rma = returns.authorized(order, {"qty": 4})
		self.assertRegex(rma.name, r"^RMA-\d{4}-\d{4}$")
		self.assertEqual((rma.status, rma.authorized_by), ("Authorized", MANAGER))
		self.assertOpen(order, "returns_expected")
		self.assertIn(f"{rma.name}, MT-CYL-01: 4", self.open_points(order)["returns_expected"])
		self.assertEqual(money.state(order)[1], "Invoiced")

		back = returns.receive(rma)
		self.assertEqual((back.return_authorization, back.items[0].warehouse), (rma.name, returns.RETURNS))
		self.assertEqual(returns.status(rma), "Received")
		self.assertEqual(self.returned(back), (4, 40))
		self.assertOpen(order, "returns_credited", "returns_judged")
		self.assertEqual(money.state(order)[1], "Invoiced")  # nothing is left to deliver

		rma = returns.judge(rma)
		self.assertEqual(rma.items[0].condition, "Defective")
		self.assertOpen(order, "returns_credited")
		# what came back is neither to be brought nor to be packed again
		self.assertEqual(ready_to_pack(order.name), {})
		with as_user(PRODUCER), self.assertRaises(frappe.ValidationError):
			make_transfer(order.name)

		note = returns.credit(rma)
		self.assertEqual((note.return_against, note.grand_total), (invoice.name, -400))
		self.assertEqual(returns.status(rma), "Settled")
		self.assertOpen(order, "paid")
		money.refund(note)
		self.assertClosed(order)
		# undone, in the order that people undo
		money.cancel(note)
		self.assertOpen(order, "returns_credited")
		self.assertEqual(returns.status(rma), "Received")
		act(back, "Cancel Delivery", SHIPPER)
		self.assertEqual(self.returned(back), (0, 0))
		self.assertOpen(order, "returns_expected")
		self.assertEqual(returns.status(rma), "Authorized")
		with as_user(MANAGER):
			returns.stored(rma).cancel()
		self.assertEqual(returns.status(rma), "Cancelled")
		self.assertClosed(order)

	def test_of_an_unpaid_invoice_the_customer_owes_less(self):
		order = money.order()
		delivery = money.ship(order)
		invoice = money.invoice(delivery)
		rma = returns.authorized(delivery, {"qty": 4})
		returns.receive(rma)
		returns.judge(rma)
		returns.credit(rma)
		self.assertEqual(frappe.db.get_value("Sales Invoice", invoice.name, "outstanding_amount"), 600)
		self.assertOpen(order, "paid")
		money.pay(invoice)
		self.assertClosed(order)

	def test_before_the_invoice_nothing_is_to_be_credited(self):
		order = money.order()
		delivery = money.ship(order)
		rma = returns.judge(self.received(delivery, 4))
		self.assertOpen(order, "billed")
		self.assertIn("600.00", self.open_points(order)["billed"])
		self.assertEqual(rma.status, "Settled")
		invoice = money.invoice(delivery)
		self.assertEqual(invoice.grand_total, 600)
		money.pay(invoice)
		self.assertClosed(order)

	def received(self, delivery, qty):
		rma = returns.authorized(delivery, {"qty": qty})
		returns.receive(rma)
		return rma

	def test_an_invoice_that_took_over_an_advance_is_credited(self):
		order = money.order()
		money.pay_in_advance(order, 1000)
		delivery = money.ship(order)
		invoice = money.invoice(delivery, allocate_advances_automatically=1)
		self.assertEqual(len(invoice.advances), 1)
		self.assertClosed(order)
		rma = returns.judge(self.received(delivery, 4))
		note = returns.credit(rma)
		self.assertEqual((note.advances, note.grand_total), ([], -400))
		money.refund(note)
		self.assertClosed(order)
		# ERPNext's own credit note brings them along, too
		with as_user(factories.CONTROLLER):
			own = make_sales_return(invoice.name)
			own.items[0].qty = -1
			self.assertEqual(own.insert().advances, [])

	def test_everything_came_back_and_the_order_closes(self):
		order, delivery, _invoice = self.closed_order()
		rma = returns.authorized(delivery)
		returns.receive(rma)
		returns.judge(rma)
		money.refund(returns.credit(rma))
		self.assertClosed(order)

	def test_in_parts_and_the_rest_never_comes(self):
		order, delivery, _invoice = self.closed_order()
		rma = returns.authorized(delivery, {"qty": 4})
		returns.receive(rma, 1)
		self.assertEqual(returns.status(rma), "Partly Received")
		returns.judge(rma)
		money.refund(returns.credit(rma))
		self.assertOpen(order, "returns_expected")
		with as_user(SUPPORT), self.assertRaises(frappe.PermissionError):
			steps.close(rma.name, "Scrapped by the customer.")
		with as_user(MANAGER), self.assertRaises(frappe.ValidationError):
			steps.close(rma.name, " ")
		with as_user(MANAGER):
			self.assertEqual(steps.close(rma.name, "Scrapped by the customer."), "Settled")
		self.assertClosed(order)
		with as_user(SHIPPER), self.assertRaisesRegex(frappe.ValidationError, "waits for nothing"):
			steps.make_return(rma.name)
		# the three that never came may be authorized anew
		self.assertEqual(returns.draft(delivery).items[0].qty, 9)

	def test_an_order_closed_by_hand_stays_closed(self):
		order = money.order()
		delivery = money.ship(order)
		invoice = money.invoice(delivery)
		money.commit()
		rest.call(APPROVER, UPDATE_STATUS, name=order.name, status="Closed")
		rma = returns.authorized(delivery, {"qty": 4})
		returns.receive(rma)
		returns.judge(rma)
		returns.credit(rma)
		money.pay(invoice)
		money.commit()
		self.assertEqual(money.state(order), ("Closed", "Closed"))
		self.assertEqual(returns.status(rma), "Settled")
		# nothing can be shipped again for it
		with self.assertRaisesRegex(frappe.ValidationError, "Open it first"):
			returns.authorized(delivery, {"qty": 1}, disposition="Replace")


class TestBundles(ReturnsCase):
	"""Bundles come back as their parts, and those have batches and serial numbers of their own."""

	def of_batches(self):
		"""A shipped delivery of three bundles of two pieces each, of two batches; the batches."""
		batches = deliveries.new_batch(), deliveries.new_batch()
		part = factories.make_item("MT-PART-01")
		order = money.order((factories.make_bundle("MT-BATCH-KIT", {"MT-BATCH-01": 2, part: 1}), 3, 100))
		deliveries.bring_parts(
			order,
			{"item_code": "MT-BATCH-01", "qty": 4, "batch_no": batches[0]},
			{"item_code": "MT-BATCH-01", "qty": 2, "batch_no": batches[1]},
			{"item_code": part, "qty": 3},
		)
		return deliveries.shipped(deliveries.packed(order)), batches

	def of_serials(self):
		"""A shipped delivery of two bundles of two pieces with serial numbers; the numbers."""
		factories.make_item("MT-SERIAL-01", has_serial_no=1, traceability_required="Serial")
		serials = [deliveries.new_serial() for _number in range(4)]
		order = money.order((factories.make_bundle("MT-SERIAL-KIT", {"MT-SERIAL-01": 2}), 2, 100))
		deliveries.bring_parts(
			order, {"item_code": "MT-SERIAL-01", "qty": 4, "serial_no": "\n".join(serials)}
		)
		return deliveries.shipped(deliveries.packed(order)), serials

	def receive_named(self, rma, **named):
		"""Receive a return, saying on its first part what came back."""
		with as_user(SHIPPER):
			back = returns.made("make_return", rma)
			back.packed_items[0].update(named)
			back.insert()
		return act(back, "Receive Return", SHIPPER)

	def came(self, back, what="batch_no"):
		return {name: -qty for name, qty in deliveries.left_with(back, what).items() if name}

	def test_somebody_says_which_batch_of_a_part_came_back(self):
		delivery, (first, second) = self.of_batches()
		rma = returns.authorized(delivery, {"qty": 1})
		with (
			as_user(SHIPPER),
			self.assertRaisesRegex(frappe.ValidationError, "choose which 2 of MT-BATCH-01"),
		):
			returns.made("make_return", rma).insert()
		with self.assertRaisesRegex(frappe.ValidationError, "cannot come back with this delivery"):
			self.receive_named(rma, batch_no=deliveries.new_batch())
		self.assertEqual(self.came(self.receive_named(rma, batch_no=second)), {second: 2})
		# the rest is no guess any more
		rma = returns.authorized(delivery, {"qty": 1})
		self.assertEqual(self.came(returns.receive(rma)), {first: 2})

	def test_all_of_two_batches_come_back(self):
		delivery, (first, second) = self.of_batches()
		back = returns.receive(returns.authorized(delivery))
		self.assertEqual(self.came(back), {first: 4, second: 2})
		act(back, "Cancel Delivery", SHIPPER)

	def test_the_authorization_says_it_beforehand(self):
		delivery, (_first, second) = self.of_batches()
		rma = returns.authorized(delivery, {"qty": 1, "batch_no": second})
		self.assertEqual(self.came(returns.receive(rma)), {second: 2})
		delivery, serials = self.of_serials()
		rma = returns.authorized(delivery, {"qty": 1, "serial_nos": "\n".join(serials[1:3])})
		self.assertEqual(self.came(returns.receive(rma), "serial_no"), dict.fromkeys(serials[1:3], 1))

	def test_serial_numbers_of_parts(self):
		delivery, serials = self.of_serials()
		rma = returns.authorized(delivery, {"qty": 1})
		with as_user(SHIPPER), self.assertRaisesRegex(frappe.ValidationError, serials[3]):
			returns.made("make_return", rma).insert()
		with self.assertRaisesRegex(frappe.ValidationError, "cannot come back with this delivery"):
			self.receive_named(rma, serial_no=f"{serials[0]}\n{deliveries.new_serial()}")
		back = self.receive_named(rma, serial_no="\n".join(serials[:2]))
		self.assertEqual(self.came(back, "serial_no"), dict.fromkeys(serials[:2], 1))
		rma = returns.authorized(delivery, {"qty": 1})
		self.assertEqual(self.came(returns.receive(rma), "serial_no"), dict.fromkeys(serials[2:], 1))

	def test_without_an_authorization_too(self):
		delivery, (first, second) = self.of_batches()
		self.assertEqual(self.came(money.take_back(delivery)), {first: 4, second: 2})


class TestShippedAgain(ReturnsCase):
	def test_what_is_replaced_goes_the_whole_way_again_without_another_bill(self):
		order, _delivery, _invoice = self.closed_order()
		rma = returns.authorized(order, {"qty": 4}, disposition="Replace")
		self.assertOpen(order, "returns_expected")
		returns.receive(rma)
		returns.judge(rma)
		self.assertOpen(order, "returns_replaced")
		self.assertIn(f"{rma.name}, MT-CYL-01: 4", self.open_points(order)["returns_replaced"])
		self.assertEqual(money.state(order)[1], "Partially Shipped")
		# what came back lies elsewhere: nothing can be packed before it is brought again
		self.assertEqual(ready_to_pack(order.name), {})
		self.assertLess(frappe.db.get_value("Sales Order", order.name, "per_final_pack"), 100)
		again = self.ship_again(order, 4)
		self.assertEqual(returns.status(rma), "Settled")
		self.assertClosed(order)
		self.assertEqual(frappe.db.get_value("Sales Order", order.name, "per_final_pack"), 100)
		with self.assertRaises(frappe.ValidationError):
			money.invoice(again)
		# no figure is off: adding up from nothing finds no difference
		self.assertEqual(closing.out_of_step([order.name]), {})

		act(again, "Cancel Delivery", SHIPPER)
		self.assertOpen(order, "returns_replaced")
		self.assertEqual(returns.status(rma), "Received")

	def test_all_of_it_is_in_production_again(self):
		order, delivery, _invoice = self.closed_order()
		rma = returns.authorized(delivery, disposition="Replace")
		returns.receive(rma)
		self.assertOpen(order, "returns_judged", "returns_replaced")
		self.assertEqual(money.state(order)[1], "In Production")

	def test_the_replacement_counts_before_what_was_never_shipped(self):
		order = money.order()
		delivery = money.ship(order, 4)
		rma = returns.judge(self.received(delivery, 1, "Replace"))
		self.assertOpen(order, "billed", "delivered", "returns_replaced")
		self.assertIn("1. MT-CYL-01: 6", self.open_points(order)["delivered"])
		deliveries.bring(order, 1)
		deliveries.shipped(deliveries.packed(order))
		self.assertEqual(returns.status(rma), "Settled")
		self.assertOpen(order, "billed", "delivered")

	def received(self, delivery, qty, disposition):
		rma = returns.authorized(delivery, {"qty": qty}, disposition=disposition)
		returns.receive(rma)
		return rma

	def test_what_is_reworked_goes_out_again_with_its_serial_number(self):
		doc, serials = deliveries.serialised(3)
		delivery = deliveries.shipped(doc)
		order = frappe.get_doc("Sales Order", delivery.items[0].against_sales_order)
		money.pay(money.invoice(delivery))
		self.assertClosed(order)
		rma = returns.authorized(delivery, {"qty": 1, "serial_nos": serials[1]}, disposition="Rework")
		returns.receive(rma)
		self.assertEqual(frappe.db.get_value("Serial No", serials[1], "warehouse"), returns.RETURNS)
		returns.judge(rma)
		self.assertOpen(order, "returns_replaced")
		with as_user(PRODUCER):
			entry = make_transfer(order.name)
			entry.items[0].update(
				{"s_warehouse": returns.RETURNS, "serial_no": serials[1], "use_serial_batch_fields": 1}
			)
			entry.insert().submit()
		again = deliveries.packed(order)
		self.assertEqual([row.serial_nos for row in again.traceability], [serials[1]])
		deliveries.shipped(again)
		self.assertEqual(returns.status(rma), "Settled")
		self.assertClosed(order)
		# it is the second delivery that it may come back from now
		with self.assertRaisesRegex(frappe.ValidationError, "came back"):
			returns.draft(delivery, {"qty": 1, "serial_nos": serials[1]})
		self.assertEqual(returns.draft(again).items[0].serial_nos, serials[1])

	def test_another_disposition_is_taken_while_nothing_is_done(self):
		order, delivery, _invoice = self.closed_order()
		rma = self.received(delivery, 4, "Replace")
		returns.judge(rma)
		self.assertOpen(order, "returns_replaced")
		self.change(rma, "Credit")
		self.assertOpen(order, "returns_credited")
		self.assertEqual(frappe.db.get_value("Sales Order", order.name, "per_final_pack"), 100)
		money.refund(returns.credit(rma))
		self.assertClosed(order)
		with self.assertRaisesRegex(frappe.ValidationError, "credited or shipped again"):
			self.change(rma, "Replace")

	def change(self, rma, disposition):
		with as_user(MANAGER):
			doc = returns.stored(rma)
			doc.items[0].disposition = disposition
			doc.save()


class TestWhatMayComeBack(ReturnsCase):
	def test_no_more_than_was_shipped_and_has_not_come_back(self):
		delivery = money.ship(money.order())
		first = returns.authorized(delivery, {"qty": 4})
		self.refused("6 of what this delivery", delivery, {"qty": 7})
		money.take_back(delivery, 2)  # a return without an authorization, as ever
		self.refused("4 of what this delivery", delivery, {"qty": 5})
		draft = returns.draft(delivery, {"qty": 4})
		returns.receive(first)
		returns.submit(draft)
		with self.assertRaisesRegex(frappe.ValidationError, "Nothing of it can come back"):
			returns.draft(delivery)
		self.refused_rows("cannot come back", delivery, qty=1)
		self.refused_rows("how many", delivery, qty=0)

	def refused(self, words, delivery, *rows, **fields):
		with self.assertRaisesRegex(frappe.ValidationError, words):
			returns.draft(delivery, *rows, **fields)

	def refused_rows(self, words, delivery, **values):
		"""What is typed, and not made from the delivery, is refused too."""
		row = {"delivery_note_item": delivery.items[0].name, "disposition": "Credit", **values}
		with as_user(SUPPORT), self.assertRaisesRegex(frappe.ValidationError, words):
			frappe.get_doc({"doctype": "Return Authorization", "reason": "Other", "items": [row]}).insert()

	def test_it_names_what_comes_back(self):
		with as_user(SUPPORT), self.assertRaisesRegex(frappe.ValidationError, "Add what comes back"):
			frappe.new_doc("Return Authorization").insert()

	def test_batches_are_those_of_the_delivery(self):
		doc, (batch, other) = deliveries.batched()
		delivery = deliveries.shipped(doc)
		self.refused(f"batch {other} of MT-BATCH-01 was not shipped", delivery, {"batch_no": other})
		rma = returns.authorized(delivery, {"qty": 2})
		self.assertEqual(rma.items[0].batch_no, batch)
		back = returns.receive(rma)
		bundle = frappe.get_doc("Serial and Batch Bundle", back.items[0].serial_and_batch_bundle)
		self.assertEqual([(row.batch_no, row.qty) for row in bundle.entries], [(batch, 2)])

	def test_of_a_batch_that_is_to_come_back_no_more_is_offered(self):
		doc, (first, second) = deliveries.of_batches()
		delivery = deliveries.shipped(doc)
		returns.authorized(delivery, {"qty": 5, "batch_no": first})
		self.assertEqual([(row.batch_no, row.qty) for row in returns.draft(delivery).items], [(second, 5)])

	def test_serial_numbers_are_named_and_those_of_the_delivery(self):
		doc, serials = deliveries.serialised(3)
		delivery = deliveries.shipped(doc)
		elsewhere = deliveries.serialised(1)[1][0]
		self.refused("was not shipped", delivery, {"qty": 1, "serial_nos": elsewhere})
		self.refused("named twice", delivery, {"qty": 2, "serial_nos": f"{serials[0]}\n{serials[0]}"})
		draft = returns.draft(delivery, {"qty": 2, "serial_nos": serials[0]})
		with self.assertRaisesRegex(frappe.ValidationError, "name the serial number of each of 2"):
			returns.submit(draft)
		rma = returns.authorized(delivery, {"qty": 2, "serial_nos": "\n".join(serials[:2])})
		self.refused(f"with {rma.name} already", delivery, {"qty": 1, "serial_nos": serials[0]})
		with as_user(SHIPPER):
			back = steps.make_return(rma.name)
			back.items[0].serial_no = "\n".join([serials[0], serials[2]])
			with self.assertRaisesRegex(frappe.ValidationError, "out of those that were authorized"):
				back.insert()
			back = steps.make_return(rma.name)
			back.items[0].update({"qty": -1, "serial_no": serials[1]})
			back.insert()
		act(back, "Receive Return", SHIPPER)
		self.assertEqual(steps_expected(rma), (1, serials[0]))
		returns.receive(rma)
		self.assertEqual(returns.status(rma), "Received")

	def test_a_return_takes_no_more_than_was_authorized_and_nothing_else(self):
		item = factories.make_item("MT-CYL-02")
		delivery = money.ship(money.order((factories.make_item(), 10, 100), (item, 4, 50)), 10, 4)
		rma = returns.authorized(delivery, {"qty": 4})
		with as_user(SHIPPER):
			for words, change in (
				("more than the return authorization waits for, which is 4", {"qty": -5}),
				("does not wait for", {"dn_detail": delivery.items[1].name}),
				("where goods are packed", {"warehouse": FINAL_PACK}),
			):
				back = steps.make_return(rma.name)
				back.items[0].update(change)
				with self.subTest(words), self.assertRaisesRegex(frappe.ValidationError, words):
					back.insert()
			drafts = [steps.make_return(rma.name).insert() for _number in range(2)]
		act(drafts[0], "Receive Return", SHIPPER)
		with self.assertRaisesRegex(frappe.ValidationError, "does not wait for"):
			act(drafts[1], "Receive Return", SHIPPER)
		# an authorization that received something is not cancelled
		with as_user(MANAGER), self.assertRaises(frappe.ValidationError):
			returns.stored(rma).cancel()

	def test_the_credit_note_is_no_more_than_came_back(self):
		_order, delivery, invoice = self.closed_order()
		rma = returns.authorized(delivery, {"qty": 4})
		with as_user(SUPPORT), self.assertRaisesRegex(frappe.ValidationError, "billed and to be credited"):
			steps.make_credit_note(rma.name)
		returns.receive(rma)
		with as_user(SUPPORT), self.assertRaisesRegex(frappe.ValidationError, "condition first"):
			steps.make_credit_note(rma.name)
		with as_user(SUPPORT):
			note = make_sales_return(invoice.name)
			note.return_authorization = rma.name
			note.items[0].qty = -4
			with self.assertRaisesRegex(frappe.ValidationError, "condition first"):
				note.insert()
		returns.judge(rma)
		with as_user(SUPPORT):
			note = steps.make_credit_note(rma.name)
			note.items[0].qty = -5
			with self.assertRaisesRegex(frappe.ValidationError, "4 Nos of MT-CYL-01 came back"):
				note.insert()
			note = steps.make_credit_note(rma.name)
			note.append("items", frappe.copy_doc(note.items[0]))
			with self.assertRaisesRegex(frappe.ValidationError, ": 0 Nos of MT-CYL-01 came back"):
				note.insert()
		drafts = [returns.credit(rma, submit=False) for _number in range(2)]
		with as_user(SUPPORT):
			drafts[0].submit()
			with self.assertRaisesRegex(frappe.ValidationError, "not credited yet"):
				returns.stored(drafts[1]).submit()

	def test_what_was_billed_by_order_is_credited_line_by_line(self):
		order = money.order(("MT-CYL-01", 10, 100), (factories.make_item("MT-CYL-02"), 4, 50))
		delivery = money.ship(order)
		money.invoice_order(order)
		rma = returns.authorized(delivery, {"qty": 1}, {"qty": 4})
		returns.receive(rma)
		returns.judge(rma)
		self.assertEqual(
			[(row.item_code, row.qty) for row in returns.credit(rma).items],
			[("MT-CYL-01", -1), ("MT-CYL-02", -4)],
		)

	def test_a_delivery_of_several_orders(self):
		orders = [money.order(customer=factories.make_customer("Two Orders Inc.")) for _number in range(2)]
		for order in orders:
			deliveries.bring(order)
		with as_user(PACKER):
			doc = deliveries.make_delivery_note(orders[0].name)
			doc = deliveries.make_delivery_note(orders[1].name, doc).insert()
		delivery = deliveries.shipped(doc)
		money.pay(money.invoice(delivery))
		for order in orders:
			self.assertClosed(order)
		rma = returns.authorized(
			delivery, {"qty": 1, "disposition": "Credit"}, {"qty": 2, "disposition": "Replace"}
		)
		self.assertEqual([row.sales_order for row in rma.items], [order.name for order in orders])
		for order, said in zip(
			orders, ("1 Nos MT-CYL-01 (Credit)", "2 Nos MT-CYL-01 (Replace)"), strict=True
		):
			about = {"reference_name": order.name, "content": ("like", "Return authorized%")}
			self.assertTrue(frappe.db.get_value("Comment", about, "content").endswith(f": {said}"))
		returns.receive(rma)
		returns.judge(rma)
		self.assertOpen(orders[0], "returns_credited")
		self.assertOpen(orders[1], "returns_replaced")
		note = returns.credit(rma)
		self.assertEqual((len(note.items), note.grand_total), (1, -100))
		self.assertEqual(returns.status(rma), "Received")
		self.ship_again(orders[1], 2)
		self.assertEqual(returns.status(rma), "Settled")
		money.refund(note)
		for order in orders:
			self.assertClosed(order)
		# made from one of the orders, only its lines are on it
		self.assertEqual({row.sales_order for row in returns.draft(orders[1]).items}, {orders[1].name})

	def test_several_deliveries_on_one_authorization(self):
		order = money.order()
		first, second = money.ship(order, 4), money.ship(order, 6)
		rma = returns.authorized(order, {"qty": 1}, {"qty": 2})
		self.assertEqual([row.delivery_note for row in rma.items], [first.name, second.name])
		back = returns.receive(rma, delivery_note=second.name)
		self.assertEqual((back.return_against, [row.qty for row in back.items]), (second.name, [-2]))
		self.assertEqual(returns.status(rma), "Partly Received")
		returns.receive(rma)
		self.assertEqual(returns.status(rma), "Received")

	def test_bundles_come_back_whole(self):
		doc, batch = deliveries.kits(2)
		doc = deliveries.choose_for_part(doc, batch)
		delivery = deliveries.shipped(doc)
		rma = returns.authorized(delivery, {"qty": 1}, disposition="Replace")
		back = returns.receive(rma)
		self.assertEqual([flt(row.qty) for row in back.packed_items], [-2, -1])
		self.assertEqual({row.warehouse for row in back.packed_items}, {returns.RETURNS})
		with as_user(PRODUCER):
			entry = make_transfer(delivery.items[0].against_sales_order)
		self.assertEqual([row.qty for row in entry.items], [2, 1])

	def test_without_an_authorization_it_is_brought_again_from_where_it_came_back_to(self):
		order, delivery, _invoice = self.closed_order()
		money.take_back(delivery, 4)  # ERPNext takes it to the warehouse for returns
		self.assertOpen(order, "returns")
		self.assertEqual(ready_to_pack(order.name), {})
		self.assertLess(frappe.db.get_value("Sales Order", order.name, "per_final_pack"), 100)
		self.ship_again(order, 4)
		self.assertClosed(order)

	def test_there_is_a_place_for_what_comes_back(self):
		delivery = money.ship(money.order())
		rma = returns.authorized(delivery, {"qty": 1})
		frappe.db.set_value("Company", factories.COMPANY, "default_warehouse_for_sales_return", FINAL_PACK)
		frappe.clear_document_cache("Company", factories.COMPANY)
		try:
			with as_user(SHIPPER), self.assertRaisesRegex(frappe.ValidationError, "(?i)default warehouse"):
				steps.make_return(rma.name)
		finally:
			returns.setup_returns()


class TestWhoDoesWhat(ReturnsCase):
	def test_each_step_is_its_role_s(self):
		delivery = money.ship(money.order())
		for user in (PACKER, PRODUCER, SHIPPER, QA, ACCOUNTS):
			with as_user(user), self.assertRaises(frappe.PermissionError):
				steps.make_for_delivery(delivery.name).insert()
		draft = returns.draft(delivery, {"qty": 4})
		for user in (SUPPORT, SHIPPER, QA):
			with self.assertRaises(frappe.PermissionError):
				returns.submit(draft, user)
		rma = returns.submit(draft)
		rows = [{"name": rma.items[0].name, "condition": "Used"}]
		with as_user(QA), self.assertRaisesRegex(frappe.ValidationError, "has not come back"):
			steps.record_condition(rma.name, rows)
		for user in (SUPPORT, QA, ACCOUNTS):
			with as_user(user), self.assertRaises(frappe.PermissionError):
				steps.make_return(rma.name).insert()
		returns.receive(rma)
		for user in (SUPPORT, MANAGER, SHIPPER):
			with as_user(user), self.assertRaises(frappe.PermissionError):
				steps.record_condition(rma.name, rows)
		self.assertEqual(returns.judge(rma, "Used").items[0].condition, "Used")

	def test_what_the_server_keeps_is_not_written_by_anybody(self):
		other = money.order((factories.make_item("MT-CYL-02"), 1, 50))
		delivery = money.ship(money.order())
		with as_user(SUPPORT):
			doc = steps.make_for_delivery(delivery.name)
			doc.update({"reason": "Other", "status": "Settled", "authorized_by": SUPPORT, "closed": 1})
			doc.items[0].update(
				{
					"disposition": "Credit",
					"received_qty": 9,
					"condition": "Used",
					"item_code": other.items[0].item_code,
					"sales_order": other.name,
				}
			)
			doc.insert()
		self.assertEqual((doc.status, doc.authorized_by, doc.closed), ("Draft", None, 0))
		row = doc.items[0]
		self.assertEqual((row.received_qty, row.condition), (0, None))
		self.assertEqual(row.sales_order, delivery.items[0].against_sales_order)
		rma = returns.submit(doc)
		with as_user(MANAGER):
			doc = returns.stored(rma)
			doc.update({"status": "Settled", "closed": 1, "remarks": "Call first."})
			doc.items[0].update({"received_qty": 10, "settled_qty": 10, "condition": "Used"})
			doc.save()
		rma = returns.stored(rma)
		self.assertEqual((rma.status, rma.closed, rma.remarks), ("Authorized", 0, "Call first."))
		self.assertEqual((rma.items[0].received_qty, rma.items[0].condition), (0, None))

	def test_rows_are_not_written_around_the_authorization(self):
		rma = returns.authorized(money.ship(money.order()), {"qty": 4})
		row = rma.items[0]
		table = "/api/resource/Return Authorization Item"
		new = {**row.as_dict(no_default_fields=True), "parent": rma.name, "parenttype": rma.doctype}
		for user in (SUPPORT, MANAGER):
			for method, path, values in (
				("POST", table, {**new, "parentfield": "items", "qty": 6}),
				("PUT", f"{table}/{row.name}", {"settled_qty": 4}),
				("DELETE", f"{table}/{row.name}", None),
			):
				with self.subTest(user, method=method):
					self.assertEqual(rest.request(user, method, path, values).status, 403)
		self.assertEqual([row.qty for row in returns.stored(rma).items], [4])
		self.assertIn(rma.name, frappe.get_print(rma.doctype, rma.name, "Return Authorization"))

	def test_orders_and_deliveries_show_their_returns(self):
		from frappe.desk.notifications import get_open_count

		order = money.order()
		delivery = money.ship(order)
		rma = returns.authorized(delivery, {"qty": 4})
		for doc in (order, delivery):
			with as_user(SUPPORT):
				found = get_open_count(doc.doctype, doc.name)["count"]["external_links_found"]
			counts = {row["doctype"]: row["count"] for row in found}
			self.assertEqual(counts["Return Authorization"], 1)
		returns.receive(rma)
		with as_user(SUPPORT):
			found = get_open_count(rma.doctype, rma.name)["count"]
		self.assertIn(
			("Delivery Note", 1), [(row["doctype"], row["count"]) for row in found["external_links_found"]]
		)

	def test_the_sweep_mends_what_an_event_missed(self):
		order, delivery, _invoice = self.closed_order()
		rma = returns.authorized(delivery, {"qty": 4})
		frappe.db.after_commit.reset()  # the server died after the commit
		frappe.flags.orders_to_settle.clear()
		money.commit()
		self.assertEqual(money.state(order)[0], "Closed")
		self.assertIn(order.name, closing.closed_in_doubt())
		closing.settle_in_sets(closing.closed_in_doubt())
		self.assertOpen(order, "returns_expected")
		returns.receive(rma)
		money.commit()
		frappe.db.set_value("Return Authorization Item", rma.items[0].name, "received_qty", 1)
		self.assertEqual(closing.out_of_step([order.name]), {order.name: "mend returns"})
		closing.settle_in_sets([order.name])
		self.assertEqual(returns.stored(rma).items[0].received_qty, 4)


class TestSideBySide(ReturnsCase):
	"""Two people at once: real processes, real commits. What is made here stays on the site."""

	def assertOneOfTwo(self, words, said):
		self.assertEqual(sorted(word.split(" ")[0] for word in said), ["done", "failed:"], said)
		self.assertIn(words, " ".join(said))

	def test_what_comes_back_is_authorized_received_and_credited_once(self):
		_order, delivery, _invoice = self.closed_order()
		drafts = [returns.draft(delivery, {"qty": 6}) for _number in range(2)]
		said = concurrency.run(*((MANAGER, "submit", doc) for doc in drafts), overlap=False)
		self.assertOneOfTwo("cannot come back", said)
		rma = returns.stored(drafts[said.index("done")])
		with as_user(SHIPPER):
			backs = [steps.make_return(rma.name).insert() for _number in range(2)]
		said = concurrency.run(*((SHIPPER, "Receive Return", doc) for doc in backs), overlap=False)
		self.assertOneOfTwo("does not wait for", said)
		returns.judge(rma)
		notes = [returns.credit(rma, submit=False) for _number in range(2)]
		said = concurrency.run(*((SUPPORT, "submit", doc) for doc in notes), overlap=False)
		self.assertOneOfTwo("not credited yet", said)
		self.assertEqual(returns.status(rma), "Settled")

	def to_be_replaced(self):
		"""An order of 10 of which 6 have shipped and 4 are at Final Pack; the authorization of 2, of which
		one has come back."""
		order = money.order()
		rma = returns.authorized(money.ship(order, 6), {"qty": 2}, disposition="Replace")
		returns.receive(rma, 1)
		deliveries.bring(order, 4)
		return order, returns.stored(rma)

	def test_another_disposition_does_not_wait_for_who_packs_the_order(self):
		order, rma = self.to_be_replaced()
		said = concurrency.run((MANAGER, "credit instead", rma), (PACKER, "pack", order))
		self.assertEqual(said, ["done", "done"])
		self.assertEqual(returns.stored(rma).items[0].disposition, "Credit")

	def test_another_disposition_and_a_receipt_do_not_wait_for_each_other(self):
		_order, rma = self.to_be_replaced()
		with as_user(SHIPPER):
			back = steps.make_return(rma.name).insert()
		said = concurrency.run(
			(MANAGER, "credit instead", rma), (SHIPPER, "Receive Return", back), overlap=False
		)
		self.assertEqual(said, ["done", "done"])
		rma = returns.stored(rma)
		self.assertEqual((rma.items[0].disposition, rma.items[0].received_qty), ("Credit", 2))


def steps_expected(rma) -> tuple[float, str]:
	"""Quantity and serial numbers of the first row that the authorization still waits for."""
	with as_user(SHIPPER):
		row = steps.make_return(rma.name).items[0]
	return -row.qty, row.serial_no
