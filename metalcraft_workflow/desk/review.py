"""The review desk: all that is needed to decide on an order, in one answer, and the decision.

Beside the customer's purchase order: the lines, marked where they differ from what was quoted or approved, the
customer's credit and last orders, and what the gate still asks for. The decision itself is the action of the
workflow, taken of the order as it was looked at.
"""

import re
from pathlib import PurePosixPath
from typing import Any

import frappe
from frappe import _
from frappe.model.document import Document
from frappe.model.workflow import apply_workflow
from frappe.utils import cint, flt, strip_html

from metalcraft_workflow.desk import releases, standing
from metalcraft_workflow.facts import credit
from metalcraft_workflow.facts.changes import since_approval
from metalcraft_workflow.facts.documents import file_of, is_there, why_unread
from metalcraft_workflow.facts.quoted import quotation_differences
from metalcraft_workflow.gates.checklist import arrival, next_gates
from metalcraft_workflow.gates.input import LongText, checked
from metalcraft_workflow.gates.message import knows_amounts, said, said_value
from metalcraft_workflow.gates.numbers import written_day, written_money, written_price, written_qty
from metalcraft_workflow.gates.once import reading
from metalcraft_workflow.gates.workflow import active_workflow, gate_of, state_of, transitions_from
from metalcraft_workflow.rules import review as rules
from metalcraft_workflow.rules.changes import Change
from metalcraft_workflow.rules.credit import over_limit
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
	name: str, action: str, seen: str, reason: LongText | None = None, acknowledged: bool = False
) -> None:
	"""Take an action of the workflow on an order, as the button of its form does.

	`seen` is when the order was last changed as it was looked at. `acknowledged` says that the differences from
	the quotation were read. A signature comes as `gates.signature` takes it out of a request. Raises a
	ValidationError when the order was changed since, and whatever the action raises.
	"""
	order = frappe.get_doc("Sales Order", name, for_update=True)
	order.check_permission("read")
	if str(order.modified) != seen:
		frappe.throw(
			_("{0} was changed since it was shown to you. Look at it again, then decide.").format(name),
			title=_("Changed Meanwhile"),
		)
	if acknowledged and not order.differences_acknowledged:
		order.differences_acknowledged = 1
		order.save()
	values = {"doctype": order.doctype, "name": name, "transition_reason": reason}
	apply_workflow(frappe.as_json(values), action)


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
		return {
			"name": order.name,
			"modified": str(order.modified),
			"customer": order.customer_name or order.customer,
			"state": _(state_of(order)),
			"hold_reason": standing.hold_reason(order) if gate == "credit_hold" else "",
			"file": file_shown(order),
			"facts": facts_of(order),
			"lines": lines_of(order, marks),
			"compared_with": _("As Approved") if changes else _("Quoted"),
			"added": _("Added") if changes else _("Not quoted"),
			"totals": totals_of(order) if with_prices else [],
			"differences": in_sentences(order, differences),
			"acknowledged": bool(order.differences_acknowledged),
			"changes": standing.changes_of(order),
			"credit": credit_of(order) if with_prices else None,
			"last_orders": last_orders(order),
			"checklist": [*arrival(order), *gates],
			"actions": actions_of(order, gates),
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
	address = strip_html(LINE_END.sub(", ", order.shipping_address or ""))
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
	"""What the order comes to."""
	found = [
		(_("Net Total"), order.net_total, order.total_taxes_and_charges or order.discount_amount),
		(_("Discount"), -flt(order.discount_amount), order.discount_amount),
		(_("Taxes and Charges"), order.total_taxes_and_charges, order.total_taxes_and_charges),
		(_("Total"), order.rounded_total or order.grand_total, True),
	]
	return [[label, written_money(amount, order.currency)] for label, amount, shown in found if shown]


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
	with_prices = knows_amounts()
	return [
		said(found.message, found.params) for found in differences if with_prices or not found.is_of_price
	]


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
		fields=["name", "po_no", "transaction_date", "grand_total", "currency", "order_stage", "status"],
		order_by="transaction_date desc, creation desc",
		limit=LAST,
	)
	with_prices = knows_amounts()
	return [
		{
			"name": row.name,
			"po_no": row.po_no or "",
			"date": written_day(row.transaction_date),
			"total": written_money(row.grand_total, row.currency) if with_prices else "",
			"stage": _(row.order_stage or row.status),
		}
		for row in rows
	]


# What may be done


def actions_of(order: Document, gates: list[dict]) -> list[dict]:
	"""The actions that the person may take, what leads on first. `lacks` are sentences; what a tick of the page
	meets is none of them, and `asks_look` says that it wants the tick."""
	workflow = active_workflow(order.doctype)
	if not workflow:
		return []
	entries = {entry["next_state"]: entry["requirements"] for entry in gates}
	found = []
	for transition in transitions_from(workflow, state_of(order), order, set(frappe.get_roles())):
		missing = [
			row for row in entries.get(transition.next_state, ()) if not row["met"] and not row["waived"]
		]
		found.append(
			{
				"action": transition.action,
				"label": _(transition.action),
				"leads_on": releases.leads_on(workflow, transition),
				"asks_reason": bool(cint(transition.get("reason_required"))),
				"asks_look": any(is_for_tick(order, row) for row in missing),
				"lacks": [row["message"] or row["label"] for row in missing if not is_for_tick(order, row)],
			}
		)
	return sorted(found, key=lambda action: not action["leads_on"])


def is_for_tick(order: Document, requirement: dict[str, Any]) -> bool:
	return requirement["code"] == DIFFERENCES and not order.differences_acknowledged
