from frappe.model.document import Document


class DigestRecipient(Document):
	"""Who gets the daily digest, and from which hour on; see `desk.digest`."""
