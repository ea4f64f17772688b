"""Mails to customers, the one way: approval, shipping, invoicing and closing tell them something.

Each kind of mail has a switch and an Email Template in Metalcraft Settings. A mail is kept as a
Communication on the document it is about, under a name that is made of the kind and the event: so the
database itself keeps a second one out, whoever tries, and however often. The mail goes into the Email
Queue in the transaction that is under way. What goes wrong with it never stops the step; it is said.
"""

from collections.abc import Callable, Iterable
from email.utils import parseaddr
from typing import NamedTuple
from urllib.parse import quote

import frappe
from frappe import _
from frappe.model.document import Document
from frappe.utils import escape_html, get_url, split_emails, validate_email_address
from frappe.utils.html_utils import unescape_html

from metalcraft_workflow.facts.contacts import (
	contact_email,
	contacts_of_customers,
	is_ours,
	made_in_house,
	name_at,
)
from metalcraft_workflow.gates.append_only import mark_as_ours
from metalcraft_workflow.gates.language import in_language, language_of_document
from metalcraft_workflow.gates.message import typed_text
from metalcraft_workflow.gates.notifications import say
from metalcraft_workflow.gates.registry import settings
from metalcraft_workflow.outgoing.attempt import attempt
from metalcraft_workflow.rules.requirement import _lt

# What staff calls each kind
KINDS = {
	"acknowledgement": _lt("order acknowledgement"),
	"shipped": _lt("notice of shipment"),
	"invoice": _lt("invoice"),
	"closed": _lt("thanks for a closed order"),
}


class Letter(NamedTuple):
	"""What a step has to say: `contacts` are whom to try, as their email field has it, and the first that can
	be reached has it; `write` gives what the template can name, in the language of the document; `options`
	are those of `frappe.sendmail`."""

	contacts: Iterable[str | None]
	write: Callable[[], dict]
	options: dict | None = None


class LeftOut(NamedTuple):
	"""An address that gets no mail, and why in a few words."""

	address: str
	why: str


def is_wanted(kind: str) -> bool:
	"""Whether mails of this kind go out by themselves."""
	return bool(settings().get(f"mail_{kind}"))


def sent_among(names: Iterable[str]) -> set[str]:
	"""Those of the mails with these stamps that went out."""
	return set(frappe.get_all("Communication", filters={"name": ["in", list(names)]}, pluck="name"))


def original(doc: Document) -> str:
	"""The name that `doc` had before it was cancelled and amended: to the customer it is the same."""
	name, before = doc.name, doc.get("amended_from")
	while before:
		name, before = before, frappe.db.get_value(doc.doctype, before, "amended_from")
	return name


def send(kind: str, name: str, doc: Document, letter: Letter) -> str:
	"""Queue the mail `name` of `kind` about `doc`; gives the addresses it goes to, with commas.

	Raises ValidationError when there is nobody to send it to, DuplicateEntryError when it was sent before,
	and what Frappe raises when a mail cannot be queued.
	"""
	recipients, left_out = addressees(letter.contacts)
	if not recipients:
		nobody(doc, left_out)
	language = language_of_document(doc)
	template = template_of(kind, language)
	with in_language(language):
		context = {**letter.write(), "contact": typed_text(reader_of(doc, recipients))}
		subject = " ".join(unescape_html(frappe.render_template(template.subject, context)).split())
		content = frappe.render_template(template.response_, context)
	mail = frappe.new_doc(
		"Communication",
		# Stands on the timeline as the system's, not as an answer of somebody
		communication_type="Automated Message",
		communication_medium="Email",
		sent_or_received="Sent",
		subject=subject,
		content=content,
		recipients=", ".join(recipients),
		reference_doctype=doc.doctype,
		reference_name=doc.name,
		email_template=template.name,
	)
	mail.flags.skip_add_signature = True
	mail.parent_doc = doc  # or Frappe loads it
	mark_as_ours(mail)
	# Whoever takes the step sets this off, also who may not write mails
	mail.insert(ignore_permissions=True, set_name=name)
	queued = frappe.sendmail(
		recipients=recipients,
		subject=subject,
		message=content,
		reference_doctype=doc.doctype,
		# Who left a conversation about the document still gets the mails that it owes them: Frappe goes by
		# this name. It is set right in the queue.
		reference_name=mail.name,
		add_unsubscribe_link=0,
		communication=mail.name,
		**(letter.options or {}),
	)
	if not queued:
		nobody(doc, [*left_out, *(LeftOut(address, _("cannot be mailed")) for address in recipients)])
	frappe.db.set_value("Email Queue", queued.name, "reference_name", doc.name, update_modified=False)
	if left_out:
		say_of_mail(
			doc,
			_("The {0} went to {1}. Left out: {2}.").format(
				_(KINDS[kind]), ", ".join(recipients), in_words(left_out)
			),
		)
	return ", ".join(recipients)


