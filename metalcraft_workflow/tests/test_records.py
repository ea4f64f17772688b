from unittest.mock import patch

import frappe
from frappe.tests.utils import FrappeTestCase
from frappe.utils import add_days, add_to_date, now_datetime, nowdate

from metalcraft_workflow.gates import record
from metalcraft_workflow.gates.checklist import get_checklist
from metalcraft_workflow.gates.guard import GateNotMet
from metalcraft_workflow.metalcraft_workflow.report.release_history import release_history
from metalcraft_workflow.patches import tie_records_to_documents
from metalcraft_workflow.tests.support import deliveries, factories
from metalcraft_workflow.tests.support.factories import APPROVER, SUPPORT, act, as_user

# Somebody with both roles: only the records keep them from approving what they asked for
BOTH = "both@metalcraft.test"


def make_order(**fields):
	"""An order on a purchase order of the day before yesterday: it may wait for a clock that is set back."""
	return factories.make_order(po_date=add_days(nowdate(), -2), **fields)


def records_of(doc) -> list:
	return frappe.get_all(
		"Release Record",
		{"process_id": doc.process_id},
		["name", "kind", "action", "gate", "user", "sequence", "reference_name"],
		order_by="sequence",
	)


def actions_of(doc) -> list[str]:
	return [row.action for row in records_of(doc)]


class RecordCase(FrappeTestCase):
	@classmethod
	def setUpClass(cls):
		super().setUpClass()
		factories.setup_world()
		factories.make_user(BOTH, ["Customer Support", "Order Approver"])

	def tearDown(self):
		frappe.set_user("Administrator")


class TestTheClock(RecordCase):
	"""What is on record counts in its order, whatever the clock said."""

	def test_who_asked_does_not_approve_when_the_clock_was_set_back(self):
		# Also what a site sees that is moved from Kolkata to New York: ten hours
		for hours in (1, 10):
			order = make_order(user=BOTH)
			with self.freeze_time(add_to_date(now_datetime(), hours=-hours)):
				act(order, "Request Approval", BOTH)
				with self.assertRaises(GateNotMet):
					act(order, "Approve", BOTH)
				self.assertEqual(act(order, "Approve", APPROVER).docstatus, 1)

	def test_who_asked_does_not_approve_in_another_time_zone(self):
		self.addCleanup(self.move_to, frappe.db.get_single_value("System Settings", "time_zone"))
		self.move_to("Asia/Kolkata")
		order = make_order(user=BOTH)
		self.move_to("America/New_York")
		act(order, "Request Approval", BOTH)
		with self.assertRaises(GateNotMet):
			act(order, "Approve", BOTH)

	def move_to(self, time_zone: str):
		frappe.db.set_single_value("System Settings", "time_zone", time_zone)
		frappe.clear_cache()

	def test_a_clearance_lapses_with_a_change_also_in_the_hour_that_comes_twice(self):
		doc = deliveries.delivery((factories.make_item(), 10, 100), po_date=add_days(nowdate(), -2))
		with self.freeze_time(add_to_date(now_datetime(), hours=-1)):
			doc = deliveries.cleared(doc)
			self.assertEqual(doc.workflow_state, "Cleared")
			elsewhere = factories.make_address(doc.customer, address_line1="Elsewhere 1")
			changed = deliveries.edit(doc, factories.SHIPPER, shipping_address_name=elsewhere)
		self.assertNotEqual(changed.workflow_state, "Cleared")

	def test_the_last_move_is_the_last_one_written(self):
		order = make_order()
		act(order, "Request Approval", SUPPORT)
		with self.freeze_time(add_to_date(now_datetime(), hours=-1)):
			act(order, "Send Back", APPROVER, "Wrong price on line 1")
		with as_user(SUPPORT):
			arrival = get_checklist("Sales Order", order.name)[0]["arrival"]
			self.assertEqual(arrival["reason"], "Wrong price on line 1")
			self.assertEqual(arrival["by"], frappe.utils.get_fullname(APPROVER))
			_columns, rows = release_history.execute({"sales_order": order.name})
		self.assertEqual([row.what for row in rows], ["Request Approval", "Send Back"])


