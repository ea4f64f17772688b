"""Questions of customers on an order, and our answers.

A question stands on the order's timeline and Customer Support is told. An answer is an email from the
order's form to an address of the customer. Comments, and mails among ourselves, are never shown.
"""

import frappe
from bs4 import BeautifulSoup
from frappe import _
from frappe.model.document import Document
from frappe.utils import parse_addr, split_emails, today

from metalcraft_workflow.access.customers import get_own, users_of
from metalcraft_workflow.access.limits import limited
from metalcraft_workflow.facts.contacts import contact_email, contacts_of_customers
from metalcraft_workflow.gates import notifications
from metalcraft_workflow.gates.input import LongText, checked
from metalcraft_workflow.gates.language import in_language
from metalcraft_workflow.gates.message import typed_text
from metalcraft_workflow.outgoing.attempt import attempt
from metalcraft_workflow.rules.customer_mail import digest, stamp
from metalcraft_workflow.rules.requirement import Phrase, _lt

# Who answers customers
ROLE = "Customer Support"

MOST_CHARACTERS = 5000
MOST_SHOWN = 100
MESSAGE_FIELDS = ("text", "author", "from_us", "sent_on")

BLOCKS = ("p", "div", "li", "tr", "h1", "h2", "h3", "h4", "table", "ul", "ol")


@frappe.whitelist(methods=["POST"])
@limited(30)
@checked
def ask(order: str, text: LongText) -> None:
	"""Put a question of the signed-in customer on their order, once however often it is sent.

	Raises DoesNotExistError for an order that is not theirs, ValidationError for an empty or too long
	text, RateLimitExceededError.
	"""
	doc = get_own("Sales Order", order)
	text = text.strip()
	if not text:
		frappe.throw(_("Write your question first."))
	if len(text) > MOST_CHARACTERS:
		frappe.throw(_("Your message is too long: {0} characters at most.").format(MOST_CHARACTERS))
	if not post(doc, text):
		return
	notifications.notify_roles(
		{ROLE},
		doc,
		Phrase(
			_lt("{customer} has a question on {order}"),
			{"customer": doc.customer_name or doc.customer, "order": doc.name},
		),
	)


def post(order: Document, text: str) -> bool:
	"""Put what the signed-in customer wrote, as plain text, on the timeline of `order`; gives whether it
	was not there yet."""
	with in_language(None):  # for our people
		subject = _("Message of the customer on {0}").format(order.name)
	message = frappe.new_doc(
		"Communication",
		communication_type="Communication",
		# From the portal: no mail brought it
		communication_medium="Other",
		sent_or_received="Received",
		subject=subject,
		# Forms send lines with a carriage return
		content=typed_text("\n".join(text.splitlines())),
		sender=frappe.session.user,
		reference_doctype=order.doctype,
		reference_name=order.name,
	)
	with attempt("customer_message", catch=frappe.DuplicateEntryError) as tried:
		# The order is theirs, which the caller has checked
		message.insert(ignore_permissions=True, set_name=stamp_of(message))
	return not tried.error


def stamp_of(message: Document) -> str:
	"""The name that a message of a customer has, so that the database keeps a second one out: the same
	words on the same day are the same message, until we answer."""
	answers = frappe.db.count(
		"Communication",
		{
			"reference_doctype": message.reference_doctype,
			"reference_name": message.reference_name,
			"communication_type": "Communication",
			"sent_or_received": "Sent",
		},
	)
	said = "\n".join((message.sender, today(), str(answers), message.content))
	return stamp("message", message.reference_name, digest(said))


@frappe.whitelist(methods=["GET"])
@checked
def get_messages(order: str) -> list[dict]:
	"""The conversation on an order of the signed-in customer, oldest first: MESSAGE_FIELDS each.

	What the customer wrote, in the portal or by mail, and mails to an address of the customer. Raises
	DoesNotExistError for an order that is not theirs.
	"""
	doc = get_own("Sales Order", order)
	theirs = addresses_of(doc)
	rows = frappe.get_all(
		"Communication",
		filters={
			"reference_doctype": doc.doctype,
			"reference_name": doc.name,
			"communication_type": "Communication",
			"email_status": ["not in", ["Spam", "Trash"]],
		},
		fields=[
			"sent_or_received",
			"communication_date",
			"sender",
			"sender_full_name",
			"recipients",
			"cc",
			"content",
		],
		order_by="communication_date desc, creation desc",
		limit=MOST_SHOWN,
	)
	return [
		{
			"text": plain(row.content),
			"author": row.sender_full_name or row.sender,
			"from_us": row.sent_or_received == "Sent",
			"sent_on": row.communication_date,
		}
		for row in reversed(rows)
		if parties(row) & theirs
	]


def addresses_of(order: Document) -> set[str]:
	"""Addresses that belong to the customer of `order`: of its contacts and of its portal users."""
	email = frappe.qb.DocType("Contact Email")
	# Who names an address of ours as theirs would read what we write among ourselves
	query, _contact, link = contacts_of_customers(email)
	contacts = query.where(link.link_name == order.customer).select(email.email_id).run(pluck=True)
	return {
		address.lower() for address in (*contacts, *users_of(order.customer), contact_email(order)) if address
	}


def parties(message: frappe._dict) -> set[str]:
	"""Who must be of the customer for a message to be theirs: its sender, or those we wrote to."""
	if message.sent_or_received == "Received":
		written = [message.sender]
	else:
		written = split_emails(f"{message.recipients or ''},{message.cc or ''}")
	return {parse_addr(address)[1].lower() for address in written if address}


def plain(html: str | None) -> str:
	"""The text of a message without its markup, and without the mail that it answers."""
	soup = BeautifulSoup(html or "", "html.parser")
	for element in soup(["blockquote", "script", "style"]):
		element.decompose()
	for element in soup("br"):
		element.replace_with("\n")
	for element in soup(BLOCKS):
		element.append("\n")
	lines = [" ".join(line.split()) for line in soup.get_text().splitlines()]
	return "\n".join(
		line for number, line in enumerate(lines) if line or (number and lines[number - 1])
	).strip()
