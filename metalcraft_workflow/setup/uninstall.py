"""Taking away what install brought, and nothing of the users' documents."""

import frappe

from metalcraft_workflow.setup.custom_fields import delete_custom_fields
from metalcraft_workflow.setup.defaults import restore_purchase_order_wall
from metalcraft_workflow.setup.files import release_private_files
from metalcraft_workflow.setup.fixtures import delete_fixtures
from metalcraft_workflow.setup.indexes import delete_indexes
from metalcraft_workflow.setup.lists import delete_lists
from metalcraft_workflow.setup.mails import delete_mail_templates
from metalcraft_workflow.setup.permissions import revoke_permissions
from metalcraft_workflow.setup.portal import remove_portal_menu
from metalcraft_workflow.setup.properties import delete_properties
from metalcraft_workflow.setup.workflows import delete_workflows

ONBOARDING = "Metalcraft"


def before_uninstall() -> None:
	"""Undo `after_sync`, the fixtures and `after_install`, in the opposite order.

	Frappe itself removes the DocTypes, reports, print formats and workspaces of the module, and keeps
	the columns of custom fields until somebody runs `bench trim-tables`.
	"""
	delete_scheduled_jobs()
	remove_portal_menu()
	delete_workflows()
	delete_mail_templates()
	restore_purchase_order_wall()
	revoke_permissions()
	delete_fixtures()
	delete_indexes()
	delete_onboarding()
	delete_lists()
	delete_properties()
	delete_custom_fields()
	release_private_files()


def delete_onboarding() -> None:
	"""Remove the steps of the app's onboarding, which name no module and so would stay."""
	steps = frappe.get_all("Onboarding Step Map", {"parent": ONBOARDING}, pluck="step")
	frappe.db.delete("Onboarding Step", {"name": ("in", steps)})


def delete_scheduled_jobs() -> None:
	"""Remove the app's jobs, which Frappe itself leaves until the next migrate."""
	frappe.db.delete("Scheduled Job Type", {"method": ("like", "metalcraft_workflow.%")})
