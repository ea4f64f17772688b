"""Where an order or a delivery stands, as its form shows it: stations, what is next, what was changed."""

import frappe
from frappe.tests.utils import FrappeTestCase

from metalcraft_workflow.desk.standing import get_standing
from metalcraft_workflow.tests.support import deliveries, factories
from metalcraft_workflow.tests.support.factories import (
	APPROVER,
	CONTROLLER,
	PACKER,
	SHIPPER,
	SUPPORT,
	act,
	approve,
	as_user,
	change_quantity,
)


class StandingCase(FrappeTestCase):
	@classmethod
	def setUpClass(cls):
		super().setUpClass()
		factories.setup_world()

	def standing(self, doc, user: str = SUPPORT) -> dict:
		with as_user(user):
			return get_standing(doc.doctype, doc.name)

	def stations(self, doc, user: str = SUPPORT) -> dict[str, dict]:
		return {station["key"]: station for station in self.standing(doc, user)["line"]}

	def here(self, doc) -> list[str]:
		return [key for key, station in self.stations(doc).items() if station["state"] == "current"]


class TestLine(StandingCase):
	def test_an_order_on_its_way(self):
		order = factories.make_order()
		self.assertEqual(self.here(order), ["approved"])
		self.assertEqual(self.stations(order)["received"]["by"], frappe.utils.get_fullname(SUPPORT))
		approve(order)
		stations = self.stations(order)
		self.assertEqual(stations["approved"]["by"], frappe.utils.get_fullname(APPROVER))
		self.assertTrue(stations["approved"]["on"])
		self.assertEqual(self.here(order), ["production"])
		deliveries.bring(order, 4)
		stations = self.stations(order)
		self.assertEqual(stations["production"]["parts"], "4 of 10")
		self.assertEqual(self.here(order), ["production", "final_pack"])
		note = deliveries.packed(order)
		self.assertEqual(
			self.stations(order)["final_pack"]["links"], [{"doctype": "Delivery Note", "name": note.name}]
		)
		deliveries.shipped(note)
		self.assertEqual(self.stations(order)["shipped"]["parts"], "4 of 10")
		self.assertEqual(self.stations(order)["shipped"]["by"], frappe.utils.get_fullname(SHIPPER))
		self.assertEqual(self.here(order), ["production", "invoiced"])

	def test_services_do_not_wait_for_production(self):
		service = factories.make_item("MT-SERVICE", is_stock_item=0, item_defaults=[])
		order = deliveries.approved_order((factories.make_item(), 2, 100), (service, 3, 10))
		deliveries.bring(order, 2, 0)
		self.assertEqual(self.stations(order)["production"]["state"], "done")

	def test_a_delivery_on_its_way(self):
		note = deliveries.delivery()
		self.assertEqual(self.here(note), ["final_pack"])
		act(note, "Complete Packing", PACKER)
		stations = self.stations(note)
		self.assertEqual(stations["final_pack"]["by"], frappe.utils.get_fullname(PACKER))
		# no document was needed, so nobody was there
		self.assertEqual((stations["quality"]["state"], stations["quality"]["by"]), ("done", ""))
		act(note, "Hold", SUPPORT, reason="The customer moves.")
		standing = self.standing(note)
		self.assertEqual(
			[station["key"] for station in standing["line"] if station["state"] == "blocked"], ["hold"]
		)
		self.assertEqual(standing["checklist"][0]["arrival"].reason, "The customer moves.")

	def test_orders_from_before_have_no_line(self):
		order = factories.make_order()
		order.db_set("follows_process", 0)
		self.assertEqual(self.standing(order)["line"], [])

	def test_is_for_who_may_read_the_document(self):
		order = factories.make_order()
		with as_user("Guest"):
			self.assertRaises(frappe.PermissionError, get_standing, order.doctype, order.name)


class TestNext(StandingCase):
	def test_an_approved_order_is_with_production_and_not_yet_to_be_billed(self):
		order = approve(factories.make_order())
		standing = self.standing(order)
		self.assertEqual([row["key"] for row in standing["next"]], ["production"])
		self.assertNotIn("close", [entry["gate"] for entry in standing["checklist"]])

	def test_a_shipped_order_says_why_it_is_open(self):
		order = deliveries.approved_order()
		deliveries.bring(order)
		deliveries.shipped(deliveries.packed(order))
		self.assertIn("close", [entry["gate"] for entry in self.standing(order)["checklist"]])

	def test_a_delivery_that_waits_says_what_for(self):
		order = deliveries.approved_order()
		deliveries.bring(order)
		note = deliveries.cleared(deliveries.packed(order))
		(entry,) = [row for row in self.standing(order)["next"] if row["key"] == "shipped"]
		self.assertEqual(entry["blocked"][0]["name"], note.name)
		self.assertTrue(entry["blocked"][0]["missing"])


class TestHolds(StandingCase):
	def test_the_reason_of_a_credit_hold_is_for_who_knows_amounts(self):
		customer = factories.make_customer(f"MT Held {frappe.generate_hash(length=6)}")
		frappe.get_doc("Customer", customer).update({"credit_hold": 1}).save()
		order = factories.make_order(customer=customer)
		act(order, "Request Approval", SUPPORT)
		self.assertIn(customer, self.stations(order, CONTROLLER)["credit_hold"]["reason"])
		self.assertNotIn(customer, self.stations(order, PACKER)["credit_hold"]["reason"])
		act(order, "Release Credit Hold", CONTROLLER)
		released = self.stations(order)["credit_hold"]
		self.assertEqual((released["state"], released["by"]), ("done", frappe.utils.get_fullname(CONTROLLER)))

	def test_a_changed_order_says_old_and_new(self):
		order = approve(factories.make_order())
		self.assertEqual(self.standing(order)["changes"], [])
		change_quantity(order, 12)
		standing = self.standing(order, APPROVER)
		changed = {row["what"]: (row["old"], row["new"]) for row in standing["changes"]}
		self.assertEqual(changed["1: MT-CYL-01 · Quantity"], ("10", "12"))
		self.assertIn("Grand Total", " ".join(changed))
		self.assertEqual(standing["next"], [])
		# who makes and packs it sees what is another quantity, and no price
		frappe.clear_messages()
		self.assertEqual(
			[row["what"] for row in self.standing(order, PACKER)["changes"]], ["1: MT-CYL-01 · Quantity"]
		)
		self.assertEqual(frappe.get_message_log(), [])
		for user, is_for_colleague in ((APPROVER, True), ("approver2@metalcraft.test", False)):
			open_points = [
				point
				for entry in self.standing(order, user)["checklist"]
				for point in entry["requirements"]
				if not point["met"]
			]
			self.assertEqual([point["is_for_colleague"] for point in open_points], [True] * is_for_colleague)
		act(order, "Accept Changes", "approver2@metalcraft.test")
		self.assertEqual(self.standing(order)["changes"], [])
