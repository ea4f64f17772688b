"""A customer accepts a quotation in the portal (step 4)."""

from unittest.mock import patch

import frappe
from frappe.tests.utils import FrappeTestCase
from frappe.utils import add_days, getdate, nowdate

from metalcraft_workflow.portal import purchase_order
from metalcraft_workflow.tests.support import concurrency, factories, money, quotations, rest
from metalcraft_workflow.tests.support.factories import APPROVER, SUPPORT, act, as_user
from metalcraft_workflow.tests.support.quotations import PDF, accept, make_quotation, orders_of, send

METHOD = "/api/method/metalcraft_workflow.portal.purchase_order"


class TestPortalPurchaseOrder(FrappeTestCase):
	@classmethod
	def setUpClass(cls):
		super().setUpClass()
		factories.setup_world()
		cls.customer = factories.make_customer(f"Portal {frappe.generate_hash(length=6)}")
		cls.user = money.portal_user(cls.customer)
		cls.stranger = money.portal_user(factories.make_customer("MT Stranger"))
		money.commit()

	def setUp(self):
		frappe.set_user("Administrator")
		rest.forget_rate_limits()

	def order_of(self, answer):
		self.assertEqual(answer.status, 200, answer.words)
		return frappe.get_doc("Sales Order", answer.data["order"])

	def get(self, user: str, method: str, **arguments):
		return rest.request(
			user, "GET", f"{METHOD}.{method}?{'&'.join(f'{k}={v}' for k, v in arguments.items())}"
		)

	def test_it_becomes_a_draft_order_for_customer_support(self):
		quotation = make_quotation(self.customer, lead_time_days=20, **quotations.taxed())
		answer = send(self.user, quotation, po_no=" PO-77 ", note="Deliver to <b>gate 4</b>, please")
		order = self.order_of(answer)
		self.assertEqual(set(answer.data), {"order"})
		self.assertNotIn("_server_messages", answer.json)
		self.assertEqual(
			(order.docstatus, order.workflow_state, order.customer, order.po_no, order.follows_process),
			(0, "Draft", self.customer, "PO-77", 1),
		)
		self.assertEqual(str(order.po_date), nowdate())
		self.assertEqual({str(row.delivery_date) for row in order.items}, {add_days(nowdate(), 30)})
		# the prices, taxes and terms that were quoted
		self.assertEqual([(row.qty, row.rate) for row in order.items], [(10, 100), (5, 40)])
		self.assertEqual((order.grand_total, quotation.grand_total), (1320, 1320))
		self.assertFalse(order.quotation_differences)
		self.assertIsNone(order.approval_requested_by)
		# where the mails about it go, when the quotation names nobody
		self.assertEqual(order.contact_email, self.user)
		file = frappe.get_doc("File", {"file_url": order.customer_po_file, "attached_to_name": order.name})
		self.assertEqual((file.is_private, file.get_content()), (1, PDF.decode()))
		note = frappe.get_doc("Communication", {"reference_name": order.name})
		self.assertEqual((note.sender, note.sent_or_received), (self.user, "Received"))
		self.assertNotIn("<b>", note.content)
		# Customer Support goes on with it as with any other, and the customer is nobody's approver
		order = act(order, "Request Approval", SUPPORT)
		self.assertEqual((order.workflow_state, order.approval_requested_by), ("Pending Approval", SUPPORT))
		self.assertEqual(act(order, "Approve", APPROVER).docstatus, 1)

	def test_customer_support_is_told(self):
		quotation = make_quotation(self.customer)
		money.commit()
		with as_user(self.user):
			order = accept(quotation)
		told = frappe.get_all("Notification Log", {"document_name": order}, ["for_user", "subject"])
		self.assertLessEqual({SUPPORT, "support2@metalcraft.test"}, {row.for_user for row in told})
		self.assertIn("PO-1", told[0].subject)

	def test_less_than_quoted_is_a_difference_on_the_order(self):
		quotation = make_quotation(self.customer, lead_time_days=60)
		order = self.order_of(send(self.user, quotation, quantities={"MT-CYL-01": 4, "MT-CYL-02": 0}))
		self.assertEqual([(row.item_code, row.qty) for row in order.items], [("MT-CYL-01", 4)])
		self.assertEqual(order.grand_total, 400)
		for words in ("quantity 4 instead of 10", "MT-CYL-02: 5", "lead time"):
			self.assertIn(words, order.quotation_differences)

	def test_a_buyer_in_auckland_dates_it_with_their_today(self):
		quotation, tomorrow = make_quotation(self.customer), getdate(add_days(nowdate(), 1))
		with (
			patch("metalcraft_workflow.portal.purchase_order.latest_today", return_value=tomorrow),
			patch("metalcraft_workflow.steps.purchase_order.latest_today", return_value=tomorrow),
		):
			answer = send(self.user, quotation, po_date=str(tomorrow), po_no=frappe.generate_hash(length=8))
			order = self.order_of(answer)
			self.assertEqual(order.po_date, tomorrow)
			self.assertEqual(act(order, "Request Approval", SUPPORT).workflow_state, "Pending Approval")

	def test_what_is_not_right_is_said_and_makes_nothing(self):
		quotation = make_quotation(self.customer)
		for words, values in (
			("10 at most", {"quantities": {"MT-CYL-01": 11}}),
			("zero or more", {"quantities": {"MT-CYL-01": -1}}),
			("zero or more", {"quantities": {"MT-CYL-01": "many"}}),
			("at least one line", {"quantities": {"MT-CYL-01": 0, "MT-CYL-02": 0}}),
			("has changed", {"lines": make_quotation(self.customer).items}),
			("number of your purchase order", {"po_no": " "}),
			("cannot lie in the future", {"po_date": add_days(nowdate(), 2)}),
			("date of your purchase order", {"po_date": "tomorrow"}),
			("cannot lie in the past", {"wanted_on": add_days(nowdate(), -1)}),
			("Attach your purchase order", {"file": None}),
			("no PDF", {"file": ("po.pdf", b"<html><script>")}),
			("no PDF", {"file": ("po.html", PDF)}),
			("too large", {"file": ("po.pdf", PDF + b"0" * 10 * 1024 * 1024)}),
		):
			answer = send(self.user, quotation, **values)
			with self.subTest(words):
				self.assertEqual(answer.status, 417)
				self.assertIn(words, answer.words)
		self.assertEqual(orders_of(quotation), [])

	def test_sent_twice_it_is_one_order(self):
		quotation = make_quotation(self.customer)
		part = {"po_no": f"PO-{frappe.generate_hash(length=6)}", "quantities": {"MT-CYL-01": 4}}
		first = self.order_of(send(self.user, quotation, **part))
		again = self.order_of(send(self.user, quotation, **part | {"po_no": part["po_no"].lower() + " "}))
		self.assertEqual(first.name, again.name)
		# another purchase order has to wait for the first
		answer = send(self.user, quotation, po_no="PO-2")
		self.assertEqual(answer.status, 417)
		self.assertIn(f"under review: order {first.name}", answer.words)
		# once that is approved the rest can be ordered; what was sent before still makes nothing new
		act(first, "Request Approval", SUPPORT)
		with as_user(APPROVER):
			doc = frappe.get_doc("Sales Order", first.name)
			doc.differences_acknowledged = 1
			doc.save()
		act(first, "Approve", APPROVER)
		self.assertEqual(self.order_of(send(self.user, quotation, **part)).name, first.name)
		self.assertIn("6 at most", send(self.user, quotation, po_no="PO-2").words)
		rest_of_it = {"MT-CYL-01": 6, "MT-CYL-02": 0}
		second = self.order_of(send(self.user, quotation, po_no="PO-2", quantities=rest_of_it))
		self.assertEqual([(row.item_code, row.qty) for row in second.items], [("MT-CYL-01", 6)])

	def test_two_tabs_at_the_same_moment_make_one_order(self):
		quotation = make_quotation(self.customer)
		said = concurrency.run(*[(self.user, "accept", quotation)] * 3, overlap=False)
		self.assertEqual(said, ["done"] * 3)
		self.assertEqual(len(orders_of(quotation)), 1)

	def test_two_quotations_at_the_same_moment_do_not_hinder_each_other(self):
		pair = [make_quotation(self.customer), make_quotation(self.customer)]
		said = concurrency.run(*((self.user, "accept", quotation) for quotation in pair), overlap=False)
		self.assertEqual(said, ["done", "done"])

	def test_closed_quotations_are_refused_in_a_sentence(self):
		expired = make_quotation(self.customer, valid_till=nowdate())
		expired.db_set({"transaction_date": add_days(nowdate(), -9), "valid_till": add_days(nowdate(), -1)})
		lost = make_quotation(self.customer)
		lost.db_set("status", "Lost")
		for words, quotation in (("was valid until", expired), ("no longer open", lost)):
			with self.subTest(words):
				answer = send(self.user, quotation)
				self.assertEqual(answer.status, 417)
				self.assertIn(words, answer.words)
				page = self.get(self.user, "get_quotation", name=quotation.name)
				self.assertIn(words, page.data["closed_because"])

	def test_what_is_not_theirs_does_not_exist(self):
		own, cancelled = make_quotation(self.customer), make_quotation(self.customer)
		draft = make_quotation(self.customer, submit=False)
		cancelled.cancel()
		nowhere = frappe.copy_doc(own)
		nowhere.name = "QTN-NONE"
		for user, quotation in (
			(self.stranger, own),
			*((self.user, doc) for doc in (nowhere, draft, cancelled)),
		):
			with self.subTest(quotation.name):
				answer = send(user, quotation)
				self.assertEqual(answer.status, 404)
				self.assertIn("Quotation not found", answer.words)
				self.assertEqual(self.get(user, "get_quotation", name=quotation.name).status, 404)
				self.assertEqual(orders_of(quotation), [])
		for user in ("Guest", SUPPORT):
			self.assertEqual(send(user, own).status, 403)
		names = {row["name"] for row in self.get(self.stranger, "list_quotations").data["quotations"]}
		self.assertNotIn(own.name, names)

	def test_no_other_way_in(self):
		"""ERPNext's own ways from a quotation to an order are closed to customers."""
		quotation = make_quotation(self.customer)
		make = "erpnext.selling.doctype.quotation.quotation.make_sales_order"
		made = rest.call(self.user, make, source_name=quotation.name)
		saved = rest.request(
			self.user,
			"POST",
			"/api/resource/Sales Order",
			{"customer": self.customer, "items": [{"item_code": "MT-CYL-01", "qty": 1}]},
		)
		self.assertEqual((made.status, saved.status), (403, 403))
		self.assertEqual(orders_of(quotation), [])

	def test_only_the_listed_fields_are_sent(self):
		quotation = make_quotation(self.customer, customer_rfq_no="RFQ-9", lead_time_days=20)
		sent = self.get(self.user, "list_quotations").data
		self.assertEqual(set(sent), set(purchase_order.LIST_FIELDS))
		self.assertEqual(set(sent["quotations"][0]), set(purchase_order.QUOTATION_FIELDS))
		sent = self.get(self.user, "get_quotation", name=quotation.name).data
		self.assertEqual(set(sent), set(purchase_order.DETAIL_FIELDS))
		self.assertEqual(set(sent["lines"][0]), set(purchase_order.LINE_FIELDS))
		self.assertEqual((sent["state"], sent["closed_because"], sent["rfq_no"]), ("Open", None, "RFQ-9"))
		self.assertEqual(getdate(sent["wanted_on"]), getdate(add_days(nowdate(), 20)))
		order = self.order_of(send(self.user, quotation))
		sent = self.get(self.user, "get_quotation", name=quotation.name).data
		self.assertEqual(
			(sent["state"], sent["orders"]), ("Under Review", [{"name": order.name, "po_no": "PO-1"}])
		)

	def test_pages(self):
		quotation = make_quotation(self.customer, customer_rfq_no="<script>RFQ</script>")
		page = f"/customer-quotations/{quotation.name}"
		form = rest.request(self.user, "GET", page)
		self.assertEqual(form.status, 200)
		self.assertIn('name="po_file"', form.text)
		self.assertNotIn("<script>RFQ", form.text)
		self.assertIn(page, rest.request(self.user, "GET", "/customer-quotations").text)
		self.assertEqual(rest.request(self.stranger, "GET", page).status, 404)
		self.assertNotIn(page, rest.request(self.stranger, "GET", "/customer-quotations").text)
		self.assertIn("/login", rest.request("Guest", "GET", page).location)
		# who works here goes to the desk
		self.assertIn(f"/app/quotation/{quotation.name}", rest.request(SUPPORT, "GET", page).location)
		# ERPNext's page of the same
		self.assertIn(page, rest.request(self.user, "GET", f"/quotations/{quotation.name}").location)
		order = self.order_of(send(self.user, quotation))
		closed = rest.request(self.user, "GET", page).text
		self.assertIn("under review", closed)
		self.assertIn(f"/customer-orders/{order.name}", closed)
		self.assertNotIn('name="po_file"', closed)

	def test_one_of_the_alternatives_is_ordered(self):
		better = factories.make_item("MT-CYL-03")
		quotation = make_quotation(
			self.customer,
			("MT-CYL-01", 10, 100),
			(better, 10, 130, {"is_alternative": 1}),
			("MT-CYL-02", 5, 40),
		)
		self.assertIn("are alternatives", send(self.user, quotation).words)
		order = self.order_of(send(self.user, quotation, quantities={"MT-CYL-01": 0}))
		self.assertEqual([row.item_code for row in order.items], [better, "MT-CYL-02"])
		self.assertFalse(order.quotation_differences)

	def test_a_quotation_to_the_lead_is_the_customer_s(self):
		with as_user(SUPPORT):
			lead = frappe.get_doc(
				{
					"doctype": "Lead",
					"lead_name": "Ann",
					"company_name": f"Lead {frappe.generate_hash(length=6)}",
				}
			).insert()
		quotation = make_quotation(lead.name, party="Lead")
		customer = frappe.db.get_value("Customer", {"lead_name": lead.name})
		order = self.order_of(send(money.portal_user(customer), quotation))
		self.assertEqual(order.customer, customer)
		self.assertEqual(send(self.user, quotation).status, 404)
