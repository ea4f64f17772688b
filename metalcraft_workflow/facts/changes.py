"""What was changed of an order since it was approved."""

from frappe.model.document import Document

from metalcraft_workflow.facts.promise import approved_values, values_of
from metalcraft_workflow.rules import changes as rules


def since_approval(order: Document) -> list[rules.Change] | None:
	"""What differs from what was approved last; None when that was not kept."""
	kept = approved_values(order)
	return rules.changes(kept, values_of(order)) if kept else None
