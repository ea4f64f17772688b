"""The one board of open orders, by ship date, for everybody who works on them."""

from datetime import date

import frappe
from frappe import _
from frappe.query_builder.functions import Min
from frappe.utils import cint, date_diff, flt, getdate

from metalcraft_workflow.gates.input import checked
from metalcraft_workflow.gates.numbers import written_qty

PERCENTAGES = ("per_final_pack", "per_delivered", "per_billed")


def execute(filters: dict | None = None) -> tuple:
	"""Columns and rows of every order of the process that is not closed or cancelled.

	Three queries, however many orders there are. Gives what the user may read.
	"""
	filters = frappe._dict(filters or {})
	rows = get_rows(filters)
	for order in rows:
		for field in PERCENTAGES:
			order[f"written_{field}"] = f"{written_qty(flt(order[field], 1))}%"
	return get_columns(), rows, None, None, get_summary(rows)


def get_rows(filters: frappe._dict) -> list[dict]:
	"""One row an order, the most urgent first."""
	today = getdate()
	ship_dates = next_ship_dates(filters)
	rows = []
	for order in get_orders(filters):
		order.ship_date = ship_dates.get(order.name) or order.delivery_date
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


def next_ship_dates(filters: frappe._dict) -> dict[str, date]:
	"""Order -> the earliest delivery date of a line that has not been shipped yet."""
	order, line = frappe.qb.DocType("Sales Order"), frappe.qb.DocType("Sales Order Item")
	query = (
		frappe.qb.from_(order)
		.join(line)
		.on((line.parent == order.name) & (line.parenttype == "Sales Order"))
		.where(order.follows_process == 1)
		.where(order.docstatus < 2)
		.where(order.status != "Closed")
		.where(line.delivered_qty < line.qty)
		.groupby(order.name)
		.select(order.name, Min(line.delivery_date))
	)
	if filters.company:
		query = query.where(order.company == filters.company)
	if filters.customer:
		query = query.where(order.customer == filters.customer)
	return dict(query.run())


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
	return value if isinstance(value, list) else [row.strip() for row in value.split(",") if row.strip()]


def get_columns() -> list[dict]:
	"""The columns of the board."""
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
		{"fieldname": "customer_name", "label": _("Customer"), "fieldtype": "Data", "width": 190},
		{"fieldname": "po_no", "label": _("PO Number"), "fieldtype": "Data", "width": 110},
		{"fieldname": "order_stage", "label": _("Stage"), "fieldtype": "Data", "width": 145},
		{"fieldname": "per_final_pack", "label": _("% Final Pack"), "fieldtype": "Percent", "width": 115},
		{"fieldname": "per_delivered", "label": _("% Delivered"), "fieldtype": "Percent", "width": 110},
		{"fieldname": "per_billed", "label": _("% Billed"), "fieldtype": "Percent", "width": 90},
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
