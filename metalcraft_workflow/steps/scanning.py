"""Scan to pack: what is scanned at Final Pack goes into the delivery note (step 8), and what Production scans into
the transfer (step 7).

A page of the desk sends what was scanned, in the order in which it was, each scan with an ID of its own: what
comes twice, because the answer was lost on the way, counts once. The document is saved as any form saves it, so
that its rules hold; what they refuse is answered, scan by scan, and nothing of it stays.
"""

import re
from dataclasses import replace
from time import monotonic
from typing import Annotated

import frappe
from frappe import _
from frappe.model.document import Document
from frappe.utils import comma_or, cstr, flt, strip_html

from metalcraft_workflow.facts import scanning as facts
from metalcraft_workflow.facts import traceability
from metalcraft_workflow.facts.final_pack import is_whole
from metalcraft_workflow.facts.orders import readable_orders
from metalcraft_workflow.facts.scanning import DELIVERY, TRANSFER
from metalcraft_workflow.gates.append_only import append
from metalcraft_workflow.gates.input import Each, KnownDocType, checked
from metalcraft_workflow.gates.message import in_words
from metalcraft_workflow.gates.numbers import written_qty
from metalcraft_workflow.gates.once import reading
from metalcraft_workflow.gates.refusals import REFUSALS
from metalcraft_workflow.gates.workflow import states_by_gate
from metalcraft_workflow.rules import scanning as rules
from metalcraft_workflow.rules.path import has_passed
from metalcraft_workflow.rules.quantity import PLACES, Qty
from metalcraft_workflow.rules.requirement import Phrase, Problem, _lt
from metalcraft_workflow.rules.traceability import Source

# What one call takes, for how many seconds it goes on trying (the page waits for 20), and what an ID looks like
MOST = 100
LONGEST = 8
ID = re.compile(r"[A-Za-z0-9-]{8,60}")

# How many documents are offered to begin with
OFFERED = 50


# What the page asks for


@frappe.whitelist(methods=["GET"])
@frappe.read_only()
@checked
def get_scan_documents(code: str = "") -> list[dict]:
	"""The documents that the signed-in person may scan for, the oldest first: `[{doctype, name, customer, orders}]`.
	With `code` the one that it is the number of, or those of the order that it is the number of."""
	return [*deliveries_to_pack(code.strip()), *transfers_to_submit(code.strip())]


@frappe.whitelist(methods=["GET"])
@frappe.read_only()
@checked
def get_scan_sheet(doctype: KnownDocType, name: str) -> dict:
	"""What is to be scanned for a delivery or a transfer, and what is; see `sheet`.

	Raises PermissionError for who may not write it, and DoesNotExistError when it is gone.
	"""
	return sheet(opened(doctype, name))


@frappe.whitelist(methods=["POST"])
@checked
def send_scans(doctype: KnownDocType, name: str, scans: Annotated[list, Each(dict)]) -> dict:
	"""Take `scans`, in their order, for a delivery or a transfer: `{id, code, qty, at}` each, or `{id, takes_back}`
	with the ID of an earlier one.

	Gives `{answers: [{id, taken, message}], sheet}`; where there is no answer to the last of them, because it took
	too long, they are to be sent again. A scan that was taken before is answered so again, and counts once.
	Raises PermissionError for who may not write the document, and ValidationError for what is no scan, or when the
	document cannot be saved whatever is scanned.
	"""
	if len(scans) > MOST:
		frappe.throw(_("{0} scans can be sent at once, and no more.").format(MOST))
	scans = [as_scan(each) for each in scans]
	doc = opened(doctype, name, for_update=True)
	answers = answer(doc, scans)
	return {"answers": answers, "sheet": sheet(again(doc), is_locked=True)}


@frappe.whitelist(methods=["POST"])
@checked
def keep_scanned(doctype: KnownDocType, name: str) -> dict:
	"""Leave on a delivery or a transfer what is scanned, and nothing else: lines get that quantity, and those of
	which nothing is scanned go. Gives the sheet.

	Raises PermissionError for who may not write it, and ValidationError when nothing is scanned, or a part of a
	bundle only.
	"""
	doc = opened(doctype, name, for_update=True)
	if problem := facts.why_not(doc):
		frappe.throw(in_words([problem])[0], title=_("Not Scanned"))
	lines = facts.lines_of(doc)
	scans = [scan for found in facts.scans_of(doc, is_locked=True).values() for scan in found]
	if not any(rules.scanned(line, scans) for line in lines):
		frappe.throw(_("Nothing is scanned yet."), title=_("Nothing Scanned"))
	(keep_of_transfer if doctype == TRANSFER else keep_of_delivery)(doc, lines, scans)
	doc.save()
	return sheet(again(doc), is_locked=True)


