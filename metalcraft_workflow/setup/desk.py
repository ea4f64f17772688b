"""What of the app is found in the desk: on its screen of apps, and as the page one lands on."""

import frappe

from metalcraft_workflow import compat
from metalcraft_workflow.setup.fixtures import fixture_names

# Roles of ERPNext that take part in the process, beside the app's own
ROLES_OF_ERPNEXT = {"Sales User", "Sales Manager", "Accounts User", "Accounts Manager", "System Manager"}


def has_app_permission() -> bool:
	"""Whether the user takes part in the process, or sets it up."""
	return bool({*fixture_names("role"), *ROLES_OF_ERPNEXT} & set(frappe.get_roles()))


# The page one lands on

MY_WORK = "my-work"


def land_on_my_work(bootinfo: frappe._dict) -> None:
	"""Make My Work the home of the desk for who takes part in the process, in `boot_session`.

	What an administrator or the person has chosen stays: a home page, an app, a workspace. In 16 the home of the
	desk is the way to all apps, and `home_page` leads on from signing in.
	"""
	if bootinfo.home_page == "Workspaces" and lands_on_my_work():
		bootinfo.home_page = MY_WORK


def home_page(user: str) -> str | None:
	"""Where somebody is led who has signed in, in `get_website_user_home_page`: My Work, for who takes part in
	the process. None leaves it to others; a home page of a role has come before."""
	if compat.signs_in_to_home_page() and lands_on_my_work():
		return f"desk/{MY_WORK}"
	earlier = frappe.get_hooks("get_website_user_home_page")[:-1]
	return frappe.get_attr(earlier[-1])(user) if earlier else None


def lands_on_my_work() -> bool:
	"""Whether the user may open My Work and nobody has chosen another place for them."""
	user = frappe.get_cached_doc("User", frappe.session.user)
	chosen = (
		user.get("default_workspace") or user.get("default_app") or frappe.get_system_settings("default_app")
	)
	return (
		user.user_type == "System User"
		and not chosen
		and frappe.get_cached_doc("Page", MY_WORK).is_permitted()
	)
