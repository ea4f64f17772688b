"""What is to be scanned on a delivery or a transfer to Final Pack, what was, and what a code stands for (steps 7
and 8)."""

from collections import defaultdict
from collections.abc import Callable
from dataclasses import replace
from datetime import date

import frappe
from frappe.model.document import Document
from frappe.query_builder import DocType
from frappe.utils import cint, cstr, flt

from metalcraft_workflow.facts import allocation, traceability
from metalcraft_workflow.facts.committed import committed
from metalcraft_workflow.facts.final_pack import is_whole, warehouses
from metalcraft_workflow.gates.once import once
from metalcraft_workflow.gates.workflow import active_workflow, gate_of, state_of, state_rows
from metalcraft_workflow.rules import scanning as rules
from metalcraft_workflow.rules.allocation import Promise
from metalcraft_workflow.rules.path import has_passed
from metalcraft_workflow.rules.quantity import PLACES
from metalcraft_workflow.rules.requirement import Phrase, Problem, _lt
from metalcraft_workflow.rules.traceability import Source, by_batch

DELIVERY, TRANSFER = "Delivery Note", "Stock Entry"


def why_not(doc: Document) -> Problem | None:
	"""Why nothing can be scanned for `doc`, by whoever is signed in and may write it."""
	values = {"document": doc.name}
	if cint(doc.docstatus):
		return Problem(
			_lt("{document} is submitted or cancelled. Nothing more can be scanned for it."), values
		)
	if doc.doctype == TRANSFER:
		if doc.purpose != "Material Transfer":
			return Problem(_lt("{document} is no transfer."), values)
		if not doc.get("sales_order"):
			return Problem(
				_lt("{document} is for no order. Only transfers for an order are scanned."), values
			)
		return None
	if doc.is_return or not doc.follows_process:
		return Problem(_lt("{document} is no delivery of an order of the process."), values)
	values["state"] = Phrase(state_of(doc))
	if has_passed(gate_of(doc), "complete_packing"):
		return Problem(
			_lt("{document} is packed: it is in state {state}. Return it to packing to scan more."), values
		)
	workflow = active_workflow(doc.doctype)
	editors = {row.allow_edit for row in state_rows(workflow, state_of(doc))} if workflow else set()
	if editors and not editors & set(frappe.get_roles()):
		return Problem(_lt("{document} is in state {state}, and your roles may not change it there."), values)
	return None


# What is to be scanned


def lines_of(doc: Document) -> list[rules.ScanLine]:
	"""The goods that `doc` ships or moves, in the order of its rows."""
	if doc.doctype == TRANSFER:
		entries = traceability.bundle_entries(doc.items)
		return [transfer_line(key, rows, entries) for key, rows in transfer_rows(doc).items()]
	return delivery_lines(doc)


def delivery_lines(doc: Document) -> list[rules.ScanLine]:
	"""The lines of a delivery; of bundles their parts. What stock does not keep, nobody scans."""
	goods = traceability.goods_of(doc)
	with_parts = {line.name for line, row in goods if row is not line}
	named = defaultdict(list)
	for entry in traceability.entries_of(doc):
		if entry.batch_no or entry.serial_nos:
			named[entry.line, entry.item_code].append(Source(entry.qty, entry.batch_no, entry.serial_nos))
	found: dict[traceability.Key, rules.ScanLine] = {}
	qty = traceability.qty_by_line(doc)
	for line, row in goods:
		key = (line.name, row.item_code)
		if key in found or not is_stock_item(row.item_code) or (row is line and line.name in with_parts):
			continue
		found[key] = line_of(
			line.name, line.idx, row.item_code, qty[key], row.warehouse or line.warehouse, named[key]
		)
	return list(found.values())


def transfer_rows(doc: Document) -> dict[traceability.Key, list[Document]]:
	"""Key and item -> the rows of a transfer that bring it: for the same line of an order, from the same place."""
	found = defaultdict(list)
	for row in doc.items:
		if row.item_code and is_stock_item(row.item_code):
			found[transfer_key(row.get("sales_order_item"), row.s_warehouse), row.item_code].append(row)
	return found


def transfer_key(order_line: str | None, warehouse: str | None) -> str:
	"""The key of what a transfer brings for a line of an order from a warehouse."""
	return f"{order_line or ''}|{warehouse or ''}"


def kept_key(doc: Document, key: str) -> dict[str, str]:
	"""The key of a line of `doc` as a scan keeps it: a warehouse by a link of its own, as it can be renamed."""
	if doc.doctype != TRANSFER:
		return {"line": key}
	line, _bar, warehouse = key.partition("|")
	return {"line": line, "warehouse": warehouse}


