"""Step 12: Customer Support sends the customer a Sales Invoice.

It is made from the delivery note and carries its tracking number. Submitting it mails it, once, to
the customer's billing contact. A mail that cannot be sent never stops an invoice.
"""

import frappe
from frappe import _
from frappe.model.document import Document
from frappe.utils import escape_html, fmt_money, formatdate, now_datetime, validate_email_address

from metalcraft_workflow.gates.registry import settings


def fill_tracking(doc: Document, method: str | None = None) -> None:
	"""Set the fields of an invoice that the server keeps (`before_validate`, `before_update_after_submit`).

	The tracking number comes from its delivery notes. When it was sent is what is stored: nobody
	says so but the sending itself.
	"""
	notes = sorted({row.delivery_note for row in doc.items if row.get("delivery_note")})
	doc.tracking_number = "\n".join(tracking_numbers(notes)) if notes else None
	before = doc.get_doc_before_save()
	doc.invoice_sent_on = before.invoice_sent_on if before else None


def tracking_numbers(delivery_notes: list[str]) -> list[str]:
	"""Tracking numbers of `delivery_notes`, each once."""
	found = frappe.get_all(
		"Delivery Note",
		filters={"name": ("in", delivery_notes), "tracking_number": ("is", "set")},
		pluck="tracking_number",
		order_by="name",
	)
	return list(dict.fromkeys(found))


def pass_on_tracking(doc: Document, method: str | None = None) -> None:
	"""Carry a tracking number that was corrected after shipping to the invoices of the delivery.

	`on_update_after_submit` of Delivery Note.
	"""
	if not doc.follows_process or not doc.has_value_changed("tracking_number"):
		return
	invoices = frappe.get_all(
		"Sales Invoice Item",
		filters={"delivery_note": doc.name, "docstatus": ("<", 2), "parenttype": "Sales Invoice"},
		pluck="parent",
		distinct=True,
	)
	for name in invoices:
		notes = frappe.get_all(
			"Sales Invoice Item", filters={"parent": name}, pluck="delivery_note", distinct=True
		)
		numbers = tracking_numbers([note for note in notes if note])
		frappe.db.set_value(
			"Sales Invoice", name, "tracking_number", "\n".join(numbers), update_modified=False
		)


def send_on_submit(doc: Document, method: str | None = None) -> None:
	"""Mail an invoice of the process to the customer (`on_submit`), when the settings say so.

	Not credit notes, and not what was sent already. What goes wrong is told in a comment and undone
	alone: the invoice is submitted all the same.
	"""
	if doc.is_return or doc.invoice_sent_on or not settings().mail_invoice or not follows_process(doc):
		return
	frappe.db.savepoint("send_invoice")
	said = len(frappe.message_log)
	try:
		send(doc)
	except Exception as error:
		frappe.db.rollback(save_point="send_invoice")
		# Frappe keeps the message of an error that was caught, and would show it as a failure
		del frappe.message_log[said:]
		doc.add_comment("Info", _("The invoice was not mailed: {0}").format(escape_html(str(error))))
		frappe.msgprint(
			_("The invoice is submitted, but was not mailed: {0}").format(escape_html(str(error))),
			indicator="orange",
			alert=True,
		)


def follows_process(invoice: Document) -> bool:
	"""Whether one of the invoice's orders or deliveries follows the process."""
	for doctype, field in (("Sales Order", "sales_order"), ("Delivery Note", "delivery_note")):
		names = {row.get(field) for row in invoice.items if row.get(field)}
		if names and frappe.db.exists(doctype, {"name": ("in", list(names)), "follows_process": 1}):
			return True
	return False


@frappe.whitelist(methods=["POST"])
def send_invoice(name: str) -> str:
	"""Mail a submitted invoice to the customer, again if need be; gives the address.

	Raises PermissionError for who may not submit or mail it, ValidationError when there is nobody to send it to.
	"""
	doc = frappe.get_doc("Sales Invoice", name)
	doc.check_permission("submit")
	doc.check_permission("email")
	if doc.docstatus != 1:
		frappe.throw(_("Submit the invoice first. Only a submitted invoice goes to the customer."))
	return send(doc)


def send(doc: Document) -> str:
	"""Queue the mail with the print attached and note when; gives the address it goes to.

	Raises ValidationError when the customer has no address to send to, or mail cannot be queued.
	"""
	recipient = billing_address(doc)
	if not recipient:
		frappe.throw(
			_(
				"{0} has no billing contact with a valid email address. Set one, then send the invoice."
			).format(doc.customer_name or doc.customer),
			title=_("Nobody to Send It To"),
		)
	frappe.sendmail(
		recipients=[recipient],
		subject=_("Invoice {0} from {1}").format(doc.name, doc.company),
		template="invoice_sent",
		args={
			"doc": doc,
			"total": fmt_money(doc.rounded_total or doc.grand_total, currency=doc.currency),
			"dated": formatdate(doc.posting_date),
			"due": formatdate(doc.due_date),
		},
		# Rendered when the mail goes out, so that a slow print does not hold up the submit
		attachments=[
			{
				"print_format_attachment": 1,
				"doctype": doc.doctype,
				"name": doc.name,
				"print_format": doc.meta.default_print_format or "Standard",
				"lang": doc.language or frappe.local.lang,
			}
		],
		print_letterhead=True,
		reference_doctype=doc.doctype,
		reference_name=doc.name,
	)
	sent_on = now_datetime()
	# Not through the document: this is no event of the invoice
	frappe.db.set_value(doc.doctype, doc.name, "invoice_sent_on", sent_on, update_modified=False)
	doc.invoice_sent_on = sent_on
	doc.add_comment("Info", _("The invoice was mailed to {0}.").format(escape_html(recipient)))
	return recipient


def billing_address(doc: Document) -> str | None:
	"""Where the invoice goes: the first of these that is a valid address.

	The customer's billing contact; the invoice's own contact, which often is the buyer whom the order
	names; the customer's primary contact.
	"""
	billing, primary = _contacts(doc.customer)
	candidates = [*billing, doc.contact_email, *primary]
	return next((email for email in candidates if email and validate_email_address(email)), None)


def _contacts(customer: str) -> tuple[list[str], list[str]]:
	"""Addresses of the customer's billing contacts, and of its primary ones."""
	contact, link = frappe.qb.DocType("Contact"), frappe.qb.DocType("Dynamic Link")
	rows = (
		frappe.qb.from_(contact)
		.join(link)
		.on((link.parent == contact.name) & (link.parenttype == "Contact"))
		.where(link.link_doctype == "Customer")
		.where(link.link_name == customer)
		.where((contact.is_billing_contact == 1) | (contact.is_primary_contact == 1))
		.select(contact.email_id, contact.is_billing_contact)
		.orderby(contact.creation)
		.run(as_dict=True)
	)
	billing = [row.email_id for row in rows if row.is_billing_contact]
	primary = [row.email_id for row in rows if not row.is_billing_contact]
	return billing, [*primary, frappe.db.get_value("Customer", customer, "email_id")]
