"""What was promised for a period, and what left in time; and where it was on the day it should have left."""

from collections import Counter, defaultdict
from datetime import datetime, time

import frappe
from frappe import _
from frappe.query_builder.functions import IfNull
from frappe.utils import flt, getdate

from metalcraft_workflow.facts import stays
from metalcraft_workflow.facts.orders import order_precision
from metalcraft_workflow.gates.numbers import written_qty
from metalcraft_workflow.metalcraft_workflow.report import period
from metalcraft_workflow.rules import on_time
from metalcraft_workflow.rules.requirement import _lt
from metalcraft_workflow.rules.stays import Stay, at
from metalcraft_workflow.setup.custom_fields import STAGES

QUANTITIES = ("qty", "shipped_in_time")

ORDERED_LATER = _lt("Ordered after that day")


@frappe.read_only()
def execute(filters: dict | None = None) -> tuple:
	"""Columns and rows of the order lines that were promised for a period, with a chart and figures.

	Five queries, however many lines there are. Gives what the user may read.
	"""
	filters = frappe._dict(filters or {})
	rows = get_rows(filters)
	shown = [row for row in rows if not filters.outcome or row.outcome == filters.outcome]
	return get_columns(), shown, None, get_chart(rows, filters), get_summary(rows)


def get_rows(filters: frappe._dict) -> list[dict]:
	"""One row an order line, in the order of the promises."""
	today, half_unit = getdate(), order_precision(None).qty
	lines = get_lines(filters)
	shipments, notes = shipments_of([line.line for line in lines])
	rows = []
	for line in lines:
		closed = line.status == "Closed"
		found = on_time.outcome(
			line.promised, flt(line.stock_qty), shipments[line.line], today, closed, half_unit
		)
		line.update(
			outcome=found.what,
			shipped_on=found.complete_on,
			days_late=found.days_late,
			shipped_in_time=found.in_time / (flt(line.conversion_factor) or 1),
		)
		for field in QUANTITIES:
			line[f"written_{field}"] = written_qty(line[field])
		rows.append(line)
	explain([row for row in rows if row.outcome in on_time.MISSED], notes)
	return rows


def get_lines(filters: frappe._dict) -> list[frappe._dict]:
	"""Lines of approved orders that were promised for the period, and that leave the house by a delivery note."""
	first, last = period.days(filters)
	order, line = frappe.qb.DocType("Sales Order"), frappe.qb.DocType("Sales Order Item")
	query = (
		frappe.qb.from_(line)
		.join(order)
		.on(order.name == line.parent)
		.where(order.follows_process == 1)
		.where(order.docstatus == 1)
		.where(order.skip_delivery_note == 0)
		.where(order.order_type != "Maintenance")
		.where(line.delivered_by_supplier == 0)
		.where(line.qty > 0)
		.where(IfNull(line.delivery_date, order.delivery_date)[first:last])
		.select(
			order.name,
			order.creation,
			order.workflow_state,
			order.status,
			order.customer,
			order.customer_name,
			order.po_no,
			line.name.as_("line"),
			line.idx,
			line.item_code,
			line.qty,
			line.uom,
			line.stock_qty,
			line.conversion_factor,
			IfNull(line.delivery_date, order.delivery_date).as_("promised"),
		)
	)
	rows = period.readable("Sales Order", period.narrowed(query, order, filters).run(as_dict=True))
	return sorted(rows, key=lambda row: (row.promised, row.name, row.idx))


def shipments_of(lines: list[str]) -> tuple[dict[str, list[on_time.Shipped]], dict[str, list[frappe._dict]]]:
	"""What left of each line, and the delivery notes that carry it, drafts too."""
	shipments, notes = defaultdict(list), defaultdict(list)
	if not lines:
		return shipments, notes
	note, row = frappe.qb.DocType("Delivery Note"), frappe.qb.DocType("Delivery Note Item")
	for found in (
		frappe.qb.from_(row)
		.join(note)
		.on(note.name == row.parent)
		.where(row.so_detail.isin(lines))
		.where(note.is_return == 0)
		.where(note.docstatus < 2)
		.select(
			row.so_detail,
			row.stock_qty,
			note.name,
			note.creation,
			note.workflow_state,
			note.docstatus,
			IfNull(note.ship_date, note.posting_date).as_("shipped_on"),
		)
		.orderby(note.name)
		.run(as_dict=True)
	):
		notes[found.so_detail].append(found)
		if found.docstatus == 1:
			shipments[found.so_detail].append(on_time.Shipped(found.shipped_on, flt(found.stock_qty)))
	return shipments, notes


