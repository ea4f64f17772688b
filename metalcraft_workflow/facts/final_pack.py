"""What is at Final Pack for an order: one place that reads it, for transfers and for packing.

Everything is added up from the rows of submitted stock entries, so that the figures on the order can
be made again from nothing.
"""

from collections.abc import Iterable, Mapping
from typing import NamedTuple

import frappe
from frappe import _
from frappe.model.document import Document
from frappe.query_builder import Case
from frappe.query_builder.functions import Sum
from frappe.utils import flt, get_link_to_form
from pypika.queries import QueryBuilder

from metalcraft_workflow.gates.registry import settings
from metalcraft_workflow.rules import final_pack as rules
from metalcraft_workflow.rules.returns import CREDIT


def ready_to_pack(*orders: str, without: str | None = None, for_update: bool = False) -> dict[str, float]:
	"""Order line -> quantity at Final Pack that is on no delivery note yet, in the line's unit (step 8).

	Drafts count as packed; what was returned is ready again. `without` is a delivery note to leave out
	of account; with `for_update` the rows are read as they were committed last (lock the orders first).
	Lines with nothing to pack are left out.
	"""
	lines = lines_of(*orders)
	at_final_pack = rules.spread(lines, brought_parts(*orders, for_update=for_update))
	packed = packed_qty([line.name for line in lines], without, for_update)
	ready = {line.name: rules.ready_qty(line, at_final_pack, packed.get(line.name, 0)) for line in lines}
	return {name: qty for name, qty in ready.items() if qty > 0}


def lines_of(*orders: str) -> list[rules.FinalPackLine]:
	"""The lines of orders with what has to be brought for each: what was ordered, and again what came
	back to be replaced or reworked."""
	row, item = frappe.qb.DocType("Sales Order Item"), frappe.qb.DocType("Item")
	rows = (
		frappe.qb.from_(row)
		.left_join(item)
		.on(row.item_code == item.name)
		.where(row.parent.isin(orders or [""]))
		.where(row.parenttype == "Sales Order")
		.orderby(row.parent)
		.orderby(row.idx)
		.select(
			row.name,
			row.parent,
			row.idx,
			row.item_code,
			row.qty,
			row.uom,
			row.stock_qty,
			row.stock_uom,
			row.delivered_by_supplier,
			row.final_pack_qty,
			item.is_stock_item,
		)
		.run(as_dict=True)
	)
	places = frappe.get_precision("Delivery Note Item", "qty")
	bundled = bundle_parts({row.parent for row in rows if not row.is_stock_item})
	replaced = replaced_qty(orders)
	return [
		rules.FinalPackLine(
			name=row.name,
			idx=row.idx,
			item_code=row.item_code,
			qty=flt(row.qty) + replaced.get(row.name, 0),
			parts=parts_of(row, bundled.get(row.name, {}), times(row, replaced)),
			by_supplier=bool(row.delivered_by_supplier),
			order=row.parent,
			recorded=flt(row.final_pack_qty),
			uom=row.uom or "",
			whole=is_whole(row.uom),
			whole_stock=flt(row.stock_qty) * times(row, replaced) if is_whole(row.stock_uom) else 0,
			places=places,
		)
		for row in rows
	]


def is_whole(uom: str | None) -> bool:
	"""Whether there are no parts of a `uom`."""
	return bool(uom and frappe.get_cached_value("UOM", uom, "must_be_whole_number"))


def times(row: frappe._dict, replaced: dict[str, float]) -> float:
	"""How many times what was ordered of an order row is brought, with what is `replaced` of it."""
	return 1 + replaced.get(row.name, 0) / flt(row.qty) if flt(row.qty) else 1


def parts_of(
	row: frappe._dict, bundled: dict[str, float], times: float = 1
) -> tuple[rules.FinalPackPart, ...]:
	"""What has to be brought for an order row, so many `times`; `bundled` is item -> quantity when it is a
	bundle."""
	if row.delivered_by_supplier:
		return ()
	needed = {row.item_code: flt(row.stock_qty)} if row.is_stock_item else bundled
	uoms = {item_code: frappe.get_cached_value("Item", item_code, "stock_uom") for item_code in needed}
	return tuple(
		rules.FinalPackPart(
			item_code, flt(qty * times, rules.PLACES), uoms[item_code] or "", is_whole(uoms[item_code])
		)
		for item_code, qty in needed.items()
		if qty > 0
	)


