"""Everything that happened to an order and its deliveries, in the order in which it happened."""

import json
from datetime import datetime

import frappe
from frappe import _

from metalcraft_workflow.gates import record


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
	rows = frappe.get_list(
		"Release Record",
		filters={"process_id": ["in", process_ids(sales_order)]},
		fields=[
			"name",
			"creation",
			"process_id",
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
		order_by="process_id, sequence",
		limit=0,
	)
	# The records of one document follow each other, also where the clock was set back between them
	latest: dict[str, datetime] = {}
	for row in rows:
		latest[row.process_id] = row.at = max(row.creation, latest.get(row.process_id, row.creation))
	rows.sort(key=lambda row: row.at)
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


def process_ids(sales_order: str) -> list[str]:
	"""The IDs of the order and of the deliveries against it."""
	note, line = frappe.qb.DocType("Delivery Note"), frappe.qb.DocType("Delivery Note Item")
	deliveries = (
		frappe.qb.from_(note)
		.join(line)
		.on(line.parent == note.name)
		.where(line.against_sales_order == sales_order)
		.where(note.process_id.isnotnull())
		.select(note.process_id)
		.distinct()
		.run(pluck=True)
	)
	return [frappe.db.get_value("Sales Order", sales_order, "process_id") or record.NOBODY, *deliveries]


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
		{"fieldname": "user", "label": _("Who"), "fieldtype": "Data", "width": 190},
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