# Documents


def set_offer(doc: Document, method: str | None = None) -> None:
	"""Say on the form of a delivery or a transfer whether it can be scanned: `can_scan`. Runs in `onload`."""
	if not facts.why_not(doc):
		doc.set_onload("can_scan", frappe.has_permission(doc.doctype, "write", doc=doc))


def opened(doctype: str, name: str, for_update: bool = False) -> Document:
	"""The document, which the signed-in person may write; with `for_update` kept to this transaction."""
	if doctype not in (DELIVERY, TRANSFER):
		frappe.throw(_("Only deliveries and transfers are scanned."))
	doc = frappe.get_doc(doctype, name, for_update=for_update)
	doc.check_permission("write")
	return doc


def deliveries_to_pack(code: str) -> list[dict]:
	"""Open deliveries that are being packed."""
	if not frappe.has_permission(DELIVERY, "write"):
		return []
	states = [
		state for state, gate in states_by_gate(DELIVERY).items() if not has_passed(gate, "complete_packing")
	]
	filters = {"docstatus": 0, "is_return": 0, "follows_process": 1, "workflow_state": ("in", states or [""])}
	if code:
		of_order = frappe.get_all(
			"Delivery Note Item",
			{"against_sales_order": code, "docstatus": 0},
			pluck="parent",
			order_by="parent",
		)
		filters["name"] = ("in", [code, *of_order])
	notes = frappe.get_list(
		DELIVERY, filters=filters, fields=["name", "customer_name"], order_by="creation", limit=OFFERED
	)
	orders: dict[str, list[str]] = {}
	for row in frappe.get_all(
		"Delivery Note Item",
		{"parent": ("in", [note.name for note in notes]), "against_sales_order": ("is", "set")},
		["parent", "against_sales_order"],
		order_by="parent, idx",
	):
		orders.setdefault(row.parent, []).append(row.against_sales_order)
	return [
		{
			"doctype": DELIVERY,
			"name": note.name,
			"customer": note.customer_name or "",
			"orders": list(dict.fromkeys(orders.get(note.name, ()))),
		}
		for note in notes
	]


def transfers_to_submit(code: str) -> list[dict]:
	"""Transfers to Final Pack that are not submitted yet."""
	if not frappe.has_permission(TRANSFER, "write"):
		return []
	entries = frappe.get_list(
		TRANSFER,
		filters={"docstatus": 0, "purpose": "Material Transfer", "sales_order": ("is", "set")},
		or_filters={"name": code, "sales_order": code} if code else None,
		fields=["name", "sales_order"],
		order_by="creation",
		limit=OFFERED,
	)
	orders = readable_orders([entry.sales_order for entry in entries])
	return [
		{
			"doctype": TRANSFER,
			"name": entry.name,
			"customer": orders.get(entry.sales_order, {}).get("customer_name") or "",
			"orders": [entry.sales_order],
		}
		for entry in entries
	]


# The sheet


def sheet(doc: Document, is_locked: bool = False) -> dict:
	"""What the page shows of `doc`: `{doctype, name, customer, orders, po_no, closed, qty, scanned, lines}`.

	`closed` says why nothing can be scanned. A line is `{row, item_code, item_name, qty, uom, scanned, kind, named}`,
	and of `named` each is `{batch_no, serial_no, qty, scanned, scans}`, with the IDs of its scans. Who has locked
	`doc` says so: what others have scanned meanwhile counts then.
	"""
	by_id = facts.scans_of(doc, is_locked)
	scans = [scan for found in by_id.values() for scan in found]
	ids = rules.ids_by_goods(by_id)
	drawn = [drawn_line(line, rules.scanned(line, scans), ids) for line in facts.lines_of(doc)]
	problem = facts.why_not(doc)
	orders = list(dict.fromkeys(facts.orders_named(doc)))
	rows = readable_orders(orders).values()
	return {
		"doctype": doc.doctype,
		"name": doc.name,
		"customer": doc.get("customer_name") or next((row.customer_name for row in rows), "") or "",
		"orders": orders,
		"po_no": ", ".join(dict.fromkeys(row.po_no for row in rows if row.po_no)),
		"closed": " ".join(in_words([problem])) if problem else "",
		"qty": rules.add_up(line["qty"] for line in drawn),
		"scanned": rules.add_up(line["scanned"] for line in drawn),
		"lines": drawn,
	}


