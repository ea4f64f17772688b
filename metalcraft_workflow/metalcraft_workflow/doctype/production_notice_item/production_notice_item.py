from frappe.model.document import Document


class ProductionNoticeItem(Document):
	def db_insert(self, *args, **kwargs):
		"""Leave it to the notice, which inserts all its lines in one go."""
		self.set("__islocal", False)
