"""What the desk shows of the process: the board, the counts, the history, the checklist's preamble."""

from collections import Counter

import frappe
from frappe.tests.utils import FrappeTestCase
from frappe.utils import add_days, add_to_date, getdate, now_datetime, nowdate

from metalcraft_workflow.gates.checklist import get_checklist
from metalcraft_workflow.gates.waiting import count
from metalcraft_workflow.metalcraft_workflow.dashboard_chart_source.orders_by_stage import orders_by_stage
from metalcraft_workflow.metalcraft_workflow.report.open_orders import open_orders
from metalcraft_workflow.metalcraft_workflow.report.release_history import release_history
from metalcraft_workflow.setup.custom_fields import STAGES
from metalcraft_workflow.tests.support import deliveries, factories, money
from metalcraft_workflow.tests.support.factories import (
	APPROVER,
	PACKER,
	SUPPORT,
	act,
	approve,
	as_user,
	change_quantity,
)
from metalcraft_workflow.tests.support.numbers import number_format


class DeskCase(FrappeTestCase):
	@classmethod
	def setUpClass(cls):
		super().setUpClass()
		factories.setup_world()

	def board(self, user: str = SUPPORT, **filters) -> dict[str, dict]:
		"""Order -> its row on the board, as `user` sees it."""
		with as_user(user):
			return {
				row.name: row for row in open_orders.execute({"company": factories.COMPANY, **filters})[1]
			}


