"""What a delivery takes from stock, and what its traceability rows say about it (step 8)."""

from collections import defaultdict

import frappe
from frappe.model.document import Document
from frappe.utils import flt

from metalcraft_workflow.rules import packing
from metalcraft_workflow.rules import traceability as rules


def lines_of(doc: Document) -> list[rules.Line]:
	"""The lines of `doc` as the rules see them."""
	needs, sources = needs_by_line(doc), sources_by_line(doc)
	before = doc.get_doc_before_save()
	former = sources_by_line(before) if before else {}
	return [
		rules.Line(
			name=row.name,
			row=row.idx,
			item_code=row.item_code,
			qty=stock_qty(row),
			needs=needs.get(row.name, ""),
			sources=sources.get(row.name, ()),
			former_sources=former.get(row.name, ()),
		)
		for row in doc.items
		if row.item_code
	]


def stock_qty(row: Document) -> float:
	"""Quantity of a line in stock units; ERPNext works it out later in the save."""
	return flt(flt(row.qty) * flt(row.conversion_factor or 1), rules.PLACES)


def needs_by_line(doc: Document) -> dict[str, str]:
	"""Line -> what it must name, as its order line says, else as its item says."""
	of_item = values("Item", "traceability_required", {row.item_code for row in doc.items})
	of_order_line = values(
		"Sales Order Item", "traceability_required", {row.get("so_detail") for row in doc.items}
	)
	return {
		row.name: rules.needs_of(of_item.get(row.item_code), of_order_line.get(row.get("so_detail")))
		for row in doc.items
	}


def sources_by_line(doc: Document) -> dict[str, tuple[rules.Source, ...]]:
	"""Line -> what it takes from stock: its Serial and Batch Bundle, or its batch and serial fields."""
	bundles = [row.serial_and_batch_bundle for row in doc.items if row.get("serial_and_batch_bundle")]
	entries = defaultdict(list)
	if bundles:
		for entry in frappe.get_all(
			"Serial and Batch Entry",
			filters={"parent": ["in", bundles]},
			fields=["parent", "batch_no", "serial_no", "qty"],
			order_by="idx",
		):
			entries[entry.parent].append(entry)
	found = {}
	for row in doc.items:
		if row.get("serial_and_batch_bundle"):
			found[row.name] = sources_in_bundle(entries[row.serial_and_batch_bundle])
		elif row.get("batch_no") or row.get("serial_no"):
			found[row.name] = (
				rules.Source(stock_qty(row), row.batch_no or "", serial_numbers(row.serial_no)),
			)
	return found


def sources_in_bundle(entries: list[frappe._dict]) -> tuple[rules.Source, ...]:
	"""The entries of one bundle, a source for each batch."""
	qty, serials = defaultdict(float), defaultdict(list)
	for entry in entries:
		batch_no = entry.batch_no or ""
		qty[batch_no] += abs(flt(entry.qty))
		if entry.serial_no:
			serials[batch_no].append(entry.serial_no)
	return tuple(
		rules.Source(flt(qty[batch_no], rules.PLACES), batch_no, tuple(serials[batch_no])) for batch_no in qty
	)


def serial_numbers(text: str | None) -> tuple[str, ...]:
	"""The serial numbers in a text, one a line (or with commas between)."""
	return tuple(part.strip() for part in (text or "").replace(",", "\n").split("\n") if part.strip())


def entries_of(doc: Document) -> list[rules.Entry]:
	"""The traceability rows of `doc` as the rules see them."""
	return [
		rules.Entry(
			line=row.delivery_note_item or "",
			item_code=row.item_code or "",
			qty=flt(row.qty),
			batch_no=row.batch_no or "",
			serial_nos=serial_numbers(row.serial_nos),
			heat_no=(row.heat_no or "").strip(),
			row=row.idx,
			key=str(number),
		)
		for number, row in enumerate(doc.traceability)
	]


def problems_of(doc: Document) -> list[rules.Problem]:
	"""What is missing or wrong in the traceability of `doc`."""
	entries = entries_of(doc)
	batches = {entry.batch_no for entry in entries if entry.batch_no}
	serials = {serial_no for entry in entries for serial_no in entry.serial_nos}
	return rules.problems(
		lines_of(doc),
		entries,
		values("Batch", "item", batches),
		values("Serial No", "item_code", serials),
	)


def values(doctype: str, fieldname: str, names: set[str | None]) -> dict[str, str]:
	"""Name -> value of one field, in one query."""
	names = names - {None, ""}
	if not names:
		return {}
	return dict(frappe.get_all(doctype, {"name": ["in", list(names)]}, ["name", fieldname], as_list=True))


def sources_changed(doc: Document) -> bool:
	"""Whether this save names other batches or serial numbers than what is stored."""
	before = doc.get_doc_before_save()

	def named(doc):
		return {
			(entry.line, entry.batch_no, entry.serial_nos, entry.qty)
			for entry in entries_of(doc)
			if entry.batch_no or entry.serial_nos
		}

	return bool(named(doc) - (named(before) if before else set()))


