"""The list of a customer's invoices, at the address of Frappe's page of lists, which the engine has not."""

import frappe
from frappe import _

from erpnext.controllers.website_list_for_contact import submitted_documents

no_cache = 1


def get_context(context):
	if frappe.session.user == "Guest":
		frappe.local.flags.redirect_location = "/login?redirect-to=/invoices"
		raise frappe.Redirect(302)
	context.title = _("Invoices")
	context.show_sidebar = True
	context.invoices = submitted_documents("Sales Invoice")
