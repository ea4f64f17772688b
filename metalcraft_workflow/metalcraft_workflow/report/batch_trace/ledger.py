"""The moves of batches and serial numbers: what the stock ledger has of them, and what deliveries name
beside it. Read in sets: a few queries for any number of lots.

Serial and Batch Bundles and the batch and serial fields that ledger entries carried before them both
count. `facts/provenance.py` is the other reader, for saves: it asks only what arrived, in three queries a
level, and a report that stood on it would not see what shipped, moved or is left.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping

import frappe
from frappe.query_builder.functions import Coalesce
from frappe.utils import flt, get_datetime
from pypika.queries import QueryBuilder

from metalcraft_workflow.facts.traceability import serial_numbers
from metalcraft_workflow.rules.batch_trace import FORWARDS, LedgerLot, LedgerMove, Process

# So many names go into one query
CHUNK = 2000

# What people type on a delivery about goods that stock does not keep apart
TYPED = ("heat_no", "supplier_lot")

# Stock entries that turn goods into others
MANUFACTURE, CONSUMES = "Manufacture", "Material Consumption for Manufacture"
MAKES = (MANUFACTURE, CONSUMES, "Repack", "Disassemble")


def spelled(name: str) -> str:
	"""A name as the database compares it: without regard to case, or to blanks at its end."""
	return name.strip().casefold()


def typed_lot(fieldname: str, value: str) -> LedgerLot:
	"""The goods of a heat or of a supplier's lot; people write the same one in small or capital letters."""
	return LedgerLot(**{fieldname: value.strip().upper()})


def moves_of(lots: set[LedgerLot]) -> list[LedgerMove]:
	"""Every move of `lots`: in the stock ledger, and on deliveries whose ledger entries do not name them."""
	found = ledger_moves(lots)
	in_ledger = {(move.doctype, move.name, move.lot) for move in found}
	named = [move for move in named_moves(lots) if (move.doctype, move.name, move.lot) not in in_ledger]
	return [*found, *named, *came_back(named)]


def ledger_moves(lots: set[LedgerLot]) -> list[LedgerMove]:
	"""The moves of `lots` in the stock ledger."""
	batches = {spelled(lot.batch_no): lot for lot in lots if lot.batch_no and not lot.serial_no}
	serials = {spelled(lot.serial_no): lot for lot in lots if lot.serial_no and lot.item_code}
	entry, sle = frappe.qb.DocType("Serial and Batch Entry"), frappe.qb.DocType("Stock Ledger Entry")
	rows = in_chunks(batches, lambda names: by_entry().where(entry.batch_no.isin(names)))
	rows += in_chunks(batches, lambda names: by_field().where(sle.batch_no.isin(names)))
	found = [(batches[spelled(row.batch_no)], row) for row in rows]
	rows = in_chunks(serials, lambda names: by_entry().where(entry.serial_no.isin(names)))
	found += [(serials[spelled(row.serial_no)], row) for row in rows]
	items = {lot.item_code for lot in serials.values()}
	rows = in_chunks(
		items, lambda names: by_field().where(sle.item_code.isin(names)).where(sle.serial_no != "")
	)
	for row in rows:
		for serial_no in serial_numbers(row.serial_no):
			if lot := serials.get(spelled(serial_no)):
				one = frappe._dict(row, serial_no=serial_no, qty=1 if row.qty > 0 else -1)
				found.append((lot, one))
	return as_moves(found)


def moves_in(processes: set[Process]) -> list[LedgerMove]:
	"""What went into `processes` and what came out, goods that nobody can tell apart included."""
	sle, se = frappe.qb.DocType("Stock Ledger Entry"), frappe.qb.DocType("Stock Entry")
	by_doctype = defaultdict(list)
	for doctype, name in processes:
		by_doctype[doctype].append(name)
	orders = by_doctype.pop("Work Order", [])
	rows = []
	for doctype, names in by_doctype.items():
		rows += moves_by(doctype, names)
	rows += in_chunks(
		orders,
		lambda names: (
			whole()
			.where(se.work_order.isin(names))
			.where(se.purpose.isin([MANUFACTURE, CONSUMES]))
			.where(sle.voucher_type == "Stock Entry")
		),
	)
	return [move for move in with_lots(rows) if move.process in processes]


def moves_by_document(doctype: str, names: Iterable[str]) -> list[LedgerMove]:
	"""What the documents `names` moved, as the stock ledger has it."""
	return with_lots(moves_by(doctype, names))


