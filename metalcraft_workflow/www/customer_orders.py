"""The list of a customer's orders."""

import frappe
from frappe import _
from frappe.utils import cint

from metalcraft_workflow.portal import page
from metalcraft_workflow.portal.orders import list_orders
from metalcraft_workflow.rules.progress import STAGES

no_cache = 1
sitemap = 0


def get_context(context):
	customers = page.open_for_customer(context, (_("My Account"), "me"))
	context.title = _("Orders")
	context.has_access = bool(customers)
	if not customers:
		return
	asked = {
		"search": (frappe.form_dict.get("search") or "").strip()[:140],
		"stage": frappe.form_dict.get("stage") or "",
	}
	context.update(
		{
			**list_orders(**asked, page=cint(frappe.form_dict.get("page"))),
			**asked,
			"stages": list(STAGES),
			"several_customers": len(customers) > 1,
			"page_address": lambda number: page.address("/customer-orders", **asked, page=number),
		}
	)
