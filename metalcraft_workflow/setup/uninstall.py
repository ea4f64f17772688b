"""Taking away what install brought, and nothing of the users' documents."""

import json
from pathlib import Path

import frappe

from metalcraft_workflow.setup.custom_fields import delete_custom_fields
from metalcraft_workflow.setup.defaults import restore_purchase_order_wall
from metalcraft_workflow.setup.permissions import revoke_permissions
from metalcraft_workflow.setup.properties import delete_properties
from metalcraft_workflow.setup.workflows import delete_workflows


def before_uninstall() -> None:
	"""Undo `after_sync`, the fixtures and `after_install`, in the opposite order.

	Frappe itself removes the DocTypes, reports, print formats and workspaces of the module, and keeps
	the columns of custom fields until somebody runs `bench trim-tables`.
	"""
	delete_workflows()
	restore_purchase_order_wall()
	revoke_permissions()
	delete_fixtures()
	delete_properties()
	delete_custom_fields()


def delete_fixtures() -> None:
	"""Remove roles, role profiles, workflow states and actions, unless something else uses them."""
	profiles, roles = fixture_names("role_profile"), fixture_names("role")
	frappe.db.set_value(
		"User", {"role_profile_name": ("in", profiles)}, "role_profile_name", None, update_modified=False
	)
	frappe.db.delete("Has Role", {"role": ("in", roles)})
	used_states = set(frappe.get_all("Workflow Document State", pluck="state"))
	used_actions = set(frappe.get_all("Workflow Transition", pluck="action"))
	for doctype, names in (
		("Role Profile", profiles),
		("Role", roles),
		("Workflow State", fixture_names("workflow_state") - used_states),
		("Workflow Action Master", fixture_names("workflow_action_master") - used_actions),
	):
		for name in names:
			frappe.delete_doc(
				doctype, name, force=True, ignore_missing=True, delete_permanently=True
			)


def fixture_names(filename: str) -> set[str]:
	"""Names of the documents in one fixture file."""
	path = Path(frappe.get_app_path("metalcraft_workflow", "fixtures", f"{filename}.json"))
	return {row["name"] for row in json.loads(path.read_text())}
