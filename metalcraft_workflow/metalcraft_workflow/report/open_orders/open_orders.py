"""The one board of open orders, by ship date, for everybody who works on them."""

from collections import defaultdict
from datetime import date
from types import NoneType
from typing import Annotated

import frappe
from frappe import _
from frappe.query_builder.functions import Count, Min, Sum
from frappe.utils import cint, date_diff, flt, getdate, now_datetime
from pypika import Case

from metalcraft_workflow.facts import stays
from metalcraft_workflow.gates.input import Each, checked
from metalcraft_workflow.gates.numbers import written_qty
from metalcraft_workflow.gates.workflow import states_by_gate
from metalcraft_workflow.metalcraft_workflow.report.batch_trace.visibility import Visibility
from metalcraft_workflow.rules.path import has_passed
from metalcraft_workflow.rules.stays import Stay
from metalcraft_workflow.setup.custom_fields import STAGES

PERCENTAGES = ("per_final_pack", "per_delivered", "per_billed")

# Cards of one stage that the page Order Board draws; the rest is in the table
MOST_CARDS = 60


def execute(filters: dict | None = None) -> tuple:
	"""Columns and rows of every order of the process that is not closed or cancelled.

	Ten queries, however many orders there are. Gives what the user may read.
	"""
	filters = frappe._dict(filters or {})
	rows = get_rows(filters)
	describe(rows)
	for order in rows:
		for field in PERCENTAGES:
			order[f"written_{field}"] = f"{written_qty(flt(order[field], 1))}%"
	return get_columns(), rows, None, None, get_summary(rows)


@frappe.whitelist()
@frappe.read_only()
@checked
def board(filters: Annotated[dict | None, Each(str, int, NoneType)] = None) -> dict:
	"""The same orders as cards, for the page Order Board: `{columns: [{stage, orders, late, cards}], summary}`.

	Columns are in the order of the process, without those that are empty; cards the most urgent first, and no
	more than MOST_CARDS in a column. Takes the filters of the report; gives what the user may read.
	"""
	rows = get_rows(frappe._dict(filters or {}))
	columns = defaultdict(list)
	for row in rows:
		columns[row.order_stage].append(row)
	describe([row for column in columns.values() for row in column[:MOST_CARDS]])
	return {
		"columns": [
			{
				"stage": stage,
				"orders": len(columns[stage]),
				"late": sum(1 for row in columns[stage] if row.days_late),
				"cards": columns[stage][:MOST_CARDS],
			}
			for stage in STAGES
			if stage in columns
		],
		"summary": get_summary(rows),
	}


def get_rows(filters: frappe._dict) -> list[dict]:
	"""One row an order, the most urgent first."""
	today = getdate()
	lines = lines_to_ship(filters)
	rows = []
	for order in get_orders(filters):
		next_date, order.lines, order.open_lines = lines.get(order.name, (None, 0, 0))
		order.ship_date = next_date or order.delivery_date
		order.days_late = days_late(order, today)
		if order.days_late or not cint(filters.late_only):
			rows.append(order)
	return sorted(rows, key=lambda row: (row.ship_date or date.max, row.name))


def get_orders(filters: frappe._dict) -> list[dict]:
	"""The open orders that this user may read."""
	conditions = {"follows_process": 1, "docstatus": ["<", 2], "status": ["!=", "Closed"]}
	if filters.company:
		conditions["company"] = filters.company
	if filters.customer:
		conditions["customer"] = filters.customer
	if filters.stage:
		conditions["order_stage"] = ["in", as_list(filters.stage)]
	if filters.department:
		conditions["name"] = ["in", orders_of_department(filters.department)]
	return frappe.get_list(
		"Sales Order",
		filters=conditions,
		fields=[
			"name",
			"creation",
			"workflow_state",
			"currency",
			"customer",
			"customer_name",
			"po_no",
			"order_stage",
			"delivery_date",
			*PERCENTAGES,
		],
		order_by="delivery_date, name",
		limit=0,
	)


