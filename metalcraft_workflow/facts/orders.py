"""Reading what the rules want to know of orders: a handful of queries, however many orders."""

from collections import defaultdict
from collections.abc import Callable, Iterable
from datetime import date

import frappe
from frappe.model.document import Document
from frappe.query_builder.functions import Max
from frappe.utils import cint, flt, getdate, now_datetime

from metalcraft_workflow.facts.currency import smallest_amount, smallest_kept
from metalcraft_workflow.facts.final_pack import came_elsewhere, warehouses
from metalcraft_workflow.gates.registry import settings
from metalcraft_workflow.gates.workflow import states_by_gate
from metalcraft_workflow.rules.orders import Delivery, Invoice, OrderFacts, OrderLine, Precision, ReturnRow
from metalcraft_workflow.rules.path import OUTSIDE
from metalcraft_workflow.rules.returns import CREDIT, PLACES, ReturnMove, owed
from metalcraft_workflow.rules.stage import order_stage


def readable_orders(names: list[str]) -> dict[str, frappe._dict]:
	"""Those of the orders `names` that the person may read."""
	if not names or not frappe.has_permission("Sales Order"):
		return {}
	return {
		row.name: row
		for row in frappe.get_list(
			"Sales Order",
			filters={"name": ("in", names)},
			fields=["name", "process_id", "customer_name", "po_no"],
			order_by="name",
			limit=0,
		)
	}


def read_orders(names: Iterable[str], in_process: bool = False) -> dict[str, OrderFacts]:
	"""Facts of each of the orders `names` that exists (with `in_process`, and that follows the process), as
	the database has them now; in the order of their names."""
	names = list(names)
	if not names:
		return {}
	orders = frappe.get_all(
		"Sales Order",
		filters={"name": ("in", names), **({"follows_process": 1} if in_process else {})},
		fields=[
			"name",
			"docstatus",
			"status",
			"workflow_state",
			"follows_process",
			"keep_open",
			"closed_by_workflow",
			"currency",
			"skip_delivery_note",
			"order_type",
			"per_delivered",
			"order_stage",
		],
		order_by="name",
	)
	names = [order.name for order in orders]
	if not names:
		return {}
	gates, delivery_gates = states_by_gate("Sales Order"), states_by_gate("Delivery Note")
	precisions = {currency: order_precision(currency) for currency in {order.currency for order in orders}}
	order_lines = _by_order(_order_lines(names))
	delivery_lines = _by_order(_delivery_lines(names))
	invoice_lines = _by_order(_invoice_lines(names))
	return_rows = _by_order(_return_rows(names))
	paid_on = _last_payments({row.parent for rows in invoice_lines.values() for row in rows})
	return {
		order.name: OrderFacts(
			name=order.name,
			docstatus=order.docstatus,
			gate=gates.get(order.workflow_state, "") if order.follows_process else OUTSIDE,
			status=order.status,
			keep_open=bool(order.keep_open),
			closed_by_workflow=bool(order.closed_by_workflow),
			currency=order.currency or "",
			lines=_lines(
				order_lines[order.name],
				delivery_lines[order.name],
				invoice_lines[order.name],
				return_rows[order.name],
				needs_delivery=not order.skip_delivery_note and order.order_type != "Maintenance",
			),
			deliveries=_deliveries(delivery_lines[order.name], delivery_gates),
			invoices=_invoices(invoice_lines[order.name]),
			returns=_returns(return_rows[order.name], delivery_lines[order.name]),
			last_event=_last_event(delivery_lines[order.name], invoice_lines[order.name], paid_on),
			per_delivered=flt(order.per_delivered),
			recorded_stage=order.order_stage or "",
			precision=precisions[order.currency],
		)
		for order in orders
	}


def read_order(name: str) -> OrderFacts:
	"""Facts of one order. Raises DoesNotExistError."""
	facts = read_orders([name]).get(name)
	if not facts:
		raise frappe.DoesNotExistError(f"Sales Order {name}")
	return facts


def sync_stage(facts: OrderFacts, **more) -> str:
	"""Write the stage of an order when it is not what is stored already, and `more` fields of it with it;
	gives the stage.

	The only place that writes `order_stage` of a stored order, and `closed_on` with it. Nobody edits the order
	by it, so `modified` stays.
	"""
	stage = order_stage(facts)
	if facts.recorded_stage != stage:
		more |= {"order_stage": stage, "closed_on": now_datetime() if stage == "Closed" else None}
	if more:
		frappe.db.set_value("Sales Order", facts.name, more, update_modified=False)
	return stage


