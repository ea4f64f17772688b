"""The guard: no document moves but through its workflow, whatever the route.

It runs in the document's own events, so that the form, the list, REST, bulk actions, imports and
other apps all meet it. What it lets through is written down in the same transaction.
"""

from dataclasses import dataclass, field

import frappe
from frappe import _
from frappe.model.document import Document
from frappe.utils import cint, comma_or

from metalcraft_workflow.gates import (
	notifications,
	once,
	record,
	registry,
	separation,
	signature,
	without_workflow,
)
from metalcraft_workflow.gates.message import refusal
from metalcraft_workflow.gates.refusals import GateNotMet, PassageRefused, ReasonRequired
from metalcraft_workflow.gates.workflow import (
	gate_of_state,
	process_workflow,
	state_before,
	state_rows,
	state_with_gate,
	transitions_from,
)
from metalcraft_workflow.rules.path import OUTSIDE, RELEASED_AT, can_be_reviewed, gates_between, has_passed
from metalcraft_workflow.rules.requirement import Requirement, unmet
from metalcraft_workflow.rules.server_fields import FIELDS

__all__ = ["GateNotMet", "Passage", "PassageRefused", "ReasonRequired"]


@dataclass
class Passage:
	"""One move of a document along a transition. `doc.flags.passage` while it is being saved."""

	action: str
	from_state: str
	to_state: str
	role: str
	reason: str
	signature: str = ""
	# Requirements of each gate that the move passes, in the order of the path.
	gates: dict[str, list[Requirement]] = field(default_factory=dict)


def before_validate(doc: Document, method: str | None = None) -> None:
	"""Refuse edits out of turn, and give back what only the server may write.

	Raises PassageRefused. The first handler of the event: it sees what the user sent.
	"""
	once.begin(doc)
	doc.flags.passage = None
	signature.take_from_document(doc)
	before = doc.get_doc_before_save()
	restore_server_fields(doc, before)
	workflow = process_workflow(doc.doctype)
	if workflow and before:
		check_editor(doc, before, workflow)


def check(doc: Document, method: str | None = None) -> None:
	"""Let the document pass along one transition, with its gate met; or stay where it is.

	Runs in `validate`, `before_update_after_submit` and `before_cancel`. Raises PassageRefused,
	ReasonRequired, GateNotMet, SignatureRequired.
	"""
	if method == "before_update_after_submit":
		# Frappe has no `before_validate` for these
		before_validate(doc)
	elif method == "before_cancel":
		once.begin(doc)
		doc.flags.passage = None
		signature.take_from_document(doc)
	workflow = process_workflow(doc.doctype)
	if not workflow:
		without_workflow.check(doc)
		return
	field = workflow.workflow_state_field
	before = doc.get_doc_before_save()
	first_state = workflow.states[0].state
	old_state = (before and before.get(field)) or first_state
	new_state = doc.get(field) or first_state
	old_docstatus = cint(before.docstatus) if before else 0
	if old_state == new_state and old_docstatus == cint(doc.docstatus):
		return

	transition = find_transition(doc, workflow, old_state, new_state)
	# A direct submit or cancel is the transition that submits or cancels.
	doc.set(field, transition.next_state)
	if gate_of_state(workflow, transition.next_state) == OUTSIDE:
		return  # from before the app was installed: Frappe's own rules are all there is
	passage = Passage(
		action=transition.action,
		from_state=old_state,
		to_state=transition.next_state,
		role=transition.allowed,
		reason=(doc.get("transition_reason") or "").strip(),
	)
	if transition.get("reason_required") and not passage.reason:
		frappe.throw(
			_("{0} needs a reason. Say in a sentence why, for whoever takes it from here.").format(
				frappe.bold(_(transition.action))
			),
			ReasonRequired,
			title=_("Reason Required"),
		)
	gates = gates_between(gate_of_state(workflow, old_state), gate_of_state(workflow, transition.next_state))
	passage.gates = {gate: check_gate(doc, gate, gates) for gate in gates}
	passage.signature = signature.sign(doc, gates)
	doc.flags.passage = passage


def record_passage(doc: Document, method: str | None = None) -> None:
	"""Write the passage down, set off what follows from it, and tell whose turn it is.

	Runs after the save, in its transaction. Without a passage, takes back what the edit voids.
	"""
	if method == "on_update" and cint(doc.docstatus):
		return  # on_submit follows, when the document's own work is done
	doc.flags.signature = None
	passage: Passage | None = doc.flags.passage
	if passage:
		doc.flags.passage = None
		write_down(doc, passage)
	elif not without_workflow.record_move(doc) and doc.get_doc_before_save():
		void_if_changed(doc)
	once.end(doc)


