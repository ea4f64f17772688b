"""What may come back (RMA), and what is still to be done about it.

Goods come back because somebody authorized it, row by row: a quantity of one line of a delivery, with
its batch and serial numbers, and what becomes of it. What was received, credited and shipped again is
never typed: it follows from the delivery notes and the invoices.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from metalcraft_workflow.rules.orders import OrderFacts, Precision, ReturnRow
from metalcraft_workflow.rules.quantity import PLACES, Qty
from metalcraft_workflow.rules.requirement import Listing, Phrase, Problem, _lt
from metalcraft_workflow.rules.traceability import Source

CREDIT, REPLACE, REWORK = "Credit", "Replace", "Rework"

# What an order waits for; each is a requirement of its gate `close`
EXPECTED, JUDGED, CREDITED, REPLACED = (
	"returns_expected",
	"returns_judged",
	"returns_credited",
	"returns_replaced",
)


# What may be authorized


@dataclass(frozen=True)
class Shipped:
	"""What one line of a delivery shipped, in the unit of the line. `sources` are its batches and serial
	numbers, in stock units; `factor` is how many stock units one unit of the line is. Those of a bundle
	are of its parts, and do not add up to it."""

	qty: float
	item_code: str = ""
	factor: float = 1
	sources: tuple[Source, ...] = ()
	is_bundle: bool = False

	@property
	def serials(self) -> set[str]:
		"""Every serial number that was shipped."""
		return {serial_no for source in self.sources for serial_no in source.serial_nos}

	@property
	def batches(self) -> set[str]:
		"""Every batch of which some was shipped."""
		return {source.batch_no for source in self.sources if source.batch_no}

	@property
	def names_each(self) -> bool:
		"""Whether every piece has its serial number."""
		return not self.is_bundle and len(self.serials) >= self.qty * self.factor


@dataclass(frozen=True)
class ReturnPart:
	"""A part of a delivery's line that comes back or came back: a row of an authorization, or of a return
	that has none."""

	line: str
	qty: float
	batch_no: str = ""
	serial_nos: tuple[str, ...] = ()
	row: int = 0
	source: str = ""


def left_of(line: str, shipped: Shipped, taken: Iterable[ReturnPart]) -> float:
	"""Quantity of a delivery's line that may still be authorized to come back."""
	return max(0, round(shipped.qty - sum(part.qty for part in taken if part.line == line), PLACES))


def left_sources(line: str, shipped: Shipped, taken: Iterable[ReturnPart]) -> list[Source]:
	"""What of the batches and serial numbers of a line may still come back, in stock units.

	Parts that name none are not told apart: the quantity of the line is the limit for them.
	"""
	taken = [part for part in taken if part.line == line]
	serials = {serial_no for part in taken for serial_no in part.serial_nos}
	batches: dict[str, float] = defaultdict(float)
	for part in taken:
		batches[part.batch_no] += part.qty * shipped.factor
	found = []
	for source in shipped.sources:
		left = tuple(name for name in source.serial_nos if name not in serials)
		qty = len(left) if source.serial_nos else source.qty - batches[source.batch_no]
		if round(qty, PLACES) > 0:
			found.append(Source(round(qty, PLACES), source.batch_no, left))
	return found


def problems(
	rows: Iterable[ReturnPart],
	shipped: Mapping[str, Shipped],
	taken: Iterable[ReturnPart],
	complete: bool = True,
) -> list[Problem]:
	"""Everything that is wrong with the rows of an authorization.

	`taken` is what came back, or is authorized to come back, apart from these rows. A draft need not
	name batches and serial numbers yet (not `complete`); what it names has to be right.
	"""
	rows, taken = list(rows), list(taken)
	found = []
	by_line: dict[str, list[ReturnPart]] = defaultdict(list)
	for row in rows:
		by_line[row.line].append(row)
		found += _row_problems(row, shipped[row.line], complete)
	for line, parts in by_line.items():
		left = left_of(line, shipped[line], taken)
		wanted = round(sum(part.qty for part in parts), PLACES)
		if wanted > left:
			found.append(
				Problem(
					_lt(
						"Row {row}: {qty} of {item} cannot come back: {left} of what this delivery shipped have"
						" not come back and are on no other return authorization."
					),
					{
						"row": parts[-1].row,
						"qty": Qty(wanted),
						"item": shipped[line].item_code,
						"left": Qty(left),
					},
				)
			)
		found += _taken_twice(line, parts, shipped[line], taken)
	return found


