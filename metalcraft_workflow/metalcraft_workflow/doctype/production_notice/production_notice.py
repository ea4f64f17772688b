from frappe.model.document import Document


class ProductionNotice(Document):
	pass
