"""The menu of the portal, and the other portals of ERPNext that a site has in use.

The app's entries and the entries of what is refused are set once, and the latter again with each tick in the
settings. Otherwise the menu is the administrator's.
"""

import json
from collections.abc import Iterable

import click
import frappe
from frappe import _
from frappe.model.document import Document

from metalcraft_workflow.rules.requests import PORTALS, Portal

# ERPNext's entries whose place the app's takes; they can be switched on again in Portal Settings
REPLACED = ("/orders", "/shipments", "/quotations")
ROUTES = ("/customer-orders", "/customer-quotations")

DONE = "metalcraft_workflow_portal_menu_made"
CLOSED = "metalcraft_workflow_other_portals_closed"
HIDDEN = "metalcraft_workflow_portal_menu_hidden"

OWN_APPS = ("frappe", "erpnext", "metalcraft_workflow")


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
	_switch(settings, (*REPLACED, *_hidden()), 1)
	for key in (DONE, CLOSED, HIDDEN):
		frappe.db.set_global(key, None)


def close_other_portals() -> None:
	"""Hide the entries of portals that are not ticked in the settings, and say which of them people use.
	Once."""
	if frappe.db.get_global(CLOSED):
		return
	frappe.db.set_global(CLOSED, 1)
	settings = frappe.get_single("Metalcraft Settings")
	follow_ticks({portal.field: settings.get(portal.field) for portal in PORTALS})
	for title in in_use():
		click.secho(
			_("{0}: in use on this site, and closed now. Tick it in Metalcraft Settings, Portal.").format(
				title
			),
			fg="yellow",
		)


def follow_ticks(ticks: dict[str, int]) -> None:
	"""Show or hide in the menu the entries of portals, by their settings that are 1 or 0. Hides nothing that
	is hidden already, and shows nothing that somebody else has hidden."""
	settings = frappe.get_doc("Portal Settings")
	hidden = _hidden()
	shown = {row.route for row in settings.menu if row.enabled}
	to_hide = shown & _routes(portal for portal in PORTALS if not ticks.get(portal.field, 1))
	to_show = hidden & _routes(portal for portal in PORTALS if ticks.get(portal.field))
	if to_hide:
		_switch(settings, to_hide, 0)
	if to_show:
		_switch(settings, to_show, 1)
	frappe.db.set_global(HIDDEN, json.dumps(sorted((hidden | to_hide) - to_show)))


def in_use() -> list[str]:
	"""Titles of the settings of portals that people use on this site, and that are not ticked."""
	settings = frappe.get_single("Metalcraft Settings")
	found = [_(portal.title) for portal in PORTALS if not settings.get(portal.field) and _is_in_use(portal)]
	if not settings.get("portal_user_types") and frappe.db.exists(
		"User", {"user_type": ["not in", ["System User", "Website User"]], "enabled": 1}
	):
		label = frappe.get_meta("Metalcraft Settings").get_label("portal_user_types")
		found.append(_(label))
	return found


# Documents that show that people use a portal: of which DocType, and which of them
USED = {
	"portal_invoices": ("Portal User", {"parenttype": "Customer"}),
	"portal_addresses": ("Address", "owner"),
	"portal_issues": ("Issue", "owner"),
	"portal_projects": ("Project User", "user"),
	"portal_material_requests": ("Material Request", "owner"),
	"portal_suppliers": ("Portal User", {"parenttype": "Supplier"}),
	"portal_appointments": ("Appointment", "owner"),
	"portal_comments": ("Comment", {"published": 1, "reference_doctype": ["in", ["Blog Post", "Web Page"]]}),
	"portal_newsletters": ("Newsletter", {}),
	"portal_personal_data": ("Personal Data Download Request", {}),
	"portal_web_forms": ("Web Form", {"published": 1, "is_standard": 0}),
}


def _is_in_use(portal: Portal) -> bool:
	if portal.field == "portal_other_apps":
		return any(app not in OWN_APPS for app in frappe.get_installed_apps())
	doctype, which = USED[portal.field]
	if not frappe.db.exists("DocType", doctype):
		return False
	if isinstance(which, dict):
		return bool(frappe.get_all(doctype, filters=which, limit=1))
	# A field with the user, who is none of the staff
	table, user = frappe.qb.DocType(doctype), frappe.qb.DocType("User")
	query = frappe.qb.from_(table).join(user).on(user.name == table[which])
	return bool(query.where(user.user_type == "Website User").select(table.name).limit(1).run())


def _routes(portals: Iterable[Portal]) -> set[str]:
	return {route for portal in portals for route in portal.menu}


def _hidden() -> set[str]:
	return set(json.loads(frappe.db.get_global(HIDDEN) or "[]"))


def _put_first(settings: Document) -> None:
	settings.menu.sort(key=lambda row: row.route not in ROUTES)
	for number, row in enumerate(settings.menu, start=1):
		row.idx = number


def _switch(settings: Document, routes: Iterable[str], enabled: int) -> None:
	for row in settings.menu:
		if row.route in routes:
			row.enabled = enabled
	settings.flags.ignore_permissions = True  # install runs as whoever installs
	settings.save()
