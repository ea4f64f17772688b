"""Authorization Control: who may submit what is worth more than a rule says."""

import frappe
from frappe import _
from frappe.model.document import Document
from frappe.utils import flt


class AuthorizationControl(Document):
	def validate_approving_authority(self, doctype, company, total, doc=None):
		for rule in frappe.get_all(
			"Authorization Rule",
			{"transaction": doctype, "company": ["in", [company, "", None]], "based_on": "Grand Total"},
			["value", "system_role", "system_user", "approving_role", "approving_user"],
		):
			roles, user = frappe.get_roles(), frappe.session.user
			if (rule.system_role and rule.system_role not in roles) or (
				rule.system_user and rule.system_user != user
			):
				continue
			if (
				flt(total) > flt(rule.value)
				and rule.approving_role not in roles
				and rule.approving_user != user
			):
				frappe.throw(
					_("{0} is more than you may submit.").format(_("Grand Total")),
					title=_("Authorization Control"),
				)