def transfer_line(key: traceability.Key, rows: list[Document], entries: dict) -> rules.ScanLine:
	"""A line of what `rows` of a transfer bring; `entries` are those of their bundles."""
	named = [source for row in rows for source in traceability.sources_of(row, entries)]
	qty = flt(sum(traceability.stock_qty(row) for row in rows), PLACES)
	return line_of(key[0], rows[0].idx, key[1], qty, rows[0].s_warehouse, named)


def line_of(
	key: str, number: int, item_code: str, qty: float, warehouse: str | None, named: list[Source]
) -> rules.ScanLine:
	has_batch, has_serial, uom = frappe.get_cached_value(
		"Item", item_code, ("has_batch_no", "has_serial_no", "stock_uom")
	)
	return rules.ScanLine(
		key=key,
		row=number,
		item_code=item_code,
		qty=qty,
		warehouse=warehouse or "",
		has_batch=bool(has_batch),
		has_serial=bool(has_serial),
		named=as_kept(named, bool(has_batch), bool(has_serial)),
		uom=uom or "",
		whole=is_whole(uom),
		places=kept_places(),
	)


def kept_places() -> int:
	"""How many decimals documents keep of a quantity."""
	return min(PLACES, frappe.get_precision("Delivery Note Item", "qty"))


def as_kept(named: list[Source], has_batch: bool, has_serial: bool) -> tuple[Source, ...]:
	"""What of `named` stock keeps: of pieces with serial numbers as many as have one."""
	if has_serial:
		return by_batch(
			replace(source, qty=len(source.serial_nos), batch_no=source.batch_no if has_batch else "")
			for source in named
			if source.serial_nos
		)
	return by_batch(source for source in named if source.batch_no) if has_batch else ()


def is_stock_item(item_code: str) -> bool:
	return bool(frappe.get_cached_value("Item", item_code, "is_stock_item"))


# What was scanned


def scans_of(doc: Document, is_locked: bool = False) -> dict[str, list[rules.Scan]]:
	"""ID of a scan -> the goods that were scanned for `doc` with it, without what was taken back.

	Who has locked the document says so: what others have committed meanwhile counts then.
	"""
	rows = latest(lambda: rows_about(doc)) if is_locked else rows_about(doc)
	gone = {row.takes_back for row in rows.values()}
	found = defaultdict(list)
	for row in rows.values():
		if row.item_code and row.scan_id not in gone:
			key = transfer_key(row.line, row.warehouse) if doc.doctype == TRANSFER else row.line
			found[row.scan_id].append(
				rules.Scan(key, row.item_code, flt(row.qty), row.batch_no or "", row.serial_no or "")
			)
	return dict(found)


def rows_about(doc: Document) -> dict[str, frappe._dict]:
	"""What was scanned for `doc`, and taken back. A name that was given before may have had scans, too."""
	table = DocType("Pack Scan")
	rows = (
		frappe.qb.from_(table)
		.where((table.reference_name == doc.name) & (table.reference_doctype == doc.doctype))
		.where(table.creation >= doc.creation)
		.orderby(table.creation)
		.orderby(table.name)
		.select(
			table.name,
			table.scan_id,
			table.takes_back,
			table.line,
			table.warehouse,
			table.item_code,
			table.qty,
			table.batch_no,
			table.serial_no,
		)
		.run(as_dict=True)
	)
	return {row.name: row for row in rows}


def known_ids(ids: list[str]) -> dict[str, str]:
	"""Those of `ids` that were taken before -> the document for which they were."""
	table = DocType("Pack Scan")
	query = frappe.qb.from_(table).where(table.scan_id.isin(ids or [""]))
	return latest(lambda: dict(query.select(table.scan_id, table.reference_name).run()))


def latest(read: Callable[[], dict]) -> dict:
	"""What `read` gives, with what others have committed while this transaction waited for a lock. Without
	locking: two people who scan for different documents would wait for each other in the gaps of an index."""
	return read() | committed(read)


# What a code stands for


def read_code(doc: Document, lines: list[rules.ScanLine], text: str) -> rules.Code:
	"""What the goods with the number `text` are, and whether they are for `doc`, which has `lines`. Of several
	that have it, those on the document."""
	items = {line.item_code for line in lines}
	known = [found for found in (serial(text), batch(text), barcode(text), item(text)) if found]
	code = next(
		(found for found in known if found.item_code in items), known[0] if known else rules.Code(text)
	)
	if code.item_code not in items or code.kind not in (rules.SERIAL, rules.BATCH):
		return code
	orders = set(orders_named(doc))
	more = fitness(code.batch_no, traceability.day_of(doc))
	if code.kind == rules.SERIAL:
		more |= {
			"place": (place := cstr(frappe.db.get_value("Serial No", code.serial_no, "warehouse"))),
			"gone": "" if place else allocation.delivered_with([code.serial_no]).get(code.serial_no, ""),
			"taken_by": taken_by(doc, code),
		}
	else:
		more["available"] = available(doc, code, {line.warehouse for line in lines} - {""})
	more["brought_for"] = tuple(sorted(of_others(doc, code, orders)))
	return replace(code, **more)


