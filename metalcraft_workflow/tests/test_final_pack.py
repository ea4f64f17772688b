import frappe
from erpnext.stock.doctype.delivery_note.delivery_note import make_sales_return
from frappe.utils import add_days, nowdate

from metalcraft_workflow.gates.checklist import get_checklist
from metalcraft_workflow.gates.guard import GateNotMet
from metalcraft_workflow.gates.waiver import waive
from metalcraft_workflow.steps import final_pack, quality, traceability
from metalcraft_workflow.steps.final_pack import make_delivery_note
from metalcraft_workflow.steps.transfer import make_transfer
from metalcraft_workflow.tests.support import concurrency, deliveries, factories, money, rest, sourcing
from metalcraft_workflow.tests.support.cases import FinalPackCase
from metalcraft_workflow.tests.support.cost import counted
from metalcraft_workflow.tests.support.factories import (
	FINAL_PACK,
	MANAGER,
	PACKER,
	QA,
	SHIPPER,
	SUPPORT,
	act,
	as_user,
)
from metalcraft_workflow.tests.support.marks import needs_batches_without_locks


class TestDeliveryNoteOfOrder(FinalPackCase):
	def test_it_is_filled_with_what_is_at_final_pack(self):
		items = factories.make_item(), factories.make_item("MT-CYL-02")
		order = deliveries.approved_order((items[0], 10, 100), (items[1], 4, 50))
		deliveries.bring(order, 6)
		doc = deliveries.packed(order)
		self.assertEqual(
			[(row.item_code, row.qty, row.warehouse) for row in doc.items], [(items[0], 6, FINAL_PACK)]
		)
		self.assertEqual(doc.net_total, 600)
		self.assertEqual(doc.items[0].customer_po_no, order.po_no)

		deliveries.bring(order, 4, 4)
		second = deliveries.packed(order)
		self.assertEqual([(row.item_code, row.qty) for row in second.items], [(items[0], 4), (items[1], 4)])

	def test_nothing_ready_is_said_in_a_sentence(self):
		order = deliveries.approved_order()
		with as_user(PACKER), self.assertRefused("Nothing of Sales Order", order.name):
			make_delivery_note(order.name)
		deliveries.bring(order)
		deliveries.packed(order)
		with as_user(PACKER), self.assertRefused("Nothing of Sales Order", order.name):
			make_delivery_note(order.name)

	def test_it_says_where_to_set_the_warehouse_that_is_missing(self):
		order = deliveries.approved_order()
		deliveries.bring(order)
		self.addCleanup(factories.make_settings)
		settings = frappe.get_doc("Metalcraft Settings")
		settings.warehouses = [row for row in settings.warehouses if row.company != factories.COMPANY]
		settings.save()
		with (
			as_user(PACKER),
			self.assertRefused("Set the Final Pack warehouse", factories.COMPANY, "Metalcraft Settings"),
		):
			make_delivery_note(order.name)

	def test_one_note_carries_several_orders(self):
		first, second = deliveries.approved_order(), deliveries.approved_order()
		deliveries.bring(first)
		deliveries.bring(second, 3)
		with as_user(PACKER):
			doc = make_delivery_note(second.name, frappe.as_json(make_delivery_note(first.name)))
			doc.insert()
		self.assertEqual(
			[(row.qty, row.customer_po_no) for row in doc.items], [(10, first.po_no), (3, second.po_no)]
		)

	def test_where_the_parts_of_a_bundle_come_from_is_part_of_the_packing(self):
		part = factories.make_item("MT-PART-01")
		order = deliveries.approved_order((factories.make_bundle("MT-KIT-01", {part: 2}), 5, 100))
		factories.make_stock(part, 10, factories.PRODUCTION)
		with as_user(factories.PRODUCER):
			entry = make_transfer(order.name)
			entry.items[0].s_warehouse = factories.PRODUCTION
			entry.insert().submit()
		doc = deliveries.cleared(deliveries.packed(order))
		with as_user(factories.SHIPPER):
			doc.reload()
			doc.packed_items[0].warehouse = factories.PRODUCTION
			doc.save()
		self.assertEqual(frappe.db.get_value("Delivery Note", doc.name, "workflow_state"), "Packing")

	def test_adding_an_order_twice_takes_nothing_twice(self):
		order = deliveries.approved_order()
		deliveries.bring(order)
		with as_user(PACKER):
			doc = make_delivery_note(order.name)
			with self.assertRefused("Nothing of Sales Order"):
				make_delivery_note(order.name, doc)

	def test_who_may_not_make_delivery_notes_is_refused(self):
		order = deliveries.approved_order()
		deliveries.bring(order)
		for user in (SUPPORT, QA):
			with as_user(user), self.assertRaises(frappe.PermissionError):
				make_delivery_note(order.name)

	def test_no_more_than_is_there(self):
		order = deliveries.approved_order()
		deliveries.bring(order, 6)
		doc = deliveries.packed(order)
		with as_user(PACKER):
			doc.items[0].qty = 7
			with self.assertRefused("Row 1", "7 Nos", "6 Nos", order.name):
				doc.save()

	def test_no_more_than_other_notes_leave(self):
		order = deliveries.approved_order()
		deliveries.bring(order, 6)
		with as_user(PACKER):
			first, second = make_delivery_note(order.name), make_delivery_note(order.name)
			first.items[0].qty = 4
			first.insert()
			with self.assertRefused("Row 1", "6 Nos", "2 Nos"):
				second.insert()
			second.items[0].qty = 2
			second.insert()
			# deleting the first gives its goods back
			first.delete()
			second.items[0].qty = 6
			second.save()

	def test_erpnext_route_meets_the_same_check(self):
		from erpnext.selling.doctype.sales_order.sales_order import make_delivery_note as vanilla

		order = deliveries.approved_order()
		deliveries.bring(order, 6)
		with as_user(PACKER), self.assertRefused("Row 1", "10 Nos", "6 Nos"):
			vanilla(order.name).insert()

	def test_two_rows_of_one_order_line_count_together(self):
		order = deliveries.approved_order()
		deliveries.bring(order, 6)
		doc = deliveries.packed(order)
		row = doc.items[0].as_dict()
		with as_user(PACKER):
			doc.append("items", {**row, "name": None, "idx": None, "qty": 1})
			with self.assertRefused("Row 2", "7 Nos", "6 Nos"):
				doc.save()

	def test_a_line_that_is_being_packed_or_invoiced_stays_on_the_order(self):
		order = deliveries.approved_order(
			(factories.make_item(), 10, 100), (factories.make_item("MT-CYL-02"), 4, 50)
		)
		deliveries.bring(order)
		note = deliveries.packed(order)
		with self.assertRefused("Row #2", "MT-CYL-02", note.name):
			factories.remove_lines(order, 2)
		with as_user(PACKER):
			note.set("items", note.items[:1])
			note.save()
		invoice = money.draft_invoice_of_order(order)
		with self.assertRefused("Row #2", invoice.name):
			factories.remove_lines(order, 2)
		with as_user("Administrator"):
			invoice.delete()
		factories.remove_lines(order, 2)
		self.assertEqual(len(frappe.get_doc("Sales Order", order.name).items), 1)
		act(order, "Accept Changes", "approver2@metalcraft.test")
		deliveries.shipped(frappe.get_doc("Delivery Note", note.name))

	def test_order_in_change_review_is_not_packed(self):
		order = deliveries.approved_order()
		deliveries.bring(order)
		with as_user(PACKER):
			doc = make_delivery_note(order.name)
		factories.change_quantity(order, 12)
		with as_user(PACKER), self.assertRefused(order.name, "accept the changes"):
			doc.insert()

	def test_packing_does_not_complete_while_the_order_is_in_review(self):
		doc = deliveries.delivery()
		order = doc.items[0].against_sales_order
		factories.change_quantity(frappe.get_doc("Sales Order", order), 12)
		deliveries.edit(doc, PACKER, packing_notes="Can still be written down")
		with self.assertRefused(order, "accept the changes", exception=GateNotMet):
			act(doc, "Complete Packing", PACKER)

	def test_goods_that_were_taken_back_stop_the_packing(self):
		order = deliveries.approved_order()
		deliveries.bring(order)
		doc = deliveries.packed(order)
		entry = frappe.get_last_doc("Stock Entry", {"sales_order": order.name})
		entry.cancel()
		with self.assertRefused("Row 1", "0 Nos", exception=GateNotMet):
			act(doc, "Complete Packing", PACKER)

	def test_services_are_packed_with_the_goods(self):
		service = factories.make_item("MT-SERVICE", is_stock_item=0)
		order = deliveries.approved_order((factories.make_item(), 2, 100), (service, 1, 80))
		deliveries.bring(order)
		doc = deliveries.packed(order)
		self.assertEqual([row.item_code for row in doc.items], ["MT-CYL-01", service])
		self.assertEqual(act(doc, "Complete Packing", PACKER).workflow_state, "Awaiting Clearance")

	def test_a_note_without_an_order_ships_when_a_manager_says_so(self):
		factories.make_stock(factories.make_item(), 5)
		customer = factories.make_customer()
		with as_user(PACKER):
			doc = frappe.get_doc(
				{
					"doctype": "Delivery Note",
					"customer": customer,
					"company": factories.COMPANY,
					"items": [{"item_code": "MT-CYL-01", "qty": 5, "rate": 100, "warehouse": FINAL_PACK}],
				}
			).insert()
		with self.assertRefused("Rows 1: no sales order", exception=GateNotMet):
			act(doc, "Complete Packing", PACKER)
		with as_user(MANAGER):
			waive("Delivery Note", doc.name, "complete_packing", "order", "Samples for a fair")
		self.assertEqual(deliveries.shipped(doc).workflow_state, "Shipped")


