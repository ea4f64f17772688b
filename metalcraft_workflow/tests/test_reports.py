"""The reports on the process: what they add up to is what the documents say, and only of those one may read."""

import re

import frappe
from frappe.desk.query_report import run
from frappe.tests.utils import FrappeTestCase
from frappe.utils import add_days, add_to_date, now_datetime, nowdate

from metalcraft_workflow.metalcraft_workflow.report.bottlenecks import bottlenecks
from metalcraft_workflow.metalcraft_workflow.report.on_time_shipment import on_time_shipment
from metalcraft_workflow.metalcraft_workflow.report.production_notices import production_notices
from metalcraft_workflow.metalcraft_workflow.report.release_log import release_log
from metalcraft_workflow.metalcraft_workflow.report.stage_ageing import stage_ageing
from metalcraft_workflow.outgoing.production_notices import acknowledge, finish
from metalcraft_workflow.tests.support import deliveries, factories
from metalcraft_workflow.tests.support.factories import (
	APPROVER,
	PACKER,
	PRODUCER,
	SUPPORT,
	act,
	approve,
	as_user,
)


class ReportCase(FrappeTestCase):
	report = None
	dates = True

	@classmethod
	def setUpClass(cls):
		super().setUpClass()
		factories.setup_world()

	def setUp(self):
		frappe.set_user("Administrator")
		self.customer = factories.make_customer(f"Reported {frappe.generate_hash(length=6)}")

	def run_report(self, user: str = SUPPORT, **filters) -> tuple[list, dict, dict]:
		"""Rows, chart and the figures above the report (label -> value), of this test's customer."""
		period = {"from_date": add_days(nowdate(), -60), "to_date": add_days(nowdate(), 60)}
		asked = {"customer": self.customer, **(period if self.dates else {}), **filters}
		with as_user(user):
			_columns, rows, _message, chart, summary = self.report.execute(asked)
		return rows, chart, {row["label"]: row["value"] for row in summary}

	def order(self, *lines, **fields):
		return factories.make_order(*lines, customer=self.customer, **fields)

	def approved(self, *lines, **fields):
		return approve(self.order(*lines, **fields))

	def promise(self, order, days: int) -> None:
		"""Have all lines of an order promised for a day that is `days` from now."""
		for row in order.items:
			row.db_set("delivery_date", add_days(nowdate(), days))

	def assert_keeps_to_what_one_may_read(self, shows) -> None:
		"""The report shows something of this test's customer to Customer Support, and nothing of it to somebody
		who is kept to another; `shows` takes the rows."""
		self.assertTrue(shows(self.run_report()[0]))
		other = factories.make_customer("MT Mine")
		frappe.permissions.add_user_permission("Customer", other, SUPPORT, ignore_permissions=True)
		self.addCleanup(frappe.permissions.clear_user_permissions_for_doctype, "Customer", SUPPORT)
		self.assertFalse(self.run_report()[0])
		self.assertFalse(self.run_report(customer=None)[0] and shows(self.run_report(customer=None)[0]))

	def same_name_again(self):
		"""An order with the name of one that was asked for, sent back and deleted."""
		gone = act(self.order(), "Request Approval", SUPPORT)
		gone = act(gone, "Send Back", APPROVER, "Ordered twice.")
		with as_user(SUPPORT):
			frappe.delete_doc("Sales Order", gone.name)
		order = self.order()
		self.assertEqual(order.name, gone.name)
		return order

	def assert_queries(self, most: int) -> None:
		"""The report asks no more than `most` queries, however many documents there are."""
		self.run_report()  # fills Frappe's caches
		with as_user(SUPPORT), self.assertQueryCount(most):
			period = {"from_date": add_days(nowdate(), -60), "to_date": add_days(nowdate(), 60)}
			self.report.execute({"company": factories.COMPANY, **(period if self.dates else {})})

	def assert_period_is_asked_for(self) -> None:
		for wrong in ({"from_date": None}, {"from_date": nowdate(), "to_date": add_days(nowdate(), -1)}):
			self.assertRaises(frappe.ValidationError, self.run_report, **wrong)


def set_back(doctype: str, name: str, days: float) -> None:
	"""Have what was written just now been written `days` ago."""
	frappe.db.set_value(
		doctype, name, "creation", add_to_date(now_datetime(), hours=-24 * days), update_modified=False
	)


