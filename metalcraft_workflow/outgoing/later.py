"""What nobody has to wait for: done in the background, after the commit.

What a step tells others (a department of its work, the customer of a shipment) is no part of it: whoever
approves twenty orders waits for twenty approvals, not for forty mails, and who pays fifty invoices not for the
thanks. A rollback takes the mail away with the step. An invoice is mailed within its submit, which is what it is
submitted for.

A job can get lost: the process that took the step dies before it is queued, Redis or a worker dies with it. So
what is to be done stands in the database as well, written with the step (Production Notice, Owed Mail), and the
scheduler does what no job has done.
"""

import frappe
from frappe.model.document import Document

from metalcraft_workflow.gates.background import after_commit
from metalcraft_workflow.gates.notifications import write_subject


def is_at_once() -> bool:
	"""Whether nothing is put off: in tests, and where a command has set `frappe.flags.mails_at_once`."""
	return bool(frappe.flags.in_test or frappe.flags.mails_at_once)


def later(method: str, **values) -> None:
	"""Have the job `method` of the app done after the commit; at once where nothing is put off.

	For what the scheduler follows for: a job may be lost.
	"""
	method = f"metalcraft_workflow.{method}"
	if is_at_once():
		frappe.enqueue(method, now=True, **values)
	else:
		after_commit(method, **values)


def say(doc: Document, text: str) -> None:
	"""Say something about `doc` to whoever has set this off: at once, or by a notification when they are not
	waiting for it any more."""
	if getattr(frappe.local, "job", None):
		user = frappe.session.user
		write_subject([user], doc.doctype, doc.name, frappe.utils.strip_html(text), user)
	else:
		frappe.msgprint(text, indicator="orange", alert=True)
