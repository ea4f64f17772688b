"""Scan to pack (steps 7 and 8): which goods of a document a scanned code stands for, why it cannot be taken, and
what the document names afterwards.

A document names goods that may not have been scanned yet: those that came for its order. What is scanned
confirms them, or takes the place of those that are not scanned.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from math import ceil, floor, inf
from typing import Any

from metalcraft_workflow.rules.allocation import share
from metalcraft_workflow.rules.quantity import PLACES, Qty, tolerance
from metalcraft_workflow.rules.requirement import Problem, _lt
from metalcraft_workflow.rules.traceability import Entry, Source, by_batch

SERIAL, BATCH, ITEM = "Serial", "Batch", "Item"


@dataclass(frozen=True)
class ScanLine:
	"""Goods of one item on a document, in stock units.

	key        tells it, together with its item
	warehouse  where the goods leave from
	named      the batches and serial numbers that the document names for it
	whole      whether there are no parts of its unit
	places     how many decimals the site keeps of quantities
	"""

	key: str
	row: int
	item_code: str
	qty: float
	warehouse: str = ""
	has_batch: bool = False
	has_serial: bool = False
	named: tuple[Source, ...] = ()
	uom: str = ""
	whole: bool = False
	places: int = PLACES


@dataclass(frozen=True)
class Scan:
	"""Goods that were scanned for a line, in stock units."""

	line: str
	item_code: str
	qty: float = 1
	batch_no: str = ""
	serial_no: str = ""


@dataclass(frozen=True)
class Code:
	"""What a code stands for, and what there is to know of it.

	kind         SERIAL, BATCH or ITEM; empty when nothing has it
	each         stock units that one scan stands for
	place        the warehouse that a serial number is in, "" for none; None where stock does not say
	gone         the delivery that a serial number left with
	taken_by     another open document that names a serial number
	available    of a batch: warehouse -> quantity there that no other open delivery names
	brought_for  the orders that the goods came for, where this document is for none of them
	"""

	text: str
	kind: str = ""
	item_code: str = ""
	batch_no: str = ""
	serial_no: str = ""
	each: float = 1
	expired_on: date | None = None
	disabled: bool = False
	place: str | None = None
	gone: str = ""
	taken_by: str = ""
	available: Mapping[str, float] = field(default_factory=dict)
	brought_for: tuple[str, ...] = ()


# What counts as scanned


def scanned(line: ScanLine, scans: Iterable[Scan]) -> tuple[Source, ...]:
	"""What of a line is scanned, as far as the document still names it: somebody may have corrected it since."""
	mine = [scan for scan in scans if scan.line == line.key and scan.item_code == line.item_code]
	if line.has_serial:
		serials = {scan.serial_no for scan in mine}
		kept = [
			(source, tuple(name for name in source.serial_nos if name in serials)) for source in line.named
		]
		return tuple(Source(len(names), source.batch_no, names) for source, names in kept if names)
	qty: dict[str, float] = defaultdict(float)
	for scan in mine:
		qty[scan.batch_no] += scan.qty
	named = {source.batch_no: source.qty for source in by_batch(line.named)}
	most = named if line.has_batch else {"": line.qty}
	counted = ((name, round(min(qty[name], most.get(name, 0)), PLACES)) for name in qty)
	return tuple(Source(count, name) for name, count in counted if count > 0)


def goods_of(line: str, item_code: str, batch_no: str, serial_no: str) -> tuple[str, str, str, str]:
	"""What tells scanned goods: a serial number is one, whatever batch it is of."""
	return line, item_code, "" if serial_no else batch_no, serial_no


def ids_by_goods(scans: Mapping[str, Iterable[Scan]]) -> dict[tuple[str, str, str, str], list[str]]:
	"""Goods, as `goods_of` tells them -> the IDs of their scans, of `scans` by ID."""
	found: dict[tuple[str, str, str, str], list[str]] = defaultdict(list)
	for name, goods in scans.items():
		for key in dict.fromkeys(goods_of(s.line, s.item_code, s.batch_no, s.serial_no) for s in goods):
			found[key].append(name)
	return found


def add_up(quantities: Iterable[float]) -> float:
	"""The sum of `quantities`, as exactly as they are kept."""
	return round(sum(quantities), PLACES)


def total(sources: Iterable[Source]) -> float:
	"""The quantity of all `sources`."""
	return add_up(source.qty for source in sources)


def pieces(line: ScanLine, scanned: Iterable[Source]) -> list[tuple[str, str, float, float]]:
	"""What a line names, as people look for it: (batch, serial number, quantity, how much of it is scanned)."""
	scanned = list(scanned)
	if not (line.has_batch or line.has_serial):
		return [("", "", line.qty, total(scanned))]
	names = {name for source in scanned for name in source.serial_nos}
	found: list[tuple[str, str, float, float]] = []
	for source in by_batch(line.named):
		if source.serial_nos:
			found += [(source.batch_no, name, 1, int(name in names)) for name in source.serial_nos]
		else:
			done = total(other for other in scanned if other.batch_no == source.batch_no)
			found.append((source.batch_no, "", source.qty, done))
	return found


def room(line: ScanLine, scans: Iterable[Scan]) -> float:
	"""The quantity of a line that is still to be scanned: none when it is less than is counted."""
	left = round(line.qty - total(scanned(line, scans)), PLACES)
	return left if left >= tolerance(line.places) else 0


# What a code is taken for


def taken_for(
	code: Code, times: float, lines: Iterable[ScanLine], scans: Iterable[Scan], document: str
) -> list[Scan] | Problem:
	"""The goods of `lines` that `code`, scanned or counted so many `times`, stands for beside what `scans` say
	already; or why it is refused. `document` is the name of what is packed."""
	lines, scans = list(lines), list(scans)
	of_item = [line for line in lines if line.item_code == code.item_code]
	values = {
		"code": code.text,
		"item": code.item_code,
		"batch": code.batch_no,
		"date": code.expired_on,
		"document": document,
	}
	if not code.kind:
		return Problem(_lt("{code} is no serial number, batch or item. Scan it again."), values)
	if not of_item:
		return Problem(
			_lt("{item} is not on {document}.")
			if code.kind == ITEM
			else _lt("{code} is a {item}, which is not on {document}."),
			values,
		)
	if code.kind != SERIAL and of_item[0].has_serial:
		return Problem(_lt("Scan the serial number of each {item}."), values)
	if code.kind == ITEM and of_item[0].has_batch:
		return Problem(_lt("Scan the batch of {item}."), values)
	if code.kind == SERIAL and any(
		code.serial_no in source.serial_nos for line in of_item for source in scanned(line, scans)
	):
		return Problem(_lt("{code} is scanned already."), values)
	if code.expired_on:
		return Problem(_lt("Batch {batch} of {item} has expired on {date}."), values)
	if code.disabled:
		return Problem(_lt("Batch {batch} of {item} is disabled."), values)
	if code.kind == SERIAL:
		return _serial(code, of_item, scans, values)
	return _quantity(code, round(times * code.each, PLACES), of_item, scans, values)


def _serial(
	code: Code, lines: list[ScanLine], scans: list[Scan], values: dict[str, Any]
) -> list[Scan] | Problem:
	naming = [line for line in lines if any(code.serial_no in source.serial_nos for source in line.named)]
	here = [line for line in naming or lines if code.place in (None, line.warehouse)]
	if not here:
		return _not_there(code, (naming or lines)[0], values)
	if not naming:
		if refused := _of_others(code, values):
			return refused
		here = [line for line in here if room(line, scans) >= 1]
	if not here:
		return _all_scanned(lines, values)
	return [Scan(here[0].key, code.item_code, 1, code.batch_no, code.serial_no)]


def _not_there(code: Code, line: ScanLine, values: dict[str, Any]) -> Problem:
	values = {**values, "place": code.place, "warehouse": line.warehouse, "gone": code.gone}
	if code.place:
		return Problem(_lt("{code} is in {place}, not in {warehouse}."), values)
	if code.gone:
		return Problem(_lt("{code} has left with Delivery Note {gone}."), values)
	return Problem(_lt("{code} is not in stock."), values)


def _of_others(code: Code, values: dict[str, Any]) -> Problem | None:
	"""Why goods that the document does not name yet are not for it."""
	if code.taken_by:
		return Problem(_lt("{code} is on {other} already."), {**values, "other": code.taken_by})
	if code.brought_for:
		return Problem(
			_lt("{code} came for another order: {orders}."), {**values, "orders": ", ".join(code.brought_for)}
		)
	return None


def _all_scanned(lines: list[ScanLine], values: dict[str, Any]) -> Problem:
	qty = Qty(round(sum(line.qty for line in lines), PLACES))
	return Problem(_lt("All {qty} of {item} are scanned. This one is too many."), {**values, "qty": qty})


def _quantity(
	code: Code, qty: float, lines: list[ScanLine], scans: list[Scan], values: dict[str, Any]
) -> list[Scan] | Problem:
	if qty <= 0 or (lines[0].whole and qty != int(qty)):
		return Problem(_lt("Enter a quantity of {item} above zero, in whole pieces."), values)
	left = round(sum(room(line, scans) for line in lines), PLACES)
	if not left:
		return _all_scanned(lines, values)
	if qty - left >= tolerance(lines[0].places):
		return Problem(
			_lt("{qty} of {item} are too many: {left} are still to be scanned."),
			{**values, "qty": Qty(qty), "left": Qty(left)},
		)
	found = _spread(code.batch_no, min(qty, left), lines, scans)
	if code.kind == BATCH and (refused := _not_of_batch(code, found, lines, scans, values)):
		return refused
	return found


def _spread(batch_no: str, qty: float, lines: list[ScanLine], scans: list[Scan]) -> list[Scan]:
	"""`qty` over `lines`: first over what they name of the batch, then over whatever is to be scanned."""
	taken: dict[str, float] = defaultdict(float)
	for is_named in (True, False):
		for line in lines:
			most = unscanned_of(line, batch_no, scans) if is_named else inf
			part = min(qty, most, room(line, scans) - taken[line.key])
			if part > 0:
				taken[line.key] = round(taken[line.key] + part, PLACES)
				qty = round(qty - part, PLACES)
	return [Scan(line.key, line.item_code, taken[line.key], batch_no) for line in lines if taken[line.key]]


def unscanned_of(line: ScanLine, batch_no: str, scans: Iterable[Scan]) -> float:
	"""What a line names of a batch and is not scanned yet."""
	named = total(source for source in line.named if source.batch_no == batch_no)
	return round(named - total(s for s in scanned(line, scans) if s.batch_no == batch_no), PLACES)


def _not_of_batch(
	code: Code, found: list[Scan], lines: list[ScanLine], scans: list[Scan], values: dict[str, Any]
) -> Problem | None:
	"""Why a batch cannot be taken in the quantities of `found`."""
	taken = {scan.line: scan.qty for scan in found}
	wanted: dict[str, float] = defaultdict(float)
	for line in lines:
		known = total(source for source in scanned(line, scans) if source.batch_no == code.batch_no)
		wanted[line.warehouse] += known + taken.get(line.key, 0)
	if any(taken[line.key] > unscanned_of(line, code.batch_no, scans) for line in lines if line.key in taken):
		if refused := _of_others(code, values):
			return refused
	for warehouse, qty in wanted.items():
		there = code.available.get(warehouse, 0)
		if warehouse and round(qty - there, PLACES) > 0:
			values = {**values, "warehouse": warehouse, "there": Qty(max(there, 0))}
			return Problem(
				_lt("{there} of batch {batch} are free in {warehouse}.")
				if there > 0
				else _lt("Batch {batch} is not in {warehouse}, or is on other deliveries."),
				values,
			)
	return None


# What the document names then


def named_then(line: ScanLine, scans: Iterable[Scan], new: Iterable[Scan]) -> tuple[Source, ...]:
	"""What a line has to name when `new` is scanned beside `scans`: all that is scanned, and of what was named
	before as much as there is room for."""
	if not (line.has_batch or line.has_serial):
		return ()
	fresh = (
		Source(scan.qty, scan.batch_no, (scan.serial_no,) if scan.serial_no else ())
		for scan in new
		if scan.line == line.key and scan.item_code == line.item_code
	)
	taken = by_batch([*scanned(line, scans), *fresh])
	rest = [source for source in (_without(source, taken) for source in line.named) if source.qty > 0]
	kept, _more = share(rest, [line.qty - total(taken), inf])
	places = {source.batch_no: place for place, source in enumerate(line.named)}
	return tuple(
		sorted(by_batch([*taken, *kept]), key=lambda source: places.get(source.batch_no, len(places)))
	)


def are_same(one: Iterable[Source], other: Iterable[Source]) -> bool:
	"""Whether both are the same goods, in whatever order."""
	return {(s.batch_no, s.qty, frozenset(s.serial_nos)) for s in by_batch(one)} == {
		(s.batch_no, s.qty, frozenset(s.serial_nos)) for s in by_batch(other)
	}


def displaced(before: Iterable[Source], after: Iterable[Source]) -> list[str]:
	"""The batches and serial numbers that were named before, and are not, or in a smaller quantity."""
	after = list(after)
	left = (_without(source, after) for source in by_batch(before))
	return [name for source in left if source.qty > 0 for name in source.serial_nos or (source.batch_no,)]


def _without(source: Source, taken: Iterable[Source]) -> Source:
	"""What is left of `source` when goods of its batch are `taken`."""
	same = [other for other in taken if other.batch_no == source.batch_no]
	if source.serial_nos:
		gone = {name for other in same for name in other.serial_nos}
		left = tuple(name for name in source.serial_nos if name not in gone)
		return Source(len(left), source.batch_no, left)
	return replace(source, qty=max(round(source.qty - total(same), PLACES), 0))


def rows_then(line: ScanLine, entries: Iterable[Entry], sources: Iterable[Source]) -> list[Entry]:
	"""The traceability rows of a line that names `sources`: its `entries`, each with what it says besides, as far
	as their goods are named still, and new ones. A row that waits to be filled in is filled, or gives way."""
	waiting = [entry for entry in entries if not (entry.batch_no or entry.serial_nos)]
	rows_of: dict[str, list[Entry]] = defaultdict(list)
	for entry in entries:
		if entry.batch_no or entry.serial_nos:
			rows_of[entry.batch_no].append(entry)
	found, left = [], line.qty
	for source in sources:
		blank = waiting.pop(0) if waiting and not rows_of[source.batch_no] else Entry("", line.item_code)
		rows = rows_of[source.batch_no] or [blank]
		found += _serials_of(source, rows) if source.serial_nos else _parts_of(source, rows)
		left = round(left - source.qty, PLACES)
	for entry in waiting:
		qty = min(entry.qty, left)
		if qty > 0:
			found.append(replace(entry, qty=qty))
			left = round(left - qty, PLACES)
	return found


def _serials_of(source: Source, rows: list[Entry]) -> list[Entry]:
	kept = [tuple(name for name in row.serial_nos if name in source.serial_nos) for row in rows]
	known = {name for names in kept for name in names}
	kept[0] = (*kept[0], *(name for name in source.serial_nos if name not in known))
	return [
		replace(row, batch_no=source.batch_no, serial_nos=names, qty=len(names))
		for row, names in zip(rows, kept, strict=True)
		if names
	]


def _parts_of(source: Source, rows: list[Entry]) -> list[Entry]:
	left, found = source.qty, []
	for number, row in enumerate(rows, 1):
		qty = left if number == len(rows) else min(row.qty, left)
		if qty > 0:
			found.append(replace(row, batch_no=source.batch_no, qty=qty))
			left = round(left - qty, PLACES)
	return found


# What a unit can say


@dataclass(frozen=True)
class Unit:
	"""The unit of a line.

	each    how many stock units it is
	places  how many decimals are kept of a quantity in it
	whole   whether it is only ever whole
	"""

	each: float = 1
	places: int = PLACES
	whole: bool = False

	def written(self, qty: float) -> float | None:
		"""`qty` stock units in this unit; None when no quantity that is kept comes to as many."""
		found = round(qty / self.each, 0 if self.whole else self.places)
		return found if abs(found * self.each - qty) < tolerance(self.places) else None


def next_to(qty: float, line: ScanLine, unit: Unit) -> list[float]:
	"""The next smaller and the next larger quantity of `line`, in stock units, that its `unit` can say."""
	step = 1 if line.whole else unit.each * float(10 ** -(0 if unit.whole else unit.places))
	smaller = (round((ceil(qty / step) - n) * step, PLACES) for n in range(1, _TRIES))
	larger = (round((floor(qty / step) + n) * step, PLACES) for n in range(1, _TRIES))
	found = (
		next((each for each in tried if not 0 < each < line.qty or unit.written(each) is not None), end)
		for tried, end in ((smaller, 0), (larger, line.qty))
	)
	return [min(each, line.qty) for each in found if each > 0]


# How many quantities are tried before it is said that none is next
_TRIES = 1000
