"""What the form of a Delivery Note shows as its connections."""


def get_data():
	return {
		"fieldname": "delivery_note",
		"non_standard_fieldnames": {"Stock Entry": "delivery_note_no"},
		"internal_links": {"Sales Order": ["items", "against_sales_order"]},
		"transactions": [
			{"label": "Related", "items": ["Sales Invoice"]},
			{"label": "Reference", "items": ["Sales Order"]},
			{"label": "Returns", "items": ["Stock Entry"]},
		],
	}
