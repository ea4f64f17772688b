"""Where goods went and where they came from: lots followed from one document to the next, through
everything that was made of them.

The facts are moves, as the stock ledger has them; what they mean and how they hang together is decided
here. Whoever reads them gives a `Source`.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple, Protocol

from metalcraft_workflow.rules.quantity import PLACES

FORWARDS, BACKWARDS = "Forwards", "Backwards"

# What a row of a trace can be: goods, what is left of them, and what happened to them
GOODS, STOCK = "goods", "stock"
RECEIPT, SUPPLIER_RETURN, PRODUCTION, CONSUMPTION = "receipt", "supplier return", "production", "consumption"
TRANSFER, ISSUE, COUNT = "transfer", "issue", "count"
PACKED, SHIPMENT, RETURN = "packed", "shipment", "return"

# How goods come into being here, as far as one can look back
ORIGINS = (RECEIPT, PRODUCTION, COUNT, RETURN)
DELIVERIES = (PACKED, SHIPMENT, RETURN)

SALES = ("Delivery Note", "Sales Invoice", "POS Invoice")
PURCHASES = ("Purchase Receipt", "Purchase Invoice", "Subcontracting Receipt")

# What turned goods into others: the document, or the Work Order where its documents do not say which
# goods went into which
Process = tuple[str, str]


class LedgerLot(NamedTuple):
	"""Goods that are told apart from others: one serial number, else one batch, else what a person typed
	as a heat or as the supplier's lot. With none of these they are just an item, and nobody can follow
	them."""

	item_code: str = ""
	batch_no: str = ""
	serial_no: str = ""
	heat_no: str = ""
	supplier_lot: str = ""

	@property
	def is_told_apart(self) -> bool:
		"""Whether something tells them apart from other goods of their item."""
		return bool(self.batch_no or self.serial_no or self.is_written)

	@property
	def is_written(self) -> bool:
		"""Whether only a person's word tells them apart."""
		return bool(self.heat_no or self.supplier_lot)


class LedgerMove(NamedTuple):
	"""Goods of one lot that came (`qty` above nothing) or went by one document.

	process     what they were made by, or went into
	typed       a person named the lot on the delivery, the stock ledger does not
	is_open     the delivery has not been submitted
	serial_nos  of the goods, where the lot is a batch
	line        of the delivery, where a person typed the lot
	"""

	lot: LedgerLot
	qty: float
	doctype: str
	name: str
	when: Any = ""
	item_code: str = ""
	warehouse: str = ""
	process: Process | None = None
	serial_nos: tuple[str, ...] = ()
	typed: bool = False
	is_open: bool = False
	line: str = ""


class LedgerSource(Protocol):
	"""What reads the facts, for many lots at once."""

	def moves_of(self, lots: set[LedgerLot]) -> Iterable[LedgerMove]:
		"""Every move of `lots`."""

	def moves_in(self, processes: set[Process]) -> Iterable[LedgerMove]:
		"""What went into `processes` and what came out."""

	def kin_of(self, lots: set[LedgerLot], direction: str) -> Mapping[LedgerLot, Iterable[LedgerLot]]:
		"""Forwards: batch -> its heat and supplier's lot, as deliveries may name just those. Backwards:
		heat or supplier's lot -> the batches of it."""


@dataclass(frozen=True)
class LedgerTrail:
	"""Everything that was found on the way, to be told by `rows`.

	moves  lot -> its moves
	sides  process -> the moves on its other side: what came out (forwards), what went in (backwards)
	kin    lot -> lots of the same heat or supplier's lot
	"""

	direction: str
	moves: Mapping[LedgerLot, list[LedgerMove]] = field(default_factory=dict)
	sides: Mapping[Process, list[LedgerMove]] = field(default_factory=dict)
	kin: dict[LedgerLot, list[LedgerLot]] = field(default_factory=dict)


@dataclass(frozen=True)
class TraceRow:
	"""One line of a trace.

	kind       GOODS, STOCK or what happened
	moves      that the row stands for: of one document, or of the goods in the process above them
	via        the process that led here
	repeated   the goods stand further up already, with all that belongs to them
	"""

	kind: str
	depth: int = 0
	lots: tuple[LedgerLot, ...] = ()
	moves: tuple[LedgerMove, ...] = ()
	via: Process | None = None
	repeated: bool = False
	warehouse: str = ""
	left: float = 0

	@property
	def qty(self) -> float | None:
		"""How much it is about; nothing where the whole lot is meant."""
		if self.kind == STOCK:
			return self.left
		if not self.moves:
			return None
		came = sum(move.qty for move in self.moves if move.qty > 0)
		net = sum(move.qty for move in self.moves)
		return round(came if self.kind == TRANSFER else net if self.kind == COUNT else abs(net), PLACES)

	@property
	def serial_nos(self) -> tuple[str, ...]:
		"""The serial numbers it is about, each once."""
		named = {serial_no for move in self.moves for serial_no in move.serial_nos}
		return tuple(sorted(named or {lot.serial_no for lot in self.lots} - {""}))