def lines_to_ship(filters: frappe._dict) -> dict[str, tuple[date | None, int, int]]:
	"""Order -> the earliest delivery date of a line that has not been shipped yet, how many lines it has, and
	how many of them have not."""
	order, line = frappe.qb.DocType("Sales Order"), frappe.qb.DocType("Sales Order Item")
	to_ship = line.delivered_qty < line.qty
	query = (
		frappe.qb.from_(order)
		.join(line)
		.on((line.parent == order.name) & (line.parenttype == "Sales Order"))
		.where(order.follows_process == 1)
		.where(order.docstatus < 2)
		.where(order.status != "Closed")
		.groupby(order.name)
		.select(
			order.name,
			Min(Case().when(to_ship, line.delivery_date)),
			Count(line.name),
			Sum(Case().when(to_ship, 1).else_(0)),
		)
	)
	if filters.company:
		query = query.where(order.company == filters.company)
	if filters.customer:
		query = query.where(order.customer == filters.customer)
	return {name: (due, count, cint(left)) for name, due, count, left in query.run()}


def describe(rows: list[frappe._dict]) -> None:
	"""Say of each order for whom it waits and since when, its state where that tells more than the stage, where
	its deliveries are, and what is to be paid; as far as the user may read these."""
	now, visibility = now_datetime(), Visibility()
	waits = defaultdict(list)
	for wait in stays.waits(rows):
		waits[wait.order].append(wait)
	deliveries = states_of_deliveries([row.name for row in rows])
	notes = visibility.may_read(
		"Delivery Note", (note.name for found in deliveries.values() for note in found)
	)
	reads_invoices = frappe.has_permission("Sales Invoice")
	gates = states_by_gate("Sales Order")
	to_be_paid = outstanding([row.name for row in rows], visibility) if reads_invoices else None
	for row in rows:
		here = waits[row.name]
		row.waits_for = ", ".join(
			dict.fromkeys(wait.whom if wait.is_department else _(wait.whom) for wait in here if wait.whom)
		)
		# What the stage is named after, where several things wait
		named = [wait for wait in here if wait.stage == row.order_stage] or here
		oldest = min(named, key=lambda wait: wait.since, default=None)
		row.days_in_stage = round(Stay(oldest.stage, oldest.since).days(now), 1) if oldest else 0
		row.written_days_in_stage = written_qty(row.days_in_stage)
		state = row.workflow_state or ""
		tells_more = state != row.order_stage and not has_passed(gates.get(state, ""), "approve")
		row.state = _(state) if state and tells_more else ""
		is_shown = oldest and (oldest.doctype == "Sales Order" or oldest.name in notes)
		row.waiting_doctype, row.waiting = (oldest.doctype, oldest.name) if is_shown else ("", "")
		row.deliveries = ", ".join(
			f"{note.name} ({_(note.workflow_state)})" if note.workflow_state else note.name
			for note in deliveries[row.name]
			if note.name in notes
		)
		if to_be_paid is not None:
			row.outstanding, row.currency = to_be_paid.get(row.name, (0, row.currency))


def states_of_deliveries(orders: list[str]) -> dict[str, list[frappe._dict]]:
	"""Order -> its delivery notes with their states; returns are none."""
	found = defaultdict(list)
	if not orders:
		return found
	note, line = frappe.qb.DocType("Delivery Note"), frappe.qb.DocType("Delivery Note Item")
	for row in (
		frappe.qb.from_(line)
		.join(note)
		.on(note.name == line.parent)
		.where(line.against_sales_order.isin(orders))
		.where(note.is_return == 0)
		.where(note.docstatus < 2)
		.select(line.against_sales_order.as_("sales_order"), note.name, note.workflow_state)
		.distinct()
		.orderby(note.name)
		.run(as_dict=True)
	):
		found[row.sales_order].append(row)
	return found


def outstanding(orders: list[str], visibility: Visibility) -> dict[str, tuple[float, str]]:
	"""Order -> what is to be paid of its invoices that the user may read, in the currency of the customer's
	account. An invoice over several orders counts for each."""
	if not orders:
		return {}
	invoice, line = frappe.qb.DocType("Sales Invoice"), frappe.qb.DocType("Sales Invoice Item")
	rows = (
		frappe.qb.from_(line)
		.join(invoice)
		.on(invoice.name == line.parent)
		.where(line.sales_order.isin(orders))
		.where(invoice.docstatus == 1)
		.select(line.sales_order, invoice.name, invoice.outstanding_amount, invoice.party_account_currency)
		.distinct()
		.run()
	)
	readable = visibility.may_read("Sales Invoice", (invoice for _order, invoice, _amount, _currency in rows))
	found: dict[str, tuple[float, str]] = {}
	for order, invoice, amount, currency in rows:
		if invoice not in readable:
			continue
		found[order] = (found.get(order, (0, ""))[0] + flt(amount), currency)
	return found