class TestTraceability(FinalPackCase):
	def test_batch_rows_follow_the_line(self):
		doc, batches = deliveries.batched()
		self.assertEqual(
			[(row.line_no, row.item_code, row.qty, row.batch_no, row.heat_no) for row in doc.traceability],
			[(1, "MT-BATCH-01", 5, batches[0], f"HEAT-{batches[0]}")],
		)
		with as_user(PACKER):
			doc.traceability[0].source_purchase_order = None
			doc.traceability[0].heat_no = "TYPED"
			doc.save()
			self.assertEqual(doc.traceability[0].heat_no, "TYPED")
			doc.items[0].batch_no = batches[1]
			doc.save()
		self.assertEqual(
			[(row.batch_no, row.heat_no) for row in doc.traceability], [(batches[1], f"HEAT-{batches[1]}")]
		)

	def test_a_line_takes_all_batches_that_came(self):
		doc, batches = deliveries.batched()
		with as_user(PACKER):
			rest = make_delivery_note(doc.items[0].against_sales_order)
		self.assertEqual([(row.qty, row.batch_no) for row in rest.traceability], [(5, batches[1])])
		doc.delete()
		doc = deliveries.packed(frappe.get_doc("Sales Order", rest.items[0].against_sales_order))
		self.assertEqual([row.qty for row in doc.items], [10])
		self.assertEqual(
			[(row.line_no, row.qty, row.batch_no, row.heat_no) for row in doc.traceability],
			[(1, 5, batch, f"HEAT-{batch}") for batch in batches],
		)
		doc = deliveries.shipped(doc)
		self.assertEqual(deliveries.left_with(doc), {batch: 5 for batch in batches})

	def test_stock_takes_what_the_rows_name(self):
		"""And not what is oldest, as ERPNext chooses when a line names nothing."""
		doc, batches = deliveries.batched()
		with as_user(PACKER):
			doc.traceability[0].batch_no = batches[1]
			doc.save()
			self.assertEqual(
				(doc.items[0].batch_no, doc.traceability[0].heat_no), (batches[1], f"HEAT-{batches[1]}")
			)
			doc.traceability[0].update({"batch_no": batches[0], "qty": 2})
			doc.append("traceability", {"item_code": "MT-BATCH-01", "batch_no": batches[1]})
			doc.save()
			self.assertEqual(
				[(row.batch_no, row.qty) for row in doc.traceability], [(batches[0], 2), (batches[1], 3)]
			)
			self.assertFalse(doc.items[0].batch_no)
			# another quantity: the rows stay, and wait to be made to add up
			doc.items[0].qty = 4
			doc.save()
			self.assertEqual([row.qty for row in doc.traceability], [2, 3])
			self.assertFalse(doc.items[0].serial_and_batch_bundle)
		with self.assertRefused("Row 1", "all 4 of MT-BATCH-01", "named for 5", exception=GateNotMet):
			act(doc, "Complete Packing", PACKER)
		with as_user(PACKER):
			doc.reload()
			doc.traceability[1].qty = 2
			doc.save()
		self.assertEqual(deliveries.left_with(deliveries.shipped(doc)), {batch: 2 for batch in batches})

	def test_serial_numbers_in_several_batches(self):
		item = factories.make_item(
			"MT-SERIAL-BATCH", has_serial_no=1, has_batch_no=1, traceability_required="Serial"
		)
		order = deliveries.approved_order((item, 3, 100))
		batches = [deliveries.new_batch(item), deliveries.new_batch(item)]
		serials = [deliveries.new_serial() for _number in range(3)]
		for batch, some in ((batches[0], serials[:2]), (batches[1], serials[2:])):
			deliveries.bring(
				order, len(some), batch_no=batch, serial_no="\n".join(some), use_serial_batch_fields=1
			)
		doc = deliveries.packed(order)
		self.assertEqual(
			[(row.batch_no, row.qty, row.serial_nos.split("\n")) for row in doc.traceability],
			[(batches[0], 2, serials[:2]), (batches[1], 1, serials[2:])],
		)
		self.assertEqual(
			deliveries.left_with(deliveries.shipped(doc), "serial_no"), dict.fromkeys(serials, 1)
		)

	def test_packing_waits_for_the_batch(self):
		doc, batches = deliveries.batched(choose=False)
		self.assertEqual([(row.qty, row.batch_no) for row in doc.traceability], [(5, None)])
		# ERPNext would choose the oldest batch: nothing is guessed
		doc = deliveries.edit(doc, PACKER, packing_notes="Later")
		with as_user(PACKER):
			doc.items[0].use_serial_batch_fields = 1
			doc.save()
		self.assertEqual((doc.items[0].batch_no, doc.traceability[0].batch_no), (None, None))
		with self.assertRefused("Row 1", "batch", "5", "MT-BATCH-01", exception=GateNotMet):
			act(doc, "Complete Packing", PACKER)
		with as_user(PACKER):
			doc.reload()
			doc.items[0].batch_no = batches[0]
			doc.items[0].use_serial_batch_fields = 1
			doc.save()
		self.assertEqual(len(doc.traceability), 1)
		self.assertEqual(act(doc, "Complete Packing", PACKER).workflow_state, "Awaiting Clearance")

	def test_batches_ship(self):
		doc, batches = deliveries.batched()
		doc = deliveries.shipped(doc)
		self.assertEqual(doc.docstatus, 1)
		self.assertEqual(doc.traceability[0].batch_no, batches[0])

	def test_a_batch_is_not_promised_twice(self):
		doc, batches = deliveries.batched()
		other = deliveries.approved_order(("MT-BATCH-01", 5, 100))
		deliveries.bring(other, batch_no=deliveries.new_batch(), use_serial_batch_fields=1)
		with as_user(PACKER):
			second = make_delivery_note(other.name)
			second.traceability[0].batch_no = batches[0]
			with self.assertRefused("Row 1", batches[0], doc.name):
				second.insert()

	def test_the_order_can_ask_for_more_than_the_item(self):
		item = factories.make_item()
		order = factories.make_order((item, 2, 100))
		order.items[0].traceability_required = "Heat"
		order.save()
		order = factories.approve(order)
		deliveries.bring(order)
		doc = deliveries.packed(order)
		self.assertEqual([(row.item_code, row.qty) for row in doc.traceability], [(item, 2)])
		with self.assertRefused("Row 1", "heat number", exception=GateNotMet):
			act(doc, "Complete Packing", PACKER)
		with as_user(PACKER):
			doc.reload()
			doc.traceability[0].update({"qty": 1, "heat_no": "H1"})
			doc.append("traceability", {"item_code": item, "qty": 1, "heat_no": "H2"})
			doc.save()
		self.assertEqual([row.heat_no for row in doc.traceability], ["H1", "H2"])
		self.assertEqual(doc.traceability[1].delivery_note_item, doc.items[0].name)
		self.assertEqual(act(doc, "Complete Packing", PACKER).workflow_state, "Awaiting Clearance")

	def test_a_variant_names_what_its_template_asks_for(self):
		template = factories.make_item("MT-T-TEMPLATE", traceability_required="Heat")
		variant = factories.make_item("MT-T-VARIANT")
		frappe.db.set_value("Item", variant, "variant_of", template)
		doc = deliveries.delivery((variant, 2, 100))
		self.assertEqual([(row.item_code, row.qty) for row in doc.traceability], [(variant, 2)])
		with self.assertRefused("Row 1", "heat number", variant, exception=GateNotMet):
			act(doc, "Complete Packing", PACKER)

		frappe.db.set_value("Item", variant, "traceability_required", "None")
		doc = deliveries.delivery((variant, 2, 100))
		self.assertFalse(doc.traceability)
		self.assertEqual(act(doc, "Complete Packing", PACKER).workflow_state, "Awaiting Clearance")

	def test_parts_of_a_bundle_take_what_came_for_them(self):
		doc, batch = deliveries.kits(5, choose=True)
		self.assertEqual(
			[(row.line_no, row.item_code, row.qty, row.batch_no, row.heat_no) for row in doc.traceability],
			[(1, "MT-BATCH-01", 10, batch, f"HEAT-{batch}")],
		)
		self.assertEqual(deliveries.left_with(deliveries.shipped(doc))[batch], 10)

	def test_an_item_that_is_ordered_alone_and_in_a_bundle(self):
		batch = deliveries.new_batch()
		part = factories.make_item("MT-PART-01")
		bundle = factories.make_bundle("MT-BATCH-KIT", {"MT-BATCH-01": 2, part: 1})
		lines = [("MT-BATCH-01", 10, 10), (bundle, 2, 100)]
		for alone in (0, 1):
			order = deliveries.approved_order(*(lines[::-1] if alone else lines))
			named = {"item_code": "MT-BATCH-01", "batch_no": batch}
			deliveries.bring_parts(order, {**named, "qty": 10}, line=alone)
			deliveries.bring_parts(order, {**named, "qty": 4}, {"item_code": part, "qty": 2}, line=1 - alone)
			doc = deliveries.packed(order)
			self.assertEqual(
				{row.line_no: row.qty for row in doc.traceability}, {alone + 1: 10, 2 - alone: 4}
			)
			deliveries.shipped(doc)

	def test_what_came_back_to_final_pack_is_named_again(self):
		doc, (batch, _other) = deliveries.of_batches()
		delivery = deliveries.shipped(doc)
		self.come_back(delivery, 3, batch_no=batch)
		again = deliveries.packed(frappe.get_doc("Sales Order", delivery.items[0].against_sales_order))
		self.assertEqual([(row.batch_no, row.qty) for row in again.traceability], [(batch, 3)])
		deliveries.shipped(again)
		doc, serials = deliveries.serialised(3)
		delivery = deliveries.shipped(doc)
		self.come_back(delivery, 1, serial_no=serials[1])
		again = deliveries.packed(frappe.get_doc("Sales Order", delivery.items[0].against_sales_order))
		self.assertEqual([row.serial_nos for row in again.traceability], [serials[1]])

	def come_back(self, delivery, qty, **named):
		"""A return without an authorization, received at Final Pack."""
		with as_user("Administrator"):
			back = make_sales_return(delivery.name)
			back.items[0].update(
				{"qty": -qty, "warehouse": FINAL_PACK, "use_serial_batch_fields": 1, **named}
			)
			back.items[0].serial_and_batch_bundle = None
			back.insert()
		act(back, "Receive Return", SHIPPER)

	def test_parts_of_a_bundle_name_their_batches(self):
		doc, batch = deliveries.kits(5)
		self.assertEqual(
			[(row.line_no, row.item_code, row.qty, row.batch_no) for row in doc.traceability],
			[(1, "MT-BATCH-01", 10, None)],
		)
		with self.assertRefused("Row 1", "batch", "10", "MT-BATCH-01", exception=GateNotMet):
			act(doc, "Complete Packing", PACKER)
		doc = deliveries.choose_for_part(doc, batch)
		self.assertEqual(
			[(row.item_code, row.qty, row.batch_no, row.heat_no) for row in doc.traceability],
			[("MT-BATCH-01", 10, batch, f"HEAT-{batch}")],
		)
		doc = deliveries.shipped(doc)
		self.assertEqual((doc.docstatus, doc.traceability[0].batch_no), (1, batch))
		bundle = doc.packed_items[0].serial_and_batch_bundle
		self.assertEqual(
			frappe.get_all("Serial and Batch Entry", {"parent": bundle}, ["batch_no", "qty"]),
			[{"batch_no": batch, "qty": -10}],
		)

	def test_rows_of_parts_outlive_the_packing_list(self):
		"""ERPNext makes the list of parts anew when the lines change."""
		doc, batch = deliveries.kits(5)
		order = deliveries.approved_order()
		deliveries.bring(order)
		with as_user(PACKER):
			doc = deliveries.choose_for_part(doc, batch)
			doc.traceability[0].heat_no = "TYPED"
			doc.save()
			row = doc.traceability[0].name
			doc = make_delivery_note(order.name, frappe.get_doc("Delivery Note", doc.name))
			doc.save()
		self.assertEqual(
			[(row.name, row.item_code, row.batch_no, row.heat_no) for row in doc.traceability],
			[(row, "MT-BATCH-01", batch, "TYPED")],
		)

	def test_a_row_typed_for_a_part_finds_its_line(self):
		doc, batch = deliveries.kits(5)
		with as_user(PACKER):
			doc.set("traceability", [])
			doc.append("traceability", {"item_code": "MT-BATCH-01", "qty": 4, "batch_no": batch})
			doc.save()
		self.assertEqual(doc.traceability[0].delivery_note_item, doc.items[0].name)
		with self.assertRefused("Row 1", "10 of MT-BATCH-01", "named for 4", exception=GateNotMet):
			act(doc, "Complete Packing", PACKER)

	def test_the_batch_of_a_part_is_not_promised_twice(self):
		first, batch = deliveries.kits(5)
		deliveries.choose_for_part(first, batch)
		second, _other = deliveries.kits(5)
		with self.assertRefused("Row 1", batch, first.name):
			deliveries.choose_for_part(second, batch)

	def test_another_batch_of_a_part_after_packing_voids_it(self):
		doc, batch = deliveries.kits(5)
		doc = deliveries.cleared(deliveries.choose_for_part(doc, batch))
		doc = deliveries.choose_for_part(doc, None, factories.SHIPPER)
		self.assertEqual(doc.workflow_state, "Packing")

	def test_serial_numbers(self):
		doc, serials = deliveries.serialised(2)
		self.assertEqual(doc.traceability[0].serial_nos.split("\n"), serials)
		doc = deliveries.shipped(doc)
		self.assertEqual(frappe.db.get_value("Serial No", serials[0], "status"), "Delivered")

	def test_packing_waits_for_each_serial_number(self):
		doc, serials = deliveries.serialised(2)
		with as_user(PACKER):
			doc.items[0].serial_no = serials[0]
			doc.save()
		with self.assertRefused("Row 1", "serial number", "2", exception=GateNotMet):
			act(doc, "Complete Packing", PACKER)

	def test_a_serial_number_is_not_promised_twice(self):
		doc, serials = deliveries.serialised(1)
		order = deliveries.approved_order(("MT-SERIAL-01", 1, 100))
		deliveries.bring(order, serial_no=deliveries.new_serial(), use_serial_batch_fields=1)
		with as_user(PACKER):
			second = make_delivery_note(order.name)
			second.traceability[0].serial_nos = serials[0]
			with self.assertRefused("Row 1", serials[0], doc.name):
				second.insert()

	def test_rows_of_removed_lines_go(self):
		doc, _batches = deliveries.batched()
		with as_user(PACKER):
			order = deliveries.approved_order()
			deliveries.bring(order)
			doc = make_delivery_note(order.name, frappe.get_doc("Delivery Note", doc.name))
			doc.remove(doc.items[0])
			doc.save()
		self.assertEqual([row.item_code for row in doc.items], ["MT-CYL-01"])
		self.assertFalse(doc.traceability)

	def test_an_item_that_is_not_on_the_note(self):
		doc = deliveries.delivery()
		item = factories.make_item("MT-CYL-02")
		with as_user(PACKER):
			doc.append("traceability", {"item_code": item, "qty": 1})
			with self.assertRefused("Traceability row 1", "MT-CYL-02"):
				doc.save()

	def test_missing_traceability_can_be_waived_with_a_reason(self):
		doc, _batches = deliveries.batched(choose=False)
		with as_user(PACKER), self.assertRaises(frappe.PermissionError):
			waive("Delivery Note", doc.name, "complete_packing", "traceability", "no")
		with as_user(MANAGER):
			waive("Delivery Note", doc.name, "complete_packing", "traceability", "Sample without papers")
		self.assertEqual(act(doc, "Complete Packing", PACKER).workflow_state, "Awaiting Clearance")

	def test_the_checklist_says_what_is_missing(self):
		doc, _batches = deliveries.batched(choose=False)
		with as_user(PACKER):
			(gate,) = get_checklist("Delivery Note", doc.name)
		self.assertEqual(gate["action"], "Complete Packing")
		missing = {row["code"]: row["message"] for row in gate["requirements"] if not row["met"]}
		self.assertEqual(list(missing), ["traceability"])
		self.assertIn("Row 1", missing["traceability"])

	def test_a_change_of_lines_after_packing_voids_it(self):
		doc, _batches = deliveries.batched()
		doc = deliveries.cleared(doc)
		with as_user(SUPPORT):
			act(doc, "Revoke Clearance", SUPPORT, "Customer wants fewer")
			doc = frappe.get_doc("Delivery Note", doc.name)
			doc.items[0].qty = 4
			doc.save()
		self.assertEqual(frappe.db.get_value("Delivery Note", doc.name, "workflow_state"), "Packing")


