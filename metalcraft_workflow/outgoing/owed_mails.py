"""Mails that a step owes the customer: the outbox of what is told after the commit.

What is owed is written in the transaction of the step, so a rollback takes it away. After the commit a job makes
the mail; the row goes in the transaction that puts the mail into the Email Queue, so there is never a time at
which neither of the two is there. The scheduler makes those that no job has made. Whoever comes second finds the
row locked or gone, and behind that the stamp of the mail keeps a second one out (`outgoing.customer_mail`).
"""

from datetime import timedelta

import frappe
from frappe.model.document import Document
from frappe.utils import cint, now_datetime

from metalcraft_workflow.gates.background import is_at_once, later
from metalcraft_workflow.outgoing.customer_mail import KINDS
from metalcraft_workflow.outgoing.sent_mails import complain
from metalcraft_workflow.rules.customer_mail import stamp
from metalcraft_workflow.rules.requirement import Phrase, _lt

# Kind -> what makes the mail, and as what it is given the name of the document
MAKERS = {
	"acknowledgement": ("steps.approval.mail_acknowledgement", "order"),
	"shipped": ("steps.shipping.mail_notice", "delivery"),
	"closed": ("steps.closing.mail_thanks", "order"),
}

# One that could not be made is tried again after an hour, and not for ever
PAUSE = timedelta(hours=1)
MAX_ATTEMPTS = 24
MAX_A_RUN = 200


def owe(kind: str, doc: Document) -> None:
	"""Have the mail of `kind` about `doc` made after the commit, whatever happens to this process."""
	if is_at_once():
		maker, argument = MAKERS[kind]
		return later(maker, **{argument: doc.name})
	row = frappe.new_doc("Owed Mail", kind=kind, reference_doctype=doc.doctype, reference_name=doc.name)
	row.db_insert()  # nothing listens to it, and it costs whoever takes the step one query
	later("outgoing.owed_mails.make", name=row.name)


def make_owed() -> None:
	"""Make the mails that are still owed; every few minutes, from the scheduler."""
	for name in due():
		make(name)


def due() -> list[str]:
	"""Mails that are owed, as many as one run makes, those that waited longest first."""
	row = frappe.qb.DocType("Owed Mail")
	return (
		frappe.qb.from_(row)
		.where(row.attempts < MAX_ATTEMPTS)
		.where(row.tried_on.isnull() | (row.tried_on < now_datetime() - PAUSE))
		.orderby(row.creation)
		.orderby(row.name)
		.limit(MAX_A_RUN)
		.select(row.name)
		.run(pluck=True)
	)


def make(name: str) -> None:
	"""Make one mail that is owed, as the person who took the step. A background job; harmless when it runs
	twice, side by side too."""
	user = frappe.session.user
	try:
		if owed := _lock(name):
			frappe.set_user(owed.owner)
			if frappe.db.exists(owed.reference_doctype, owed.reference_name):
				maker, argument = MAKERS[owed.kind]
				frappe.call(f"metalcraft_workflow.{maker}", **{argument: owed.reference_name})
			frappe.db.delete("Owed Mail", {"name": name})
		# Each mail stands by itself in this background job
		frappe.db.commit()  # nosemgrep: frappe-manual-commit
	except (frappe.QueryDeadlockError, frappe.QueryTimeoutError):
		frappe.db.rollback()  # somebody else was at it: the scheduler comes by again in minutes
	except Exception as error:
		frappe.db.rollback()
		_put_off(name, error)
	finally:
		frappe.set_user(user)


def _lock(name: str) -> frappe._dict | None:
	"""The row, kept to this transaction; None when it is gone or another one has it."""
	# Asked for first without a lock: a lock on what is not there would keep others from writing theirs
	if not frappe.db.exists("Owed Mail", name):
		return None
	fields = ["kind", "reference_doctype", "reference_name", "owner"]
	return frappe.db.get_value("Owed Mail", name, fields, as_dict=True, for_update=True, skip_locked=True)


def _put_off(name: str, error: Exception) -> None:
	"""Note on the row why its mail could not be made, and let it rest."""
	attempts = cint(frappe.db.get_value("Owed Mail", name, "attempts")) + 1
	values = {"attempts": attempts, "tried_on": now_datetime(), "error": str(error) or type(error).__name__}
	frappe.db.set_value("Owed Mail", name, values)
	frappe.log_error(
		title="Mail to a customer could not be made", reference_doctype="Owed Mail", reference_name=name
	)
	if attempts >= MAX_ATTEMPTS:
		_give_up(name)
	# Keeps the note and the log
	frappe.db.commit()  # nosemgrep: frappe-manual-commit


def _give_up(name: str) -> None:
	"""Say on the document, and to Customer Support, that its mail is not tried any longer."""
	owed = frappe.get_doc("Owed Mail", name)
	if frappe.db.exists(owed.reference_doctype, owed.reference_name):
		text = _lt("The {kind} could not be made: {error}. Send it by hand once that is mended.")
		phrase = Phrase(text, {"kind": Phrase(KINDS[owed.kind]), "error": owed.error})
		complain(
			frappe.get_doc(owed.reference_doctype, owed.reference_name), phrase, stamp("never-made", name)
		)
