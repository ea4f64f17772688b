"""The review desk: all that is needed to decide on an order, in one answer, and the decision.

Beside the customer's purchase order: the lines, marked where they differ from what was quoted or approved, the
customer's credit and last orders, and what the gate still asks for. The decision itself is the action of the
workflow, taken of the order as it was looked at.
"""

import re
from pathlib import PurePosixPath

import frappe
from frappe import _
from frappe.model.document import Document
from frappe.model.workflow import apply_workflow
from frappe.utils import cint, flt, strip_html
from frappe.utils.html_utils import unescape_html

from metalcraft_workflow.desk import releases, standing
from metalcraft_workflow.facts import credit
from metalcraft_workflow.facts.changes import since_approval
from metalcraft_workflow.facts.documents import file_of, is_there, why_unread
from metalcraft_workflow.facts.quoted import describe, quotation_differences
from metalcraft_workflow.gates.checklist import arrival, next_gates
from metalcraft_workflow.gates.input import LongText, checked
from metalcraft_workflow.gates.message import knows_amounts, said, said_value
from metalcraft_workflow.gates.numbers import written_day, written_money, written_price, written_qty
from metalcraft_workflow.gates.once import reading
from metalcraft_workflow.gates.workflow import active_workflow, gate_of, state_of, transitions_from
from metalcraft_workflow.rules import review as rules
from metalcraft_workflow.rules.changes import Change
from metalcraft_workflow.rules.credit import over_limit
from metalcraft_workflow.rules.fingerprint import fingerprint
from metalcraft_workflow.rules.quotation import Difference

# Endings of files that browsers show
SHOWN = {".pdf": "pdf", **dict.fromkeys((".png", ".jpg", ".jpeg", ".gif", ".webp"), "picture")}

LINE_END = re.compile(r"<br\s*/?>")

# How many of the customer's last orders are shown
LAST = 5

# The point of the gate `approve` that is met here, by a tick
DIFFERENCES = "differences"


@frappe.whitelist(methods=["GET"])
@frappe.read_only()
@checked
def get_review(name: str = "") -> dict:
	"""What there is to decide on an order; without a name, on the one that waits for the signed-in person first.

	Gives `{order, place, total, previous, next}`: `place` is that of the order among those that wait for the
	person, from 1 on, and 0 for one that does not; `order` is None where nothing waits. Gives nothing that the
	person may not read. Raises PermissionError for who may not open the page or read the order.
	"""
	if not releases.may_review():
		frappe.throw(_("The review desk is for people who decide on orders."), frappe.PermissionError)
	waiting = [row.name for found in releases.orders() for row in found.rows if row.is_reviewed]
	name = name or (waiting[0] if waiting else "")
	place = waiting.index(name) + 1 if name in waiting else 0
	following = waiting[place : place + 1]
	return {
		"order": reviewed(name) if name else None,
		"place": place,
		"total": len(waiting),
		"previous": waiting[place - 2] if place > 1 else "",
		"next": following[0] if following and following[0] != name else "",
	}


@frappe.whitelist(methods=["GET"])
@frappe.read_only()
@checked
def get_comparison(name: str) -> dict:
	"""How an order differs from its quotations, for who asks for its approval: `{lines, differences}`, as in the
	review. Raises PermissionError when the user may not read the order."""
	order = frappe.get_doc("Sales Order", name)
	order.check_permission("read")
	found = quotation_differences(order)
	return {
		"lines": lines_of(order, rules.from_quotation(found)),
		"differences": in_sentences(order, found),
	}


@frappe.whitelist(methods=["POST"])
@checked
def decide(
	name: str,
	action: str,
	seen: str,
	reason: LongText | None = None,
	acknowledged: bool = False,
	differences: str | None = None,
) -> None:
	"""Take an action of the workflow on an order, as the button of its form does.

	`seen` is when the order was last changed as it was looked at. `acknowledged` says that the differences from
	the quotation were read, and `differences` is the review's `differences_digest` of those. A signature comes as
	`gates.signature` takes it out of a request. Raises a ValidationError when the order or its differences were
	changed since, PermissionError for who acknowledges what they may not see, and whatever the action raises.
	"""
	order = frappe.get_doc("Sales Order", name, for_update=True)
	order.check_permission("read")
	if str(order.modified) != seen:
		changed_meanwhile(name)
	if acknowledged:
		acknowledge(order, differences)
	values = {"doctype": order.doctype, "name": name, "transition_reason": reason}
	apply_workflow(frappe.as_json(values), action)


def acknowledge(order: Document, digest: str | None) -> None:
	"""Keep that whoever decides has read the differences from the quotation, as they are now: the approval of
	another order of the same quotation changes them, and nothing of this one."""
	found = quotation_differences(order)
	text = describe(found)
	if digest is not None and digest != digest_of(text):
		changed_meanwhile(order.name)
	if hidden := unseen(found):
		frappe.throw(hidden, frappe.PermissionError)
	is_written = text == (order.quotation_differences or "")
	if is_written and order.differences_acknowledged:
		return
	if not is_written:
		stale = {"quotation_differences": text, "differences_acknowledged": 0}
		frappe.db.set_value(order.doctype, order.name, stale, update_modified=False)
		order.update(stale)
	order.differences_acknowledged = 1
	order.save()