def moves_by(doctype: str, names: Iterable[str]) -> list[frappe._dict]:
	"""The rows of the ledger by the documents `names`."""
	sle = frappe.qb.DocType("Stock Ledger Entry")
	return in_chunks(
		names, lambda some: whole().where(sle.voucher_type == doctype).where(sle.voucher_no.isin(some))
	)


def with_lots(rows: Iterable[frappe._dict]) -> list[LedgerMove]:
	"""`rows` of the ledger as moves of the lot that each of them names."""
	found = []
	for row in rows:
		serials = serial_numbers(row.serial_no)
		if len(serials) < 2:
			found.append((LedgerLot(row.item_code, row.batch_no or "", *serials), row))
			continue
		for serial_no in serials:
			one = frappe._dict(row, serial_no=serial_no, qty=1 if row.qty > 0 else -1)
			found.append((LedgerLot(row.item_code, row.batch_no or "", serial_no), one))
	return as_moves(found)


def as_moves(found: list[tuple[LedgerLot, frappe._dict]]) -> list[LedgerMove]:
	"""Lot and ledger row as moves, each with the process it belongs to."""
	apart = orders_that_consume_apart({row.work_order for _lot, row in found if row.work_order})
	return [
		LedgerMove(
			lot=lot,
			qty=flt(row.qty),
			doctype=row.voucher_type,
			name=row.voucher_no,
			when=row.posting_datetime,
			item_code=row.item_code,
			warehouse=row.warehouse,
			process=process_of(row, apart),
			serial_nos=serial_numbers(row.serial_no),
		)
		for lot, row in found
	]


def process_of(row: frappe._dict, apart: set[str]) -> Process | None:
	"""What turned the goods of a ledger row into others: its document, or the Work Order for those that
	consume and produce by different documents."""
	if row.voucher_type == "Subcontracting Receipt":
		return row.voucher_type, row.voucher_no
	if row.purpose not in MAKES:
		return None
	if row.work_order in apart and row.purpose in (MANUFACTURE, CONSUMES):
		return "Work Order", row.work_order
	return row.voucher_type, row.voucher_no


def orders_that_consume_apart(orders: set[str]) -> set[str]:
	"""Those of the Work Orders `orders` whose material is consumed by stock entries of its own."""
	se = frappe.qb.DocType("Stock Entry")
	rows = in_chunks(
		orders,
		lambda names: (
			frappe.qb.from_(se)
			.where(se.work_order.isin(names))
			.where(se.purpose == CONSUMES)
			.where(se.docstatus == 1)
			.select(se.work_order)
			.distinct()
		),
	)
	return {row.work_order for row in rows}


# Queries on the ledger


def whole() -> QueryBuilder:
	"""Ledger entries, each with the rows of its bundle where it has one."""
	sle, entry = frappe.qb.DocType("Stock Ledger Entry"), frappe.qb.DocType("Serial and Batch Entry")
	query = frappe.qb.from_(sle).left_join(entry).on(entry.parent == sle.serial_and_batch_bundle)
	return of_ledger(query).select(
		Coalesce(entry.qty, sle.actual_qty).as_("qty"),
		Coalesce(entry.batch_no, sle.batch_no).as_("batch_no"),
		Coalesce(entry.serial_no, sle.serial_no).as_("serial_no"),
	)


def by_entry() -> QueryBuilder:
	"""Rows of bundles, each with its ledger entry."""
	sle, entry = frappe.qb.DocType("Stock Ledger Entry"), frappe.qb.DocType("Serial and Batch Entry")
	query = frappe.qb.from_(entry).join(sle).on(sle.serial_and_batch_bundle == entry.parent)
	return of_ledger(query).select(entry.qty, entry.batch_no, entry.serial_no)


def by_field() -> QueryBuilder:
	"""Ledger entries without a bundle, from before there were any."""
	sle = frappe.qb.DocType("Stock Ledger Entry")
	return (
		of_ledger(frappe.qb.from_(sle))
		.where(sle.serial_and_batch_bundle.isnull() | (sle.serial_and_batch_bundle == ""))
		.select(sle.actual_qty.as_("qty"), sle.batch_no, sle.serial_no)
	)


def of_ledger(query: QueryBuilder) -> QueryBuilder:
	"""`query` with what every move needs of its ledger entry and its stock entry."""
	sle, se = frappe.qb.DocType("Stock Ledger Entry"), frappe.qb.DocType("Stock Entry")
	return (
		query.left_join(se)
		.on((sle.voucher_type == "Stock Entry") & (se.name == sle.voucher_no))
		.where(sle.is_cancelled == 0)
		.select(
			sle.voucher_type,
			sle.voucher_no,
			sle.item_code,
			sle.warehouse,
			Coalesce(sle.posting_datetime, sle.creation).as_("posting_datetime"),
			se.purpose,
			se.work_order,
		)
	)


