"""The orders of a customer, as their portal shows them.

What is sent is listed here, field by field, and nothing else is. Dates and amounts are those of the last
approval: before one nothing is promised, nor of an order that was cancelled, and what a change under review
says is not promised yet.
"""

from dataclasses import replace

import frappe
from frappe.model.document import Document
from frappe.query_builder.functions import Count, Max, Min
from frappe.utils import cint, flt, getdate
from pypika.terms import Criterion, ExistsCriterion

from metalcraft_workflow.access.customers import get_own, require_customers, visible
from metalcraft_workflow.facts.currency import decimals
from metalcraft_workflow.facts.orders import read_order, read_orders
from metalcraft_workflow.facts.promise import FIELD as PROMISE
from metalcraft_workflow.facts.promise import is_under_review, promise_of, states_under_review
from metalcraft_workflow.gates.input import checked
from metalcraft_workflow.gates.workflow import states_by_gate
from metalcraft_workflow.portal.documents import has_package, released_documents
from metalcraft_workflow.rules.orders import OrderFacts
from metalcraft_workflow.rules.path import has_passed
from metalcraft_workflow.rules.progress import OUTSIDE, STAGES, UNDER_WAY, customer_stage, progress
from metalcraft_workflow.rules.promise import APPROVED, as_promised
from metalcraft_workflow.rules.stage import order_stage

PAGE = 20

# What a customer is sent, and no more
LIST_FIELDS = ("orders", "page", "pages", "total")
ORDER_FIELDS = (
	"name",
	"po_no",
	"customer_name",
	"ordered_on",
	"promised_on",
	"stage",
	"amount",
	"currency",
	"in_review",
)
DETAIL_FIELDS = (*ORDER_FIELDS, "progress", "lines", "came_back", "shipments", "invoices")
STEP_FIELDS = ("label", "state", "on")
LINE_FIELDS = (
	"idx",
	"item_code",
	"item_name",
	"customer_part_no",
	"uom",
	"ordered",
	"packed",
	"shipped",
	"returned",
	"amount",
)
SHIPMENT_FIELDS = (
	"name",
	"shipped_on",
	"carrier",
	"tracking_number",
	"tracking_url",
	"packages",
	"lines",
	"documents",
	"has_package",
)
SHIPMENT_LINE_FIELDS = ("item_code", "item_name", "qty", "uom")
INVOICE_FIELDS = ("name", "dated", "due_on", "amount", "outstanding", "currency", "is_credit_note")


