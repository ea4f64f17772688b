"""What holds for every gate: it is listed in the settings, it refuses, and it can be waived by who may."""

from unittest.mock import patch

import frappe
from frappe.tests.utils import FrappeTestCase

from metalcraft_workflow.gates import registry
from metalcraft_workflow.gates.checklist import get_checklist
from metalcraft_workflow.gates.guard import GateNotMet
from metalcraft_workflow.gates.waiver import waive
from metalcraft_workflow.setup.defaults import GATE_REQUIREMENTS
from metalcraft_workflow.setup.install import check_versions
from metalcraft_workflow.tests.support import deliveries, factories
from metalcraft_workflow.tests.support.factories import (
	APPROVER,
	CONTROLLER,
	MANAGER,
	PACKER,
	SHIPPER,
	SUPPORT,
	act,
	as_user,
)

# What cannot be switched off or waived, and so is in no settings
ALWAYS = {"separation", "as_requested"}

WHO_WAIVES = {"Sales Manager": MANAGER, "Accounts Manager": CONTROLLER}


def order_without(**fields):
	"""A draft order that lacks something; gives the document and what it takes to go on."""
	return factories.make_order(**fields), "Request Approval", SUPPORT


def order_to_approve(**fields):
	order = factories.make_order(**fields)
	return act(order, "Request Approval", SUPPORT), "Approve", APPROVER


def order_nobody_makes():
	frappe.db.set_single_value("Metalcraft Settings", "default_production_department", None)
	frappe.clear_document_cache("Metalcraft Settings", "Metalcraft Settings")
	return order_to_approve()


def delivery_without_heat():
	item = factories.make_item("MT-HEAT-01", traceability_required="Heat")
	return deliveries.delivery((item, 2, 100)), "Complete Packing", PACKER


def delivery_without_address():
	customer = factories.make_customer(f"Nowhere {frappe.generate_hash(length=6)}", with_address=False)
	note = deliveries.delivery(customer=customer)
	return act(note, "Complete Packing", PACKER), "Clear for Shipment", SUPPORT


def delivery_without_tracking():
	note = deliveries.ready_to_ship(deliveries.cleared(deliveries.delivery()))
	return deliveries.edit(note, SHIPPER, tracking_number=""), "Ship", SHIPPER


# Gate, requirement -> a document that lacks just that, the action, and whose it is
LACKING = {
	("request_approval", "po_number"): lambda: order_without(po_no=" "),
	("request_approval", "po_date"): lambda: order_without(po_date=None),
	("request_approval", "po_file"): lambda: order_without(with_file=False),
	("approve", "routed"): order_nobody_makes,
	("complete_packing", "traceability"): delivery_without_heat,
	("clear", "ship_to"): delivery_without_address,
	("ship", "tracking_number"): delivery_without_tracking,
}