def in_chunks(names: Iterable[str], query: Callable[[list[str]], QueryBuilder]) -> list[frappe._dict]:
	"""The rows of `query` for all of `names`, so many names at a time as one query takes well."""
	names = list(names)
	return [
		row
		for start in range(0, len(names), CHUNK)
		for row in query(names[start : start + CHUNK]).run(as_dict=True)
	]


# What deliveries name beside the ledger


def named_moves(lots: set[LedgerLot]) -> list[LedgerMove]:
	"""The moves of `lots` that the traceability of a delivery tells: it is not shipped yet, or a person
	typed the heat, supplier's lot, batch or serial number of goods that stock does not keep apart."""
	asked = {
		(fieldname, spelled(getattr(lot, fieldname))): lot
		for lot in lots
		for fieldname in ("serial_no", "batch_no", *TYPED)
		if getattr(lot, fieldname) and not (fieldname == "batch_no" and lot.serial_no)
	}
	entry, note = frappe.qb.DocType("Traceability Entry"), frappe.qb.DocType("Delivery Note")
	rows = []
	for fieldname in ("batch_no", *TYPED):
		rows += in_chunks(
			[name for field, name in asked if field == fieldname],
			lambda names, column=entry[fieldname]: named().where(column.isin(names)),
		)
	if any(lot.heat_no for lot in lots):
		rows += named().where(entry.heat_no.like("%,%")).run(as_dict=True)  # several heats in one row
	# Serial numbers stand in a text. Those that stock keeps are in the ledger once they have shipped
	serials = [lot for lot in lots if lot.serial_no]
	rows += in_chunks(
		{lot.item_code for lot in serials if lot.item_code},
		lambda names: (
			named()
			.where(note.docstatus == 0)
			.where(entry.item_code.isin(names))
			.where(entry.serial_nos != "")
		),
	)
	for lot in serials:
		if not lot.item_code:
			rows += named().where(entry.serial_nos.like(f"%{lot.serial_no}%")).run(as_dict=True)
	moves = {}
	for row in rows:
		serials = [("serial_no", name) for name in serial_numbers(row.serial_nos)]
		for fieldname, name in (*sources_of(row), *serials):
			if lot := asked.get((fieldname, spelled(name))):
				moves[row.name, lot] = as_named_move(row, lot)
	return list(moves.values())


def moves_by_delivery(name: str) -> list[LedgerMove]:
	"""What a delivery ships, open or not: as the stock ledger has it, and what its traceability names of
	goods that the ledger does not tell apart."""
	entry = frappe.qb.DocType("Traceability Entry")
	rows = named().where(entry.parent == name).orderby(entry.idx).run(as_dict=True)
	typed = as_named_moves(rows)
	in_ledger = moves_by_document("Delivery Note", [name])
	known = {name for move in in_ledger for name in (move.lot.batch_no, move.lot.serial_no)} - {""}
	typed = [move for move in typed if (move.lot.serial_no or move.lot.batch_no) not in known]
	told = {move.item_code for move in typed}
	return [move for move in in_ledger if move.lot.is_told_apart or move.item_code not in told] + typed


def moves_typed(fieldname: str, value: str) -> list[LedgerMove]:
	"""What deliveries ship whose traceability says `value` in a field, by the lots that it names."""
	rows = named().where(frappe.qb.DocType("Traceability Entry")[fieldname] == value).run(as_dict=True)
	return as_named_moves(rows)


def as_named_moves(rows: list[frappe._dict]) -> list[LedgerMove]:
	"""Traceability rows as moves of all the lots that they name."""
	kept = kept_serials(rows)
	return [as_named_move(row, lot) for row in rows for lot in lots_of(row, kept)]


def lots_of(row: frappe._dict, kept: set[str]) -> list[LedgerLot]:
	"""The lots that a traceability row names; `kept` are the serial numbers that stock keeps."""
	lots = [
		LedgerLot(row.item_code, row.batch_no or "", serial_no)
		if serial_no in kept
		else LedgerLot(serial_no=serial_no)
		for serial_no in serial_numbers(row.serial_nos)
	]
	if row.batch_no:
		return lots or [LedgerLot(row.item_code, row.batch_no)]
	return lots + [typed_lot(fieldname, name) for fieldname, name in sources_of(row)]


