"""What a delivery takes of its orders, and whether it is there (steps 8 and 11)."""

from collections import defaultdict

import frappe
from frappe.model.document import Document
from frappe.utils import cint, flt

from metalcraft_workflow.facts import delivery, reservations, traceability
from metalcraft_workflow.facts.allocation import promise_problems
from metalcraft_workflow.facts.final_pack import final_pack_warehouse, ready_to_pack, warehouses
from metalcraft_workflow.gates.message import as_requirement
from metalcraft_workflow.gates.once import once
from metalcraft_workflow.rules import allocation as rules
from metalcraft_workflow.rules.quantity import tolerance
from metalcraft_workflow.rules.requirement import Problem, Requirement, _lt


def available(doc: Document) -> dict[str, float]:
	"""Order line -> what `doc` may take of it: at Final Pack, less what other delivery notes have.

	Only orders that follow the process. A save reads what was committed last: `prepare` holds the orders.
	"""
	orders = [order.name for order in delivery.process_orders(doc)]
	saving = delivery.is_saving(doc)
	return once(doc, "available", lambda: ready_to_pack(*orders, without=doc.name, for_update=saving))


def process_lines(doc: Document) -> list[rules.DeliveryLine]:
	"""The lines of `doc` that come from an order that follows the process."""
	orders = {order.name for order in delivery.process_orders(doc)}
	return [line for line in order_lines(doc) if line.order in orders]


def order_lines(doc: Document) -> list[rules.DeliveryLine]:
	"""The lines of `doc` that come from an order."""
	return [
		rules.DeliveryLine(
			row=row.idx,
			item_code=row.item_code,
			order_line=row.so_detail,
			order=row.against_sales_order,
			qty=flt(row.qty),
			uom=row.uom or "",
		)
		for row in doc.items
		if row.get("so_detail")
	]


def quantity_problems(doc: Document, only: set[str] | None = None) -> list[Problem]:
	"""Lines of `doc` (only those of the order lines `only`) that take more than there is."""
	lines = [line for line in process_lines(doc) if only is None or line.order_line in only]
	if not lines:
		return []
	return rules.too_much(lines, available(doc), tolerance(doc.items[0].precision("qty")))


def place_problems(doc: Document) -> list[Problem]:
	"""What `doc` takes for orders of the process from elsewhere than it was brought to."""
	place = final_pack_warehouse(doc.company)
	rows = {line.row for line in process_lines(doc)} if place else ()
	goods = [
		rules.Promise(line.idx, row.item_code, row.warehouse or line.warehouse or "", flt(row.qty))
		for line, row in traceability.goods_of(doc)
		if line.idx in rows and frappe.get_cached_value("Item", row.item_code, "is_stock_item")
	]
	return rules.taken_elsewhere(goods, warehouses(doc.company), place)


def quantities(doc: Document | None) -> dict[str, float]:
	"""Order line -> quantity on `doc`."""
	totals: dict[str, float] = defaultdict(float)
	for line in order_lines(doc) if doc else []:
		totals[line.order_line] += line.qty
	return totals


# Before it leaves


def in_stock(doc: Document) -> list[Requirement]:
	"""The requirement that what was packed is still there, and may leave today. Asked at shipping: a batch may
	have expired since, goods may be gone, and the order may want less."""
	lines = traceability.lines_of(doc)
	entries = traceability.entries_of(doc)
	problems = [
		*traceability.wrong_entries(doc, lines, entries),
		*promise_problems(doc),
		*quantity_problems(doc),
	]
	return as_requirement(
		doc,
		"in_stock",
		_lt("The goods are there and may leave"),
		problems or too_little(doc),
		"items",
		waivable=False,
	)


def too_little(doc: Document) -> list[Problem]:
	"""Goods of `doc` of which their warehouse has not enough, less what is reserved there for others."""
	goods = [
		rules.Promise(
			line.idx, row.item_code, row.warehouse or line.warehouse or "", traceability.stock_qty(row)
		)
		for line, row in traceability.goods_of(doc)
		if frappe.get_cached_value("Item", row.item_code, "is_stock_item") and not may_go_below(row.item_code)
	]
	if not goods:
		return []
	free = {
		(row.item_code, row.warehouse): flt(row.actual_qty) - flt(row.get("reserved_stock"))
		for row in frappe.get_all(
			"Bin",
			filters={
				"item_code": ["in", [part.item_code for part in goods]],
				"warehouse": ["in", [part.warehouse for part in goods]],
			},
			fields=["*"],
		)
	}
	for entry in own_reservations(doc):
		key = entry.item_code, entry.warehouse
		free[key] = free.get(key, 0) + reservations.held_by(entry)
	return rules.too_little(goods, free, tolerance(doc.items[0].precision("qty")))


def own_reservations(doc: Document) -> list[Document]:
	"""What ERPNext has reserved for the order lines of `doc`."""
	lines = [row.so_detail for row in doc.items if row.get("so_detail")]
	return (
		reservations.open_entries(voucher_detail_no=["in", lines]) if lines and reservations.is_on() else []
	)


def may_go_below(item_code: str) -> bool:
	"""Whether ERPNext lets the stock of an item fall below nothing."""
	return bool(
		cint(frappe.get_cached_doc("Stock Settings").get("allow_negative_stock"))
		or cint(frappe.get_cached_value("Item", item_code, "allow_negative_stock"))
	)