def replaced_qty(orders: Iterable[str]) -> dict[str, float]:
	"""Order line -> quantity that came back and is to be brought again: by an authorization, to be
	replaced or reworked; without one, to a warehouse that is not at Final Pack."""
	note, line, row = (
		frappe.qb.DocType(name)
		for name in ("Delivery Note", "Delivery Note Item", "Return Authorization Item")
	)
	found: dict[str, float] = {}
	for back in (
		frappe.qb.from_(line)
		.join(note)
		.on(note.name == line.parent)
		.left_join(row)
		.on(row.name == line.return_authorization_item)
		.where(line.against_sales_order.isin(list(orders) or [""]))
		.where(note.docstatus == 1)
		.where(note.is_return == 1)
		.select(
			line.so_detail,
			line.qty,
			line.warehouse,
			line.return_authorization_item,
			row.disposition,
			note.company,
		)
		.run(as_dict=True)
	):
		if came_elsewhere(back, warehouses(back.company)) and back.disposition != CREDIT:
			found[back.so_detail] = found.get(back.so_detail, 0) - flt(back.qty)
	return found


def came_elsewhere(line: frappe._dict, places: set[str]) -> bool:
	"""Whether a line of a return came back apart from what is ready to pack: by an authorization, or to a
	warehouse that is not one of `places`."""
	return bool(line.return_authorization_item or (line.warehouse and line.warehouse not in places))


def bundle_parts(orders: Iterable[str]) -> dict[str, dict[str, float]]:
	"""Order line -> stock items of its product bundle, with the quantity for the whole line."""
	orders = list(orders)
	if not orders:
		return {}
	packed, item = frappe.qb.DocType("Packed Item"), frappe.qb.DocType("Item")
	rows = (
		frappe.qb.from_(packed)
		.join(item)
		.on(packed.item_code == item.name)
		.where(packed.parent.isin(orders))
		.where(packed.parenttype == "Sales Order")
		.where(item.is_stock_item == 1)
		.groupby(packed.parent_detail_docname, packed.item_code)
		.select(packed.parent_detail_docname, packed.item_code, Sum(packed.qty).as_("qty"))
		.run(as_dict=True)
	)
	found: dict[str, dict[str, float]] = {}
	for row in rows:
		found.setdefault(row.parent_detail_docname, {})[row.item_code] = flt(row.qty)
	return found


def brought_parts(
	*orders: str, without: str | None = None, for_update: bool = False
) -> dict[tuple[str, str], float]:
	"""(order line, item) -> quantity that came to Final Pack for it, in stock units; `without` one stock entry.
	What a line has too much of is for others: see `rules.spread`."""
	row, order = frappe.qb.DocType("Stock Entry Detail"), frappe.qb.DocType("Sales Order")
	if not any(line.final_pack_warehouse or line.shipping_warehouse for line in settings().warehouses):
		return {}
	query = (
		frappe.qb.from_(row)
		.join(order)
		.on(order.name == row.sales_order)
		.where(row.sales_order.isin(orders or [""]))
		.where(row.parent != (without or ""))
		.select(
			row.name,
			row.docstatus,
			row.sales_order_item,
			row.item_code,
			row.transfer_qty,
			row.s_warehouse,
			row.t_warehouse,
			order.company,
		)
	)
	return rules.totals(
		transferred(line, line.company) for line in read(query, for_update) if line.docstatus == 1
	)


def transferred(row: Document | frappe._dict, company: str) -> rules.Transferred:
	"""What a row of a stock entry brings to Final Pack of `company`."""
	qty = flt(row.transfer_qty) * direction(row, warehouses(company))
	return rules.Transferred(row.sales_order_item, row.item_code, qty)


def read(query: QueryBuilder, for_update: bool) -> list[frappe._dict]:
	"""The rows of `query`, which selects their `name`; with `for_update` as they were committed last.

	Whoever saves a document has locked its rows before any event, and then waits for the lock of the
	order that we hold: waiting for those rows in turn would end in a deadlock. They are passed by, and
	taken as this transaction has seen them; when that changes, the other one adds up again.
	"""
	rows = {row.name: row for row in query.run(as_dict=True)}
	if for_update:
		rows |= {row.name: row for row in query.for_update(skip_locked=True).run(as_dict=True)}
	return list(rows.values())


def direction(row: Document | frappe._dict, places: set[str]) -> int:
	"""1 when a stock entry row brings something to `places`, -1 when it takes it away, else 0."""
	return int(row.get("t_warehouse") in places) - int(row.get("s_warehouse") in places)


def packed_qty(
	order_lines: list[str], without: str | None = None, for_update: bool = False
) -> dict[str, float]:
	"""Order line -> quantity on delivery notes, drafts included, less what came back to Final Pack.

	What comes back elsewhere, as by an authorization, is credited or brought again.
	"""
	if not order_lines:
		return {}
	note, row = (
		frappe.qb.DocType("Delivery Note"),
		frappe.qb.DocType("Delivery Note Item"),
	)
	query = (
		frappe.qb.from_(row)
		.join(note)
		.on(row.parent == note.name)
		.where(row.so_detail.isin(order_lines))
		.where(row.parent != (without or ""))
		.select(
			row.name,
			row.docstatus,
			row.so_detail,
			row.qty,
			row.warehouse,
			row.return_authorization_item,
			note.is_return,
			note.company,
		)
	)
	found: dict[str, float] = {}
	for line in read(query, for_update):
		if line.is_return and came_elsewhere(line, warehouses(line.company)):
			continue
		if line.docstatus == 1 or (line.docstatus == 0 and not line.is_return):
			# a return carries its quantity below zero
			found[line.so_detail] = found.get(line.so_detail, 0) + flt(line.qty)
	return found


