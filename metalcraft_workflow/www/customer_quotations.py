"""The list of a customer's quotations."""

import frappe
from frappe import _
from frappe.utils import cint

from metalcraft_workflow.portal import page
from metalcraft_workflow.portal.purchase_order import list_quotations

no_cache = 1
sitemap = 0


def get_context(context):
	customers = page.open_for_customer(context, (_("My Account"), "me"))
	context.title = _("Quotations")
	context.has_access = bool(customers)
	if customers:
		context.update(list_quotations(page=cint(frappe.form_dict.get("page"))))
		context.several_customers = len(customers) > 1
		context.page_address = lambda number: page.address("/customer-quotations", page=number)