def drawn_line(
	line: rules.ScanLine, scanned: tuple[Source, ...], ids: dict[tuple[str, str, str, str], list[str]]
) -> dict:
	"""A line as the page draws it, with what is `scanned` of it; `ids` as `rules.ids_by_goods` gives them."""
	return {
		"row": line.row,
		"item_code": line.item_code,
		"item_name": frappe.get_cached_value("Item", line.item_code, "item_name"),
		"qty": flt(line.qty, line.places),
		"uom": line.uom,
		"scanned": flt(rules.total(scanned), line.places),
		"kind": rules.SERIAL if line.has_serial else rules.BATCH if line.has_batch else rules.ITEM,
		"named": [
			{
				"batch_no": batch_no,
				"serial_no": serial_no,
				"qty": flt(qty, line.places),
				"scanned": flt(done, line.places),
				"scans": ids.get(rules.goods_of(line.key, line.item_code, batch_no, serial_no), [])
				if done
				else [],
			}
			for batch_no, serial_no, qty, done in rules.pieces(line, scanned)
		],
	}


# Taking scans


def as_scan(sent: dict) -> frappe._dict:
	"""One scan as it was sent. Raises ValidationError for what is none."""
	scan = frappe._dict(
		id=cstr(sent.get("id")),
		code=cstr(sent.get("code")).strip(),
		takes_back=cstr(sent.get("takes_back")),
		at=cstr(sent.get("at"))[:30],
		# As many decimals as a document keeps
		qty=flt(
			sent.get("qty") if sent.get("qty") not in (None, "") else 1,
			facts.kept_places(),
		),
	)
	known = ID.fullmatch(scan.id) and (not scan.takes_back or ID.fullmatch(scan.takes_back))
	if not known or len(scan.code) > 140 or not (scan.code or scan.takes_back):
		frappe.throw(_("Something was sent that is no scan."), title=_("Please Check"))
	return scan


def answer(doc: Document, scans: list[frappe._dict]) -> list[dict]:
	"""What becomes of `scans`, in their order; of the first ones only, when it takes too long to say it of all.

	When the document is refused with all of them, it is tried with halves of them, down to those it is refused with.
	Raises ValidationError when it is refused without them as well: that is no fault of what was scanned.
	"""
	until = monotonic() + LONGEST
	answers: list[dict] = []
	waiting, is_checked = [scans], False
	while waiting and not (answers and monotonic() > until):
		part, *waiting = waiting
		frappe.db.savepoint("scans")
		try:
			answers += take(doc, part)
		except REFUSALS as error:
			frappe.db.rollback(save_point="scans")
			message = said(error)
			if not is_checked:
				check_saved(doc)
				is_checked = True
			if len(part) == 1:
				answers.append(refused(part[0], message))
			else:
				# Something is to be said in time, so that the page goes on with the next
				middle = 1 if monotonic() > until else len(part) // 2
				waiting = [part[:middle], part[middle:], *waiting]
		if waiting:
			doc = again(doc)
	return answers


def again(doc: Document) -> Document:
	"""The document as it is stored now; this transaction has locked it."""
	return frappe.get_doc(doc.doctype, doc.name, for_update=True)


def check_saved(doc: Document) -> None:
	"""Refuse whatever is scanned for a document that cannot be saved as it is."""
	frappe.db.savepoint("scans")
	problem = ""
	try:
		again(doc).save()
	except REFUSALS as error:
		problem = said(error)
	frappe.db.rollback(save_point="scans")
	if problem:
		frappe.throw(
			_("{0} cannot be saved, with or without what is scanned: {1}").format(doc.name, problem),
			title=_("Not Scanned"),
		)


def said(error: Exception) -> str:
	"""What a refusal says, as plain text; it is answered, and not shown a second time."""
	messages = [row.get("message") for row in frappe.get_message_log()]
	frappe.clear_messages()
	return strip_html(" ".join(message for message in messages if message) or str(error))


def take(doc: Document, scans: list[frappe._dict]) -> list[dict]:
	"""Take `scans` for `doc`, and save it once if it names other goods then. Raises what the document refuses."""
	problem = facts.why_not(doc)
	lines = {(line.key, line.item_code): line for line in facts.lines_of(doc)}
	known = facts.known_ids([scan.id for scan in scans])
	taken = facts.scans_of(doc, is_locked=True)
	answers, changed = [], set()
	with reading(doc):
		for scan in scans:
			if scan.id in known:
				answers.append(taken_again(doc, scan, known[scan.id]))
			elif problem:
				answers.append(refused(scan, in_words([problem])[0]))
			elif scan.takes_back:
				answers.append(take_back(doc, scan, taken))
			else:
				answers.append(take_one(doc, scan, lines, taken, changed))
			known[scan.id] = doc.name
	if changed:
		write = name_in_transfer if doc.doctype == TRANSFER else name_in_delivery
		write(doc, [lines[key] for key in lines if key in changed])
		doc.save()
	return answers