def follow(lots: Iterable[LedgerLot], direction: str, source: LedgerSource) -> LedgerTrail:
	"""The trail of `lots`, level by level, until nothing new turns up. Each lot and each process is read
	once, so that goods which go round in circles come to an end."""
	trail = LedgerTrail(direction, defaultdict(list), defaultdict(list), {})
	known: set[LedgerLot] = set()
	passed: set[Process] = set()
	level = {lot for lot in lots if lot.is_told_apart}
	while level:
		known |= level
		ahead = set()
		for move in source.moves_of(level):
			trail.moves[move.lot].append(move)
			if move.process and _leads_on(move, direction):
				ahead.add(move.process)
		ahead -= passed
		passed |= ahead
		reached = set()
		for move in source.moves_in(ahead) if ahead else ():
			if move.process and not _leads_on(move, direction):
				trail.sides[move.process].append(move)
				reached.add(move.lot)
		for lot, kin in source.kin_of(level, direction).items():
			trail.kin[lot] = sorted(kin)
			reached |= set(kin)
		level = {lot for lot in reached if lot.is_told_apart} - known
	return trail


def _leads_on(move: LedgerMove, direction: str) -> bool:
	"""Whether a move is the near side of its process: forwards what went in, backwards what came out."""
	return move.qty < 0 if direction == FORWARDS else move.qty > 0


def without_echoes(trail: LedgerTrail, roots: list[TraceRow]) -> tuple[LedgerTrail, list[TraceRow]]:
	"""The same without what is told twice. A delivery's rows may name serial numbers and a heat: where the
	ledger leads from the one to the other by itself, the heat adds nothing."""
	told = {
		(move.doctype, move.name, serial_no)
		for lot, moves in trail.moves.items()
		if not lot.is_written
		for move in moves
		for serial_no in move.serial_nos
	}

	def is_echo(move: LedgerMove) -> bool:
		return (
			move.lot.is_written
			and bool(move.serial_nos)
			and all((move.doctype, move.name, serial_no) in told for serial_no in move.serial_nos)
		)

	moves = {lot: [move for move in found if not is_echo(move)] for lot, found in trail.moves.items()}
	echoes = [
		row for row in roots if row.kind == GOODS and row.moves and all(is_echo(move) for move in row.moves)
	]
	others = [row for row in roots if row not in echoes]
	known = reached(trail, {lot for row in others for lot in row.lots})
	needed = [
		row for row in echoes if not {kin for lot in row.lots for kin in trail.kin.get(lot, ())} <= known
	]
	return replace(trail, moves=moves), [row for row in roots if row in others or row in needed]


def reached(trail: LedgerTrail, lots: set[LedgerLot]) -> set[LedgerLot]:
	"""`lots` and all that the trail leads to from them."""
	known, ahead = set(), set(lots)
	while ahead:
		known |= ahead
		processes = {
			move.process
			for lot in ahead
			for move in trail.moves.get(lot, ())
			if move.process and _leads_on(move, trail.direction)
		}
		found = {move.lot for process in processes for move in trail.sides.get(process, ())}
		ahead = (found | {kin for lot in ahead for kin in trail.kin.get(lot, ())}) - known
	return known


def rows(trail: LedgerTrail, roots: Iterable[TraceRow]) -> list[TraceRow]:
	"""The trail as the lines of a tree, from `roots` (GOODS) down.

	Every lot is told once: where it turns up again, the line says so and nothing follows.
	"""
	told: set[LedgerLot] = set()
	found = []
	waiting = list(roots)[::-1]
	while waiting:
		row = waiting.pop()
		if row.kind == GOODS:
			again = tuple(lot for lot in row.lots if lot in told)
			if again:
				if row.moves or trail.direction == BACKWARDS:
					found.append(_part(row, again, repeated=True))
				row = _part(row, tuple(lot for lot in row.lots if lot not in told))
				if not row.lots:
					continue
			told |= {lot for lot in row.lots if lot.is_told_apart}
		found.append(row)
		waiting += list(_below(row, trail))[::-1]
	return found


def _part(row: TraceRow, lots: tuple[LedgerLot, ...], repeated: bool = False) -> TraceRow:
	names = set(lots)
	return replace(
		row, lots=lots, moves=tuple(move for move in row.moves if move.lot in names), repeated=repeated
	)


