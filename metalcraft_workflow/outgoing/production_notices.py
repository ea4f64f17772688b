"""The outbox of step 6: what a production department is told about an order, and what became of it.

A notice is written in the transaction that approves, changes or cancels the order, and so is its row
in the Email Queue. Frappe sends that row; here it is followed, and sent on its way again when it
failed. There is never a second row for a notice that has one, so nobody is told twice.

How a notice leaves is a channel, named in the hook `metalcraft_notice_channel`; the last app that names
one is asked. A channel is a function of the notice that gives the values to keep on it, as `by_mail` does,
and raises when it could not send it: the notice then says so, and it is tried again.
"""

from collections.abc import Mapping
from datetime import timedelta

import frappe
from frappe import _
from frappe.model.document import Document
from frappe.utils import cint, get_datetime, now_datetime

from metalcraft_workflow.facts.departments import departments
from metalcraft_workflow.gates.background import later
from metalcraft_workflow.gates.input import checked
from metalcraft_workflow.gates.language import in_language, site_language
from metalcraft_workflow.gates.message import typed_text
from metalcraft_workflow.gates.notifications import UNSENT, mark_read, say
from metalcraft_workflow.gates.numbers import written_day
from metalcraft_workflow.outgoing.attempt import attempt
from metalcraft_workflow.rules import production_notices as rules

TRAVELLER = "Work Order Traveller"

# More would be sent by a background job of its own, outside the transaction.
MAX_TO = 100

# Frappe tries a mail four times. After that it is started again at most once an hour, and not for ever.
# One that could not be queued is tried as seldom: what it lacks, a person has to set up.
PAUSE = timedelta(hours=1)
MAX_ATTEMPTS = 24

# How many notices one run of the scheduler looks at; the others come first in the next one.
MAX_A_RUN = 200

# After this many failures to print it, the traveller is left off.
PRINT_ATTEMPTS = 2

WAITING = ("Pending", "Failed")


class NobodyTold(frappe.ValidationError):
	"""A notice cannot be sent, for a reason that is said in words for whoever set the department up."""


def hand_over(notices: list[Document]) -> None:
	"""Have notices sent that were just written, as soon as they are committed. The scheduler follows for those
	that this misses."""
	if notices:
		later("outgoing.production_notices.send_new", names=[notice.name for notice in notices])


def send_new(names: list[str]) -> None:
	"""Send new notices, and say of which that was not possible. A background job; harmless when it runs
	twice."""
	for name in names:
		deliver_one(name)
		notice = frappe.get_doc("Production Notice", name)
		if notice.status == "Failed":
			text = _("{0} was not told by mail yet. {1} It is tried again by itself.")
			say(notice, text.format(notice.department, notice.error), UNSENT)


def dispatch(notice: Document) -> None:
	"""Send a notice by its channel; when that cannot be done, say why on the notice.

	Never stops the transaction it runs in. Call it on a notice that was not handed over yet.
	"""
	channel = frappe.get_attr(frappe.get_hooks("metalcraft_notice_channel")[-1])
	sent: dict = {}
	with attempt("production_notice") as tried:
		sent = channel(notice)
	if isinstance(tried.error, NobodyTold):
		sent = {"status": "Failed", "error": str(tried.error)}
	elif tried.error:
		sent = {"status": "Failed", "error": reason(tried.traceback)}
	notice.db_set(
		{
			"status": "Queued",
			"error": "",
			"attempts": cint(notice.attempts) + 1,
			"tried_on": now_datetime(),
			**sent,
		}
	)


def by_mail(notice: Document) -> dict:
	"""Put the mail of a notice into the Email Queue: the channel of this app. Raises NobodyTold, and what
	Frappe raises when a mail cannot be queued."""
	if frappe.db.get_value("Sales Order", notice.sales_order, "process_id") != notice.process_id:
		raise NobodyTold(_("Order {0} was deleted.").format(notice.sales_order))
	order = frappe.get_doc("Sales Order", notice.sales_order)
	recipients, left_out = frappe.get_doc("Production Department", notice.department).addresses(order)
	if not recipients:
		raise NobodyTold(
			_("{0} has nobody to tell. Add recipients with an address to the production department.").format(
				notice.department
			)
		)
	# To people of the house, whoever approves. The traveller is printed when the mail is sent, not here.
	with in_language(None):
		queued = frappe.sendmail(
			recipients=recipients[:MAX_TO],
			bcc=recipients[MAX_TO:],
			subject=subject(notice),
			template="production_notice",
			args={"notice": notice, "order": order, "notes": typed_text(notice.notes)},
			reference_doctype=notice.doctype,
			reference_name=notice.name,
			attachments=[] if order.docstatus == 2 or notice.kind == rules.CANCEL else [traveller(order)],
			print_letterhead=True,
			add_unsubscribe_link=0,
		)
	if not queued:
		raise NobodyTold(_("No mail was made: every recipient has unsubscribed from mails."))
	return {
		"email_queue": queued.name,
		"recipients": "\n".join(recipients),
		"not_told": "\n".join(left_out),
	}