def changed_meanwhile(name: str) -> None:
	frappe.throw(
		_("{0} was changed since it was shown to you. Look at it again, then decide.").format(name),
		title=_("Changed Meanwhile"),
	)


# The order


def reviewed(name: str) -> dict:
	"""All that the page shows of an order."""
	order = frappe.get_doc("Sales Order", name)
	order.check_permission("read")
	with reading(order):
		differences = quotation_differences(order)
		gate = gate_of(order)
		changes = (since_approval(order) or []) if gate == "change_review" else []
		with_prices = knows_amounts()
		marks = of_changes(order, changes) if changes else rules.from_quotation(differences)
		gates = next_gates(order)
		text = describe(differences)
		return {
			"name": order.name,
			"modified": str(order.modified),
			"customer": order.customer_name or order.customer,
			"state": _(state_of(order)),
			"hold_reason": releases.hold_reason(order) if gate == "credit_hold" else "",
			"file": file_shown(order),
			"facts": facts_of(order),
			"lines": lines_of(order, marks),
			"compared_with": _("As Approved") if changes else _("Quoted"),
			"added": _("Added") if changes else _("Not quoted"),
			"totals": totals_of(order) if with_prices else [],
			"differences": in_sentences(order, differences),
			"differences_digest": digest_of(text),
			# What was acknowledged is what was written down
			"acknowledged": bool(order.differences_acknowledged)
			and text == (order.quotation_differences or ""),
			"changes": standing.changes_of(order),
			"credit": credit_of(order) if with_prices else None,
			"last_orders": last_orders(order),
			"checklist": [*arrival(order), *gates],
			"actions": actions_of(order, gates, unseen(differences)),
		}


def file_shown(order: Document) -> dict:
	"""The customer's purchase order: `{kind, url, name, message}`. `kind` says how a browser shows it; empty where
	it cannot, and `message` says why. No `url` where there is nothing to open."""
	url = order.customer_po_file or ""
	if not url:
		return {"kind": "", "url": "", "name": "", "message": _("No purchase order is attached.")}
	name = PurePosixPath(url).name
	file = file_of(order, url)
	if not file or not is_there(file):
		message = (
			f"{name} {why_unread(url)}" if file else _("{0} is not attached to this order.").format(name)
		)
		return {"kind": "", "url": "", "name": name, "message": message}
	here = url.startswith(("/private/files/", "/files/"))
	kind = SHOWN.get(PurePosixPath(url).suffix.lower(), "") if here else ""
	return {
		"kind": kind,
		"url": url if here else "",
		"name": file.file_name or name,
		"message": "" if kind else _("A file of this kind cannot be shown here. Open it to read it."),
	}


def facts_of(order: Document) -> list[list[str]]:
	"""Label and value of what a purchase order says, beside its lines."""
	address = unescape_html(strip_html(LINE_END.sub(", ", order.shipping_address or "")))
	found = [
		(_("Customer's Purchase Order"), order.po_no),
		(_("Customer's Purchase Order Date"), written_day(order.po_date)),
		(_("Order Date"), written_day(order.transaction_date)),
		(_("Contact"), order.contact_display),
		(_("Ship To"), " ".join(address.split()).strip(" ,")),
		(_("Payment Terms"), order.payment_terms_template),
		(_("Incoterm"), " ".join(part for part in (order.incoterm, order.named_place) if part)),
		(_("Required Documents"), ", ".join(_(row.document_type) for row in order.required_documents)),
		(_("Notes for Production"), order.production_notes),
		(_("Company"), order.company),
	]
	return [[label, value] for label, value in found if value]


def totals_of(order: Document) -> list[list[str]]:
	"""What the order comes to: amounts that add up. ERPNext's net total is after the discount, and the discount on
	a grand total is in part one of taxes."""
	with_taxes = any(row.included_in_print_rate for row in order.taxes)
	discount = 0 if with_taxes else flt(order.total - order.net_total, order.precision("total"))
	rounding = flt(order.rounding_adjustment) if order.rounded_total else 0
	found = [
		(_("Total of the Lines"), order.total, discount),
		(_("Discount"), -discount, discount),
		(_("Net Total"), order.net_total, order.total_taxes_and_charges or discount or rounding),
		(_("Taxes and Charges"), order.total_taxes_and_charges, order.total_taxes_and_charges),
		(_("Rounding"), rounding, rounding),
		(_("Total"), total_of(order), True),
	]
	return [[label, written_money(amount, order.currency)] for label, amount, shown in found if shown]


def total_of(order: Document) -> float:
	"""What the customer is to pay for an order."""
	return order.rounded_total or order.grand_total