def write_down(doc: Document, passage: Passage) -> None:
	"""Keep `passage` on record, and set off what follows from it."""
	move = {
		"kind": "Passage",
		"action": passage.action,
		"from_state": passage.from_state,
		"to_state": passage.to_state,
		"role": passage.role,
		"reason": passage.reason,
		"signature": passage.signature,
	}
	met = {gate: outcome(doc, gate, requirements) for gate, requirements in passage.gates.items()}
	rows = [{**move, "gate": gate, "requirements": found} for gate, found in met.items()]
	record.write_all(doc, rows or [move])
	if passage.reason:
		doc.add_comment("Workflow", f"{_(passage.action)}: {frappe.utils.escape_html(passage.reason)}")
	for gate in passage.gates:
		registry.run_effects(gate, doc)
	notifications.notify(doc, passage.to_state)


def outcome(doc: Document, gate: str, requirements: list[Requirement]) -> list[dict]:
	"""How each requirement stood when the gate was passed, as it is kept on record."""
	waived = record.waived_codes(doc, gate) if unmet(requirements) else set()
	return [
		{
			"code": requirement.code,
			"label": _(requirement.label),
			"state": "Waived" if not requirement.met and requirement.code in waived else "Met",
		}
		for requirement in requirements
	]


def choose_branch(doc: Document, method: str | None = None) -> None:
	"""Take the branch of an action that fits the facts as they are now.

	An action may have several transitions with a condition each ("Request Approval" leads to Credit
	Hold when credit is not good). Whoever chose the state may have seen facts of an earlier save.
	After the steps have set their facts: in `before_validate` of a delivery, in `validate` of an order.
	"""
	workflow = process_workflow(doc.doctype)
	before = doc.get_doc_before_save()
	if not workflow or not before:
		return
	field = workflow.workflow_state_field
	old_state, new_state = before.get(field), doc.get(field)
	if old_state == new_state:
		return
	actions = {
		row.action for row in workflow.transitions if row.state == old_state and row.next_state == new_state
	}
	branches = [row for row in transitions_from(workflow, old_state, doc) if row.action in actions]
	if branches and new_state not in {row.next_state for row in branches}:
		doc.set(field, branches[0].next_state)


def check_delete(doc: Document, method: str | None = None) -> None:
	"""Let only a draft go that stands before its first gate, by whose turn it is. In `on_trash`.

	What was asked for, packed or cancelled stays, with its records. Raises PassageRefused.
	"""
	if not doc.get("follows_process"):
		return
	workflow = process_workflow(doc.doctype)
	if not workflow:
		without_workflow.check_delete(doc)
		return
	state = doc.get(workflow.workflow_state_field) or workflow.states[0].state
	if cint(doc.docstatus) == 0 and not gate_of_state(workflow, state):
		editors = {row.allow_edit for row in state_rows(workflow, state)}
		if editors & set(frappe.get_roles()):
			return
	frappe.throw(
		_("{0} {1} is in state {2} and stays on record. A draft is deleted after it was sent back.").format(
			_(doc.doctype), doc.name, frappe.bold(_(state))
		),
		PassageRefused,
		title=_("Kept on Record"),
	)


def refuse_rename(doc: Document, method: str, old: str, new: str, merge: bool = False) -> None:
	"""Refuse to rename a document of the process, or to merge it or another into it. In `before_rename`.

	What was mailed, printed and released names it. Raises PassageRefused.
	"""
	if doc.meta.has_field("follows_process"):
		into = merge and frappe.db.get_value(doc.doctype, new, "follows_process")
		if not doc.follows_process and not into:
			return  # from before the app was installed
	frappe.throw(
		_("{0} {1} keeps its name: what was mailed, printed and released names it.").format(
			_(doc.doctype), old
		),
		PassageRefused,
		title=_("Not Renamed"),
	)


def find_transition(doc: Document, workflow: Document, old_state: str, new_state: str) -> Document:
	"""The transition that this user takes from `old_state`. Raises PassageRefused when there is none."""
	if doc.is_new():
		frappe.throw(
			_("A new {0} starts in state {1}. Save it first, then take it through its workflow.").format(
				_(doc.doctype), frappe.bold(_(workflow.states[0].state))
			),
			PassageRefused,
			title=_("Not a Step of the Workflow"),
		)
	roles = set(frappe.get_roles())
	for transition in transitions_from(workflow, old_state, doc, roles):
		if new_state != old_state and transition.next_state != new_state:
			continue
		if cint(state_rows(workflow, transition.next_state)[0].doc_status) == cint(doc.docstatus):
			return transition
	actions = sorted({_(row.action) for row in transitions_from(workflow, old_state, doc, roles)})
	message = _(
		"{0} {1} is in state {2}, and your roles do not let you move it from there like this."
	).format(_(doc.doctype), doc.name, frappe.bold(_(old_state)))
	if actions:
		message += " " + _("What you can do: {0}.").format(comma_or(actions))
	frappe.throw(message, PassageRefused, title=_("Not a Step of the Workflow"))


