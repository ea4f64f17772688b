from frappe.model.document import Document


class ConformanceCertificateItem(Document):
	pass
