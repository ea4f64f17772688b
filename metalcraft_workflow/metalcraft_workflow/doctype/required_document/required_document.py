from frappe.model.document import Document


class RequiredDocument(Document):
	pass
