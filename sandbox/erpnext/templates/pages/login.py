"""The sign-in, in the place of the engine's, whose page does nothing without its scripts."""

import frappe
from frappe import _

no_cache = 1


def get_context(context):
	context.title = _("Sign in")
	context.to = frappe.form_dict.get("redirect-to") or ""
	context.refused = bool(frappe.form_dict.get("refused"))
