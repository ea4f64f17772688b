"""The guard leaves a way out, and what it refuses is a message (all steps)."""

import json
import re
from urllib.parse import parse_qs, urlsplit

import frappe
from frappe.workflow.doctype.workflow_action.workflow_action import get_workflow_action_url

from metalcraft_workflow.access import workflow_actions
from metalcraft_workflow.gates import record
from metalcraft_workflow.tests.support import deliveries, factories, rest
from metalcraft_workflow.tests.support.cases import FinalPackCase
from metalcraft_workflow.tests.support.factories import (
	APPROVER,
	MANAGER,
	PACKER,
	SHIPPER,
	SUPPORT,
	act,
	as_user,
)


class TestStoppedOrders(FinalPackCase):
	def update_status(self, order, status):
		from erpnext.selling.doctype.sales_order.sales_order import update_status

		with as_user(APPROVER):
			update_status(status, order)

	def test_closing_names_the_delivery_under_way(self):
		doc = deliveries.cleared(deliveries.delivery())
		order = doc.items[0].against_sales_order
		with self.assertRefused(doc.name, "Cleared", order, "under way"):
			self.update_status(order, "Closed")
		self.assertNotEqual(frappe.db.get_value("Sales Order", order, "status"), "Closed")
		act(doc, "Revoke Clearance", SUPPORT, "Not wanted")
		doc = act(doc, "Return to Packing", SUPPORT, "Not wanted")
		with as_user(PACKER):
			doc.delete()
		self.update_status(order, "Closed")
		self.assertEqual(frappe.db.get_value("Sales Order", order, "status"), "Closed")

	def test_a_return_under_way_does_not_keep_it_from_being_closed(self):
		from erpnext.stock.doctype.delivery_note.delivery_note import make_sales_return

		doc = deliveries.shipped(deliveries.delivery())
		order = doc.items[0].against_sales_order
		with as_user(SHIPPER):
			back = make_sales_return(doc.name).insert()
		self.update_status(order, "Closed")
		back = act(back, "Receive Return", SHIPPER)
		self.assertEqual((back.docstatus, frappe.db.get_value("Sales Order", order, "status")), (1, "Closed"))

	def test_a_delivery_of_an_order_that_is_stopped_is_taken_back(self):
		for status in ("Closed", "On Hold"):
			with self.subTest(status):
				doc, batches = deliveries.batched()
				doc = deliveries.cleared(doc)
				order = doc.items[0].against_sales_order
				# closed before the app asked
				frappe.db.set_value("Sales Order", order, "status", status)
				doc = act(doc, "Revoke Clearance", SUPPORT, "The order is stopped")
				self.assertEqual(frappe.db.get_value("Sales Order", order, "status"), status)
				self.assertEqual(record.last_passage(doc, "clear").user, SUPPORT)
				with self.assertRefused(order):
					act(doc, "Clear for Shipment", SUPPORT)
				self.assertEqual(frappe.db.get_value("Sales Order", order, "status"), status)
				doc = act(doc, "Return to Packing", SUPPORT, "The order is stopped")
				self.assertEqual(doc.workflow_state, "Packing")
				with as_user(PACKER):
					doc.delete()
				self.assertTrue(batches)


