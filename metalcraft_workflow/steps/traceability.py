"""Step 8: where the goods of a delivery come from. Its traceability rows and what its lines take from stock
have to agree: whoever changed leads, the line or the rows."""

from collections import defaultdict

import frappe
from frappe import _
from frappe.model.document import Document
from frappe.utils import flt

from metalcraft_workflow.facts import delivery
from metalcraft_workflow.facts import traceability as facts
from metalcraft_workflow.facts.allocation import promise_problems
from metalcraft_workflow.facts.provenance import follow
from metalcraft_workflow.facts.traceability import ORIGIN
from metalcraft_workflow.gates.message import as_requirement, refuse
from metalcraft_workflow.gates.workflow import gate_of
from metalcraft_workflow.rules import allocation
from metalcraft_workflow.rules import traceability as rules
from metalcraft_workflow.rules.path import has_passed
from metalcraft_workflow.rules.provenance import lots_of
from metalcraft_workflow.rules.requirement import Requirement, _lt


def forget_bundles(doc: Document, method: str | None = None) -> None:
	"""Take the bundles of the cancelled delivery off one that is made in its place: its rows name the same goods.
	Runs in `before_insert`."""
	if doc.get("amended_from") and not doc.get("is_return"):
		for row in (*doc.items, *doc.packed_items):
			row.serial_and_batch_bundle = None


def prepare(doc: Document, method: str | None = None) -> None:
	"""Let the lines take from stock what their traceability rows name.

	Runs in `before_validate`, when the orders are locked: ERPNext would choose batches of its own for lines
	that name none. Raises ValidationError for rows that name what cannot be.
	"""
	if not is_open(doc) or not delivery.is_touched(doc):
		return
	find_lines(doc, parts_are_known=False)
	lines = facts.lines_of(doc)
	refuse(facts.wrong_rows(doc, lines), _("Not Traceable"))
	if drop_outgrown_bundles(doc, lines):
		lines = facts.lines_of(doc)
	follow_rows(doc, lines)


def fill_and_check(doc: Document, method: str | None = None) -> None:
	"""Bring the traceability rows in line with the delivery's lines, and refuse what they may not say.

	Runs in `validate`, after ERPNext has chosen batches of its own where nobody did; once the packing
	is complete, the rows stay as they were then. Raises ValidationError.
	"""
	if doc.get("is_return") or not doc.follows_process:
		return
	if is_open(doc) and delivery.is_touched(doc):
		find_lines(doc)
		lines = facts.lines_of(doc)
		fill(doc, lines)
	elif facts.changed_rows(doc):
		lines = facts.lines_of(doc)
	else:
		return
	check(doc, lines)


def fill(doc: Document, lines: list[rules.TracedLine]) -> None:
	"""Write the traceability rows of `lines`, and where their goods come from; what people typed stays."""
	rows = list(doc.traceability)
	line_numbers = {row.name: row.idx for row in doc.items}
	filled = []
	for entry in rules.fill(lines, facts.entries_of(doc)):
		row = (
			rows[int(entry.key)]
			if entry.key
			else frappe.new_doc("Traceability Entry", parent_doc=doc, parentfield="traceability")
		)
		row.update(
			{
				"delivery_note_item": entry.line,
				"line_no": line_numbers[entry.line],
				"item_code": entry.item_code,
				"qty": entry.qty,
				"batch_no": entry.batch_no or None,
				"serial_nos": "\n".join(entry.serial_nos),
			}
		)
		filled.append(row)
	doc.set("traceability", filled)
	for number, row in enumerate(doc.traceability, 1):
		row.idx = number
	if doc.packed_items:
		# ERPNext has made the rows of the parts only now
		follow_rows(doc, facts.lines_of(doc))
	fill_origins(doc)


def check(doc: Document, lines: list[rules.TracedLine]) -> None:
	"""Refuse rows that name what cannot be, more than ships, or what another open delivery note has.

	Looks only at what this save brings in, as `final_pack.check_lines` does. Raises ValidationError.
	"""
	if changed := facts.changed_rows(doc):
		refuse(facts.wrong_rows(doc, lines), _("Not Traceable"))
		entries = [entry for entry in facts.entries_of(doc) if (entry.line, entry.item_code) in changed]
		refuse(rules.too_many(lines, entries), _("Does Not Add Up"))
		refuse(promise_problems(doc, wait=True), _("Not Available"))


def requirements(doc: Document) -> list[Requirement]:
	"""What finishing the packing asks of the traceability: gate `complete_packing`."""
	lines = facts.lines_of(doc)
	return [
		*as_requirement(
			doc,
			"stock_promised",
			_lt("Batches and serial numbers are free"),
			promise_problems(doc),
			"items",
			waivable=False,
			asked=bool(doc.traceability),
		),
		*as_requirement(
			doc,
			"traceability",
			_lt("Traceability is complete"),
			facts.problems_of(doc, lines),
			"traceability",
			asked=bool(doc.traceability) or any(line.needs for line in lines),
		),
	]


def is_open(doc: Document) -> bool:
	"""Whether the traceability of `doc` is still being written: until the packing is complete. A delivery
	from before the app keeps its course, and takes what ERPNext chooses."""
	if doc.get("is_return") or not doc.follows_process:
		return False
	return not has_passed(gate_of(doc.get_doc_before_save() or doc), "complete_packing")