class TestBadInput(FinalPackCase):
	"""By the REST API, with the packer's own key: a sentence that says which row, and nothing is saved."""

	def assertNothingSaved(self, doc, rows, *words):
		before = frappe.get_all("Traceability Entry", {"parent": doc.name}, ["*"], order_by="idx")
		answer = rest.request(
			PACKER, "PUT", f"/api/resource/Delivery Note/{doc.name}", {"traceability": rows}
		)
		self.assertEqual(answer.status, 417, answer.words)
		for word in words:
			self.assertIn(word, answer.words)
		self.assertEqual(
			frappe.get_all("Traceability Entry", {"parent": doc.name}, ["*"], order_by="idx"), before
		)

	def test_batches(self):
		doc, _batches = deliveries.batched()
		item = "MT-BATCH-01"
		other = factories.make_item("MT-BATCH-OTHER", has_batch_no=1)
		known = {
			"belongs to item MT-BATCH-OTHER": deliveries.new_batch(other),
			"has expired on": deliveries.new_batch(expiry_date=add_days(nowdate(), -1)),
			"is disabled": deliveries.new_batch(disabled=1),
		}
		for words, batch in known.items():
			with self.subTest(words):
				rows = [{"item_code": item, "qty": 5, "batch_no": batch}]
				self.assertNothingSaved(doc, rows, "Traceability row 1", batch, words)
		row = {"item_code": item, "qty": 5, "batch_no": doc.traceability[0].batch_no}
		self.assertNothingSaved(doc, [{**row, "batch_no": "NO-SUCH"}], "Row #1", "NO-SUCH")
		self.assertNothingSaved(doc, [{**row, "qty": -5}], "Traceability row 1: enter a quantity above zero")
		self.assertNothingSaved(doc, [row, {**row, "qty": 2}], f"Row 1: 5 of {item}", "name 7", "add up to 5")
		nowhere = deliveries.new_batch()
		self.assertNothingSaved(doc, [{**row, "batch_no": nowhere}], "Row 1: 0 of batch", nowhere, FINAL_PACK)

	def test_serial_numbers(self):
		doc, serials = deliveries.serialised(2)
		item = "MT-SERIAL-01"
		elsewhere, gone, foreign = (deliveries.new_serial() for _number in range(3))
		factories.make_stock(item, 1, factories.PRODUCTION, serial_no=elsewhere, use_serial_batch_fields=1)
		other = factories.make_item("MT-SERIAL-OTHER", has_serial_no=1)
		factories.make_stock(other, 1, serial_no=foreign, use_serial_batch_fields=1)
		order = deliveries.approved_order((item, 1, 100))
		deliveries.bring(order, serial_no=gone, use_serial_batch_fields=1)
		left = deliveries.shipped(deliveries.packed(order))
		for serial, words in (
			("NO-SUCH", f"Traceability row 1: there is no serial number NO-SUCH of {item}"),
			(foreign, f"Traceability row 1: serial number {foreign} belongs to item {other}"),
			(
				elsewhere,
				f"Row 1: serial number {elsewhere} is in {factories.PRODUCTION}, not in {FINAL_PACK}",
			),
			(gone, f"Row 1: serial number {gone} has left with Delivery Note {left.name}"),
			(serials[0], f"{serials[0]} of {item} is named 2 times"),
		):
			with self.subTest(words):
				rows = [{"item_code": item, "serial_nos": "\n".join([serials[0], serial])}]
				self.assertNothingSaved(doc, rows, words)

	def test_a_cancelled_delivery_is_not_what_a_serial_number_left_with(self):
		doc, _serials = deliveries.serialised(1)
		first, (serial,) = deliveries.serialised(1)
		first = act(deliveries.shipped(first), "Cancel Delivery", SHIPPER)
		order = frappe.get_doc("Sales Order", first.items[0].against_sales_order)
		second = deliveries.shipped(deliveries.packed(order))
		# Whichever the calendar names last
		of_first, tomorrow = {"voucher_no": first.name}, add_days(nowdate(), 1)
		has_time = frappe.get_meta("Serial and Batch Bundle").has_field("posting_datetime")
		field = "posting_datetime" if has_time else "posting_date"
		frappe.db.set_value("Serial and Batch Bundle", of_first, field, tomorrow)
		rows = [{"item_code": "MT-SERIAL-01", "serial_nos": serial}]
		self.assertNothingSaved(doc, rows, f"{serial} has left with Delivery Note {second.name}")


