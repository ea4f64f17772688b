"""One action on many documents of a list: each by itself, with a line of what became of it."""

import frappe
from frappe.tests.utils import FrappeTestCase

from metalcraft_workflow.tests.support import deliveries, factories, rest
from metalcraft_workflow.tests.support.factories import (
	APPROVER,
	PACKER,
	PRODUCER,
	SUPPORT,
	act,
	approve,
	make_order,
)

BULK = "metalcraft_workflow.gates.bulk"


class BulkCase(FrappeTestCase):
	@classmethod
	def setUpClass(cls):
		super().setUpClass()
		factories.setup_world()

	def setUp(self):
		frappe.set_user("Administrator")

	def asked(self, **fields):
		order = make_order(**fields)
		act(order, "Request Approval", SUPPORT)
		return order

	def foresee(self, user: str, documents, action: str) -> dict[str, list[str]]:
		"""Name -> what is missing, as the dialog shows it."""
		answer = rest.call(
			user,
			f"{BULK}.foresee",
			doctype=documents[0].doctype,
			names=[doc.name for doc in documents],
			action=action,
		)
		self.assertEqual(answer.status, 200, answer.words)
		return {row["name"]: row["missing"] for row in answer.data["documents"]}

	def take(self, user: str, documents, action: str, reason: str | None = None) -> list[dict]:
		"""The lines that the dialog shows, one a document."""
		lines = []
		for doc in documents:
			answer = rest.call(
				user, f"{BULK}.take", doctype=doc.doctype, name=doc.name, action=action, reason=reason
			)
			self.assertEqual(answer.status, 200, answer.words)
			self.assertNotIn("_server_messages", answer.json)  # said in the line, and not a second time
			lines.append(answer.data)
		return lines


class TestTake(BulkCase):
	def test_each_goes_through_or_not_by_itself(self):
		good, other = self.asked(), self.asked()
		bare = make_order()  # nobody has asked for its approval
		lines = self.take(APPROVER, [good, bare, other], "Approve")
		self.assertEqual([line["done"] for line in lines], [True, False, True])
		self.assertEqual(lines[0]["state"], "Approved")
		self.assertTrue(lines[1]["message"])
		self.assertEqual(good.reload().docstatus, 1)
		self.assertEqual(bare.reload().workflow_state, "Draft")

	def test_what_is_missing_is_said_as_the_form_says_it(self):
		order = make_order(with_file=False)
		(line,) = self.take(SUPPORT, [order], "Request Approval")
		self.assertFalse(line["done"])
		self.assertIn("purchase order", line["message"])
		self.assertFalse(frappe.get_all("Release Record", {"reference_name": order.name}))

	def test_one_reason_for_all(self):
		orders = [self.asked(), self.asked()]
		self.assertEqual([line["done"] for line in self.take(APPROVER, orders, "Send Back")], [False, False])
		lines = self.take(APPROVER, orders, "Send Back", "Prices of last year.")
		self.assertEqual([line["state"] for line in lines], ["Sent Back", "Sent Back"])
		for order in orders:
			last = frappe.get_all(
				"Release Record", {"reference_name": order.name, "action": "Send Back"}, pluck="reason"
			)
			self.assertEqual(last, ["Prices of last year."])

	def test_nobody_does_what_their_form_would_not_let_them(self):
		order = self.asked()
		for user in (PACKER, SUPPORT):
			self.assertFalse(self.take(user, [order], "Approve")[0]["done"])
		self.assertEqual(order.reload().docstatus, 0)

	def test_deliveries_too(self):
		notes = []
		for _number in range(2):
			order = approve(make_order())
			deliveries.bring(order)
			notes.append(act(deliveries.packed(order), "Complete Packing", PACKER))
		lines = self.take(SUPPORT, notes, "Clear for Shipment")
		self.assertEqual([line["state"] for line in lines], ["Cleared", "Cleared"])

	def test_notices_are_acknowledged_and_finished(self):
		notices = [
			frappe.get_doc("Production Notice", {"sales_order": approve(make_order()).name})
			for _number in range(2)
		]
		lines = self.take(PRODUCER, notices, "Acknowledge")
		self.assertEqual([line["state"] for line in lines], ["Acknowledged", "Acknowledged"])
		self.assertEqual([line["done"] for line in self.take(SUPPORT, notices, "Finish")], [False, False])
		self.assertEqual([line["state"] for line in self.take(PRODUCER, notices, "Finish")], ["Done", "Done"])

	def test_what_is_gone_or_unknown_is_a_line_too(self):
		order = self.asked()
		order.name = "No Such Order"
		for documents, action in (([order], "Approve"), ([self.asked()], "Fly")):
			(line,) = self.take(APPROVER, documents, action)
			self.assertFalse(line["done"])
			self.assertTrue(line["message"])


class TestForesee(BulkCase):
	def test_it_says_before_what_would_be_refused(self):
		good, bare = make_order(), make_order(with_file=False)
		missing = self.foresee(SUPPORT, [good, bare], "Request Approval")
		self.assertEqual(missing[good.name], [])
		self.assertTrue(missing[bare.name])
		lines = self.take(SUPPORT, [good, bare], "Request Approval")
		self.assertEqual([line["done"] for line in lines], [not missing[doc.name] for doc in (good, bare)])

	def test_nobody_is_offered_what_they_asked_for_themselves(self):
		both = factories.make_user("both@metalcraft.test", ["Customer Support", "Order Approver"])
		order = make_order(user=both)
		act(order, "Request Approval", both)
		self.assertTrue(self.foresee(both, [order], "Approve")[order.name])
		self.assertFalse(self.foresee(APPROVER, [order], "Approve")[order.name])

	def test_another_state_is_said(self):
		order = make_order()
		(sentence,) = self.foresee(APPROVER, [order], "Approve")[order.name]
		self.assertIn("Draft", sentence)

	def test_a_reason_is_asked_for_where_one_is_wanted(self):
		order = self.asked()
		wanted = {
			action: rest.call(
				APPROVER, f"{BULK}.foresee", doctype="Sales Order", names=[order.name], action=action
			).data["reason_required"]
			for action in ("Approve", "Send Back")
		}
		self.assertEqual(wanted, {"Approve": False, "Send Back": True})

	def test_documents_of_others_are_left_out(self):
		order = self.asked()
		customer = factories.make_customer("MT Mine")
		frappe.permissions.add_user_permission("Customer", customer, APPROVER, ignore_permissions=True)
		try:
			self.assertEqual(self.foresee(APPROVER, [order], "Approve"), {})
			self.assertFalse(self.take(APPROVER, [order], "Approve")[0]["done"])
		finally:
			frappe.permissions.clear_user_permissions_for_doctype("Customer", APPROVER)
			frappe.db.commit()