def warehouses(company: str) -> set[str]:
	"""Where goods of `company` count as being at Final Pack: its warehouse, and that of Shipping."""
	return {
		warehouse
		for row in settings().warehouses
		if row.company == company
		for warehouse in (row.final_pack_warehouse, row.shipping_warehouse)
		if warehouse
	}


def final_pack_warehouse(company: str) -> str | None:
	"""The Final Pack warehouse of `company`, as the settings name it."""
	return next(
		(row.final_pack_warehouse for row in settings().warehouses if row.company == company),
		None,
	)


def require_final_pack_warehouse(company: str) -> str:
	"""The Final Pack warehouse of `company`. Raises ValidationError that says where to set it."""
	warehouse = final_pack_warehouse(company)
	if not warehouse:
		frappe.throw(
			_("Set the Final Pack warehouse of {0} in {1} first.").format(
				company, get_link_to_form("Metalcraft Settings", "Metalcraft Settings")
			),
			title=_("No Final Pack Warehouse"),
		)
	return warehouse


class Figures(NamedTuple):
	"""What is kept on an order: how much of it came, and of each line how many; and whether it is stored so."""

	percentage: float
	lines: dict[str, float]
	is_stored: bool


def figures_of(*orders: str) -> dict[str, Figures]:
	"""Order -> its figures, added up anew from the stock entries; reads in sets, whatever the number of orders."""
	stored = dict(
		frappe.get_all(
			"Sales Order", {"name": ("in", orders)}, ["name", "per_final_pack"], order_by="name", as_list=True
		)
	)
	lines = lines_of(*orders)
	at_final_pack = rules.spread(lines, brought_parts(*orders))
	found = {}
	for order, of_order in _by_order(lines).items():
		percentage = rules.percentage(of_order, at_final_pack)
		brought = {line.name: rules.brought_qty(line, at_final_pack) for line in of_order}
		is_stored = all(line.recorded == brought[line.name] for line in of_order)
		found[order] = Figures(percentage, brought, is_stored and flt(stored[order]) == percentage)
	return found


def _by_order(lines: Iterable[rules.FinalPackLine]) -> dict[str, list[rules.FinalPackLine]]:
	found: dict[str, list[rules.FinalPackLine]] = {}
	for line in lines:
		found.setdefault(line.order, []).append(line)
	return found


def sync_figures(*orders: str) -> None:
	"""Write on orders and their lines what is at Final Pack, added up anew from the stock entries.

	Lock the orders first: two that add up side by side would lose one another's.
	"""
	write_figures(lines_of(*orders), brought_parts(*orders, for_update=True))


def write_figures(lines: list[rules.FinalPackLine], at_final_pack: dict[tuple[str, str], float]) -> None:
	"""Write on `lines`, which are all lines of their orders, and on these orders what is at Final Pack."""
	at_final_pack = rules.spread(lines, at_final_pack)
	brought = {line.name: rules.brought_qty(line, at_final_pack) for line in lines}
	set_each(
		"Sales Order Item",
		"final_pack_qty",
		{line.name: brought[line.name] for line in lines if line.recorded != brought[line.name]},
	)
	set_each(
		"Sales Order",
		"per_final_pack",
		{order: rules.percentage(found, at_final_pack) for order, found in _by_order(lines).items()},
	)


def set_each(doctype: str, fieldname: str, values: Mapping[str, float]) -> None:
	"""Write a field of many documents, each its own value, in one query."""
	if not values:
		return
	table = frappe.qb.DocType(doctype)
	case = Case()
	for name, value in values.items():
		case = case.when(table.name == name, value)
	frappe.qb.update(table).set(table[fieldname], case).where(table.name.isin(list(values))).run()


def lock_process_orders(names: list[str]) -> list[frappe._dict]:
	"""Keep the orders of the process among `names` to this transaction, and give what a transfer asks of
	them as it was committed last. Always in the order of their names, so that nobody waits in a ring."""
	return process_orders(names, lock=True)


def process_orders(names: list[str], lock: bool = False) -> list[frappe._dict]:
	"""What a transfer asks of the orders of the process among `names`."""
	if not names:
		return []
	order = frappe.qb.DocType("Sales Order")
	query = (
		frappe.qb.from_(order)
		.where(order.name.isin(names))
		.where(order.follows_process == 1)
		.orderby(order.name)
		.select(
			order.name,
			order.docstatus,
			order.status,
			order.workflow_state,
			order.company,
			order.customer_name,
			order.process_id,
		)
	)
	return (query.for_update() if lock else query).run(as_dict=True)
