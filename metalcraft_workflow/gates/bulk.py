"""One action on many documents of a list: what would stop each of them, and the action, a document at a time.

A list asks for each document by itself, so that each has a transaction of its own: what does not go through
takes nothing along, and whoever has begun sees what is done and may stop.
"""

import frappe
from frappe import _
from frappe.model.document import Document
from frappe.model.workflow import apply_workflow

from metalcraft_workflow.gates.checklist import next_gates
from metalcraft_workflow.gates.once import reading
from metalcraft_workflow.gates.workflow import active_workflow, state_of, transitions_from

# What one question looks at; a list asks for more in several
MOST = 100


@frappe.whitelist()
@frappe.read_only()
def foresee(doctype: str, names: str | list, action: str) -> dict:
	"""What would stop `action` on each of the documents `names`, as far as it can be told before.

	Gives `{reason_required, documents: [{name, title, missing}]}`; `missing` are sentences, none where nothing is
	missing. Documents that the user may not read, or that are gone, are left out.
	"""
	names = frappe.parse_json(names)[:MOST]
	readable = set(frappe.get_list(doctype, {"name": ["in", names]}, pluck="name", limit=0))
	documents = [frappe.get_doc(doctype, name) for name in names if name in readable]
	workflow = active_workflow(doctype)
	return {
		"reason_required": bool(
			workflow and not _function(doctype, action) and _wants_reason(workflow, action)
		),
		"documents": [
			{"name": doc.name, "title": doc.get_title(), "missing": _missing(doc, action)}
			for doc in documents
		],
	}


@frappe.whitelist(methods=["POST"])
def take(doctype: str, name: str, action: str, reason: str | None = None) -> dict:
	"""Take `action` on one document, as the button of its form does; gives `{name, done, state, message}`.

	Never raises for what the document or the user lack: `done` is false then, nothing is changed, and `message`
	says why, as the form would. Actions are those of the workflow, and of the hook `metalcraft_list_actions`.
	"""
	frappe.clear_messages()
	try:
		if function := _function(doctype, action):
			function(name)
		else:
			values = {"doctype": doctype, "name": name, "transition_reason": reason}
			apply_workflow(frappe.as_json(values), action)
		done, error = True, None
	except Exception as raised:
		frappe.db.rollback()
		done, error = False, raised
	message = _said(error)
	if error and not isinstance(error, frappe.ValidationError | frappe.PermissionError):
		frappe.log_error(title=f"{action} failed", reference_doctype=doctype, reference_name=name)
		message = _("Something went wrong. An administrator finds it in the Error Log.")
	return {"name": name, "done": done, "state": _state(doctype, name) if done else "", "message": message}


def _function(doctype: str, action: str):
	"""The function of the hook for `action`, or None: then it is one of the workflow."""
	hooked = frappe.get_hooks("metalcraft_list_actions", {}).get(doctype, {}).get(action)
	return frappe.get_attr(hooked[-1] if isinstance(hooked, list) else hooked) if hooked else None


def _wants_reason(workflow: Document, action: str) -> bool:
	return any(row.action == action and row.get("reason_required") for row in workflow.transitions)


def _missing(doc: Document, action: str) -> list[str]:
	"""Sentences: what the checklist of the form says of `action`."""
	workflow = active_workflow(doc.doctype)
	if _function(doc.doctype, action) or not workflow:
		return []
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
	said = [message for message in messages if message]
	return " ".join(said) or (frappe.utils.escape_html(str(error)) if error else "")


def _state(doctype: str, name: str) -> str:
	workflow = active_workflow(doctype)
	field = workflow.workflow_state_field if workflow else "status"
	state = frappe.db.get_value(doctype, name, field)
	return _(state) if state else ""
