"""Serial No."""

import frappe
from frappe.model.document import Document


class SerialNo(Document):
	def validate(self):
		self.item_name = frappe.get_cached_value("Item", self.item_code, "item_name")
		self.status = self.status or ("Active" if self.warehouse else "Inactive")