def subject(notice: Document) -> str:
	"""Subject of the mail: what it is about, for whom, until when."""
	heading = {
		rules.NEW: _("New order {0} for {1}"),
		rules.CHANGE: _("Changed: order {0} for {1}"),
		rules.CANCEL: _("Cancelled: order {0} for {1}"),
	}[notice.kind].format(notice.sales_order, notice.department)
	if notice.kind == rules.CANCEL or not notice.ship_date:
		return heading
	return _("{0}, ships {1}").format(heading, written_day(notice.ship_date))


def traveller(order: Document) -> dict:
	"""The print of the order as an attachment that Frappe renders when it sends the mail."""
	return {
		"print_format_attachment": 1,
		"doctype": order.doctype,
		"name": order.name,
		"print_format": TRAVELLER,
		"lang": site_language(),
		"file_name": f"{TRAVELLER} {order.name}",
	}


def follow_mail(notice: Document) -> None:
	"""Take over from the Email Queue row what became of the mail, and start it again when it is due."""
	mail = frappe.db.get_value(
		"Email Queue",
		notice.email_queue,
		["status", "retry", "error", "modified"],
		as_dict=True,
		for_update=True,
	)
	undecided = notice.status in ("Queued", "Failed")
	values = {}
	if not mail:
		values["email_queue"] = None
		if undecided:
			values |= {
				"status": "Failed",
				"error": _("The mail was deleted from the queue before it was sent. It is made again."),
			}
	elif mail.status == "Sent":
		values["sent_on"] = mail.modified
		if undecided:
			values |= {"status": "Sent", "error": ""}
	elif undecided:
		if mail.error:
			values |= {"status": "Failed", "error": reason(mail.error)}
			put_refused_last(notice.email_queue, mail.error)
		if rules.is_print_failure(mail.error or "") and cint(mail.retry) >= PRINT_ATTEMPTS:
			# The department is told without the traveller sooner than not at all.
			frappe.db.set_value("Email Queue", notice.email_queue, "attachments", "[]")
		if is_stuck(mail) and cint(notice.attempts) < MAX_ATTEMPTS:
			start_again(notice, mail)
	if any(notice.get(fieldname) != value for fieldname, value in values.items()):
		notice.db_set(values)


def start_again(notice: Document, mail: frappe._dict) -> None:
	"""Let Frappe send the same Email Queue row anew, to those who have not got it yet."""
	values = {"status": "Not Sent", "retry": 0}
	if rules.is_print_failure(mail.error or ""):
		values["attachments"] = "[]"
	frappe.db.set_value("Email Queue", notice.email_queue, values)
	notice.db_set("attempts", cint(notice.attempts) + 1)


def reason(error: str) -> str:
	"""Why a mail was not sent, in a sentence, from a traceback."""
	text, params = rules.mail_failure(error)
	return _(text).format(**params)


def is_stuck(mail: frappe._dict) -> bool:
	"""Whether Frappe will not touch this mail again by itself, and an hour has passed since it did.

	A row stays in Sending when the worker that sent it was stopped.
	"""
	return mail.status in ("Error", "Sending") and get_datetime(mail.modified) < now_datetime() - PAUSE


def put_refused_last(email_queue: str, error: str) -> None:
	"""Move the recipients that the mail server refused, as `error` names them, behind the others: Frappe
	stops at the first that is refused, and would never come to those after it."""
	row = frappe.qb.DocType("Email Queue Recipient")
	waiting = (
		frappe.qb.from_(row)
		.where(row.parent == email_queue)
		.where(row.status != "Sent")
		.orderby(row.idx)
		.select(row.name, row.idx, row.recipient)
		.run(as_dict=True)
	)
	ordered = sorted(waiting, key=lambda recipient: recipient.recipient.lower() in error.lower())
	if ordered != waiting:
		for place, recipient in zip((recipient.idx for recipient in waiting), ordered, strict=True):
			frappe.db.set_value("Email Queue Recipient", recipient.name, "idx", place)


