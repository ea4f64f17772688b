"""Quantities on the site's grid (steps 5, 7 and 8): what is there leads, and the last delivery takes the rest."""

import frappe

from metalcraft_workflow.gates.guard import GateNotMet
from metalcraft_workflow.steps.final_pack import make_delivery_note
from metalcraft_workflow.steps.scanning import keep_scanned, send_scans
from metalcraft_workflow.steps.transfer import make_transfer
from metalcraft_workflow.tests.support import deliveries, factories, sourcing
from metalcraft_workflow.tests.support.cases import FinalPackCase
from metalcraft_workflow.tests.support.factories import (
	COMPANY,
	FINAL_PACK,
	PACKER,
	PRODUCER,
	PRODUCTION,
	SUPPORT,
	act,
	as_user,
)


def unit(name: str, whole: bool) -> str:
	if not frappe.db.exists("UOM", name):
		frappe.get_doc({"doctype": "UOM", "uom_name": name, "must_be_whole_number": whole}).insert()
	return name


class QuantityCase(FinalPackCase):
	def sold_in(self, item: str, uom: str, factor: float, qty: float, **fields):
		"""An approved order of `qty` of an item in a unit of `factor` of its stock unit."""
		factories.make_item(item, uoms=[{"uom": uom, "conversion_factor": factor}], **fields)
		order = factories.make_order(
			items=[
				{
					"item_code": item,
					"qty": qty,
					"uom": uom,
					"conversion_factor": factor,
					"rate": 100,
					"warehouse": FINAL_PACK,
				}
			]
		)
		return factories.approve(order)

	def bring(self, order, *quantities, **fields):
		"""Bring so much of each thing that remains, in stock units; all of it without `quantities`."""
		with as_user(PRODUCER):
			entry = make_transfer(order.name)
		with as_user("Administrator"):
			rows = list(zip(entry.items, quantities or [row.qty for row in entry.items], strict=True))
			entry.set("items", [row for row, qty in rows if qty])
			for row, qty in rows:
				row.update({"qty": qty, "s_warehouse": PRODUCTION, "serial_no": None, **fields})
				if qty:
					factories.make_stock(row.item_code, qty, PRODUCTION, **fields)
			entry.insert().submit()
		return entry

	def packed(self, order):
		frappe.clear_messages()
		doc = deliveries.packed(order)
		said = " ".join(frappe.parse_json(row)["message"] for row in map(frappe.as_json, frappe.message_log))
		return doc, said

	def assertDelivered(self, order):
		order.reload()
		self.assertEqual(order.per_delivered, 100)


class TestUnits(QuantityCase):
	def test_boxes_are_packed_whole(self):
		order = self.sold_in("MT-G-BOXED", unit("MT Box", True), 10, 2)
		self.bring(order, 15)
		order.reload()
		self.assertEqual((order.per_final_pack, order.items[0].final_pack_qty), (75, 1.5))
		doc, said = self.packed(order)
		self.assertEqual([(row.qty, row.uom, row.stock_qty) for row in doc.items], [(1, "MT Box", 10)])
		self.assertIn("5 Nos of MT-G-BOXED are there, less than can be packed in MT Box", said)
		with as_user(PACKER), self.assertRefused("5 Nos of MT-G-BOXED", "MT Box"):
			make_delivery_note(order.name)
		deliveries.shipped(doc)
		self.bring(order)
		doc, said = self.packed(order)
		self.assertEqual((doc.items[0].qty, said), (1, ""))
		deliveries.shipped(doc)
		self.assertDelivered(order)

	def test_pieces_in_a_case_are_packed_whole(self):
		order = self.sold_in("MT-G-CASED", unit("MT Case", False), 12, 1, has_serial_no=1)
		serials = [deliveries.new_serial() for _number in range(12)]
		named = {"use_serial_batch_fields": 1}
		self.bring(order, 7, serial_no="\n".join(serials[:7]), **named)
		doc, said = self.packed(order)
		self.assertEqual([(row.qty, row.stock_qty) for row in doc.items], [(0.5, 6)])
		self.assertIn("1 Nos of MT-G-CASED are there, less than can be packed in MT Case", said)
		self.assertEqual(doc.traceability[0].serial_nos.split("\n"), serials[:6])
		doc = deliveries.shipped(doc)
		self.assertEqual(set(deliveries.left_with(doc, "serial_no")), set(serials[:6]))
		self.bring(order, 5, serial_no="\n".join(serials[7:]), **named)
		doc, _said = self.packed(order)
		doc = deliveries.shipped(doc)
		self.assertEqual(set(deliveries.left_with(doc, "serial_no")), set(serials[6:]))
		self.assertDelivered(order)

	def test_only_what_the_unit_can_say_is_left_of_what_is_scanned(self):
		for uom, whole, could in (
			("MT Box", True, ["back: 10 Nos can"]),
			("MT Case", False, ["3 Nos", "6 Nos can"]),
		):
			item = f"MT-G-SCANNED-{uom[3:].upper()}"
			order = self.sold_in(item, unit(uom, whole), 10 if whole else 6, 2)
			self.bring(order)
			doc, _said = self.packed(order)
			self.scan(doc, item, 4)
			with as_user(PACKER), self.assertRefused(f"4 Nos of {item}", f"no quantity in {uom}", *could):
				keep_scanned(doc.doctype, doc.name)
		self.scan(doc, item, 5)
		with as_user(PACKER):
			sheet = keep_scanned(doc.doctype, doc.name)
		self.assertEqual((sheet["scanned"], sheet["qty"]), (9, 9))
		self.assertEqual(frappe.get_doc(doc.doctype, doc.name).items[0].qty, 1.5)

	def scan(self, doc, code: str, qty: float):
		with as_user(PACKER):
			scan = {"id": frappe.generate_hash(length=16), "code": code, "qty": qty}
			(answer,) = send_scans(doc.doctype, doc.name, [scan])["answers"]
		self.assertTrue(answer["taken"], answer["message"])

	def test_weighed_goods_keep_what_is_scanned(self):
		kilogram = unit("MT Kg", False)
		order = self.sold_in("MT-G-WEIGHED", unit("MT Lb", False), 0.454, 3, stock_uom=kilogram)
		self.bring(order, 0.5)
		doc, _said = self.packed(order)
		self.scan(doc, "MT-G-WEIGHED", 0.3)
		with as_user(PACKER):
			sheet = keep_scanned(doc.doctype, doc.name)
		self.assertEqual((sheet["scanned"], sheet["qty"]), (0.3, 0.3))
		self.assertEqual(frappe.get_doc(doc.doctype, doc.name).items[0].qty, 0.661)

	def test_kilograms_in_two_deliveries(self):
		kilogram = unit("MT Kg", False)
		order = self.sold_in("MT-G-WEIGHED", unit("MT Lb", False), 0.454, 3, stock_uom=kilogram)
		self.bring(order, 0.5)
		doc, _said = self.packed(order)
		self.assertEqual(doc.items[0].qty, 1.101)
		deliveries.shipped(doc)
		entry = self.bring(order)
		self.assertEqual(entry.items[0].qty, 0.862)
		order.reload()
		self.assertEqual(order.per_final_pack, 100)
		with as_user(PRODUCER), self.assertRefused("at Final Pack already"):
			make_transfer(order.name)
		doc, said = self.packed(order)
		self.assertEqual((doc.items[0].qty, said), (1.899, ""))
		deliveries.shipped(doc)
		self.assertDelivered(order)

	def test_a_line_without_a_quantity_is_not_approved(self):
		item = factories.make_item()
		with as_user("Administrator"):
			frappe.db.set_single_value("Selling Settings", "allow_zero_qty_in_sales_order", 1)
			self.addCleanup(
				frappe.db.set_single_value, "Selling Settings", "allow_zero_qty_in_sales_order", 0
			)
		order = factories.make_order((item, 5, 10), (item, 0, 100))
		with self.assertRefused("Rows 2", "enter how much is ordered", exception=GateNotMet):
			act(order, "Request Approval", SUPPORT)
		with as_user(SUPPORT):
			order.reload()
			order.items[1].qty = 1
			order.save()
		self.assertEqual(factories.approve(order).workflow_state, "Approved")