def taken_again(doc: Document, scan: frappe._dict, where: str) -> dict:
	if where != doc.name:
		return refused(scan, _("This was scanned for {0}.").format(where))
	return {"id": scan.id, "taken": True, "again": True, "message": ""}


def refused(scan: frappe._dict, message: str) -> dict:
	return {"id": scan.id, "taken": False, "message": message}


def take_one(
	doc: Document,
	scan: frappe._dict,
	lines: dict[traceability.Key, rules.ScanLine],
	taken: dict[str, list[rules.Scan]],
	changed: set[traceability.Key],
) -> dict:
	"""Take one scan, or say why not; notes which of `lines` name other goods with it."""
	before = [each for found in taken.values() for each in found]
	code = facts.read_code(doc, list(lines.values()), scan.code)
	found = rules.taken_for(code, scan.qty, lines.values(), before, doc.name)
	if isinstance(found, Problem):
		return refused(scan, in_words([found])[0])
	gone: list[str] = []
	for each in found:
		key = (each.line, each.item_code)
		line = lines[key]
		then = rules.named_then(line, before, [each])
		if not rules.are_same(then, line.named):
			changed.add(key)
			gone += rules.displaced(line.named, then)
			lines[key] = replace(line, named=then)
	taken[scan.id] = found
	for part, each in enumerate(found):
		record(doc, scan, part, each)
	now = [each for rows in taken.values() for each in rows]
	of_item = [line for line in lines.values() if line.item_code == code.item_code]
	done = Phrase(
		_lt("{done} of {qty} {item}, in place of {gone}") if gone else _lt("{done} of {qty} {item}"),
		{
			"done": Qty(rules.add_up(rules.total(rules.scanned(line, now)) for line in of_item)),
			"qty": Qty(rules.add_up(line.qty for line in of_item)),
			"item": code.item_code,
			"gone": ", ".join(gone),
		},
	)
	return {
		"id": scan.id,
		"taken": True,
		"message": in_words([done])[0],
		"item_code": code.item_code,
		"batch_no": code.batch_no,
		"each": code.each,
	}


def take_back(doc: Document, scan: frappe._dict, taken: dict[str, list[rules.Scan]]) -> dict:
	"""Take an earlier scan back: its goods are not scanned any more. The document goes on naming them."""
	if not taken.pop(scan.takes_back, None):
		return refused(scan, _("That was not scanned, or is taken back already."))
	record(doc, scan, 0, None)
	return {"id": scan.id, "taken": True, "message": _("Taken back")}


def record(doc: Document, scan: frappe._dict, part: int, goods: rules.Scan | None) -> None:
	"""Write down what was scanned, or taken back."""
	values = {
		"doctype": "Pack Scan",
		"reference_doctype": doc.doctype,
		"reference_name": doc.name,
		"scan_id": scan.id,
		"part": part,
		"code": scan.code,
		"takes_back": scan.takes_back or None,
		"user": frappe.session.user,
		"scanned_at": scan.at,
	}
	if goods:
		values |= {
			**facts.kept_key(doc, goods.line),
			"item_code": goods.item_code,
			"qty": goods.qty,
			"batch_no": goods.batch_no or None,
			"serial_no": goods.serial_no or None,
		}
	append(values)


# Naming it in the document


def name_in_delivery(doc: Document, lines: list[rules.ScanLine]) -> None:
	"""Name in the traceability of a delivery what `lines` name: its lines take it from stock when it is saved."""
	for line in lines:
		set_rows(doc, line, line.named)


def set_rows(doc: Document, line: rules.ScanLine, sources: tuple[Source, ...]) -> None:
	rows = list(doc.traceability)
	entries = [
		entry
		for entry in traceability.entries_of(doc)
		if (entry.line, entry.item_code) == (line.key, line.item_code)
	]
	mine = {int(entry.key) for entry in entries}
	named = []
	for entry in rules.rows_then(line, entries, sources):
		row = (
			rows[int(entry.key)]
			if entry.key
			else frappe.new_doc("Traceability Entry", parent_doc=doc, parentfield="traceability")
		)
		row.update(
			{
				"delivery_note_item": line.key,
				"item_code": line.item_code,
				"qty": entry.qty,
				"batch_no": entry.batch_no or None,
				"serial_nos": "\n".join(entry.serial_nos),
			}
		)
		named.append(row)
	doc.set("traceability", [*(row for number, row in enumerate(rows) if number not in mine), *named])
	for number, row in enumerate(doc.traceability, 1):
		row.idx = number