def _row_problems(row: ReturnPart, shipped: Shipped, complete: bool) -> list[Problem]:
	where = {"row": row.row, "item": shipped.item_code, "qty": Qty(row.qty * shipped.factor)}
	found = []
	if not row.qty > 0:  # nor what is no number
		found.append(Problem(_lt("Row {row}: enter how many of {item} come back."), where))
	if row.batch_no and row.batch_no not in shipped.batches:
		found.append(
			Problem(
				_lt(
					"Row {row}: batch {batch} of {item} was not shipped with this delivery. It shipped: {there}."
				)
				if shipped.batches
				else _lt("Row {row}: this delivery names no batch of {item}. Take batch {batch} out."),
				{**where, "batch": row.batch_no, "there": ", ".join(sorted(shipped.batches))},
			)
		)
	of_batch = {
		name
		for source in shipped.sources
		if not row.batch_no or source.batch_no == row.batch_no
		for name in source.serial_nos
	}
	for serial_no in row.serial_nos:
		if serial_no not in of_batch:
			found.append(
				Problem(
					_lt(
						"Row {row}: serial number {serial} of {item} was not shipped with this delivery. Enter"
						" one that was."
					)
					if serial_no not in shipped.serials
					else _lt(
						"Row {row}: serial number {serial} of {item} is not of batch {batch}. Correct one of the two."
					),
					{**where, "serial": serial_no, "batch": row.batch_no},
				)
			)
	repeated = [name for name, times in Counter(row.serial_nos).items() if times > 1]
	if repeated:
		found.append(
			Problem(
				_lt("Row {row}: serial number {serial} is named twice."), {**where, "serial": repeated[0]}
			)
		)
	if complete and not found:
		found += _unnamed(row, shipped, where)
	return found


def _unnamed(row: ReturnPart, shipped: Shipped, where: dict[str, Any]) -> list[Problem]:
	if shipped.names_each and round(len(row.serial_nos) - row.qty * shipped.factor, PLACES):
		return [
			Problem(
				_lt(
					"Row {row}: name the serial number of each of {qty} of {item} that come back; {named} are named."
				),
				{**where, "named": len(row.serial_nos)},
			)
		]
	if shipped.batches and not shipped.is_bundle and not row.batch_no and not row.serial_nos:
		return [
			Problem(
				_lt("Row {row}: choose the batch of {item} that comes back; this delivery shipped {there}."),
				{**where, "there": ", ".join(sorted(shipped.batches))},
			)
		]
	return []


def _taken_twice(
	line: str, parts: list[ReturnPart], shipped: Shipped, taken: list[ReturnPart]
) -> list[Problem]:
	"""Serial numbers that come back twice, and more of a batch than there was."""
	found = []
	gone = {name: part for part in taken if part.line == line for name in part.serial_nos}
	for part in parts:
		for serial_no in part.serial_nos:
			if serial_no in gone:
				found.append(
					Problem(
						_lt(
							"Row {row}: serial number {serial} of {item} came back, or is to come back, with"
							" {source} already."
						),
						{
							"row": part.row,
							"serial": serial_no,
							"item": shipped.item_code,
							"source": gone[serial_no].source or f"#{gone[serial_no].row}",
						},
					)
				)
			gone[serial_no] = part
	if not shipped.serials and not shipped.is_bundle:
		left = {source.batch_no: source.qty for source in left_sources(line, shipped, taken)}
		for batch_no in dict.fromkeys(part.batch_no for part in parts if part.batch_no in shipped.batches):
			rows = [part for part in parts if part.batch_no == batch_no]
			wanted = round(sum(part.qty for part in rows) * shipped.factor, PLACES)
			if wanted > left.get(batch_no, 0):
				found.append(
					Problem(
						_lt(
							"Row {row}: {qty} of batch {batch} cannot come back; {left} of it are left to come back."
						),
						{
							"row": rows[-1].row,
							"qty": Qty(wanted),
							"batch": batch_no,
							"left": Qty(left.get(batch_no, 0)),
						},
					)
				)
	return found


