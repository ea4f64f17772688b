"""What a delivery takes from stock, and what its traceability rows say about it (step 8)."""

from collections import defaultdict

import frappe
from frappe.model.document import Document
from frappe.query_builder.functions import Coalesce
from frappe.utils import flt

from metalcraft_workflow.rules import packing
from metalcraft_workflow.rules import traceability as rules

# A line of a delivery by its name, and an item that it ships: its own, or that of a part of its bundle
Key = tuple[str, str]


def goods_of(doc: Document) -> list[tuple[Document, Document]]:
	"""What `doc` ships, each with its line: every line itself, then the parts of its bundle.

	ERPNext makes the rows of the parts anew at will: what tells one is its line and its item.
	"""
	parts = defaultdict(list)
	for part in doc.packed_items:
		parts[part.parent_detail_docname, part.parent_item].append(part)
	return [
		(line, row)
		for line in doc.items
		for row in (line, *parts.get((line.name, line.item_code), ()))
		if row.item_code
	]


def lines_of(doc: Document) -> list[rules.Line]:
	"""The lines of `doc`, and the parts of its bundles, as the rules see them."""
	needs, sources = needs_by_line(doc), sources_by_line(doc)
	before = doc.get_doc_before_save()
	former = sources_by_line(before) if before else {}
	qty = qty_by_line(doc)
	rows = {(line.name, row.item_code): line.idx for line, row in goods_of(doc)}
	return [
		rules.Line(
			name=key[0],
			row=number,
			item_code=key[1],
			qty=qty[key],
			needs=needs[key],
			sources=sources.get(key, ()),
			former_sources=former.get(key, ()),
		)
		for key, number in rows.items()
	]


def stock_qty(row: Document) -> float:
	"""Quantity of a line or a part in stock units; ERPNext works that of a line out later in the save, and
	a part has no other."""
	factor = 1 if row.doctype == "Packed Item" else flt(row.conversion_factor or 1)
	return flt(flt(row.qty) * factor, rules.PLACES)


def qty_by_line(doc: Document) -> dict[Key, float]:
	"""Line and item -> quantity in stock units; a bundle may name a part twice."""
	found: dict[Key, float] = defaultdict(float)
	for line, row in goods_of(doc):
		found[line.name, row.item_code] += stock_qty(row)
	return found


def needs_by_line(doc: Document) -> dict[Key, str]:
	"""Line and item -> what it must name, as its order line says, else as its item or its template says."""
	goods = goods_of(doc)
	of_item = needs_of_items({row.item_code for _line, row in goods})
	of_order_line = values(
		"Sales Order Item", "traceability_required", {row.get("so_detail") for row in doc.items}
	)
	found = {}
	for line, row in goods:
		own, template = of_item.get(row.item_code, (None, None))
		needs_of = rules.needs_of if row is line else rules.needs_of_part
		found[line.name, row.item_code] = needs_of(own, of_order_line.get(line.get("so_detail")), template)
	return found


def needs_of_items(codes: set[str]) -> dict[str, tuple[str | None, str | None]]:
	"""Item -> what it asks to be named, and what the template asks of which it is a variant."""
	if not codes:
		return {}
	item, template = frappe.qb.DocType("Item"), frappe.qb.DocType("Item").as_("template")
	rows = (
		frappe.qb.from_(item)
		.left_join(template)
		.on(item.variant_of == template.name)
		.where(item.name.isin(list(codes)))
		.select(item.name, item.traceability_required, template.traceability_required)
		.run()
	)
	return {name: (own, of_template) for name, own, of_template in rows}


def sources_by_line(doc: Document) -> dict[Key, tuple[rules.Source, ...]]:
	"""Line and item -> what it takes from stock: its Serial and Batch Bundle, or its batch and serial
	fields."""
	goods = goods_of(doc)
	bundles = [row.serial_and_batch_bundle for _line, row in goods if row.get("serial_and_batch_bundle")]
	entries = defaultdict(list)
	if bundles:
		for entry in frappe.get_all(
			"Serial and Batch Entry",
			filters={"parent": ["in", bundles]},
			fields=["parent", "batch_no", "serial_no", "qty"],
			order_by="idx",
		):
			entries[entry.parent].append(entry)
	taken: dict[Key, list[rules.Source]] = defaultdict(list)
	for line, row in goods:
		if row.get("serial_and_batch_bundle"):
			found = [
				rules.Source(
					abs(flt(entry.qty)),
					entry.batch_no or "",
					(entry.serial_no,) if entry.serial_no else (),
				)
				for entry in entries[row.serial_and_batch_bundle]
			]
		elif row.get("batch_no") or row.get("serial_no"):
			found = [rules.Source(stock_qty(row), row.batch_no or "", serial_numbers(row.serial_no))]
		else:
			continue
		taken[line.name, row.item_code] += found
	return {key: rules.by_batch(found) for key, found in taken.items()}


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
			(entry.line, entry.item_code, entry.batch_no, entry.serial_nos, entry.qty)
			for entry in entries_of(doc)
			if entry.batch_no or entry.serial_nos
		}

	return bool(named(doc) - (named(before) if before else set()))


def promise_problems(doc: Document) -> list[rules.Problem]:
	"""Batches and serial numbers of `doc` that are not there, or that another open delivery has."""
	goods = {
		(line.name, row.item_code): (line.idx, row.warehouse or line.warehouse or "")
		for line, row in goods_of(doc)
	}
	mine = [
		packing.Promise(
			row=goods[entry.line, entry.item_code][0],
			item_code=entry.item_code,
			warehouse=goods[entry.line, entry.item_code][1],
			qty=entry.qty,
			batch_no=entry.batch_no,
			serial_nos=entry.serial_nos,
		)
		for entry in entries_of(doc)
		if (entry.line, entry.item_code) in goods and (entry.batch_no or entry.serial_nos)
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
	entry, row, part, note = (
		frappe.qb.DocType("Traceability Entry"),
		frappe.qb.DocType("Delivery Note Item"),
		frappe.qb.DocType("Packed Item"),
		frappe.qb.DocType("Delivery Note"),
	)
	found = (
		frappe.qb.from_(note)
		.join(entry)
		.on((entry.parent == note.name) & (entry.parenttype == "Delivery Note"))
		.join(row)
		.on(entry.delivery_note_item == row.name)
		.left_join(part)
		.on((part.parent_detail_docname == row.name) & (part.item_code == entry.item_code))
		.where(note.docstatus == 0)
		.where(note.is_return == 0)
		.where(note.name != (doc.name or ""))
		.where(entry.item_code.isin(list(items)))
		.select(
			entry.name,
			entry.parent,
			entry.item_code,
			entry.qty,
			entry.batch_no,
			entry.serial_nos,
			Coalesce(part.warehouse, row.warehouse).as_("warehouse"),
		)
		.run(as_dict=True)
	)
	# A bundle may name a part twice; what is promised of it counts once
	return list({line.name: line for line in found}.values())


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
