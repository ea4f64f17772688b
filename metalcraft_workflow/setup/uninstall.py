"""Taking away what install brought, and nothing of the users' documents."""

from metalcraft_workflow.setup.custom_fields import delete_custom_fields
from metalcraft_workflow.setup.permissions import revoke_permissions
from metalcraft_workflow.setup.workflows import delete_workflows


def before_uninstall() -> None:
	"""Undo `after_sync` and `after_install`, in the opposite order."""
	delete_workflows()
	revoke_permissions()
	delete_custom_fields()
