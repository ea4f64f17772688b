from unittest.mock import patch

import frappe
from erpnext.stock.doctype.delivery_note.delivery_note import make_sales_invoice, make_sales_return
from frappe.tests.utils import change_settings

from metalcraft_workflow.facts.final_pack import ready_to_pack
from metalcraft_workflow.gates.guard import GateNotMet
from metalcraft_workflow.steps.final_pack import make_delivery_note
from metalcraft_workflow.tests.support import deliveries, factories
from metalcraft_workflow.tests.support.cases import FinalPackCase
from metalcraft_workflow.tests.support.factories import (
	ACCOUNTS,
	APPROVER,
	COMPANY,
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
from metalcraft_workflow.tests.support.mail_account import make_account, without_account

EVERYBODY = (SUPPORT, APPROVER, PRODUCER, PACKER, QA, SHIPPER, ACCOUNTS, MANAGER)


class TestShipping(FinalPackCase):
	def test_a_delivery_travels_to_shipped(self):
		doc = deliveries.delivery()
		self.assertEqual(doc.workflow_state, "Packing")
		order = frappe.get_doc("Sales Order", doc.items[0].against_sales_order)
		self.assertEqual(doc.items[0].customer_po_no, order.po_no)
		doc = deliveries.shipped(doc)
		self.assertEqual((doc.workflow_state, doc.docstatus), ("Shipped", 1))
		order.reload()
		self.assertEqual(order.per_delivered, 100)
		records = frappe.get_all(
			"Release Record",
			{"reference_name": doc.name},
			["gate", "user", "role"],
			order_by="creation, name",
		)
		self.assertEqual(
			{(row.gate, row.user, row.role) for row in records},
			{
				("complete_packing", PACKER, "Final Pack"),
				("release_documents", PACKER, "Final Pack"),
				("clear", SUPPORT, "Customer Support"),
				("ship", SHIPPER, "Shipping"),
			},
		)

	def test_each_requirement_in_turn(self):
		doc = deliveries.cleared(deliveries.delivery())
		values = {"carrier": "Road Runner", "tracking_number": "1Z", "ship_date": "2030-01-01", "packages": 1}
		for fieldname in values:
			others = {name: value for name, value in values.items() if name != fieldname}
			deliveries.edit(doc, SHIPPER, **{name: None for name in values})
			deliveries.edit(doc, SHIPPER, **others)
			label = {"ship_date": "date", "packages": "packages"}.get(fieldname, fieldname.replace("_", " "))
			with self.subTest(fieldname), self.assertRefused(label, exception=GateNotMet):
				act(doc, "Ship", SHIPPER)
		deliveries.edit(doc, SHIPPER, **values)
		self.assertEqual(act(doc, "Ship", SHIPPER).docstatus, 1)

	def test_one_zero_too_many_makes_no_packages(self):
		doc = deliveries.delivery()
		with self.assertRefused("999 packages at most", "100000"):
			deliveries.edit(doc, PACKER, packages=100000)
		doc.db_set("packages", 100000)  # from before it was refused
		doc.reload()
		html = frappe.get_print(doc.doctype, doc.name, "Package Label", doc=doc)
		self.assertEqual(html.count('class="label"'), 999)

	def test_nobody_ships_what_is_not_cleared(self):
		doc = act(deliveries.delivery(), "Complete Packing", PACKER)
		for user in EVERYBODY:
			with self.subTest(user), as_user(user), self.assertRaises(frappe.PermissionError):
				frappe.get_doc("Delivery Note", doc.name).submit()

	def test_an_order_in_change_review_stops_the_shipment(self):
		doc = deliveries.ready_to_ship(deliveries.cleared(deliveries.delivery()))
		order = frappe.get_doc("Sales Order", doc.items[0].against_sales_order)
		factories.change_quantity(order, 12)
		with self.assertRefused(order.name, "accept the changes", exception=GateNotMet):
			act(doc, "Ship", SHIPPER)

	def test_what_one_gate_does_not_demand_another_does(self):
		doc = deliveries.ready_to_ship(deliveries.cleared(deliveries.delivery()))
		factories.change_quantity(frappe.get_doc("Sales Order", doc.items[0].against_sales_order), 12)
		settings = frappe.get_doc("Metalcraft Settings")
		for row in settings.gate_requirements:
			if (row.gate, row.requirement) == ("clear", "order_released"):
				row.demanded = 0
		settings.save()
		with self.assertRefused("accept the changes", exception=GateNotMet):
			act(doc, "Ship", SHIPPER)

	def test_no_change_slips_in_with_the_shipment(self):
		doc = deliveries.ready_to_ship(deliveries.cleared(deliveries.delivery()))
		with as_user(SHIPPER):
			doc = frappe.get_doc("Delivery Note", doc.name)
			doc.items[0].qty = 9
			doc.workflow_state = "Shipped"
			with self.assertRefused("changed after the clearance", exception=GateNotMet):
				doc.submit()

	def test_price_and_address_are_part_of_the_clearance(self):
		elsewhere = factories.make_address(factories.make_customer(), address_line1="Elsewhere 1")
		for fields in ({"additional_discount_percentage": 50}, {"shipping_address_name": elsewhere}):
			doc = deliveries.cleared(deliveries.delivery())
			self.assertEqual(
				deliveries.edit(doc, SHIPPER, **fields).workflow_state, "Awaiting Clearance", fields
			)

	def test_tracking_stays_editable_by_shipping_alone(self):
		doc = deliveries.shipped(deliveries.delivery())
		for user in (SUPPORT, APPROVER, PRODUCER, PACKER, QA, ACCOUNTS, MANAGER):
			with self.subTest(user), self.assertRaises(frappe.PermissionError):
				deliveries.edit(doc, user, tracking_number="FAKE")
		values = {
			"carrier": "Snail Mail",
			"tracking_number": "S-1",
			"tracking_url": "https://snail.example.com/S-1",
		}
		doc = deliveries.edit(doc, SHIPPER, **values)
		self.assertEqual({name: doc.get(name) for name in values}, values)
		self.assertEqual(doc.workflow_state, "Shipped")
		with self.assertRaises(frappe.ValidationError):
			deliveries.edit(doc, SHIPPER, packages=7)

	def test_tracking_of_batches_and_serials_stays_editable(self):
		for make in (deliveries.batched, lambda: deliveries.serialised(2)):
			doc = deliveries.shipped(make()[0])
			doc = deliveries.edit(doc, SHIPPER, tracking_number="S-2")
			self.assertEqual((doc.workflow_state, doc.tracking_number), ("Shipped", "S-2"))

	def test_stock_that_erpnext_picks_ships_and_stays_shipped(self):
		item = factories.make_item("MT-BATCH-FREE", has_batch_no=1, create_new_batch=1)
		order = deliveries.approved_order((item, 3, 100))
		deliveries.bring(order, batch_no=deliveries.new_batch(item), use_serial_batch_fields=1)
		with as_user(PACKER):
			doc = make_delivery_note(order.name)
			doc.items[0].update({"batch_no": None, "use_serial_batch_fields": 0})
			doc.insert()
		doc = deliveries.shipped(doc)
		doc = deliveries.edit(doc, SHIPPER, tracking_number="S-3")
		self.assertEqual(doc.workflow_state, "Shipped")

	def test_everybody_is_told_when_it_is_their_turn(self):
		doc = deliveries.ready_to_ship(deliveries.cleared(deliveries.delivery()))
		told = frappe.get_all(
			"Notification Log",
			{"document_type": "Delivery Note", "document_name": doc.name},
			["for_user", "subject"],
		)
		states = {
			(row.for_user, word)
			for row in told
			for word in ("Awaiting Clearance", "Cleared")
			if word in row.subject
		}
		self.assertIn((SUPPORT, "Awaiting Clearance"), states)
		self.assertIn((SHIPPER, "Cleared"), states)
		self.assertNotIn((PACKER, "Cleared"), states)

	def test_cancelling_is_for_shipping(self):
		doc = deliveries.shipped(deliveries.delivery())
		for user in (SUPPORT, APPROVER, PRODUCER, PACKER, QA, ACCOUNTS, MANAGER):
			with self.subTest(user), as_user(user), self.assertRaises(frappe.PermissionError):
				frappe.get_doc("Delivery Note", doc.name).cancel()
		doc = act(doc, "Cancel Delivery", SHIPPER)
		self.assertEqual((doc.workflow_state, doc.docstatus), ("Cancelled", 2))
		self.assertEqual(
			frappe.db.get_value("Sales Order", doc.items[0].against_sales_order, "per_delivered"), 0
		)

	def test_an_amended_delivery_starts_over(self):
		doc = act(deliveries.shipped(deliveries.delivery()), "Cancel Delivery", SHIPPER)
		with as_user(PACKER):
			new = frappe.copy_doc(frappe.get_doc("Delivery Note", doc.name), ignore_no_copy=False)
			new.update({"amended_from": doc.name, "carrier": doc.carrier, "packages": 2, "docstatus": 0})
			new.workflow_state = doc.workflow_state
			new.insert()
		self.assertEqual((new.workflow_state, new.docstatus), ("Packing", 0))
		self.assertFalse(new.carrier or new.packages or new.shipment_documents)


class TestCustomerMail(FinalPackCase):
	def setUp(self):
		make_account()

	def mails(self, doc) -> list:
		return frappe.get_all(
			"Email Queue",
			{"reference_doctype": "Delivery Note", "reference_name": doc.name},
			["name", "message"],
		)

	def comments(self, doc) -> str:
		return " ".join(
			frappe.get_all(
				"Comment", {"reference_name": doc.name, "comment_type": "Comment"}, pluck="content"
			)
		)

	def ready(self, email: str | None = "buyer@customer.test", order_email: str | None = None):
		doc = deliveries.delivery()
		doc.db_set("contact_email", email)
		frappe.db.set_value("Sales Order", doc.items[0].against_sales_order, "contact_email", order_email)
		return deliveries.ready_to_ship(deliveries.cleared(doc))

	def recipients(self, mail) -> list[str]:
		return frappe.get_all("Email Queue Recipient", {"parent": mail.name}, pluck="recipient")

	def test_the_customer_is_told(self):
		doc = act(self.ready(), "Ship", SHIPPER)
		(mail,) = self.mails(doc)
		self.assertEqual(self.recipients(mail), ["buyer@customer.test"])
		text = frappe.get_doc("Email Queue", mail.name).message
		content = decoded(text)
		for word in (doc.carrier, doc.tracking_number, "MT-CYL-01", doc.items[0].customer_po_no):
			self.assertIn(word, content)
		deliveries.edit(doc, SHIPPER, tracking_number="OTHER")
		self.assertEqual(len(self.mails(doc)), 1)

	def test_what_people_typed_is_text_in_the_mail(self):
		doc = deliveries.edit(self.ready(), SHIPPER, carrier="<b>Smith & Sons</b>")
		(mail,) = self.mails(act(doc, "Ship", SHIPPER))
		content = decoded(frappe.get_doc("Email Queue", mail.name).message)
		self.assertIn("&lt;b&gt;Smith", content)

	def test_the_contact_of_the_order_is_second_choice(self):
		doc = act(self.ready(None, "orders@customer.test"), "Ship", SHIPPER)
		self.assertEqual(self.recipients(self.mails(doc)[0]), ["orders@customer.test"])

	def test_nobody_to_tell_is_said_on_the_delivery_note(self):
		doc = act(self.ready(None), "Ship", SHIPPER)
		self.assertEqual((doc.docstatus, self.mails(doc)), (1, []))
		self.assertIn("was not mailed the notice of shipment", self.comments(doc))

	def test_a_failing_mail_never_stops_a_shipment(self):
		doc = self.ready()
		with patch("frappe.sendmail", side_effect=frappe.OutgoingEmailError("No account")):
			frappe.clear_messages()
			doc = act(doc, "Ship", SHIPPER)
		self.assertEqual(doc.docstatus, 1)
		self.assertIn("No account", self.comments(doc))
		# said once, as a hint beside the form, and not as a failure
		(said,) = frappe.get_message_log()
		self.assertEqual((said.alert, said.get("raise_exception")), (1, None))

	def test_without_an_account_the_shipment_stands(self):
		doc = self.ready()
		without_account()
		doc = act(doc, "Ship", SHIPPER)
		self.assertEqual((doc.docstatus, self.mails(doc)), (1, []))
		self.assertIn("was not mailed the notice of shipment", self.comments(doc))

	@change_settings("Metalcraft Settings", {"mail_shipped": 0})
	def test_the_settings_can_switch_it_off(self):
		doc = act(self.ready(), "Ship", SHIPPER)
		self.assertEqual((self.mails(doc), self.comments(doc)), ([], ""))


class TestReturns(FinalPackCase):
	def test_shipping_receives_a_return(self):
		doc = deliveries.shipped(deliveries.delivery())
		before = stock()
		with as_user(SHIPPER):
			back = make_sales_return(doc.name)
			back.items[0].qty = -4
			back.insert()
		self.assertEqual((back.workflow_state, back.documents_required), ("Packing", 0))
		# what has not arrived yet is not packed again
		self.assertEqual(ready_to_pack(doc.items[0].against_sales_order), {})
		back = act(back, "Receive Return", SHIPPER)
		self.assertEqual((back.workflow_state, back.docstatus), ("Return Received", 1))
		self.assertEqual(stock() - before, 4)
		self.assertEqual(
			frappe.db.get_value("Sales Order", doc.items[0].against_sales_order, "per_delivered"), 60
		)

	def test_batches_and_serials_come_back(self):
		for make in (deliveries.batched, lambda: deliveries.serialised(2)):
			doc = deliveries.shipped(make()[0])
			with as_user(SHIPPER):
				back = make_sales_return(doc.name).insert()
			self.assertEqual(act(back, "Receive Return", SHIPPER).docstatus, 1)

	def test_a_return_cannot_take_the_way_of_a_delivery(self):
		doc = deliveries.shipped(deliveries.delivery())
		with as_user(SHIPPER):
			back = make_sales_return(doc.name).insert()
		for action, user in (("Complete Packing", PACKER), ("Ship", SHIPPER)):
			with self.assertRaises(frappe.ValidationError):
				act(back, action, user)
		for user in (PACKER, SUPPORT, QA):
			with as_user(user), self.assertRaises(frappe.PermissionError):
				frappe.get_doc("Delivery Note", back.name).submit()

	def test_a_delivery_cannot_take_the_way_of_a_return(self):
		doc = deliveries.delivery()
		with self.assertRaises(frappe.ValidationError):
			act(doc, "Receive Return", SHIPPER)
		with as_user(SHIPPER):
			doc = frappe.get_doc("Delivery Note", doc.name)
			doc.is_return = 1
			doc.workflow_state = "Return Received"
			with self.assertRaises((frappe.PermissionError, frappe.ValidationError)):
				doc.submit()

	def test_a_return_of_nothing_is_refused(self):
		factories.make_stock(factories.make_item(), 1)
		customer = factories.make_customer()
		with as_user(SHIPPER):
			back = frappe.get_doc(
				{
					"doctype": "Delivery Note",
					"is_return": 1,
					"customer": customer,
					"company": factories.COMPANY,
					"items": [{"item_code": "MT-CYL-01", "qty": -1, "rate": 100, "warehouse": FINAL_PACK}],
				}
			).insert()
		with self.assertRefused("Delivery Note that these goods", exception=GateNotMet):
			act(back, "Receive Return", SHIPPER)

	def test_a_received_return_can_be_cancelled(self):
		doc = deliveries.shipped(deliveries.delivery())
		with as_user(SHIPPER):
			back = make_sales_return(doc.name).insert()
		back = act(back, "Receive Return", SHIPPER)
		self.assertEqual(act(back, "Cancel Delivery", SHIPPER).workflow_state, "Cancelled")


class TestStockInvoice(FinalPackCase):
	def test_an_invoice_does_not_deliver(self):
		from erpnext.selling.doctype.sales_order.sales_order import make_sales_invoice as of_order

		order = deliveries.approved_order()
		deliveries.bring(order)
		with as_user(SUPPORT):
			invoice = of_order(order.name)
			invoice.update_stock = 1
			with self.assertRefused(order.name, "Update Stock"):
				invoice.insert()
			invoice.update_stock = 0
			invoice.insert()

	def test_an_invoice_without_an_order_takes_nothing_from_final_pack(self):
		order = deliveries.approved_order()
		deliveries.bring(order)
		line = {"item_code": "MT-CYL-01", "qty": 1, "rate": 100, "warehouse": FINAL_PACK}
		for named in ({}, {"so_detail": order.items[0].name}):
			with as_user(SUPPORT), self.assertRefused("Final Pack", "Update Stock"):
				frappe.get_doc(
					{
						"doctype": "Sales Invoice",
						"customer": order.customer,
						"company": COMPANY,
						"update_stock": 1,
						"items": [{**line, **named}],
					}
				).insert()

	def test_the_invoice_of_a_delivery_is_let_through(self):
		doc = deliveries.shipped(deliveries.delivery())
		with as_user(SUPPORT):
			self.assertTrue(make_sales_invoice(doc.name).insert().name)

	def test_an_invoice_without_stock_costs_nothing(self):
		from metalcraft_workflow.steps.shipping import refuse_stock_invoice

		with self.assertQueryCount(0):
			refuse_stock_invoice(frappe._dict(update_stock=0))


def stock() -> float:
	return frappe.db.get_value("Bin", {"item_code": "MT-CYL-01", "warehouse": FINAL_PACK}, "actual_qty") or 0


def decoded(message: str) -> str:
	"""The text of a queued mail, whatever its encoding."""
	from email import message_from_string

	return " ".join(
		part.get_payload(decode=True).decode()
		for part in message_from_string(message).walk()
		if part.get_content_maintype() == "text"
	)
