"""What the settings hold on a new site."""

import frappe

from metalcraft_workflow.rules.requirement import _

# Gate, requirement, what it asks for, who may waive it
GATE_REQUIREMENTS: list[tuple[str, str, str, str | None]] = []

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
			frappe.get_doc(
				{"doctype": "Shipment Document Type", "document_type": document_type}
			).insert(ignore_permissions=True)  # install runs as whoever installs
	add_gate_requirements()


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
