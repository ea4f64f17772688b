"""What of the app is found in the desk: on its screen of apps, as the page one lands on, and without amounts for whom
they are no business."""

import frappe

from metalcraft_workflow import compat
from metalcraft_workflow.gates.message import knows_amounts
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


# Forms without amounts

WITH_AMOUNTS = ("Sales Order", "Delivery Note", "Stock Entry")


def hide_amounts(bootinfo: frappe._dict) -> None:
	"""Name the DocTypes whose forms and lists show the user no amounts, in `boot_session`."""
	bootinfo.metalcraft_hides_amounts = [doctype for doctype in WITH_AMOUNTS if hides_amounts(doctype)]


def hides_amounts(doctype: str) -> bool:
	"""Whether amounts of `doctype` are not the user's business: they read no quotation and no invoice, and these
	documents by roles of the process alone. To a role of ERPNext or of the site they are shown as before."""
	own = set(fixture_names("role"))
	readers = {row.role for row in frappe.get_meta(doctype).permissions if row.read and not row.permlevel}
	return not knows_amounts() and not readers & set(frappe.get_roles()) - own
