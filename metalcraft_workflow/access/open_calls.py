"""Staff have what their permissions give them, also by the methods that ask for none: see `rules.open_calls`."""

import frappe
from frappe import _

from metalcraft_workflow.access import asked
from metalcraft_workflow.rules.open_calls import Needs, needs_of


def check() -> None:
	"""Refuse the request under way when it calls a method for which whoever sends it lacks the permission.
	Raises PermissionError."""
	if frappe.session.user == "Administrator":
		return
	for method in asked.methods():
		refuse_second_address(method)
		row = needs_of(_addresses(method))
		if row and not may(row):
			frappe.flags.disable_traceback = True
			frappe.throw(
				_("Your permissions do not cover this. Ask an administrator for a role that does."),
				frappe.PermissionError,
			)
		if row and row.draft:
			refuse_submitted(row)


def refuse_submitted(row: Needs) -> None:
	"""Refuse to change a document that is submitted. Raises PermissionError."""
	doctype, name = row.doctypes[0], frappe.form_dict.get(row.named)
	if isinstance(name, str) and frappe.db.get_value(doctype, name, "docstatus"):
		frappe.throw(
			_("{0} {1} is submitted. Cancel what it belongs to first.").format(_(doctype), name),
			frappe.PermissionError,
		)


def may(row: Needs) -> bool:
	"""Whether the user has what a row of the table asks for."""
	if row.doctypes and not any(_has(doctype, row.permission) for doctype in row.doctypes):
		return False
	if not row.named:
		return True
	arguments = frappe.form_dict
	doctype = arguments.get(row.doctype_in) if row.doctype_in else row.doctypes[0]
	name = arguments.get(row.named)
	if not doctype or not name:
		return True  # the method itself says what is missing
	if not isinstance(doctype, str) or not isinstance(name, str):
		return False  # a condition, for which Frappe would take the first document that fits
	# Of a document of another kind, reading it is enough
	permission = "read" if row.doctype_in and row.doctypes else row.permission
	try:
		return bool(frappe.has_permission(doctype, permission, doc=name))
	except frappe.DoesNotExistError:
		frappe.clear_last_message()
		return True


def refuse_second_address(method: str) -> None:
	"""Refuse a method that an app has put another in the place of, by the address under which some other
	module happens to know it. Raises PermissionError."""
	address = asked.own_address(method)
	if address and address != method and asked.replaced(address) not in (address, method):
		frappe.throw(_("Call {0} by this address.").format(address), frappe.PermissionError)


def _addresses(method: str) -> set[str]:
	return {each for each in (method, asked.replaced(method), asked.own_address(method)) if each}


def _has(doctype: str, permission: str) -> bool:
	if not frappe.db.exists("DocType", doctype, cache=True):
		return False
	return bool(frappe.has_permission(doctype, permission))