def follow_rows(doc: Document, lines: list[rules.TracedLine]) -> None:
	"""Let lines, and parts of bundles, take from stock what their traceability rows name, where those were
	changed and say it of all that ships."""
	entries = defaultdict(list)
	for entry in facts.entries_of(doc):
		entries[entry.line, entry.item_code].append(entry)
	goods = defaultdict(list)
	for line, row in facts.goods_of(doc):
		goods[line.name, row.item_code].append(row)
	for line in lines:
		rows = goods[line.name, line.item_code]
		sources = rules.chosen(line, entries[line.name, line.item_code])
		if sources and all(row.warehouse for row in rows):
			shares = allocation.share(sources, [facts.stock_qty(row) for row in rows])
			for row, taken in zip(rows, shares, strict=True):
				facts.take_from_stock(doc, row, taken)
		elif line.needs and not line.sources:
			# Not all is named yet. ERPNext would guess it: in the fields of a line when it uses them, and
			# in a bundle for a part when it does not.
			for row in rows:
				row.use_serial_batch_fields = int(row.doctype == "Packed Item")


def drop_outgrown_bundles(doc: Document, lines: list[rules.TracedLine]) -> set[facts.Key]:
	"""Give up bundles of lines whose quantity was changed: the line follows its rows from now on, and
	ERPNext would refuse to save it. Gives the lines, with their items."""
	outgrown = {
		(line.name, line.item_code)
		for line in lines
		if flt(sum(source.qty for source in line.sources) - line.qty, rules.PLACES)
	}
	doc.flags.outgrown_bundles = set()
	for line, row in facts.goods_of(doc):
		if (line.name, row.item_code) in outgrown and row.get("serial_and_batch_bundle"):
			facts.drop_bundle(row)
			doc.flags.outgrown_bundles.add((line.name, row.item_code))
	return doc.flags.outgrown_bundles


def find_lines(doc: Document, parts_are_known: bool = True) -> None:
	"""Give each typed row its line: rows of the same item belong to the first line of it that still
	wants some. Raises ValidationError for an item that is not on the delivery note, once ERPNext has made
	the parts of its bundles."""
	before = doc.get_doc_before_save()
	open_qty = facts.qty_by_line(doc)
	gone = facts.qty_by_line(before).keys() - open_qty.keys() if before else set()
	items = {line.name: line.item_code for line in doc.items}
	name_by_number(doc, open_qty, parts_are_known)
	loose = []
	for row in doc.traceability:
		key = (row.delivery_note_item, row.item_code)
		if key in open_qty:
			open_qty[key] -= flt(row.qty)
		elif not parts_are_known and items.get(row.delivery_note_item, row.item_code) != row.item_code:
			continue  # for a part that ERPNext has not made yet
		elif key not in gone:
			loose.append(row)
	for row in loose:
		lines = [name for name, item_code in open_qty if item_code == row.item_code]
		if not lines and not parts_are_known:
			continue
		if not lines:
			frappe.throw(
				_(
					"Traceability row {0}: {1} is not on this delivery note. Choose an item of one of its"
					" lines, or a part of a bundle on it."
				).format(row.idx, frappe.bold(row.item_code)),
				title=_("Not on This Delivery Note"),
			)
		row.delivery_note_item = next((name for name in lines if open_qty[name, row.item_code] > 0), lines[0])
		key = (row.delivery_note_item, row.item_code)
		# Who names goods without a quantity means what is left of the line
		row.qty = flt(row.qty) or max(open_qty[key], 0)
		open_qty[key] -= row.qty


def name_by_number(doc: Document, open_qty: dict[facts.Key, float], parts_are_known: bool) -> None:
	"""Name on rows of a note that was not stored yet the line whose number they have: `make_delivery_note`
	knows which goods came for a line, before it has a name."""
	lines = {line.idx: line for line in doc.items}
	for row in doc.traceability:
		line = None if row.delivery_note_item else lines.get(row.line_no)
		if line and (
			(line.name, row.item_code) in open_qty
			or (not parts_are_known and line.item_code != row.item_code)
		):
			row.delivery_note_item = line.name


def fill_origins(doc: Document) -> None:
	"""Write into each row where its goods come from: what their batch says, the receipt that brought it,
	and for goods made here the heats of all that went into them. What was typed stays."""
	forget_former_origins(doc)
	named = [
		(row, lots_of(row.batch_no, facts.serial_numbers(row.serial_nos)))
		for row in doc.traceability
		if not all(row.get(fieldname) for fieldname in ORIGIN)
	]
	lots = {lot for _row, lots in named for lot in lots}
	if not lots:
		return
	trail = follow(lots)
	for row, lots in named:
		origin = trail.origin_of(lots)
		for fieldname, name in ORIGIN.items():
			row.set(fieldname, row.get(fieldname) or getattr(origin, name) or None)


def forget_former_origins(doc: Document) -> None:
	"""Clear what a row says of other goods than it names now, unless that was changed along with them."""
	before = doc.get_doc_before_save()
	stored = {row.name: row for row in before.traceability} if before else {}
	for row in doc.traceability:
		old = stored.get(row.name)
		if not old or (old.batch_no or None, facts.serial_numbers(old.serial_nos)) == (
			row.batch_no or None,
			facts.serial_numbers(row.serial_nos),
		):
			continue
		for fieldname in ORIGIN:
			if row.get(fieldname) == old.get(fieldname):
				row.set(fieldname, None)
