from frappe.model.document import Document


class ProductionNoticeItem(Document):
	pass
