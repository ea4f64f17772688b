"""Step 5: approval of an order: who asked, who approved, on what credit, and what was changed since."""

from dataclasses import replace

import frappe
from frappe import _
from frappe.model.document import Document
from frappe.utils import escape_html, flt, now_datetime

from metalcraft_workflow.facts import promise
from metalcraft_workflow.facts.contacts import contact_email
from metalcraft_workflow.gates import record, registry
from metalcraft_workflow.gates.input import checked
from metalcraft_workflow.gates.names import names_of
from metalcraft_workflow.gates.numbers import written_day, written_money, written_price, written_qty
from metalcraft_workflow.gates.workflow import gate_of
from metalcraft_workflow.outgoing import customer_mail, sent_mails
from metalcraft_workflow.outgoing.owed_mails import owe
from metalcraft_workflow.rules import customer_mail as mail_rules
from metalcraft_workflow.rules import path
from metalcraft_workflow.rules.fingerprint import fingerprint, fingerprint_of_tables
from metalcraft_workflow.rules.requirement import Link, Requirement, _lt
from metalcraft_workflow.rules.vouched import APPROVAL_2

# What an approval vouched for at first
LINE_FIELDS = (
	"item_code",
	"qty",
	"uom",
	"conversion_factor",
	"rate",
	"delivery_date",
	"customer_part_no",
	"delivered_by_supplier",
)
TERM_FIELDS = ("due_date", "invoice_portion")
ORDER_FIELDS = (
	"customer",
	"currency",
	"po_no",
	"additional_discount_percentage",
	"discount_amount",
	"payment_terms_template",
	"shipping_address_name",
	# Taxes and charges too: what the customer owes in the end
	"grand_total",
	# Whether it is delivered at all
	"order_type",
	"skip_delivery_note",
)


# Gate: approve


def request_still_stands(doc: Document) -> list[Requirement]:
	"""What the request had to bring, again: an order may have waited for weeks.

	What was waived then is waived still, for the order as it is.
	"""
	waived = record.waived_codes(doc, "request_approval")
	return [
		as_requested(doc),
		*(
			replace(requirement, met=requirement.met or requirement.code in waived)
			for requirement in registry.requirements_of("request_approval", doc)
		),
	]


def quantities(doc: Document) -> list[Requirement]:
	"""An order says how much it is of; asked where a line does not. Gate `request_approval`, and so `approve`.

	ERPNext can be set to take lines without a quantity, for prices that are agreed upon. Nothing could be made
	for one or delivered, and it would count as done.
	"""
	rows = [str(row.idx) for row in doc.items if not flt(row.qty)]
	if not rows:
		return []
	return [
		Requirement(
			code="quantities",
			label=_lt("Every line has a quantity"),
			message=_lt(
				"Rows {rows}: enter how much is ordered. Agree on prices alone in a Quotation or a Blanket Order."
			),
			params={"rows": ", ".join(rows)},
			met=False,
			link=Link(doc.doctype, doc.name, "items"),
			waivable=False,
		)
	]


def as_requested(doc: Document) -> Requirement:
	"""Nobody changes an order and approves it in one go: what is approved was asked for, or was
	changed by somebody on record."""
	approved = record.last_passage(doc, "approve")
	changes = record.voids_since_passage(doc, "approve") if approved else []
	# An order that was taken to its review by hand, and not changed, is as it was approved last
	asked = changes[0] if changes else approved or record.last_passage(doc, "request_approval")
	return Requirement(
		code="as_requested",
		label=_lt("Just as it was asked for"),
		message=_lt("Save the change of the lines first; then somebody else accepts it.")
		if changes
		else _lt(
			"The order was changed since approval was asked for. Send it back, to have it asked for again."
		)
		if asked
		else _lt("Nobody is on record for asking. Send it back, to have its approval asked for again."),
		met=bool(asked) and registry.holds(asked, doc),
		waivable=False,
	)


def approval_fingerprint_2(doc: Document) -> str:
	"""Digest of what the gates `request_approval` and `approve` vouch for."""
	return fingerprint_of_tables(names_of(doc).tables(doc, APPROVAL_2), APPROVAL_2)


def approval_fingerprint_1(doc: Document) -> str:
	"""The same, for records of the first version."""
	fields = (*LINE_FIELDS, *TERM_FIELDS, *ORDER_FIELDS)
	return fingerprint(names_of(doc).rows([*doc.items, *doc.payment_schedule, doc], fields), fields)


# What the passages leave on the order


def stamp_request(doc: Document) -> None:
	"""Who asked for the approval."""
	stamp(
		doc,
		approval_requested_by=frappe.session.user,
		approved_by=None,
		approved_on=None,
	)


def withdraw_request(doc: Document) -> None:
	"""What was asked for has changed: nobody has asked for this."""
	stamp(doc, approval_requested_by=None)


