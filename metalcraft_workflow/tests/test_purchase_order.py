"""Step 4: the customer's purchase order, and how the order differs from the quotation."""

import json
from pathlib import Path

import frappe
from erpnext.selling.doctype.quotation.quotation import make_sales_order
from frappe.tests.utils import FrappeTestCase
from frappe.utils import add_days, nowdate

from metalcraft_workflow.gates.checklist import get_checklist
from metalcraft_workflow.gates.guard import GateNotMet, PassageRefused
from metalcraft_workflow.gates.waiver import waive
from metalcraft_workflow.setup import defaults
from metalcraft_workflow.setup.properties import PURCHASE_ORDER, delete_properties, show_purchase_order
from metalcraft_workflow.tests.support import factories
from metalcraft_workflow.tests.support.factories import (
	APPROVER,
	COMPANY,
	FINAL_PACK,
	MANAGER,
	SUPPORT,
	act,
	as_user,
)


class TestPurchaseOrder(FrappeTestCase):
	@classmethod
	def setUpClass(cls):
		super().setUpClass()
		factories.setup_world()
		factories.make_item()
		factories.make_customer()

	def missing(self, order, user: str = SUPPORT) -> list[str]:
		with as_user(user):
			entries = get_checklist("Sales Order", order.name)
		return [row["code"] for row in entries[0]["requirements"] if not row["met"]]

	def test_number_date_and_file_are_wanted(self):
		order = factories.make_order(with_file=False)
		with as_user(SUPPORT):
			order.update({"po_no": "", "po_date": None})
			order.save()
		self.assertEqual(self.missing(order), ["po_number", "po_date", "po_file"])
		with self.assertRaises(GateNotMet) as refusal:
			act(order, "Request Approval", SUPPORT)
		self.assertIn("Attach the customer", str(refusal.exception))

	def test_it_is_entered_on_the_first_tab(self):
		fields = frappe.get_meta("Sales Order", cached=False).fields
		names = [field.fieldname for field in fields]
		tabs = [place for place, field in enumerate(fields) if place and field.fieldtype == "Tab Break"]
		for name in PURCHASE_ORDER:
			self.assertLess(names.index(name), (tabs or [len(names)])[0], name)

	def test_the_order_of_fields_that_an_administrator_chose_stays(self):
		setter = {"doc_type": "Sales Order", "property": "field_order"}
		chosen = json.dumps([field.fieldname for field in frappe.get_meta("Sales Order").fields][::-1])
		frappe.db.delete("Property Setter", setter)
		frappe.make_property_setter(
			{
				"doctype": "Sales Order",
				"doctype_or_field": "DocType",
				"property": "field_order",
				"value": chosen,
				"property_type": "Small Text",
			}
		)
		for change in (show_purchase_order, delete_properties):
			change()
			self.assertEqual(frappe.get_all("Property Setter", setter, pluck="value"), [chosen])
		frappe.db.rollback()
		frappe.clear_cache(doctype="Sales Order")

	def test_file_has_to_be_attached_and_there(self):
		order = factories.make_order()
		url = order.customer_po_file
		self.assertEqual(self.missing(order), [])

		file = frappe.get_doc("File", {"file_url": url, "attached_to_name": order.name})
		path = Path(file.get_full_path())
		path.rename(path.with_suffix(".gone"))
		self.addCleanup(lambda: path.with_suffix(".gone").exists() and path.with_suffix(".gone").rename(path))
		self.assertEqual(self.missing(order), ["po_file"])
		path.with_suffix(".gone").rename(path)

		frappe.delete_doc("File", file.name)
		order.reload()
		self.assertEqual(self.missing(order), ["po_file"])

	def test_a_made_up_address_is_no_file(self):
		order = factories.make_order(with_file=False)
		with as_user(SUPPORT):
			order.customer_po_file = "/private/files/never-uploaded.pdf"
			self.assertRaises(frappe.PermissionError, order.save)
			order.reload()
			order.customer_po_file = "/files/never-uploaded.pdf"
			order.save()
		self.assertEqual(self.missing(order), ["po_file"])

	def test_a_number_used_before_wants_a_confirmation(self):
		number = f"PO {frappe.generate_hash(length=6)}"
		first = factories.make_order(po_no=number)
		second = factories.make_order(po_no=number.replace(" ", "").lower())
		self.assertEqual(self.missing(second), ["po_reuse"])
		with self.assertRaises(GateNotMet) as refusal:
			act(second, "Request Approval", SUPPORT)
		self.assertIn(first.name, str(refusal.exception))
		with as_user(SUPPORT):
			second.reload()
			second.po_reuse_confirmed = 1
			second.save()
		self.assertEqual(act(second, "Request Approval", SUPPORT).workflow_state, "Pending Approval")

	def test_a_number_of_another_customer_or_a_cancelled_order_is_free(self):
		number = frappe.generate_hash(length=8)
		other = factories.make_order(po_no=number, customer=factories.make_customer("MT Other Customer"))
		self.assertEqual(self.missing(factories.make_order(po_no=number)), [])
		cancelled = factories.approve(other)
		act(cancelled, "Cancel Order", APPROVER)
		again = factories.make_order(po_no=number, customer="MT Other Customer")
		self.assertEqual(self.missing(again), [])

	def test_a_number_used_while_the_order_waited_is_noticed_at_approval(self):
		number = frappe.generate_hash(length=8)
		order = factories.make_order(po_no=number)
		act(order, "Request Approval", SUPPORT)
		factories.make_order(po_no=number)
		with self.assertRaises(GateNotMet):
			act(order, "Approve", APPROVER)

	def test_what_was_waived_at_the_request_is_waived_at_the_approval(self):
		order = factories.make_order(with_file=False)
		with as_user(MANAGER):
			waive(
				"Sales Order",
				order.name,
				"request_approval",
				"po_file",
				"Customer sends it by post",
			)
		act(order, "Request Approval", SUPPORT)
		self.assertEqual(act(order, "Approve", APPROVER).docstatus, 1)

	def test_a_waiver_lapses_with_the_lines_it_was_given_for(self):
		order = factories.make_order(with_file=False)
		with as_user(MANAGER):
			waive(
				"Sales Order",
				order.name,
				"request_approval",
				"po_file",
				"Customer sends it by post",
			)
		with as_user(SUPPORT):
			order.reload()
			order.items[0].qty = 99
			order.save()
		with self.assertRaises(GateNotMet):
			act(order, "Request Approval", SUPPORT)

	def test_erpnexts_wall_is_replaced_and_comes_back(self):
		field = ("Selling Settings", "allow_against_multiple_purchase_orders")
		frappe.db.set_global(defaults.REUSE_BEFORE, None)
		frappe.db.set_single_value(*field, 0)
		defaults.allow_purchase_order_reuse()
		self.assertEqual(frappe.db.get_single_value(*field), 1)
		# An administrator who brings it back is not overruled by the next migrate
		frappe.db.set_single_value(*field, 0)
		defaults.allow_purchase_order_reuse()
		self.assertEqual(frappe.db.get_single_value(*field), 0)
		frappe.db.set_single_value(*field, 1)
		defaults.restore_purchase_order_wall()
		self.assertEqual(frappe.db.get_single_value(*field), 0)


