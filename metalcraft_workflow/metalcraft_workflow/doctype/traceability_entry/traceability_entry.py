from frappe.model.document import Document


class TraceabilityEntry(Document):
	pass