class TestBoard(DeskCase):
	def test_open_orders_are_on_it_from_draft_to_done(self):
		draft, approved = factories.make_order(), factories.make_order()
		approve(approved)
		board = self.board(PACKER)
		self.assertIn(draft.name, board)
		self.assertEqual(board[approved.name].order_stage, "In Production")
		self.assertEqual(board[approved.name].po_no, approved.po_no)

	def test_closed_and_cancelled_orders_and_those_from_before_are_not(self):
		closed, cancelled, before = (factories.make_order() for _ in range(3))
		closed.db_set("status", "Closed")
		cancelled.db_set("docstatus", 2)
		before.db_set("follows_process", 0)
		board = self.board()
		for order in (closed, cancelled, before):
			self.assertNotIn(order.name, board)

	def test_ship_date_is_that_of_the_next_line_to_ship(self):
		order = factories.make_order((factories.make_item(), 1, 100), (factories.make_item(), 2, 100))
		first, second = order.items
		first.db_set("delivery_date", add_days(nowdate(), 3))
		second.db_set("delivery_date", add_days(nowdate(), 9))
		self.assertEqual(self.board()[order.name].ship_date, getdate(add_days(nowdate(), 3)))
		first.db_set("delivered_qty", first.qty)
		self.assertEqual(self.board()[order.name].ship_date, getdate(add_days(nowdate(), 9)))

	def test_percentages_are_written_as_the_site_writes_numbers(self):
		order = factories.make_order()
		order.db_set("per_final_pack", 12.5)
		for pattern, written in (("#,###.##", "12.5%"), ("#.###", "12,5%")):
			with number_format(pattern):
				row = self.board()[order.name]
				self.assertEqual((row.written_per_final_pack, row.written_per_billed), (written, "0%"))

	def test_late_orders(self):
		late, in_time = factories.make_order(), factories.make_order()
		late.items[0].db_set("delivery_date", add_days(nowdate(), -2))
		board = self.board(late_only=1)
		self.assertEqual(board[late.name].days_late, 2)
		self.assertNotIn(in_time.name, board)
		with as_user(SUPPORT):
			self.assertEqual(open_orders.late_orders()["value"], len(self.board(late_only=1, company=None)))

	def test_most_urgent_first(self):
		order = factories.make_order()
		order.items[0].db_set("delivery_date", add_days(nowdate(), -900))
		self.assertEqual(next(iter(self.board())), order.name)

	def test_filters(self):
		order, other = (
			factories.make_order(),
			factories.make_order(customer=factories.make_customer("MT Other")),
		)
		approve(order)
		self.assertIn(order.name, self.board(stage=["In Production"]))
		self.assertNotIn(other.name, self.board(stage=["In Production"]))
		self.assertEqual(set(self.board(customer="MT Other")) & {order.name, other.name}, {other.name})
		self.assertIn(order.name, self.board(department="Cylinders"))
		self.assertNotIn(order.name, self.board(department="Electronics"))

	def test_user_permissions_hold(self):
		mine = factories.make_order(customer=factories.make_customer("MT Mine"))
		other = factories.make_order()
		frappe.permissions.add_user_permission("Customer", "MT Mine", SUPPORT, ignore_permissions=True)
		self.addCleanup(frappe.permissions.clear_user_permissions_for_doctype, "Customer", SUPPORT)
		board = self.board()
		self.assertIn(mine.name, board)
		self.assertNotIn(other.name, board)

	def test_costs_the_same_however_many_orders(self):
		factories.make_order()
		with as_user(SUPPORT):
			open_orders.execute({"company": factories.COMPANY})  # fills Frappe's caches
			with self.assertQueryCount(10):
				open_orders.execute({"company": factories.COMPANY})

	def test_says_for_whom_an_order_waits_and_where_its_deliveries_are(self):
		order = factories.make_order(
			(factories.make_item(), 10, 100), (factories.make_item("MT-CYL-02"), 2, 5)
		)
		approve(order)
		row = self.board()[order.name]
		self.assertEqual((row.waits_for, row.waiting), ("Cylinders", order.name))
		self.assertEqual((row.open_lines, row.lines), (2, 2))
		deliveries.bring(order, 10)
		note = deliveries.packed(order)
		row = self.board()[order.name]
		self.assertEqual((row.waits_for, row.waiting), ("Final Pack", note.name))
		self.assertIn(note.name, row.deliveries)
		self.assertIn("Packing", row.deliveries)

	def test_says_the_state_where_the_stage_says_less(self):
		draft, back, approved = (factories.make_order() for _number in range(3))
		act(back, "Request Approval", SUPPORT)
		self.assertEqual(self.board()[back.name].state, "")  # its stage says so
		act(back, "Send Back", APPROVER, reason="The price of line 1 is wrong.")
		approve(approved)
		rows = self.board()
		self.assertEqual([rows[order.name].state for order in (draft, back, approved)], ["", "Sent Back", ""])
		change_quantity(approved, 12)
		self.assertEqual(self.board()[approved.name].state, "Change Review")

	def test_days_are_those_of_the_stage_that_it_is_in(self):
		order = factories.make_order()
		act(order, "Request Approval", SUPPORT)
		ago = add_to_date(now_datetime(), days=-3)
		name = frappe.get_value("Release Record", {"reference_name": order.name})
		frappe.db.set_value("Release Record", name, "creation", ago, update_modified=False)
		self.assertEqual(self.board()[order.name].days_in_stage, 3)

	def test_what_is_to_be_paid_is_for_those_who_read_invoices(self):
		order = money.order()
		invoice = money.invoice(money.ship(order))
		self.assertEqual(self.board()[order.name].outstanding, invoice.outstanding_amount)
		self.assertNotIn("outstanding", self.board(PACKER)[order.name])
		with as_user(PACKER):
			columns = open_orders.execute({"company": factories.COMPANY})[0]
		self.assertNotIn("outstanding", [column["fieldname"] for column in columns])

	def test_cards_are_the_rows_of_the_table_by_stage(self):
		approve(factories.make_order())
		factories.make_order()
		with as_user(SUPPORT):
			columns = open_orders.board({"company": factories.COMPANY})["columns"]
		rows = self.board()
		self.assertEqual(sum(column["orders"] for column in columns), len(rows))
		for column in columns:
			self.assertLessEqual(len(column["cards"]), open_orders.MOST_CARDS)
			for card in column["cards"]:
				self.assertEqual(rows[card.name].order_stage, column["stage"])