def records(doc, **filters) -> list[str]:
	"""What is on record of `doc`, the oldest first."""
	return frappe.get_all(
		"Release Record", {"reference_name": doc.name, **filters}, order_by="creation", pluck="name"
	)


class TestWhoRunsThem(ReportCase):
	def test_everybody_of_the_process_runs_each_as_the_desk_does(self):
		order = self.approved()
		deliveries.bring(order)
		deliveries.shipped(deliveries.packed(order))
		self.promise(order, -1)
		period = {"from_date": add_days(nowdate(), -60), "to_date": add_days(nowdate(), 60)}
		asked = {"company": factories.COMPANY, **period}
		reports = frappe.get_all("Report", {"module": "Metalcraft Workflow"}, pluck="name")
		for report in set(reports) - {"Batch Trace", "Release History"}:  # which ask for a document
			for user in factories.PEOPLE:
				with self.subTest(report=report, user=user), as_user(user):
					self.assertTrue(run(report, asked, ignore_prepared_report=True)["result"])

	def test_everybody_of_the_process_filters_by_a_company(self):
		for user in factories.PEOPLE:
			with self.subTest(user=user), as_user(user):
				# Frappe 16 says in a message that who may only choose one has no access
				self.assertTrue(frappe.has_permission("Company", "read"))

	def test_what_one_filters_by_is_what_the_fields_may_hold(self):
		def options(doctype, fieldname):
			return {*frappe.get_meta(doctype).get_field(fieldname).options.split("\n")} - {""}

		stages = options("Sales Order", "order_stage")
		over = {"Closed", "Cancelled"}  # nothing waits there
		for report, wanted in {
			"bottlenecks": stages - over,
			"stage_ageing": stages - over - {"Partially Shipped", "Shipped", "Invoiced"},  # nobody's step
			"production_notices": options("Production Notice", "status")
			| options("Production Notice", "kind"),
		}.items():
			path = frappe.get_module_path("Metalcraft Workflow", "report", report, f"{report}.js")
			offered = {*re.findall(r'value: "([^"]+)"', frappe.read_file(path))}
			self.assertEqual(offered, wanted, report)


class TestOnTimeShipment(ReportCase):
	report = on_time_shipment

	def test_lines_that_left_in_time_late_and_not_at_all(self):
		in_time, late, missing = (self.approved() for _number in range(3))
		for order in (in_time, late):
			deliveries.bring(order)
			deliveries.shipped(deliveries.packed(order))
		self.promise(late, -3)
		self.promise(missing, -5)
		due = self.approved()
		rows, chart, figures = self.run_report()
		self.assertEqual(
			{row.name: (row.outcome, row.days_late) for row in rows},
			{
				in_time.name: ("On Time", 0),
				late.name: ("Late", 3),
				missing.name: ("Overdue", 5),
				due.name: ("Due", 0),
			},
		)
		self.assertEqual(figures["On Time"], "33.3 %")
		self.assertEqual((figures["Late"], figures["Overdue"]), (1, 1))
		drawn = sum(sum(dataset["values"]) for dataset in chart["data"]["datasets"])
		self.assertEqual(drawn, figures["Lines Promised"])

	def test_every_promised_line_is_there_once(self):
		self.approved((factories.make_item(), 10, 100), (factories.make_item("MT-CYL-02"), 4, 100))
		self.order()  # nobody has approved it
		rows, _chart, figures = self.run_report()
		lines = frappe.get_all("Sales Order Item", {"parent": rows[0].name}, pluck="name")
		self.assertEqual(sorted(row.line for row in rows), sorted(lines))
		self.assertEqual(figures["Lines Promised"], 2)
		self.assertFalse(self.run_report(to_date=nowdate())[0])

	def test_what_left_in_time_of_a_line(self):
		order = self.approved()
		deliveries.bring(order, 4)
		deliveries.shipped(deliveries.packed(order))
		self.promise(order, 0)
		self.assertEqual(self.run_report()[0][0].shipped_in_time, 4)

	def test_where_it_was_on_the_day(self):
		order = self.approved()
		note = None
		deliveries.bring(order)
		note = act(deliveries.packed(order), "Complete Packing", PACKER)
		note = act(note, "Hold", SUPPORT, reason="The customer moves house.")
		waiting = self.approved()
		for doc, days in ((order, 20), (waiting, 20)):
			set_back("Sales Order", doc.name, days)
			for name, ago in zip(records(doc), (18, 16), strict=True):
				set_back("Release Record", name, ago)
		set_back("Delivery Note", note.name, 10)
		for name, ago in zip(records(note), (8, 4), strict=False):
			set_back("Release Record", name, ago)
		self.promise(waiting, -9)
		cases = {-17: "Pending Approval", -12: "In Production", -9: "Final Pack", -6: "Awaiting Clearance"}
		for days, stage in cases.items():
			self.promise(order, days)
			rows, chart, _figures = self.run_report(chart="Late Reasons", outcome="Overdue")
			found = {row.name: row.late_in for row in rows}
			self.assertEqual((days, found[order.name]), (days, stage))
			self.assertEqual(found[waiting.name], "In Production")
			self.assertEqual(sum(chart["data"]["datasets"][0]["values"]), 2)
		self.promise(order, -30)
		self.assertIn("Ordered after that day", [row.late_in for row in self.run_report()[0]])

	def test_is_of_what_one_may_read(self):
		self.approved()
		self.assert_keeps_to_what_one_may_read(
			lambda rows: any(row.customer == self.customer for row in rows)
		)

	def test_costs_the_same_however_many_orders(self):
		self.promise(self.approved(), -2)
		self.assert_queries(5)

	def test_asks_for_a_period(self):
		self.assert_period_is_asked_for()


