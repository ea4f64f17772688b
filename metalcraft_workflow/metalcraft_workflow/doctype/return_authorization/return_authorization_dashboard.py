from frappe import _


def get_data() -> dict:
	"""What the form's Connections show: what it came from, and what was made from it."""
	return {
		"fieldname": "return_authorization",
		"internal_links": {"Sales Order": ["items", "sales_order"]},
		"transactions": [
			{"label": _("Order"), "items": ["Sales Order"]},
			{"label": _("Made from It"), "items": ["Delivery Note", "Sales Invoice"]},
		],
	}
