"""What the form of a Sales Invoice shows as its connections."""


def get_data():
	return {
		"fieldname": "sales_invoice",
		"non_standard_fieldnames": {"Payment Entry": "reference_name", "Sales Invoice": "return_against"},
		"internal_links": {
			"Sales Order": ["items", "sales_order"],
			"Delivery Note": ["items", "delivery_note"],
		},
		"transactions": [
			{"label": "Payment", "items": ["Payment Entry", "Journal Entry"]},
			{"label": "Reference", "items": ["Delivery Note", "Sales Order"]},
			{"label": "Returns", "items": ["Sales Invoice"]},
		],
	}
