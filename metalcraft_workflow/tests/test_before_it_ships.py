"""What ERPNext would refuse when a delivery is shipped stands in the checklist before (steps 9 to 11)."""

from contextlib import contextmanager
from unittest.mock import patch

import frappe
from frappe.utils import add_days, nowdate

from metalcraft_workflow.gates.checklist import get_checklist
from metalcraft_workflow.gates.guard import GateNotMet
from metalcraft_workflow.steps.transfer import make_transfer
from metalcraft_workflow.tests.support import deliveries, factories
from metalcraft_workflow.tests.support.cases import FinalPackCase
from metalcraft_workflow.tests.support.factories import (
	APPROVER,
	COMPANY,
	FINAL_PACK,
	PACKER,
	PRODUCER,
	PRODUCTION,
	QA,
	SHIPPER,
	SUPPORT,
	act,
	as_user,
)
from metalcraft_workflow.tests.support.marks import needs_books, needs_inspections, needs_reservations

YESTERDAY = add_days(nowdate(), -1)


class ShippingCase(FinalPackCase):
	def missing(self, doc, action="Ship", user=SHIPPER):
		"""Code -> message of what the checklist says is missing for `action`."""
		with as_user(user):
			entries = get_checklist(doc.doctype, doc.name)
		(entry,) = (entry for entry in entries if entry.get("action") == action)
		return {row["code"]: row["message"] for row in entry["requirements"] if not row["met"]}

	@contextmanager
	def set(self, doctype, name, **values):
		"""Values of a record, while the test looks."""
		doc = frappe.get_doc(doctype, name)
		before = {field: doc.get(field) for field in values}
		frappe.db.set_value(doctype, name, values)
		self.forget(doctype, name)
		try:
			yield
		finally:
			frappe.db.set_value(doctype, name, before)
			self.forget(doctype, name)

	def forget(self, doctype, name):
		"""Read it again, as another request does."""
		frappe.clear_document_cache(doctype, name)
		frappe.db.value_cache.clear()

	def assertNotShipped(self, doc, code, *words):
		"""The checklist says so before, in `words`; and so does the server to who ships all the same."""
		said = self.missing(doc)
		self.assertEqual(list(said), [code])
		for word in words:
			self.assertIn(str(word), said[code])
		# ERPNext itself may be the first to say so
		with self.assertRefused(words[0]):
			act(doc, "Ship", SHIPPER)


class TestGoods(ShippingCase):
	def test_a_batch_that_expires_after_the_packing(self):
		for count in (1, 2):
			with self.subTest(batches=count):
				doc, batches = deliveries.of_batches(count)
				doc = deliveries.ready_to_ship(deliveries.cleared(doc))
				with self.set("Batch", batches[-1], expiry_date=YESTERDAY):
					self.assertNotShipped(doc, "in_stock", batches[-1], "expired")
				self.assertEqual(act(doc, "Ship", SHIPPER).docstatus, 1)

	def test_a_batch_of_a_part_that_expires_after_the_packing(self):
		doc, batch = deliveries.kits(2, choose=True)
		doc = deliveries.ready_to_ship(deliveries.cleared(doc))
		with self.set("Batch", batch, expiry_date=YESTERDAY):
			self.assertNotShipped(doc, "in_stock", batch, "expired")

	def test_goods_that_went_another_way(self):
		doc = deliveries.ready_to_ship(deliveries.cleared(deliveries.delivery()))
		there = frappe.db.get_value("Bin", {"item_code": "MT-CYL-01", "warehouse": FINAL_PACK}, "actual_qty")
		issue = frappe.get_doc(
			{
				"doctype": "Stock Entry",
				"stock_entry_type": "Material Issue",
				"company": COMPANY,
				"items": [{"item_code": "MT-CYL-01", "qty": there - 4, "s_warehouse": FINAL_PACK}],
			}
		).insert()
		issue.submit()
		self.assertNotShipped(doc, "in_stock", "Row 1", "10 of MT-CYL-01", "4 are free", FINAL_PACK)
		issue.cancel()
		self.assertEqual(act(doc, "Ship", SHIPPER).docstatus, 1)

	def test_an_order_that_wants_less_than_is_cleared(self):
		doc = deliveries.ready_to_ship(deliveries.cleared(deliveries.delivery()))
		order = frappe.get_doc("Sales Order", doc.items[0].against_sales_order)
		factories.change_quantity(order, 6)
		act(order, "Accept Changes", "approver2@metalcraft.test")
		self.assertNotShipped(doc, "in_stock", "Row 1", "10 Nos", "6 Nos", order.name)