def leave_off_travellers(process_id: str) -> None:
	"""Take the traveller off mails about a cancelled order that wait in the queue: Frappe does not print
	a cancelled document, so they would never leave it."""
	notice, mail = frappe.qb.DocType("Production Notice"), frappe.qb.DocType("Email Queue")
	waiting = (
		frappe.qb.from_(notice)
		.join(mail)
		.on(notice.email_queue == mail.name)
		.where(notice.process_id == process_id)
		.where(mail.status != "Sent")
		.select(mail.name)
		.run(pluck=True)
	)
	for name in waiting:
		frappe.db.set_value("Email Queue", name, "attachments", "[]")


# The scheduler


def deliver() -> None:
	"""Send what is waiting and follow what is under way; every few minutes, from the scheduler.

	Two of these side by side do each notice once: the row is locked, and who comes second passes by.
	"""
	for name in open_notices():
		try:
			deliver_one(name)
			# Each notice stands by itself in this background job
			frappe.db.commit()  # nosemgrep: frappe-manual-commit
		except Exception:
			frappe.db.rollback()
			put_last(name)
			frappe.log_error(
				title="Production notice could not be delivered",
				reference_doctype="Production Notice",
				reference_name=name,
			)
			# Keeps the log
			frappe.db.commit()  # nosemgrep: frappe-manual-commit


def open_notices() -> list[str]:
	"""Notices that are due, as many as one run takes: those that waited longest come first, so that none
	starves, and among those the oldest, so that a department reads them in order.

	One that could not even be queued is due an hour after it was tried.
	"""
	notice = frappe.qb.DocType("Production Notice")
	resting = (
		(notice.status == "Failed") & notice.email_queue.isnull() & (notice.tried_on > now_datetime() - PAUSE)
	)
	return (
		frappe.qb.from_(notice)
		.where(
			notice.status.isin(["Pending", "Queued", "Failed"])
			# one that was acknowledged in the desk while its mail was under way
			| (notice.sent_on.isnull() & notice.email_queue.isnotnull())
		)
		.where(notice.tried_on.isnull() | resting.negate())
		.orderby(notice.tried_on)
		.orderby(notice.creation)
		.orderby(notice.name)
		.limit(MAX_A_RUN)
		.select(notice.name)
		.run(pluck=True)
	)


def put_last(name: str) -> None:
	"""Let the others have their turn before this notice."""
	frappe.db.set_value("Production Notice", name, "tried_on", now_datetime(), update_modified=False)


def deliver_one(name: str) -> None:
	"""Follow the mail of one notice, or make it when there is none."""
	if not frappe.db.get_value("Production Notice", name, for_update=True, skip_locked=True):
		return
	put_last(name)
	notice = frappe.get_doc("Production Notice", name, for_update=True)
	if notice.email_queue:
		follow_mail(notice)
	if not notice.email_queue and notice.status in WAITING:
		dispatch(notice)


# What a department does with its notice


@frappe.whitelist(methods=["POST"])
@checked
def acknowledge(name: str) -> None:
	"""Say that the department has seen the notice. Raises PermissionError for anybody else."""
	notice = of_own_department(name)
	if notice.status not in ("Acknowledged", "Done"):
		notice.db_set(acknowledgement(notice))
		notice.notify_update()
		mark_read(notice.doctype, notice.name, UNSENT)


@frappe.whitelist(methods=["POST"])
@checked
def finish(name: str) -> None:
	"""Say that the department has done what the notice and those before it ask for.

	Raises PermissionError for anybody else.
	"""
	notice = of_own_department(name)
	earlier = frappe.get_all(
		"Production Notice",
		filters={
			"process_id": notice.process_id,
			"department": notice.department,
			"revision": ["<", notice.revision],
			"status": ["!=", "Done"],
		},
		order_by="revision",
		pluck="name",
	)
	for row in [*(frappe.get_doc("Production Notice", name, for_update=True) for name in earlier), notice]:
		if row.status != "Done":
			row.db_set(done(row))
			mark_read(row.doctype, row.name, UNSENT)
	notice.notify_update()