def kept_serials(rows: list[frappe._dict]) -> set[str]:
	"""The serial numbers of traceability `rows` that stock keeps."""
	serial = frappe.qb.DocType("Serial No")
	names = {serial_no for row in rows for serial_no in serial_numbers(row.serial_nos)}
	kept = in_chunks(
		names, lambda some: frappe.qb.from_(serial).where(serial.name.isin(some)).select(serial.name)
	)
	return {row.name for row in kept}


def sources_of(row: frappe._dict) -> list[tuple[str, str]]:
	"""What a traceability row names beside serial numbers: its batch, else its heats, else the supplier's
	lot; as (fieldname, name)."""
	if row.batch_no:
		return [("batch_no", row.batch_no)]
	if row.heat_no:
		return [("heat_no", heat_no) for heat_no in serial_numbers(row.heat_no)]
	return [("supplier_lot", row.supplier_lot)] if row.supplier_lot else []


def named() -> QueryBuilder:
	"""Traceability rows of deliveries that are not cancelled."""
	entry, note = frappe.qb.DocType("Traceability Entry"), frappe.qb.DocType("Delivery Note")
	return (
		frappe.qb.from_(entry)
		.join(note)
		.on((entry.parent == note.name) & (entry.parenttype == "Delivery Note"))
		.where(note.docstatus < 2)
		.select(
			entry.name,
			entry.parent,
			entry.item_code,
			entry.qty,
			entry.batch_no,
			entry.serial_nos,
			entry.heat_no,
			entry.supplier_lot,
			entry.delivery_note_item,
			note.docstatus,
			note.posting_date,
			note.posting_time,
		)
	)


def as_named_move(row: frappe._dict, lot: LedgerLot) -> LedgerMove:
	"""A traceability row as the move of one lot that it names; each serial number is one piece."""
	return LedgerMove(
		lot=lot,
		qty=-1.0 if lot.serial_no else -flt(row.qty),
		doctype="Delivery Note",
		name=row.parent,
		when=get_datetime(f"{row.posting_date} {row.posting_time}"),
		item_code=row.item_code,
		serial_nos=(lot.serial_no,) if lot.serial_no else serial_numbers(row.serial_nos),
		typed=True,
		is_open=row.docstatus == 0,
		line=row.delivery_note_item or "",
	)


def came_back(moves: list[LedgerMove]) -> list[LedgerMove]:
	"""What came back of goods that only a person named: the returns of their lines."""
	of_line = {move.line: move for move in reversed(moves) if move.line}
	line, note = frappe.qb.DocType("Delivery Note Item"), frappe.qb.DocType("Delivery Note")
	rows = in_chunks(
		of_line,
		lambda names: (
			frappe.qb.from_(line)
			.join(note)
			.on(line.parent == note.name)
			.where(line.dn_detail.isin(names))
			.where(note.docstatus == 1)
			.where(note.is_return == 1)
			.select(line.dn_detail, line.parent, line.stock_qty, note.posting_date, note.posting_time)
		),
	)
	return [
		LedgerMove(
			lot=of_line[row.dn_detail].lot,
			qty=-flt(row.stock_qty),
			doctype="Delivery Note",
			name=row.parent,
			when=get_datetime(f"{row.posting_date} {row.posting_time}"),
			item_code=of_line[row.dn_detail].item_code,
			typed=True,
		)
		for row in rows
	]


def kin_of(lots: set[LedgerLot], direction: str) -> Mapping[LedgerLot, list[LedgerLot]]:
	"""Forwards: batch -> its heat and supplier's lot, so that deliveries which name only those are found.
	Backwards: heat or supplier's lot -> the batches of it."""
	batch = frappe.qb.DocType("Batch")
	found = defaultdict(list)
	for fieldname in TYPED:
		known_by = "batch_no" if direction == FORWARDS else fieldname
		column = batch.name if direction == FORWARDS else batch[fieldname]
		of = {spelled(getattr(lot, known_by)): lot for lot in lots if getattr(lot, known_by)}
		for row in in_chunks(
			of,
			lambda names, column=column, value=batch[fieldname]: (
				frappe.qb.from_(batch)
				.where(column.isin(names))
				.where(value != "")
				.select(column.as_("known_by"), batch.name, batch.item, value.as_("value"))
			),
		):
			lot = of[spelled(row.known_by)]
			found[lot].append(
				typed_lot(fieldname, row.value) if direction == FORWARDS else LedgerLot(row.item, row.name)
			)
	return found