class TestOriginOfRows(FinalPackCase):
	def test_goods_made_here_name_the_heats_of_what_went_into_them(self):
		steel = factories.make_item("MT-STEEL", has_batch_no=1)
		cylinder = factories.make_item("MT-MADE-CYL", has_batch_no=1, traceability_required="Heat")
		heats = [deliveries.new_batch(steel, heat_no=None) for _number in range(2)]
		receipts = [
			sourcing.receive(steel, 5, batch_no=batch, heat_no=f"H-{batch}", supplier_lot="L-5", order=True)
			for batch in heats
		]
		made = deliveries.new_batch(cylinder, heat_no=None)
		sourcing.manufacture(
			sourcing.make_bom(cylinder, {steel: 1}), 4, made, {steel: {heats[0]: 2, heats[1]: 2}}
		)
		order = deliveries.approved_order((cylinder, 4, 100))
		deliveries.transfer(order, 4, batch_no=made)
		doc = deliveries.packed(order)
		(row,) = doc.traceability
		self.assertEqual(
			(row.batch_no, set(row.heat_no.split(", "))), (made, {f"H-{batch}" for batch in heats})
		)
		self.assertEqual((row.supplier, row.supplier_lot), (receipts[0].supplier, "L-5"))
		self.assertFalse(row.source_purchase_order)  # there are two
		self.assertEqual(deliveries.shipped(doc).docstatus, 1)

	def test_goods_that_were_bought_name_their_receipt(self):
		item = factories.make_item("MT-BOUGHT", has_batch_no=1, traceability_required="Heat")
		batches = [deliveries.new_batch(item, heat_no=None) for _number in range(2)]
		receipts = [
			sourcing.receive(item, 5, batch_no=batch, heat_no=f"H-{batch}", order=True) for batch in batches
		]
		certificate = deliveries.certify(batches[0])
		order = deliveries.approved_order((item, 5, 100))
		deliveries.transfer(order, 5, batch_no=batches[0])
		deliveries.transfer(deliveries.approved_order((item, 5, 100)), 5, batch_no=batches[1])
		doc = deliveries.packed(order)

		def said(row):
			return row.heat_no, row.source_purchase_order, row.purchase_receipt, row.certificate

		self.assertEqual(
			said(doc.traceability[0]),
			(f"H-{batches[0]}", receipts[0].items[0].purchase_order, receipts[0].name, certificate),
		)
		# another batch, and it says nothing of the first any more
		with as_user(PACKER):
			doc.traceability[0].batch_no = batches[1]
			doc.save()
		self.assertEqual(
			said(doc.traceability[0]),
			(f"H-{batches[1]}", receipts[1].items[0].purchase_order, receipts[1].name, None),
		)
		# what is typed stays, and packing does not complete while the batch says something else
		with as_user(PACKER):
			doc.traceability[0].heat_no = "H-OTHER"
			doc.save()
		with self.assertRefused(
			"Traceability row 1", f"is of heat H-{batches[1]}", "H-OTHER", exception=GateNotMet
		):
			act(doc, "Complete Packing", PACKER)


