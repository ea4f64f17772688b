"""Sales Taxes and Charges Template."""

import frappe
from frappe.model.document import Document


class SalesTaxesandChargesTemplate(Document):
	def autoname(self):
		self.name = f"{self.title} - {frappe.get_cached_value('Company', self.company, 'abbr')}"