@frappe.whitelist(methods=["GET"])
@frappe.read_only()
@checked
def list_orders(search: str = "", stage: str = "", page: int = 1) -> dict:
	"""A page of the orders of the signed-in customer, newest first: LIST_FIELDS, ORDER_FIELDS each.

	`search` looks in the order's number, the purchase order's number and the items; `stage` is one of
	STAGES. Raises PermissionError to whom no customer is linked.
	"""
	order = frappe.qb.DocType("Sales Order")
	theirs = visible("Sales Order", require_customers())
	query = frappe.qb.from_(order).where(theirs)
	if search := search.strip():
		query = query.where(_matches(order, search))
	if stage in STAGES:
		query = query.where(_at_stage(order, stage, _stages_under_review(theirs)))
	total = query.select(Count("*")).run(pluck=True)[0]
	pages = max(1, -(-total // PAGE))
	page = min(max(1, page), pages)
	rows = (
		query.select(*(order[field] for field in _ORDER_COLUMNS))
		.orderby(order.transaction_date, order.name, order=frappe.qb.desc)
		.limit(PAGE)
		.offset((page - 1) * PAGE)
		.run(as_dict=True)
	)
	facts = read_orders(row.name for row in rows if is_under_review(row))
	return {
		"orders": [_order(row, facts.get(row.name)) for row in rows],
		"page": page,
		"pages": pages,
		"total": total,
	}


@frappe.whitelist(methods=["GET"])
@checked
def get_order(name: str) -> dict:
	"""One order of the signed-in customer: DETAIL_FIELDS.

	Raises DoesNotExistError for an order that is not there or not theirs.
	"""
	order = get_own("Sales Order", name)
	facts = as_approved(order, read_order(name))
	sent = _order(order, facts)
	deliveries = _deliveries(name)
	invoices = _invoices(name)
	days = {
		"received": getdate(order.transaction_date),
		"approved": order.approved_on and getdate(order.approved_on),
		"production": order.approved_on and getdate(order.approved_on),
		"final_pack": _brought_to_final_pack(name),
		"quality": _last_passage(deliveries, "release_documents"),
		"ready": _last_passage(deliveries, "clear"),
		"shipped": max((row.shipped_on for row in deliveries if row.docstatus == 1), default=None),
		"invoiced": max((invoice["dated"] for invoice in invoices), default=None),
		"paid": _last_payment([invoice["name"] for invoice in invoices]),
		"closed": order.closed_on and getdate(order.closed_on),
	}
	lines = _lines(order, facts, deliveries)
	return {
		**sent,
		"progress": [
			{"label": step.label, "state": step.state, "on": step.on}
			for step in progress(sent["stage"], facts, days)
		],
		"lines": lines,
		"came_back": any(line["returned"] for line in lines),
		"shipments": [_shipment(row) for row in deliveries if row.docstatus == 1],
		"invoices": invoices,
	}


def as_approved(order: Document | frappe._dict, facts: OrderFacts) -> OrderFacts:
	"""`facts` of `order`; while a change of it is under review, as it was approved."""
	if not is_under_review(order):
		return facts
	promise = promise_of(order)
	return as_promised(facts, promise) if promise else replace(facts, gate=APPROVED)


# The list

_ORDER_COLUMNS = (
	"name",
	"docstatus",
	"status",
	"po_no",
	"customer_name",
	"transaction_date",
	"delivery_date",
	"order_stage",
	"grand_total",
	"rounded_total",
	"currency",
	"workflow_state",
	PROMISE,
)


def _order(row: Document | frappe._dict, facts: OrderFacts | None) -> dict:
	"""What is sent of an order; of one under review `facts` are wanted, too."""
	in_review = is_under_review(row)
	promised_on, amount = None, None
	if in_review and (promise := promise_of(row)):
		promised_on, amount = promise.delivery_date, promise.amount
	elif row.docstatus == 1 and not in_review:
		promised_on, amount = row.delivery_date, flt(row.rounded_total or row.grand_total)
	stage = order_stage(as_approved(row, facts)) if in_review and facts else row.order_stage
	return {
		"name": row.name,
		"po_no": row.po_no,
		"customer_name": row.customer_name,
		"ordered_on": row.transaction_date,
		"promised_on": promised_on,
		"stage": customer_stage(stage, row.status),
		"amount": amount,
		"currency": row.currency,
		"in_review": in_review,
	}


def _stages_under_review(theirs: Criterion) -> dict[str, str]:
	"""Order of which a change is under review -> its stage in the customer's words."""
	states, order = states_under_review(), frappe.qb.DocType("Sales Order")
	if not states:
		return {}
	rows = (
		frappe.qb.from_(order)
		.where(theirs)
		.where((order.docstatus == 1) & order.workflow_state.isin(states))
		.select(order.name, order.docstatus, order.status, order.workflow_state, order[PROMISE])
		.run(as_dict=True)
	)
	facts = read_orders(row.name for row in rows)
	return {
		row.name: customer_stage(order_stage(as_approved(row, facts[row.name])), row.status) for row in rows
	}


def _matches(order, search: str) -> Criterion:
	line = frappe.qb.DocType("Sales Order Item")
	for special in ("\\", "%", "_"):  # they stand for themselves in what a person types
		search = search.replace(special, f"\\{special}")
	like = f"%{search}%"
	in_lines = (
		frappe.qb.from_(line)
		.select(line.name)
		.where(line.parent == order.name)
		.where(line.item_code.like(like) | line.item_name.like(like) | line.customer_part_no.like(like))
	)
	return order.name.like(like) | order.po_no.like(like) | ExistsCriterion(in_lines)


def _at_stage(order, stage: str, under_review: dict[str, str]) -> Criterion:
	"""Condition of a query: orders at `stage` in a customer's words. `under_review` is order -> stage of
	those whose own stage says that a change of them waits."""
	found = order.order_stage.isin(STAGES[stage])
	outside = order.order_stage.isnull() | (order.order_stage == "")
	if stage == UNDER_WAY:
		known = [status for statuses in OUTSIDE.values() for status in statuses]
		found |= outside & order.status.notin(known)
	elif stage in OUTSIDE:
		found |= outside & order.status.isin(OUTSIDE[stage])
	if not under_review:
		return found
	here = [name for name, other in under_review.items() if other == stage]
	return (found & order.name.notin(list(under_review))) | order.name.isin([*here, ""])


# One order


def _deliveries(order: str) -> list[frappe._dict]:
	"""Delivery notes with lines of `order`, each once with its `lines`; drafts too, returns not."""
	note, line = frappe.qb.DocType("Delivery Note"), frappe.qb.DocType("Delivery Note Item")
	rows = (
		frappe.qb.from_(line)
		.join(note)
		.on(note.name == line.parent)
		.where((line.against_sales_order == order) & (note.docstatus < 2) & (note.is_return == 0))
		.select(
			note.name,
			note.docstatus,
			note.workflow_state,
			note.posting_date,
			note.ship_date,
			note.carrier,
			note.tracking_number,
			note.tracking_url,
			note.packages,
			line.so_detail,
			line.item_code,
			line.item_name,
			line.qty,
			line.uom,
		)
		.orderby(note.posting_date)
		.orderby(note.name)
		.orderby(line.idx)
		.run(as_dict=True)
	)
	gates, found = states_by_gate("Delivery Note"), {}
	for row in rows:
		delivery = found.setdefault(row.name, row)
		delivery.setdefault("lines", []).append(
			frappe._dict({key: row[key] for key in ("so_detail", *SHIPMENT_LINE_FIELDS)})
		)
	for row in found.values():
		row.shipped_on = row.ship_date or row.posting_date
		row.gate = gates.get(row.workflow_state, "")
		row.is_packed = row.docstatus == 1 or has_passed(row.gate, "complete_packing")
	return list(found.values())


def _lines(order: Document, facts: OrderFacts, deliveries: list[frappe._dict]) -> list[dict]:
	known = {line.name: line for line in facts.lines}
	packed_of: dict[str, float] = {}
	for delivery in deliveries:
		for line in delivery.lines if delivery.is_packed else ():
			packed_of[line.so_detail] = packed_of.get(line.so_detail, 0) + flt(line.qty)
	promise = promise_of(order) if is_under_review(order) else None
	confirmed = bool(promise) or (order.docstatus == 1 and not is_under_review(order))
	found = []
	for row in promise.lines if promise else order.items:
		line = known.get(row.name)
		shipped = line.delivered if line else 0
		found.append(
			{
				"idx": row.idx,
				"item_code": row.item_code,
				"item_name": row.item_name,
				"customer_part_no": row.customer_part_no or None,
				"uom": row.uom,
				"ordered": flt(row.qty),
				# what a supplier ships itself is never packed here
				"packed": max(packed_of.get(row.name, 0), shipped),
				"shipped": shipped,
				"returned": line.returned if line else 0,
				"amount": flt(row.amount) if confirmed else None,
			}
		)
	return found


def _shipment(delivery: frappe._dict) -> dict:
	note = frappe.get_doc("Delivery Note", delivery.name)
	return {
		"name": delivery.name,
		"shipped_on": delivery.shipped_on,
		"carrier": delivery.carrier,
		"tracking_number": delivery.tracking_number,
		"tracking_url": web_link(delivery.tracking_url),
		"packages": cint(delivery.packages),
		"lines": [{key: line[key] for key in SHIPMENT_LINE_FIELDS} for line in delivery.lines],
		"documents": released_documents(note),
		"has_package": has_package(note),
	}


def web_link(url: str | None) -> str | None:
	"""`url` when it leads to a web page, and nothing otherwise: a link may carry a script."""
	return url if (url or "").lower().startswith(("https://", "http://")) else None


def _invoices(order: str) -> list[dict]:
	"""Submitted invoices and credit notes with lines of `order`: INVOICE_FIELDS each."""
	invoice, line = frappe.qb.DocType("Sales Invoice"), frappe.qb.DocType("Sales Invoice Item")
	rows = (
		frappe.qb.from_(invoice)
		.where(invoice.docstatus == 1)
		.where(invoice.name.isin(frappe.qb.from_(line).where(line.sales_order == order).select(line.parent)))
		.select(
			invoice.name,
			invoice.posting_date,
			invoice.due_date,
			invoice.grand_total,
			invoice.rounded_total,
			invoice.base_grand_total,
			invoice.base_rounded_total,
			invoice.outstanding_amount,
			invoice.currency,
			invoice.party_account_currency,
			invoice.is_return,
		)
		.orderby(invoice.posting_date)
		.orderby(invoice.name)
		.run(as_dict=True)
	)
	return [
		{
			"name": row.name,
			"dated": row.posting_date,
			"due_on": row.due_date,
			"amount": flt(row.rounded_total or row.grand_total),
			"outstanding": _in_currency(row),
			"currency": row.currency,
			"is_credit_note": bool(row.is_return),
		}
		for row in rows
	]


def _in_currency(invoice: frappe._dict) -> float:
	"""What is outstanding, in the currency of the invoice: it is kept in that of the customer's account, where
	the invoice comes to another amount, rounded by itself.

	As a share of the whole, so that nothing paid is all of it, to the last coin.
	"""
	if invoice.party_account_currency in (None, "", invoice.currency):
		return flt(invoice.outstanding_amount)
	there = flt(invoice.base_rounded_total) or flt(invoice.base_grand_total)
	here = flt(invoice.rounded_total) or flt(invoice.grand_total)
	share = flt(invoice.outstanding_amount) / there if there else 0
	return flt(share * here, decimals(invoice.currency))


# Days


def _brought_to_final_pack(order: str):
	entry, line = frappe.qb.DocType("Stock Entry"), frappe.qb.DocType("Stock Entry Detail")
	return (
		frappe.qb.from_(line)
		.join(entry)
		.on(entry.name == line.parent)
		.where((line.sales_order == order) & (entry.docstatus == 1))
		.select(Min(entry.posting_date))
		.run(pluck=True)[0]
	)


def _last_passage(deliveries: list[frappe._dict], gate: str):
	"""The day on which the last of `deliveries` that have passed `gate` passed it."""
	names = [row.name for row in deliveries if has_passed(row.gate, gate)]
	if not names:
		return None
	record, note = frappe.qb.DocType("Release Record"), frappe.qb.DocType("Delivery Note")
	last = (
		frappe.qb.from_(record)
		.join(note)
		.on(record.process_id == note.process_id)
		.where(note.name.isin(names))
		.where((record.kind == "Passage") & (record.gate == gate))
		.select(Max(record.creation))
		.run(pluck=True)[0]
	)
	return last and getdate(last)


def _last_payment(invoices: list[str]):
	if not invoices:
		return None
	entry = frappe.qb.DocType("Payment Ledger Entry")
	return (
		frappe.qb.from_(entry)
		.where((entry.against_voucher_type == "Sales Invoice") & entry.against_voucher_no.isin(invoices))
		.where((entry.delinked == 0) & (entry.voucher_type != "Sales Invoice"))
		.select(Max(entry.posting_date))
		.run(pluck=True)[0]
	)
