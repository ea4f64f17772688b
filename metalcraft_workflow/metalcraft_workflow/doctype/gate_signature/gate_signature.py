from frappe.model.document import Document


class GateSignature(Document):
	"""A gate that is passed with a signature; see `gates.signature`."""