def reader_of(doc: Document, recipients: list[str]) -> str:
	"""By which name the mail about `doc` speaks to whom it goes to: that of the contact; of the customer where
	none is known by the address."""
	named = addresses_in(contact_email(doc))
	if doc.get("contact_display") and {address.lower() for address in named} & {
		address.lower() for address in recipients
	}:
		return doc.contact_display
	return name_at(recipients, doc.customer) or doc.customer_name or doc.customer


def addressees(contacts: Iterable[str | None]) -> tuple[list[str], list[LeftOut]]:
	"""The addresses of the first of `contacts` that can be reached; and which were passed by.

	One contact may have several addresses in one field. They are looked at one by one, because a single
	bad one would keep the mail from everybody.
	"""
	left_out: dict[str, LeftOut] = {}
	for contact in contacts:
		found: dict[str, str] = {}
		for address in addresses_in(contact):
			if why := why_not(address):
				left_out[address.lower()] = LeftOut(address, why)
			else:
				found.setdefault(address.lower(), address)
		if found:
			return list(found.values()), list(left_out.values())
	return [], list(left_out.values())


def addresses_in(contact: str | None) -> list[str]:
	"""The addresses in a field, without the names that may stand beside them."""
	parts = split_emails((contact or "").replace(";", ",").replace("\n", ","))
	return [parseaddr(part)[1] if "<" in part else part for part in parts]


def why_not(address: str) -> str:
	"""Why `address` gets no mail, in a few words; empty when it does."""
	if validate_email_address(address) != address:
		return _("not an email address")
	if frappe.db.exists("Email Unsubscribe", {"email": address, "global_unsubscribe": 1}):
		return _("has unsubscribed from all mails")
	return ""


def nobody(doc: Document, left_out: list[LeftOut]) -> None:
	"""Raise the ValidationError that says that there is nobody to send a mail to, and why."""
	text = _(
		"{0} has no contact with a valid email address. Set one, and tell the customer yourself."
	).format(doc.customer_name or doc.customer)
	if left_out:
		text += " " + _("Left out: {0}.").format(in_words(left_out))
	frappe.throw(escape_html(text), title=_("Nobody to Send It To"))


def in_words(left_out: list[LeftOut]) -> str:
	"""Who was left out, and why."""
	return ", ".join(f"{address} ({why})" for address, why in left_out)


def template_of(kind: str, language: str) -> Document:
	"""The Email Template of a kind: of the one that the settings name, that of the same name with the
	language in brackets, where there is one. Raises a ValidationError that says where to choose one."""
	name = settings().get(f"template_{kind}")
	if not name:
		frappe.throw(_("Choose a template for this mail in Metalcraft Settings."))
	# As a language is of a country ("de-AT"), too
	names = [f"{name} ({language})", f"{name} ({language.partition('-')[0]})", name]
	found = set(frappe.get_all("Email Template", filters={"name": ["in", names]}, pluck="name"))
	return frappe.get_cached_doc("Email Template", next((each for each in names if each in found), name))


def mail_customer(kind: str, name: str, doc: Document, write: Callable[[], Letter]) -> str | None:
	"""Send what `write` gives as `send` does, when the settings want it and it was not sent before; gives
	the addresses, or None. Why it could not be written or sent is said in a comment and to whoever acts, and
	not raised; but for a deadlock, which takes the step with it."""
	if not is_wanted(kind) or sent_among([name]):
		return None
	with attempt("customer_mail") as tried:
		return send(kind, name, doc, write())
	if not isinstance(tried.error, frappe.DuplicateEntryError):
		could_not(kind, doc, str(tried.error) or type(tried.error).__name__)
	return None


