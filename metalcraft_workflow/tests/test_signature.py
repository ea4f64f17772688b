import time
from datetime import datetime
from unittest.mock import patch

import frappe
import pyotp
from frappe import twofactor
from frappe.tests.utils import FrappeTestCase
from frappe.utils.password import update_password

from metalcraft_workflow.gates import signature
from metalcraft_workflow.gates.signature import OTP, PASSWORD, SignatureRequired
from metalcraft_workflow.tests.support import deliveries, factories
from metalcraft_workflow.tests.support.factories import APPROVER, SHIPPER, SUPPORT, act, as_user
from metalcraft_workflow.tests.support.rest import call, request

SECRET = "kT7-correct-horse-battery"
# Everywhere that Frappe writes down what was asked for, and what went wrong
LOGS = (
	"Error Log",
	"Version",
	"Comment",
	"Communication",
	"Activity Log",
	"Scheduled Job Log",
	"Sales Order",
)


class TestSignature(FrappeTestCase):
	@classmethod
	def setUpClass(cls):
		super().setUpClass()
		factories.setup_world()
		update_password(APPROVER, SECRET)
		update_password(SUPPORT, "another-secret")
		frappe.db.commit()

	def setUp(self):
		frappe.set_user("Administrator")
		self.ask("approve")

	def tearDown(self):
		frappe.set_user("Administrator")
		frappe.db.rollback()
		self.ask()
		frappe.db.commit()
		frappe.flags.signature = None

	def ask(self, *gates: str):
		"""Let these gates be passed with a signature."""
		settings = frappe.get_doc("Metalcraft Settings")
		settings.set("signatures", [{"gate": gate} for gate in gates])
		settings.save()

	def approve(self, order, **given):
		"""Approve an order as its form does."""
		from frappe.model.workflow import apply_workflow

		with as_user(APPROVER):
			values = {"doctype": order.doctype, "name": order.name, **given}
			return apply_workflow(frappe.as_json(values), "Approve")

	def signature_of(self, order) -> str:
		return frappe.get_last_doc(
			"Release Record", {"process_id": order.process_id, "gate": "approve"}
		).signature

	def pending(self):
		return act(factories.make_order(), "Request Approval", SUPPORT)

	def test_who_passes_the_gate_enters_their_password_and_the_record_says_so(self):
		order = self.pending()
		for given in ({}, {PASSWORD: ""}, {PASSWORD: "wrong"}, {PASSWORD: "another-secret"}):
			with self.assertRaises(SignatureRequired):
				self.approve(order, **given)
		order = self.approve(order, **{PASSWORD: SECRET})
		self.assertEqual(order.docstatus, 1)
		self.assertEqual(self.signature_of(order), "Password")
		self.assertFalse(hasattr(order, PASSWORD))

	def test_gates_that_nobody_signs_are_passed_as_before(self):
		self.ask("ship")
		order = self.approve(self.pending())
		self.assertFalse(self.signature_of(order))

	def test_a_signature_is_not_asked_for_before_all_else_is_there(self):
		order = self.pending()
		frappe.db.set_value("Sales Order", order.name, "po_no", "")
		with self.assertRaises(frappe.ValidationError) as refused:
			self.approve(order)
		self.assertNotIsInstance(refused.exception, SignatureRequired)

	def test_a_submit_is_signed_too(self):
		self.ask("ship")
		note = deliveries.ready_to_ship(
			deliveries.cleared(deliveries.delivery((factories.make_item(), 10, 100)))
		)
		with as_user(SHIPPER), self.assertRaises(SignatureRequired):
			frappe.get_doc("Delivery Note", note.name).submit()
		update_password(SHIPPER, SECRET)
		with as_user(SHIPPER):
			doc = frappe.get_doc("Delivery Note", note.name)
			doc.update({PASSWORD: SECRET}).submit()
		self.assertEqual(doc.docstatus, 1)

	def test_the_form_is_told_what_to_ask_for(self):
		order = self.pending()
		with as_user(APPROVER):
			self.assertEqual(signature.wanted("Sales Order", order.name, "Approve"), PASSWORD)
			self.assertIsNone(signature.wanted("Sales Order", order.name, "Send Back"))

	def test_after_a_few_wrong_ones_even_the_right_one_waits(self):
		order = self.pending()
		self.addCleanup(frappe.cache.hdel, "login_failed_count", f"signature of {APPROVER}")
		self.addCleanup(frappe.cache.hdel, "login_failed_time", f"signature of {APPROVER}")
		frappe.db.set_single_value("System Settings", "allow_consecutive_login_attempts", 3)
		for _time in range(4):
			with self.assertRaises(SignatureRequired):
				self.approve(order, **{PASSWORD: "wrong"})
		with self.assertRaises(SignatureRequired) as refused:
			self.approve(order, **{PASSWORD: SECRET})
		self.assertIn("too many", str(refused.exception))

	# Over REST

	def test_it_works_over_rest_and_is_not_written_down_anywhere(self):
		order, other = self.pending(), self.pending()
		path = f"/api/resource/Sales Order/{order.name}"
		answer = request(APPROVER, "PUT", path, {"workflow_state": "Approved", "docstatus": 1})
		self.assertEqual(answer.status, 417, answer.text)
		self.assertIn("enter your password", answer.words)
		given = {"workflow_state": "Approved", "docstatus": 1, PASSWORD: SECRET}
		answer = request(APPROVER, "PUT", path, given)
		self.assertEqual(answer.status, 200, answer.text)
		self.assertNotIn(SECRET, answer.text)
		self.assertEqual(self.signature_of(order), "Password")
		answer = call(
			APPROVER,
			"frappe.model.workflow.apply_workflow",
			doc={"doctype": "Sales Order", "name": other.name, PASSWORD: SECRET},
			action="Approve",
		)
		self.assertEqual(answer.status, 200, answer.text)
		self.assertNotIn(SECRET, answer.text)
		self.assertNotWritten()

	def test_one_signature_does_for_many_of_a_list(self):
		orders = [self.pending(), self.pending()]
		bulk, of = "metalcraft_workflow.gates.bulk", {"doctype": "Sales Order", "action": "Approve"}
		names = [order.name for order in orders]
		self.assertEqual(call(APPROVER, f"{bulk}.foresee", names=names, **of).data["signature"], PASSWORD)
		for given in ({}, {PASSWORD: "wrong"}):
			line = call(APPROVER, f"{bulk}.take", name=names[0], **of, **given).data
			self.assertEqual((line["done"], line["unsigned"]), (False, True))
		for name in names:
			answer = call(APPROVER, f"{bulk}.take", name=name, **of, **{PASSWORD: SECRET})
			self.assertTrue(answer.data["done"], answer.text)
			self.assertNotIn(SECRET, answer.text)
		self.assertEqual({self.signature_of(order) for order in orders}, {"Password"})
		self.assertNotWritten()

	def test_a_text_that_speaks_of_it_is_a_text(self):
		for text in (
			'{"transition_password',
			"What is transition_password?",
			"[" * 100_000 + "transition_otp",
		):
			self.assertEqual(call(APPROVER, "frappe.ping", text=text).status, 200)

	def test_it_is_in_no_log_when_something_breaks(self):
		order = self.pending()
		values = {"doctype": "Sales Order", "name": order.name, PASSWORD: SECRET}
		moved = {"workflow_state": "Approved", "docstatus": 1, PASSWORD: SECRET}
		with patch("metalcraft_workflow.steps.approval.stamp_approval", side_effect=RuntimeError("broken")):
			for method, path, arguments in (
				(
					"POST",
					"/api/method/frappe.model.workflow.apply_workflow",
					{"doc": frappe.as_json(values), "action": "Approve"},
				),
				(
					"POST",
					"/api/method/frappe.model.workflow.apply_workflow",
					{"doc": values, "action": "Approve"},
				),
				("PUT", f"/api/resource/Sales Order/{order.name}", moved),
				("PUT", f"/api/v2/document/Sales Order/{order.name}", moved),
			):
				answer = request(APPROVER, method, path, arguments)
				self.assertEqual(answer.status, 500)
				self.assertNotIn(SECRET, answer.text)
		self.assertNotWritten()

	def assertNotWritten(self):
		for doctype in LOGS:
			columns = [name for name in frappe.db.get_table_columns(doctype)]
			table = frappe.qb.DocType(doctype)
			for row in frappe.qb.from_(table).select(*(table[name] for name in columns)).run():
				self.assertNotIn(SECRET, str(row), doctype)
		for key in ("error-log", "monitor-transactions", "insert_queue_for_Error Log"):
			self.assertNotIn(SECRET, str(frappe.cache.lrange(key, 0, -1)))

	# Who signs in elsewhere

	def sign_in_elsewhere(self, user: str):
		doc = frappe.get_doc("User", user)
		doc.append("social_logins", {"provider": "google", "userid": user})
		doc.save()

	def test_who_signs_in_elsewhere_is_told_what_they_lack(self):
		order = self.pending()
		self.sign_in_elsewhere(APPROVER)
		with self.assertRaises(SignatureRequired) as refused:
			self.approve(order)
		self.assertIn("another service", str(refused.exception))

	def test_who_signs_in_elsewhere_signs_with_their_second_factor(self):
		order = self.pending()
		self.sign_in_elsewhere(APPROVER)
		frappe.db.set_single_value("System Settings", "enable_two_factor_auth", 1)
		frappe.db.set_single_value("System Settings", "two_factor_method", "OTP App")
		frappe.db.set_value("Role", "Order Approver", "two_factor_auth", 1)
		code = pyotp.TOTP(twofactor.get_otpsecret_for_(APPROVER))
		with as_user(APPROVER):
			self.assertEqual(signature.wanted("Sales Order", order.name, "Approve"), OTP)
		minutes_ago = code.at(datetime.now(), counter_offset=-6)
		for given in ({}, {OTP: "000000"}, {OTP: minutes_ago}):
			with self.assertRaises(SignatureRequired):
				self.approve(order, **given)
		# They typed it, and the next one came up before the request was there
		seconds_left = 30 - time.time() % 30
		typed = code.at(datetime.now(), counter_offset=-1 if seconds_left > 10 else 0)
		order = self.approve(order, **{OTP: typed})
		self.assertEqual(self.signature_of(order), "One-time password")

	def test_a_code_signs_nothing_where_the_site_asks_for_none(self):
		order = self.pending()
		code = pyotp.TOTP(twofactor.get_otpsecret_for_(APPROVER)).now()
		with self.assertRaises(SignatureRequired):
			self.approve(order, **{OTP: code})