class TestMail(FinalPackCase):
	"""The links of the mail that a workflow sends, as somebody opens them who is not signed in."""

	def link(self, doc, action, user):
		address = urlsplit(get_workflow_action_url(action, doc, user))
		return f"{address.path}?{address.query}"

	def page(self, path):
		answer = rest.request("Guest", "GET", path)
		self.assertNotIn("Traceback", answer.text)
		return answer

	def post(self, page, **fields):
		"""Press the button of a page."""
		found = dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', page.text))
		action = re.search(r'<form method="post" action="([^"]+)"', page.text).group(1)
		answer = rest.request("Guest", "POST", action, form={**found, **fields})
		self.assertNotIn("Traceback", answer.text)
		return answer

	def pending(self):
		order = factories.make_order()
		return act(order, "Request Approval", SUPPORT)

	def state(self, doc):
		return frappe.db.get_value(doc.doctype, doc.name, "workflow_state")

	def test_approve(self):
		order = self.pending()
		path = self.link(order, "Approve", APPROVER)
		page = self.page(path)
		self.assertEqual(page.status, 200)
		self.assertIn(order.name, page.text)
		self.assertNotIn("<textarea", page.text)
		self.assertEqual(self.state(order), "Pending Approval")  # looking at it does nothing
		answer = self.post(page)
		self.assertIn("Approved", answer.text)
		order.reload()
		self.assertEqual((order.workflow_state, order.approved_by), ("Approved", APPROVER))
		self.assertIn("Link Expired", self.page(path).text)

	def test_send_back_has_a_place_for_the_reason(self):
		order = self.pending()
		page = self.page(self.link(order, "Send Back", APPROVER))
		self.assertIn('<textarea class="form-control" id="reason"', page.text)
		again = self.post(page, reason=" ")
		self.assertIn("needs a reason", again.text)
		self.assertEqual(self.state(order), "Pending Approval")
		self.post(again, reason="Wrong price")
		self.assertEqual(self.state(order), "Sent Back")
		self.assertTrue(
			frappe.db.exists(
				"Release Record",
				{"reference_name": order.name, "action": "Send Back", "reason": "Wrong price"},
			)
		)

	def test_what_is_missing_is_said_in_a_page(self):
		self.addCleanup(factories.make_department, "Cylinders")
		order = self.pending()
		frappe.db.set_value("Production Department", "Cylinders", "active", 0)
		errors = frappe.db.count("Error Log")
		try:
			answer = self.post(self.page(self.link(order, "Approve", APPROVER)))
		finally:
			frappe.db.set_value("Production Department", "Cylinders", "active", 1)
			frappe.db.commit()
		self.assertIn("production department", answer.text)
		self.assertEqual(self.state(order), "Pending Approval")
		self.assertEqual(frappe.db.count("Error Log"), errors)

	def test_who_may_not_and_what_was_changed_on_the_way(self):
		order = self.pending()
		page = self.page(self.link(order, "Approve", SUPPORT))
		answer = self.post(page)
		self.assertIn("Approve", answer.text)
		self.assertEqual(self.state(order), "Pending Approval")
		for changed in ({"user": APPROVER}, {"signature": "é"}):
			answer = self.post(page, **changed)
			self.assertEqual(answer.status, 403)
			self.assertIn("Invalid Link", answer.text)
			self.assertEqual(self.state(order), "Pending Approval")
		path = self.link(order, "Approve", APPROVER)
		self.assertIn("Invalid Link", self.page(path.replace("Approve", "Reject")).text)
		self.assertTrue(parse_qs(path))

	def test_a_refusal_brings_no_script_into_the_page(self):
		said = workflow_actions.message_of(frappe.ValidationError("<b>No</b><script>alert(1)</script>"))
		self.assertIn("<b>No</b>", said)
		self.assertNotIn("<script", said)


class TestNoErrors(FinalPackCase):
	def test_a_refusal_writes_no_error_log(self):
		orders = [factories.make_order(with_file=False) for _number in range(2)]
		good = factories.make_order()
		names = [orders[0].name, good.name, orders[1].name]
		errors = frappe.db.count("Error Log")
		answer = rest.call(
			SUPPORT,
			"frappe.model.workflow.bulk_workflow_approval",
			docnames=json.dumps(names),
			doctype="Sales Order",
			action="Request Approval",
		)
		self.assertEqual(answer.status, 200)
		for order in orders:
			self.assertIn(order.name, answer.words)
		self.assertIn("purchase order", answer.words)
		self.assertEqual(
			[frappe.db.get_value("Sales Order", name, "workflow_state") for name in names],
			["Draft", "Pending Approval", "Draft"],
		)
		answer = rest.call(
			MANAGER,
			"frappe.model.workflow.apply_workflow",
			doc=json.dumps({"doctype": "Sales Order", "name": good.name}),
			action="Approve",
		)
		self.assertIn(answer.status, (403, 417))
		self.assertEqual(frappe.db.count("Error Log"), errors)
