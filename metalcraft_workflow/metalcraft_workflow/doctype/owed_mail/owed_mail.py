from frappe.model.document import Document


class OwedMail(Document):
	"""A mail that a step owes the customer, until it is in the Email Queue; see `outgoing.owed_mails`."""
