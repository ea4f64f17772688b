from frappe.model.document import Document


class ShipmentDocumentVersion(Document):
	pass
