"""No way around the workflow: every route that writes a document meets the same guard."""

import re

import frappe
from frappe.tests.utils import FrappeTestCase
from frappe.utils import add_days, nowdate

from metalcraft_workflow.setup.workflows import restore_workflows
from metalcraft_workflow.tests.support import factories
from metalcraft_workflow.tests.support.factories import APPROVER, COMPANY, FINAL_PACK, MANAGER, SUPPORT, act
from metalcraft_workflow.tests.support.rest import call, request


class TestRoutes(FrappeTestCase):
	@classmethod
	def setUpClass(cls):
		super().setUpClass()
		factories.setup_world()

	def order_body(self, **fields) -> dict:
		return {
			"customer": factories.bare_customer(),
			"company": COMPANY,
			"transaction_date": nowdate(),
			"delivery_date": add_days(nowdate(), 7),
			"po_no": frappe.generate_hash(length=8),
			"po_date": nowdate(),
			"items": [{"item_code": factories.make_item(), "qty": 2, "rate": 50, "warehouse": FINAL_PACK}],
			**fields,
		}

	def state(self, name: str) -> tuple:
		return frappe.db.get_value("Sales Order", name, ["docstatus", "workflow_state"])

	def test_rest_makes_a_draft(self):
		answer = request(SUPPORT, "POST", "/api/resource/Sales Order", self.order_body())
		self.assertEqual(answer.status, 200, answer.words)
		self.assertEqual(self.state(answer.data["name"]), (0, "Draft"))

	def test_rest_does_not_insert_past_the_gates(self):
		for fields in (
			{"docstatus": 1},
			{"workflow_state": "Approved"},
			{"workflow_state": "Approved", "docstatus": 1},
			{"workflow_state": "Pending Approval"},
		):
			for user in (SUPPORT, MANAGER, "Administrator"):
				body = self.order_body(**fields)
				answer = request(user, "POST", "/api/resource/Sales Order", body)
				self.assertGreaterEqual(answer.status, 400, f"{user} {fields}")
				self.assertFalse(frappe.db.exists("Sales Order", {"po_no": body["po_no"]}))
				if "docstatus" not in fields:
					self.assertIn("starts in state Draft", re.sub("<.*?>", "", answer.words))

	def test_rest_does_not_update_past_the_gates(self):
		order = factories.make_order()
		path = f"/api/resource/Sales Order/{order.name}"
		for body in (
			{"docstatus": 1},
			{"workflow_state": "Approved"},
			{"workflow_state": "Approved", "docstatus": 1},
		):
			for user in (SUPPORT, APPROVER, MANAGER, "Administrator"):
				self.assertGreaterEqual(request(user, "PUT", path, body).status, 400, f"{user} {body}")
		self.assertEqual(self.state(order.name), (0, "Draft"))

	def test_a_refusal_names_the_actions_that_are_open_to_the_user(self):
		order = factories.make_order(customer=factories.bare_customer())
		path, body = f"/api/resource/Sales Order/{order.name}", {"workflow_state": "Approved"}
		self.assertIn("What you can do: Request Approval.", request(SUPPORT, "PUT", path, body).words)
		nothing = request(MANAGER, "PUT", path, body).words
		self.assertIn("your roles do not let you move it", nothing)
		self.assertNotIn("What you can do", nothing)

	def test_client_methods_do_not_pass_the_gates(self):
		order = factories.make_order()
		doc = frappe.get_doc("Sales Order", order.name).as_dict(convert_dates_to_str=True)
		for user in (SUPPORT, APPROVER, MANAGER, "Administrator"):
			for method, arguments in (
				("frappe.client.submit", {"doc": doc}),
				("frappe.client.save", {"doc": {**doc, "workflow_state": "Approved"}}),
				(
					"frappe.client.set_value",
					{
						"doctype": "Sales Order",
						"name": order.name,
						"fieldname": "workflow_state",
						"value": "Approved",
					},
				),
				("frappe.desk.form.save.savedocs", {"doc": frappe.as_json(doc), "action": "Submit"}),
				(
					"frappe.desk.doctype.bulk_update.bulk_update.submit_cancel_or_update_docs",
					{"doctype": "Sales Order", "docnames": [order.name], "action": "submit"},
				),
			):
				call(user, method, **arguments)
				self.assertEqual(self.state(order.name), (0, "Draft"), f"{user} {method}")

	def test_an_honest_save_of_the_state_passes(self):
		order = factories.make_order()
		path = f"/api/resource/Sales Order/{order.name}"
		answer = request(SUPPORT, "PUT", path, {"workflow_state": "Pending Approval"})
		self.assertEqual(answer.status, 200, answer.words)
		answer = request(APPROVER, "PUT", path, {"workflow_state": "Sent Back"})
		self.assertGreaterEqual(answer.status, 400)
		self.assertIn("reason", answer.words)
		answer = request(
			APPROVER, "PUT", path, {"workflow_state": "Sent Back", "transition_reason": "Wrong price"}
		)
		self.assertEqual(answer.status, 200, answer.words)
		self.assertEqual(self.state(order.name), (0, "Sent Back"))

	def test_a_form_save_that_only_moves_the_state_is_no_edit(self):
		workflow = frappe.get_doc("Workflow", "Sales Order Approval")
		workflow.append(
			"transitions",
			{"state": "Draft", "action": "Reject", "next_state": "Rejected", "allowed": "Order Approver"},
		)
		workflow.save()
		self.addCleanup(frappe.db.commit)
		self.addCleanup(restore_workflows)
		order = factories.make_order()
		doc = frappe.get_doc("Sales Order", order.name).as_dict(convert_dates_to_str=True)
		doc["workflow_state"] = "Rejected"
		answer = call(APPROVER, "frappe.client.save", doc={**doc, "po_no": "Another"})
		self.assertEqual(answer.status, 403, answer.words)
		answer = call(APPROVER, "frappe.client.save", doc=doc)
		self.assertEqual(answer.status, 200, answer.words)
		self.assertEqual(self.state(order.name), (0, "Rejected"))

	def test_a_direct_submit_by_the_approver_is_the_approval(self):
		order = act(factories.make_order(), "Request Approval", SUPPORT)
		path = f"/api/resource/Sales Order/{order.name}"
		self.assertGreaterEqual(request(SUPPORT, "PUT", path, {"docstatus": 1}).status, 400)
		answer = request(APPROVER, "PUT", path, {"docstatus": 1})
		self.assertEqual(answer.status, 200, answer.words)
		self.assertEqual(self.state(order.name), (1, "Approved"))
		self.assertTrue(
			frappe.db.exists(
				"Release Record", {"reference_name": order.name, "gate": "approve", "user": APPROVER}
			)
		)

	def test_bulk_approval_approves_what_may_be(self):
		good = act(factories.make_order(), "Request Approval", SUPPORT)
		early = factories.make_order()
		call(
			APPROVER,
			"frappe.model.workflow.bulk_workflow_approval",
			docnames=frappe.as_json([good.name, early.name]),
			doctype="Sales Order",
			action="Approve",
		)
		self.assertEqual(self.state(good.name), (1, "Approved"))
		self.assertEqual(self.state(early.name), (0, "Draft"))

	def test_bulk_rejection_without_a_reason_is_refused(self):
		order = act(factories.make_order(), "Request Approval", SUPPORT)
		call(
			APPROVER,
			"frappe.model.workflow.bulk_workflow_approval",
			docnames=frappe.as_json([order.name]),
			doctype="Sales Order",
			action="Reject",
		)
		self.assertEqual(self.state(order.name), (0, "Pending Approval"))

	def test_cancel_by_rest_is_for_the_approver(self):
		order = factories.approve(factories.make_order())
		for user in (SUPPORT, MANAGER):
			call(user, "frappe.client.cancel", doctype="Sales Order", name=order.name)
			self.assertEqual(self.state(order.name), (1, "Approved"), user)
		call(APPROVER, "frappe.client.cancel", doctype="Sales Order", name=order.name)
		self.assertEqual(self.state(order.name), (2, "Cancelled"))

	def test_an_amended_order_starts_over(self):
		order = factories.approve(factories.make_order())
		act(order, "Cancel Order", APPROVER)
		# The desk's Amend sends every field, those that are not to be copied included
		body = frappe.get_doc("Sales Order", order.name).as_dict(convert_dates_to_str=True)
		body = {key: value for key, value in body.items() if key not in ("name", "creation", "modified")}
		body["items"] = [{**row, "name": None, "docstatus": 0} for row in body["items"]]
		body.update({"docstatus": 0, "amended_from": order.name, "workflow_state": "Approved"})
		self.assertTrue(body["approved_by"])
		answer = request(SUPPORT, "POST", "/api/resource/Sales Order", body)
		self.assertEqual(answer.status, 200, answer.words)
		amended = frappe.get_doc("Sales Order", answer.data["name"])
		self.assertEqual((amended.docstatus, amended.workflow_state), (0, "Draft"))
		self.assertFalse(amended.approved_by)
		self.assertFalse(amended.approved_on)

	def test_other_tables_are_not_written_around_the_order(self):
		charge = {
			"charge_type": "Actual",
			"account_head": f"Sales Expenses - {factories.ABBR}",
			"description": "Freight",
			"tax_amount": 50,
		}
		order = factories.make_order(taxes=[charge], required_documents=[{"document_type": "Pictures"}])
		act(order, "Request Approval", SUPPORT)
		order.reload()
		for table, field, value in (
			("taxes", "tax_amount", -700),
			("payment_schedule", "due_date", add_days(nowdate(), 900)),
			("required_documents", "document_type", "Mill Certificate"),
		):
			row = order.get(table)[0]
			path = f"/api/resource/{row.doctype}/{row.name}"
			self.assertEqual(request(SUPPORT, "PUT", path, {field: value}).status, 403, table)
			self.assertEqual(request(SUPPORT, "DELETE", path).status, 403, table)
		parent = {"parent": order.name, "parenttype": "Sales Order", "parentfield": "taxes"}
		path = "/api/resource/Sales Taxes and Charges"
		self.assertEqual(request(SUPPORT, "POST", path, {**charge, **parent}).status, 403)

	def test_a_guest_gets_nothing(self):
		order = factories.make_order()
		for method, path in (
			("GET", f"/api/resource/Sales Order/{order.name}"),
			("PUT", f"/api/resource/Sales Order/{order.name}"),
			("POST", "/api/method/metalcraft_workflow.gates.checklist.get_checklist"),
			("POST", "/api/method/metalcraft_workflow.gates.waiver.waive"),
		):
			answer = request("Guest", method, path, {"doctype": "Sales Order", "name": order.name})
			self.assertIn(answer.status, (401, 403, 417), f"{method} {path}")