class TestStageAgeing(ReportCase):
	report = stage_ageing

	def aged(self):
		"""An order with a delivery in QA, of which each stage took a number of days of its own."""
		order = self.approved()
		deliveries.bring(order)
		note = act(deliveries.packed(order), "Complete Packing", PACKER)
		set_back("Sales Order", order.name, 12)
		for name, days in zip(records(order), (11, 9), strict=True):
			set_back("Release Record", name, days)
		set_back("Delivery Note", note.name, 5)
		for name in records(note):
			set_back("Release Record", name, 1)
		return order, note

	def days(self, **filters) -> dict[str, float]:
		found = {}
		for row in self.run_report(**filters)[0]:
			found.setdefault(row["stage"], []).append((row["stays"], round(row["longest"], 3)))
		return {stage: (sum(n for n, _d in rows), max(d for _n, d in rows)) for stage, rows in found.items()}

	def test_days_are_those_between_what_is_on_record(self):
		self.aged()
		self.assertEqual(
			self.days(),
			{"Draft": (1, 1), "Pending Approval": (1, 2), "In Production": (1, 4), "Final Pack": (1, 4)},
		)

	def test_each_stay_that_ended_is_counted_once(self):
		(order, note), _other = self.aged(), self.aged()
		figures = self.run_report()[2]
		counted = sum(row["stays"] for row in self.run_report()[0])
		# every move on record ended a stay, and each delivery one of its order
		moves = frappe.get_all(
			"Release Record",
			{"reference_name": ["in", [order.name, note.name]]},
			["reference_name", "to_state"],
			distinct=True,
		)
		self.assertEqual(counted, 2 * (len(moves) + 1))
		self.assertEqual(figures["Stays That Ended"], counted)

	def test_only_of_the_period_and_the_stage(self):
		self.aged()
		since = add_days(nowdate(), -9)
		self.assertEqual(set(self.days(from_date=since)), {"Pending Approval", "In Production", "Final Pack"})
		self.assertEqual(set(self.days(stage="In Production")), {"In Production"})
		self.assertFalse(self.days(from_date=add_days(nowdate(), 1)))

	def test_names_the_document_that_took_longest(self):
		order, _note = self.aged()
		rows = {row["stage"]: row["document"] for row in self.run_report()[0]}
		self.assertEqual(rows["In Production"], order.name)

	def test_a_state_with_another_name_by_now_is_still_known(self):
		order, _note = self.aged()
		for name in records(order):
			frappe.db.set_value("Release Record", name, "to_state", f"Was {name}", update_modified=False)
		self.assertEqual(self.days()["Pending Approval"], (1, 2))

	def test_what_became_of_a_name_before_is_no_stay_of_this_one(self):
		self.same_name_again()
		self.assertFalse(self.days())

	def test_is_of_what_one_may_read(self):
		self.aged()
		self.assert_keeps_to_what_one_may_read(
			lambda rows: frappe.db.exists(
				"Sales Order", {"name": ["in", [row["document"] for row in rows]], "customer": self.customer}
			)
		)

	def test_costs_the_same_however_many_documents(self):
		self.aged()
		self.assert_queries(6)

	def test_asks_for_a_period(self):
		self.assert_period_is_asked_for()