def sync_stages(orders: Iterable[OrderFacts]) -> dict[str, str]:
	"""Write the stage of many orders, as `sync_stage` does, in one query a stage; gives order -> stage."""
	stages, changed = {}, defaultdict(list)
	for facts in orders:
		stages[facts.name] = stage = order_stage(facts)
		if facts.recorded_stage != stage:
			changed[stage].append(facts.name)
	table = frappe.qb.DocType("Sales Order")
	for stage, names in changed.items():
		frappe.qb.update(table).set(table.order_stage, stage).set(
			table.closed_on, now_datetime() if stage == "Closed" else None
		).where(table.name.isin(names)).run()
	return stages


def orders_of(doc: Document) -> list[str]:
	"""Names of the Sales Orders that the lines of a delivery note or a sales invoice name, sorted."""
	field = "against_sales_order" if doc.doctype == "Delivery Note" else "sales_order"
	return sorted({row.get(field) for row in doc.get("items") or [] if row.get(field)})


def total_of(doc: Document | frappe._dict, account_currency: str | None) -> float:
	"""What an order or an invoice comes to, in the currency of the customer's account: there payments are
	kept, and what is outstanding."""
	if not account_currency or account_currency == doc.currency:
		return flt(doc.rounded_total) or flt(doc.grand_total)
	return flt(doc.base_rounded_total) or flt(doc.base_grand_total)


def order_precision(currency: str | None) -> Precision:
	"""Half of the last digit that is kept of quantities, and of amounts of an order in `currency`."""
	return Precision(
		qty=0.5 * 10 ** -(cint(frappe.db.get_default("float_precision")) or 3),
		money=smallest_kept(currency) / 2,
	)


def _order_lines(names: list[str]) -> list[dict]:
	"""Lines of the orders, each once, with what its supplier has delivered of it (`dropped`).

	A drop shipment has no delivery note. Its purchase order tells, once it is marked as delivered: what was
	received by it, which may be ordered in another unit.
	"""
	line, bought, purchase = (
		frappe.qb.DocType(name) for name in ("Sales Order Item", "Purchase Order Item", "Purchase Order")
	)
	rows = (
		frappe.qb.from_(line)
		.left_join(bought)
		.on(
			(bought.sales_order_item == line.name)
			& (bought.item_code == line.item_code)
			& (line.delivered_by_supplier == 1)
		)
		.left_join(purchase)
		.on((purchase.name == bought.parent) & (purchase.docstatus == 1) & (purchase.status == "Delivered"))
		.where(line.parent.isin(names))
		.where(line.parenttype == "Sales Order")
		.orderby(line.parent)
		.orderby(line.idx)
		.select(
			line.name,
			line.parent.as_("sales_order"),
			line.idx,
			line.item_code,
			line.qty,
			line.conversion_factor,
			line.amount,
			line.net_amount,
			line.delivered_qty,
			line.delivered_by_supplier,
			line.billed_amt,
			line.final_pack_qty,
			purchase.name.as_("purchase_order"),
			bought.received_qty,
			bought.conversion_factor.as_("bought_factor"),
		)
		.run(as_dict=True)
	)
	found: dict[str, dict] = {}
	for row in rows:
		line = found.setdefault(row.name, row)
		line.setdefault("dropped", 0)
		if row.purchase_order:
			units = flt(row.bought_factor or 1) / flt(row.conversion_factor or 1)
			line.dropped = flt(line.dropped + flt(row.received_qty) * units, PLACES)
	return list(found.values())


def _delivery_lines(names: list[str]) -> list[dict]:
	note, line = frappe.qb.DocType("Delivery Note"), frappe.qb.DocType("Delivery Note Item")
	return (
		frappe.qb.from_(line)
		.join(note)
		.on(note.name == line.parent)
		.where(line.against_sales_order.isin(names))
		.where(note.docstatus < 2)
		.select(
			line.against_sales_order.as_("sales_order"),
			line.so_detail,
			line.qty,
			line.warehouse,
			line.return_authorization_item,
			note.company,
			note.name.as_("parent"),
			note.docstatus,
			note.is_return,
			note.workflow_state,
			note.posting_date,
			note.posting_time,
		)
		.orderby(note.name)
		.run(as_dict=True)
	)


