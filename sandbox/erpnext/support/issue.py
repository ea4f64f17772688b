"""Issue."""

import frappe
from frappe import _
from frappe.model.document import Document

from erpnext.controllers.website_list_for_contact import get_customers


class Issue(Document):
	def validate(self):
		self.raised_by = self.raised_by or frappe.session.user


def get_list_context(context=None):
	return {
		"get_list": issues,
		"show_sidebar": True,
		"show_search": True,
		"no_breadcrumbs": True,
		"title": _("Issues"),
	}


def issues(doctype, txt=None, filters=None, limit_start=0, limit_page_length=20, order_by=None):
	"""What the signed-in user, or their customer, has asked."""
	user = frappe.session.user
	return frappe.get_all(
		"Issue",
		filters=filters,
		or_filters={"customer": ["in", get_customers(user) or [""]], "raised_by": user},
		fields=["*"],
		limit_start=limit_start,
		limit_page_length=limit_page_length,
		order_by=order_by or "creation desc",
	)


def has_website_permission(doc, ptype, user, verbose=False):
	return doc.raised_by == user or doc.customer in get_customers(user)
