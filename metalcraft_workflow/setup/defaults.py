"""What the settings hold on a new site."""

import frappe

from metalcraft_workflow.rules.requirement import _lt

# Gate, requirement, what it asks for, who may waive it
GATE_REQUIREMENTS: list[tuple[str, str, str, str | None]] = [
	("request_approval", "po_number", _lt("Customer's purchase order number"), "Sales Manager"),
	("request_approval", "po_date", _lt("Customer's purchase order date"), "Sales Manager"),
	("request_approval", "po_file", _lt("Customer's purchase order file"), "Sales Manager"),
	("request_approval", "po_reuse", _lt("Purchase order used once, or its reuse confirmed"), None),
	("request_approval", "quantities", _lt("Every line has a quantity"), None),
	("approve", "differences", _lt("Differences from the quotation acknowledged"), None),
	("approve", "credit", _lt("Customer's credit is good"), "Accounts Manager"),
	("approve", "routed", _lt("Every line goes to a production department"), "Sales Manager"),
	("complete_packing", "lines", _lt("Something to ship"), None),
	("complete_packing", "order", _lt("Every line belongs to an order"), "Sales Manager"),
	("complete_packing", "order_released", _lt("Every order is approved and unchanged"), None),
	("complete_packing", "as_approved", _lt("Just as it was approved"), None),
	("complete_packing", "at_final_pack", _lt("Everything is at Final Pack"), None),
	("complete_packing", "stock_promised", _lt("Batches and serial numbers are free"), None),
	("complete_packing", "traceability", _lt("Traceability is complete"), "Sales Manager"),
	("complete_packing", "gross_weight_uom", _lt("Unit of the gross weight"), None),
	("release_documents", "documents", _lt("Documents of the shipment"), "Sales Manager"),
	("release_documents", "documents_rejected", _lt("No document is rejected"), None),
	("release_documents", "inspections", _lt("Quality inspections"), None),
	("clear", "documents", _lt("Documents of the shipment"), "Sales Manager"),
	("clear", "order_released", _lt("Every order is approved and unchanged"), None),
	("clear", "as_approved", _lt("Just as it was approved"), None),
	("clear", "credit", _lt("Customer's credit is good"), "Accounts Manager"),
	("clear", "prepayment", _lt("Prepayment received"), "Accounts Manager"),
	("clear", "ship_to", _lt("Ship-to address"), "Sales Manager"),
	("ship", "carrier", _lt("Carrier"), None),
	("ship", "tracking_number", _lt("Tracking number"), "Sales Manager"),
	("ship", "ship_date", _lt("Ship date"), None),
	("ship", "packages", _lt("Number of packages"), None),
	("ship", "gross_weight_uom", _lt("Unit of the gross weight"), None),
	("ship", "order_released", _lt("Every order is approved and unchanged"), None),
	("ship", "as_approved", _lt("Just as it was approved"), None),
	("ship", "inspections", _lt("Quality inspections"), None),
	("ship", "in_stock", _lt("The goods are there and may leave"), None),
	("ship", "bookable", _lt("It can be booked"), None),
	("ship", "unchanged", _lt("Unchanged since the clearance"), None),
	("receive_return", "return_against", _lt("The delivery that comes back"), None),
	("receive_return", "bookable", _lt("It can be booked"), None),
	("close", "billed", _lt("Everything billed"), "Sales Manager"),
]

DOCUMENT_TYPES = (
	_lt("Certificate of Conformance"),
	_lt("Mill Certificate"),
	_lt("Declaration of Conformity"),
	_lt("Pictures"),
	_lt("Third-Party Verification"),
)

# Words that name a type in a file name, besides its own
KEYWORDS = {
	"Certificate of Conformance": "coc, c of c, conformance",
	"Mill Certificate": "mill, mtr, mtc",
	"Declaration of Conformity": "conformity",
	"Pictures": "photo, img, dsc",
	"Third-Party Verification": "third party, tpi",
}

# A mill certificate is about the steel of one heat
EACH_BATCH = ("Mill Certificate",)

# What the documents that the app issues declare, until somebody writes it better
STATEMENTS = {
	"Certificate of Conformance": _lt(
		"We certify that the items listed above were manufactured, inspected and tested in accordance with"
		" the requirements of the purchase orders named, and that they conform to them. The batches, heats"
		" and serial numbers are those of the goods in this delivery. Records of inspection and traceability"
		" are on file and available on request."
	),
}


def make_defaults() -> None:
	"""Add the document types and the rows of the settings that are missing."""
	for document_type in DOCUMENT_TYPES:
		if not frappe.db.exists("Shipment Document Type", document_type):
			# Install runs as whoever installs
			frappe.get_doc(
				{
					"doctype": "Shipment Document Type",
					"document_type": document_type,
					"keywords": KEYWORDS[document_type],
					"per_batch": int(document_type in EACH_BATCH),
					**issued_by_us(document_type),
				}
			).insert(ignore_permissions=True)
	add_gate_requirements()
	allow_purchase_order_reuse()


def fill_new_settings() -> None:
	"""Give settings that are new on a site the default that they have on a new one. Before anything else
	saves the settings, and with that stores them as empty."""
	stored = frappe.db.get_singles_dict("Metalcraft Settings")
	new = {
		field.fieldname: field.default
		for field in frappe.get_meta("Metalcraft Settings").fields
		if field.default is not None and field.fieldname not in stored
	}
	if new:
		settings = frappe.get_doc("Metalcraft Settings")
		settings.update(new)
		settings.save(ignore_permissions=True)  # a migrate runs as nobody in particular


def issued_by_us(document_type: str) -> dict:
	"""How the app issues `document_type` out of the box; nothing when it is uploaded."""
	if document_type not in STATEMENTS:
		return {}
	return {
		"generated": 1,
		"print_format": document_type,
		"statement": frappe._(STATEMENTS[document_type]),
	}


# What Selling Settings said about several orders on one purchase order before the app came
REUSE_BEFORE = "metalcraft_workflow_allow_multiple_po_before"


def allow_purchase_order_reuse() -> None:
	"""Take away ERPNext's wall before a purchase order number that was used: the app asks instead.

	Once; after that the setting is the administrator's. Uninstall puts it back.
	"""
	if frappe.db.get_global(REUSE_BEFORE) is None:
		field = "allow_against_multiple_purchase_orders"
		frappe.db.set_global(REUSE_BEFORE, frappe.db.get_single_value("Selling Settings", field) or 0)
		frappe.db.set_single_value("Selling Settings", field, 1)


def restore_purchase_order_wall() -> None:
	"""Put the setting back as it was before the app came, for uninstall."""
	if frappe.db.get_global(REUSE_BEFORE) == "0":
		frappe.db.set_single_value("Selling Settings", "allow_against_multiple_purchase_orders", 0)
	frappe.db.set_global(REUSE_BEFORE, None)


def add_gate_requirements() -> None:
	"""Add the requirements that the settings do not list yet; those that they list stay as they are."""
	settings = frappe.get_doc("Metalcraft Settings")
	known = {(row.gate, row.requirement) for row in settings.gate_requirements}
	missing = [row for row in GATE_REQUIREMENTS if row[:2] not in known]
	for gate, requirement, title, waiver_role in missing:
		settings.append(
			"gate_requirements",
			{
				"gate": gate,
				"requirement": requirement,
				"title": title,
				"demanded": 1,
				"waiver_role": waiver_role,
			},
		)
	if missing or not settings.modified:
		settings.flags.ignore_permissions = True  # install runs as whoever installs
		settings.save()
