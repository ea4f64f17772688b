"""Files find their rows by the keywords of a document type, which are new."""

import frappe

from metalcraft_workflow.setup.defaults import KEYWORDS


def execute() -> None:
	"""Give the types that install makes theirs, where an administrator has not given any."""
	for document_type, keywords in KEYWORDS.items():
		frappe.db.set_value(
			"Shipment Document Type",
			{"name": document_type, "keywords": ["is", "not set"]},
			"keywords",
			keywords,
			update_modified=False,
		)
