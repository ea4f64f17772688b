"""What a delivery may take: goods that are at Final Pack, and that no other delivery has (step 8)."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from metalcraft_workflow.rules.requirement import _
from metalcraft_workflow.rules.traceability import Problem, Source

PLACES = 6


@dataclass(frozen=True)
class OrderLine:
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
class Move:
	"""Goods of one batch, or one piece with a serial number, that came for an order line; less than
	nothing when they went."""

	order_line: str
	qty: float
	batch_no: str = ""
	serial_no: str = ""


def free_sources(moves: Iterable[Move]) -> dict[str, list[Source]]:
	"""Order line -> what is left of its batches and serial numbers, in the order in which they came."""
	left: dict[str, dict[str, dict[str, float]]] = {}
	for move in moves:
		pieces = left.setdefault(move.order_line, {}).setdefault(move.batch_no, {})
		pieces[move.serial_no] = pieces.get(move.serial_no, 0) + move.qty
	found: dict[str, list[Source]] = {}
	for order_line, batches in left.items():
		for batch_no, pieces in batches.items():
			qty = round(sum(pieces.values()), PLACES)
			serials = tuple(name for name, count in pieces.items() if name and count > 0)
			if qty > 0 and (batch_no or serials):
				found.setdefault(order_line, []).append(Source(qty, batch_no, serials))
	return found


def allocate(qty: float, sources: Iterable[Source]) -> list[Source]:
	"""`qty` taken from `sources`, one after the other. What they do not cover is a source without a
	name, so that the whole of `qty` is always there."""
	taken, left = [], round(qty, PLACES)
	for source in sources:
		part = min(left, source.qty)
		if part <= 0:
			break
		taken.append(Source(part, source.batch_no, source.serial_nos[: int(part)]))
		left = round(left - part, PLACES)
	return [*taken, Source(left)] if left > 0 else taken


def too_much(lines: Iterable[OrderLine], available: Mapping[str, float]) -> list[Problem]:
	"""Lines that take more than is `available` (order line -> quantity); rows of one line together."""
	by_order_line = defaultdict(list)
	for line in lines:
		by_order_line[line.order_line].append(line)
	found = []
	for order_line, rows in by_order_line.items():
		qty, there = sum(row.qty for row in rows), max(available.get(order_line, 0), 0)
		if round(qty - there, PLACES) > 0:
			found.append(
				Problem(
					_(
						"Row {row}: {qty} {uom} of {item} are on this delivery note, and {there} {uom} of it are"
						" at Final Pack for Sales Order {order} and on no other delivery note."
					),
					{
						"row": rows[-1].row,
						"qty": f"{round(qty, PLACES):g}",
						"there": f"{round(there, PLACES):g}",
						"uom": rows[-1].uom,
						"item": rows[-1].item_code,
						"order": rows[-1].order,
					},
				)
			)
	return found


def promised_twice(
	mine: Iterable[Promise],
	others: Iterable[Promise],
	batch_stock: Mapping[tuple[str, str], float],
	serial_place: Mapping[str, str],
) -> list[Problem]:
	"""Batches and serial numbers of a delivery that are not there, or that another open one has.

	`batch_stock` is (batch, warehouse) -> quantity; `serial_place` is serial number -> warehouse, for
	those that stock keeps.
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
						_(
							"Row {row}: serial number {serial} is on Delivery Note {delivery} already. Choose"
							" another one, or take it off there."
						),
						{**values, "delivery": taken[serial_no]},
					)
				)
			elif serial_no in serial_place and serial_place[serial_no] != promise.warehouse:
				found.append(
					Problem(
						_(
							"Row {row}: serial number {serial} is not in stock at {warehouse}. Choose one that"
							" is."
						),
						values,
					)
				)
	found += _batches_promised_twice(mine, others, batch_stock)
	return found


def _batches_promised_twice(
	mine: list[Promise], others: list[Promise], batch_stock: Mapping[tuple[str, str], float]
) -> list[Problem]:
	found = []
	wanted, elsewhere, deliveries = defaultdict(float), defaultdict(float), defaultdict(set)
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
					_(
						"Row {row}: {free} of batch {batch} are free at {warehouse}, and {qty} are wanted. On"
						" other delivery notes: {deliveries}."
					)
					if deliveries[key]
					else _("Row {row}: {free} of batch {batch} are at {warehouse}, and {qty} are wanted."),
					{
						"row": promise.row,
						"batch": promise.batch_no,
						"warehouse": promise.warehouse,
						"free": f"{max(round(free, PLACES), 0):g}",
						"qty": f"{round(wanted[key], PLACES):g}",
						"deliveries": ", ".join(sorted(deliveries[key])),
					},
				)
			)
	return found
