"""What the forms and lists of the desk are told by the server, asked as the role that opens them."""

import frappe
from frappe.desk.form.load import getdoc
from frappe.tests.utils import FrappeTestCase

from metalcraft_workflow.gates.checklist import get_checklist
from metalcraft_workflow.gates.message import knows_amounts, sentence, ways_to_mend
from metalcraft_workflow.gates.refusals import GateNotMet
from metalcraft_workflow.rules.quantity import Qty
from metalcraft_workflow.rules.requirement import Link, Listing, Phrase, Problem, Requirement
from metalcraft_workflow.setup.desk import hide_amounts
from metalcraft_workflow.setup.lists import COLUMNS, make_lists
from metalcraft_workflow.tests.support import deliveries, factories
from metalcraft_workflow.tests.support.cost import counted
from metalcraft_workflow.tests.support.factories import CONTROLLER, PACKER, SUPPORT, act, as_user
from metalcraft_workflow.tests.support.quotations import make_quotation


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

	def test_a_quotation_that_was_shared_does_not_tell_all_amounts(self):
		quotation = make_quotation(factories.make_customer())
		frappe.share.add("Quotation", quotation.name, PACKER, read=1)
		with as_user(PACKER):
			self.assertTrue(quotation.has_permission("read"))
			self.assertFalse(knows_amounts())
		with as_user(SUPPORT):
			self.assertTrue(knows_amounts())

	def test_what_is_kept_is_said_in_full_whoever_keeps_it(self):
		inner = Phrase("owes {amount}", {"amount": Qty(5)}, discreet="owes something")
		outer = Listing((Phrase("{customer} {what}", {"customer": "Acme", "what": inner}),))
		asked = Requirement(
			"credit",
			"Credit",
			"{who}.",
			False,
			params={"who": outer},
			also=(Problem("Ask for 5.", discreet="Ask."),),
		)
		with as_user(PACKER):
			self.assertEqual(sentence(asked), "Acme owes something. Ask.")
			self.assertEqual(sentence(asked, with_amounts=True), "Acme owes 5. Ask for 5.")

	def test_where_things_are_mended_is_asked_once(self):
		orders = [factories.make_order().name for _number in range(3)]
		note = deliveries.delivery()
		points = [
			Requirement(str(number), "Order", "Mend it.", False, link=Link("Sales Order", name))
			for number, name in enumerate([*orders, "SO-NONE"])
		]
		points.append(Requirement("here", "Carrier", "Mend it.", False, link=Link(note.doctype, note.name)))
		with as_user(PACKER):
			ways_to_mend(points, note)  # fills Frappe's caches
			with counted() as asked:
				links = ways_to_mend(points, note)
		self.assertEqual([link and link.name for link in links], [*orders, None, None])
		self.assertLessEqual(len(asked), 2, "\n".join(asked))
		frappe.permissions.add_user_permission("Sales Order", orders[1], PACKER, ignore_permissions=True)
		self.addCleanup(frappe.cache.hdel, "user_permissions", PACKER)
		with as_user(PACKER):
			links = ways_to_mend(points, note)
		self.assertEqual([link and link.name for link in links], [None, orders[1], None, None, None])


class TestAmounts(FormsCase):
	"""From whose forms amounts are left out."""

	def hidden(self, user: str) -> list[str]:
		bootinfo = frappe._dict()
		with as_user(user):
			hide_amounts(bootinfo)
		return bootinfo.metalcraft_hides_amounts

	def test_of_roles_of_the_process_that_read_neither_quotations_nor_invoices(self):
		self.assertEqual(self.hidden(PACKER), ["Sales Order", "Delivery Note", "Stock Entry"])
		for user in (SUPPORT, CONTROLLER, "Administrator"):
			self.assertEqual(self.hidden(user), [])

	def test_the_stock_people_of_the_site_see_rates_as_before(self):
		"""They receive goods at a price, and read no invoice in ERPNext."""
		user = factories.make_user("store@metalcraft.test", ["Stock User"])
		self.assertEqual(self.hidden(user), [])
		factories.make_user("store.packer@metalcraft.test", ["Manufacturing User", "Final Pack"])
		self.assertNotIn("Stock Entry", self.hidden("store.packer@metalcraft.test"))


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

	def test_a_posting_time_that_was_set_keeps_its_seconds(self):
		note = deliveries.delivery()
		note.db_set({"set_posting_time": 1, "posting_time": "6:24:05"})
		self.assertEqual(opened("Delivery Note", note.name, PACKER).posting_time, "06:24:05")

	def test_what_is_submitted_keeps_its_seconds(self):
		note = deliveries.shipped(deliveries.delivery())
		note.db_set("posting_time", "6:24:05")
		self.assertEqual(opened("Delivery Note", note.name, PACKER).posting_time, "6:24:05")