def name_in_transfer(doc: Document, lines: list[rules.ScanLine]) -> None:
	"""Name in the rows of a transfer what `lines` name: a row for each batch, and one for what is not named."""
	rows_of = facts.transfer_rows(doc)
	for line in lines:
		left = flt(line.qty - rules.total(line.named), PLACES)
		share_rows(
			doc, rows_of[line.key, line.item_code], [*line.named, *([Source(left)] if left > 0 else [])]
		)


def share_rows(doc: Document, rows: list[Document], sources: list[Source]) -> None:
	"""Let `rows`, which bring the same goods, bring `sources`: one each, with more rows or fewer as it takes."""
	while len(rows) < len(sources):
		rows.append(add_row_like(doc, rows[-1]))
	for row in rows[len(sources) :]:
		traceability.drop_bundle(row)
		doc.remove(row)
	for row, source in zip(rows, sources, strict=False):
		traceability.drop_bundle(row)
		if traceability.stock_qty(row) != source.qty:
			row.update({"uom": row.stock_uom, "conversion_factor": 1, "qty": source.qty})
		row.update(
			{
				"transfer_qty": source.qty,
				"use_serial_batch_fields": 1,
				"batch_no": source.batch_no or None,
				"serial_no": "\n".join(source.serial_nos),
			}
		)


def add_row_like(doc: Document, row: Document) -> Document:
	"""A row of a transfer right behind `row`, for the same goods."""
	own = {"name", "idx", "serial_and_batch_bundle", "batch_no", "serial_no", *frappe.model.default_fields}
	values = {name: row.get(name) for name in row.meta.get_valid_columns() if name not in own}
	new = doc.append("items", values)
	doc.items.remove(new)
	doc.items.insert(doc.items.index(row) + 1, new)
	for number, each in enumerate(doc.items, 1):
		each.idx = number
	return new


# Leaving what is scanned


def keep_of_transfer(doc: Document, lines: list[rules.ScanLine], scans: list[rules.Scan]) -> None:
	rows_of = facts.transfer_rows(doc)
	for line in lines:
		scanned = rules.scanned(line, scans)
		share_rows(doc, rows_of[line.key, line.item_code], list(scanned))


def keep_of_delivery(doc: Document, lines: list[rules.ScanLine], scans: list[rules.Scan]) -> None:
	kept = {(line.key, line.item_code): rules.scanned(line, scans) for line in lines}
	for row in list(doc.items):
		mine = [line for line in lines if line.key == row.name]
		qty = [rules.total(kept[line.key, line.item_code]) for line in mine]
		if not mine or qty == [line.qty for line in mine]:
			continue
		if not any(qty):
			for line, goods in traceability.goods_of(doc):
				if line is row:
					traceability.drop_bundle(goods)
			doc.remove(row)
		elif mine[0].item_code != row.item_code:
			frappe.throw(
				_(
					"Row {0}: {1} is scanned in part. Scan all of its parts, or correct its quantity in the form."
				).format(row.idx, row.item_code)
			)
		else:
			row.qty = qty_in_unit(row, mine[0], qty[0])
			if mine[0].has_batch or mine[0].has_serial:
				*others, last = kept[row.name, row.item_code]
				# What the unit makes of it may differ by less than is counted
				rest = 0 if mine[0].has_serial else traceability.stock_qty(row) - qty[0]
				sources = (*others, replace(last, qty=flt(last.qty + rest, PLACES)))
				set_rows(doc, replace(mine[0], qty=rules.total(sources)), sources)
				# Its rows follow the line whose quantity changes, so it is told as well
				traceability.take_from_stock(doc, row, sources)
	for number, row in enumerate(doc.items, 1):
		row.idx = number


def qty_in_unit(row: Document, line: rules.ScanLine, scanned: float) -> float:
	"""The quantity that `row` of a delivery gets when so much of `line` is `scanned`, in its own unit.

	Raises ValidationError when there is none, as of 4 pieces of a box of 6.
	"""
	unit = rules.Unit(flt(row.conversion_factor) or 1, row.precision("qty"), is_whole(row.uom))
	qty = unit.written(scanned)
	if qty is None:
		fitting = [written_qty(each, line.uom) for each in rules.next_to(scanned, line, unit)]
		frappe.throw(
			_(
				"Row {0}: {1} of {2} are scanned, which is no quantity in {3}. Scan more or take some back: {4} can be"
				" shipped."
			).format(
				row.idx, written_qty(scanned, line.uom), row.item_code, _(row.uom), comma_or(fitting, False)
			),
			title=_("Not in This Unit"),
		)
	return qty
