"""What was approved is what is delivered and billed (steps 8 to 12)."""

import frappe

from metalcraft_workflow.gates.checklist import get_checklist
from metalcraft_workflow.gates.guard import GateNotMet
from metalcraft_workflow.steps.final_pack import make_delivery_note
from metalcraft_workflow.steps.transfer import make_transfer
from metalcraft_workflow.tests.support import deliveries, factories, prices
from metalcraft_workflow.tests.support.cases import FinalPackCase
from metalcraft_workflow.tests.support.factories import (
	ACCOUNTS,
	APPROVER,
	FINAL_PACK,
	PACKER,
	PRODUCER,
	PRODUCTION,
	SHIPPER,
	SUPPORT,
	act,
	as_user,
)
from metalcraft_workflow.tests.support.marks import needs_pricing_rules

APPROVER_2 = "approver2@metalcraft.test"


class ApprovedCase(FinalPackCase):
	def bring_parts(self, order, **fields):
		"""Make what is wanted for an order, and bring it to Final Pack."""
		with as_user(PRODUCER):
			entry = make_transfer(order.name)
		with as_user("Administrator"):
			for row in entry.items:
				factories.make_stock(row.item_code, row.qty, PRODUCTION, **fields)
				row.update({"s_warehouse": PRODUCTION, **fields})
			entry.insert().submit()

	def lead(self) -> str:
		"""A packer whose business prices are."""
		return factories.make_user("packing.lead@metalcraft.test", ["Final Pack", "Accounts User"])

	def missing(self, doc, action, user=PACKER):
		"""Code -> message of what the checklist says is missing for `action`."""
		with as_user(user):
			entries = get_checklist(doc.doctype, doc.name)
		(entry,) = (entry for entry in entries if entry.get("action") == action)
		return {row["code"]: row["message"] for row in entry["requirements"] if not row["met"]}

	def left(self, doc):
		"""(item, warehouse) -> quantity that left stock with a delivery, or came with a return."""
		return dict(
			((row.item_code, row.warehouse), -row.actual_qty)
			for row in frappe.get_all(
				"Stock Ledger Entry",
				{"voucher_no": doc.name, "is_cancelled": 0},
				["item_code", "warehouse", "actual_qty"],
			)
		)


