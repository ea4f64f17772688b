"""Separation of duties: who may not take a step because of a step taken before."""

from collections.abc import Container

import frappe
from frappe.model.document import Document

from metalcraft_workflow.gates.record import last_passage, voids_since_passage
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


def requirements(gate: str, doc: Document, together: Container[str] = ()) -> list[Requirement]:
	"""The requirement that somebody else took the step before `gate`, where one is demanded.

	`together` are the gates that the move passes in one go. Packing is completed past a QA that has
	nothing to do; but who asks for an approval and approves in one go has approved what they asked for.
	"""
	earlier, setting = PAIRS.get(gate, (None, None))
	if not earlier or (setting and (earlier in together or not settings().get(setting))):
		return []
	people = {frappe.session.user} if earlier in together else people_behind(doc, earlier)
	return [
		Requirement(
			code="separation",
			label=_("Taken by somebody else than the step before"),
			message=_("You took the step before this one yourself. Ask a colleague with this role to go on."),
			met=frappe.session.user not in people,
			waivable=False,
		)
	]


def people_behind(doc: Document, gate: str) -> set[str]:
	"""Who passed `gate` last; of an approved order that was changed, everybody who changed it."""
	if gate == "request_approval":
		changes = voids_since_passage(doc, "approve")
		if changes and last_passage(doc, "approve"):
			return {change.user for change in changes}
	passage = last_passage(doc, gate)
	return {passage.user} if passage else set()
