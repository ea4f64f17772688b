"""Step 5: approval of an order: who asked, who approved, on what credit, and what was changed since."""

from dataclasses import replace

import frappe
from frappe.model.document import Document
from frappe.utils import cint, comma_or, flt, now_datetime

from metalcraft_workflow.gates import credit, customer_mail, record, registry
from metalcraft_workflow.gates.workflow import gate_of, set_fact, states_by_gate
from metalcraft_workflow.rules import mails
from metalcraft_workflow.rules.fingerprint import fingerprint
from metalcraft_workflow.rules.requirement import Requirement, _

# What an approval vouches for. When one of these changes, the order is looked at again.
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


# Who decides on a customer's credit for good: Accounts, and ERPNext's keeper of customers
CREDIT_KEEPERS = ("Accounts Manager", "Sales Master Manager")


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


def as_requested(doc: Document) -> Requirement:
	"""Nobody changes an order and approves it in one go: what is approved was asked for, or was
	changed by somebody on record."""
	approved = record.last_passage(doc, "approve")
	changes = record.voids_since_passage(doc, "approve") if approved else []
	# An order that was taken to its review by hand, and not changed, is as it was approved last
	asked = changes[0] if changes else approved or record.last_passage(doc, "request_approval")
	return Requirement(
		code="as_requested",
		label=_("Just as it was asked for"),
		message=_("Save the change of the lines first; then somebody else accepts it.")
		if changes
		else _(
			"The order was changed since approval was asked for. Send it back, to have it asked for again."
		),
		met=not asked or asked.fingerprint == approval_fingerprint(doc),
		waivable=False,
	)


def credit_requirement(doc: Document) -> list[Requirement]:
	"""Credit good, or released by Accounts for the order as it is."""
	return [credit.requirement(doc)]


def approval_fingerprint(doc: Document) -> str:
	"""Digest of what the gates `request_approval` and `approve` vouch for."""
	return fingerprint([*doc.items, *doc.payment_schedule, doc], (*LINE_FIELDS, *TERM_FIELDS, *ORDER_FIELDS))


# Credit hold


def set_credit_hold_reason(doc: Document, method: str | None = None) -> None:
	"""Say why the order would have to wait for Accounts; "Request Approval" leads there by it.

	In `validate`, when the total is known, before the guard chooses the branch.
	"""
	if doc.docstatus == 0 and doc.customer:
		set_fact(doc, "credit_hold_reason", credit.hold_reason(doc))


def check_credit_terms(doc: Document, method: str | None = None) -> None:
	"""Refuse that a customer's credit is made easier by who may not release an order's.

	In `validate` of the Customer, which everybody in sales may write. A new customer is compared with one
	that has no terms of its own, only those of its group and the company. Raises PermissionError.
	"""
	if keeps_credit():
		return
	before = doc.get_doc_before_save() or frappe.new_doc("Customer", customer_group=doc.customer_group)
	if is_easier(before, doc):
		refuse_easier_credit()


def check_credit_row(row: Document, method: str | None = None) -> None:
	"""Refuse a credit limit that is written by itself, around its customer, by who may not release an
	order's. Raises PermissionError."""
	if not keeps_credit():
		refuse_easier_credit()


def keeps_credit() -> bool:
	"""Whether the user decides on customers' credit."""
	return bool({registry.waiver_role("approve", credit.CODE), *CREDIT_KEEPERS} & set(frappe.get_roles()))


def refuse_easier_credit() -> None:
	"""Raise the PermissionError for who may not make credit easier."""
	frappe.throw(
		frappe._("Only {0} may take a customer off credit hold, or raise a credit limit.").format(
			comma_or([frappe._(role) for role in CREDIT_KEEPERS])
		),
		frappe.PermissionError,
		title=frappe._("Not Your Decision"),
	)


