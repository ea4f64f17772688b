"""Telling people that it is their turn, at every passage."""

import frappe
from frappe import _
from frappe.model.document import Document

from metalcraft_workflow.gates.registry import settings
from metalcraft_workflow.gates.workflow import active_workflow, state_rows


def notify(doc: Document, state: str) -> None:
	"""Tell everybody who may edit `doc` in `state` that it has come to them.

	A desk notification for each, and a mail where the settings say so, after the commit.
	"""
	roles = {row.allow_edit for row in state_rows(active_workflow(doc.doctype), state)} - {"All"}
	_tell_later("tell_turn", roles, doc, title=doc.get_title(), state=state)


def notify_roles(roles: set[str], doc: Document, subject: str) -> None:
	"""Tell everybody with one of `roles`, less the one who acts, something about `doc` in a sentence, after
	the commit."""
	_tell_later("tell_subject", roles, doc, subject=subject)


def _tell_later(job: str, roles: set[str], doc: Document, **said) -> None:
	if roles:
		frappe.enqueue(
			f"metalcraft_workflow.gates.notifications.{job}",
			roles=sorted(roles),
			doctype=doc.doctype,
			name=doc.name,
			from_user=frappe.session.user,
			enqueue_after_commit=True,
			now=frappe.flags.in_test,
			**said,
		)


def tell_turn(roles: list[str], doctype: str, name: str, title: str, state: str, from_user: str) -> None:
	"""Write one Notification Log for everybody with one of `roles`. A background job; harmless when it runs
	twice."""
	write_notifications(others_with_roles(roles, from_user), doctype, name, title, state, from_user)


def tell_subject(roles: list[str], doctype: str, name: str, subject: str, from_user: str) -> None:
	"""As `tell_turn`, with a sentence of its own."""
	write_subject(others_with_roles(roles, from_user), doctype, name, subject, from_user)


def others_with_roles(roles: list[str], user: str) -> list[str]:
	"""Those of `users_with_roles` who are not `user`."""
	return [other for other in users_with_roles(set(roles)) if other != user]


def write_notifications(
	users: list[str], doctype: str, name: str, title: str, state: str, from_user: str
) -> None:
	"""Tell `users` that `name` is in `state` and waits for them."""
	subject = _("{0} {1} ({2}) is now in {3}: your turn").format(_(doctype), name, title, _(state))
	write_subject(users, doctype, name, subject, from_user)


def write_subject(users: list[str], doctype: str, name: str, subject: str, from_user: str) -> None:
	"""Write one Notification Log a user, unless the same is unread."""
	for user in users:
		if frappe.db.exists(
			"Notification Log",
			{
				"for_user": user,
				"document_type": doctype,
				"document_name": name,
				"subject": subject,
				"read": 0,
			},
		):
			continue
		log = frappe.get_doc(
			{
				"doctype": "Notification Log",
				"for_user": user,
				"from_user": from_user,
				# An Alert is shown in the desk and never mailed by Frappe; an Assignment is mailed to
				# those who want such mails.
				"type": "Assignment" if settings().mail_turn else "Alert",
				"document_type": doctype,
				"document_name": name,
				"subject": subject,
			}
		)
		log.insert(ignore_permissions=True)  # as Frappe does for every notification it writes


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