def receipt_problems(
	rows: Iterable[tuple[str, ReturnPart]], expected: Mapping[str, ReturnPart], factors: Mapping[str, float]
) -> list[Problem]:
	"""What is wrong with the rows of a return that is made from an authorization.

	`rows` are (row of the authorization, what comes back by it), `expected` is what the authorization
	still waits for, and `factors` how many stock units one unit of its row is.
	"""
	found = []
	by_row: dict[str, list[ReturnPart]] = defaultdict(list)
	for name, part in rows:
		where = {"row": part.row, "item": part.source}
		wanted = expected.get(name)
		if not wanted or wanted.line != part.line:
			found.append(
				Problem(
					_lt("Row {row}: the return authorization does not wait for {item}. Take the row out."),
					where,
				)
			)
			continue
		by_row[name].append(part)
		qty = round(sum(other.qty for other in by_row[name]), PLACES)
		if qty > wanted.qty:
			found.append(
				Problem(
					_lt(
						"Row {row}: {qty} of {item} are more than the return authorization waits for, which is {left}."
					),
					{**where, "qty": Qty(qty), "left": Qty(wanted.qty)},
				)
			)
		if wanted.batch_no and part.batch_no != wanted.batch_no:
			found.append(
				Problem(
					_lt("Row {row}: batch {batch} of {item} was authorized to come back. Enter that batch."),
					{**where, "batch": wanted.batch_no},
				)
			)
		others = [name for name in part.serial_nos if name not in wanted.serial_nos]
		if wanted.serial_nos and (
			others or round(len(part.serial_nos) - part.qty * factors.get(part.line, 1), PLACES)
		):
			found.append(
				Problem(
					_lt(
						"Row {row}: enter the serial number of each of {item} that came back, out of those that"
						" were authorized: {there}."
					),
					{**where, "there": ", ".join(wanted.serial_nos)},
				)
			)
	return found


# What came back of a part of a bundle, in the stock unit of the part


def part_sources(
	qty: float, left: Iterable[Source], batch_no: str = "", serial_nos: Iterable[str] = ()
) -> tuple[Source, ...]:
	"""Which batches and serial numbers `qty` of a part are of, out of those that are `left` to come back,
	where that is no guess: those that the authorization names (`batch_no`, `serial_nos`), all that are left,
	or the one batch there is. Nothing where somebody has to say."""
	named = set(serial_nos) & {serial_no for source in left for serial_no in source.serial_nos}
	fitting = [source for source in left if source.batch_no == batch_no] or list(left)
	if named:
		kept = [(source, tuple(name for name in source.serial_nos if name in named)) for source in fitting]
		fitting = [Source(len(names), source.batch_no, names) for source, names in kept if names]
	if not round(sum(source.qty for source in fitting) - qty, PLACES):
		return tuple(fitting)
	if len(fitting) == 1 and fitting[0].qty > qty and not fitting[0].serial_nos:
		return (Source(qty, fitting[0].batch_no),)
	return ()