def _invoice_lines(names: list[str]) -> list[dict]:
	invoice, line = frappe.qb.DocType("Sales Invoice"), frappe.qb.DocType("Sales Invoice Item")
	credited = frappe.qb.DocType("Sales Invoice Item").as_("credited")
	return (
		frappe.qb.from_(line)
		.join(invoice)
		.on(invoice.name == line.parent)
		.left_join(credited)
		.on(credited.name == line.sales_invoice_item)
		.where(line.sales_order.isin(names))
		.where(invoice.docstatus < 2)
		.select(
			line.sales_order,
			line.so_detail,
			line.dn_detail,
			line.qty,
			line.rate,
			line.amount,
			line.net_amount,
			credited.rate.as_("credited_rate"),
			invoice.is_debit_note,
			invoice.return_authorization,
			invoice.name.as_("parent"),
			invoice.docstatus,
			invoice.is_return,
			invoice.update_stock,
			invoice.outstanding_amount,
			invoice.party_account_currency,
			invoice.posting_date,
		)
		.orderby(invoice.name)
		.run(as_dict=True)
	)


def _return_rows(names: list[str]) -> list[dict]:
	"""Rows of submitted return authorizations, in the order in which they were authorized."""
	authorization, row = (
		frappe.qb.DocType("Return Authorization"),
		frappe.qb.DocType("Return Authorization Item"),
	)
	return (
		frappe.qb.from_(row)
		.join(authorization)
		.on(authorization.name == row.parent)
		.where(row.sales_order.isin(names))
		.where(authorization.docstatus == 1)
		.orderby(authorization.authorized_on)
		.orderby(row.idx)
		.select(
			row.sales_order,
			row.name,
			row.parent,
			row.idx,
			row.so_detail,
			row.item_code,
			row.qty,
			row.disposition,
			row.condition,
			row.received_qty,
			row.settled_qty,
			authorization.closed,
		)
		.run(as_dict=True)
	)


def _last_payments(invoices: set[str]) -> dict[str, date]:
	"""Invoice -> date of the last entry against it. Only days of grace want it."""
	if not invoices or not settings().days_of_grace:
		return {}
	entry = frappe.qb.DocType("Payment Ledger Entry")
	return dict(
		frappe.qb.from_(entry)
		.where(entry.against_voucher_type == "Sales Invoice")
		.where(entry.against_voucher_no.isin(list(invoices)))
		.where(entry.delinked == 0)
		.groupby(entry.against_voucher_no)
		.select(entry.against_voucher_no, Max(entry.posting_date))
		.run()
	)


def _lines(
	order_lines: list[dict],
	delivery_lines: list[dict],
	invoice_lines: list[dict],
	return_rows: list[dict],
	needs_delivery: bool,
) -> tuple[OrderLine, ...]:
	"""The order's lines with what was delivered, sent back and billed of each.

	Summed up from the documents: two of them submitted side by side leave ERPNext's own sums on the
	order behind.
	"""
	delivered = _sums(delivery_lines, _delivered)
	billed = _sums(invoice_lines, _billed)
	authorized = _authorized_moves(return_rows, delivery_lines)
	return tuple(
		OrderLine(
			name=row.name,
			idx=row.idx,
			item_code=row.item_code or "",
			qty=flt(row.qty),
			amount=flt(row.amount),
			discount=flt(flt(row.amount) - flt(row.net_amount), PLACES),
			delivered=row.dropped
			if row.delivered_by_supplier
			else delivered[row.name]["delivered"] + billed[row.name]["delivered"],
			by_supplier=bool(row.delivered_by_supplier),
			returned=delivered[row.name]["returned"] + billed[row.name]["returned"],
			away=delivered[row.name]["away"],
			billed=billed[row.name]["billed"],
			billed_discount=flt(billed[row.name]["discount"], PLACES),
			invoice_lines=int(billed[row.name]["lines"]),
			billed_qty=billed[row.name]["qty"],
			billed_by_delivery=billed[row.name]["by_delivery"],
			credited_qty=billed[row.name]["credited"],
			credited_by_authorization=billed[row.name]["authorized"],
			**authorized.get(row.name, {}),
			at_final_pack=flt(row.final_pack_qty),
			needs_delivery=needs_delivery,
			recorded_delivered=flt(row.delivered_qty),
			recorded_billed=flt(row.billed_amt),
		)
		for row in order_lines
	)


def _sums(rows: list[dict], figures_of: Callable[[dict], dict[str, float]]) -> dict[str, dict[str, float]]:
	"""Order line -> the sums of what `figures_of` says of each submitted one of `rows`."""
	found = defaultdict(lambda: defaultdict(float))
	for row in rows:
		if row.docstatus == 1:
			for name, value in figures_of(row).items():
				found[row.so_detail][name] += value
	return found


def _delivered(row: dict) -> dict[str, float]:
	"""What a line of a delivery note adds to the figures of its order line."""
	back = -flt(row.qty) if row.is_return else 0
	away = back if back and came_elsewhere(row, warehouses(row.company)) else 0
	return {"delivered": flt(row.qty), "returned": back, "away": away}


