"""What a delivery must say about where its goods come from (step 8): the rows it gets by itself, and
what is still missing in them."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from metalcraft_workflow.rules.requirement import _

BATCH, SERIAL, HEAT, NOTHING = "Batch", "Serial", "Heat", "None"

# Quantities are kept to this many places
PLACES = 6


@dataclass(frozen=True)
class Source:
	"""What a line takes from stock: a quantity of one batch, with its serial numbers if it has any."""

	qty: float
	batch_no: str = ""
	serial_nos: tuple[str, ...] = ()


@dataclass(frozen=True)
class Line:
	"""What one line of a delivery ships of one item, in stock units.

	name            the line; the parts of a bundle have that of their bundle, and are told apart by
	                their item
	needs           what it must name: "Batch", "Serial", "Heat", or nothing
	sources         what it takes from stock, as far as that is chosen
	former_sources  the same as it was saved before
	"""

	name: str
	row: int
	item_code: str
	qty: float
	needs: str = ""
	sources: tuple[Source, ...] = ()
	former_sources: tuple[Source, ...] = ()


@dataclass(frozen=True)
class Entry:
	"""One row of the traceability table; `key` tells the row itself, and is empty for a new one."""

	line: str
	item_code: str
	qty: float = 0
	batch_no: str = ""
	serial_nos: tuple[str, ...] = ()
	heat_no: str = ""
	row: int = 0
	key: str = ""


@dataclass(frozen=True)
class Problem:
	"""One thing that is wrong, as a sentence with {placeholders} that says where and what to do."""

	message: str
	params: Mapping[str, Any] = field(default_factory=dict)


def needs_of(item: str | None, order_line: str | None, template: str | None = None) -> str:
	"""What a line must name: as its order line says, else as the item says, else as the template says of
	which the item is a variant. "None" is a word too: nothing."""
	needs = order_line or item or template or ""
	return "" if needs == NOTHING else needs


def needs_of_part(item: str | None, order_line: str | None, template: str | None = None) -> str:
	"""What a part of a bundle must name: as its own item says. The order line speaks of the bundle; only
	when it wants nothing named does that hold for the parts."""
	return needs_of(item, order_line if order_line == NOTHING else None, template)


def by_batch(sources: Iterable[Source]) -> tuple[Source, ...]:
	"""`sources` with one for each batch."""
	qty, serials = defaultdict(float), defaultdict(list)
	for source in sources:
		qty[source.batch_no] += source.qty
		serials[source.batch_no] += source.serial_nos
	return tuple(Source(round(qty[name], PLACES), name, tuple(serials[name])) for name in qty)


def fill(lines: Iterable[Line], entries: Iterable[Entry]) -> list[Entry]:
	"""The traceability rows of a delivery, in the order of its lines.

	What people typed stays. What came from a line's own batch and serial fields follows them. Rows of
	lines that are gone go. A line that takes nothing named from stock gets one row to type in, when
	it needs something.
	"""
	of = _by_line(entries)
	return [entry for line in lines for entry in _rows_of(line, of[line.name, line.item_code])]


def _by_line(entries: Iterable[Entry]) -> dict[tuple[str, str], list[Entry]]:
	found = defaultdict(list)
	for entry in entries:
		found[entry.line, entry.item_code].append(entry)
	return found


def _rows_of(line: Line, entries: list[Entry]) -> list[Entry]:
	if not line.sources and not any(_is_former(line, entry) for entry in entries):
		if entries or not line.needs:
			return entries
		return [Entry(line=line.name, item_code=line.item_code, qty=line.qty)]

	sources = {source.batch_no: source for source in line.sources}
	kept = [entry for entry in entries if entry.batch_no in sources or not _is_former(line, entry)]
	rows = []
	for entry in kept:
		source = sources.get(entry.batch_no)
		alone = source and sum(other.batch_no == entry.batch_no for other in kept) == 1
		# Who splits a batch into several rows says by hand how much each has
		rows.append(replace(entry, qty=source.qty, serial_nos=source.serial_nos) if alone else entry)
	known = {entry.batch_no for entry in kept}
	blank = next((entry for entry in rows if not _says_anything(entry)), None)
	for source in line.sources:
		if source.batch_no in known:
			continue
		new = Entry(
			line=line.name,
			item_code=line.item_code,
			qty=source.qty,
			batch_no=source.batch_no,
			serial_nos=source.serial_nos,
		)
		if blank:
			rows[rows.index(blank)] = replace(new, key=blank.key, row=blank.row)
			blank = None
		else:
			rows.append(new)
	if not rows and line.needs:
		return [Entry(line=line.name, item_code=line.item_code, qty=line.qty)]
	return rows


def _is_former(line: Line, entry: Entry) -> bool:
	"""Whether `entry` came from the line as it was saved before, and not from what it says now."""
	for former in line.former_sources:
		if former.batch_no == entry.batch_no and former.serial_nos == entry.serial_nos:
			return not any(source.batch_no == entry.batch_no for source in line.sources)
	return False


def _says_anything(entry: Entry) -> bool:
	return bool(entry.batch_no or entry.serial_nos or entry.heat_no)


def problems(
	lines: Iterable[Line],
	entries: Iterable[Entry],
	item_of_batch: Mapping[str, str],
	item_of_serial: Mapping[str, str],
) -> list[Problem]:
	"""Everything that is missing or wrong, line by line; nothing when traceability is complete."""
	lines, entries = list(lines), list(entries)
	of = _by_line(entries)
	found = []
	for entry in entries:
		found += _entry_problems(entry, item_of_batch, item_of_serial)
	found += _repeated_serials(entries)
	for line in lines:
		found += _line_problems(line, of[line.name, line.item_code])
	return found


def _entry_problems(
	entry: Entry, item_of_batch: Mapping[str, str], item_of_serial: Mapping[str, str]
) -> list[Problem]:
	found = []
	batch_item = item_of_batch.get(entry.batch_no) if entry.batch_no else entry.item_code
	if batch_item != entry.item_code:
		found.append(
			Problem(
				_(
					"Traceability row {row}: batch {batch} belongs to item {other}, not to {item}."
					" Choose a batch of {item}."
				)
				if batch_item
				else _("Traceability row {row}: there is no batch {batch}. Choose a batch of {item}."),
				{"row": entry.row, "batch": entry.batch_no, "other": batch_item, "item": entry.item_code},
			)
		)
	for serial_no in entry.serial_nos:
		serial_item = item_of_serial.get(serial_no)
		# A number that stock does not know is one of an item whose serials stock does not keep
		if serial_item and serial_item != entry.item_code:
			found.append(
				Problem(
					_(
						"Traceability row {row}: serial number {serial} belongs to item {other}, not to"
						" {item}. Correct it."
					),
					{"row": entry.row, "serial": serial_no, "other": serial_item, "item": entry.item_code},
				)
			)
	return found


def _repeated_serials(entries: list[Entry]) -> list[Problem]:
	times = Counter((entry.item_code, serial_no) for entry in entries for serial_no in entry.serial_nos)
	return [
		Problem(
			_("Serial number {serial} of {item} is named {times} times. Name each serial number once."),
			{"serial": serial_no, "item": item_code, "times": count},
		)
		for (item_code, serial_no), count in times.items()
		if count > 1
	]


def _line_problems(line: Line, entries: list[Entry]) -> list[Problem]:
	where = {"row": line.row, "item": line.item_code, "qty": _number(line.qty)}
	found = []
	if line.needs == BATCH:
		named = sum(entry.qty for entry in entries if entry.batch_no)
		if not _same(named, line.qty):
			found.append(
				Problem(
					_("Row {row}: name the batch of all {qty} of {item}; batches are named for {named}."),
					{**where, "named": _number(named)},
				)
			)
	elif line.needs == HEAT:
		named = sum(entry.qty for entry in entries if entry.heat_no)
		if not _same(named, line.qty):
			found.append(
				Problem(
					_(
						"Row {row}: name the heat number of all {qty} of {item}; heat numbers are named"
						" for {named}."
					),
					{**where, "named": _number(named)},
				)
			)
	elif line.needs == SERIAL:
		named = sum(len(entry.serial_nos) for entry in entries)
		if not _same(named, line.qty):
			found.append(
				Problem(
					_("Row {row}: name one serial number for each of {qty} of {item}; {named} are named."),
					{**where, "named": named},
				)
			)
	if line.sources:
		found += _disagreements(line, entries)
	return found


def _disagreements(line: Line, entries: list[Entry]) -> list[Problem]:
	"""Where the rows name something else than the line takes from stock."""
	found = []
	taken = {source.batch_no for source in line.sources if source.batch_no}
	for batch_no in dict.fromkeys(entry.batch_no for entry in entries):
		if taken and batch_no and batch_no not in taken:
			found.append(
				Problem(
					_(
						"Row {row}: traceability names batch {batch} of {item}, but the line takes {taken} from"
						" stock. Correct one of the two."
					),
					{
						"row": line.row,
						"item": line.item_code,
						"batch": batch_no,
						"taken": ", ".join(sorted(taken)),
					},
				)
			)
	serials = {serial_no for source in line.sources for serial_no in source.serial_nos}
	for serial_no in dict.fromkeys(serial_no for entry in entries for serial_no in entry.serial_nos):
		if serials and serial_no not in serials:
			found.append(
				Problem(
					_(
						"Row {row}: traceability names serial number {serial} of {item}, but the line does not"
						" take it from stock. Correct one of the two."
					),
					{"row": line.row, "item": line.item_code, "serial": serial_no},
				)
			)
	for source in line.sources:
		named = sum(entry.qty for entry in entries if entry.batch_no == source.batch_no)
		if source.batch_no and not _same(named, source.qty):
			found.append(
				Problem(
					_(
						"Row {row}: the line takes {qty} of batch {batch} of {item} from stock; traceability"
						" names {named}. Make the rows add up."
					),
					{
						"row": line.row,
						"item": line.item_code,
						"batch": source.batch_no,
						"qty": _number(source.qty),
						"named": _number(named),
					},
				)
			)
	return found


def _same(one: float, other: float) -> bool:
	return round(one - other, PLACES) == 0


def _number(qty: float) -> str:
	return f"{round(qty, PLACES):g}" if abs(qty) < 1e6 else f"{round(qty, PLACES)}"
