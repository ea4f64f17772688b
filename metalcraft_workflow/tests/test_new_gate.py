"""A gate that the app does not have: a row in the table of the path, a state, a function and a patch."""

from unittest.mock import patch

import frappe
from frappe.tests.utils import FrappeTestCase

from metalcraft_workflow.gates.checklist import get_checklist
from metalcraft_workflow.gates.guard import GateNotMet
from metalcraft_workflow.rules import path
from metalcraft_workflow.rules.path import Gate
from metalcraft_workflow.rules.requirement import Link, Requirement
from metalcraft_workflow.setup.custom_fields import make_custom_fields
from metalcraft_workflow.setup.workflows import restore_workflows
from metalcraft_workflow.tests.support import deliveries, factories
from metalcraft_workflow.tests.support.factories import SHIPPER, SUPPORT, act, as_user

GATE, STATE, ACTION = "inspect", "Inspected", "Pass Inspection"


def requirements(doc) -> list[Requirement]:
	"""The function of the gate, as the hook names it."""
	return [
		Requirement(
			code="inspection_noted",
			label="Inspection noted",
			message="Say in the instructions who has inspected the goods.",
			met=bool(doc.instructions),
			link=Link(doc.doctype, doc.name, "instructions"),
		)
	]


class TestNewGate(FrappeTestCase):
	@classmethod
	def setUpClass(cls):
		super().setUpClass()
		factories.setup_world()

	def setUp(self):
		self.add_row()
		self.add_function()
		make_custom_fields(update=True)  # what its patch does
		self.add_state()

	def tearDown(self):
		frappe.db.rollback()
		self.doCleanups()
		make_custom_fields(update=True)
		restore_workflows()
		frappe.clear_cache()

	def add_row(self):
		of_order, of_delivery, of_return = path.PATHS
		packing, documents, *rest = of_delivery
		new = Gate(GATE, 9, "Inspected", "Awaiting Clearance")
		paths = patch.object(path, "PATHS", (of_order, (packing, documents, new, *rest), of_return))
		paths.start()
		self.addCleanup(paths.stop)

	def add_function(self):
		real = frappe.get_hooks

		def get_hooks(hook=None, *args, **kwargs):
			found = real(hook, *args, **kwargs)
			return {**found, GATE: [f"{__name__}.requirements"]} if hook == "metalcraft_gates" else found

		hooks = patch.object(frappe, "get_hooks", get_hooks)
		hooks.start()
		self.addCleanup(hooks.stop)

	def add_state(self):
		for doctype, field, name in (
			("Workflow State", "workflow_state_name", STATE),
			("Workflow Action Master", "workflow_action_name", ACTION),
		):
			if not frappe.db.exists(doctype, name):
				frappe.get_doc({"doctype": doctype, field: name}).insert()
		workflow = frappe.get_doc("Workflow", "Delivery Note Release")
		workflow.append(
			"states", {"state": STATE, "doc_status": "0", "allow_edit": "Customer Support", "gate": GATE}
		)
		for state, action, next_state in (
			("Awaiting Clearance", ACTION, STATE),
			(STATE, "Clear for Shipment", "Cleared"),
		):
			workflow.append(
				"transitions",
				{
					"state": state,
					"action": action,
					"next_state": next_state,
					"allowed": "Customer Support",
					"allow_self_approval": 1,
				},
			)
		workflow.save()
		frappe.clear_cache()

	def passed(self, doc) -> list[str]:
		return frappe.get_all(
			"Release Record",
			filters={"reference_name": doc.name, "kind": "Passage"},
			order_by="creation, name",
			pluck="gate",
		)

	def test_a_delivery_goes_through_it(self):
		note = act(deliveries.delivery(), "Complete Packing", factories.PACKER)
		self.assertEqual(note.workflow_state, "Awaiting Clearance")
		with as_user(SUPPORT):
			asked = {
				entry["action"]: [row["code"] for row in entry["requirements"]]
				for entry in get_checklist(note.doctype, note.name)
			}
		self.assertEqual(asked[ACTION], ["inspection_noted"])
		# whoever jumps over it passes it, too
		self.assertIn("inspection_noted", asked["Clear for Shipment"])
		for action in (ACTION, "Clear for Shipment"):
			with self.assertRaisesRegex(GateNotMet, "who has inspected the goods"):
				act(note, action, SUPPORT)

		note = act(deliveries.edit(note, SUPPORT, instructions="Inspected by A. Smith"), ACTION, SUPPORT)
		self.assertEqual(note.workflow_state, STATE)
		order = note.items[0].against_sales_order
		self.assertEqual(frappe.db.get_value("Sales Order", order, "order_stage"), "Awaiting Clearance")
		note = act(note, "Clear for Shipment", "support2@metalcraft.test")  # nobody takes two in a row
		self.assertEqual(frappe.db.get_value("Sales Order", order, "order_stage"), "Ready to Ship")
		note = act(deliveries.ready_to_ship(note), "Ship", SHIPPER)
		self.assertEqual(note.docstatus, 1)
		self.assertEqual(self.passed(note), ["complete_packing", "release_documents", GATE, "clear", "ship"])
