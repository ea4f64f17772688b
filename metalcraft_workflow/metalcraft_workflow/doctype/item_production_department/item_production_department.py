from frappe.model.document import Document


class ItemProductionDepartment(Document):
	pass
