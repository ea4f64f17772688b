"""What the forms and lists of the desk are told by the server, asked as the role that opens them."""

import frappe
from frappe.desk.form.load import getdoc
from frappe.tests.utils import FrappeTestCase

from metalcraft_workflow.gates.checklist import get_checklist
from metalcraft_workflow.gates.refusals import GateNotMet
from metalcraft_workflow.setup.lists import COLUMNS, make_lists
from metalcraft_workflow.tests.support import deliveries, factories
from metalcraft_workflow.tests.support.factories import CONTROLLER, PACKER, SUPPORT, act, as_user


def opened(doctype: str, name: str, user: str) -> frappe._dict:
	"""The document as the form of `user` gets it."""
	frappe.response.docs = []
	with as_user(user):
		getdoc(doctype, name)
	return frappe.parse_json(frappe.as_json(frappe.response.docs[0]))


class FormsCase(FrappeTestCase):
	@classmethod
	def setUpClass(cls):
		super().setUpClass()
		factories.setup_world()

	def tearDown(self):
		frappe.db.rollback()


class TestRefusals(FormsCase):
	"""Where what is missing is mended, and what it says to whom."""

	def on_hold(self, **fields):
		customer = factories.make_customer(
			"MT Forms Customer", credit_hold=1, credit_hold_reason="Two invoices overdue."
		)
		return factories.make_order(customer=customer, **fields)

	def credit(self, order, user: str) -> dict:
		with as_user(user):
			entries = get_checklist("Sales Order", order.name)
		points = [row for entry in entries for row in entry["requirements"]]
		return next(row for row in points if row["code"] == "credit")

	def test_a_refusal_does_not_lead_to_where_one_is(self):
		order = self.on_hold()
		order.db_set("po_no", "")
		with self.assertRaises(GateNotMet) as refused:
			act(order, "Request Approval", SUPPORT)
		self.assertNotIn("href", str(refused.exception))

	def test_amounts_and_what_a_customer_owes_are_for_who_reads_invoices(self):
		order = self.on_hold()
		act(order, "Request Approval", SUPPORT)
		act(order, "Release Credit Hold", CONTROLLER)
		frappe.db.set_value("Customer", order.customer, "credit_hold_reason", "A cheque came back.")
		told, others = self.credit(order, SUPPORT), self.credit(order, PACKER)
		self.assertEqual("cheque" in told["message"], not told["met"])
		self.assertNotIn("cheque", others["message"])


class TestLists(FormsCase):
	def columns(self, doctype: str) -> list[str]:
		fields = frappe.db.get_value("List View Settings", doctype, "fields")
		return [row["fieldname"] for row in frappe.parse_json(fields)]

	def test_a_list_shows_the_purchase_order(self):
		for doctype in COLUMNS:
			self.assertIn("po_no", self.columns(doctype))
			self.assertTrue(frappe.get_meta(doctype).get_field("po_no").in_list_view)

	def test_what_an_administrator_has_chosen_stays(self):
		chosen = frappe.as_json([{"fieldname": "customer_name", "label": "Customer Name"}])
		frappe.db.set_value("List View Settings", "Sales Order", "fields", chosen)
		make_lists()
		self.assertEqual(self.columns("Sales Order"), ["customer_name"])


class TestTimes(FormsCase):
	def test_a_draft_opens_as_saved_at_any_time_of_the_day(self):
		note = deliveries.delivery()
		for stored, sent in (("6:24:00", "06:24:00"), ("06:24:05.5", "06:24:00"), ("16:24:05", "16:24:00")):
			note.db_set("posting_time", stored)
			self.assertEqual(opened("Delivery Note", note.name, PACKER).posting_time, sent)

	def test_what_is_submitted_keeps_its_seconds(self):
		note = deliveries.shipped(deliveries.delivery())
		note.db_set("posting_time", "6:24:05")
		self.assertEqual(opened("Delivery Note", note.name, PACKER).posting_time, "6:24:05")