def stamp_approval(doc: Document) -> None:
	"""Who approved the order, or accepted its changes, when, and what that promises to the customer."""
	stamp(
		doc,
		approved_by=frappe.session.user,
		approved_on=now_datetime(),
		**{promise.FIELD: promise.written_promise(doc)},
	)


def acknowledge(doc: Document) -> None:
	"""Mail the customer what was approved, with the promised dates; and again when a change of it was
	accepted. Effect of `approve`."""
	if customer_mail.is_wanted("acknowledgement"):
		owe("acknowledgement", doc)


def mail_acknowledgement(order: str) -> None:
	"""Mail the customer what was approved of `order`, unless they know. A background job; harmless when it runs
	twice."""
	doc = frappe.get_doc("Sales Order", order)
	approvals = record.passages(doc, "approve")
	stamps = [mail_rules.stamp("acknowledgement", approval.name) for approval in approvals]
	sent = customer_mail.sent_among(stamps)
	now = approvals[0].fingerprint if approvals else ""
	history = [
		mail_rules.Approval(now if registry.holds(approval, doc) else approval.fingerprint, name in sent)
		for approval, name in zip(approvals, stamps, strict=True)
	]

	if mail_rules.has_news(history):
		customer_mail.mail_customer(
			"acknowledgement", stamps[0], doc, lambda: letter(doc, changed=bool(sent))
		)


@frappe.whitelist(methods=["POST"])
@checked
def send_acknowledgement(name: str, known: str = "") -> str:
	"""Mail the customer the acknowledgement of an approved order, again if need be; gives the addresses.

	`known` is the last one as far as the caller knows. Raises as `sent_mails.send_by_hand` does, and
	ValidationError for an order that is not approved as it stands.
	"""
	doc = frappe.get_doc("Sales Order", name)
	doc.check_permission("read")
	approval = record.last_passage(doc, "approve")
	if doc.docstatus != 1 or not approval or not path.has_passed(gate_of(doc), "approve"):
		frappe.throw(_("An order is acknowledged when it is approved, and so is a change of it."))
	earlier = [
		mail_rules.stamp("acknowledgement", passage.name) for passage in record.passages(doc, "approve")
	]
	changed = bool(customer_mail.sent_among(earlier[1:]))
	return sent_mails.send_by_hand("acknowledgement", (approval.name,), doc, letter(doc, changed), known)


def letter(doc: Document, changed: bool) -> customer_mail.Letter:
	"""The acknowledgement of an order, or of a change of it."""
	_billing, primary = customer_mail.customer_addresses(doc.customer)
	return customer_mail.Letter([contact_email(doc), *primary], lambda: acknowledgement(doc, changed))


def acknowledgement(doc: Document, changed: bool) -> dict:
	"""What the acknowledgement of an order can name."""
	context = customer_mail.common_context(doc, [doc.name])
	total = escape_html(written_money(doc.rounded_total or doc.grand_total, doc.currency))
	return {
		**context,
		"changed": changed,
		"promised_date": written_day(doc.delivery_date),
		"total": total,
		"details": customer_mail.details(
			(_("Your purchase order"), context["po_no"]),
			(_("Our order"), context["order"]),
			(_("Promised ship date"), written_day(doc.delivery_date)),
			(_("Total"), total),
		),
		"lines": customer_mail.lines(
			[
				_("Item"),
				_("Your part number"),
				_("Quantity"),
				_("Price"),
				_("Amount"),
				_("Promised ship date"),
			],
			[
				(
					customer_mail.item_of(row),
					row.customer_part_no,
					written_qty(row.qty, row.uom),
					written_price(row.rate, doc.currency),
					written_money(row.amount, doc.currency),
					written_day(row.delivery_date),
				)
				for row in doc.items
			],
			numbers=(2, 3, 4),
		),
	}


def withdraw_approval(doc: Document) -> None:
	"""What was approved has changed: nobody has approved this."""
	stamp(doc, approved_by=None, approved_on=None)


def stamp(doc: Document, **values) -> None:
	"""Write `values` on an order that is saved already: nobody edits it by them. The events of a change
	follow with the save that is under way."""
	doc.update(values)
	frappe.db.set_value(doc.doctype, doc.name, values, update_modified=False)


def record_further_change(doc: Document, method: str | None = None) -> None:
	"""Keep on record who changes an order that is under review already, so that they cannot accept it.

	In `on_update_after_submit`. The change that takes it there is recorded by the guard.
	"""
	if doc.flags.passage or gate_of(doc) != "change_review":
		return
	last = next(
		iter(record.voids_since_passage(doc, "approve")),
		record.last_passage(doc, "approve"),
	)
	if last and not registry.holds(last, doc):
		record.write(doc, "Void", gate="approve", reason=_("Changed while under review."))
		withdraw_approval(doc)