def _below(row: TraceRow, trail: LedgerTrail) -> Iterable[TraceRow]:
	"""The lines that stand right below `row`."""
	depth = row.depth + 1
	if row.kind != GOODS:
		process = row.moves[0].process if row.moves and _leads_on(row.moves[0], trail.direction) else None
		yield from goods(trail.sides.get(process, ()), depth, process) if process else ()
		return
	moves = [move for lot in row.lots for move in trail.moves.get(lot, ())]
	if trail.direction == FORWARDS:
		yield from events([move for move in moves if not _brought_here(move, row)], depth)
		yield from in_stock(row.lots, moves, depth)
	else:
		# Goods that were asked for have been delivered by somebody; those they were made of have not
		kinds = (*ORIGINS, *DELIVERIES) if row.via is None else ORIGINS
		for event in events(moves, depth):
			if event.kind in kinds and (event.kind != COUNT or (event.qty or 0) > 0):
				yield event
	for kin in sorted({kin for lot in row.lots for kin in trail.kin.get(lot, ())}):
		# A heat that no delivery names has nothing to tell
		if trail.direction == BACKWARDS or trail.moves.get(kin):
			yield TraceRow(GOODS, depth, (kin,), via=row.via)


def _brought_here(move: LedgerMove, row: TraceRow) -> bool:
	"""Whether the line itself already tells this move: the process above made these goods."""
	return bool(row.via and move.process == row.via and move.qty > 0)


def goods(moves: Iterable[LedgerMove], depth: int = 0, via: Process | None = None) -> list[TraceRow]:
	"""`moves` as lines of goods: one a batch, one for all serial numbers of an item."""
	groups = defaultdict(list)
	for move in moves:
		lot = move.lot
		groups[lot._replace(serial_no=""), bool(lot.serial_no)].append(move)
	return [
		TraceRow(GOODS, depth, tuple(dict.fromkeys(move.lot for move in group)), tuple(group), via)
		for _key, group in sorted(groups.items())
	]


def heading(moves: Iterable[LedgerMove]) -> TraceRow:
	"""The line of a whole document that made `moves`."""
	moves = tuple(moves)
	return TraceRow(kind_of(moves), 0, (), moves)


def events(moves: Iterable[LedgerMove], depth: int = 0) -> list[TraceRow]:
	"""`moves` as lines of what happened, the oldest first: one a document, item and direction."""
	groups = defaultdict(list)
	for move in moves:
		made_or_used = move.qty > 0 if move.process else None
		groups[move.doctype, move.name, move.item_code, made_or_used, move.typed].append(move)
	found = [
		TraceRow(kind_of(group), depth, tuple(dict.fromkeys(move.lot for move in group)), tuple(group))
		for group in groups.values()
	]
	return sorted(found, key=lambda row: (row.moves[0].when, row.moves[0].name, row.moves[0].item_code))


def kind_of(moves: Iterable[LedgerMove]) -> str:
	"""What one document did with goods, by its kind and whether they came or went."""
	moves = list(moves)
	move, net = moves[0], sum(move.qty for move in moves)
	if move.doctype == "Stock Reconciliation":
		return COUNT
	if move.process:
		return PRODUCTION if net > 0 else CONSUMPTION
	if any(move.qty > 0 for move in moves) and any(move.qty < 0 for move in moves):
		return TRANSFER
	if move.doctype in SALES:
		return PACKED if move.is_open else SHIPMENT if net < 0 else RETURN
	if net > 0:
		return RECEIPT
	return SUPPLIER_RETURN if move.doctype in PURCHASES else ISSUE


def in_stock(lots: tuple[LedgerLot, ...], moves: Iterable[LedgerMove], depth: int = 0) -> list[TraceRow]:
	"""What is left of `lots`, a line for each warehouse. What a person typed has not touched the stock."""
	left: dict[str, float] = defaultdict(float)
	for move in moves:
		if not move.typed:
			left[move.warehouse] += move.qty
	return [
		TraceRow(STOCK, depth, lots, warehouse=warehouse, left=round(qty, PLACES))
		for warehouse, qty in sorted(left.items())
		if round(qty, PLACES)
	]


@dataclass(frozen=True)
class Release:
	"""One record about a document: that it passed a gate, that a requirement was waived, or that both are
	void. `document` is (doctype, name), `number` the place among its records."""

	document: tuple[str, str]
	gate: str
	kind: str
	number: int
	facts: Any = None


def standing(records: Iterable[Release]) -> list[Release]:
	"""Those of `records` that count in the end, in their order: the last passage through each gate, with
	its waivers, unless it was voided."""
	kept: dict[tuple[tuple[str, str], str], list[Release]] = {}
	for record in sorted(records, key=lambda record: record.number):
		of_gate = kept.setdefault((record.document, record.gate), [])
		if record.kind == "Void":
			of_gate.clear()
			continue
		if record.kind == "Passage":
			of_gate[:] = [one for one in of_gate if one.kind != "Passage"]
		of_gate.append(record)
	return sorted((record for found in kept.values() for record in found), key=lambda record: record.number)
