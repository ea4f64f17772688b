"""What a delivery takes from stock, and what its traceability rows say about it (step 8)."""

from collections import defaultdict
from collections.abc import Iterable, Set
from datetime import date

import frappe
from frappe.model.document import Document
from frappe.utils import cint, flt, getdate, nowdate

from metalcraft_workflow import compat
from metalcraft_workflow.gates.once import once
from metalcraft_workflow.rules import traceability as rules
from metalcraft_workflow.rules.requirement import Problem

# A line of a delivery by its name, and an item that it ships: its own, or that of a part of its bundle
Key = tuple[str, str]

# What a traceability row says of where its goods come from, and how it is known of them
ORIGIN = {
	"heat_no": "heat_no",
	"supplier_lot": "supplier_lot",
	"supplier": "supplier",
	"source_purchase_order": "purchase_order",
	"purchase_receipt": "purchase_receipt",
	"certificate": "certificate",
}


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


def lines_of(doc: Document) -> list[rules.TracedLine]:
	"""The lines of `doc`, and the parts of its bundles, as the rules see them."""
	goods = goods_of(doc)
	items = items_of(doc)
	needs, sources = needs_by_line(doc, items), sources_by_line(doc)
	before = doc.get_doc_before_save()
	former = sources_by_line(before) if before else {}
	changed, outgrown = changed_rows(doc), doc.flags.outgrown_bundles or ()
	qty = qty_by_line(doc)
	rows = {(line.name, row.item_code): line.idx for line, row in goods}
	return [
		rules.TracedLine(
			name=key[0],
			row=number,
			item_code=key[1],
			qty=qty[key],
			needs=needs[key],
			sources=sources.get(key, ()),
			former_sources=former.get(key, ()),
			has_batch=bool(items[key[1]].has_batch_no) if key[1] in items else False,
			has_serial=bool(items[key[1]].has_serial_no) if key[1] in items else False,
			rows_lead=key in outgrown or (key in changed and sources.get(key, ()) == former.get(key, ())),
		)
		for key, number in rows.items()
	]


def changed_rows(doc: Document) -> set[Key]:
	"""Lines and items of which this save names other batches, serial numbers or quantities than what is
	stored."""

	def named(doc: Document | None) -> dict[Key, set[tuple]]:
		found = defaultdict(set)
		for entry in entries_of(doc) if doc else ():
			if entry.batch_no or entry.serial_nos:
				found[entry.line, entry.item_code].add((entry.batch_no, entry.serial_nos, entry.qty))
		return found

	now, before = named(doc), named(doc.get_doc_before_save())
	return {key for key in now if now[key] != before.get(key)}


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


def needs_by_line(doc: Document, items: dict[str, frappe._dict]) -> dict[Key, str]:
	"""Line and item -> what it must name, as its order line says, else as its item or its template says."""
	order_lines = frozenset(row.get("so_detail") for row in doc.items)
	of_order_line = once(
		doc,
		("needs", order_lines),
		lambda: values("Sales Order Item", "traceability_required", order_lines),
	)
	found = {}
	for line, row in goods_of(doc):
		item = items.get(row.item_code) or frappe._dict()
		needs_of = rules.needs_of if row is line else rules.needs_of_part
		found[line.name, row.item_code] = needs_of(
			item.needs, of_order_line.get(line.get("so_detail")), item.template_needs
		)
	return found


def items_of(doc: Document) -> dict[str, frappe._dict]:
	"""Item that `doc` ships -> its template and group, what both ask to be named, and how stock keeps it.
	Read once a save."""
	codes = frozenset(row.item_code for _line, row in goods_of(doc))
	return once(doc, ("items", codes), lambda: _read_items(codes))


def _read_items(codes: frozenset[str]) -> dict[str, frappe._dict]:
	if not codes:
		return {}
	item, template = frappe.qb.DocType("Item"), frappe.qb.DocType("Item").as_("template")
	rows = (
		frappe.qb.from_(item)
		.left_join(template)
		.on(item.variant_of == template.name)
		.where(item.name.isin(list(codes)))
		.select(
			item.name,
			item.variant_of,
			item.item_group,
			item.has_batch_no,
			item.has_serial_no,
			item.traceability_required.as_("needs"),
			template.traceability_required.as_("template_needs"),
		)
		.run(as_dict=True)
	)
	return {row.name: row for row in rows}


def sources_by_line(doc: Document) -> dict[Key, tuple[rules.Source, ...]]:
	"""Line and item -> what it takes from stock: its Serial and Batch Bundle, or its batch and serial
	fields."""
	goods = goods_of(doc)
	entries = bundle_entries(row for _line, row in goods)
	taken: dict[Key, list[rules.Source]] = defaultdict(list)
	for line, row in goods:
		if found := sources_of(row, entries):
			taken[line.name, row.item_code] += found
	return {key: rules.by_batch(found) for key, found in taken.items()}


def bundle_entries(rows: Iterable[Document]) -> dict[str, list[frappe._dict]]:
	"""Serial and Batch Bundle of `rows` -> what is in it."""
	bundles = [row.serial_and_batch_bundle for row in rows if row.get("serial_and_batch_bundle")]
	entries = defaultdict(list)
	if bundles:
		for entry in frappe.get_all(
			"Serial and Batch Entry",
			filters={"parent": ["in", bundles]},
			fields=["parent", "batch_no", "serial_no", "qty"],
			order_by="idx",
		):
			entries[entry.parent].append(entry)
	return entries


