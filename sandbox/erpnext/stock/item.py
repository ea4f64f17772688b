"""Item."""

import frappe
from frappe import _
from frappe.model.document import Document
from frappe.utils import getdate, strip_html


def validate_end_of_life(item_code, end_of_life=None, disabled=None):
	end_of_life, disabled = frappe.db.get_value("Item", item_code, ["end_of_life", "disabled"])
	if disabled or (end_of_life and getdate(end_of_life) <= getdate()):
		frappe.throw(_("{0} is at the end of its life.").format(item_code))


class Item(Document):
	def autoname(self):
		self.name = self.item_code = (self.item_code or "").strip()

	def validate(self):
		self.item_name = self.item_name or self.item_code
		self.description = self.description or self.item_name
		if not strip_html(self.description or "").strip():
			self.description = self.item_name
		if not any(row.uom == self.stock_uom for row in self.uoms):
			self.append("uoms", {"uom": self.stock_uom, "conversion_factor": 1})
		if not self.is_stock_item and (self.has_batch_no or self.has_serial_no):
			frappe.throw(_("{0} is not kept in stock.").format(self.item_code))
		if self.variant_of and not frappe.get_cached_value("Item", self.variant_of, "has_variants"):
			frappe.throw(_("{0} has no variants.").format(self.variant_of))
