"""Installing, and making a site whole again."""

import frappe
from frappe import _
from frappe.utils import comma_or

from metalcraft_workflow import compat
from metalcraft_workflow.setup.custom_fields import make_custom_fields
from metalcraft_workflow.setup.defaults import make_defaults
from metalcraft_workflow.setup.files import keep_private_files
from metalcraft_workflow.setup.fixtures import unlock_role_profiles
from metalcraft_workflow.setup.history import leave_outside
from metalcraft_workflow.setup.indexes import make_indexes
from metalcraft_workflow.setup.lists import make_lists
from metalcraft_workflow.setup.mails import add_mail_templates, add_translated_templates
from metalcraft_workflow.setup.permissions import grant_permissions
from metalcraft_workflow.setup.portal import close_other_portals, make_portal_menu
from metalcraft_workflow.setup.properties import make_properties
from metalcraft_workflow.setup.workflows import make_workflows


def before_install() -> None:
	"""Refuse a site whose Frappe or ERPNext does not fit, before anything is touched."""
	check_versions()


def after_install() -> None:
	"""Make the fields. What refers to roles waits for the fixtures: see `after_sync`."""
	make_custom_fields()
	make_properties()
	make_lists()
	make_indexes()
	leave_outside()
	keep_private_files()


def after_sync() -> None:
	"""Make what refers to the app's roles and states, once the fixtures are in."""
	grant_permissions()
	make_defaults()
	add_mail_templates()
	add_translated_templates()
	make_workflows()
	make_portal_menu()
	close_other_portals()


def before_migrate() -> None:
	"""Make way for the fixtures, which every migrate inserts anew."""
	unlock_role_profiles()


def check_versions() -> None:
	"""Raise a ValidationError that says in a sentence what does not fit."""
	needed = comma_or([str(major) for major in compat.MAJORS], add_quotes=False)
	for app in ("frappe", "erpnext"):
		if app not in frappe.get_installed_apps():
			frappe.throw(
				_("Metalcraft Workflow needs {0} {1}. Install it on this site first.").format(app, needed)
			)
		version = frappe.get_attr(f"{app}.__version__")
		if int(version.split(".", 1)[0]) not in compat.MAJORS:
			frappe.throw(
				_("Metalcraft Workflow needs {0} {1}, and this bench has {2}. Nothing was changed.").format(
					app, needed, version
				)
			)
