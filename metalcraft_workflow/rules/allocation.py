"""What a delivery may take: goods that are at Final Pack, and that no other delivery has (step 8)."""

from collections import defaultdict, deque
from collections.abc import Container, Iterable, Mapping
from dataclasses import dataclass
from math import inf

from metalcraft_workflow.rules.quantity import PLACES, Qty, tolerance
from metalcraft_workflow.rules.requirement import Problem, _lt
from metalcraft_workflow.rules.traceability import Source


@dataclass(frozen=True)
class DeliveryLine:
	"""A line of a delivery that comes from an order, in the unit of the order."""

	row: int
	item_code: str
	order_line: str
	order: str
	qty: float
	uom: str = ""


@dataclass(frozen=True)
class Promise:
	"""Goods of one batch or with serial numbers that a line of a delivery names."""

	row: int
	item_code: str
	warehouse: str
	qty: float
	batch_no: str = ""
	serial_nos: tuple[str, ...] = ()
	delivery: str = ""


@dataclass(frozen=True)
class AllocationMove:
	"""Goods of one batch, or one piece with a serial number, that came for an order line; less than
	nothing when they went. A bundle has several items for one line."""

	order_line: str
	item_code: str
	qty: float
	batch_no: str = ""
	serial_no: str = ""


def free_sources(moves: Iterable[AllocationMove]) -> dict[tuple[str, str], list[Source]]:
	"""(order line, item) -> what is left of its batches and serial numbers, in the order in which they
	came. What a line has taken of goods that came for another is taken from that one."""
	left: dict[tuple[str, str], dict[str, dict[str, float]]] = {}
	for move in moves:
		batches = left.setdefault((move.order_line, move.item_code), {})
		pieces = batches.setdefault(move.batch_no, {})
		pieces[move.serial_no] = pieces.get(move.serial_no, 0) + move.qty
	_take_from_others(left)
	found: dict[tuple[str, str], list[Source]] = {}
	for key, batches in left.items():
		for batch_no, pieces in batches.items():
			qty = round(sum(pieces.values()), PLACES)
			serials = tuple(name for name, count in pieces.items() if name and count > 0)
			if qty > 0 and (batch_no or serials):
				found.setdefault(key, []).append(Source(qty, batch_no, serials))
	return found


def _take_from_others(left: dict[tuple[str, str], dict[str, dict[str, float]]]) -> None:
	overdrawn = [
		(key, batch_no, serial_no)
		for key, batches in left.items()
		for batch_no, pieces in batches.items()
		for serial_no, qty in pieces.items()
		if qty < 0
	]
	for key, batch_no, serial_no in overdrawn:
		owing = left[key][batch_no]
		for (_line, item_code), batches in left.items():
			pieces = batches.get(batch_no, {})
			if item_code == key[1] and pieces.get(serial_no, 0) > 0 and owing[serial_no] < 0:
				taken = min(pieces[serial_no], -owing[serial_no])
				pieces[serial_no] -= taken
				owing[serial_no] += taken


def draw(
	sources: dict[tuple[str, str], list[Source]], order_line: str, item_code: str, qty: float
) -> list[Source]:
	"""Take `qty` of an item for an order line out of `sources`: of what came for the line first, and then of
	what came for others."""
	own = (order_line, item_code)
	found = []
	for key in sorted(sources, key=lambda key: key != own):
		if key[1] == item_code and qty > 0:
			taken, sources[key] = share(sources[key], [qty, inf])
			found += taken
			qty = round(qty - sum(source.qty for source in taken), PLACES)
	return found


def share(sources: Iterable[Source], quantities: Iterable[float]) -> list[list[Source]]:
	"""`sources` handed out to `quantities`, one after the other; who comes late may get less."""
	left, found = deque(sources), []
	for qty in quantities:
		taken = []
		while left and qty > 0:
			source = left.popleft()
			part = min(qty, source.qty)
			pieces = int(part)
			taken.append(Source(part, source.batch_no, source.serial_nos[:pieces]))
			if source.qty > part:
				rest = round(source.qty - part, PLACES)
				left.appendleft(Source(rest, source.batch_no, source.serial_nos[pieces:]))
			qty = round(qty - part, PLACES)
		found.append(taken)
	return found


def too_much(
	lines: Iterable[DeliveryLine], available: Mapping[str, float], within: float = tolerance(PLACES)
) -> list[Problem]:
	"""Lines that take more than is `available` (order line -> quantity), by more than `within`; rows of
	one line together."""
	by_order_line = defaultdict(list)
	for line in lines:
		by_order_line[line.order_line].append(line)
	found = []
	for order_line, rows in by_order_line.items():
		qty, there = sum(row.qty for row in rows), max(available.get(order_line, 0), 0)
		if qty - there > within:
			found.append(
				Problem(
					_lt(
						"Row {row}: {qty} of {item} are on this delivery note, and {there} of it are"
						" at Final Pack for Sales Order {order} and on no other delivery note."
					),
					{
						"row": rows[-1].row,
						"qty": Qty(qty, rows[-1].uom),
						"there": Qty(there, rows[-1].uom),
						"item": rows[-1].item_code,
						"order": rows[-1].order,
					},
				)
			)
	return found