def could_not(kind: str, doc: Document, why: str) -> None:
	"""Say on the document, and to whoever acts, that the customer was not told."""
	text = _("The customer was not mailed the {0}: {1}").format(_(KINDS[kind]), unescape_html(why))
	say_of_mail(doc, text)


def say_of_mail(doc: Document, text: str) -> None:
	"""Say something about a mail on the document, and to whoever acts."""
	doc.add_comment("Comment", escape_html(text))
	say(doc, escape_html(text))


# What the templates can name. All of it is fit to stand in HTML as it is.


def common_context(doc: Document, orders: list[str]) -> dict:
	"""What every template can name, of a mail about `orders`."""
	url, here = portal_url(orders), _("your order online")
	numbers = frappe.get_all("Sales Order", filters={"name": ["in", orders]}, pluck="po_no", order_by="name")
	return {
		"doc": doc,
		"customer": typed_text(doc.customer_name or doc.customer),
		"contact": typed_text(doc.get("contact_display") or doc.customer_name or doc.customer),
		"company": typed_text(doc.company),
		"order": typed_text(", ".join(orders)),
		"po_no": typed_text(", ".join(dict.fromkeys(number for number in numbers if number))),
		"portal_url": url,
		"portal": f'<a href="{escape_html(url)}">{here}</a>',
	}


def portal_url(orders: list[str]) -> str:
	"""Where the customer follows the order in the portal; the list, when there is not just one."""
	return get_url("/customer-orders" + (f"/{quote(orders[0])}" if len(orders) == 1 else ""))


def details(*rows: tuple[str, str | None]) -> str:
	"""A table of labels and values, which are HTML; without those that have no value."""
	return _table("details", rows=[row for row in rows if row[1]])


def lines(head: list[str], rows: Iterable[Iterable], numbers: Iterable[int] = ()) -> str:
	"""A table of lines of plain values. `numbers` are the columns, from 0, that stand to the right."""
	cells = [[typed_text(str(value or "")) for value in row] for row in rows]
	return _table("lines", head=head, rows=cells, numbers=tuple(numbers))


def _table(name: str, **context) -> str:
	return frappe.render_template(f"metalcraft_workflow/templates/emails/{name}.html", context)


def item_of(row: Document) -> str:
	"""The item of a line, with its name where it has one of its own."""
	named = row.item_name and row.item_name != row.item_code
	return f"{row.item_code}: {row.item_name}" if named else row.item_code


# Whom to tell


def order_addresses(orders: Iterable[str]) -> list[str | None]:
	"""Addresses of the contacts that the orders name."""
	rows = frappe.get_all(
		"Sales Order",
		filters={"name": ["in", list(orders)]},
		fields=["contact_email", "contact_person", "customer"],
		order_by="name",
	)
	return [contact_email(row) for row in rows]


def customer_addresses(customer: str) -> tuple[list[str], list[str | None]]:
	"""Addresses of the customer's billing contacts, and of its primary ones."""
	query, contact, link = contacts_of_customers()
	# Whoever adds an address to a contact of ours would have our mails
	email = frappe.qb.DocType("Contact Email")
	added = (
		frappe.qb.from_(email)
		.where((email.parent == contact.name) & (email.email_id == contact.email_id))
		.where(made_in_house(email).negate())
		.select(email.parent)
	)
	rows = (
		query.where(link.link_name == customer)
		.where((contact.is_billing_contact == 1) | (contact.is_primary_contact == 1))
		.where(contact.name.notin(added))
		.select(contact.email_id, contact.is_billing_contact)
		.orderby(contact.creation)
		.run(as_dict=True)
	)
	billing = [row.email_id for row in rows if row.is_billing_contact]
	primary = [row.email_id for row in rows if not row.is_billing_contact]
	known = frappe.db.get_value("Customer", customer, ["email_id", "customer_primary_contact"], as_dict=True)
	if known and (not known.customer_primary_contact or is_ours(known.customer_primary_contact, customer)):
		primary.append(known.email_id)
	return billing, primary