def sources_of(row: Document, entries: dict[str, list[frappe._dict]]) -> list[rules.Source]:
	"""What a row takes from stock, by its bundle, whose `entries` are known, or by its own fields."""
	if row.get("serial_and_batch_bundle"):
		return [
			rules.Source(
				abs(flt(entry.qty)), entry.batch_no or "", (entry.serial_no,) if entry.serial_no else ()
			)
			for entry in entries[row.serial_and_batch_bundle]
		]
	if row.get("batch_no") or row.get("serial_no"):
		return [rules.Source(stock_qty(row), row.batch_no or "", serial_numbers(row.serial_no))]
	return []


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
			row=row.idx or number + 1,
			key=str(number),
			noted=any(row.get(name) for name in ORIGIN if name != "heat_no"),
		)
		for number, row in enumerate(doc.traceability)
	]


def problems_of(doc: Document, lines: list[rules.TracedLine]) -> list[Problem]:
	"""What is missing or wrong in the traceability of `doc`, whose lines are `lines`."""
	entries = entries_of(doc)
	return rules.problems(lines, entries, batches_named(doc, entries), serials_named(entries))


def wrong_rows(doc: Document, lines: list[rules.TracedLine]) -> list[Problem]:
	"""What the rows of `doc`, whose lines are `lines`, name that cannot be, as far as this save brings it
	in."""
	changed = changed_rows(doc)
	return wrong_entries(
		doc, lines, [entry for entry in entries_of(doc) if (entry.line, entry.item_code) in changed]
	)


def wrong_entries(doc: Document, lines: list[rules.TracedLine], entries: list[rules.Entry]) -> list[Problem]:
	"""What `entries` of `doc`, whose lines are `lines`, name that cannot be."""
	if not entries:
		return []
	return rules.wrong(lines, entries, batches_named(doc, entries), serials_named(entries))


def batches_named(doc: Document, entries: list[rules.Entry]) -> dict[str, rules.Batch]:
	"""The batches that `entries` name."""
	names = {entry.batch_no for entry in entries} - {""}
	if not names:
		return {}
	day = day_of(doc)
	return {
		row.name: rules.Batch(
			item_code=row.item,
			heat_no=(row.heat_no or "").strip(),
			disabled=bool(row.disabled),
			expired_on=row.expiry_date if row.expiry_date and row.expiry_date < day else None,
		)
		for row in frappe.get_all(
			"Batch",
			filters={"name": ["in", list(names)]},
			fields=["name", "item", "heat_no", "disabled", "expiry_date"],
		)
	}


def day_of(doc: Document) -> date:
	"""The day that `doc` is posted on: today, unless somebody has set one."""
	return getdate(doc.posting_date) if cint(doc.set_posting_time) else getdate(nowdate())


def serials_named(entries: list[rules.Entry]) -> dict[str, rules.Serial]:
	"""The serial numbers that `entries` name, as far as stock keeps them."""
	names = {serial_no for entry in entries for serial_no in entry.serial_nos}
	if not names:
		return {}
	return {
		row.name: rules.Serial(row.item_code, row.batch_no or "")
		for row in frappe.get_all(
			"Serial No", filters={"name": ["in", list(names)]}, fields=["name", "item_code", "batch_no"]
		)
	}


def values(doctype: str, fieldname: str, names: Set[str | None]) -> dict[str, str]:
	"""Name -> value of one field, in one query."""
	names = names - {None, ""}
	if not names:
		return {}
	return dict(frappe.get_all(doctype, {"name": ["in", list(names)]}, ["name", fieldname], as_list=True))


def drop_bundle(row: Document) -> None:
	"""Take the draft bundle of a line or a part off it, and delete it when it is this delivery's own."""
	if not row.get("serial_and_batch_bundle"):
		return
	own = {"name": row.serial_and_batch_bundle, "voucher_no": row.parent, "docstatus": 0}
	if frappe.db.exists("Serial and Batch Bundle", own):
		frappe.delete_doc("Serial and Batch Bundle", row.serial_and_batch_bundle, force=True)
	row.serial_and_batch_bundle = None


def take_from_stock(doc: Document, row: Document, sources: Iterable[rules.Source]) -> None:
	"""Choose `sources` in the stock fields of a line or a part: in its own batch and serial fields, or in a
	Serial and Batch Bundle when there are several batches."""
	sources = list(sources)
	drop_bundle(row)
	comes_back = bool(doc.get("is_return"))
	row.update({"batch_no": None, "serial_no": None, "use_serial_batch_fields": int(len(sources) == 1)})
	if len(sources) == 1:
		row.update({"batch_no": sources[0].batch_no or None, "serial_no": "\n".join(sources[0].serial_nos)})
		return
	item = frappe.get_cached_doc("Item", row.item_code)
	bundle = frappe.get_doc(
		{
			"doctype": "Serial and Batch Bundle",
			"has_batch_no": item.has_batch_no,
			"has_serial_no": item.has_serial_no,
			"voucher_type": doc.doctype,
			"voucher_no": doc.name,
			"voucher_detail_no": row.name,
			"type_of_transaction": "Inward" if comes_back else "Outward",
			"company": doc.company,
			"item_code": row.item_code,
			"warehouse": row.warehouse,
			**compat.posting_of_bundle(doc),
			"entries": [
				{
					"batch_no": source.batch_no,
					"serial_no": serial_no,
					"qty": qty if comes_back else -qty,
					"warehouse": row.warehouse,
				}
				for source in sources
				for serial_no, qty in ([(name, 1) for name in source.serial_nos] or [(None, source.qty)])
			],
		}
	)
	bundle.flags.ignore_links = True  # the delivery note is stored a moment later
	row.serial_and_batch_bundle = bundle.insert().name
