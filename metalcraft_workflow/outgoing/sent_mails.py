"""What became of the mails to customers: shown on the document, said when one could not be delivered, and
sent again by Customer Support."""

from datetime import timedelta

import frappe
from frappe import _
from frappe.model.document import Document
from frappe.utils import escape_html, now_datetime
from pypika.queries import QueryBuilder
from pypika.terms import Criterion

from metalcraft_workflow.gates.language import in_language
from metalcraft_workflow.gates.message import said
from metalcraft_workflow.gates.notifications import notify_roles
from metalcraft_workflow.outgoing.attempt import attempt
from metalcraft_workflow.outgoing.customer_mail import KINDS, Letter, send
from metalcraft_workflow.rules.customer_mail import digest, stamp, stamps_like
from metalcraft_workflow.rules.production_notices import is_print_failure, is_refused_for_good, mail_failure
from metalcraft_workflow.rules.requirement import Phrase, _lt

# Who sends a mail again, and is told of one that was not delivered
ROLE = "Customer Support"

# What a mail server, or an app that listens to it, says of a mail that did not arrive
BOUNCED = ("Bounced", "Soft-Bounced", "Rejected", "Marked As Spam", "Recipient Unsubscribed", "Expired")

# Frappe tries a mail four times in a quarter of an hour. After that it is started again once an hour, for so long
PAUSE, PERSISTENCE = timedelta(hours=1), timedelta(days=3)

# Frappe clears its queue after a month
LOOKED_AFTER = timedelta(days=30)
MAX_A_RUN = 100


def show(doc: Document, method: str | None = None) -> None:
	"""Tell the form of `doc` of the last mail of each kind to its customer (`onload`): its name, when and to
	whom it was sent, and what is wrong with it."""
	mails = {}
	for mail in _mails(doc):
		problem = problem_of(mail)
		mails[_kind(mail.name)] = {
			"name": mail.name,
			"sent_on": mail.sent_on,
			"recipients": mail.recipients,
			"problem": problem and said(problem.message, problem.params),
		}
	doc.set_onload("customer_mails", mails)


def send_by_hand(kind: str, event: tuple[str, ...], doc: Document, letter: Letter, known: str) -> str:
	"""Send a mail because somebody asks for it, again if need be; gives the addresses.

	`event` is what the stamp of the first one is made of, and `known` the stamp of the last one as far as
	the caller knows: who presses twice sends once. Raises PermissionError for who is not Customer Support
	or may not mail the document, ValidationError when there is nobody to send it to or it was sent
	meanwhile.
	"""
	doc.check_permission("email")
	if ROLE not in frappe.get_roles():
		frappe.throw(_("Only {0} mails this to a customer.").format(_(ROLE)), frappe.PermissionError)
	last = next((mail.name for mail in reversed(_mails(doc)) if _kind(mail.name) == kind), "")
	with attempt("mail_by_hand", catch=frappe.DuplicateEntryError):
		if known != last:
			raise frappe.DuplicateEntryError
		first = stamp(kind, *event)
		name = stamp(kind, *event, digest(last)) if frappe.db.exists("Communication", first) else first
		return send(kind, name, doc, letter)
	frappe.throw(
		_(
			"The {0} has just been sent. Load the document again to see when; you can send it again then."
		).format(_(KINDS[kind])),
		title=_("Sent Already"),
	)


def start_again() -> None:
	"""Let Frappe send mails anew that it gave up because the mail server was away or could not take them; every
	few minutes, from the scheduler."""
	rested = now_datetime() - PAUSE
	for mail in [mail for mail in to_start_again() if mail.tried_on < rested][:MAX_A_RUN]:
		frappe.db.set_value("Email Queue", mail.queue, {"status": "Not Sent", "retry": 0})


def to_start_again() -> list[frappe._dict]:
	"""Mails that Frappe gave up and that are sent anew, oldest first: not one that was refused for good, nor one
	that somebody has sent again by hand."""
	mail, queue = frappe.qb.DocType("Communication"), frappe.qb.DocType("Email Queue")
	rows = (
		_query()
		.where(queue.status == "Error")
		.where(mail.creation > now_datetime() - PERSISTENCE)
		.select(queue.name.as_("queue"), queue.modified.as_("tried_on"))
		.run(as_dict=True)
	)
	return [mail for mail in rows if is_tried_again(mail) and not _sent_later(mail)]


def is_tried_again(mail: frappe._dict) -> bool:
	"""Whether a mail that Frappe gave up is started again."""
	return mail.sent_on > now_datetime() - PERSISTENCE and not is_refused_for_good(mail.error or "")


def report_failures() -> None:
	"""Say on the documents, and to Customer Support, which mails could not be delivered; every few minutes,
	from the scheduler. Once a mail, and once more when it is tried no longer."""
	for mail in _failed():
		try:
			report_failure(mail)
		except Exception:
			frappe.db.rollback()
			frappe.log_error(
				title="A mail that failed could not be reported",
				reference_doctype=mail.reference_doctype,
				reference_name=mail.reference_name,
			)
		# Each mail stands by itself in this background job
		frappe.db.commit()  # nosemgrep: frappe-manual-commit