class TestSeveralLines(QuantityCase):
	def test_one_work_order_fills_two_lines(self):
		from erpnext.manufacturing.doctype.work_order.work_order import make_stock_entry

		raw = factories.make_item("MT-G-RAW")
		made = factories.make_item("MT-G-MADE", has_batch_no=1, traceability_required="Batch")
		factories.make_stock(raw, 20, PRODUCTION)
		bom = sourcing.make_bom(made, {raw: 1})
		order = deliveries.approved_order((made, 10, 100), (made, 10, 90))
		work = frappe.get_doc(
			{
				"doctype": "Work Order",
				"production_item": made,
				"bom_no": bom.name,
				"qty": 20,
				"company": COMPANY,
				"sales_order": order.name,
				"fg_warehouse": FINAL_PACK,
				"wip_warehouse": PRODUCTION,
				"source_warehouse": PRODUCTION,
				"skip_transfer": 1,
			}
		).insert()
		for row in work.required_items:
			row.source_warehouse = PRODUCTION
		work.save()
		work.submit()
		batch = deliveries.new_batch(made)
		entry = frappe.get_doc(make_stock_entry(work.name, "Manufacture", 20))
		for row in entry.items:
			if row.is_finished_item:
				row.update({"batch_no": batch, "use_serial_batch_fields": 1})
		entry.insert().submit()
		order.reload()
		self.assertEqual(order.per_final_pack, 100)
		self.assertEqual([row.final_pack_qty for row in order.items], [10, 10])
		with as_user(PACKER):
			first = make_delivery_note(order.name)
			first.set("items", first.items[1:])
			first.set("traceability", first.traceability[1:])
			first.insert()
		second, _said = self.packed(order)
		for doc, rate in ((first, 90), (second, 100)):
			self.assertEqual([(row.qty, row.rate) for row in doc.items], [(10, rate)])
			self.assertEqual([(row.qty, row.batch_no) for row in doc.traceability], [(10, batch)])
			self.assertEqual(deliveries.left_with(deliveries.shipped(doc)), {batch: 10})
		self.assertDelivered(order)

	def test_a_bundle_says_what_it_waits_for(self):
		parts = factories.make_item("MT-G-PART-1"), factories.make_item("MT-G-PART-2")
		kit = factories.make_bundle("MT-G-KIT", {parts[0]: 2, parts[1]: 1})
		order = deliveries.approved_order((kit, 3, 100), (factories.make_item(), 1, 10))
		with as_user(PACKER), self.assertRefused(order.name, "Nothing has come to Final Pack for it yet"):
			make_delivery_note(order.name)
		self.bring(order, 4, 0, 0)
		with (
			as_user(PACKER),
			self.assertRefused("Nothing of Sales Order", "Row #1: MT-G-KIT waits for 2 Nos MT-G-PART-2"),
		):
			make_delivery_note(order.name)
		self.bring(order, 0, 1, 0)
		doc, said = self.packed(order)
		self.assertEqual([(row.item_code, row.qty) for row in doc.items], [(kit, 1)])
		self.assertIn("Row #1: MT-G-KIT waits for 1 Nos MT-G-PART-2", said)
		with as_user(PACKER), self.assertRefused("waits for 1 Nos MT-G-PART-2"):
			make_delivery_note(order.name)
