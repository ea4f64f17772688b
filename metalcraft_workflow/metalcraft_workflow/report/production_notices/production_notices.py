"""What production was told in a period, and how long it took: to be sent, acknowledged and done."""

from collections import Counter
from datetime import datetime, timedelta

import frappe
from frappe import _
from frappe.utils import getdate

from metalcraft_workflow.metalcraft_workflow.report import period
from metalcraft_workflow.rules.stays import percentile

STATUSES = {
	"Done": "green",
	"Acknowledged": "yellow",
	"Sent": "blue",
	"Queued": "light-blue",
	"Pending": "gray",
	"Failed": "red",
}
# Seen by the department, or not yet
OPEN = ("Pending", "Queued", "Sent", "Failed")


@frappe.read_only()
def execute(filters: dict | None = None) -> tuple:
	"""Columns and rows of the production notices of a period, with a chart and figures.

	Two queries, however many notices there are. Gives what the user may read.
	"""
	filters = frappe._dict(filters or {})
	rows = get_rows(filters)
	return get_columns(), rows, None, get_chart(rows), get_summary(rows)


def get_rows(filters: frappe._dict) -> list[dict]:
	"""One row a notice, the newest first."""
	since, before = period.moments(filters)
	notice, order = frappe.qb.DocType("Production Notice"), frappe.qb.DocType("Sales Order")
	query = (
		frappe.qb.from_(notice)
		.join(order)
		# the name may be that of another order by now
		.on((order.name == notice.sales_order) & (order.process_id == notice.process_id))
		.where(notice.creation >= since)
		.where(notice.creation < before)
		.select(
			notice.name,
			notice.creation,
			notice.sales_order,
			notice.department,
			notice.kind,
			notice.revision,
			notice.status,
			notice.ship_date,
			notice.sent_on,
			notice.acknowledged_by,
			notice.acknowledged_on,
			notice.done_by,
			notice.done_on,
			notice.error,
			order.customer_name,
		)
		.orderby(notice.creation, order=frappe.qb.desc)
		.orderby(notice.name)
	)
	for field in ("department", "status", "kind"):
		if filters.get(field):
			query = query.where(notice[field] == filters[field])
	if filters.open_only:
		query = query.where(notice.status.isin(OPEN))
	rows = period.narrowed(query, order, filters).run(as_dict=True)
	rows = period.readable("Production Notice", period.readable("Sales Order", rows, "sales_order"))
	names = period.people({user for row in rows for user in (row.acknowledged_by, row.done_by) if user})
	today = getdate()
	for row in rows:
		row.acknowledged_by = names.get(row.acknowledged_by, row.acknowledged_by)
		row.done_by = names.get(row.done_by, row.done_by)
		row.hours_to_send = hours(row.creation, row.sent_on)
		row.hours_to_acknowledge = hours(row.creation, row.acknowledged_on)
		row.days_to_finish = days(row.creation, row.done_on)
		row.late = int(row.status != "Done" and bool(row.ship_date) and row.ship_date < today)
	return rows


def hours(since: datetime, until: datetime | None) -> float | None:
	"""Hours between the two, None as long as the second is not there."""
	return (until - since) / timedelta(hours=1) if until else None


def days(since: datetime, until: datetime | None) -> float | None:
	"""Days between the two, None as long as the second is not there."""
	return (until - since) / timedelta(days=1) if until else None


def get_columns() -> list[dict]:
	"""The columns of the report."""
	return [
		{
			"fieldname": "name",
			"label": _("Notice"),
			"fieldtype": "Link",
			"options": "Production Notice",
			"width": 150,
		},
		{"fieldname": "creation", "label": _("Written"), "fieldtype": "Datetime", "width": 185},
		{
			"fieldname": "sales_order",
			"label": _("Order"),
			"fieldtype": "Link",
			"options": "Sales Order",
			"width": 195,
		},
		{"fieldname": "customer_name", "label": _("Customer"), "fieldtype": "Data", "width": 170},
		{"fieldname": "department", "label": _("Department"), "fieldtype": "Data", "width": 170},
		{"fieldname": "kind", "label": _("Kind"), "fieldtype": "Data", "width": 80},
		{"fieldname": "revision", "label": _("Revision"), "fieldtype": "Int", "width": 85},
		{"fieldname": "status", "label": _("Status"), "fieldtype": "Data", "width": 145},
		{"fieldname": "ship_date", "label": _("Ship Date"), "fieldtype": "Date", "width": 155},
		_number("hours_to_send", _("Hours to Send")),
		_number("hours_to_acknowledge", _("Hours to Acknowledge")),
		{"fieldname": "acknowledged_by", "label": _("Acknowledged By"), "fieldtype": "Data", "width": 140},
		_number("days_to_finish", _("Days to Finish")),
		{"fieldname": "done_by", "label": _("Done By"), "fieldtype": "Data", "width": 140},
		{"fieldname": "error", "label": _("Not Sent Because"), "fieldtype": "Data", "width": 220},
	]


def _number(fieldname: str, label: str) -> dict:
	return {"fieldname": fieldname, "label": label, "fieldtype": "Float", "precision": 1, "width": 180}


def get_chart(rows: list[dict]) -> dict | None:
	"""How many notices each department has in which status."""
	departments = sorted({row.department for row in rows})
	if not departments:
		return None
	counted = Counter((row.department, row.status) for row in rows)
	statuses = [status for status in STATUSES if any(row.status == status for row in rows)]
	return {
		"data": {
			"labels": departments,
			"datasets": [
				{
					"name": _(status),
					"values": [counted[department, status] for department in departments],
				}
				for status in statuses
			],
		},
		"type": "bar",
		"barOptions": {"stacked": 1},
		"colors": [STATUSES[status] for status in statuses],
	}


def get_summary(rows: list[dict]) -> list[dict]:
	"""The figures above the report."""
	counted = Counter(row.status for row in rows)
	unseen = sum(counted[status] for status in OPEN)
	waited = [row.hours_to_acknowledge for row in rows if row.hours_to_acknowledge is not None]
	return [
		{"label": _("Notices"), "value": len(rows), "datatype": "Int"},
		{
			"label": _("Not Sent"),
			"value": counted["Failed"],
			"datatype": "Int",
			"indicator": "Red" if counted["Failed"] else "Green",
		},
		{
			"label": _("Not Acknowledged"),
			"value": unseen,
			"datatype": "Int",
			"indicator": "Orange" if unseen else "Green",
		},
		{
			"label": _("Half Acknowledged within (Hours)"),
			"value": period.tenths(percentile(waited, 0.5)),
			"datatype": "Data",
		},
	]
