"""Frappe's own ways to take a step of a workflow beside the form: from the links of the mail that a workflow
sends, and for many documents at once. What is refused there is said in a page or in a line; it is no error.

A mail's link may be used by whoever has the mail, as the user it was sent to: so Frappe has it, and so it stays.
"""

import hmac

import frappe
from frappe import _
from frappe.model import workflow as frappe_workflow
from frappe.model.document import Document
from frappe.sessions import get_csrf_token
from frappe.utils import cint, get_link_to_form, get_url_to_form
from frappe.utils.verified_command import get_signed_params, verify_request
from frappe.workflow.doctype.workflow_action import workflow_action

from metalcraft_workflow.gates.input import KnownDocType, LongText, checked
from metalcraft_workflow.gates.message import as_thrown
from metalcraft_workflow.gates.refusals import REFUSALS, ReasonRequired
from metalcraft_workflow.gates.workflow import active_workflow, state_of
from metalcraft_workflow.outgoing.attempt import attempt

DOCTYPES = ("Sales Order", "Delivery Note")

# What the page of a step posts, signed: nothing of it can be changed on the way
SIGNED = ("doctype", "docname", "action", "current_state", "user")

# As Frappe has it
MOST_AT_ONCE, MOST_IN_BACKGROUND = 20, 500


# From a mail


# As in Frappe: the signature of the link stands for the user
@frappe.whitelist(allow_guest=True)  # nosemgrep: guest-whitelisted-method
@checked
def apply_action(
	action: str,
	doctype: KnownDocType,
	docname: str,
	current_state: str,
	user: str | None = None,
	last_modified: str | None = None,
) -> None:
	"""Answer a link of a workflow's mail with the page that asks for its confirmation, and for the reason where
	the action needs one."""
	if doctype not in DOCTYPES:
		workflow_action.apply_action(action, doctype, docname, current_state, user, last_modified)
	elif verify_request():
		doc = frappe.get_doc(doctype, docname)
		if state_of(doc) == current_state:
			ask(doc, action, user)
		else:
			workflow_action.return_link_expired_page(doc, state_of(doc))


# As in Frappe: the signature of the link, or of the page, stands for the user
@frappe.whitelist(allow_guest=True)  # nosemgrep: guest-whitelisted-method
@checked
def confirm_action(
	doctype: KnownDocType,
	docname: str,
	action: str,
	user: str | None = None,
	current_state: str = "",
	signature: str = "",
	reason: LongText = "",
) -> None:
	"""Take the step that a page of `ask` has posted; a link of a page that Frappe itself has shown is answered
	with that page first."""
	if doctype not in DOCTYPES:
		workflow_action.confirm_action(doctype, docname, user, action)
	elif frappe.request.method == "POST":
		take_step(
			dict(zip(SIGNED, (doctype, docname, action, current_state, user or ""), strict=True)),
			signature,
			reason,
		)
	elif verify_request():
		ask(frappe.get_doc(doctype, docname), action, user)


def take_step(signed: dict[str, str], signature: str, reason: str) -> None:
	"""Take a step, when the page that asks for it is ours, and answer with a page of what came of it."""
	doctype, docname, action, current_state, user = signed.values()
	gone = user and not frappe.db.get_value("User", user, "enabled")
	if gone or not hmac.compare_digest(signature.encode(), signature_of(signed).encode()):
		frappe.respond_as_web_page(
			_("Invalid Link"),
			_("Open the link of the mail again, or the document itself."),
			http_status_code=403,
		)
		return
	as_guest = frappe.session.user == "Guest" and user
	if as_guest:
		frappe.set_user(user)
	doc = frappe.get_doc(doctype, docname)
	if state_of(doc) != current_state:
		workflow_action.return_link_expired_page(doc, state_of(doc))
	else:
		doc.transition_reason = reason
		with attempt("step_of_mail", catch=REFUSALS) as tried:
			doc = frappe_workflow.apply_workflow(doc, action)
		if tried.error:
			ask(frappe.get_doc(doctype, docname), action, user, tried.error, reason)
		else:
			workflow_action.return_success_page(doc)
	if as_guest:
		frappe.set_user("Guest")


