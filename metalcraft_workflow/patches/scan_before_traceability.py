"""The field to scan into stands before the rows that it fills."""

import frappe


def execute() -> None:
	"""Move the table behind the new field, where an administrator has not moved it elsewhere."""
	field = {"dt": "Delivery Note", "fieldname": "traceability", "insert_after": "process_tab"}
	if name := frappe.db.exists("Custom Field", field):
		frappe.db.set_value("Custom Field", name, "insert_after", "scan_traceability")
		frappe.clear_cache(doctype="Delivery Note")