class TestInspections(ShippingCase):
	def inspected(self):
		item = factories.make_item("MT-INSPECTED", inspection_required_before_delivery=1)
		return deliveries.delivery((item, 2, 100), (factories.make_item(), 1, 10))

	def inspect(self, doc, status="Accepted"):
		with as_user(QA):
			inspection = frappe.get_doc(
				{
					"doctype": "Quality Inspection",
					"inspection_type": "Outgoing",
					"reference_type": doc.doctype,
					"reference_name": doc.name,
					"item_code": "MT-INSPECTED",
					"sample_size": 1,
					"inspected_by": QA,
					"status": status,
					"manual_inspection": 1,
				}
			).insert()
			inspection.submit()
			return inspection

	@needs_inspections
	def test_quality_assurance_inspects_before_it_releases(self):
		doc = act(self.inspected(), "Complete Packing", PACKER)
		self.assertEqual(doc.workflow_state, "QA Review")
		with self.assertRefused("Row 1", "MT-INSPECTED", "Quality Inspection", exception=GateNotMet):
			act(doc, "Release Documents", QA)
		self.assertIn("inspections", self.missing(doc, "Release Documents", QA))
		rejected = self.inspect(doc, "Rejected")
		self.assertIn("did not pass", self.missing(doc, "Release Documents", QA)["inspections"])
		with as_user(QA):
			frappe.get_doc(rejected.doctype, rejected.name).cancel()
		inspection = self.inspect(doc)
		doc = act(doc, "Release Documents", QA)
		doc = deliveries.ready_to_ship(act(doc, "Clear for Shipment", SUPPORT))
		with as_user(QA):
			frappe.get_doc(inspection.doctype, inspection.name).cancel()
		self.assertNotShipped(doc, "inspections", "MT-INSPECTED", "Row 1")
		self.inspect(doc)
		self.assertEqual(act(doc, "Ship", SHIPPER).docstatus, 1)

	@needs_inspections
	def test_as_far_as_the_site_stops_at_it(self):
		doc = act(self.inspected(), "Complete Packing", PACKER)
		with self.set(
			"Stock Settings",
			"Stock Settings",
			allow_to_make_quality_inspection_after_purchase_or_delivery=1,
			action_if_quality_inspection_is_not_submitted="Warn",
		):
			self.assertNotIn("inspections", self.missing(doc, "Release Documents", QA))
			other = act(self.inspected(), "Complete Packing", PACKER)
			self.assertEqual(other.workflow_state, "Awaiting Clearance")


