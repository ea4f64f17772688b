"""The package of documents that goes with the notice of a shipment.

To put it together takes seconds, and a damaged file stops it. So the notice waits in the Email Queue,
and the scheduler adds the package and lets it go. When that fails, or the scheduler is late, the notice
leaves without it: the customer finds the documents in the portal.
"""

from datetime import datetime, timedelta

import frappe
from frappe import _
from frappe.utils import escape_html, now_datetime

from metalcraft_workflow.rules.customer_mail import stamps_like

# How long a notice waits, and how many are looked after in one run
PATIENCE = timedelta(minutes=30)
MAX_A_RUN = 20

# Many mail servers refuse more than 20 MB, and a file grows by a third in a mail
MAX_SIZE = 10 * 1024 * 1024


def deadline() -> datetime:
	"""When a notice leaves, with its package or without."""
	return now_datetime() + PATIENCE


def add_packages() -> None:
	"""Add the package to the notices that wait for theirs; every few minutes, from the scheduler."""
	for mail in waiting():
		try:
			add_package(mail)
		except Exception as error:
			frappe.db.rollback()
			frappe.log_error(
				title="Package of documents could not be mailed",
				reference_doctype="Delivery Note",
				reference_name=mail.reference_name,
			)
			leave_without(mail, str(error))
		# Each mail stands by itself in this background job
		frappe.db.commit()  # nosemgrep: frappe-manual-commit


def waiting() -> list[frappe._dict]:
	"""Notices of shipments in the Email Queue that wait for their package, oldest first."""
	queue, mail = frappe.qb.DocType("Email Queue"), frappe.qb.DocType("Communication")
	return (
		frappe.qb.from_(queue)
		.join(mail)
		.on(mail.name == queue.communication)
		.where(queue.status == "Not Sent")
		.where(queue.send_after > now_datetime())
		.where(queue.reference_doctype == "Delivery Note")
		.where(mail.communication_type == "Automated Message")
		.where(mail.name.like(stamps_like("shipped")))
		.select(queue.name, queue.communication, queue.reference_name)
		.orderby(queue.creation)
		.limit(MAX_A_RUN)
		.run(as_dict=True)
	)


def add_package(mail: frappe._dict) -> None:
	"""Put the package of its delivery into a notice, and let it go."""
	# Here, so that whoever ships does not load what reads and writes PDFs
	from metalcraft_workflow.facts.documents import keep
	from metalcraft_workflow.outgoing.package import file_name, package_pdf

	delivery = frappe.get_doc("Delivery Note", mail.reference_name)
	content = package_pdf(delivery)
	if len(content) > MAX_SIZE:
		return leave_without(mail, _("it is too large for a mail"))
	# A background job, for whoever shipped
	file = keep(file_name(delivery), content, frappe.get_doc("Communication", mail.communication))
	frappe.db.set_value("Communication", mail.communication, "has_attachment", 1, update_modified=False)
	release(mail, attachments=frappe.as_json([{"fid": file.name}], indent=0))


def leave_without(mail: frappe._dict, why: str) -> None:
	"""Let a notice go without its package, and say so on the delivery note."""
	frappe.get_doc("Delivery Note", mail.reference_name).add_comment(
		"Info",
		_(
			"The package of documents was not mailed: {0}. The customer finds the documents in the portal."
		).format(escape_html(frappe.utils.strip_html(why).rstrip("."))),
	)
	release(mail)


def release(mail: frappe._dict, **values) -> None:
	"""Let a notice leave the queue with the next run of it."""
	frappe.db.set_value("Email Queue", mail.name, {**values, "send_after": None}, update_modified=False)
