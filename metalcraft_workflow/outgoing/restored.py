"""After a backup was restored: the mails that waited in it have left since, from the site as it was then.

The database cannot know that. So it is an administrator who says so, before the scheduler is switched on.
"""

from typing import NamedTuple

import frappe
from frappe.utils import now_datetime

from metalcraft_workflow.outgoing import sent_mails


class Waiting(NamedTuple):
	"""A mail that would leave this site: `table` is where it waits."""

	table: str
	name: str
	about: str
	since: str


def waiting(before: str = "") -> list[Waiting]:
	"""Mails that wait to be sent, oldest first: those in the Email Queue, also what Frappe gave up and the app
	starts again; those that are owed; and notices to production that are in neither. Written before a time, or all."""
	time = {"creation": ("<", before)} if before else {}
	given_up = [mail.queue for mail in sent_mails.to_start_again()]
	given_up += frappe.get_all(
		"Production Notice", {"status": "Failed", "email_queue": ("is", "set")}, pluck="email_queue"
	)
	found = []
	for table, filters, about in (
		("Email Queue", {"status": ("in", ["Not Sent", "Partially Sent", "Sending"])}, "reference_name"),
		("Email Queue", {"status": "Error", "name": ("in", given_up or [""])}, "reference_name"),
		("Owed Mail", {}, "reference_name"),
		("Production Notice", {"status": "Pending"}, "sales_order"),
		("Production Notice", {"status": "Failed", "email_queue": ("is", "not set")}, "sales_order"),
	):
		rows = frappe.get_all(
			table, {**filters, **time}, ["name", f"{about} as about", "creation"], order_by="creation, name"
		)
		found += [Waiting(table, row.name, row.about or "", str(row.creation)) for row in rows]
	return sorted(found, key=lambda mail: mail.since)


def count_as_sent(mails: list[Waiting]) -> None:
	"""Have none of these mails sent: what they were to say has been said."""
	for mail in mails:
		if mail.table == "Email Queue":
			recipients = frappe.qb.DocType("Email Queue Recipient")
			frappe.qb.update(recipients).set(recipients.status, "Sent").where(
				recipients.parent == mail.name
			).run()
			frappe.db.set_value("Email Queue", mail.name, {"status": "Sent", "error": None})
		elif mail.table == "Owed Mail":
			frappe.db.delete("Owed Mail", {"name": mail.name})
		else:
			values = {"status": "Sent", "sent_on": now_datetime(), "error": ""}
			frappe.db.set_value("Production Notice", mail.name, values)
