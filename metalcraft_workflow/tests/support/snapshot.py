"""What must be the same after a migrate as before it."""

import frappe


def snapshot() -> dict:
	"""What an administrator may have edited: workflows, custom fields, permissions, settings."""
	return {
		"workflows": [
			frappe.get_doc("Workflow", name).as_dict(convert_dates_to_str=True, no_nulls=True)
			for name in ("Sales Order Approval", "Delivery Note Release")
		],
		"fields": frappe.get_all(
			"Custom Field",
			{"module": "Metalcraft Workflow"},
			["name", "label", "hidden", "modified"],
			order_by="name",
		),
		"permissions": frappe.get_all(
			"Custom DocPerm", fields=["parent", "role", "read", "write", "submit"], order_by="name"
		),
		"settings": frappe.get_doc("Metalcraft Settings").as_dict(convert_dates_to_str=True),
	}
