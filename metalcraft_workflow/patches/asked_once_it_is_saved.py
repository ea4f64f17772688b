"""Whether a document follows the process is known once it is saved: a new one does not show that it does not."""

import frappe


def execute() -> None:
	"""Show the field on saved documents only, where an administrator has said nothing else."""
	for doctype in ("Sales Order", "Delivery Note"):
		field = {"dt": doctype, "fieldname": "follows_process", "depends_on": ("is", "not set")}
		if name := frappe.db.exists("Custom Field", field):
			frappe.db.set_value("Custom Field", name, "depends_on", "eval:!doc.__islocal")
			frappe.clear_cache(doctype=doctype)