class TestGates(FrappeTestCase):
	@classmethod
	def setUpClass(cls):
		super().setUpClass()
		factories.setup_world()

	def tearDown(self):
		frappe.db.rollback()
		frappe.clear_document_cache("Metalcraft Settings", "Metalcraft Settings")

	def test_every_requirement_is_in_the_settings(self):
		listed = {(row.gate, row.requirement) for row in registry.settings().gate_requirements}
		self.assertEqual(listed, {row[:2] for row in GATE_REQUIREMENTS})
		order, note = factories.make_order(), deliveries.delivery()
		asked = {
			(gate, requirement.code)
			for doc, gates in (
				(order, ("request_approval", "approve")),
				(note, ("complete_packing", "release_documents", "clear", "ship")),
			)
			for gate in gates
			for requirement in registry.requirements_of(gate, doc)
			if requirement.code not in ALWAYS
		}
		# The approval asks again for what the request brought
		asked = {row for row in asked if row[0] != "approve" or ("request_approval", row[1]) not in listed}
		self.assertLessEqual(asked, listed)

	def test_each_is_refused_and_then_waived_by_who_may(self):
		for (gate, code), make in LACKING.items():
			frappe.db.savepoint("before_gate")
			with self.subTest(gate=gate, requirement=code):
				doc, action, user = make()
				role = registry.waiver_role(gate, code)
				with self.assertRaises(GateNotMet):
					act(doc, action, user)
				shown = self.shown(doc, user)
				self.assertEqual([row["code"] for row in shown if not row["met"]], [code])

				with as_user(user), self.assertRaises(frappe.PermissionError):
					waive(doc.doctype, doc.name, gate, code, "I would rather not")
				with as_user(WHO_WAIVES[role]):
					with self.assertRaises(frappe.ValidationError):
						waive(doc.doctype, doc.name, gate, code, "  ")
					waive(doc.doctype, doc.name, gate, code, "Agreed with the customer")
					with self.assertRaises(frappe.PermissionError):
						waive(doc.doctype, doc.name, gate, "separation", "Nobody else is here")

				self.assertTrue(next(row for row in self.shown(doc, user) if row["code"] == code)["waived"])
				before = doc.workflow_state
				doc = act(doc, action, user)
				self.assertNotEqual(doc.workflow_state, before)
				outcome = self.on_record(doc, gate)
				self.assertEqual(outcome[code], "Waived")
				self.assertEqual(set(outcome.values()) - {"Met"}, {"Waived"})
			frappe.db.rollback(save_point="before_gate")
			frappe.clear_document_cache("Metalcraft Settings", "Metalcraft Settings")

	def test_what_is_met_cannot_be_waived(self):
		order = factories.make_order()
		with as_user(MANAGER), self.assertRaises(frappe.ValidationError):
			waive("Sales Order", order.name, "request_approval", "po_number", "Just in case")

	def test_what_no_role_may_waive_is_not_waived(self):
		order = factories.make_order(po_no="MT-TWICE")
		again = factories.make_order(po_no="MT-TWICE", customer=order.customer)
		for user in (MANAGER, CONTROLLER, "Administrator"):
			with as_user(user), self.assertRaises(frappe.PermissionError):
				waive("Sales Order", again.name, "request_approval", "po_reuse", "It is fine")

	def test_what_the_settings_do_not_demand_is_not_asked(self):
		settings = frappe.get_doc("Metalcraft Settings")
		for row in settings.gate_requirements:
			if row.requirement == "po_file":
				row.demanded = 0
		settings.save()
		order = factories.make_order(with_file=False)
		self.assertNotIn("po_file", [row["code"] for row in self.shown(order, SUPPORT)])
		self.assertEqual(act(order, "Request Approval", SUPPORT).workflow_state, "Pending Approval")

	def test_a_weight_has_its_unit(self):
		note = deliveries.edit(deliveries.delivery(), PACKER, gross_weight=12.5, gross_weight_uom=None)
		with self.assertRaises(GateNotMet) as refused:
			act(note, "Complete Packing", PACKER)
		self.assertIn("The gross weight is 12.5: enter its unit.", str(refused.exception))
		note = deliveries.edit(note, PACKER, gross_weight_uom="Kg")
		self.assertEqual(act(note, "Complete Packing", PACKER).workflow_state, "Awaiting Clearance")

	def test_a_packer_may_pack_again(self):
		note = act(deliveries.delivery(), "Complete Packing", PACKER)
		note = act(note, "Return to Packing", SUPPORT, "One piece too few in the box")
		note = act(note, "Complete Packing", PACKER)
		self.assertEqual(note.workflow_state, "Awaiting Clearance")

	def shown(self, doc, user) -> list[dict]:
		"""The first gate of the checklist as the form shows it to `user`."""
		with as_user(user):
			entries = [row for row in get_checklist(doc.doctype, doc.name) if row.get("action")]
		return entries[0]["requirements"]

	def on_record(self, doc, gate) -> dict[str, str]:
		"""Requirement -> how it stood at the last passage of `doc` through `gate`."""
		record = frappe.get_last_doc(
			"Release Record", {"reference_name": doc.name, "gate": gate, "kind": "Passage"}
		)
		return {row["code"]: row["state"] for row in frappe.parse_json(record.requirements)}


class TestVersions(FrappeTestCase):
	def test_this_bench_fits(self):
		check_versions()

	def test_another_erpnext_is_refused_in_a_sentence(self):
		for version in ("14.80.1", "17.0.0-dev"):
			with patch("erpnext.__version__", version), self.assertRaises(frappe.ValidationError) as refused:
				check_versions()
			self.assertIn(version, str(refused.exception))
			self.assertIn("Nothing was changed", str(refused.exception))
