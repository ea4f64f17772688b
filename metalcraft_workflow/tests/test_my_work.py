"""My Work: what waits for each role is on it, in the order of the promises, and nothing that is not theirs."""

from unittest.mock import patch

import frappe
from frappe.tests.utils import FrappeTestCase
from frappe.utils import add_days, getdate, nowdate

from metalcraft_workflow.desk.my_work import get_my_work
from metalcraft_workflow.setup.desk import home_page, land_on_my_work
from metalcraft_workflow.tests.support import deliveries, factories
from metalcraft_workflow.tests.support.cost import counted
from metalcraft_workflow.tests.support.factories import (
	ACCOUNTS,
	APPROVER,
	CONTROLLER,
	PACKER,
	PRODUCER,
	QA,
	SHIPPER,
	SUPPORT,
	act,
	approve,
	as_user,
	change_quantity,
)

CUSTOMER = "MT My Work"


class MyWorkCase(FrappeTestCase):
	@classmethod
	def setUpClass(cls):
		super().setUpClass()
		factories.setup_world()

	def setUp(self):
		factories.make_customer(CUSTOMER)

	def make_order(self, *lines, **fields):
		return factories.make_order(*lines, customer=CUSTOMER, **fields)

	def work(self, user: str) -> dict[str, list[dict]]:
		"""Title of a list -> all its rows, as `user` sees them."""
		with as_user(user):
			found: dict[str, list[dict]] = {}
			for section in get_my_work()["sections"]:
				rows = section["rows"]
				while len(rows) < section["total"]:
					(more,) = get_my_work(section=section["key"], start=len(rows))["sections"]
					rows = rows + more["rows"]
				found[section["title"]] = rows
			return found

	def row(self, user: str, title: str, name: str) -> dict | None:
		return next((row for row in self.work(user).get(title, ()) if row["name"] == name), None)

	def assertWaits(self, user: str, title: str, name: str) -> dict:
		row = self.row(user, title, name)
		self.assertIsNotNone(row, f"{name} is not in {title} of {user}: {self.titles(user, name)}")
		return row

	def titles(self, user: str, name: str) -> list[str]:
		"""The lists of `user` that have the document."""
		return [title for title, rows in self.work(user).items() if any(row["name"] == name for row in rows)]


class TestWhoseTurn(MyWorkCase):
	def test_an_order_comes_to_each_whose_turn_it_is_and_to_nobody_else(self):
		order = self.make_order()
		self.assertEqual(self.titles(SUPPORT, order.name), ["Orders to Send for Approval"])
		self.assertEqual(self.titles(APPROVER, order.name), [])
		act(order, "Request Approval", SUPPORT)
		self.assertEqual(self.titles(SUPPORT, order.name), [])
		row = self.assertWaits(APPROVER, "Orders to Approve", order.name)
		self.assertEqual((row["customer"], row["po_no"]), (CUSTOMER, order.po_no))
		self.assertEqual(row["ship_date"], getdate(order.delivery_date))
		self.assertEqual([action["label"] for action in row["actions"]][:2], ["Approve", "Open"])
		act(order, "Send Back", APPROVER, reason="The price of line 1 is wrong.")
		row = self.assertWaits(SUPPORT, "Orders: Sent Back", order.name)
		self.assertIn("The price of line 1 is wrong.", row["note"])

	def test_what_is_missing_is_said_and_what_would_be_refused_is_not_offered(self):
		order = self.make_order(with_file=False)
		row = self.assertWaits(SUPPORT, "Orders to Send for Approval", order.name)
		self.assertEqual(len(row["missing"]), 1)
		self.assertEqual([action["label"] for action in row["actions"]], ["Open"])

	def test_credit_hold_and_change_review(self):
		customer = factories.make_customer(f"MT Held {frappe.generate_hash(length=6)}")
		frappe.get_doc("Customer", customer).update({"credit_hold": 1}).save()
		order = factories.make_order(customer=customer)
		act(order, "Request Approval", SUPPORT)
		row = self.assertWaits(CONTROLLER, "Orders in Credit Hold", order.name)
		self.assertIn("credit hold", row["note"])
		self.assertEqual(row["actions"][0]["label"], "Release Credit Hold")
		self.assertTrue(next(a for a in row["actions"] if a["label"] == "Reject")["asks_reason"])
		with patch("metalcraft_workflow.desk.releases.knows_amounts", return_value=False):
			row = self.assertWaits(CONTROLLER, "Orders in Credit Hold", order.name)
			self.assertEqual(row["note"], "Accounts has to release it.")
		approved = approve(self.make_order())
		self.assertEqual(self.titles(APPROVER, approved.name), [])
		change_quantity(approved, 12)
		self.assertWaits(APPROVER, "Changed Orders to Review", approved.name)

	def test_a_state_that_an_administrator_renamed_counts_as_before(self):
		order = self.make_order()
		act(order, "Request Approval", SUPPORT)
		frappe.rename_doc("Workflow State", "Pending Approval", "With the Boss")
		self.addCleanup(frappe.rename_doc, "Workflow State", "With the Boss", "Pending Approval")
		self.assertWaits(APPROVER, "Orders to Approve", order.name)

	def test_a_delivery_from_packing_to_the_invoice(self):
		order = approve(self.make_order())
		notice = frappe.db.get_value("Production Notice", {"sales_order": order.name})
		row = self.assertWaits(PRODUCER, "Notices to Acknowledge", notice)
		with as_user(PRODUCER):
			frappe.get_attr(row["actions"][0]["method"])(row["actions"][0]["name"])
		self.assertEqual(self.titles(PRODUCER, notice), [])
		self.assertWaits(PRODUCER, "Goods to Transfer to Final Pack", order.name)
		self.assertEqual(self.titles(PACKER, order.name), [])

		deliveries.bring(order)
		self.assertEqual(self.titles(PRODUCER, order.name), [])
		self.assertWaits(PACKER, "Orders to Pack", order.name)
		note = deliveries.packed(order)
		self.assertEqual(self.titles(PACKER, order.name), [])
		row = self.assertWaits(PACKER, "Deliveries to Pack", note.name)
		self.assertEqual((row["po_no"], row["ship_date"]), (order.po_no, getdate(order.delivery_date)))

		act(note, "Complete Packing", PACKER)
		self.assertEqual(self.titles(PACKER, note.name), [])
		self.assertWaits(SUPPORT, "Deliveries to Clear", note.name)
		act(note, "Hold", SUPPORT, reason="The customer moves.")
		row = self.assertWaits(SUPPORT, "Deliveries on Hold", note.name)
		self.assertIn("The customer moves.", row["note"])
		act(note, "Resume", SUPPORT)
		act(note, "Clear for Shipment", SUPPORT)
		row = self.assertWaits(SHIPPER, "Deliveries to Ship", note.name)
		self.assertTrue(row["missing"])
		act(deliveries.ready_to_ship(note.reload()), "Ship", SHIPPER)
		self.assertEqual(self.titles(SHIPPER, note.name), [])
		row = self.assertWaits(SUPPORT, "Deliveries to Invoice", note.name)
		self.assertEqual(row["actions"][0]["kind"], "make")

	def test_documents_wait_for_quality_assurance(self):
		item = factories.make_item("MT-WITH-COC", required_documents=[{"document_type": "Pictures"}])
		note = deliveries.delivery((item, 1, 100), customer=CUSTOMER)
		act(note, "Complete Packing", PACKER)
		row = self.assertWaits(QA, "Documents to Upload and Release", note.name)
		self.assertIn("Pictures", row["missing"][0])

	def test_deliveries_that_wait_for_credit_come_to_accounts(self):
		customer = factories.make_customer(f"MT Late {frappe.generate_hash(length=6)}")
		note = deliveries.delivery(customer=customer)
		act(note, "Complete Packing", PACKER)
		self.assertEqual(self.titles(CONTROLLER, note.name), [])
		frappe.get_doc("Customer", customer).update({"credit_hold": 1}).save()
		row = self.assertWaits(CONTROLLER, "Deliveries That Wait for Accounts", note.name)
		self.assertEqual([action["kind"] for action in row["actions"]], ["waive", "open"])
		self.assertEqual(self.titles(ACCOUNTS, note.name), [])


