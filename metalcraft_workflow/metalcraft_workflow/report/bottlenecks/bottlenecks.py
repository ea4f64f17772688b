"""Where open orders wait now, for whom, and for how long."""

from collections import defaultdict
from datetime import datetime

import frappe
from frappe import _
from frappe.utils import now_datetime

from metalcraft_workflow.facts import stays
from metalcraft_workflow.metalcraft_workflow.report import period
from metalcraft_workflow.metalcraft_workflow.report.batch_trace.visibility import Visibility
from metalcraft_workflow.metalcraft_workflow.report.open_orders import open_orders
from metalcraft_workflow.rules.stays import Stay, percentile
from metalcraft_workflow.setup.custom_fields import STAGES

# Of whom most waits; the chart has no room for the names of more
MOST_IN_CHART = 12


@frappe.read_only()
def execute(filters: dict | None = None) -> tuple:
	"""Columns and rows of what waits: a row a stage and whom it waits for, or a row a document.

	Eight queries, however many orders there are. Counts what the user may read.
	"""
	filters = frappe._dict(filters or {})
	now = now_datetime()
	waiting = get_waiting(filters, now)
	groups = get_groups(waiting)
	each = filters.each_document
	return (
		columns_of_documents() if each else columns_of_groups(),
		waiting if each else groups,
		None,
		get_chart(groups),
		get_summary(waiting),
	)


def get_waiting(filters: frappe._dict, now: datetime) -> list[dict]:
	"""One row a document and whom it waits for, what waits longest first."""
	of_whom = frappe._dict(company=filters.company, customer=filters.customer)
	orders = {order.name: order for order in open_orders.get_rows(of_whom)}
	rows, waits = [], stays.waits(orders.values())
	readable = Visibility().may_read(
		"Delivery Note", (wait.name for wait in waits if wait.doctype == "Delivery Note")
	)
	for wait in waits:
		order = orders[wait.order]
		if filters.stage and wait.stage != filters.stage:
			continue
		if wait.doctype == "Delivery Note" and wait.name not in readable:
			continue
		rows.append(
			frappe._dict(
				doctype=wait.doctype,
				document=wait.name,
				sales_order=wait.order,
				customer_name=order.customer_name,
				stage=wait.stage,
				state=wait.state,
				whom=wait.whom if wait.is_department else _(wait.whom),
				since=wait.since,
				days=Stay(wait.stage, wait.since).days(now),
				ship_date=order.ship_date,
				late=int(bool(order.days_late)),
			)
		)
	return sorted(rows, key=lambda row: (-row.days, row.document))


def get_groups(waiting: list[dict]) -> list[dict]:
	"""One row a stage and whom it waits for, in the order of the process."""
	groups = defaultdict(list)
	for row in waiting:
		groups[row.stage, row.whom].append(row)
	return [
		frappe._dict(
			stage=stage,
			whom=whom,
			documents=len(rows),
			late=sum(row.late for row in rows),
			usual=percentile([row.days for row in rows], 0.5),
			longest=rows[0].days,
			total=sum(row.days for row in rows),
			doctype=rows[0].doctype,
			document=rows[0].document,
		)
		for (stage, whom), rows in sorted(
			groups.items(), key=lambda entry: (STAGES.index(entry[0][0]), entry[0][1])
		)
	]


def columns_of_groups() -> list[dict]:
	"""The columns, where a row is a stage and whom it waits for."""
	return [
		{"fieldname": "stage", "label": _("Stage"), "fieldtype": "Data", "width": 160},
		{"fieldname": "whom", "label": _("Waits For"), "fieldtype": "Data", "width": 180},
		{"fieldname": "documents", "label": _("Documents"), "fieldtype": "Int", "width": 105},
		{"fieldname": "late", "label": _("Past Their Ship Date"), "fieldtype": "Int", "width": 180},
		_days("usual", _("Half within (Days)")),
		_days("longest", _("Longest (Days)")),
		_days("total", _("Together (Days)")),
		{
			"fieldname": "document",
			"label": _("Longest Is"),
			"fieldtype": "Dynamic Link",
			"options": "doctype",
			"width": 200,
		},
	]


def columns_of_documents() -> list[dict]:
	"""The columns, where a row is a document and whom it waits for."""
	return [
		{
			"fieldname": "document",
			"label": _("Document"),
			"fieldtype": "Dynamic Link",
			"options": "doctype",
			"width": 190,
		},
		{
			"fieldname": "sales_order",
			"label": _("Order"),
			"fieldtype": "Link",
			"options": "Sales Order",
			"width": 190,
		},
		{"fieldname": "customer_name", "label": _("Customer"), "fieldtype": "Data", "width": 180},
		{"fieldname": "stage", "label": _("Stage"), "fieldtype": "Data", "width": 150},
		{"fieldname": "state", "label": _("State"), "fieldtype": "Data", "width": 150},
		{"fieldname": "whom", "label": _("Waits For"), "fieldtype": "Data", "width": 160},
		{"fieldname": "since", "label": _("Since"), "fieldtype": "Datetime", "width": 185},
		_days("days", _("Days")),
		{"fieldname": "ship_date", "label": _("Ship Date"), "fieldtype": "Date", "width": 110},
		{"fieldname": "late", "label": _("Past Its Ship Date"), "fieldtype": "Check", "width": 140},
	]


def _days(fieldname: str, label: str) -> dict:
	return {"fieldname": fieldname, "label": label, "fieldtype": "Float", "precision": 1, "width": 165}


def get_chart(groups: list[dict]) -> dict | None:
	"""How much waits for whom."""
	if not groups:
		return None
	documents, late = defaultdict(int), defaultdict(int)
	for group in groups:
		documents[group.whom] += group.documents - group.late
		late[group.whom] += group.late
	whom = sorted(documents, key=lambda name: -(documents[name] + late[name]))
	if len(whom) > MOST_IN_CHART:
		others = _("Others")
		for name in whom[MOST_IN_CHART - 1 :]:
			documents[others] += documents[name]
			late[others] += late[name]
		whom = [*whom[: MOST_IN_CHART - 1], others]
	return {
		"data": {
			"labels": whom,
			"datasets": [
				{"name": _("In Time"), "values": [documents[name] for name in whom]},
				{"name": _("Late"), "values": [late[name] for name in whom]},
			],
		},
		"type": "bar",
		"barOptions": {"stacked": 1},
		"colors": ["blue", "red"],
	}


def get_summary(waiting: list[dict]) -> list[dict]:
	"""The figures above the report: orders and deliveries are counted once, whoever they wait for."""
	late = {row.sales_order for row in waiting if row.late}
	return [
		{
			"label": _("Orders That Wait"),
			"value": len({row.sales_order for row in waiting}),
			"datatype": "Int",
		},
		{
			"label": _("Past Their Ship Date"),
			"value": len(late),
			"datatype": "Int",
			"indicator": "Red" if late else "Green",
		},
		{
			"label": _("Half Wait at Most (Days)"),
			"value": period.tenths(percentile([row.days for row in waiting], 0.5)),
			"datatype": "Data",
		},
	]