@frappe.whitelist(methods=["POST"])
@checked
def send_again(name: str) -> None:
	"""Try to mail a notice that failed, now and not when the scheduler comes to it.

	For those who may read the order and write it, and for the department. Does nothing when the mail
	is out or under way.
	"""
	notice = frappe.get_doc("Production Notice", name, for_update=True)
	if not (notice.has_permission("read") and frappe.has_permission("Sales Order", "write")):
		check_department(notice)
	if notice.email_queue:
		mail = frappe.db.get_value(
			"Email Queue", notice.email_queue, ["status", "error"], as_dict=True, for_update=True
		)
		if mail and mail.status == "Error":
			start_again(notice, mail)
			notice.db_set("status", "Queued")
		elif not mail:
			follow_mail(notice)
	if not notice.email_queue and notice.status in WAITING:
		dispatch(notice)
	notice.notify_update()


def acknowledgement(notice: Document) -> dict:
	"""What acknowledging writes on a notice."""
	return {
		"status": "Acknowledged",
		"acknowledged_by": frappe.session.user,
		"acknowledged_on": now_datetime(),
	}


def of_own_department(name: str) -> Document:
	"""The notice, locked, when the user works in its department."""
	notice = frappe.get_doc("Production Notice", name, for_update=True)
	check_department(notice)
	return notice


def is_of_department(notice: Document) -> bool:
	"""Whether the user works in the department of the notice."""
	return notice.department in departments()


def check_department(notice: Document) -> None:
	"""Raise PermissionError when the user does not work in the notice's department."""
	if not is_of_department(notice):
		frappe.throw(
			_("This notice is for {0}: only the people of that department may do this.").format(
				notice.department
			),
			frappe.PermissionError,
			title=_("Another Department's"),
		)


# What the goods themselves say


def goods_moved(doc: Document, process_id: str, left: Mapping[str, Mapping[str, float]]) -> None:
	"""Finish the notices about an order of which all is at Final Pack with the transfer `doc`; open those again
	that its cancellation leaves with something to bring.

	`left` is order line -> item -> quantity still to be brought, for lines of which something is brought at all.
	A change that nobody of the department has seen is not finished: it may say something else. A notice that was
	finished before the transfer, or of which it brought nothing, was finished by people, and stays so.
	"""
	is_cancelled = cint(doc.docstatus) == 2
	notice, line = frappe.qb.DocType("Production Notice"), frappe.qb.DocType("Production Notice Item")
	seen = (notice.kind == rules.CHANGE) & notice.acknowledged_by.isnotnull()
	told: dict[str, list[tuple[str, str]]] = {}
	for name, order_line, item_code in (
		frappe.qb.from_(notice)
		.join(line)
		.on(line.parent == notice.name)
		.where(notice.process_id == process_id)
		.where((notice.kind == rules.NEW) | seen)
		.where(notice.status == "Done" if is_cancelled else notice.status != "Done")
		.select(notice.name, line.sales_order_item, line.item_code)
		.run()
	):
		told.setdefault(name, []).append((order_line, item_code))
	moved = {(row.sales_order_item, row.item_code) for row in doc.items}
	for name, lines in told.items():
		brings, wants = rules.still_to_bring(lines, left)
		if not brings or wants != is_cancelled or (is_cancelled and not rules.is_told_of(lines, moved, left)):
			continue
		row = frappe.get_doc("Production Notice", name, for_update=True)
		# It may have been finished, or opened, while this waited for it
		if (row.status == "Done") != is_cancelled or (is_cancelled and was_done_before(row, doc)):
			continue
		# Locked and read just now: `db_set` would read it once more, and whoever transfers waits for it
		frappe.db.set_value(row.doctype, row.name, open_again(row) if is_cancelled else done(row))
		row.notify_update()
		mark_read(row.doctype, row.name, UNSENT)


def was_done_before(notice: Document, entry: Document) -> bool:
	"""Whether a notice was finished before the stock entry was submitted."""
	booked_on = frappe.db.get_value(
		"Stock Ledger Entry",
		{"voucher_type": entry.doctype, "voucher_no": entry.name},
		"creation",
		order_by="creation asc",  # without a word it is the last
	)
	return bool(notice.done_on and booked_on) and get_datetime(notice.done_on) < booked_on


def done(notice: Document) -> dict:
	"""What finishing writes on a notice; who is of its department has seen it with that."""
	values = {"status": "Done", "done_by": frappe.session.user, "done_on": now_datetime()}
	if not notice.acknowledged_by and is_of_department(notice):
		values = acknowledgement(notice) | values
	return values


def open_again(notice: Document) -> dict:
	"""What is written on a notice that is not done after all."""
	status = "Sent" if notice.sent_on else "Queued" if notice.email_queue else "Pending"
	return {
		"status": "Acknowledged" if notice.acknowledged_by else status,
		"done_by": None,
		"done_on": None,
	}
