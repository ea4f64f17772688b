"""Item Price."""

import frappe
from frappe.model.document import Document


class ItemPrice(Document):
	def validate(self):
		self.currency, self.buying, self.selling = frappe.db.get_value(
			"Price List", self.price_list, ["currency", "buying", "selling"]
		)
		self.uom = self.uom or frappe.get_cached_value("Item", self.item_code, "stock_uom")