class TestDifferences(FrappeTestCase):
	@classmethod
	def setUpClass(cls):
		super().setUpClass()
		factories.setup_world()
		for item in ("MT-CYL-01", "MT-VALVE-01", "MT-HOSE-01"):
			factories.make_item(item)
		factories.make_customer()

	def test_an_order_as_quoted_shows_none(self):
		order = order_from(make_quotation())
		self.assertFalse(order.quotation_differences)
		self.assertEqual(factories.approve(order).docstatus, 1)

	def test_price_quantity_missing_and_added_are_listed(self):
		quotation = make_quotation(lead_time_days=30)

		def change(order):
			order.items[0].update({"rate": 90, "qty": 8})
			order.remove(order.items[1])
			order.append("items", line("MT-HOSE-01", 1, 5))

		order = order_from(quotation, change, delivery_date=add_days(nowdate(), 10))
		text = order.quotation_differences.splitlines()
		self.assertEqual(
			[row.split(" in SAL")[0] for row in text][:1],
			["Row 1, MT-CYL-01: price 90 instead of 100"],
		)
		self.assertIn("lead time", text[1])
		self.assertEqual(text[2], "Row 2, MT-HOSE-01: 1 at 5, not quoted")
		self.assertIn("quantity 8 instead of 10", text[3])
		self.assertIn("MT-VALVE-01: 5", text[4])
		self.assertIn("not ordered", text[4])

	def test_the_approver_acknowledges_them(self):
		order = order_from(make_quotation(), lambda order: order.items[0].update({"rate": 90}))
		act(order, "Request Approval", SUPPORT)
		with self.assertRaises(GateNotMet):
			act(order, "Approve", APPROVER)
		with as_user(APPROVER):
			order.reload()
			order.differences_acknowledged = 1
			order.save()
		self.assertEqual(act(order, "Approve", APPROVER).docstatus, 1)

	def test_nobody_acknowledges_them_beforehand(self):
		order = order_from(make_quotation(), lambda order: order.items[0].update({"rate": 90}))
		with as_user(SUPPORT):
			order.differences_acknowledged = 1
			order.save()
		self.assertFalse(order.differences_acknowledged)
		act(order, "Request Approval", SUPPORT)
		with as_user(SUPPORT), self.assertRaises(PassageRefused):
			order.reload()
			order.differences_acknowledged = 1
			order.save()

	def test_a_new_difference_takes_the_acknowledgement_back(self):
		order = order_from(make_quotation(), lambda order: order.items[0].update({"rate": 90}))
		act(order, "Request Approval", SUPPORT)
		with as_user(APPROVER):
			order.reload()
			order.differences_acknowledged = 1
			order.save()
		act(order, "Send Back", APPROVER, "Price again")
		with as_user(SUPPORT):
			order.reload()
			self.assertTrue(order.differences_acknowledged)
			order.items[0].rate = 80
			order.save()
		self.assertFalse(order.differences_acknowledged)

	def test_what_a_client_sends_for_the_differences_is_not_heard(self):
		order = order_from(make_quotation(), lambda order: order.items[0].update({"rate": 90}))
		with as_user(SUPPORT):
			order.quotation_differences = ""
			order.save()
		self.assertIn("price 90 instead of 100", order.quotation_differences)

	def test_one_order_of_two_quotations(self):
		first, second = make_quotation(), make_quotation()
		with as_user(SUPPORT):
			order = make_sales_order(first.name)
			order = make_sales_order(second.name, target_doc=order)
			order.update(
				{
					"po_no": frappe.generate_hash(length=8),
					"delivery_date": add_days(nowdate(), 20),
				}
			)
			for row in order.items:
				row.delivery_date = order.delivery_date
			order.insert()
			self.assertFalse(order.quotation_differences)
			order.items = order.items[:-1]
			order.save()
		self.assertIn(second.name, order.quotation_differences)
		self.assertNotIn(first.name, order.quotation_differences)

	def test_a_second_order_takes_what_is_left(self):
		quotation = make_quotation()
		factories.approve(
			order_from(
				quotation,
				lambda order: order.items[0].update({"qty": 4}),
				acknowledge=True,
			)
		)
		rest = order_from(quotation)
		self.assertEqual(rest.items[0].qty, 6)
		self.assertFalse(rest.quotation_differences)

	def test_an_order_made_later_and_approved_earlier_counts(self):
		quotation = make_quotation()
		first = order_from(quotation, lambda order: order.items[0].update({"qty": 6}))
		self.assertIn("6 instead of 10", first.quotation_differences)

		def the_rest(order):
			order.items[0].qty = 4
			order.remove(order.items[1])

		factories.approve(order_from(quotation, the_rest, acknowledge=True))
		with as_user(SUPPORT):
			first.save()
		self.assertFalse(first.quotation_differences)