class TestLists(MyWorkCase):
	def test_the_oldest_promise_comes_first(self):
		late, later = self.make_order(), self.make_order()
		for order, days in ((later, -800), (late, -900)):
			order.items[0].db_set("delivery_date", add_days(nowdate(), days))
		names = [row["name"] for row in self.work(SUPPORT)["Orders to Send for Approval"]]
		self.assertEqual(names[:2], [late.name, later.name])
		self.assertTrue(self.row(SUPPORT, "Orders to Send for Approval", late.name)["is_late"])

	def test_user_permissions_hold(self):
		mine, other = self.make_order(), factories.make_order()
		frappe.permissions.add_user_permission("Customer", CUSTOMER, SUPPORT, ignore_permissions=True)
		self.addCleanup(frappe.permissions.clear_user_permissions_for_doctype, "Customer", SUPPORT)
		self.assertTrue(self.titles(SUPPORT, mine.name))
		self.assertEqual(self.titles(SUPPORT, other.name), [])

	def test_is_for_who_takes_part(self):
		with as_user("Guest"):
			self.assertRaises(frappe.PermissionError, get_my_work)

	def test_a_list_that_is_not_there_is_empty(self):
		with as_user(SUPPORT):
			for section in ("orders:No such state:x", "nonsense", ":"):
				self.assertEqual(get_my_work(section=section)["sections"], [])

	def test_costs_the_same_however_many_wait_and_little_a_row(self):
		def queries() -> int:
			with as_user(SUPPORT), counted() as asked:
				get_my_work()
			return len(asked)

		for _number in range(12):
			self.make_order()
		queries()  # fills Frappe's caches
		before = queries()
		for _number in range(6):
			self.make_order()
		self.assertEqual(queries(), before)


class TestLanding(MyWorkCase):
	def boot(self, user: str, home: str = "Workspaces") -> str:
		bootinfo = frappe._dict(home_page=home)
		with as_user(user):
			land_on_my_work(bootinfo)
		return bootinfo.home_page

	def test_who_takes_part_lands_on_it(self):
		self.assertEqual(self.boot(PACKER), "my-work")
		self.assertEqual(self.boot("Guest"), "Workspaces")

	def test_what_somebody_has_chosen_stays(self):
		self.assertEqual(self.boot(PACKER, "another-page"), "another-page")
		user = frappe.get_doc("User", PACKER)
		user.db_set("default_app", "erpnext")
		self.addCleanup(frappe.clear_document_cache, "User", PACKER)
		self.addCleanup(user.db_set, "default_app", None)
		frappe.clear_document_cache("User", PACKER)
		self.assertEqual(self.boot(PACKER), "Workspaces")
		with as_user(PACKER):
			self.assertIsNone(home_page(PACKER))