class TestPrices(ApprovedCase):
	def rule(self, item_code=None, make=prices.make_rule, **fields):
		"""A pricing rule that holds until the test ends."""
		rule = make(item_code, **fields)
		self.addCleanup(rule.db_set, "disable", 1)
		return rule

	@needs_pricing_rules
	def test_a_rule_that_came_after_the_approval_changes_no_price(self):
		from erpnext.selling.doctype.sales_order.sales_order import make_sales_invoice as of_order
		from erpnext.stock.doctype.delivery_note.delivery_note import make_sales_invoice as of_delivery

		order = deliveries.approved_order((prices.listed("MT-RULED-01"), 10, 100))
		self.rule("MT-RULED-01", discount_percentage=10)
		self.rule(discount_percentage=5, apply_discount_on="Grand Total")
		deliveries.bring(order, 6)
		doc = deliveries.packed(order)
		doc = deliveries.edit(doc, PACKER, packing_notes="Saved again")
		doc = deliveries.shipped(doc)
		self.assertEqual((doc.items[0].rate, doc.grand_total), (100, 600))
		with as_user(ACCOUNTS):
			for invoice in (of_delivery(doc.name), of_order(order.name)):
				invoice.insert()
				invoice.save()
				self.assertEqual((invoice.items[0].rate, invoice.grand_total % 100), (100, 0))

	@needs_pricing_rules
	def test_the_price_of_a_rule_that_was_approved_stays_when_the_rule_goes(self):
		item = prices.listed("MT-RULED-02")
		for name, given in (
			("discount", {"discount_percentage": 10}),
			("margin", {"margin_type": "Amount", "margin_rate_or_amount": 7, "discount_percentage": 5}),
		):
			with self.subTest(name):
				rule = self.rule(item, **given)
				order = deliveries.approved_order((item, 4, 100))
				rate = order.items[0].rate
				self.assertNotEqual(rate, 100)
				rule.disable = 1
				rule.save()
				deliveries.bring(order)
				doc = deliveries.packed(order)
				for _time in range(2):
					doc = deliveries.edit(doc, PACKER, packing_notes=frappe.generate_hash(length=5))
				self.assertEqual(doc.items[0].rate, rate)
				self.assertEqual(deliveries.shipped(doc).grand_total, order.grand_total)

	@needs_pricing_rules
	def test_free_goods_are_those_that_were_approved(self):
		from erpnext.selling.doctype.sales_order.sales_order import make_delivery_note as vanilla

		item, gift = prices.listed("MT-RULED-03"), factories.make_item("MT-GIFT")
		self.rule(item, prices.free_with, free_item=gift)
		order = deliveries.approved_order((item, 20, 100))
		self.assertEqual([(row.item_code, row.qty) for row in order.items], [(item, 20), (gift, 2)])
		deliveries.bring(order, 10, 2)
		first = deliveries.packed(order)
		self.assertEqual(
			[(row.item_code, row.qty, row.rate) for row in first.items], [(item, 10, 100), (gift, 2, 0)]
		)
		deliveries.shipped(first)
		deliveries.bring(order, 10)
		with as_user(PACKER):
			second = vanilla(order.name).insert()
		self.assertEqual([(row.item_code, row.qty) for row in second.items], [(item, 10)])
		second.delete()
		# ERPNext itself says that the two rules contradict each other, and makes nothing
		self.rule(item, prices.free_with, free_item=factories.make_item("MT-GIFT-2"))
		second = deliveries.shipped(deliveries.packed(order))
		self.assertEqual([(row.item_code, row.qty) for row in second.items], [(item, 10)])
		order.reload()
		self.assertEqual(order.per_delivered, 100)

	@needs_pricing_rules
	def test_the_route_of_erpnext_gives_the_approved_price_too(self):
		from erpnext.selling.doctype.sales_order.sales_order import make_delivery_note as vanilla

		order = deliveries.approved_order((prices.listed("MT-RULED-04"), 10, 100))
		self.rule("MT-RULED-04", discount_percentage=10)
		deliveries.bring(order)
		with as_user(PACKER):
			doc = vanilla(order.name)
			self.assertEqual(doc.items[0].rate, 90)
			doc.insert()
		self.assertEqual((doc.items[0].rate, doc.net_total), (100, 1000))


class TestDifferences(ApprovedCase):
	def test_each_is_named_until_the_order_says_so_too(self):
		items = factories.make_item(), factories.make_item("MT-CYL-02")
		order = deliveries.approved_order((items[0], 10, 100), (items[1], 4, 50))
		deliveries.bring(order)
		doc = deliveries.packed(order)
		with as_user(PACKER):
			doc.items[0].rate, doc.items[1].rate = 95, 49.99
			doc.save()
		said = self.missing(doc, "Complete Packing", self.lead())["as_approved"]
		for word in (
			"Row 1",
			items[0],
			"95.00",
			"100.00",
			"Row 2",
			items[1],
			"49.99",
			"50.00",
			order.name,
			"Update Items",
		):
			self.assertIn(word, said)
		with self.assertRefused("Row 1", "95.00", exception=GateNotMet):
			act(doc, "Complete Packing", self.lead())
		self.assertNotIn("95.00", self.missing(doc, "Complete Packing")["as_approved"])
		with as_user(PACKER):
			doc.reload()
			doc.items[1].rate = 50
			doc.save()
		self.change_rate(order, 95)
		act(order, "Accept Changes", APPROVER_2)
		doc = deliveries.shipped(doc)
		self.assertEqual([row.rate for row in doc.items], [95, 50])

	def test_a_discount_of_the_whole_order_is_shared_out(self):
		order = deliveries.approved_order((factories.make_item(), 10, 100), discount_amount=50)
		self.assertEqual(order.grand_total, 950)
		totals = []
		for qty in (4, 6):
			deliveries.bring(order, qty)
			doc = deliveries.shipped(deliveries.packed(order))
			totals.append((doc.discount_amount, doc.grand_total))
		self.assertEqual(totals, [(20, 380), (30, 570)])
		order = deliveries.approved_order(additional_discount_percentage=10)
		deliveries.bring(order)
		doc = deliveries.packed(order)
		doc = deliveries.edit(doc, PACKER, additional_discount_percentage=20)
		self.assertIn("20%", self.missing(doc, "Complete Packing", self.lead())["as_approved"])

	def test_an_order_that_is_changed_after_the_clearance(self):
		doc = deliveries.cleared(deliveries.delivery())
		order = frappe.get_doc("Sales Order", doc.items[0].against_sales_order)
		self.change_rate(order, 110)
		act(order, "Accept Changes", APPROVER_2)
		doc = deliveries.ready_to_ship(doc)
		with self.assertRefused("Row 1", "100.00", "110.00", exception=GateNotMet):
			act(doc, "Ship", SHIPPER)
		act(doc, "Revoke Clearance", SUPPORT, "Other price")
		with as_user(SUPPORT):
			doc.reload()
			doc.items[0].rate = 110
			doc.save()
		doc = act(doc, "Clear for Shipment", SUPPORT)
		self.assertEqual(act(doc, "Ship", SHIPPER).grand_total, 1100)

	def change_rate(self, order, rate):
		from erpnext.controllers.accounts_controller import update_child_qty_rate

		rows = [
			{
				"docname": row.name,
				"item_code": row.item_code,
				"qty": row.qty,
				"rate": rate if row.idx == 1 else row.rate,
				"uom": row.uom,
				"conversion_factor": row.conversion_factor,
				"delivery_date": str(row.delivery_date),
			}
			for row in order.items
		]
		with as_user(APPROVER):
			update_child_qty_rate("Sales Order", frappe.as_json(rows), order.name)