def check_gate(doc: Document, gate: str, together: list[str]) -> list[Requirement]:
	"""The requirements of `gate`, each met or waived, when the move passes the gates `together`.

	Raises GateNotMet with those that are neither.
	"""
	requirements = separation.requirements(gate, doc, together) + registry.requirements_of(gate, doc)
	missing = unmet(requirements)
	if missing:
		waived = record.waived_codes(doc, gate)
		missing = [requirement for requirement in missing if requirement.code not in waived]
	if missing:
		frappe.throw(refusal(missing, doc), GateNotMet, title=_("Still Missing"))
	return requirements


def check_editor(doc: Document, before: Document, workflow: Document) -> None:
	"""Refuse a change of the document by a role whose turn it is not (step by step, "Only Allow
	Edit For" of the state, which Frappe itself leaves to the form). Moving the state is no edit."""
	old_state = before.get(workflow.workflow_state_field) or workflow.states[0].state
	editors = {row.allow_edit for row in state_rows(workflow, old_state)}
	if not editors or editors & set(frappe.get_roles()):
		return
	changed = edited_fields(doc, before, workflow)
	if changed:
		frappe.throw(
			_("{0} {1} is in state {2}: only {3} may change it. You changed: {4}.").format(
				_(doc.doctype),
				doc.name,
				frappe.bold(_(old_state)),
				comma_or([_(role) for role in sorted(editors)]),
				", ".join(_(doc.meta.get_label(name)) for name in changed),
			),
			PassageRefused,
			title=_("Not Your Turn"),
		)


# What ERPNext's own documents write into others, by whoever is at them: a Delivery Trip says who drives, and
# in 16 which one it is
CARRIAGE = {"Delivery Note": {"driver", "driver_name", "vehicle_no", "lr_no", "lr_date", "delivery_trip"}}


def edited_fields(doc: Document, before: Document, workflow: Document) -> list[str]:
	"""Names of the fields and tables that differ from what is stored, but for what follows from a move."""
	follows = {workflow.workflow_state_field} | {row.update_field for row in workflow.states}
	follows |= CARRIAGE.get(doc.doctype, set())
	return [
		df.fieldname
		for df in doc.meta.fields
		if df.fieldname not in follows
		and df.fieldname not in FIELDS.get(doc.doctype, ())
		and _values(doc, df) != _values(before, df)
	]


def _values(doc: Document, df):
	"""What a field or table of `doc` holds, in a form that is alike for a form's JSON and the database."""
	if df.fieldtype in frappe.model.table_fields:
		return [
			[_values(row, column) for column in row.meta.fields if not column.read_only]
			for row in doc.get(df.fieldname)
		]
	if df.fieldtype in frappe.model.no_value_fields or df.get("is_virtual"):
		return None
	return frappe.utils.cast(df.fieldtype, doc.get(df.fieldname)) or None


def restore_server_fields(doc: Document, before: Document | None) -> None:
	"""Put back the fields that the server alone writes, of the lines too: what a client sends for them is not
	heard."""
	restore(doc, before)
	for table in doc.meta.get_table_fields():
		if table.options not in FIELDS:
			continue
		stored = {row.name: row for row in before.get(table.fieldname)} if before else {}
		for row in doc.get(table.fieldname):
			restore(row, stored.get(row.name))


def restore(row: Document, stored: Document | None) -> None:
	"""Put back the server's fields of one document or row, from what is `stored` of it."""
	for name in FIELDS.get(row.doctype, ()):
		if df := row.meta.get_field(name):
			nothing = 0 if df.fieldtype in frappe.model.numeric_fieldtypes else None
			row.set(name, stored.get(name) if stored else nothing)


def void_if_changed(doc: Document) -> None:
	"""Take a document back when what an earlier gate vouched for was changed by this edit.

	A draft goes back to where that gate was passed from; a submitted one goes to its review state.
	"""
	workflow = process_workflow(doc.doctype)
	if not workflow or cint(doc.docstatus) == 2:
		return
	field = workflow.workflow_state_field
	state = doc.get(field)
	state_gate = gate_of_state(workflow, state)
	for gate in frappe.get_hooks("metalcraft_fingerprints", {}):
		# What was submitted stands by its release, not by what was asked for before
		if cint(doc.docstatus) and not (gate == RELEASED_AT.get(doc.doctype) and can_be_reviewed(gate)):
			continue
		passage = record.last_passage(doc, gate) if has_passed(state_gate, gate) else None
		if not passage or not passage.fingerprint or registry.holds(passage, doc):
			continue
		back_to = (
			state_with_gate(doc.doctype, "change_review")
			if cint(doc.docstatus)
			else state_before(workflow, gate, passage.from_state)
		)
		if back_to == state:
			continue
		doc.db_set(field, back_to)
		record.write(
			doc,
			"Void",
			gate=gate,
			from_state=state,
			to_state=back_to,
			reason=_("Changed after it was released."),
		)
		registry.run_effects(f"void_{gate}", doc)
		notifications.notify(doc, back_to)
		frappe.msgprint(
			_("You changed what had been released, so this {0} went back to {1}.").format(
				_(doc.doctype), frappe.bold(_(back_to))
			),
			indicator="orange",
			alert=True,
		)
		return
