"""Every state of a delivery, every action, every role, and the routes around the buttons: who may, and
who may not."""

import frappe
from erpnext.stock.doctype.delivery_note.delivery_note import make_sales_return
from frappe.tests.utils import FrappeTestCase

from metalcraft_workflow.setup.workflows import DELIVERY_NOTE_STATES, DELIVERY_NOTE_TRANSITIONS
from metalcraft_workflow.tests.support import deliveries, factories
from metalcraft_workflow.tests.support.factories import PACKER, PEOPLE, QA, SHIPPER, SUPPORT, act, as_user
from metalcraft_workflow.tests.support.rest import call, request

# ERPNext lets Sales User submit and cancel delivery notes
SALES = "sales@metalcraft.test"
DOCUMENTED = "MT Customer with Papers"

# Where a delivery stands -> what can be done there: action, role, where it leads. Nothing else can.
MAY = {
	"Packing": {("Complete Packing", "Final Pack", "Awaiting Clearance")},
	"Packing with documents": {("Complete Packing", "Final Pack", "QA Review")},
	"Packing a return": {("Receive Return", "Shipping", "Return Received")},
	"QA Review": {
		("Release Documents", "Quality Assurance", "Awaiting Clearance"),
		("Return to Packing", "Quality Assurance", "Packing"),
	},
	"Awaiting Clearance": {
		("Clear for Shipment", "Customer Support", "Cleared"),
		("Hold", "Customer Support", "On Hold"),
		("Return to Packing", "Customer Support", "Packing"),
	},
	"On Hold": {
		("Resume", "Customer Support", "Awaiting Clearance"),
		("Return to Packing", "Customer Support", "Packing"),
	},
	"Cleared": {
		("Ship", "Shipping", "Shipped"),
		("Revoke Clearance", "Customer Support", "Awaiting Clearance"),
	},
	"Shipped": {("Cancel Delivery", "Shipping", "Cancelled")},
	"Return Received": {("Cancel Delivery", "Shipping", "Cancelled")},
	"Cancelled": set(),
}
WANTS_A_REASON = {"Return to Packing", "Hold", "Revoke Clearance"}
REFUSED = (frappe.PermissionError, frappe.ValidationError)


class TestDeliveryMatrix(FrappeTestCase):
	@classmethod
	def setUpClass(cls):
		super().setUpClass()
		factories.setup_world()
		factories.make_customer(DOCUMENTED, required_documents=[{"document_type": "Pictures"}])

	def bring_to(self, place: str):
		"""A delivery note at `place`, with the next gate's requirements met."""
		if place in ("Packing with documents", "QA Review"):
			doc = deliveries.delivery(customer=DOCUMENTED)
			if place == "QA Review":
				doc = deliveries.document(act(doc, "Complete Packing", PACKER))
			return doc
		doc = deliveries.delivery()
		if place == "Packing":
			return doc
		if place in ("Awaiting Clearance", "On Hold"):
			doc = act(doc, "Complete Packing", PACKER)
			return act(doc, "Hold", SUPPORT, "Customer asked") if place == "On Hold" else doc
		doc = deliveries.ready_to_ship(deliveries.cleared(doc))
		if place == "Cleared":
			return doc
		doc = act(doc, "Ship", SHIPPER)
		if place == "Cancelled":
			return act(doc, "Cancel Delivery", SHIPPER)
		if place in ("Packing a return", "Return Received"):
			with as_user(SHIPPER):
				doc = make_sales_return(doc.name).insert()
			return act(doc, "Receive Return", SHIPPER) if place == "Return Received" else doc
		return doc

	def test_each_action_is_for_one_role(self):
		actions = sorted({row[1] for row in DELIVERY_NOTE_TRANSITIONS})
		for place, expected in MAY.items():
			doc = self.bring_to(place)
			done = set()
			# one person a role
			for roles, user in {tuple(roles): user for user, roles in PEOPLE.items()}.items():
				for action in actions:
					frappe.db.savepoint("before_action")
					try:
						state = act(doc, action, user, "Because of the test").workflow_state
						done |= {(action, role, state) for role in roles}
					except REFUSED:
						pass
					frappe.db.rollback(save_point="before_action")
					frappe.clear_document_cache(doc.doctype, doc.name)
			self.assertEqual(done, expected, place)

	def test_the_table_covers_every_transition(self):
		wanted = {(row[1], row[3], row[2]) for row in DELIVERY_NOTE_TRANSITIONS}
		self.assertEqual(set().union(*MAY.values()), wanted)

	def test_a_reason_is_asked_for_where_something_is_sent_back_or_stopped(self):
		people = {role: user for user, roles in PEOPLE.items() for role in roles}
		for place, expected in MAY.items():
			if not any(action in WANTS_A_REASON for action, _role, _state in expected):
				continue
			doc = self.bring_to(place)
			for action, role, _state in expected:
				if action in WANTS_A_REASON:
					with self.subTest(f"{place}: {action}"), self.assertRaises(frappe.ValidationError):
						act(doc, action, people[role], "  ")

	def test_one_role_edits_in_each_state(self):
		for place in MAY:
			if place == "Cancelled":
				continue
			doc = self.bring_to(place)
			editor = DELIVERY_NOTE_STATES[doc.workflow_state][1]
			field = "tracking_url" if doc.docstatus else "packing_notes"
			for number, (user, roles) in enumerate(PEOPLE.items()):
				frappe.db.savepoint("before_edit")
				value = f"https://carrier.example.com/{number}"
				try:
					deliveries.edit(doc, user, **{field: value})
					saved = True
				except REFUSED:
					saved = False
				self.assertEqual(saved, editor in roles, f"{user} edits in {place}")
				frappe.db.rollback(save_point="before_edit")
				frappe.clear_document_cache(doc.doctype, doc.name)

	def test_submit_cancel_and_a_written_state_are_the_actions_they_stand_for(self):
		"""A direct submit or cancel is the action that does it, for who may take it; nothing else is."""
		for place, expected in MAY.items():
			doc = self.bring_to(place)
			for user in (SUPPORT, PACKER, QA, SHIPPER, SALES):
				roles = PEOPLE[user]
				for route in ROUTES:
					frappe.db.savepoint("before_route")
					before = state_of(doc)
					with as_user(user):
						try:
							route(frappe.get_doc("Delivery Note", doc.name))
						except REFUSED:
							pass
					after = state_of(doc)
					if after != before:
						self.assertIn(
							after[0],
							{state for _action, role, state in expected if role in roles},
							f"{user}: {place}",
						)
						self.assertEqual(after[1], DELIVERY_NOTE_STATES[after[0]][0])
					frappe.db.rollback(save_point="before_route")
					frappe.clear_document_cache(doc.doctype, doc.name)


