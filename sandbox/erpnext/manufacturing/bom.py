"""Bill of materials."""

import frappe
from frappe.model.document import Document
from frappe.utils import flt


class BOM(Document):
	def autoname(self):
		number = frappe.db.count("BOM", {"item": self.item}) + 1
		self.name = f"BOM-{self.item}-{number:03}"

	def validate(self):
		self.uom = frappe.get_cached_value("Item", self.item, "stock_uom")
		self.currency = self.currency or frappe.get_cached_value("Company", self.company, "default_currency")
		for row in self.items:
			item = frappe.get_cached_doc("Item", row.item_code)
			row.item_name, row.stock_uom = item.item_name, item.stock_uom
			row.uom = row.uom or item.stock_uom
			row.stock_qty = flt(row.qty) * flt(row.conversion_factor or 1)

	def on_submit(self):
		if self.is_default:
			frappe.db.set_value("Item", self.item, "default_bom", self.name)
			frappe.clear_document_cache("Item", self.item)
