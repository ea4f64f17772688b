from frappe.model.document import Document


class AllowedRequest(Document):
	pass
