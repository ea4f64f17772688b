from frappe.model.document import Document


class ProductionDepartment(Document):
	pass
