from frappe.model.document import Document


class ShipmentDocumentType(Document):
	pass