def serial(text: str) -> rules.Code | None:
	found = frappe.db.get_value("Serial No", text, ("name", "item_code", "batch_no"), as_dict=True)
	if not found:
		return None
	return rules.Code(found.name, rules.SERIAL, found.item_code, found.batch_no or "", found.name)


def batch(text: str) -> rules.Code | None:
	found = frappe.db.get_value("Batch", text, ("name", "item"), as_dict=True)
	return rules.Code(found.name, rules.BATCH, found.item, found.name) if found else None


def barcode(text: str) -> rules.Code | None:
	found = frappe.db.get_value("Item Barcode", {"barcode": text}, ("parent", "uom"), as_dict=True)
	if not found:
		return None
	unit = {"parent": found.parent, "parenttype": "Item", "uom": found.uom}
	each = frappe.db.get_value("UOM Conversion Detail", unit, "conversion_factor") if found.uom else 1
	return rules.Code(text, rules.ITEM, found.parent, each=flt(each) or 1)


def item(text: str) -> rules.Code | None:
	found = frappe.db.get_value("Item", text, "name")
	return rules.Code(found, rules.ITEM, found) if found else None


def fitness(batch_no: str, day: date) -> dict:
	"""Whether a batch has expired by `day`, or is disabled."""
	if not batch_no:
		return {}
	disabled, expires = frappe.db.get_value("Batch", batch_no, ("disabled", "expiry_date")) or (0, None)
	return {"disabled": bool(disabled), "expired_on": expires if expires and expires < day else None}


def orders_named(doc: Document) -> list[str]:
	"""The orders that `doc` is for."""
	field = "sales_order" if doc.doctype == TRANSFER else "against_sales_order"
	return [row.get(field) for row in doc.items if row.get(field)]


def taken_by(doc: Document, code: rules.Code) -> str:
	"""Another open document of the same kind that names a serial number."""
	if doc.doctype == DELIVERY:
		drafts = allocation.entries_of_other_drafts(doc, [Promise(0, code.item_code, "", 1)]).values()
		named = ((row.parent, row.serial_nos) for row in drafts)
	else:
		row = DocType("Stock Entry Detail")
		named = (
			frappe.qb.from_(row)
			.where((row.docstatus == 0) & (row.item_code == code.item_code) & (row.parent != doc.name))
			.where(row.serial_no.isnotnull())
			.select(row.parent, row.serial_no)
			.run()
		)
	return next((name for name, text in named if code.serial_no in traceability.serial_numbers(text)), "")


def available(doc: Document, code: rules.Code, places: set[str]) -> dict[str, float]:
	"""Warehouse of `places` -> quantity of a batch there, less what other open deliveries name."""
	promises = [Promise(0, code.item_code, place, 0, code.batch_no) for place in sorted(places)]
	found = {place: qty for (_batch, place), qty in allocation.batch_stock(promises).items()}
	if doc.doctype == DELIVERY:
		for row in allocation.entries_of_other_drafts(doc, promises).values():
			if row.batch_no == code.batch_no and row.warehouse in found:
				found[row.warehouse] -= flt(row.qty)
	return found


def of_others(doc: Document, code: rules.Code, orders: set[str]) -> set[str]:
	"""The open orders that goods came to Final Pack for, or were made for, when `orders` are none of them."""
	if doc.doctype == TRANSFER:
		work_order = code.serial_no and frappe.db.get_value("Serial No", code.serial_no, "work_order")
		order = work_order and frappe.db.get_value("Work Order", work_order, "sales_order")
		return {order} if order and order not in orders else set()
	goods = ("came for", code.batch_no, code.serial_no)
	came = once(doc, goods, lambda: came_for(code, warehouses(doc.company)))
	return set() if came & orders else came


def came_for(code: rules.Code, places: set[str]) -> set[str]:
	"""The orders that a serial number, or goods of a batch, came to `places` for, and that still want some."""
	row, entry, line, order = (
		DocType(name)
		for name in ("Stock Entry Detail", "Serial and Batch Entry", "Sales Order Item", "Sales Order")
	)
	number = entry.serial_no == code.serial_no if code.serial_no else entry.batch_no == code.batch_no
	return set(
		frappe.qb.from_(row)
		.join(entry)
		.on(entry.parent == row.serial_and_batch_bundle)
		.join(line)
		.on(line.name == row.sales_order_item)
		.join(order)
		.on(order.name == line.parent)
		# By its item as well: of a batch that many deliveries name, few rows came
		.where(number & (row.item_code == code.item_code) & (row.docstatus == 1))
		.where(row.t_warehouse.isin(list(places) or [""]))
		.where((order.docstatus == 1) & (order.status != "Closed") & (line.delivered_qty < line.qty))
		.select(order.name)
		.distinct()
		.run(pluck=True)
	)
