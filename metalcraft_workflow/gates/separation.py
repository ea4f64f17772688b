"""Separation of duties: who may not take a step because of a step taken before."""

from collections.abc import Container

import frappe
from frappe.model.document import Document

from metalcraft_workflow.gates.names import names_of
from metalcraft_workflow.gates.record import last_passage, voids_since_passage
from metalcraft_workflow.gates.registry import settings
from metalcraft_workflow.rules import path
from metalcraft_workflow.rules.requirement import Requirement, _lt

TAKEN_BY_YOU = _lt("You took the step before this one yourself. Ask a colleague with this role to go on.")


def requirements(gate: str, doc: Document, together: Container[str] = ()) -> list[Requirement]:
	"""The requirement that somebody else took the step before `gate`, where one is demanded.

	`together` are the gates that the move passes in one go. Packing is completed past a QA that has
	nothing to do; but who asks for an approval and approves in one go has approved what they asked for.
	"""
	demanded = path.find(gate)
	if not demanded or not demanded.separate:
		return []
	earlier = path.earlier(gate)[-1]
	if demanded.separate != path.ALWAYS and (earlier in together or not settings().get(demanded.separate)):
		return []
	people = {frappe.session.user} if earlier in together else people_behind(doc, earlier)
	return [
		Requirement(
			code="separation",
			label=_lt("Taken by somebody else than the step before"),
			message=TAKEN_BY_YOU
			if people
			else _lt(
				"Nobody is on record for the step before this one. Send it back, to have it taken again."
			),
			# Of an order from before the app, only its approval is on record
			met=not names_of(doc).is_among("User", frappe.session.user, people)
			if people
			else bool(last_passage(doc, gate)),
			waivable=False,
		)
	]


def people_behind(doc: Document, gate: str) -> set[str]:
	"""Who passed `gate` last; of an approved order that was changed, everybody who changed it. As they were
	called then."""
	if gate == "request_approval":
		changes = voids_since_passage(doc, "approve")
		if changes and last_passage(doc, "approve"):
			return {change.user for change in changes}
	passage = last_passage(doc, gate)
	return {passage.user} if passage else set()