def line(item: str, qty: float, rate: float) -> dict:
	return {"item_code": item, "qty": qty, "rate": rate, "warehouse": FINAL_PACK}


def make_quotation(**fields):
	with as_user(SUPPORT):
		quotation = frappe.get_doc(
			{
				"doctype": "Quotation",
				"quotation_to": "Customer",
				"party_name": "MT Customer",
				"company": COMPANY,
				"items": [line("MT-CYL-01", 10, 100), line("MT-VALVE-01", 5, 20)],
				**fields,
			}
		).insert()
		quotation.submit()
	return quotation


def order_from(quotation, change=None, delivery_date=None, acknowledge: bool = False):
	"""A draft order against `quotation`, with its purchase order; `change` alters it before it is saved."""
	with as_user(SUPPORT):
		order = make_sales_order(quotation.name)
		order.update(
			{
				"po_no": frappe.generate_hash(length=8),
				"po_date": nowdate(),
				"delivery_date": delivery_date or add_days(nowdate(), 60),
			}
		)
		if change:
			change(order)
		order.insert()
		factories.attach(order, "customer_po_file", "purchase-order.pdf")
		order.save()
	if acknowledge:
		act(order, "Request Approval", SUPPORT)
		with as_user(APPROVER):
			order.reload()
			order.differences_acknowledged = 1
			order.save()
		act(order, "Send Back", APPROVER, "Acknowledged")
		order.reload()
	return order