class TestTheName(RecordCase):
	"""A record is about a document, not about whichever has its name."""

	def test_each_document_has_an_id_that_nobody_sets(self):
		order = make_order(process_id="mine")
		self.assertEqual(len(order.process_id), 36)
		with as_user(SUPPORT):
			doc = frappe.get_doc("Sales Order", order.name)
			doc.process_id = "mine"
			doc.save()
			copy = frappe.copy_doc(doc).insert()
		self.assertEqual(frappe.db.get_value("Sales Order", order.name, "process_id"), order.process_id)
		self.assertEqual(len({order.process_id, copy.process_id, "mine", None}), 4)

	def test_an_amended_order_begins_with_no_record(self):
		order = factories.approve(make_order())
		order = act(order, "Cancel Order", APPROVER)
		with as_user(SUPPORT):
			amended = frappe.copy_doc(order)
			amended.update({"amended_from": order.name, "docstatus": 0, "workflow_state": None})
			amended.process_id = order.process_id  # the desk copies what is not to be copied
			amended.insert()
		self.assertNotEqual(amended.process_id, order.process_id)
		self.assertEqual(records_of(amended), [])
		self.assertEqual(actions_of(order), ["Request Approval", "Approve", "Cancel Order"])

	def test_numbers_go_on_without_a_gap(self):
		doc = deliveries.cleared(deliveries.delivery((factories.make_item(), 10, 100)))
		rows = records_of(doc)
		self.assertEqual([row.sequence for row in rows], list(range(1, len(rows) + 1)))
		self.assertEqual(frappe.db.get_value("Record Chain", doc.process_id, "records"), len(rows))

	def test_several_records_of_one_passage_are_written_together(self):
		order = make_order()
		written = record.write_all(order, [{"kind": "Passage", "action": "One"}, {"kind": "Void"}])
		written.append(record.write(order, "Waiver", requirement="po_number", reason="By telephone"))
		self.assertEqual([row.sequence for row in written], [1, 2, 3])
		self.assertEqual([row.kind for row in records_of(order)], ["Passage", "Void", "Waiver"])

	def test_an_order_whose_records_are_gone_is_not_approved_by_who_asked(self):
		order = make_order(user=BOTH)
		act(order, "Request Approval", BOTH)
		frappe.db.delete("Release Record", {"process_id": order.process_id})
		for user in (BOTH, APPROVER):
			with self.assertRaises(GateNotMet) as refused:
				act(order, "Approve", user)
			self.assertIn("Send it back", str(refused.exception))

	def test_the_next_order_of_a_name_has_notices_of_its_own(self):
		gone = factories.approve(make_order())
		notices = {"sales_order": gone.name, "kind": "New"}
		self.assertEqual(frappe.db.count("Production Notice", notices), 1)
		delete_as_a_company_does(gone)
		order = make_order()
		# "Delete company transactions" sets the series back
		for table, column in (
			("Sales Order", "name"),
			("Sales Order Item", "parent"),
			("File", "attached_to_name"),
		):
			rows = frappe.qb.DocType(table)
			frappe.qb.update(rows).set(rows[column], gone.name).where(rows[column] == order.name).run()
		order = factories.approve(frappe.get_doc("Sales Order", gone.name))
		self.assertEqual(frappe.db.count("Production Notice", notices), 2)


def delete_as_a_company_does(doc) -> None:
	"""Delete a document as "Delete company transactions" does: past all events."""
	for table in doc.meta.get_table_fields():
		frappe.db.delete(table.options, {"parent": doc.name, "parenttype": doc.doctype})
	frappe.db.delete(doc.doctype, {"name": doc.name})


class TestTheRecordsOfAnEarlierVersion(RecordCase):
	"""What was on record before documents had an ID is tied to them by a patch."""

	def update(self):
		with patch.object(frappe.db, "commit"):
			tie_records_to_documents.execute()

	def forget_ids(self, *docs):
		for doc in docs:
			frappe.db.set_value(doc.doctype, doc.name, "process_id", None, update_modified=False)
			frappe.db.delete("Record Chain", {"name": doc.process_id})
			frappe.db.set_value(
				"Release Record",
				{"process_id": doc.process_id},
				{"process_id": None, "sequence": 0},
				update_modified=False,
			)
			frappe.db.set_value(
				"Production Notice", {"process_id": doc.process_id}, "process_id", None, update_modified=False
			)

	def test_they_are_tied_in_their_order_and_the_process_goes_on(self):
		order = act(make_order(user=BOTH), "Request Approval", BOTH)
		approved = factories.approve(make_order())
		self.forget_ids(order, approved)
		self.update()
		self.update()  # a second migrate finds nothing to do
		order, approved = (frappe.get_doc("Sales Order", doc.name) for doc in (order, approved))
		self.assertEqual(actions_of(order), ["Request Approval"])
		self.assertEqual(actions_of(approved), ["Request Approval", "Approve"])
		self.assertEqual(
			frappe.db.get_value("Production Notice", {"sales_order": approved.name}, "process_id"),
			approved.process_id,
		)
		with self.assertRaises(GateNotMet):
			act(order, "Approve", BOTH)
		act(order, "Approve", APPROVER)
		self.assertEqual([row.sequence for row in records_of(order)], [1, 2])

	def test_what_a_deleted_draft_left_is_not_about_the_next_of_its_name(self):
		gone = act(make_order(), "Request Approval", SUPPORT)
		gone = act(gone, "Send Back", APPROVER, "Ordered twice")
		with as_user(SUPPORT):
			frappe.delete_doc("Sales Order", gone.name)
		order = make_order()
		self.assertEqual(order.name, gone.name)
		self.forget_ids(order)
		frappe.db.set_value("Release Record", {"process_id": gone.process_id}, "process_id", None)
		self.update()
		self.assertEqual(records_of(frappe.get_doc("Sales Order", order.name)), [])
		left = frappe.get_all("Release Record", {"reference_name": gone.name}, ["process_id", "sequence"])
		self.assertEqual(len({row.process_id for row in left}), 1)
		self.assertEqual(sorted(row.sequence for row in left), [1, 2])

	def test_a_clock_that_was_set_back_before_the_update_loses_nothing(self):
		order = make_order(user=BOTH)
		with self.freeze_time(add_to_date(now_datetime(), hours=-10)):
			act(order, "Request Approval", BOTH)
		self.forget_ids(order)
		self.update()
		self.assertEqual(actions_of(frappe.get_doc("Sales Order", order.name)), ["Request Approval"])
