from frappe.model.document import Document


class ShipmentDocument(Document):
	pass
