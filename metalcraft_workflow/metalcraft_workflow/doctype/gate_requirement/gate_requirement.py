from frappe.model.document import Document


class GateRequirement(Document):
	pass