def explain(rows: list[frappe._dict], notes: dict[str, list[frappe._dict]]) -> None:
	"""Say of each line that missed its day where it was at the end of it, and the reason on record, if any."""
	orders = stays.read("Sales Order", {row.name: row for row in rows}.values())
	deliveries = stays.read(
		"Delivery Note", {note.name: note for row in rows for note in notes[row.line]}.values()
	)
	for row in rows:
		moment = datetime.combine(row.promised, time.max)
		carried = [at(deliveries.get(note.name, ()), moment) for note in notes[row.line]]
		here = last_of([stay for stay in carried if stay]) or at(orders.get(row.name, ()), moment)
		if here:
			row.late_in, row.reason = here.stage, here.reason
		elif row.creation <= moment:
			# another line's delivery was begun, and this one was not on it
			row.late_in = stays.IN_PRODUCTION
		else:
			row.late_in = ORDERED_LATER


def last_of(found: list[Stay]) -> Stay | None:
	"""Of several deliveries, where the one was that was furthest."""
	return max(found, key=lambda stay: STAGES.index(stay.stage), default=None)


def get_columns() -> list[dict]:
	"""The columns of the report."""
	return [
		{"fieldname": "promised", "label": _("Promised"), "fieldtype": "Date", "width": 110},
		{
			"fieldname": "name",
			"label": _("Order"),
			"fieldtype": "Link",
			"options": "Sales Order",
			"width": 195,
		},
		{"fieldname": "customer_name", "label": _("Customer"), "fieldtype": "Data", "width": 180},
		{"fieldname": "po_no", "label": _("PO Number"), "fieldtype": "Data", "width": 110},
		{"fieldname": "idx", "label": _("Line"), "fieldtype": "Int", "width": 60},
		{"fieldname": "item_code", "label": _("Item"), "fieldtype": "Data", "width": 150},
		{"fieldname": "qty", "label": _("Quantity"), "fieldtype": "Float", "width": 90},
		{"fieldname": "shipped_in_time", "label": _("Shipped in Time"), "fieldtype": "Float", "width": 140},
		{"fieldname": "uom", "label": _("UOM"), "fieldtype": "Data", "width": 70},
		{"fieldname": "outcome", "label": _("Outcome"), "fieldtype": "Data", "width": 110},
		{"fieldname": "shipped_on", "label": _("All Shipped On"), "fieldtype": "Date", "width": 120},
		{"fieldname": "days_late", "label": _("Days Late"), "fieldtype": "Int", "width": 90},
		{"fieldname": "late_in", "label": _("Where It Was on That Day"), "fieldtype": "Data", "width": 205},
		{"fieldname": "reason", "label": _("Reason Given"), "fieldtype": "Data", "width": 220},
	]


def get_chart(rows: list[dict], filters: frappe._dict) -> dict | None:
	"""What became of the promises, month by month; or where it was that was late."""
	if not rows:
		return None
	if filters.chart == "Late Reasons":
		late = Counter(row.late_in for row in rows if row.outcome in on_time.MISSED).most_common()
		return {
			"data": {
				"labels": [_(stage) for stage, _number in late],
				"datasets": [{"name": _("Lines"), "values": [number for _stage, number in late]}],
			},
			"type": "bar",
			"colors": ["red"],
		}
	months = period.months(filters)
	counted = Counter((period.month_of(row.promised), row.outcome) for row in rows)
	outcomes = [what for what in (*on_time.COUNTED, on_time.DUE) if any(row.outcome == what for row in rows)]
	colors = {
		on_time.ON_TIME: "green",
		on_time.LATE: "orange",
		on_time.OVERDUE: "red",
		on_time.DUE: "light-blue",
	}
	return {
		"data": {
			"labels": [period.month_name(month) for month in months],
			"datasets": [
				{"name": _(what), "values": [counted[month, what] for month in months]} for what in outcomes
			],
		},
		"type": "bar",
		"barOptions": {"stacked": 1},
		"colors": [colors[what] for what in outcomes],
	}


def get_summary(rows: list[dict]) -> list[dict]:
	"""The figures above the report. The share on time is of what is decided."""
	counted = Counter(row.outcome for row in rows)
	decided = sum(counted[what] for what in on_time.COUNTED)
	share = 100 * counted[on_time.ON_TIME] / decided if decided else 0
	return [
		{"label": _("Lines Promised"), "value": len(rows), "datatype": "Int"},
		{
			"label": _("On Time"),
			"value": _("{0} %").format(period.tenths(share)),
			"datatype": "Data",
			"indicator": "Green" if share >= 95 else "Orange" if share >= 80 else "Red",
		},
		{
			"label": _("Late"),
			"value": counted[on_time.LATE],
			"datatype": "Int",
			"indicator": "Orange" if counted[on_time.LATE] else "Green",
		},
		{
			"label": _("Overdue"),
			"value": counted[on_time.OVERDUE],
			"datatype": "Int",
			"indicator": "Red" if counted[on_time.OVERDUE] else "Green",
		},
	]