class TestCost(FinalPackCase):
	def test_saving_again_costs_few_queries(self):
		"""What step 8 and 9 add to a save that changes no line, however many lines there are."""
		items = [(factories.make_item(f"MT-MANY-{number}"), 1, 10) for number in range(12)]
		doc = deliveries.delivery(*items)
		doc = frappe.get_doc("Delivery Note", doc.name)
		doc.load_doc_before_save()
		with self.assertQueryCount(9):
			final_pack.prepare(doc)
			traceability.prepare(doc)
			quality.prepare(doc)
			final_pack.check_lines(doc)
			traceability.fill_and_check(doc)

	def test_what_the_lines_need_is_read_once_a_save(self):
		doc, batches = deliveries.batched()
		for stage, act_on in (
			("other goods are named", lambda: self.name(doc, batches[1])),
			("the packing is completed", lambda: act(doc, "Complete Packing", PACKER)),
		):
			with self.subTest(stage), counted() as queries:
				act_on()
			self.assertEqual(sum("template_needs" in query for query in queries), 1)

	@staticmethod
	def name(doc, batch):
		with as_user(PACKER):
			doc.traceability[0].batch_no = batch
			doc.save()


class TestSideBySide(FinalPackCase):
	"""Two people at two desks: real processes, real commits. What is made here stays on the site."""

	def test_two_people_never_pack_the_same_goods(self):
		order = deliveries.approved_order()
		deliveries.bring(order, 6)
		said = concurrency.run((PACKER, "pack", order), (PACKER, "pack", order), overlap=False)
		notes = frappe.get_all(
			"Delivery Note Item", {"so_detail": order.items[0].name, "docstatus": 0}, pluck="qty"
		)
		self.assertEqual(notes, [6], said)
		(refused,) = (word for word in said if word != "done")
		self.assertIn("0 Nos of it are at Final Pack", refused)

	def test_two_people_never_promise_the_same_batch(self):
		"""On notes of different orders, which have no lock in common but the batch."""
		batch = deliveries.new_batch()
		orders = [deliveries.approved_order(("MT-BATCH-01", 5, 100)) for _number in range(2)]
		for order, one in zip(orders, (batch, deliveries.new_batch()), strict=True):
			deliveries.bring(order, batch_no=one, use_serial_batch_fields=1)
		notes = [deliveries.unnamed(order, batch) for order in orders]
		said = concurrency.run(*((PACKER, "name", note) for note in notes), overlap=False)
		self.assertOneTook(notes, said, batch)

	def test_two_people_never_promise_the_same_serial_number(self):
		factories.make_item("MT-SERIAL-01", has_serial_no=1, traceability_required="Serial")
		serials = [deliveries.new_serial() for _number in range(4)]
		orders = [deliveries.approved_order(("MT-SERIAL-01", 2, 100)) for _number in range(2)]
		for order, some in zip(orders, (serials[:2], serials[2:]), strict=True):
			deliveries.bring(order, serial_no="\n".join(some), use_serial_batch_fields=1)
		# in opposite order: nobody waits in a ring
		notes = [
			deliveries.unnamed(order, "\n".join(some))
			for order, some in zip(orders, (serials[:2], serials[1::-1]), strict=True)
		]
		said = concurrency.run(*((PACKER, "name", note) for note in notes), overlap=False)
		self.assertOneTook(notes, said, serials[0])

	@needs_batches_without_locks
	def test_people_who_name_other_goods_do_not_wait_for_each_other(self):
		notes = []
		for _number in range(3):
			batch, order = deliveries.new_batch(), deliveries.approved_order(("MT-BATCH-01", 5, 100))
			deliveries.bring(order, batch_no=batch, use_serial_batch_fields=1)
			notes.append(deliveries.unnamed(order, batch))
		# nobody commits before everybody has written
		said = concurrency.run(*((PACKER, "name", note) for note in notes))
		self.assertEqual(said, ["done"] * 3)

	def assertOneTook(self, notes, said, name):
		self.assertEqual(said.count("done"), 1, said)
		won = notes[said.index("done")].name
		(refused,) = (word for word in said if word != "done")
		self.assertIn("Row 1", refused)
		self.assertIn(name, refused)
		self.assertIn(won, refused)
		named = [
			row.parent
			for row in frappe.get_all(
				"Traceability Entry", {"parent": ["in", [note.name for note in notes]]}, ["*"]
			)
			if row.batch_no or row.serial_nos
		]
		self.assertEqual(named, [won])