def too_little(
	goods: Iterable[Promise], free: Mapping[tuple[str, str], float], within: float = tolerance(PLACES)
) -> list[Problem]:
	"""Goods of which more is wanted than is `free` ((item, warehouse) -> quantity); rows of one item together."""
	rows = defaultdict(list)
	for part in goods:
		rows[part.item_code, part.warehouse].append(part)
	found = []
	for key, parts in rows.items():
		qty, there = sum(part.qty for part in parts), max(free.get(key, 0), 0)
		if qty - there > within:
			found.append(
				Problem(
					_lt(
						"Row {row}: {qty} of {item} are wanted, and {free} are free at {warehouse}. Have the rest"
						" brought, or return the delivery to packing."
					),
					{
						"row": parts[0].row,
						"qty": Qty(qty),
						"item": key[0],
						"free": Qty(there),
						"warehouse": key[1],
					},
				)
			)
	return found


def taken_elsewhere(goods: Iterable[Promise], places: Container[str], place: str) -> list[Problem]:
	"""Goods of order lines that leave from none of `places`, where goods were brought for them; `place` is
	the one to choose."""
	return [
		Problem(
			_lt("Row {row}: {item} leaves from {warehouse}, and was brought to {place}. Choose {place}."),
			{"row": part.row, "item": part.item_code, "warehouse": part.warehouse, "place": place},
		)
		for part in goods
		if part.warehouse not in places
	]


def promised_twice(
	mine: Iterable[Promise],
	others: Iterable[Promise],
	batch_stock: Mapping[tuple[str, str], float],
	serial_place: Mapping[str, str],
	delivered_with: Mapping[str, str] | None = None,
) -> list[Problem]:
	"""Batches and serial numbers of a delivery that are not there, or that another open one has.

	`batch_stock` is (batch, warehouse) -> quantity; `serial_place` is serial number -> warehouse ("" when
	it is in none), for those that stock keeps; `delivered_with` is serial number -> what it left with.
	"""
	mine, others = list(mine), list(others)
	taken = {serial_no: other.delivery for other in others for serial_no in other.serial_nos}
	found = []
	for promise in mine:
		for serial_no in promise.serial_nos:
			values = {"row": promise.row, "serial": serial_no, "warehouse": promise.warehouse}
			if serial_no in taken:
				found.append(
					Problem(
						_lt(
							"Row {row}: serial number {serial} is on Delivery Note {delivery} already. Choose"
							" another one, or take it off there."
						),
						{**values, "delivery": taken[serial_no]},
					)
				)
			elif serial_no in serial_place and serial_place[serial_no] != promise.warehouse:
				place, gone = serial_place[serial_no], (delivered_with or {}).get(serial_no)
				if place:
					message = _lt(
						"Row {row}: serial number {serial} is in {place}, not in {warehouse}. Choose one that"
						" is there, or have it brought."
					)
				elif gone:
					message = _lt(
						"Row {row}: serial number {serial} has left with Delivery Note {gone}. Choose another"
						" one."
					)
				else:
					message = _lt(
						"Row {row}: serial number {serial} is not in stock. Choose one that is in {warehouse}."
					)
				found.append(Problem(message, {**values, "place": place, "gone": gone}))
	found += _batches_promised_twice(mine, others, batch_stock)
	return found


def _batches_promised_twice(
	mine: list[Promise], others: list[Promise], batch_stock: Mapping[tuple[str, str], float]
) -> list[Problem]:
	found = []
	wanted: dict[tuple[str, str], float] = defaultdict(float)
	elsewhere: dict[tuple[str, str], float] = defaultdict(float)
	deliveries: dict[tuple[str, str], set[str]] = defaultdict(set)
	first: dict[tuple[str, str], Promise] = {}
	for promise in mine:
		wanted[(promise.batch_no, promise.warehouse)] += promise.qty
		first.setdefault((promise.batch_no, promise.warehouse), promise)
	for promise in others:
		elsewhere[(promise.batch_no, promise.warehouse)] += promise.qty
		deliveries[(promise.batch_no, promise.warehouse)].add(promise.delivery)
	for key, promise in first.items():
		if key not in batch_stock:
			continue
		free = batch_stock[key] - elsewhere[key]
		if round(wanted[key] - free, PLACES) > 0:
			found.append(
				Problem(
					_lt(
						"Row {row}: {free} of batch {batch} are free at {warehouse}, and {qty} are wanted. On"
						" other delivery notes: {deliveries}."
					)
					if deliveries[key]
					else _lt("Row {row}: {free} of batch {batch} are at {warehouse}, and {qty} are wanted."),
					{
						"row": promise.row,
						"batch": promise.batch_no,
						"warehouse": promise.warehouse,
						"free": Qty(max(free, 0)),
						"qty": Qty(wanted[key]),
						"deliveries": ", ".join(sorted(deliveries[key])),
					},
				)
			)
	return found
