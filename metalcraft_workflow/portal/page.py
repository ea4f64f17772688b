"""What the portal's pages have in common."""

from contextlib import contextmanager
from urllib.parse import quote, urlencode

import frappe

from metalcraft_workflow.access.customers import customers_of


def open_for_customer(context, *parents: tuple[str, str]) -> list[str]:
	"""Set up a page with its `parents` (title, route); gives the customers of the signed-in user.

	Sends a guest to the sign-in and back here.
	"""
	# Never kept for the next one who asks, not even that a page was not found
	frappe.local.no_cache = True
	if frappe.session.user == "Guest":
		here = frappe.request.full_path.rstrip("?")
		frappe.local.flags.redirect_location = f"/login?redirect-to={quote(here, safe='')}"
		raise frappe.Redirect(302)
	context.no_cache = 1
	context.show_sidebar = True
	context.parents = [{"title": title, "route": route} for title, route in parents]
	return customers_of()


def send_staff_to_desk(doctype: str, name: str) -> None:
	"""Lead somebody of the house, who has followed a customer's link, to the document itself.

	For users without customers: whoever has some sees what a customer sees.
	"""
	if frappe.has_permission(doctype, "read"):
		frappe.local.flags.redirect_location = f"/app/{frappe.scrub(doctype).replace('_', '-')}/{quote(name)}"
		raise frappe.Redirect(302)


@contextmanager
def not_there():
	"""Answer with the page for what is not found, when what is read inside is not there or not theirs."""
	try:
		yield
	except frappe.DoesNotExistError:
		frappe.clear_last_message()
		raise frappe.PageDoesNotExistError from None


def address(path: str, **parameters) -> str:
	"""`path` with those of `parameters` that have a value."""
	query = urlencode({key: value for key, value in parameters.items() if value})
	return f"{path}?{query}" if query else path