def is_easier(before: Document, after: Document) -> bool:
	"""Whether a customer's credit is easier in `after`: off hold, or a limit raised, removed or bypassed,
	also by another customer group."""
	if before.credit_hold and not after.credit_hold:
		return True
	old_rows, new_rows = ({row.company: row for row in doc.credit_limits} for doc in (before, after))
	old_group, new_group = (group_limits(doc.customer_group) for doc in (before, after))
	for company in {*old_rows, *new_rows, *old_group, *new_group}:
		old, new = old_rows.get(company), new_rows.get(company)
		if new and cint(new.bypass_credit_limit_check) > cint(old and old.bypass_credit_limit_check):
			return True
		# Without an amount of its own, the limit of the customer group or the company holds
		least = frappe.get_cached_value("Company", company, "credit_limit")
		was, now = (
			flt(row and row.credit_limit) or flt(group.get(company)) or flt(least)
			for row, group in ((old, old_group), (new, new_group))
		)
		if was and not 0 < now <= was:
			return True
	return False


def group_limits(customer_group: str | None) -> dict[str, float]:
	"""Company -> credit limit of a customer group."""
	return dict(
		frappe.get_all(
			"Customer Credit Limit",
			filters={"parent": customer_group or "", "parenttype": "Customer Group"},
			fields=["company", "credit_limit"],
			as_list=True,
		)
	)


def release_credit(doc: Document, method: str | None = None) -> None:
	"""Keep the release of a credit hold on record: it waives credit for the order as it is now.

	In `on_update`, before the guard records the passage.
	"""
	passage = doc.flags.passage
	if not passage:
		return
	states = states_by_gate(doc.doctype)
	if (states.get(passage.from_state), states.get(passage.to_state)) != (
		"credit_hold",
		"request_approval",
	):
		return
	record.write(
		doc,
		"Waiver",
		gate="approve",
		requirement=credit.CODE,
		action=passage.action,
		from_state=passage.from_state,
		to_state=passage.to_state,
		role=passage.role,
		reason=passage.reason,
	)
	doc.db_set("credit_hold_reason", "", update_modified=False)


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
	"""Who approved the order, or accepted its changes, and when."""
	stamp(doc, approved_by=frappe.session.user, approved_on=now_datetime())


def acknowledge(doc: Document) -> None:
	"""Mail the customer what was approved, with the promised dates; and again when a change of it was
	accepted. Effect of `approve`."""
	if not customer_mail.is_wanted("acknowledgement"):
		return
	approvals = record.passages(doc, "approve")
	stamps = [mails.stamp("acknowledgement", approval.name) for approval in approvals]
	sent = customer_mail.sent_among(stamps)
	history = [
		mails.Approval(approval.fingerprint, name in sent)
		for approval, name in zip(approvals, stamps, strict=True)
	]

	def write() -> customer_mail.Letter:
		_billing, primary = customer_mail.customer_addresses(doc.customer)
		return customer_mail.Letter([doc.contact_email, *primary], acknowledgement(doc, changed=bool(sent)))

	if mails.has_news(history):
		customer_mail.tell("acknowledgement", stamps[0], doc, write)


def acknowledgement(doc: Document, changed: bool) -> dict:
	"""What the acknowledgement of an order can name."""
	_ = frappe._
	context = customer_mail.common_context(doc, [doc.name])
	return {
		**context,
		"changed": changed,
		"promised_date": doc.get_formatted("delivery_date"),
		"total": doc.get_formatted("grand_total"),
		"details": customer_mail.details(
			(_("Your purchase order"), context["po_no"]),
			(_("Our order"), context["order"]),
			(_("Promised ship date"), doc.get_formatted("delivery_date")),
			(_("Total"), doc.get_formatted("grand_total")),
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
					f"{row.get_formatted('qty')} {row.uom}",
					row.get_formatted("rate", doc),
					row.get_formatted("amount", doc),
					row.get_formatted("delivery_date"),
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
	"""Write `values` on an order that is saved already: nobody edits it by them."""
	doc.db_set(values, update_modified=False)


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
	if last and last.fingerprint != approval_fingerprint(doc):
		record.write(doc, "Void", gate="approve", reason=frappe._("Changed while under review."))
		withdraw_approval(doc)
