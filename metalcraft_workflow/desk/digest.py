"""The daily digest: one mail to each of what waits for them, the same as My Work shows, from an hour on that the
administrator chooses for a role or a production department.

The scheduler looks every hour for whom it is due, so that an hour that was missed is made up for on the same day.
Each reader is a job and a transaction of their own, which begins with a row for this reader and this day: of two
side by side the second finds it and goes home. Days and hours are those of the site.
"""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import frappe
from frappe import _
from frappe.desk.doctype.notification_settings.notification_settings import is_email_notifications_enabled
from frappe.model.document import Document
from frappe.utils import now_datetime, validate_email_address

from metalcraft_workflow.desk import my_work, notices
from metalcraft_workflow.desk.lists import FIRST, WorkList
from metalcraft_workflow.desk.set_up import can_mail
from metalcraft_workflow.gates.background import is_at_once
from metalcraft_workflow.gates.language import in_language, language_of
from metalcraft_workflow.gates.notifications import users_with_roles
from metalcraft_workflow.gates.numbers import written_day
from metalcraft_workflow.gates.registry import settings
from metalcraft_workflow.outgoing.attempt import attempt

LOG = "Work Digest"

# What a reader leaves who does not want it any more
SETTINGS = "Metalcraft Settings"


@dataclass
class Reader:
	"""Somebody who gets the digest: a user, or an address of departments that is no user's."""

	user: str = ""
	address: str = ""
	departments: tuple[str, ...] = ()

	@property
	def recipient(self) -> str:
		return self.user or self.address


def send_due() -> None:
	"""Have the digests made that are due by now and were not made today. Hourly, from the scheduler."""
	for reader in due() if can_mail() else []:
		frappe.enqueue(
			"metalcraft_workflow.desk.digest.send",
			queue="long",
			now=is_at_once(),
			day=str(now_datetime().date()),
			user=reader.user,
			address=reader.address,
			departments=list(reader.departments),
		)


def due() -> list[Reader]:
	"""Whose digest of today is due by now, and was not made."""
	now = now_datetime()
	rows = [row for row in settings().get("digests") or [] if int(row.hour.split(":")[0]) <= now.hour]
	if not rows:
		return []
	done = set(frappe.get_all(LOG, {"day": now.date()}, pluck="recipient"))
	return [reader for reader in readers(rows) if reader.recipient not in done]


def count_as_made(due: list[Reader]) -> None:
	"""Have none of these made today: a site that was restored has sent them before."""
	for reader in due:
		begun(reader, str(now_datetime().date()))


def send(day: str, user: str = "", address: str = "", departments: Iterable[str] = ()) -> None:
	"""Mail a reader what waits for them, if anything does, as the digest of `day`. A background job; harmless when
	it runs twice, or twice at once."""
	reader = Reader(user, address, tuple(departments))
	log = begun(reader, day)
	if not log:
		return
	with in_language(language_of(user) if user else None):
		# Notices were mailed to addresses of a department, whatever their company
		with acting_as(user or "Administrator"):
			sections = [my_work.shown(found, 0, FIRST) for found in waiting_for(reader)]
		total = sum(section["total"] for section in sections)
		queued = mail(reader, day, sections, total) if total else None
	log.db_set({"documents": total, "email_queue": queued.name if queued else ""})


def begun(reader: Reader, day: str) -> Document | None:
	"""The row of this reader for this day; None when there is one already."""
	values = {"doctype": LOG, "recipient": reader.recipient, "day": day}
	with attempt("digest", (frappe.DuplicateEntryError, frappe.UniqueValidationError)) as tried:
		# the scheduler is nobody in particular
		log = frappe.get_doc(values).insert(ignore_permissions=True)
	return None if tried.error else log


# Who gets it


def readers(rows: Iterable[Document]) -> list[Reader]:
	"""Whom the rows of the settings name, each once: enabled users of the desk that want mails, and addresses
	of departments that belong to none of them."""
	users: set[str] = set()
	addresses: dict[str, list[str]] = {}
	for row in rows:
		if row.role:
			users.update(users_with_roles({row.role}))
			continue
		department = frappe.get_cached_doc("Production Department", row.production_department)
		if department.active:
			users.update(department.people())
			for email in filter(None, (recipient.email for recipient in department.recipients)):
				addresses.setdefault(email.lower(), []).append(department.name)
	emails = dict(
		frappe.get_all(
			"User",
			filters={"name": ("in", list(users)), "enabled": 1, "user_type": "System User"},
			fields=["name", "email"],
			order_by="name",
			as_list=True,
		)
	)
	taken = {(email or "").lower() for email in emails.values()}
	return [
		*(
			Reader(user=user, address=email)
			for user, email in emails.items()
			if email and validate_email_address(email) and is_email_notifications_enabled(user)
		),
		*(
			Reader(address=address, departments=tuple(names))
			for address, names in addresses.items()
			if address not in taken
		),
	]


@contextmanager
def acting_as(user: str) -> Iterator[None]:
	"""See what `user` may see, and nothing else."""
	before = frappe.session.user
	frappe.set_user(user)
	try:
		yield
	finally:
		frappe.set_user(before)


# What is in it


def waiting_for(reader: Reader) -> list[WorkList]:
	"""What My Work shows to a user. Whoever only has an address is told of the notices of their departments,
	which were mailed to them before."""
	if reader.user:
		return my_work.lists() if my_work.is_permitted() else []
	return [found for found in notices.unseen(reader.departments) if found.rows]


def mail(reader: Reader, day: str, sections: list[dict], total: int) -> Document | None:
	"""Queue the mail; None when its reader has unsubscribed."""
	title = _("1 document waits for you") if total == 1 else _("{0} documents wait for you").format(total)
	return frappe.sendmail(
		recipients=[reader.address],
		subject=f"{title} ({written_day(day)})",
		template="work_digest",
		args={"title": title, "sections": sections, "has_page": bool(reader.user)},
		reference_doctype=SETTINGS,
		reference_name=SETTINGS,
		unsubscribe_message=_("Unsubscribe"),
	)