def ask(
	doc: Document, action: str, user: str | None, refused: Exception | None = None, reason: str = ""
) -> None:
	"""The page that asks whether to take a step, and says why it was refused."""
	signed = dict(zip(SIGNED, (doc.doctype, doc.name, action, state_of(doc), user or ""), strict=True))
	frappe.respond_as_web_page(
		f"{_(doc.doctype)} {doc.name}",
		None,
		indicator_color="orange" if refused else "blue",
		template="workflow-step",
		context={
			"step": signed,
			"signature": signature_of(signed),
			"csrf_token": get_csrf_token() if frappe.session.user != "Guest" else "",
			"state": state_of(doc),
			"needs_reason": isinstance(refused, ReasonRequired) or asks_reason(doc, action),
			"reason": reason,
			"refused": message_of(refused) if refused else "",
			"link": get_url_to_form(doc.doctype, doc.name),
		},
	)


def message_of(refused: Exception) -> str:
	"""What a refusal says, in HTML as it was thrown."""
	return as_thrown(str(refused)) or _("You may not do this.")


def asks_reason(doc: Document, action: str) -> bool:
	"""Whether `action` needs a reason from where `doc` stands."""
	return any(
		row.action == action and row.state == state_of(doc) and cint(row.get("reason_required"))
		for row in active_workflow(doc.doctype).transitions
	)


def signature_of(signed: dict[str, str]) -> str:
	"""The signature of what a page posts."""
	return get_signed_params({"take_step": 1, **signed}).rpartition("&_signature=")[2]


# Of many documents


@frappe.whitelist()
@checked
def bulk_workflow_approval(docnames: list, doctype: KnownDocType, action: str) -> None:
	"""Take a step for each of `docnames` in one call; what is refused is said of each.

	Frappe does the same and writes an Error Log for each refusal. The lists of the app's documents ask
	`gates.bulk` instead, which says before what is missing and takes a reason and a signature; this is for
	whoever calls Frappe's own method.
	"""
	if doctype not in DOCTYPES or len(docnames) > MOST_IN_BACKGROUND:
		frappe_workflow.bulk_workflow_approval(frappe.as_json(docnames), doctype, action)
	elif len(docnames) < MOST_AT_ONCE:
		take_steps(docnames, doctype, action)
	else:
		frappe.msgprint(_("Bulk {0} is enqueued in background.").format(action), alert=True)
		frappe.enqueue(
			take_steps,
			names=docnames,
			doctype=doctype,
			action=action,
			in_background=True,
			queue="short",
			timeout=1000,
		)


def take_steps(names: list[str], doctype: str, action: str, in_background: bool = False) -> None:
	"""Take a step for each of `names`, and say what came of it."""
	refused: dict[str, str] = {}
	taken: list[str] = []
	for number, name in enumerate(names, 1):
		frappe_workflow.show_progress(names, _("Applying: {0}").format(action), number, name)
		with attempt("step_of_many") as tried:
			frappe_workflow.apply_workflow(frappe.get_doc(doctype, name), action)
		if tried.error:
			refused[name] = message_of(tried.error)
			if not isinstance(tried.error, REFUSALS):
				frappe.log_error(
					title=f"{action} of {doctype} {name}",
					message=tried.traceback,
					reference_doctype=doctype,
					reference_name=name,
				)
		else:
			taken.append(name)
		# Each is a step of its own: what befalls the next one does not undo it
		frappe.db.commit()  # nosemgrep: frappe-manual-commit
	if refused:
		rows = [f"{get_link_to_form(doctype, name)}: {message}" for name, message in refused.items()]
		frappe.msgprint(
			rows, _("Refused"), as_list=True, indicator="orange", wide=True, realtime=in_background
		)
	if taken:
		rows = [get_link_to_form(doctype, name) for name in taken]
		frappe.msgprint(rows, _(action), as_list=True, indicator="green", realtime=in_background)