def _billed(row: dict) -> dict[str, float]:
	"""What a line of an invoice adds to the figures of its order line."""
	qty = 0 if _is_of_price_only(row) else flt(row.qty)
	back = -flt(row.qty) if row.is_return and row.update_stock else 0
	return {
		"billed": flt(row.amount),
		"discount": flt(row.amount) - flt(row.net_amount),
		"lines": 1,
		"qty": qty,
		"by_delivery": qty if row.dn_detail else 0,
		"credited": -qty if row.is_return else 0,
		"authorized": -qty if row.is_return and row.return_authorization else 0,
		"delivered": flt(row.qty) if row.update_stock else 0,
		"returned": back,
	}


def _is_of_price_only(row: dict) -> bool:
	"""Whether a line of an invoice changes the price of what others bill, and no quantity: ERPNext's Rate
	Adjustment, and a credit note at another price than that of the line it credits. What is credited for an
	authorized return came back, whatever is kept of its price."""
	if not row.is_return:
		return bool(row.is_debit_note)
	if row.return_authorization or row.credited_rate is None:
		return False
	# A thousandth may have been lost in rounding
	return abs(flt(row.rate) - flt(row.credited_rate)) > abs(flt(row.credited_rate)) / 1000


def _authorized_moves(return_rows: list[dict], delivery_lines: list[dict]) -> dict[str, dict[str, float]]:
	"""Order line -> what came back of it by an authorization, and what is owed for that."""
	dispositions = {row.name: row.disposition for row in return_rows}
	if not dispositions:
		return {}
	to_credit, to_replace, moves = defaultdict(float), defaultdict(float), defaultdict(list)
	for row in sorted(delivery_lines, key=lambda row: (row.posting_date, row.posting_time, row.parent)):
		if row.docstatus != 1:
			continue
		disposition = dispositions.get(row.return_authorization_item)
		if row.is_return and disposition == CREDIT:
			to_credit[row.so_detail] -= flt(row.qty)
		elif row.is_return and disposition:
			to_replace[row.so_detail] -= flt(row.qty)
			moves[row.so_detail].append(ReturnMove(-flt(row.qty), came_back=True))
		elif not row.is_return:
			moves[row.so_detail].append(ReturnMove(flt(row.qty)))
	return {
		line: {"to_credit": to_credit[line], "to_replace": to_replace[line], "owed": owed(moves[line])}
		for line in {row.so_detail for row in return_rows}
	}


def _returns(rows: list[dict], delivery_lines: list[dict]) -> tuple[ReturnRow, ...]:
	received = defaultdict(float)
	for line in delivery_lines:
		if line.docstatus == 1 and line.is_return and line.return_authorization_item:
			received[line.return_authorization_item] -= flt(line.qty)
	received = defaultdict(float, {name: flt(qty, PLACES) for name, qty in received.items()})
	return tuple(
		ReturnRow(
			name=row.name,
			authorization=row.parent,
			idx=row.idx,
			line=row.so_detail,
			item_code=row.item_code,
			qty=received[row.name] if row.closed else flt(row.qty),
			received=received[row.name],
			credit=row.disposition == CREDIT,
			judged=bool(row.condition),
			recorded=(flt(row.received_qty), flt(row.settled_qty)),
		)
		for row in rows
	)


def _deliveries(rows: list[dict], gates: dict[str, str]) -> tuple[Delivery, ...]:
	notes = {row.parent: row for row in rows}
	return tuple(
		Delivery(
			name=name,
			draft=row.docstatus == 0,
			gate=gates.get(row.workflow_state, ""),
			is_return=bool(row.is_return),
		)
		for name, row in notes.items()
	)


def _invoices(rows: list[dict]) -> tuple[Invoice, ...]:
	invoices = {row.parent: row for row in rows}
	return tuple(
		Invoice(
			name=name,
			draft=row.docstatus == 0,
			outstanding=flt(row.outstanding_amount),
			currency=row.party_account_currency or "",
			is_return=bool(row.is_return),
			rounding=smallest_amount(row.party_account_currency) / 2,
		)
		for name, row in invoices.items()
	)


def _last_event(
	delivery_lines: list[dict], invoice_lines: list[dict], paid_on: dict[str, date]
) -> date | None:
	rows = [row for row in (*delivery_lines, *invoice_lines) if row.docstatus == 1]
	dates = [row.posting_date for row in rows] + [paid_on.get(row.parent) for row in invoice_lines]
	return max((getdate(day) for day in dates if day), default=None)


def _by_order(rows: list[dict]) -> dict[str, list[dict]]:
	found = defaultdict(list)
	for row in rows:
		found[row.sales_order].append(row)
	return found
