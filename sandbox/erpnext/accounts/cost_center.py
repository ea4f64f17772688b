"""CostCenter."""

import frappe
from frappe.utils.nestedset import NestedSet


class CostCenter(NestedSet):
	nsm_parent_field = "parent_cost_center"

	def autoname(self):
		self.name = f"{self.cost_center_name} - {frappe.get_cached_value('Company', self.company, 'abbr')}"