class TestBooks(ShippingCase):
	@needs_books
	def test_each_is_said_before(self):
		doc = deliveries.ready_to_ship(deliveries.cleared(deliveries.delivery()))
		row = doc.items[0]
		stock = frappe.db.get_value("Company", COMPANY, "default_inventory_account")
		for label, (doctype, name, values, *words) in {
			"customer": ("Customer", doc.customer, {"is_frozen": 1}, doc.customer, "frozen"),
			"item": (
				"Item",
				row.item_code,
				{"end_of_life": YESTERDAY},
				"Row 1",
				row.item_code,
				"end of life",
			),
			"warehouse": ("Warehouse", FINAL_PACK, {"disabled": 1}, "Row 1", FINAL_PACK),
			"expense account": ("Account", row.expense_account, {"freeze_account": "Yes"}, "Row 1", "frozen"),
			"stock account": ("Account", stock, {"freeze_account": "Yes"}, "Row 1", stock, "frozen"),
			"cost center": (
				"Cost Center",
				row.cost_center,
				{"is_group": 1},
				"Row 1",
				row.cost_center,
				"group",
			),
			"stock is frozen": (
				"Stock Settings",
				"Stock Settings",
				{"stock_frozen_upto": nowdate()},
				"frozen",
			),
			"books are frozen": (*self.frozen_books(), "before"),
		}.items():
			with self.subTest(label), self.set(doctype, name, **values):
				said = self.missing(doc)
				self.assertEqual(list(said), ["bookable"])
				for word in words:
					self.assertIn(word, said["bookable"])
		self.assertEqual(self.missing(doc), {})
		self.assertEqual(act(doc, "Ship", SHIPPER).docstatus, 1)

	def frozen_books(self):
		"""Where ERPNext keeps up to when the accounts are frozen."""
		if frappe.get_meta("Company").has_field("accounts_frozen_till_date"):
			return "Company", COMPANY, {"accounts_frozen_till_date": nowdate()}
		return "Accounts Settings", "Accounts Settings", {"acc_frozen_upto": nowdate()}

	@needs_books
	def test_a_period_that_is_closed(self):
		doc = deliveries.ready_to_ship(deliveries.cleared(deliveries.delivery()))
		period = frappe.get_doc(
			{
				"doctype": "Accounting Period",
				"period_name": "MT closed",
				"company": COMPANY,
				"start_date": nowdate(),
				"end_date": nowdate(),
				"closed_documents": [{"document_type": "Delivery Note", "closed": 1}],
			}
		).insert()
		said = self.missing(doc)
		self.assertEqual(list(said), ["bookable"])
		self.assertIn("Enter another posting date", said["bookable"])
		period.delete()
		self.assertEqual(act(doc, "Ship", SHIPPER).docstatus, 1)

	@needs_books
	def test_an_accounting_dimension_that_is_mandatory(self):
		doc = deliveries.ready_to_ship(deliveries.cleared(deliveries.delivery()))
		asked = frappe._dict(
			label="Project", fieldname="project", company=COMPANY, mandatory_for_pl=1, mandatory_for_bs=0
		)
		with patch(
			"erpnext.accounts.doctype.gl_entry.gl_entry.get_checks_for_pl_and_bs_accounts",
			return_value=[asked],
		):
			self.assertNotShipped(doc, "bookable", "Row 1", "Project", "required")
			doc = deliveries.edit(doc, SHIPPER, project=self.project())
			self.assertEqual(act(doc, "Ship", SHIPPER).docstatus, 1)

	def project(self):
		if name := frappe.db.exists("Project", {"project_name": "MT Project"}):
			return name
		return (
			frappe.get_doc({"doctype": "Project", "project_name": "MT Project", "company": COMPANY})
			.insert()
			.name
		)