class TestReleaseLog(ReportCase):
	report = release_log

	def test_every_record_is_in_it(self):
		order = self.approved()
		deliveries.bring(order)
		note = deliveries.cleared(deliveries.packed(order))
		rows, chart, figures = self.run_report()
		expected = frappe.get_all("Release Record", {"reference_name": ["in", [order.name, note.name]]})
		self.assertEqual({row.name for row in rows}, {row.name for row in expected})
		self.assertEqual(figures, {"Passages": len(expected), "Waivers": 0, "Taken Back": 0})
		drawn = sum(sum(dataset["values"]) for dataset in chart["data"]["datasets"])
		self.assertEqual(drawn, len(expected))
		self.assertIn("Cleared for shipment", {row.gate for row in rows})

	def test_says_who_and_why(self):
		order = self.order()
		act(order, "Request Approval", SUPPORT)
		act(order, "Send Back", APPROVER, reason="The price of line 1 is wrong.")
		(row,) = self.run_report(with_reason=1)[0]
		self.assertEqual((row.what, row.reason), ("Send Back", "The price of line 1 is wrong."))
		self.assertEqual(row.who, frappe.db.get_value("User", APPROVER, "full_name"))
		self.assertEqual(len(self.run_report(user=SUPPORT, **{"gate": "request_approval"})[0]), 1)

	def test_filters(self):
		self.approved()
		self.assertEqual({row.kind for row in self.run_report(kind="Passage")[0]}, {"Passage"})
		self.assertFalse(self.run_report(kind="Waiver")[0])
		self.assertEqual({row.user for row in self.run_report(who="approver")[0]}, {APPROVER})
		self.assertFalse(self.run_report(doctype="Delivery Note")[0])
		self.assertFalse(self.run_report(to_date=add_days(nowdate(), -1))[0])

	def test_is_of_what_one_may_read(self):
		order = self.approved()
		self.assert_keeps_to_what_one_may_read(
			lambda rows: any(row.reference_name == order.name for row in rows)
		)

	def test_a_deleted_document_is_nobody_s_by_its_name(self):
		order = self.same_name_again()
		self.assertFalse(self.run_report()[0])
		rows = [row for row in self.run_report(customer=None)[0] if row.reference_name == order.name]
		self.assertEqual({row.what for row in rows}, {"Request Approval", "Send Back"})
		self.assertEqual({row.customer_name for row in rows}, {None})
		frappe.permissions.add_user_permission("Customer", self.customer, SUPPORT, ignore_permissions=True)
		self.addCleanup(frappe.permissions.clear_user_permissions_for_doctype, "Customer", SUPPORT)
		self.assertFalse(self.run_report(customer=None)[0])

	def test_costs_the_same_however_many_records(self):
		self.approved()
		self.assert_queries(3)

	def test_asks_for_a_period(self):
		self.assert_period_is_asked_for()


class TestProductionNotices(ReportCase):
	report = production_notices

	def notices(self) -> list:
		orders = [self.approved() for _number in range(3)]
		return [frappe.get_doc("Production Notice", {"sales_order": order.name}) for order in orders]

	def test_every_notice_is_in_it(self):
		new, seen, done = self.notices()
		with as_user(PRODUCER):
			acknowledge(seen.name)
			finish(done.name)
		rows, chart, figures = self.run_report()
		self.assertEqual({row.name for row in rows}, {new.name, seen.name, done.name})
		self.assertEqual((figures["Notices"], figures["Not Acknowledged"]), (3, 1))
		drawn = sum(sum(dataset["values"]) for dataset in chart["data"]["datasets"])
		self.assertEqual(drawn, 3)
		self.assertEqual({row.name for row in self.run_report(open_only=1)[0]}, {new.name})
		self.assertEqual({row.name for row in self.run_report(status="Done")[0]}, {done.name})

	def test_how_long_it_took(self):
		notice = self.notices()[0]
		set_back("Production Notice", notice.name, 2)
		with as_user(PRODUCER):
			acknowledge(notice.name)
		row = next(row for row in self.run_report()[0] if row.name == notice.name)
		self.assertAlmostEqual(row.hours_to_acknowledge, 48, delta=0.1)
		self.assertIsNone(row.days_to_finish)
		self.assertEqual(row.acknowledged_by, frappe.db.get_value("User", PRODUCER, "full_name"))

	def test_is_of_what_one_may_read(self):
		order = self.approved()
		self.assert_keeps_to_what_one_may_read(
			lambda rows: any(row.sales_order == order.name for row in rows)
		)

	def test_costs_the_same_however_many_notices(self):
		notice = self.notices()[0]
		with as_user(PRODUCER):
			acknowledge(notice.name)
		self.assert_queries(2)

	def test_asks_for_a_period(self):
		self.assert_period_is_asked_for()


