from frappe.model.document import Document


class BatchCertificate(Document):
	pass
