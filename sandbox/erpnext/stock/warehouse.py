"""Warehouse."""

import frappe
from frappe.utils.nestedset import NestedSet


class Warehouse(NestedSet):
	nsm_parent_field = "parent_warehouse"

	def autoname(self):
		abbr = frappe.get_cached_value("Company", self.company, "abbr")
		self.name = (
			self.warehouse_name
			if self.warehouse_name.endswith(f" - {abbr}")
			else f"{self.warehouse_name} - {abbr}"
		)
