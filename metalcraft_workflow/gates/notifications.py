"""Telling people that it is their turn, at every passage: each in their language, and nobody of what they
may not read."""

from collections.abc import Iterable

import frappe
from frappe.model.document import Document

from metalcraft_workflow.gates.background import later
from metalcraft_workflow.gates.language import in_language, language_of
from metalcraft_workflow.gates.message import said
from metalcraft_workflow.gates.registry import settings
from metalcraft_workflow.gates.workflow import active_workflow, state_rows
from metalcraft_workflow.rules.requirement import Phrase, _lt


def notify(doc: Document, state: str) -> None:
	"""Tell everybody who may edit `doc` in `state` that it has come to them.

	A desk notification for each, and a mail where the settings say so, after the commit. What was said of it
	before is over: whoever has not read that need not any more.
	"""
	roles = {row.allow_edit for row in state_rows(active_workflow(doc.doctype), state)} - {"All"}
	if roles:
		turn = _turn(doc.doctype, doc.name, doc.get_title(), state)
		notify_roles(roles, doc, turn, goes_on=True)
	else:
		mark_read(doc.doctype, doc.name)


def _turn(doctype: str, name: str, title: str, state: str) -> Phrase:
	return Phrase(
		_lt("{document} {name} ({title}) is now in {state}: your turn"),
		{"document": Phrase(doctype), "name": name, "title": title, "state": Phrase(state)},
	)


def notify_roles(roles: set[str], doc: Document, subject: Phrase, goes_on: bool = False) -> None:
	"""Tell everybody with one of `roles`, less the one who acts and those who may not read `doc`, something
	about it in a sentence, after the commit. When it `goes_on` with that, what was said before is over."""
	if roles:
		later(
			"gates.notifications.tell",
			roles=sorted(roles),
			doctype=doc.doctype,
			name=doc.name,
			subject=subject,
			from_user=frappe.session.user,
			goes_on=goes_on,
		)


def tell(
	roles: list[str], doctype: str, name: str, subject: Phrase, from_user: str, goes_on: bool = False
) -> None:
	"""Tell everybody with one of `roles` whom it concerns. A background job; harmless when it runs twice."""
	if goes_on:
		mark_as_read(doctype, name, [])
	others = [user for user in users_with_roles(set(roles)) if user != from_user]
	tell_users(others, doctype, name, subject, from_user)


def tell_users(users: list[str], doctype: str, name: str, subject: Phrase, from_user: str) -> None:
	"""Tell those of `users` who may read the document, each in their language."""
	if not frappe.db.exists(doctype, name):
		return
	for user in readers_of(frappe.get_doc(doctype, name), users):
		with in_language(language_of(user)):
			text = said(subject.message, subject.params)
		write_subject([user], doctype, name, text, from_user)


def mark_read(doctype: str, name: str, roles: Iterable[str] = ()) -> None:
	"""Mark what was said about a document as read, after the commit: to everybody, or to those with one of
	`roles`. A colleague has seen to it."""
	later("gates.notifications.mark_as_read", doctype=doctype, name=name, roles=sorted(roles))


def mark_as_read(doctype: str, name: str, roles: list[str]) -> None:
	"""Mark the notifications about a document as read, but for those of Frappe's own assignments. A background
	job; harmless when it runs twice."""
	log, task = frappe.qb.DocType("Notification Log"), frappe.qb.DocType("ToDo")
	assigned = (
		frappe.qb.from_(task)
		.where((task.reference_type == doctype) & (task.reference_name == name) & (task.status == "Open"))
		.select(task.allocated_to)
		.run(pluck=True)
	)
	query = (
		frappe.qb.update(log)
		.set(log.read, 1)
		.where((log.document_type == doctype) & (log.document_name == name) & (log.read == 0))
		.where((log.type == "Alert") | ((log.type == "Assignment") & log.for_user.notin(assigned or [""])))
	)
	if roles:
		query = query.where(log.for_user.isin(users_with_roles(set(roles)) or [""]))
	query.run()


def write_notifications(
	users: list[str], doctype: str, name: str, title: str, state: str, from_user: str
) -> None:
	"""Tell `users` that it is their turn: a job that an earlier version may have left in the queue."""
	tell_users(users, doctype, name, _turn(doctype, name, title, state), from_user)


def readers_of(doc: Document, users: Iterable[str]) -> list[str]:
	"""Those of `users` who may read `doc`: by their roles, user permissions and shares."""
	return [user for user in users if frappe.has_permission(doc.doctype, "read", doc=doc, user=user)]


def write_subject(users: list[str], doctype: str, name: str, subject: str, from_user: str) -> None:
	"""Write one Notification Log a user, unless the same is unread."""
	for user in users:
		about = {"for_user": user, "document_type": doctype, "document_name": name, "subject": subject}
		if frappe.db.exists("Notification Log", {**about, "read": 0}):
			continue
		frappe.get_doc(
			{
				"doctype": "Notification Log",
				"from_user": from_user,
				# An Alert is shown in the desk and never mailed by Frappe; an Assignment is mailed to
				# those who want such mails.
				"type": "Assignment" if settings().mail_turn else "Alert",
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


def say(doc: Document, text: str) -> None:
	"""Say something about `doc` to whoever has set this off: at once, or by a notification when they are not
	waiting for it any more."""
	if getattr(frappe.local, "job", None):
		user = frappe.session.user
		write_subject([user], doc.doctype, doc.name, frappe.utils.strip_html(text), user)
	else:
		frappe.msgprint(text, indicator="orange", alert=True)
