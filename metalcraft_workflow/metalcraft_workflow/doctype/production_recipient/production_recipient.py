from frappe.model.document import Document


class ProductionRecipient(Document):
	pass
