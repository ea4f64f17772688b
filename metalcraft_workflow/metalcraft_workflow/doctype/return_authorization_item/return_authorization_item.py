from frappe.model.document import Document


class ReturnAuthorizationItem(Document):
	"""One line of a delivery, or a part of it, that comes back: what it is and what becomes of it."""