class TestBundles(ApprovedCase):
	def kit(self, name, **parts):
		for part in parts:
			factories.make_item(part)
		return factories.make_bundle(name, parts)

	def change_bundle(self, name, **parts):
		bundle = frappe.get_doc("Product Bundle", name)
		for part in parts:
			factories.make_item(part)
		bundle.set("items", [{"item_code": part, "qty": qty} for part, qty in parts.items()])
		bundle.save()

	def test_a_bundle_that_was_changed_ships_as_it_was_approved(self):
		kit = self.kit("MT-KIT-C1", **{"MT-PART-C1": 2, "MT-PART-C2": 1})
		order = deliveries.approved_order((kit, 3, 100))
		self.bring_parts(order)
		self.change_bundle(kit, **{"MT-PART-C1": 3, "MT-PART-C3": 1})
		doc = deliveries.packed(order)
		doc = deliveries.edit(doc, PACKER, packing_notes="Saved again")
		doc = deliveries.shipped(doc)
		self.assertEqual(self.left(doc), {("MT-PART-C1", FINAL_PACK): 6, ("MT-PART-C2", FINAL_PACK): 3})

	def test_a_bundle_that_was_changed_while_it_is_packed(self):
		kit = self.kit("MT-KIT-C4", **{"MT-PART-C1": 2, "MT-PART-C2": 1})
		order = deliveries.approved_order((kit, 3, 100))
		self.bring_parts(order)
		doc = deliveries.cleared(deliveries.packed(order))
		self.change_bundle(kit, **{"MT-PART-C1": 3})
		doc = act(deliveries.ready_to_ship(doc), "Ship", SHIPPER)
		self.assertEqual(self.left(doc), {("MT-PART-C1", FINAL_PACK): 6, ("MT-PART-C2", FINAL_PACK): 3})

	def test_a_bundle_that_was_disabled_leaves_and_comes_back(self):
		kit = self.kit("MT-KIT-C2", **{"MT-PART-C1": 2})
		order = deliveries.approved_order((kit, 3, 100))
		self.bring_parts(order)
		frappe.db.set_value("Product Bundle", kit, "disabled", 1)
		doc = deliveries.shipped(deliveries.packed(order))
		self.assertEqual(self.left(doc), {("MT-PART-C1", FINAL_PACK): 6})
		act(doc, "Cancel Delivery", SHIPPER)
		self.assertEqual(self.left(doc), {})

	def test_an_item_that_became_a_bundle_has_no_parts(self):
		service = factories.make_item("MT-SERVICE-C", is_stock_item=0, item_defaults=[])
		order = deliveries.approved_order((service, 1, 80), (factories.make_item(), 1, 10))
		deliveries.bring(order)
		self.kit(service, **{"MT-PART-C1": 2})
		doc = deliveries.shipped(deliveries.packed(order))
		self.assertEqual(self.left(doc), {("MT-CYL-01", FINAL_PACK): 1})

	def test_what_comes_back_is_what_left(self):
		from erpnext.stock.doctype.delivery_note.delivery_note import make_sales_return

		kit = self.kit("MT-KIT-C3", **{"MT-PART-C1": 2})
		order = deliveries.approved_order((kit, 3, 100))
		self.bring_parts(order)
		doc = deliveries.shipped(deliveries.packed(order))
		self.change_bundle(kit, **{"MT-PART-C1": 3, "MT-PART-C2": 1})
		with as_user(SHIPPER):
			back = make_sales_return(doc.name)
			back.items[0].qty = -1
			back.insert()
		back = act(back, "Receive Return", SHIPPER)
		# The house says where to: at Final Pack, or in a warehouse for what came back
		self.assertEqual({item: qty for (item, _to), qty in self.left(back).items()}, {"MT-PART-C1": -2})

	def test_parts_leave_from_final_pack_wherever_the_order_says(self):
		from erpnext.selling.doctype.sales_order.sales_order import make_delivery_note as vanilla

		kit = self.kit("MT-KIT-C5", **{"MT-PART-C1": 2})
		item = factories.make_item()
		order = factories.make_order((kit, 3, 100), (item, 2, 10))
		for row in order.items:
			row.warehouse = PRODUCTION
		order.save()
		order = factories.approve(order)
		self.bring_parts(order)
		factories.make_stock("MT-PART-C1", 6, PRODUCTION)
		for make in (vanilla, make_delivery_note):
			with self.subTest(make.__module__):
				with as_user(PACKER):
					doc = make(order.name).insert()
				self.assertEqual({row.warehouse for row in (*doc.items, *doc.packed_items)}, {FINAL_PACK})
				if make is vanilla:
					doc.delete()
		with as_user(PACKER):
			doc.items[1].warehouse = doc.packed_items[0].warehouse = PRODUCTION
			doc.save()
		with self.assertRefused(
			"Row 1", "MT-PART-C1", "Row 2", item, PRODUCTION, FINAL_PACK, exception=GateNotMet
		):
			act(doc, "Complete Packing", PACKER)
		with as_user(PACKER):
			doc.reload()
			doc.items[1].warehouse = doc.packed_items[0].warehouse = FINAL_PACK
			doc.save()
		self.assertEqual(
			self.left(deliveries.shipped(doc)), {("MT-PART-C1", FINAL_PACK): 6, (item, FINAL_PACK): 2}
		)

	def test_an_amended_delivery_keeps_the_batches_of_parts(self):
		doc, batch = deliveries.kits(2, choose=True)
		doc = act(deliveries.shipped(doc), "Cancel Delivery", SHIPPER)
		with as_user(PACKER):
			again = frappe.copy_doc(doc)
			again.update({"amended_from": doc.name, "docstatus": 0})
			again.insert()
		self.assertEqual(
			[(row.item_code, row.qty, row.batch_no, row.warehouse) for row in again.packed_items],
			[("MT-BATCH-01", 4, batch, FINAL_PACK), ("MT-PART-01", 2, None, FINAL_PACK)],
		)
		self.assertEqual(deliveries.left_with(deliveries.shipped(again)), {batch: 4})

	@needs_pricing_rules
	def test_bundles_that_are_priced_by_their_parts(self):
		kit = self.kit("MT-KIT-C6", **{"MT-PART-C6": 2})
		frappe.db.set_single_value("Selling Settings", "editable_bundle_item_rates", 1)
		self.addCleanup(frappe.db.set_single_value, "Selling Settings", "editable_bundle_item_rates", 0)
		order = factories.make_order((kit, 3, 100))
		order.packed_items[0].rate = 75
		order.save()
		order.save()
		self.assertEqual(order.items[0].rate, 150)
		order = factories.approve(order)
		self.bring_parts(order)
		doc = deliveries.packed(order)
		doc = deliveries.edit(doc, PACKER, packing_notes="Saved again")
		self.assertEqual((doc.items[0].rate, doc.packed_items[0].rate, doc.grand_total), (150, 75, 450))
