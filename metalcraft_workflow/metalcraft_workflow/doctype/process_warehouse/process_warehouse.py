from frappe.model.document import Document


class ProcessWarehouse(Document):
	pass
