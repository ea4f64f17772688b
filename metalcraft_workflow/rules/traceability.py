"""What a delivery must say about where its goods come from (step 8): the rows it gets by itself, and
what is still missing in them."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date

from metalcraft_workflow.rules.quantity import PLACES, Qty
from metalcraft_workflow.rules.requirement import Problem, _lt

BATCH, SERIAL, HEAT, NOTHING = "Batch", "Serial", "Heat", "None"


@dataclass(frozen=True)
class Source:
	"""What a line takes from stock: a quantity of one batch, with its serial numbers if it has any."""

	qty: float
	batch_no: str = ""
	serial_nos: tuple[str, ...] = ()


@dataclass(frozen=True)
class TracedLine:
	"""What one line of a delivery ships of one item, in stock units.

	name            the line; the parts of a bundle have that of their bundle, and are told apart by
	                their item
	needs           what it must name: "Batch", "Serial", "Heat", or nothing
	sources         what it takes from stock, as far as that is chosen
	former_sources  the same as it was saved before
	has_batch       whether stock keeps the item by batch
	has_serial      whether stock keeps it by serial number
	rows_lead       whether its rows were changed, and not what it takes from stock: that follows them
	"""

	name: str
	row: int
	item_code: str
	qty: float
	needs: str = ""
	sources: tuple[Source, ...] = ()
	former_sources: tuple[Source, ...] = ()
	has_batch: bool = False
	has_serial: bool = False
	rows_lead: bool = False


@dataclass(frozen=True)
class Batch:
	"""What a batch is, as far as a row that names it has to fit."""

	item_code: str
	heat_no: str = ""
	disabled: bool = False
	expired_on: date | None = None


@dataclass(frozen=True)
class Serial:
	"""What a serial number is that stock keeps."""

	item_code: str
	batch_no: str = ""


@dataclass(frozen=True)
class Entry:
	"""One row of the traceability table; `key` tells the row itself, and is empty for a new one.

	noted  whether it says something besides what is here: a purchase order, a certificate
	"""

	line: str
	item_code: str
	qty: float = 0
	batch_no: str = ""
	serial_nos: tuple[str, ...] = ()
	heat_no: str = ""
	row: int = 0
	key: str = ""
	noted: bool = False


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
	qty: dict[str, float] = defaultdict(float)
	serials: dict[str, list[str]] = defaultdict(list)
	for source in sources:
		qty[source.batch_no] += source.qty
		serials[source.batch_no] += source.serial_nos
	return tuple(Source(round(qty[name], PLACES), name, tuple(serials[name])) for name in qty)


def fill(lines: Iterable[TracedLine], entries: Iterable[Entry]) -> list[Entry]:
	"""The traceability rows of a delivery, in the order of its lines.

	What people typed stays. What came from a line's own batch and serial fields follows them, unless the
	rows lead. Rows of lines that are gone go. What a line needs and no row names yet has a row to type
	in, so that the rows add up.
	"""
	of = _by_line(entries)
	return [entry for line in lines for entry in _rows_of(line, of[line.name, line.item_code])]


def _by_line(entries: Iterable[Entry]) -> dict[tuple[str, str], list[Entry]]:
	found = defaultdict(list)
	for entry in entries:
		found[entry.line, entry.item_code].append(entry)
	return found


def _rows_of(line: TracedLine, entries: list[Entry]) -> list[Entry]:
	rows = [entry for entry in entries if _says_anything(entry)]
	blank = [entry for entry in entries if not _says_anything(entry)]
	if not line.rows_lead:
		rows = _as_taken(line, rows)
	# A row with serial numbers is of as many pieces
	rows = [replace(entry, qty=len(entry.serial_nos)) if entry.serial_nos else entry for entry in rows]
	if not line.needs:
		return rows + blank
	left = round(line.qty - sum(entry.qty for entry in rows), PLACES)
	if left > 0 and _same(left, sum(entry.qty for entry in blank)):
		return rows + blank
	if left > 0:
		rows.append(Entry(line=line.name, item_code=line.item_code, qty=left))
	# What is new takes the rows that waited to be filled in
	waiting = iter(blank)
	return [entry if entry.key else _in_place_of(next(waiting, None), entry) for entry in rows]


def _as_taken(line: TracedLine, entries: list[Entry]) -> list[Entry]:
	"""`entries` as the line takes its goods from stock: one for each batch, besides what was typed."""
	sources = {source.batch_no: source for source in line.sources}
	kept = [entry for entry in entries if entry.batch_no in sources or not _is_former(line, entry)]
	rows = []
	for entry in kept:
		source = sources.get(entry.batch_no)
		# Who splits a batch into several rows says by hand how much each has
		if source and sum(other.batch_no == entry.batch_no for other in kept) == 1:
			entry = replace(entry, qty=source.qty, serial_nos=source.serial_nos)
		rows.append(entry)
	known = {entry.batch_no for entry in kept}
	return rows + [
		Entry(
			line=line.name,
			item_code=line.item_code,
			qty=source.qty,
			batch_no=source.batch_no,
			serial_nos=source.serial_nos,
		)
		for source in line.sources
		if source.batch_no not in known
	]


def _in_place_of(waiting: Entry | None, entry: Entry) -> Entry:
	return replace(entry, key=waiting.key, row=waiting.row) if waiting else entry


def chosen(line: TracedLine, entries: Iterable[Entry]) -> tuple[Source, ...]:
	"""What the line has to take from stock because its rows say so; nothing as long as they do not say it
	of all that the line ships, or when it takes that already."""
	if not line.rows_lead or not (line.has_batch or line.has_serial):
		return ()
	sources = by_batch(
		Source(
			len(entry.serial_nos) if line.has_serial else entry.qty,
			entry.batch_no if line.has_batch else "",
			entry.serial_nos if line.has_serial else (),
		)
		for entry in entries
		if (entry.batch_no or not line.has_batch) and (entry.serial_nos or not line.has_serial)
	)
	complete = _same(sum(source.qty for source in sources), line.qty)
	return sources if complete and set(sources) != set(line.sources) else ()


def _is_former(line: TracedLine, entry: Entry) -> bool:
	"""Whether `entry` came from the line as it was saved before, and not from what it says now."""
	for former in line.former_sources:
		if former.batch_no == entry.batch_no and former.serial_nos == entry.serial_nos:
			return not any(source.batch_no == entry.batch_no for source in line.sources)
	return False


def _says_anything(entry: Entry) -> bool:
	return bool(entry.batch_no or entry.serial_nos or entry.heat_no or entry.noted)


def problems(
	lines: Iterable[TracedLine],
	entries: Iterable[Entry],
	batches: Mapping[str, Batch],
	serials: Mapping[str, Serial],
) -> list[Problem]:
	"""Everything that is missing or wrong, line by line; nothing when traceability is complete."""
	lines, entries = list(lines), list(entries)
	of = _by_line(entries)
	found = wrong(lines, entries, batches, serials)
	for entry in entries:
		found += _other_heat(entry, batches)
	for line in lines:
		found += _line_problems(line, of[line.name, line.item_code])
	return found


def wrong(
	lines: Iterable[TracedLine],
	entries: Iterable[Entry],
	batches: Mapping[str, Batch],
	serials: Mapping[str, Serial],
) -> list[Problem]:
	"""What `entries` name that cannot be: no more is missing, it has to be corrected."""
	entries = list(entries)
	kept_by_serial = {line.item_code for line in lines if line.has_serial}
	found = []
	for entry in entries:
		found += _wrong_batch(entry, batches)
		found += _wrong_serials(entry, serials, entry.item_code in kept_by_serial)
	return found + _repeated_serials(entries)


def too_many(lines: Iterable[TracedLine], entries: Iterable[Entry]) -> list[Problem]:
	"""Lines of which the rows name more than ships."""
	of = _by_line(entries)
	found = []
	for line in lines:
		named = sum(entry.qty for entry in of[line.name, line.item_code] if _says_anything(entry))
		if round(named - line.qty, PLACES) > 0:
			found.append(
				Problem(
					_lt(
						"Row {row}: {qty} of {item} are shipped, and its traceability rows name {named}. Make"
						" the rows add up to {qty}."
					),
					{
						"row": line.row,
						"item": line.item_code,
						"qty": Qty(line.qty),
						"named": Qty(named),
					},
				)
			)
	return found


def _wrong_batch(entry: Entry, batches: Mapping[str, Batch]) -> list[Problem]:
	values = {"row": entry.row, "batch": entry.batch_no, "item": entry.item_code}
	found = []
	if entry.qty <= 0 and not entry.serial_nos:
		found.append(Problem(_lt("Traceability row {row}: enter a quantity above zero."), values))
	if not entry.batch_no:
		return found
	batch = batches.get(entry.batch_no)
	if not batch:
		message = _lt("Traceability row {row}: there is no batch {batch}. Choose a batch of {item}.")
	elif batch.item_code != entry.item_code:
		message = _lt(
			"Traceability row {row}: batch {batch} belongs to item {other}, not to {item}. Choose a batch of"
			" {item}."
		)
		values["other"] = batch.item_code
	elif batch.disabled:
		message = _lt("Traceability row {row}: batch {batch} of {item} is disabled. Choose another one.")
	elif batch.expired_on:
		message = _lt(
			"Traceability row {row}: batch {batch} of {item} has expired on {date}. Choose another one."
		)
		values["date"] = batch.expired_on
	else:
		return found
	return [*found, Problem(message, values)]


def _wrong_serials(entry: Entry, serials: Mapping[str, Serial], kept_by_serial: bool) -> list[Problem]:
	found = []
	for serial_no in entry.serial_nos:
		serial = serials.get(serial_no)
		values = {"row": entry.row, "serial": serial_no, "item": entry.item_code}
		if not serial:
			# A number that stock does not know may be one of an item whose serials stock does not keep
			if not kept_by_serial:
				continue
			message = _lt(
				"Traceability row {row}: there is no serial number {serial} of {item}. Scan it again, or"
				" correct it."
			)
		elif serial.item_code != entry.item_code:
			message = _lt(
				"Traceability row {row}: serial number {serial} belongs to item {other}, not to {item}."
				" Correct it."
			)
			values["other"] = serial.item_code
		elif entry.batch_no and serial.batch_no and serial.batch_no != entry.batch_no:
			message = _lt(
				"Traceability row {row}: serial number {serial} is of batch {other}, not of {batch}. Name it"
				" in a row of its batch."
			)
			values |= {"other": serial.batch_no, "batch": entry.batch_no}
		else:
			continue
		found.append(Problem(message, values))
	return found


def _other_heat(entry: Entry, batches: Mapping[str, Batch]) -> list[Problem]:
	batch = batches.get(entry.batch_no)
	if not batch or not batch.heat_no or entry.heat_no in ("", batch.heat_no):
		return []
	message = _lt(
		"Traceability row {row}: batch {batch} is of heat {heat}, and the row says {said}. Correct one"
		" of the two."
	)
	values = {"row": entry.row, "batch": entry.batch_no, "heat": batch.heat_no, "said": entry.heat_no}
	return [Problem(message, values)]


def _repeated_serials(entries: list[Entry]) -> list[Problem]:
	times = Counter((entry.item_code, serial_no) for entry in entries for serial_no in entry.serial_nos)
	return [
		Problem(
			_lt("Serial number {serial} of {item} is named {times} times. Name each serial number once."),
			{"serial": serial_no, "item": item_code, "times": count},
		)
		for (item_code, serial_no), count in times.items()
		if count > 1
	]


def _line_problems(line: TracedLine, entries: list[Entry]) -> list[Problem]:
	where = {"row": line.row, "item": line.item_code, "qty": Qty(line.qty)}
	found = []
	# What stock keeps by batch or serial number is always named: or else stock picks another one
	if line.needs == BATCH or (line.needs and line.has_batch):
		named = sum(entry.qty for entry in entries if entry.batch_no)
		if not _same(named, line.qty):
			found.append(
				Problem(
					_lt("Row {row}: name the batch of all {qty} of {item}; batches are named for {named}."),
					{**where, "named": Qty(named)},
				)
			)
	if line.needs == HEAT:
		named = sum(entry.qty for entry in entries if entry.heat_no)
		if not _same(named, line.qty):
			found.append(
				Problem(
					_lt(
						"Row {row}: name the heat number of all {qty} of {item}; heat numbers are named"
						" for {named}."
					),
					{**where, "named": Qty(named)},
				)
			)
	if line.needs == SERIAL or (line.needs and line.has_serial):
		named = sum(len(entry.serial_nos) for entry in entries)
		if not _same(named, line.qty):
			found.append(
				Problem(
					_lt("Row {row}: name one serial number for each of {qty} of {item}; {named} are named."),
					{**where, "named": named},
				)
			)
	if line.sources:
		found += _disagreements(line, entries)
	return found


def _disagreements(line: TracedLine, entries: list[Entry]) -> list[Problem]:
	"""Where the rows name something else than the line takes from stock."""
	found = []
	taken = {source.batch_no for source in line.sources if source.batch_no}
	for batch_no in dict.fromkeys(entry.batch_no for entry in entries):
		if taken and batch_no and batch_no not in taken:
			found.append(
				Problem(
					_lt(
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
					_lt(
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
					_lt(
						"Row {row}: the line takes {qty} of batch {batch} of {item} from stock; traceability"
						" names {named}. Make the rows add up."
					),
					{
						"row": line.row,
						"item": line.item_code,
						"batch": source.batch_no,
						"qty": Qty(source.qty),
						"named": Qty(named),
					},
				)
			)
	return found


def _same(one: float, other: float) -> bool:
	return round(one - other, PLACES) == 0