class TestOrdersByStage(DeskCase):
	def drawn(self, user: str = SUPPORT) -> dict[str, int]:
		with as_user(user):
			chart = frappe.call(
				frappe.get_attr(f"{orders_by_stage.__name__}.get"), chart_name="Orders by Stage"
			)
		return dict(zip(chart["labels"], chart["datasets"][0]["values"], strict=True)) if chart else {}

	def test_counts_the_board_in_the_order_of_the_process(self):
		approve(factories.make_order())
		asked = factories.make_order()
		act(asked, "Request Approval", SUPPORT)
		factories.make_order()
		drawn = self.drawn()
		self.assertEqual(list(drawn), [stage for stage in STAGES if stage in drawn])
		board = list(self.board(company=None).values())
		self.assertEqual(drawn, Counter(row.order_stage for row in board))

	def test_is_of_what_one_may_read(self):
		self.assertRaises(frappe.PermissionError, self.drawn, "Guest")


class TestWaiting(DeskCase):
	def waiting(self, user: str = SUPPORT, **filters) -> int:
		with as_user(user):
			return count(filters)["value"]

	def test_counts_by_gate_and_not_by_name(self):
		before = self.waiting(doctype="Sales Order", gate="request_approval")
		order = factories.make_order()
		act(order, "Request Approval", SUPPORT)
		self.assertEqual(self.waiting(doctype="Sales Order", gate="request_approval"), before + 1)
		frappe.rename_doc("Workflow State", "Pending Approval", "With the Boss")
		self.addCleanup(frappe.rename_doc, "Workflow State", "With the Boss", "Pending Approval")
		self.assertEqual(self.waiting(doctype="Sales Order", gate="request_approval"), before + 1)
		self.assertEqual(order.reload().workflow_state, "With the Boss")

	def test_a_gate_that_no_state_carries_counts_nothing(self):
		self.assertEqual(self.waiting(doctype="Sales Order", gate="no_such_gate"), 0)

	def test_without_permission_nothing_is_told(self):
		self.assertRaises(
			frappe.PermissionError, self.waiting, "Guest", doctype="Sales Order", gate="request_approval"
		)


class TestHistory(DeskCase):
	def test_tells_who_did_what_and_why(self):
		order = factories.make_order()
		act(order, "Request Approval", SUPPORT)
		act(order, "Send Back", APPROVER, reason="The price of line 1 is wrong.")
		with as_user(SUPPORT):
			rows = release_history.execute({"sales_order": order.name})[1]
		self.assertEqual(
			[(row.what, row.user) for row in rows], [("Request Approval", SUPPORT), ("Send Back", APPROVER)]
		)
		self.assertEqual(rows[1].reason, "The price of line 1 is wrong.")

	def test_is_for_who_may_read_the_order(self):
		order = factories.make_order()
		with as_user("Guest"):
			self.assertRaises(frappe.PermissionError, release_history.execute, {"sales_order": order.name})


class TestChecklistOnTheForm(DeskCase):
	def checklist(self, order, user: str) -> list[dict]:
		with as_user(user):
			return get_checklist("Sales Order", order.name)

	def test_begins_with_the_reason_somebody_gave(self):
		order = factories.make_order()
		act(order, "Request Approval", SUPPORT)
		act(order, "Send Back", APPROVER, reason="The price of line 1 is wrong.")
		arrival = self.checklist(order, SUPPORT)[0]["arrival"]
		self.assertEqual((arrival.user, arrival.reason), (APPROVER, "The price of line 1 is wrong."))
		act(order, "Request Approval", SUPPORT)
		self.assertNotIn("arrival", self.checklist(order, APPROVER)[0])

	def test_separation_is_told_to_those_whose_turn_it_could_be(self):
		order = factories.make_order()
		act(order, "Request Approval", SUPPORT)
		codes = {
			user: [row["code"] for row in self.checklist(order, user)[0]["requirements"]]
			for user in (SUPPORT, APPROVER)
		}
		self.assertNotIn("separation", codes[SUPPORT])
		self.assertIn("separation", codes[APPROVER])
