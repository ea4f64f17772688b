"""What the app ships as fixtures: roles, role profiles, workflow states and actions.

They are inserted anew at every migrate, so nothing that an administrator edits is among them.
"""

import json
from pathlib import Path

import frappe


def fixture_names(filename: str) -> set[str]:
	"""Names of the documents in one fixture file."""
	path = Path(frappe.get_app_path("metalcraft_workflow", "fixtures", f"{filename}.json"))
	return {row["name"] for row in json.loads(path.read_text())}


def unlock_role_profiles() -> None:
	"""Let go of the role profiles that the migrate before has left locked.

	Frappe hands the users of an inserted profile to a worker and locks the profile until that has run;
	where no worker runs, the next migrate would stop there.
	"""
	for name in fixture_names("role_profile"):
		if frappe.db.exists("Role Profile", name):
			frappe.get_doc("Role Profile", name).unlock()


def delete_fixtures() -> None:
	"""Remove roles, role profiles, workflow states and actions, unless something else uses them."""
	unlock_role_profiles()
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
			frappe.delete_doc(doctype, name, force=True, ignore_missing=True, delete_permanently=True)
