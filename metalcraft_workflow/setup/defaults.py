"""What the settings hold on a new site."""

import frappe

from metalcraft_workflow.rules.requirement import _

# Gate, requirement, what it asks for, who may waive it
GATE_REQUIREMENTS: list[tuple[str, str, str, str | None]] = [
	("request_approval", "po_number", _("Customer's purchase order number"), "Sales Manager"),
	("request_approval", "po_date", _("Customer's purchase order date"), "Sales Manager"),
	("request_approval", "po_file", _("Customer's purchase order file"), "Sales Manager"),
	("request_approval", "po_reuse", _("Purchase order used once, or its reuse confirmed"), None),
	("approve", "differences", _("Differences from the quotation acknowledged"), None),
	("approve", "credit", _("Customer's credit is good"), "Accounts Manager"),
	("approve", "routed", _("Every line goes to a production department"), "Sales Manager"),
	("complete_packing", "lines", _("Something to ship"), None),
	("complete_packing", "order", _("Every line belongs to an order"), "Sales Manager"),
	("complete_packing", "order_released", _("Every order is approved and unchanged"), None),
	("complete_packing", "at_final_pack", _("Everything is at Final Pack"), None),
	("complete_packing", "stock_promised", _("Batches and serial numbers are free"), None),
	("complete_packing", "traceability", _("Traceability is complete"), "Sales Manager"),
	("release_documents", "documents", _("Documents of the shipment"), "Sales Manager"),
	("clear", "documents", _("Documents of the shipment"), "Sales Manager"),
	("clear", "order_released", _("Every order is approved and unchanged"), None),
	("clear", "credit", _("Customer's credit is good"), "Accounts Manager"),
	("clear", "prepayment", _("Prepayment received"), "Accounts Manager"),
	("ship", "carrier", _("Carrier"), None),
	("ship", "tracking_number", _("Tracking number"), "Sales Manager"),
	("ship", "ship_date", _("Ship date"), None),
	("ship", "packages", _("Number of packages"), None),
	("ship", "order_released", _("Every order is approved and unchanged"), None),
	("ship", "unchanged", _("Unchanged since the clearance"), None),
	("receive_return", "return_against", _("The delivery that comes back"), None),
]

DOCUMENT_TYPES = (
	_("Certificate of Conformance"),
	_("Mill Certificate"),
	_("Declaration of Conformity"),
	_("Pictures"),
	_("Third-Party Verification"),
)


def make_defaults() -> None:
	"""Add the document types and the rows of the settings that are missing."""
	for document_type in DOCUMENT_TYPES:
		if not frappe.db.exists("Shipment Document Type", document_type):
			# Install runs as whoever installs
			frappe.get_doc({"doctype": "Shipment Document Type", "document_type": document_type}).insert(
				ignore_permissions=True
			)
	add_gate_requirements()
	allow_purchase_order_reuse()


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
