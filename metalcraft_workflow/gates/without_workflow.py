"""Documents of the process whose workflow is switched off, deleted, or replaced by one without gates.

They stay where they are, and say why; what nothing has vouched for can still be edited. Only a setting lets
them go on without, and it is on record who set it and for what reason.
"""

import frappe
from frappe import _
from frappe.model.document import Document
from frappe.utils import cint

from metalcraft_workflow.gates import record, registry
from metalcraft_workflow.gates.refusals import PassageRefused
from metalcraft_workflow.rules import path

# The setting for each kind of document
SETTINGS = {"Sales Order": "orders_without_workflow", "Delivery Note": "deliveries_without_workflow"}

STATE = "workflow_state"
MOVES = {0: "Save", 1: "Submit", 2: "Cancel"}


def check(doc: Document) -> None:
	"""Let a document that is saved stay where it is, as it was released; or go, where the settings let it.

	Raises PassageRefused.
	"""
	if not doc.get("follows_process"):
		return
	before = doc.get_doc_before_save()
	old = cint(before.docstatus) if before else 0
	moved = cint(doc.docstatus) != old
	if may_go(doc.doctype):
		doc.flags.moved_without_workflow = moved
		return
	if moved or (before and doc.get(STATE) != before.get(STATE)):
		refuse(doc, _("It stays where it is until the workflow is active again."))
	if gate := next((gate for gate, row in standing(doc).items() if not registry.holds(row, doc)), None):
		refuse(
			doc,
			_("What was changed was released ({0}), and nobody can look at it again.").format(
				_(path.find(gate).passed)
			),
		)


def check_delete(doc: Document) -> None:
	"""Let only a draft go about which nothing is on record. Raises PassageRefused."""
	if cint(doc.docstatus) or record.last_move(doc):
		refuse(doc, _("It stays on record."))


def record_move(doc: Document) -> bool:
	"""Keep on record that a document was submitted or cancelled without a workflow; gives whether it was."""
	if not doc.flags.moved_without_workflow:
		return False
	doc.flags.moved_without_workflow = None
	record.write(
		doc,
		"Passage",
		action=MOVES[cint(doc.docstatus)],
		from_state=doc.get(STATE) or "",
		to_state=doc.get(STATE) or "",
		reason=_("Without a workflow, as the settings let it."),
	)
	return True


def may_go(doctype: str) -> bool:
	"""Whether the settings let documents of this kind go on without a workflow."""
	return bool(registry.settings().get(SETTINGS[doctype]))


def refuse(doc: Document, why: str) -> None:
	"""Raise PassageRefused: what is wrong with the workflow, `why` that matters, and who can help."""
	frappe.throw(
		_(
			"The workflow of {0} {1} is switched off, or has no gates. {2} An administrator makes it active again,"
			" or restores the default workflows in Metalcraft Settings."
		).format(_(doc.doctype), doc.name, why),
		PassageRefused,
		title=_("No Workflow"),
	)


def standing(doc: Document) -> dict[str, frappe._dict]:
	"""Gate -> the record of its passage, of those that still vouch for something of `doc`."""
	found: dict[str, frappe._dict] = {}
	for row in reversed(record.records(doc)):
		if row.kind == "Void":
			found = {
				gate: kept for gate, kept in found.items() if row.gate not in (*path.earlier(gate), gate)
			}
		elif row.kind == "Passage" and row.gate and row.fingerprint:
			# A later approval stands for the request, too
			found = {gate: kept for gate, kept in found.items() if kept.fingerprint_by != row.fingerprint_by}
			found[row.gate] = row
	return found