def report_failure(mail: frappe._dict) -> None:
	"""Say of one mail that it could not be delivered."""
	doc = frappe.get_doc(mail.reference_doctype, mail.reference_name)
	text = _lt("The {kind} to {recipients} was not delivered. {why}")
	if _is_over(mail):
		text = _lt("The {kind} to {recipients} could not be delivered for days and is tried no longer. {why}")
	params = {"kind": Phrase(KINDS[_kind(mail.name)]), "recipients": mail.recipients, "why": problem_of(mail)}
	complain(doc, Phrase(text, params), _comment_on(mail))


def complain(doc: Document, phrase: Phrase, name: str) -> None:
	"""Say on `doc`, in a comment of this name, and to Customer Support, that a mail to its customer went wrong. The
	name keeps a second comment out."""
	with in_language(None):
		words = said(phrase.message, phrase.params)
	frappe.get_doc(
		{
			"doctype": "Comment",
			"comment_type": "Comment",
			"comment_email": frappe.session.user,
			"reference_doctype": doc.doctype,
			"reference_name": doc.name,
			"content": escape_html(words),
		}
	).insert(ignore_permissions=True, set_name=name)  # nobody acts here
	notify_roles(
		{ROLE},
		doc,
		Phrase(_lt("{document}: a mail to the customer was not delivered"), {"document": doc.name}),
	)


def problem_of(mail: frappe._dict) -> Phrase | None:
	"""Why a mail has not arrived, in a sentence; None when nothing is wrong with it."""
	if mail.status in ("Error", "Not Sent", "Partially Sent") and mail.error:
		text, params = mail_failure(mail.error)
		if is_print_failure(mail.error):
			text = _lt("Its print could not be made: {detail}")
		if mail.status == "Error" and not is_tried_again(mail):
			return Phrase(text, params)
		return Phrase(_lt("{why} It is tried again."), {"why": Phrase(text, params)})
	if mail.delivery_status in BOUNCED:
		return Phrase(
			_lt("The mail server says: {status}. Check the address."),
			{"status": Phrase(mail.delivery_status)},
		)
	if mail.delivery_status == "Error":
		return Phrase(_lt("The mail could not be sent."))
	return None


def _query() -> QueryBuilder:
	"""The mails to customers, with how each stands in the queue."""
	mail, queue = frappe.qb.DocType("Communication"), frappe.qb.DocType("Email Queue")
	return (
		frappe.qb.from_(mail)
		.left_join(queue)
		.on(queue.communication == mail.name)
		.where(mail.communication_type == "Automated Message")
		.where(Criterion.any(mail.name.like(stamps_like(kind)) for kind in KINDS))
		.orderby(mail.creation)
		.select(
			mail.name,
			mail.recipients,
			mail.delivery_status,
			mail.creation.as_("sent_on"),
			mail.reference_doctype,
			mail.reference_name,
			queue.status,
			queue.error,
		)
	)


def _mails(doc: Document) -> list[frappe._dict]:
	"""The mails about `doc`, oldest first."""
	mail = frappe.qb.DocType("Communication")
	return (
		_query()
		.where((mail.reference_doctype == doc.doctype) & (mail.reference_name == doc.name))
		.run(as_dict=True)
	)


def _failed() -> list[frappe._dict]:
	"""Mails that were not delivered, of which nothing has been said yet."""
	mail, queue = frappe.qb.DocType("Communication"), frappe.qb.DocType("Email Queue")
	rows = (
		_query()
		.where(mail.creation > now_datetime() - LOOKED_AFTER)
		.where((queue.status == "Error") | mail.delivery_status.isin([*BOUNCED, "Error"]))
		.run(as_dict=True)
	)
	marks = {row.name: _comment_on(row) for row in rows}
	said_of = set(frappe.get_all("Comment", filters={"name": ["in", [*marks.values(), ""]]}, pluck="name"))
	return [
		row
		for row in rows
		if marks[row.name] not in said_of and frappe.db.exists(row.reference_doctype, row.reference_name)
	][:MAX_A_RUN]


def _sent_later(mail: frappe._dict) -> bool:
	"""Whether there is a later mail of the same kind about the same document."""
	later = {
		"reference_doctype": mail.reference_doctype,
		"reference_name": mail.reference_name,
		"name": ("like", stamps_like(_kind(mail.name))),
		"creation": (">", mail.sent_on),
	}
	return bool(frappe.db.exists("Communication", later))


def _is_over(mail: frappe._dict) -> bool:
	"""Whether a mail was tried again and again, and is no more."""
	return mail.status == "Error" and not is_tried_again(mail) and not is_refused_for_good(mail.error or "")


def _comment_on(mail: frappe._dict) -> str:
	return stamp("given-up" if _is_over(mail) else "undelivered", mail.name)


def _kind(mail: str) -> str:
	return mail.partition("-")[0]
