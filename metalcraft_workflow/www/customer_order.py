"""One order of a customer: how far it is, what shipped, what is to be paid."""

import frappe
from frappe import _

from metalcraft_workflow.portal import page
from metalcraft_workflow.portal.messages import get_messages
from metalcraft_workflow.portal.orders import get_order

no_cache = 1
sitemap = 0


def get_context(context) -> None:
	"""What the page shows; a guest is sent to the sign-in, staff to the desk."""
	name = frappe.form_dict.get("name") or ""
	customers = page.open_for_customer(context, (_("Orders"), "customer-orders"))
	if not customers:
		page.send_staff_to_desk("Sales Order", name)
	with page.not_there():
		context.order = get_order(name)
		context.messages = get_messages(name)
	context.title = _("Order {0}").format(name)
