"""The certificate of conformance was uploaded; now the app issues it."""

import frappe

from metalcraft_workflow.setup.defaults import STATEMENTS, issued_by_us


def execute() -> None:
	"""Say so of the types that install makes, where an administrator has not said anything."""
	for document_type in STATEMENTS:
		said = frappe.db.get_value(
			"Shipment Document Type", document_type, ["generated", "print_format", "statement"]
		)
		if said and not any(said):
			frappe.db.set_value(
				"Shipment Document Type",
				document_type,
				issued_by_us(document_type),
				update_modified=False,
			)
