"""Sales managers choose a company in the filters of reports."""

import frappe

from metalcraft_workflow.setup.permissions import GRANTS, grant


def execute() -> None:
	"""Let them, where no administrator has said anything about it."""
	role = {"parent": "Company", "role": "Sales Manager", "permlevel": 0}
	if not frappe.db.exists("Custom DocPerm", role) and not frappe.db.exists("DocPerm", role):
		grant("Company", "Sales Manager", GRANTS["Company"]["Sales Manager"])