class TestDeliveryRoutes(FrappeTestCase):
	"""The REST API, with requests of its own."""

	@classmethod
	def setUpClass(cls):
		super().setUpClass()
		factories.setup_world()
		cls.doc = act(deliveries.delivery(), "Complete Packing", PACKER)
		frappe.db.commit()

	def test_no_route_ships_what_is_not_cleared(self):
		path = f"/api/resource/Delivery Note/{self.doc.name}"
		for user in (PACKER, SUPPORT, QA, SHIPPER, "Administrator"):
			for answer in (
				request(user, "PUT", path, {"docstatus": 1}),
				request(user, "PUT", path, {"workflow_state": "Shipped"}),
				request(user, "PUT", path, {"workflow_state": "Shipped", "docstatus": 1}),
				call(user, "frappe.client.submit", doc=self.doc.as_json()),
				call(
					user,
					"frappe.client.set_value",
					doctype="Delivery Note",
					name=self.doc.name,
					fieldname="workflow_state",
					value="Shipped",
				),
				call(
					user,
					"frappe.desk.doctype.bulk_update.bulk_update.submit_cancel_or_update_docs",
					doctype="Delivery Note",
					docnames=[self.doc.name],
					action="submit",
				),
				call(
					user,
					"frappe.model.workflow.bulk_workflow_approval",
					docnames=[self.doc.name],
					doctype="Delivery Note",
					action="Ship",
				),
			):
				self.assertEqual(state_of(self.doc), ("Awaiting Clearance", 0), f"{user}: {answer.words}")

	def test_nothing_is_inserted_past_the_gates(self):
		body = {
			"customer": self.doc.customer,
			"company": self.doc.company,
			"items": [{"item_code": "MT-CYL-01", "qty": 1, "rate": 1, "warehouse": factories.FINAL_PACK}],
			"po_no": frappe.generate_hash(length=10),
		}
		for fields in (
			{"docstatus": 1},
			{"workflow_state": "Cleared"},
			{"workflow_state": "Shipped", "docstatus": 1},
		):
			for user in (PACKER, SHIPPER, "Administrator"):
				answer = request(user, "POST", "/api/resource/Delivery Note", {**body, **fields})
				self.assertGreaterEqual(answer.status, 400, f"{user} {fields}")
		self.assertFalse(frappe.db.exists("Delivery Note", {"po_no": body["po_no"]}))


def submit(doc):
	doc.submit()


def cancel(doc):
	doc.cancel()


def write(state: str):
	def route(doc):
		doc.workflow_state = state
		doc.transition_reason = "Because of the test"
		doc.save()

	return route


ROUTES = (submit, cancel, write("Awaiting Clearance"), write("Cleared"), write("Shipped"))


def state_of(doc) -> tuple:
	return frappe.db.get_value("Delivery Note", doc.name, ["workflow_state", "docstatus"])
