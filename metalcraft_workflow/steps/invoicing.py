"""Step 12: Customer Support sends the customer a Sales Invoice.

It is made from the delivery note and carries its tracking number. Submitting it mails it, once, to
the customer's billing contact. A mail that cannot be sent never stops an invoice.
"""

import frappe
from frappe import _
from frappe.model.document import Document
from frappe.utils import escape_html, now_datetime

from metalcraft_workflow.facts import approved
from metalcraft_workflow.facts.contacts import contact_email
from metalcraft_workflow.facts.orders import orders_of
from metalcraft_workflow.gates.input import checked
from metalcraft_workflow.gates.language import language_of_document
from metalcraft_workflow.gates.message import typed_text
from metalcraft_workflow.gates.numbers import written_day, written_money
from metalcraft_workflow.outgoing import customer_mail
from metalcraft_workflow.outgoing.attempt import attempt
from metalcraft_workflow.rules.customer_mail import stamp


def fill_tracking(doc: Document, method: str | None = None) -> None:
	"""Set the fields of an invoice that the server keeps (`before_validate`, `before_update_after_submit`).

	The tracking number comes from its delivery notes. When it was sent is what is stored: nobody
	says so but the sending itself.
	"""
	notes, before = delivery_notes(doc), doc.get_doc_before_save()
	if before and notes == delivery_notes(before):
		doc.tracking_number = before.tracking_number  # corrections of it come by `pass_on_tracking`
	else:
		doc.tracking_number = "\n".join(tracking_numbers(notes)) if notes else None
	doc.invoice_sent_on = before.invoice_sent_on if before else None


def drop_foreign_advances(doc: Document, method: str | None = None) -> None:
	"""Take the advances off a credit note that belong to the invoice it was made from (`before_validate`):
	ERPNext copies their rows, without the payments, and then refuses to save them."""
	if doc.is_return:
		doc.set("advances", [row for row in doc.get("advances") or [] if row.reference_name])


def delivery_notes(invoice: Document) -> list[str]:
	"""The delivery notes that the lines of an invoice name, sorted."""
	return sorted({row.delivery_note for row in invoice.items if row.get("delivery_note")})


def keep_prices(doc: Document, method: str | None = None) -> None:
	"""Bill what was approved: no pricing rule of today changes it. `before_validate`."""
	approved.keep_prices(doc)


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

	Not credit notes. What goes wrong is said: the invoice is submitted all the same.
	"""
	if doc.is_return or not customer_mail.is_wanted("invoice") or not follows_process(doc):
		return
	recipient = customer_mail.mail_customer("invoice", stamp_of(doc), doc, lambda: letter(doc))
	if recipient:
		note_sent(doc, recipient)


def follows_process(invoice: Document) -> bool:
	"""Whether one of the invoice's orders or deliveries follows the process."""
	for doctype, field in (("Sales Order", "sales_order"), ("Delivery Note", "delivery_note")):
		names = {row.get(field) for row in invoice.items if row.get(field)}
		if names and frappe.db.exists(doctype, {"name": ("in", list(names)), "follows_process": 1}):
			return True
	return False


@frappe.whitelist(methods=["POST"])
@checked
def send_invoice(name: str, sent_on: str = "") -> str:
	"""Mail a submitted invoice to the customer, again if need be; gives the address.

	`sent_on` is when it was sent last as far as the caller knows: who presses twice sends once. Raises
	PermissionError for who may not submit or mail it, ValidationError when there is nobody to send it to
	or it was sent meanwhile.
	"""
	doc = frappe.get_doc("Sales Invoice", name)
	doc.check_permission("submit")
	doc.check_permission("email")
	if doc.docstatus != 1:
		frappe.throw(_("Submit the invoice first. Only a submitted invoice goes to the customer."))
	with attempt("invoice_mail", catch=frappe.DuplicateEntryError) as tried:
		if sent_on != last_sent(doc):
			raise frappe.DuplicateEntryError
		recipient = customer_mail.send("invoice", stamp_of(doc), doc, letter(doc))
	if tried.error:
		frappe.throw(
			_("The invoice has just been sent. Load it again to see when; you can send it again then."),
			title=_("Sent Already"),
		)
	note_sent(doc, recipient)
	return recipient


def stamp_of(doc: Document) -> str:
	"""The stamp of the next mail of an invoice: of the first, or of one after the last."""
	sent = last_sent(doc)
	return stamp("invoice", doc.name, sent) if sent else stamp("invoice", doc.name)


def last_sent(doc: Document) -> str:
	"""When an invoice was sent last, as the form has it; empty when it was not."""
	return str(doc.invoice_sent_on or "")


def letter(doc: Document) -> customer_mail.Letter:
	"""The mail of an invoice, with its print."""
	return customer_mail.Letter(addresses(doc), lambda: content(doc), with_print(doc))


def content(doc: Document) -> dict:
	"""What the mail of an invoice can name."""
	context = customer_mail.common_context(doc, orders_of(doc))
	return {
		**context,
		"invoice": doc.name,
		"date": written_day(doc.posting_date),
		"due_date": written_day(doc.due_date),
		"total": escape_html(written_money(doc.rounded_total or doc.grand_total, doc.currency)),
		"details": customer_mail.details(
			(_("Your purchase order"), context["po_no"] or typed_text(doc.po_no)),
			(_("Our order"), context["order"]),
			(_("Tracking number"), typed_text(doc.tracking_number)),
		),
	}


def with_print(doc: Document) -> dict:
	"""The print, attached to the mail. Rendered when it goes out, so that a slow print does not hold up
	the submit."""
	return {
		"attachments": [
			{
				"print_format_attachment": 1,
				"doctype": doc.doctype,
				"name": doc.name,
				"print_format": doc.meta.default_print_format or "Standard",
				"lang": language_of_document(doc),
			}
		],
		"print_letterhead": True,
	}


def note_sent(doc: Document, recipient: str) -> None:
	"""Note on an invoice when it was mailed, and to whom."""
	# Not through the document: this is no event of the invoice
	doc.invoice_sent_on = now_datetime()
	frappe.db.set_value(doc.doctype, doc.name, "invoice_sent_on", doc.invoice_sent_on, update_modified=False)
	doc.add_comment("Info", _("The invoice was mailed to {0}.").format(escape_html(recipient)))


def addresses(doc: Document) -> list[str | None]:
	"""Where the invoice may go, best first: the customer's billing contacts; the invoice's own contact,
	which often is the buyer whom the order names; the customer's primary contacts."""
	billing, primary = customer_mail.customer_addresses(doc.customer)
	return [*billing, contact_email(doc), *primary]
