"""Telling people that it is their turn, at every passage: each in their language, and nobody of what they
may not read.

What is over when a colleague has seen to it says in `process_bell` of what kind it is and since when. So it is
known from what rings on, a question of a customer or a Notification of an administrator, and from what rings for
something later: jobs run in any order, and twice.
"""

from collections.abc import Iterable

import frappe
from frappe.model.document import Document
from frappe.utils import now

from metalcraft_workflow.gates.background import later
from metalcraft_workflow.gates.language import in_language, language_of
from metalcraft_workflow.gates.message import said
from metalcraft_workflow.gates.registry import settings
from metalcraft_workflow.gates.workflow import active_workflow, state_rows
from metalcraft_workflow.rules.requirement import Phrase, _lt

# What is over when somebody has seen to it: the turn at a state, goods that have come, a notice that was not sent
TURN, ARRIVAL, UNSENT = "turn", "arrival", "unsent"


def notify(doc: Document, state: str) -> None:
	"""Tell everybody who may edit `doc` in `state` that it has come to them.

	A desk notification for each, and a mail where the settings say so, after the commit. What was said of it
	before is over: whoever has not read that need not any more.
	"""
	roles = {row.allow_edit for row in state_rows(active_workflow(doc.doctype), state)} - {"All"}
	if roles:
		turn = _turn(doc.doctype, doc.name, doc.get_title(), state)
		notify_roles(roles, doc, turn, TURN, state)
	else:
		mark_read(doc.doctype, doc.name, TURN)


def _turn(doctype: str, name: str, title: str, state: str) -> Phrase:
	return Phrase(
		_lt("{document} {name} ({title}) is now in {state}: your turn"),
		{"document": Phrase(doctype), "name": name, "title": title, "state": Phrase(state)},
	)


def notify_roles(roles: set[str], doc: Document, subject: Phrase, kind: str = "", state: str = "") -> None:
	"""Tell everybody with one of `roles`, less the one who acts and those who may not read `doc`, something
	about it in a sentence, after the commit. Of a `kind`, when `mark_read` ends it; with a `state` only while `doc`
	stands in it, and what was said of that kind before is over."""
	if roles:
		later(
			"gates.notifications.tell",
			roles=sorted(roles),
			doctype=doc.doctype,
			name=doc.name,
			subject=subject,
			from_user=frappe.session.user,
			bell=bell_of(kind),
			state=state,
		)


def bell_of(kind: str) -> str:
	"""What a notification of `kind` keeps: the kind, and this moment. Of one kind, the later one is greater."""
	return f"{kind} {now()}" if kind else ""


def tell(
	roles: list[str],
	doctype: str,
	name: str,
	subject: Phrase,
	from_user: str,
	bell: str = "",
	state: str = "",
) -> None:
	"""Tell everybody with one of `roles` whom it concerns. A background job; harmless when it runs twice, or after
	that of a later passage."""
	if state:
		if not stands_in(doctype, name, state):
			return
		mark_as_read(doctype, name, bell)
	others = [user for user in users_with_roles(set(roles)) if user != from_user]
	tell_users(others, doctype, name, subject, from_user, bell)


def stands_in(doctype: str, name: str, state: str) -> bool:
	"""Whether a document is in `state`, and stays there until the end of this transaction."""
	workflow = active_workflow(doctype)
	if not workflow:
		return False
	return frappe.db.get_value(doctype, name, workflow.workflow_state_field, for_update=True) == state


def tell_users(
	users: list[str], doctype: str, name: str, subject: Phrase, from_user: str, bell: str = ""
) -> None:
	"""Tell those of `users` who may read the document, each in their language."""
	if not frappe.db.exists(doctype, name):
		return
	for user in readers_of(frappe.get_doc(doctype, name), users):
		with in_language(language_of(user)):
			text = said(subject.message, subject.params)
		write_subject([user], doctype, name, text, from_user, bell)


def mark_read(doctype: str, name: str, kind: str) -> None:
	"""Mark what was said of one kind about a document as read, after the commit: a colleague has seen to it."""
	later("gates.notifications.mark_as_read", doctype=doctype, name=name, bell=bell_of(kind))


def mark_as_read(doctype: str, name: str, bell: str) -> None:
	"""Mark the notifications about a document as read that are of the kind of `bell` and earlier. A background
	job; harmless when it runs twice, or late."""
	log = frappe.qb.DocType("Notification Log")
	(
		frappe.qb.update(log)
		.set(log.read, 1)
		.where((log.document_type == doctype) & (log.document_name == name) & (log.read == 0))
		.where((log.process_bell >= bell.split()[0]) & (log.process_bell < bell))
		.run()
	)


def write_notifications(
	users: list[str], doctype: str, name: str, title: str, state: str, from_user: str
) -> None:
	"""Tell `users` that it is their turn: a job that an earlier version may have left in the queue."""
	tell_users(users, doctype, name, _turn(doctype, name, title, state), from_user)


def readers_of(doc: Document, users: Iterable[str]) -> list[str]:
	"""Those of `users` who may read `doc`: by their roles, user permissions and shares."""
	return [user for user in users if frappe.has_permission(doc.doctype, "read", doc=doc, user=user)]


def write_subject(
	users: list[str], doctype: str, name: str, subject: str, from_user: str, bell: str = ""
) -> None:
	"""Write one Notification Log a user, unless the same is unread or was written by an earlier run."""
	earlier = {"read": 0, "process_bell": bell} if bell else {"read": 0}
	for user in users:
		about = {"for_user": user, "document_type": doctype, "document_name": name, "subject": subject}
		if frappe.get_all("Notification Log", about, or_filters=earlier, limit=1):
			continue
		frappe.get_doc(
			{
				"doctype": "Notification Log",
				"from_user": from_user,
				# An Alert is shown in the desk and never mailed by Frappe; an Assignment is mailed to
				# those who want such mails.
				"type": "Assignment" if settings().mail_turn else "Alert",
				"process_bell": bell,
				**about,
			}
		).insert(ignore_permissions=True)  # as Frappe does for every notification it writes


def users_with_roles(roles: set[str]) -> list[str]:
	"""Enabled users of the desk that have one of `roles`, without Administrator and Guest."""
	if not roles:
		return []
	has_role, user = frappe.qb.DocType("Has Role"), frappe.qb.DocType("User")
	return (
		frappe.qb.from_(has_role)
		.join(user)
		.on(has_role.parent == user.name)
		.where(has_role.parenttype == "User")
		.where(has_role.role.isin(list(roles)))
		.where(user.enabled == 1)
		.where(user.user_type == "System User")
		.where(user.name.notin(["Administrator", "Guest"]))
		.select(user.name)
		.distinct()
		.run(pluck=True)
	)


def say(doc: Document, text: str, kind: str = "") -> None:
	"""Say something about `doc` to whoever has set this off: at once, or by a notification, of a `kind` that
	`mark_read` ends, when they are not waiting for it any more."""
	if getattr(frappe.local, "job", None):
		user = frappe.session.user
		write_subject([user], doc.doctype, doc.name, frappe.utils.strip_html(text), user, bell_of(kind))
	else:
		frappe.msgprint(text, indicator="orange", alert=True)
