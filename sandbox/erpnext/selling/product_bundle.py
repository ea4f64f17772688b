"""Product Bundle."""

import frappe
from frappe import _
from frappe.model.document import Document


class ProductBundle(Document):
	def validate(self):
		if frappe.get_cached_value("Item", self.new_item_code, "is_stock_item"):
			frappe.throw(_("{0} is kept in stock, so it cannot be a bundle.").format(self.new_item_code))
		for row in self.items:
			row.uom = row.uom or frappe.get_cached_value("Item", row.item_code, "stock_uom")
