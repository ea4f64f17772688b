"""Step 4: how an order differs from what was quoted, for whoever approves it."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from metalcraft_workflow.rules.quantity import PLACES, Qty
from metalcraft_workflow.rules.requirement import Link, Requirement, _lt

# Smaller than this, a price after discount differs only by how the discount was spread over the lines
ROUNDING = 0.01
QTY_ROUNDING = 1e-6


@dataclass(frozen=True)
class QuotedLine:
	"""A line of a quotation.

	ordered_qty  already on other orders
	set_key      the line that this one is an alternative of; its own name when it is none
	due          the earliest date that the quoted lead time allows, when one was quoted
	"""

	name: str
	quotation: str
	item_code: str
	qty: float
	rate: float
	net_rate: float | None = None
	currency: str = ""
	ordered_qty: float = 0
	set_key: str = ""
	due: date | None = None


@dataclass(frozen=True)
class OrderedLine:
	"""A line of the order; `quoted` names the quotation line that it was made from, `name` itself."""

	idx: int
	item_code: str
	qty: float
	rate: float
	net_rate: float | None = None
	currency: str = ""
	quoted: str = ""
	delivery_date: date | None = None
	name: str = ""


@dataclass(frozen=True)
class Difference:
	"""One difference: its kind, a message with placeholders, their values, and the names of the rows of the order
	that it is in."""

	kind: str
	message: str
	params: dict[str, Any] = field(default_factory=dict)
	rows: tuple[str, ...] = ()

	@property
	def is_of_price(self) -> bool:
		"""Whether it says a price, which is for who knows amounts."""
		return self.kind in ("price", "currency", "discount", "added")


def set_keys(lines: Iterable[tuple[str, str, bool]]) -> dict[str, str]:
	"""Line -> the line that it is an alternative of; its own name when it is none.

	`lines` are those of quotations, in their order: quotation, line, and whether it is an alternative, which
	is one to the last line before it that is none.
	"""
	keys: dict[str, str] = {}
	main: dict[str, str] = {}
	for quotation, line, is_alternative in lines:
		if not is_alternative:
			main[quotation] = line
		keys[line] = main.get(quotation, line)
	return keys


def differences(ordered: list[OrderedLine], quoted: list[QuotedLine]) -> list[Difference]:
	"""How the lines of an order differ from those of the quotations it was made from.

	In the order of the order's lines, missing lines last. Nothing for an order without a quotation.
	"""
	by_name = {line.name: line for line in quoted}
	if not by_name:
		return []
	found: list[Difference] = []
	taken: dict[str, list[OrderedLine]] = defaultdict(list)
	for line in ordered:
		source = by_name.get(line.quoted)
		if source:
			taken[source.name].append(line)
			found += [*_price(line, source), *_delivery(line, source)]
		else:
			found.append(
				Difference(
					"added",
					_lt("Row {row}, {item}: {qty} at {rate}, not quoted"),
					{
						"row": line.idx,
						"item": line.item_code,
						"qty": Qty(line.qty),
						"rate": Qty(line.rate),
					},
					rows=(line.name,),
				)
			)
	for source in quoted:
		found += _quantity(taken.get(source.name, []), source)
	return found + _missing(quoted, taken)


def requirement(differs: bool, acknowledged: bool, order: str) -> Requirement:
	"""The requirement of the gate `approve` that whoever approves has seen the differences."""
	return Requirement(
		code="differences",
		label=_lt("Differences from the quotation acknowledged"),
		message=_lt(
			"The order differs from its quotation. Read the list of differences and tick “Differences"
			" Acknowledged”, or send the order back."
		),
		met=acknowledged or not differs,
		link=Link("Sales Order", order, "differences_acknowledged"),
	)


def _price(line: OrderedLine, source: QuotedLine) -> list[Difference]:
	where = {"row": line.idx, "item": line.item_code, "quotation": source.quotation}
	if line.currency != source.currency:
		values = {
			# With their codes: currencies share signs
			"ordered": Qty(line.rate, line.currency),
			"quoted": Qty(source.rate, source.currency),
		}
		return [
			Difference(
				"currency",
				_lt("Row {row}, {item}: {ordered}; {quoted} in {quotation}"),
				{**where, **values},
				rows=(line.name,),
			)
		]
	if round(line.rate - source.rate, PLACES):
		values = {
			"ordered": Qty(line.rate),
			"quoted": Qty(source.rate),
		}
		return [
			Difference(
				"price",
				_lt("Row {row}, {item}: price {ordered} instead of {quoted} in {quotation}"),
				{**where, **values},
				rows=(line.name,),
			)
		]
	ordered, quoted = line.net_rate, source.net_rate
	if ordered is not None and quoted is not None and abs(ordered - quoted) > ROUNDING:
		values = {"ordered": Qty(ordered), "quoted": Qty(quoted)}
		return [
			Difference(
				"discount",
				_lt("Row {row}, {item}: price after discount {ordered} instead of {quoted} in {quotation}"),
				{**where, **values},
				rows=(line.name,),
			)
		]
	return []


def _delivery(line: OrderedLine, source: QuotedLine) -> list[Difference]:
	if not (line.delivery_date and source.due and line.delivery_date < source.due):
		return []
	return [
		Difference(
			"delivery",
			_lt("Row {row}, {item}: wanted on {ordered}; the lead time of {quotation} allows {quoted}"),
			{
				"row": line.idx,
				"item": line.item_code,
				"ordered": line.delivery_date,
				"quoted": source.due,
				"quotation": source.quotation,
			},
			rows=(line.name,),
		)
	]


def _quantity(lines: list[OrderedLine], source: QuotedLine) -> list[Difference]:
	"""One quoted line may be split over several of the order: together they are compared."""
	qty = sum(line.qty for line in lines)
	open_qty = max(source.qty - source.ordered_qty, 0)
	if not lines or abs(qty - open_qty) <= QTY_ROUNDING:
		return []
	message = (
		_lt("{rows}, {item}: quantity {ordered} instead of {quoted}, what is left of {quotation}")
		if source.ordered_qty
		else _lt("{rows}, {item}: quantity {ordered} instead of {quoted} in {quotation}")
	)
	return [
		Difference(
			"quantity",
			message,
			{
				"rows": ", ".join(f"#{line.idx}" for line in lines),
				"item": source.item_code,
				"ordered": Qty(qty),
				"quoted": Qty(open_qty),
				"quotation": source.quotation,
			},
			rows=tuple(line.name for line in lines),
		)
	]


def _missing(quoted: list[QuotedLine], taken: dict[str, list[OrderedLine]]) -> list[Difference]:
	"""Quoted lines that are on no order; of alternatives, one is enough."""
	covered = {
		line.set_key or line.name for line in quoted if line.name in taken or line.ordered_qty >= line.qty
	}
	covered |= {
		line.set_key for line in quoted if line.set_key and line.set_key != line.name and line.ordered_qty
	}
	return [
		Difference(
			"missing",
			_lt("{item}: {quoted} in {quotation}, not ordered"),
			{
				"item": line.item_code,
				"quoted": Qty(line.qty - line.ordered_qty),
				"quotation": line.quotation,
			},
		)
		for line in quoted
		if (line.set_key or line.name) not in covered and (line.set_key or line.name) == line.name
	]
