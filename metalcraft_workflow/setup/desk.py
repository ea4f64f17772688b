"""Who finds the app on the desk's screen of apps."""

import frappe

from metalcraft_workflow.setup.fixtures import fixture_names

# Roles of ERPNext that take part in the process, beside the app's own
ROLES_OF_ERPNEXT = {"Sales User", "Sales Manager", "Accounts User", "Accounts Manager", "System Manager"}


def has_app_permission() -> bool:
	"""Whether the user takes part in the process, or sets it up."""
	return bool({*fixture_names("role"), *ROLES_OF_ERPNEXT} & set(frappe.get_roles()))
