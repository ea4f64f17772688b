"""Who is signed in, in the place of the engine's page, most of which does nothing without its scripts."""

import frappe
from frappe import _

no_cache = 1


def get_context(context):
	if frappe.session.user == "Guest":
		frappe.local.flags.redirect_location = "/login?redirect-to=/me"
		raise frappe.Redirect(302)
	context.title = _("My Account")
	context.full_name = frappe.utils.get_fullname()
	context.show_sidebar = True