def orders_of_department(department: str) -> list[str]:
	"""Orders that the department was told about."""
	return frappe.get_all(
		"Production Notice", filters={"department": department}, pluck="sales_order", distinct=True
	)


def days_late(order: frappe._dict, today: date) -> int:
	"""Days past the ship date of an order that has not been shipped in full."""
	if order.per_delivered >= 100 or not order.ship_date:
		return 0
	return max(date_diff(today, order.ship_date), 0)


def as_list(value: str | list) -> list[str]:
	"""A filter of several values, as the desk (a list) or a saved filter (text) gives it."""
	return value if isinstance(value, list) else [row.strip() for row in str(value).split(",") if row.strip()]


def get_columns() -> list[dict]:
	"""The columns of the board; what is to be paid for those who read invoices."""
	money = [
		{
			"fieldname": "outstanding",
			"label": _("To Be Paid"),
			"fieldtype": "Currency",
			"options": "currency",
			"width": 120,
		}
	]
	if not frappe.has_permission("Sales Invoice"):
		money = []
	return [
		{"fieldname": "ship_date", "label": _("Ship Date"), "fieldtype": "Date", "width": 110},
		{"fieldname": "days_late", "label": _("Days Late"), "fieldtype": "Int", "width": 90},
		{
			"fieldname": "name",
			"label": _("Order"),
			"fieldtype": "Link",
			"options": "Sales Order",
			"width": 195,
		},
		{"fieldname": "customer_name", "label": _("Customer"), "fieldtype": "Data", "width": 240},
		{"fieldname": "po_no", "label": _("PO Number"), "fieldtype": "Data", "width": 110},
		{"fieldname": "order_stage", "label": _("Stage"), "fieldtype": "Data", "width": 145},
		{"fieldname": "waits_for", "label": _("Waits For"), "fieldtype": "Data", "width": 150},
		{
			"fieldname": "days_in_stage",
			"label": _("Days in Stage"),
			"fieldtype": "Float",
			"precision": 1,
			"width": 125,
		},
		{"fieldname": "waiting", "label": _("Why"), "fieldtype": "Data", "width": 80},
		{"fieldname": "deliveries", "label": _("Deliveries"), "fieldtype": "Data", "width": 250},
		{"fieldname": "open_lines", "label": _("Lines to Ship"), "fieldtype": "Int", "width": 105},
		{"fieldname": "lines", "label": _("Lines"), "fieldtype": "Int", "width": 70},
		{"fieldname": "per_final_pack", "label": _("% Final Pack"), "fieldtype": "Percent", "width": 115},
		{"fieldname": "per_delivered", "label": _("% Delivered"), "fieldtype": "Percent", "width": 110},
		{"fieldname": "per_billed", "label": _("% Billed"), "fieldtype": "Percent", "width": 90},
		*money,
	]


def get_summary(rows: list[dict]) -> list[dict]:
	"""The figures above the board."""
	late = sum(1 for row in rows if row.days_late)
	ready = sum(1 for row in rows if row.order_stage == "Ready to Ship")
	return [
		{"label": _("Open Orders"), "value": len(rows), "datatype": "Int"},
		{
			"label": _("Late"),
			"value": late,
			"datatype": "Int",
			"indicator": "Red" if late else "Green",
		},
		{"label": _("Ready to Ship"), "value": ready, "datatype": "Int", "indicator": "Blue"},
	]


@frappe.whitelist()
@checked
def late_orders(filters: dict | list | str | None = None) -> dict:
	"""How many orders are late, as a number card shows it: just those that the board calls late."""
	return {
		"value": len(get_rows(frappe._dict(late_only=1))),
		"fieldtype": "Int",
		"route": ["query-report", "Open Orders"],
		"route_options": {"late_only": 1},
	}
