"""The app's entries in the menu of the portal. Afterwards the menu is the administrator's."""

import frappe

# ERPNext's entries whose place the app's takes; they can be switched on again in Portal Settings
REPLACED = ("/orders", "/shipments", "/quotations")
ROUTES = ("/customer-orders", "/customer-quotations")
DONE = "metalcraft_workflow_portal_menu_made"


def make_portal_menu() -> None:
	"""Add the app's entries, and switch off ERPNext's pages of the same. Once; uninstall takes it back."""
	if frappe.db.get_global(DONE):
		return
	settings = frappe.get_doc("Portal Settings")
	settings.sync_menu()
	_put_first(settings)
	_switch(settings, REPLACED, 0)
	frappe.db.set_global(DONE, 1)


def remove_portal_menu() -> None:
	"""Take the app's entries away and switch ERPNext's on again, for uninstall."""
	if not frappe.db.get_global(DONE):
		return
	settings = frappe.get_doc("Portal Settings")
	settings.menu = [row for row in settings.menu if row.route not in ROUTES]
	_switch(settings, REPLACED, 1)
	frappe.db.set_global(DONE, None)


def _put_first(settings) -> None:
	settings.menu.sort(key=lambda row: row.route not in ROUTES)
	for number, row in enumerate(settings.menu, start=1):
		row.idx = number


def _switch(settings, routes: tuple[str, ...], enabled: int) -> None:
	for row in settings.menu:
		if row.route in routes:
			row.enabled = enabled
	settings.flags.ignore_permissions = True  # install runs as whoever installs
	settings.save()
