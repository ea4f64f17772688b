"""ERPNext's own documents beside a delivery of the process: what they write passes the guard."""

import frappe
from frappe.utils import now_datetime, nowdate

from metalcraft_workflow.gates.guard import GateNotMet, PassageRefused
from metalcraft_workflow.tests.support import deliveries, factories, sourcing
from metalcraft_workflow.tests.support.cases import FinalPackCase
from metalcraft_workflow.tests.support.factories import (
	COMPANY,
	FINAL_PACK,
	PACKER,
	PRODUCTION,
	SHIPPER,
	act,
	as_user,
)
from metalcraft_workflow.tests.support.marks import needs_logistics


class TestAlong(FinalPackCase):
	@classmethod
	def setUpClass(cls):
		super().setUpClass()
		cls.dispatcher = factories.make_user(
			"despatch@metalcraft.test", ["Delivery User", "Stock User", "Stock Manager", "Sales User"]
		)
		cls.installer = factories.make_user("installer@metalcraft.test", ["Sales User"])

	def address(self, doctype, name):
		return frappe.get_doc(
			{
				"doctype": "Address",
				"address_title": name,
				"address_type": "Shipping",
				"address_line1": "1 Test Street",
				"city": "Testville",
				"country": "United States",
				"pincode": "12345",
				"links": [{"link_doctype": doctype, "link_name": name}],
			}
		).insert()

	def trip(self, doc):
		driver = frappe.get_doc({"doctype": "Driver", "full_name": "MT Driver", "status": "Active"}).insert()
		plate = f"MT {frappe.generate_hash(length=5)}"
		frappe.get_doc(
			{
				"doctype": "Vehicle",
				"license_plate": plate,
				"make": "MT",
				"model": "MT",
				"last_odometer": 1,
				"uom": "Nos",
				"fuel_type": "Diesel",
			}
		).insert()
		return frappe.get_doc(
			{
				"doctype": "Delivery Trip",
				"company": COMPANY,
				"driver": driver.name,
				"driver_name": driver.full_name,
				"vehicle": plate,
				"departure_time": now_datetime(),
				"delivery_stops": [
					{
						"delivery_note": doc.name,
						"customer": doc.customer,
						"address": self.address("Customer", doc.customer).name,
					}
				],
			}
		)

	@needs_logistics
	def test_a_delivery_trip_says_who_drives(self):
		doc = deliveries.shipped(deliveries.delivery())
		trip = self.trip(doc)
		with as_user(self.dispatcher):
			trip.insert()
			trip.submit()
		doc.reload()
		self.assertEqual(
			(doc.workflow_state, doc.driver_name, doc.vehicle_no, doc.lr_no),
			("Shipped", "MT Driver", trip.vehicle, trip.name),
		)
		with as_user(self.dispatcher):
			doc.driver_name, doc.carrier = "Other", "Somebody else"
			with self.assertRefused("Carrier", exception=PassageRefused):
				doc.save()
			trip.reload()
			trip.cancel()
		doc.reload()
		self.assertEqual((doc.workflow_state, doc.driver, doc.vehicle_no), ("Shipped", None, None))

	@needs_logistics
	def test_what_was_shipped_is_installed(self):
		from erpnext.stock.doctype.delivery_note.delivery_note import make_installation_note

		doc = deliveries.shipped(deliveries.delivery())
		with as_user(self.installer):
			note = make_installation_note(doc.name)
			note.update({"inst_date": nowdate(), "inst_time": "23:59:00"})
			note.insert()
			note.submit()
		doc.reload()
		self.assertEqual((doc.workflow_state, doc.per_installed), ("Shipped", 100))

	@needs_logistics
	def test_packing_slips_go_with_the_delivery_and_are_cancelled_with_it(self):
		from erpnext.stock.doctype.delivery_note.delivery_note import make_packing_slip

		doc = deliveries.delivery()
		with as_user(PACKER):
			slip = make_packing_slip(doc.name)
			slip.items[0].qty = 6
			slip.insert()
			slip.submit()
		doc = deliveries.ready_to_ship(deliveries.cleared(doc))
		with self.assertRefused("Row 1", "Packed Qty", exception=GateNotMet):
			act(doc, "Ship", SHIPPER)
		with as_user(PACKER):
			rest = make_packing_slip(doc.name)
			rest.insert()
			rest.submit()
		doc = act(doc, "Ship", SHIPPER)
		self.assertEqual(doc.docstatus, 1)
		act(doc, "Cancel Delivery", SHIPPER)
		self.assertEqual(frappe.db.get_value("Packing Slip", slip.name, "docstatus"), 2)

	@needs_logistics
	def test_a_shipment_is_made_of_what_was_shipped(self):
		from erpnext.stock.doctype.delivery_note.delivery_note import make_shipment

		doc = deliveries.shipped(deliveries.delivery())
		pickup = self.address("Company", COMPANY).name
		delivery = self.address("Customer", doc.customer).name
		contact = frappe.get_doc(
			{
				"doctype": "Contact",
				"first_name": "MT Receiver",
				"email_ids": [{"email_id": "receiver@metalcraft.test", "is_primary": 1}],
				"links": [{"link_doctype": "Customer", "link_name": doc.customer}],
			}
		).insert()
		with as_user(self.dispatcher):
			shipment = make_shipment(doc.name)
			shipment.update(
				{
					"pickup_address_name": pickup,
					"delivery_address_name": delivery,
					"delivery_contact_name": contact.name,
					"pickup_contact_person": self.dispatcher,
					"pickup_date": nowdate(),
					"description_of_content": "Cylinders",
				}
			)
			shipment.set("shipment_parcel", [{"length": 1, "width": 1, "height": 1, "weight": 1, "count": 1}])
			shipment.insert()
			shipment.submit()
		doc.reload()
		self.assertEqual(doc.workflow_state, "Shipped")

	@needs_logistics
	def test_costs_that_come_later(self):
		item = factories.make_item("MT-LANDED")
		receipt = sourcing.receive(item, 10)
		order = deliveries.approved_order((item, 10, 100))
		deliveries.transfer(order)
		doc = deliveries.shipped(deliveries.packed(order))
		voucher = frappe.get_doc(
			{
				"doctype": "Landed Cost Voucher",
				"company": COMPANY,
				"purchase_receipts": [
					{
						"receipt_document_type": "Purchase Receipt",
						"receipt_document": receipt.name,
						"supplier": receipt.supplier,
						"grand_total": receipt.base_grand_total,
					}
				],
				"taxes": [
					{
						"description": "Freight",
						"expense_account": frappe.db.get_value(
							"Company", COMPANY, "stock_adjustment_account"
						),
						"amount": 50,
					}
				],
				"distribute_charges_based_on": "Qty",
			}
		)
		voucher.get_items_from_purchase_receipts()
		voucher.insert()
		voucher.submit()
		doc.reload()
		self.assertEqual((doc.workflow_state, doc.docstatus), ("Shipped", 1))

	@needs_logistics
	def test_a_pick_list_takes_what_is_at_final_pack(self):
		from erpnext.selling.doctype.sales_order.sales_order import create_pick_list
		from erpnext.stock.doctype.pick_list.pick_list import create_delivery_note

		item = factories.make_item("MT-PICKED")
		order = deliveries.approved_order((item, 4, 100))
		factories.make_stock(item, 4, PRODUCTION)
		with as_user(self.dispatcher):
			pick = create_pick_list(order.name)
			pick.parent_warehouse = None
			pick.insert()
			pick.submit()
			with self.assertRefused("Row 1", "0 Nos", order.name, exception=frappe.ValidationError):
				create_delivery_note(pick.name)
			pick.reload()
			pick.cancel()
		deliveries.transfer(order)
		with as_user(self.dispatcher):
			pick = create_pick_list(order.name)
			pick.insert()
			self.assertEqual({row.warehouse for row in pick.locations}, {FINAL_PACK})
			pick.submit()
			doc = create_delivery_note(pick.name)
		self.assertEqual([(row.qty, row.rate, row.warehouse) for row in doc.items], [(4, 100, FINAL_PACK)])
		self.assertEqual(deliveries.shipped(doc).docstatus, 1)
