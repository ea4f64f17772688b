"""Everything that happened to an order and its deliveries, in the order in which it happened."""

import json

import frappe
from frappe import _


def execute(filters: dict | None = None) -> tuple:
	"""Columns and rows of the release records of one Sales Order and the deliveries against it.

	Raises PermissionError when the user may not read the order.
	"""
	filters = frappe._dict(filters or {})
	if not filters.sales_order:
		return get_columns(), []
	frappe.has_permission("Sales Order", doc=filters.sales_order, throw=True)
	return get_columns(), get_rows(filters.sales_order)


def get_rows(sales_order: str) -> list[dict]:
	"""One row a passage, waiver or voiding, the oldest first."""
	deliveries = frappe.get_all(
		"Delivery Note Item",
		filters={"against_sales_order": sales_order},
		pluck="parent",
		distinct=True,
	)
	rows = frappe.get_list(
		"Release Record",
		filters={"reference_name": ["in", [sales_order, *deliveries]]},
		fields=[
			"name",
			"creation",
			"reference_doctype",
			"reference_name",
			"kind",
			"action",
			"gate",
			"requirement",
			"requirements",
			"from_state",
			"to_state",
			"user",
			"role",
			"reason",
		],
		order_by="creation, name",
		limit=0,
	)
	for row in rows:
		row.what = (
			_("Waived: {0}").format(row.requirement) if row.kind == "Waiver" else _(row.action or row.kind)
		)
		row.checked = ", ".join(
			requirement["label"]
			if requirement["state"] == "Met"
			else _("{0} (waived)").format(requirement["label"])
			for requirement in json.loads(row.pop("requirements") or "[]")
		)
	return rows


def get_columns() -> list[dict]:
	"""The columns of the history."""
	return [
		{"fieldname": "creation", "label": _("When"), "fieldtype": "Datetime", "width": 170},
		{
			"fieldname": "reference_name",
			"label": _("Document"),
			"fieldtype": "Dynamic Link",
			"options": "reference_doctype",
			"width": 180,
		},
		{"fieldname": "what", "label": _("What"), "fieldtype": "Data", "width": 170},
		{"fieldname": "from_state", "label": _("From State"), "fieldtype": "Data", "width": 140},
		{"fieldname": "to_state", "label": _("To State"), "fieldtype": "Data", "width": 140},
		{"fieldname": "user", "label": _("Who"), "fieldtype": "Link", "options": "User", "width": 190},
		{"fieldname": "role", "label": _("In the Role"), "fieldtype": "Data", "width": 130},
		{"fieldname": "reason", "label": _("Reason"), "fieldtype": "Data", "width": 240},
		{"fieldname": "checked", "label": _("What Was Checked"), "fieldtype": "Data", "width": 320},
		{
			"fieldname": "name",
			"label": _("Release Record"),
			"fieldtype": "Link",
			"options": "Release Record",
			"width": 150,
		},
	]