class TestBottlenecks(ReportCase):
	report = bottlenecks
	dates = False

	def test_what_waits_where_and_for_whom(self):
		self.order()
		asked = self.order()
		act(asked, "Request Approval", SUPPORT)
		self.approved()
		arrived = self.approved()
		deliveries.bring(arrived)
		packing = self.approved()
		deliveries.bring(packing)
		deliveries.packed(packing)
		cleared = self.approved()
		deliveries.bring(cleared)
		deliveries.cleared(deliveries.packed(cleared))
		shipped = self.approved()
		deliveries.bring(shipped)
		deliveries.shipped(deliveries.packed(shipped))
		rows, chart, figures = self.run_report()
		self.assertEqual(
			{(row.stage, row.whom): row.documents for row in rows},
			{
				("Draft", "Customer Support"): 1,
				("Pending Approval", "Order Approver"): 1,
				("In Production", "Cylinders"): 1,
				("Final Pack", "Final Pack"): 2,
				("Ready to Ship", "Shipping"): 1,
				("Shipped", "Customer Support"): 1,
			},
		)
		self.assertEqual(figures["Orders That Wait"], 7)
		drawn = sum(sum(dataset["values"]) for dataset in chart["data"]["datasets"])
		self.assertEqual(drawn, sum(row.documents for row in rows))

	def test_documents_are_those_that_are_counted(self):
		self.approved()
		asked = self.order()
		act(asked, "Request Approval", SUPPORT)
		groups, each = self.run_report()[0], self.run_report(each_document=1)[0]
		self.assertEqual(len(each), sum(row.documents for row in groups))
		self.assertAlmostEqual(sum(row.days for row in each), sum(row.total for row in groups), delta=0.001)
		self.assertEqual(
			{row.document for row in self.run_report(each_document=1, stage="Pending Approval")[0]},
			{asked.name},
		)

	def test_how_long(self):
		order = self.order()
		act(order, "Request Approval", SUPPORT)
		set_back("Release Record", records(order)[0], 3)
		(row,) = self.run_report()[0]
		self.assertAlmostEqual(row.longest, 3, delta=0.01)
		self.assertEqual((row.doctype, row.document), ("Sales Order", order.name))

	def test_the_parts_of_an_order_wait_each_where_they_are(self):
		order = self.approved()
		deliveries.bring(order, 4)
		first = deliveries.packed(order)
		act(first, "Complete Packing", PACKER)
		rows = self.run_report(each_document=1)[0]
		self.assertEqual([(row.document, row.stage) for row in rows], [(first.name, "Awaiting Clearance")])

	def test_late_ones(self):
		late, _in_time = self.approved(), self.approved()
		self.promise(late, -1)
		figures = self.run_report()[2]
		self.assertEqual(figures["Past Their Ship Date"], 1)
		self.assertEqual([row.late for row in self.run_report()[0]], [1])

	def test_a_department_that_is_done_is_not_waited_for(self):
		order = self.approved()
		with as_user(PRODUCER):
			finish(frappe.db.get_value("Production Notice", {"sales_order": order.name}))
		self.assertEqual([row.whom for row in self.run_report()[0]], ["Production"])

	def test_closed_and_cancelled_orders_wait_for_nobody(self):
		closed = self.approved()
		closed.db_set({"status": "Closed", "order_stage": "Closed"})
		self.assertFalse(self.run_report()[0])

	def test_is_of_what_one_may_read(self):
		order = self.approved()
		self.assert_keeps_to_what_one_may_read(lambda rows: any(row.document == order.name for row in rows))

	def test_costs_the_same_however_many_orders(self):
		order = self.approved()
		deliveries.bring(order)
		deliveries.packed(order)
		self.approved()
		self.assert_queries(8)
