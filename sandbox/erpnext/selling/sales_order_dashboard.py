"""What the form of a Sales Order shows as its connections."""


def get_data():
	return {
		"fieldname": "sales_order",
		"non_standard_fieldnames": {
			"Delivery Note": "against_sales_order",
			"Payment Entry": "reference_name",
		},
		"internal_links": {"Quotation": ["items", "prevdoc_docname"]},
		"transactions": [
			{"label": "Fulfillment", "items": ["Sales Invoice", "Delivery Note"]},
			{"label": "Manufacturing", "items": ["Work Order"]},
			{"label": "Payment", "items": ["Payment Entry", "Journal Entry"]},
		],
	}