def promise_problems(doc: Document) -> list[rules.Problem]:
	"""Batches and serial numbers of `doc` that are not there, or that another open delivery has."""
	lines = {row.name: row for row in doc.items}
	mine = [
		packing.Promise(
			row=lines[entry.line].idx,
			item_code=entry.item_code,
			warehouse=lines[entry.line].warehouse or "",
			qty=entry.qty,
			batch_no=entry.batch_no,
			serial_nos=entry.serial_nos,
		)
		for entry in entries_of(doc)
		if entry.line in lines and (entry.batch_no or entry.serial_nos)
	]
	if not mine:
		return []
	others = [
		packing.Promise(
			row=0,
			item_code=row.item_code,
			warehouse=row.warehouse or "",
			qty=flt(row.qty),
			batch_no=row.batch_no or "",
			serial_nos=serial_numbers(row.serial_nos),
			delivery=row.parent,
		)
		for row in entries_of_other_drafts(doc, {promise.item_code for promise in mine})
	]
	return packing.promised_twice(mine, others, batch_stock(mine), serial_places(mine))


def entries_of_other_drafts(doc: Document, items: set[str]) -> list[frappe._dict]:
	"""Traceability rows of the other open delivery notes that name one of `items`."""
	entry, row, note = (
		frappe.qb.DocType("Traceability Entry"),
		frappe.qb.DocType("Delivery Note Item"),
		frappe.qb.DocType("Delivery Note"),
	)
	return (
		frappe.qb.from_(note)
		.join(entry)
		.on((entry.parent == note.name) & (entry.parenttype == "Delivery Note"))
		.join(row)
		.on(entry.delivery_note_item == row.name)
		.where(note.docstatus == 0)
		.where(note.is_return == 0)
		.where(note.name != (doc.name or ""))
		.where(entry.item_code.isin(list(items)))
		.select(entry.parent, entry.item_code, entry.qty, entry.batch_no, entry.serial_nos, row.warehouse)
		.run(as_dict=True)
	)


def batch_stock(promises: list[packing.Promise]) -> dict[tuple[str, str], float]:
	"""(batch, warehouse) -> quantity there now, for the batches whose item keeps its stock by batch."""
	from erpnext.stock.doctype.batch.batch import get_batch_qty

	return {
		(promise.batch_no, promise.warehouse): flt(
			get_batch_qty(batch_no=promise.batch_no, warehouse=promise.warehouse, item_code=promise.item_code)
		)
		for promise in promises
		if promise.batch_no and frappe.get_cached_value("Item", promise.item_code, "has_batch_no")
	}


def serial_places(promises: list[packing.Promise]) -> dict[str, str]:
	"""Serial number -> the warehouse it is in, for those that stock keeps."""
	return values("Serial No", "warehouse", {name for promise in promises for name in promise.serial_nos})


def brought_for(order_lines: list[str], places: set[str]) -> dict[str, list[rules.Source]]:
	"""Order line -> batches and serial numbers that came to `places` for it and that no delivery note
	names, in the order in which they came."""
	if not order_lines:
		return {}
	row, entry = frappe.qb.DocType("Stock Entry Detail"), frappe.qb.DocType("Serial and Batch Entry")
	came = (
		frappe.qb.from_(row)
		.join(entry)
		.on(entry.parent == row.serial_and_batch_bundle)
		.where(row.sales_order_item.isin(order_lines))
		.where(row.docstatus == 1)
		.where(row.t_warehouse.isin(list(places)) | row.s_warehouse.isin(list(places)))
		.orderby(row.creation)
		.orderby(entry.idx)
		.select(row.sales_order_item, row.t_warehouse, entry.batch_no, entry.serial_no, entry.qty)
		.run(as_dict=True)
	)
	moves = [
		packing.Move(
			line.sales_order_item,
			abs(flt(line.qty)) * (1 if line.t_warehouse in places else -1),
			line.batch_no or "",
			line.serial_no or "",
		)
		for line in came
	]
	return packing.free_sources(moves + named_on_delivery_notes(order_lines))


def named_on_delivery_notes(order_lines: list[str]) -> list[packing.Move]:
	"""What delivery notes, drafts included, have taken of `order_lines`."""
	entry, row = frappe.qb.DocType("Traceability Entry"), frappe.qb.DocType("Delivery Note Item")
	taken = (
		frappe.qb.from_(entry)
		.join(row)
		.on(entry.delivery_note_item == row.name)
		.where(row.so_detail.isin(order_lines))
		.where(row.docstatus < 2)
		.select(row.so_detail, entry.qty, entry.batch_no, entry.serial_nos)
		.run(as_dict=True)
	)
	moves = []
	for line in taken:
		serials = serial_numbers(line.serial_nos)
		moves += [packing.Move(line.so_detail, -1, line.batch_no or "", serial_no) for serial_no in serials]
		if not serials:
			moves.append(packing.Move(line.so_detail, -flt(line.qty), line.batch_no or ""))
	return moves