def part_problems(row: int, item_code: str, taken: Iterable[Source], left: Iterable[Source]) -> list[Problem]:
	"""What of a part is said to come back in a row that did not leave with the delivery, or came back."""
	batches = {source.batch_no: source.qty for source in left}
	serials = {serial_no for source in left for serial_no in source.serial_nos}
	where = {"row": row, "item": item_code, "there": _written(left)}
	found = []
	for source in taken:
		wrong = [serial_no for serial_no in source.serial_nos if serial_no not in serials]
		if wrong or (
			not source.serial_nos
			and source.batch_no
			and round(source.qty - batches.get(source.batch_no, 0), PLACES) > 0
		):
			found.append(
				Problem(
					_lt(
						"Row {row}: {named} of {item}, a part of the bundle, cannot come back with this delivery."
						" Left to come back: {there}. Correct it in the table of packed items."
					),
					{**where, "named": ", ".join(wrong) or _written([source])},
				)
			)
	return found


def part_unnamed(row: int, item_code: str, qty: float, left: Iterable[Source]) -> Problem:
	"""That somebody has to say what of a part came back."""
	return Problem(
		_lt(
			"Row {row}: choose which {qty} of {item}, a part of the bundle, came back, in the table of packed"
			" items. Left to come back: {there}."
		),
		{"row": row, "qty": Qty(qty), "item": item_code, "there": _written(left)},
	)


def _written(sources: Iterable[Source]) -> Listing:
	return Listing(
		tuple(
			", ".join(source.serial_nos)
			or Phrase(_lt("{batch} ({qty})"), {"batch": source.batch_no, "qty": Qty(source.qty)})
			for source in sources
		)
	)


# What becomes of it


@dataclass(frozen=True)
class ReturnMove:
	"""Goods of an order's line that were shipped, or came back to be replaced or reworked."""

	qty: float
	came_back: bool = False


def owed(moves: Iterable[ReturnMove]) -> float:
	"""What is owed to the customer for goods that came back to be replaced or reworked; `moves` in the
	order in which they happened. What ships after a return makes good for it first."""
	qty = 0.0
	for move in moves:
		qty = qty + move.qty if move.came_back else max(0.0, qty - move.qty)
	return round(qty, PLACES)


def settled(order: OrderFacts) -> dict[str, float]:
	"""Row -> what of it was credited or shipped again; what came back first is settled first."""
	lines = {line.name: line for line in order.lines}
	open_qty = {
		(name, credit): line.uncredited(order.precision) if credit else line.to_ship_again(order.precision)
		for name, line in lines.items()
		for credit in (True, False)
	}
	found = {}
	for row in reversed(order.returns):
		key = (row.line, row.credit)
		share = min(row.received, open_qty.get(key, 0))
		open_qty[key] = open_qty.get(key, 0) - share
		found[row.name] = round(row.received - share, PLACES)
	return found


def waiting(order: OrderFacts) -> dict[str, list[tuple[ReturnRow, float]]]:
	"""What the authorized returns of an order wait for -> the rows, each with its quantity."""
	done = settled(order)
	found: dict[str, list[tuple[ReturnRow, float]]] = {
		EXPECTED: [],
		JUDGED: [],
		CREDITED: [],
		REPLACED: [],
	}
	for row in order.returns:
		for code, qty in (
			(EXPECTED, row.qty - row.received),
			(JUDGED, 0 if row.judged else row.received),
			(CREDITED if row.credit else REPLACED, row.received - done[row.name]),
		):
			if qty > order.precision.qty:
				found[code].append((row, qty))
	return found


@dataclass(frozen=True)
class Progress:
	"""How far one row of an authorization is."""

	qty: float
	received: float = 0
	settled: float = 0
	judged: bool = False


def status(docstatus: int, closed: bool, rows: Iterable[Progress], precision: Precision) -> str:
	"""Where an authorization stands, in one word. Derived, never set by hand.

	`closed` says that nothing more is expected; what did come back is still to be dealt with.
	"""
	if docstatus != 1:
		return "Cancelled" if docstatus == 2 else "Draft"
	rows = list(rows)
	came = [row for row in rows if row.received > precision.qty]
	if not came:
		return "Closed" if closed else "Authorized"
	if not closed and any(row.qty - row.received > precision.qty for row in rows):
		return "Partly Received"
	if all(row.judged and row.received - row.settled <= precision.qty for row in came):
		return "Settled"
	return "Received"
