"""Separation of duties: who may not take a step because of a step taken before."""

import frappe
from frappe.model.document import Document

from metalcraft_workflow.gates.record import last_passage
from metalcraft_workflow.gates.registry import settings
from metalcraft_workflow.rules.requirement import Requirement, _

# Gate -> the gate whose person may not pass it, and the setting that demands it. Nobody ever
# approves what they asked for, so that pair has no setting.
PAIRS = {
	"approve": ("request_approval", None),
	"release_documents": ("complete_packing", "separate_packing_and_quality"),
	"clear": ("release_documents", "separate_quality_and_clearance"),
	"ship": ("clear", "separate_clearance_and_shipping"),
}


def requirements(gate: str, doc: Document) -> list[Requirement]:
	"""The requirement that somebody else took the step before `gate`, where one is demanded."""
	earlier, setting = PAIRS.get(gate, (None, None))
	if not earlier or (setting and not settings().get(setting)):
		return []
	person = person_who_passed(doc, earlier)
	return [
		Requirement(
			code="separation",
			label=_("Somebody other than for the step before"),
			message=_("You took the step before this one yourself. Ask a colleague with this role to go on."),
			met=person != frappe.session.user,
			waivable=False,
		)
	]


def person_who_passed(doc: Document, gate: str) -> str | None:
	"""User who passed `gate` last; of an approved order that was changed, who changed it."""
	passage = last_passage(doc, gate)
	if gate != "request_approval":
		return passage.user if passage else None
	change = frappe.get_all(
		"Release Record",
		filters={
			"reference_doctype": doc.doctype,
			"reference_name": doc.name,
			"kind": "Void",
			"gate": "approve",
		},
		fields=["user", "creation"],
		order_by="creation desc",
		limit=1,
	)
	latest = max([row for row in (passage, *change) if row], key=lambda row: row.creation, default=None)
	return latest.user if latest else None
