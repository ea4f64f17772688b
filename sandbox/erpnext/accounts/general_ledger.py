"""It keeps no books, so they are open every day but those that the settings say."""

import frappe
from frappe import _
from frappe.utils import formatdate, getdate


def check_freezing_date(posting_date, adv_adj=False):
	"""Whoever has not the role for it books nothing up to the day that the settings say; Administrator, who has
	every role, neither."""
	settings = frappe.get_cached_doc("Accounts Settings")
	frozen, role = settings.acc_frozen_upto, settings.frozen_accounts_modifier
	if adv_adj or not frozen or getdate(posting_date) > getdate(frozen):
		return
	if role not in frappe.get_roles() or frappe.session.user == "Administrator":
		frappe.throw(_("The books are closed up to {0}.").format(formatdate(frozen)))


def validate_accounting_period(gl_map):
	pass


def validate_against_pcv(is_opening, posting_date, company):
	pass
