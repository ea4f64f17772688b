"""One action on many documents of a list: what would stop each of them, and the action, a document at a time.

A list asks for each document by itself, so that each has a transaction of its own: what does not go through
takes nothing along, and whoever has begun sees what is done and may stop. The reason, and the signature where
a gate wants one, are entered once and come along with each. Frappe's own call for many documents has neither:
see `access.workflow_actions.bulk_workflow_approval`.
"""

from collections.abc import Callable
from typing import Annotated

import frappe
from frappe import _
from frappe.model.document import Document
from frappe.model.workflow import apply_workflow
from frappe.utils import escape_html

from metalcraft_workflow.gates import signature
from metalcraft_workflow.gates.checklist import next_gates
from metalcraft_workflow.gates.input import Each, KnownDocType, LongText, checked
from metalcraft_workflow.gates.message import as_thrown
from metalcraft_workflow.gates.once import reading
from metalcraft_workflow.gates.refusals import REFUSALS
from metalcraft_workflow.gates.workflow import active_workflow, state_of, transitions_from

# What one question looks at; a list asks for more in several
MOST = 100


@frappe.whitelist()
@frappe.read_only()
@checked
def foresee(doctype: KnownDocType, names: Annotated[list, Each(str, int)], action: str) -> dict:
	"""What would stop `action` on each of the documents `names`, as far as it can be told before.

	Gives `{reason_required, signature, documents: [{name, title, missing}]}`. `signature` is the attribute by
	which the user signs, or None where no gate on the way asks for it; `missing` are sentences, none where
	nothing is missing. Documents that the user may not read, or that are gone, are left out. Raises a
	ValidationError when documents of this type have no such actions.
	"""
	function, workflow = _what_does(doctype, action)
	names = names[:MOST]
	readable = set(frappe.get_list(doctype, {"name": ["in", names]}, pluck="name", limit=0))
	documents = [frappe.get_doc(doctype, name) for name in names if name in readable]
	found = [{"name": doc.name, "title": doc.get_title(), "missing": []} for doc in documents]
	if function:
		return {"reason_required": False, "signature": None, "documents": found}
	for row, doc in zip(found, documents, strict=True):
		row["missing"] = _missing(doc, workflow, action)
	return {
		"reason_required": any(
			row.action == action and row.get("reason_required") for row in workflow.transitions
		),
		"signature": signature.asked_for(workflow, action, {state_of(doc) for doc in documents}),
		"documents": found,
	}


@frappe.whitelist(methods=["POST"])
@checked
def take(doctype: KnownDocType, name: str, action: str, reason: LongText | None = None) -> dict:
	"""Take `action` on one document, as the button of its form does; gives `{name, done, unsigned, state,
	message}`.

	Never raises for what the document or the user lack: `done` is false then, nothing is changed, and `message`
	says why, as the form would, in HTML. `unsigned` says that it was for a signature that is missing or wrong,
	which would be wrong for the next document too. A signature comes as `gates.signature` takes it out of a
	request. Actions are those of the workflow, and of the hook `metalcraft_list_actions`.
	"""
	frappe.clear_messages()
	try:
		function, _workflow = _what_does(doctype, action)
		if function:
			function(name)
		else:
			values = {"doctype": doctype, "name": name, "transition_reason": reason}
			apply_workflow(frappe.as_json(values), action)
		error = None
	except Exception as raised:
		frappe.db.rollback()
		error = raised
	message = _said(error)
	if error and not isinstance(error, REFUSALS):
		frappe.log_error(title=f"{action} failed", reference_doctype=doctype, reference_name=name)
		message = _("Something went wrong. An administrator finds it in the Error Log.")
	return {
		"name": name,
		"done": not error,
		"unsigned": isinstance(error, signature.SignatureRequired),
		"state": "" if error else _state(doctype, name),
		"message": message,
	}


def _what_does(doctype: str, action: str) -> tuple[Callable[[str], object] | None, Document | None]:
	"""The function of the hook that does `action`; without one the workflow that does. Raises a ValidationError
	when there is neither."""
	hooked = frappe.get_hooks("metalcraft_list_actions", {}).get(doctype, {}).get(action)
	if hooked:
		return frappe.get_attr(hooked[-1] if isinstance(hooked, list) else hooked), None
	workflow = active_workflow(doctype)
	if not workflow:
		frappe.throw(_("There is no action {0} for {1}.").format(_(action), _(doctype)))
	return None, workflow


def _missing(doc: Document, workflow: Document, action: str) -> list[str]:
	"""Sentences: what the checklist of the form says of `action`."""
	roles = set(frappe.get_roles())
	state = state_of(doc)
	if not any(row.action == action for row in transitions_from(workflow, state, doc, roles)):
		return [_("It is in state {0}, and your roles do not let you do this there.").format(_(state))]
	with reading(doc):
		return [
			row["message"] or row["label"]
			for entry in next_gates(doc)
			if entry["action"] == action
			for row in entry["requirements"]
			if not row["met"] and not row["waived"]
		]


def _said(error: Exception | None) -> str:
	"""What was said to the user meanwhile, and is not to be said a second time: HTML, as a form shows it."""
	messages = [row.get("message") for row in frappe.get_message_log()]
	frappe.clear_messages()
	said = " ".join(message for message in messages if message)
	return as_thrown(said or (escape_html(str(error)) if error else ""))


def _state(doctype: str, name: str) -> str:
	workflow = active_workflow(doctype)
	field = workflow.workflow_state_field if workflow else "status"
	state = frappe.db.get_value(doctype, name, field)
	return _(state) if state else ""
