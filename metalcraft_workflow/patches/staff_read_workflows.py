"""Who takes an action in a form of Frappe 16 reads the workflow."""

import frappe

from metalcraft_workflow.setup.permissions import GRANTS, grant


def execute() -> None:
	"""Let them, where no administrator has said anything about it."""
	role = {"parent": "Workflow", "role": "Desk User", "permlevel": 0}
	if not frappe.db.exists("Custom DocPerm", role) and not frappe.db.exists("DocPerm", role):
		grant("Workflow", "Desk User", GRANTS["Workflow"]["Desk User"])