def lines_of(order: Document, marks: rules.Marks) -> list[dict]:
	"""The lines, each with its `marks`: cell -> what stood there, in words. Prices for who knows amounts."""
	with_prices = knows_amounts()
	return [
		{
			"idx": row.idx,
			"item_code": row.item_code,
			"item_name": row.item_name if row.item_name != row.item_code else "",
			"customer_part_no": row.customer_part_no or "",
			"qty": written_qty(row.qty, row.uom),
			"rate": written_price(row.rate, order.currency) if with_prices else "",
			"amount": written_money(row.amount, order.currency) if with_prices else "",
			"delivery_date": written_day(row.delivery_date),
			"marks": {
				cell: said_value(old) if old is not None else ""
				for cell, old in marks.get(row.name, {}).items()
				if with_prices or cell not in ("rate", "amount")
			},
		}
		for row in order.items
	]


def of_changes(order: Document, changes: list[Change]) -> rules.Marks:
	"""What is marked of changes, in words."""
	meta = frappe.get_meta("Sales Order Item")
	return {
		name: {
			cell: standing.shown(old, meta.get_field(cell), order) if cell in rules.CELLS else None
			for cell, old in cells.items()
		}
		for name, cells in rules.from_approval(changes).items()
	}


def in_sentences(order: Document, differences: list[Difference]) -> list[str]:
	"""Differences from the quotation, in the language of the reader; prices for who knows amounts."""
	hidden = unseen(differences)
	found = [said(row.message, row.params) for row in differences if not (hidden and row.is_of_price)]
	return [*found, hidden] if hidden else found


def unseen(differences: list[Difference]) -> str:
	"""What there is to say to who may not see all of `differences`; nothing to who may."""
	if knows_amounts() or not any(found.is_of_price for found in differences):
		return ""
	return _("Prices differ from the quotation. Somebody who may see them has to acknowledge that.")


def digest_of(text: str) -> str:
	"""By what it is known again whether the differences are those that were shown."""
	return fingerprint([{"text": text}], ("text",))


# Who orders


def credit_of(order: Document) -> dict | None:
	"""Where the customer stands with this order, in ERPNext's own figures; None for who may not read them."""
	if not frappe.has_permission("Customer", "read", doc=frappe.get_cached_doc("Customer", order.customer)):
		return None
	facts = credit.facts(order)
	owed = facts.exposure if facts.limit else credit.exposure(order, credit.is_bypassed(order))
	return {
		"exposure": written_money(owed, facts.currency),
		"limit": written_money(facts.limit, facts.currency) if facts.limit else "",
		"over": written_money(owed - facts.limit, facts.currency) if over_limit(facts) else "",
		"on_hold": facts.on_hold,
		"hold_reason": facts.hold_reason,
	}


def last_orders(order: Document) -> list[dict]:
	"""The last orders of the customer that the person may read."""
	rows = frappe.get_list(
		"Sales Order",
		filters={"customer": order.customer, "name": ("!=", order.name), "docstatus": 1},
		fields=[
			"name",
			"po_no",
			"transaction_date",
			"grand_total",
			"rounded_total",
			"currency",
			"order_stage",
			"status",
		],
		order_by="transaction_date desc, creation desc",
		limit=LAST,
	)
	with_prices = knows_amounts()
	return [
		{
			"name": row.name,
			"po_no": row.po_no or "",
			"date": written_day(row.transaction_date),
			"total": written_money(total_of(row), row.currency) if with_prices else "",
			"stage": _(row.order_stage or row.status),
		}
		for row in rows
	]


# What may be done


def actions_of(order: Document, gates: list[dict], hidden: str) -> list[dict]:
	"""The actions that the person may take, what leads on first. `lacks` are sentences; what a tick of the page
	meets is none of them, and `asks_look` says that it wants the tick. Who may not see all differences cannot
	tick that they have read them: `hidden` says so. `is_for_colleague` says that somebody else has to take it."""
	workflow = active_workflow(order.doctype)
	if not workflow:
		return []
	entries = {entry["next_state"]: entry["requirements"] for entry in gates}
	found = []
	for transition in transitions_from(workflow, state_of(order), order, set(frappe.get_roles())):
		missing = [
			row for row in entries.get(transition.next_state, ()) if not row["met"] and not row["waived"]
		]
		asks_look = any(row["code"] == DIFFERENCES for row in missing)
		lacking = [row for row in missing if row["code"] != DIFFERENCES]
		lacks = [row["message"] or row["label"] for row in lacking]
		found.append(
			{
				"action": transition.action,
				"label": _(transition.action),
				"leads_on": releases.leads_on(workflow, transition),
				"asks_reason": bool(cint(transition.get("reason_required"))),
				"asks_look": asks_look and not hidden,
				"lacks": [*lacks, hidden] if asks_look and hidden else lacks,
				"is_for_colleague": any(row["is_for_colleague"] for row in lacking),
			}
		)
	return sorted(found, key=lambda action: not action["leads_on"])