class TestReservations(ShippingCase):
	"""Stock that ERPNext has reserved for an order goes along with it."""

	def setUp(self):
		frappe.db.set_single_value("Stock Settings", "enable_stock_reservation", 1)
		frappe.clear_document_cache("Stock Settings", "Stock Settings")

	def tearDown(self):
		frappe.db.set_single_value("Stock Settings", "enable_stock_reservation", 0)
		frappe.clear_document_cache("Stock Settings", "Stock Settings")

	def reserved(self, item, qty, in_stock, **fields):
		"""An approved order for which stock is reserved in Production."""
		factories.make_stock(item, in_stock, PRODUCTION, **fields)
		order = factories.make_order((item, qty, 100))
		order.reserve_stock = 1
		for row in order.items:
			row.update({"warehouse": PRODUCTION, "reserve_stock": 1})
		order.save()
		return factories.approve(order)

	def held(self, order):
		"""Warehouse -> what is reserved there for an order."""
		found = {}
		for row in frappe.get_all(
			"Stock Reservation Entry",
			{"voucher_no": order.name, "docstatus": 1, "status": ["not in", ["Delivered", "Cancelled"]]},
			["warehouse", "reserved_qty", "delivered_qty"],
		):
			found[row.warehouse] = found.get(row.warehouse, 0) + row.reserved_qty - row.delivered_qty
		return found

	def bring(self, order, qty=None):
		with as_user(PRODUCER):
			entry = make_transfer(order.name)
			entry.items[0].update({"s_warehouse": PRODUCTION, **({"qty": qty} if qty else {})})
			entry.insert().submit()
		return entry

	@needs_reservations
	def test_it_follows_the_goods_until_they_leave(self):
		item = factories.make_item("MT-RESERVED")
		order = self.reserved(item, 10, 12)
		self.assertEqual(self.held(order), {PRODUCTION: 10})
		entry = self.bring(order, 4)
		self.assertEqual(self.held(order), {PRODUCTION: 6, FINAL_PACK: 4})
		with as_user(PRODUCER):
			entry.reload()
			entry.cancel()
		self.assertEqual(self.held(order), {PRODUCTION: 10})
		self.bring(order, 4)
		deliveries.shipped(deliveries.packed(order))
		self.assertEqual(self.held(order), {PRODUCTION: 6})
		self.bring(order)
		doc = deliveries.shipped(deliveries.packed(order))
		self.assertEqual(self.held(order), {})
		doc = act(doc, "Cancel Delivery", SHIPPER)
		self.assertEqual(self.held(order), {FINAL_PACK: 6})

	@needs_reservations
	def test_pieces_are_reserved_by_their_number(self):
		item = factories.make_item("MT-RESERVED-SERIAL", has_serial_no=1, traceability_required="Serial")
		serials = [deliveries.new_serial() for _number in range(4)]
		named = {"serial_no": "\n".join(serials), "use_serial_batch_fields": 1}
		order = self.reserved(item, 2, 4, **named)
		self.assertEqual(self.held(order), {PRODUCTION: 2})
		with as_user(PRODUCER):
			entry = make_transfer(order.name)
			# not those that ERPNext has chosen
			entry.items[0].update(
				{"s_warehouse": PRODUCTION, "serial_no": "\n".join(serials[2:]), "use_serial_batch_fields": 1}
			)
			entry.insert().submit()
		self.assertEqual(self.held(order), {FINAL_PACK: 2})
		doc = deliveries.shipped(deliveries.packed(order))
		self.assertEqual(set(deliveries.left_with(doc, "serial_no")), set(serials[2:]))
		self.assertEqual(self.held(order), {})

	@needs_reservations
	def test_what_is_reserved_elsewhere_gives_way_to_what_was_brought(self):
		item = factories.make_item("MT-RESERVED-2")
		order = self.reserved(item, 5, 5)
		factories.make_stock(item, 5, PRODUCTION)
		frappe.db.set_single_value("Stock Settings", "enable_stock_reservation", 0)
		frappe.clear_document_cache("Stock Settings", "Stock Settings")
		self.bring(order, 3)
		frappe.db.set_single_value("Stock Settings", "enable_stock_reservation", 1)
		frappe.clear_document_cache("Stock Settings", "Stock Settings")
		doc = deliveries.packed(order)
		self.assertEqual(self.held(order), {PRODUCTION: 2, FINAL_PACK: 3})
		deliveries.shipped(doc)
		self.assertEqual(self.held(order), {PRODUCTION: 2})
		with as_user(APPROVER):
			order.reload()
			order.update_status("Closed")
		self.assertEqual(self.held(order), {})

	@needs_reservations
	def test_a_change_of_the_order_reserves_anew(self):
		item = factories.make_item("MT-RESERVED-3")
		order = self.reserved(item, 5, 9)
		factories.change_quantity(order, 7)
		self.assertEqual(self.held(order), {PRODUCTION: 7})
		order.reload()
		act(order, "Accept Changes", "approver2@metalcraft.test")
		act(order, "Cancel Order", APPROVER)
		self.assertEqual(self.held(order), {})
