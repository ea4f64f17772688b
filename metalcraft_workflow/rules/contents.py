"""What a delivery contains, as its packing list and its certificates say it (steps 8 and 9)."""

from collections.abc import Iterable
from dataclasses import dataclass, replace

from metalcraft_workflow.rules.quantity import PLACES


@dataclass(frozen=True)
class ContentsSource:
	"""Where a quantity of a line comes from; `item_code` is the part, when the line is a bundle."""

	qty: float
	item_code: str = ""
	uom: str = ""
	batch_no: str = ""
	heat_no: str = ""
	serial_nos: tuple[str, ...] = ()
	revision: str = ""


@dataclass(frozen=True)
class ContentsLine:
	"""One line as the customer knows it: of their purchase order, with all its sources.

	`order_line` is the number of the line on the sales order `order`.
	"""

	item_code: str
	qty: float
	uom: str = ""
	item_name: str = ""
	customer_part_no: str = ""
	po_no: str = ""
	order: str = ""
	order_line: int = 0
	sources: tuple[ContentsSource, ...] = ()


def gather(lines: Iterable[ContentsLine]) -> list[ContentsLine]:
	"""`lines`, one for each line that was ordered: packing splits it by batch, the customer did not.

	Quantities add up; the order of what comes first stays.
	"""
	found: dict[ContentsLine, ContentsLine] = {}
	for line in lines:
		same = replace(line, qty=0, sources=())
		before = found.get(same, same)
		found[same] = replace(
			before,
			qty=round(before.qty + line.qty, PLACES),
			sources=merge([*before.sources, *line.sources]),
		)
	return list(found.values())


def merge(sources: Iterable[ContentsSource]) -> tuple[ContentsSource, ...]:
	"""`sources`, one for each batch and heat of an item, with all its serial numbers."""
	found: dict[ContentsSource, ContentsSource] = {}
	for source in sources:
		same = replace(source, qty=0, serial_nos=())
		before = found.get(same, same)
		found[same] = replace(
			before,
			qty=round(before.qty + source.qty, PLACES),
			serial_nos=tuple(dict.fromkeys([*before.serial_nos, *source.serial_nos])),
		)
	return tuple(found.values())
