"""Mails that nobody has to wait for: rendered in the background, after the commit.

What a step tells others (a department of its work, the customer of a shipment) is no part of it: whoever
approves twenty orders waits for twenty approvals, not for forty mails, and who pays fifty invoices not for the
thanks. A rollback takes the mail away with the step. An invoice is mailed within its submit, which is what it is
submitted for.
"""

import frappe
from frappe.model.document import Document

from metalcraft_workflow.gates.notifications import write_subject


def later(method: str, **values) -> None:
	"""Have the job `method` of the app done after the commit; at once in tests, and where a command has set
	`frappe.flags.mails_at_once`."""
	frappe.enqueue(
		f"metalcraft_workflow.{method}",
		enqueue_after_commit=True,
		now=bool(frappe.flags.in_test or frappe.flags.mails_at_once),
		**values,
	)


def say(doc: Document, text: str) -> None:
	"""Say something about `doc` to whoever has set this off: at once, or by a notification when they are not
	waiting for it any more."""
	if getattr(frappe.local, "job", None):
		user = frappe.session.user
		write_subject([user], doc.doctype, doc.name, frappe.utils.strip_html(text), user)
	else:
		frappe.msgprint(text, indicator="orange", alert=True)
