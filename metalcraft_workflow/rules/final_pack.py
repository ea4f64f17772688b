"""What of an order has come to Final Pack, and what may still come (step 7).

Quantities of an order line are in the line's unit; what moves is in the stock unit of each item.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from metalcraft_workflow.rules.quantity import PLACES, plain
from metalcraft_workflow.rules.requirement import Problem, _lt


@dataclass(frozen=True)
class FinalPackPart:
	"""A stock item that a line is made of: the item itself, or one in its product bundle.

	needed  quantity of it for the whole line, in its stock unit
	"""

	item_code: str
	needed: float


@dataclass(frozen=True)
class FinalPackLine:
	"""One line of an order, as Final Pack sees it.

	parts  what has to be brought for it; none for a service, and for what the supplier delivers
	order  whose line it is
	recorded  what is stored as having come
	"""

	name: str
	idx: int
	item_code: str
	qty: float
	parts: tuple[FinalPackPart, ...] = ()
	by_supplier: bool = False
	order: str = ""
	recorded: float = 0

	@property
	def is_brought(self) -> bool:
		"""Whether Production has to bring something for this line."""
		return bool(self.parts) and self.qty > 0


@dataclass(frozen=True)
class Transferred:
	"""Quantity of an item that came for a line; less than nothing when it was sent back."""

	line: str
	item_code: str
	qty: float


def totals(moves: Iterable[Transferred]) -> dict[tuple[str, str], float]:
	"""(line, item) -> quantity at Final Pack; the order of the moves does not matter."""
	found: dict[tuple[str, str], float] = {}
	for move in moves:
		key = (move.line, move.item_code)
		found[key] = found.get(key, 0) + move.qty
	return {key: round(qty, PLACES) for key, qty in found.items()}


def brought_qty(line: FinalPackLine, at_final_pack: Mapping[tuple[str, str], float]) -> float:
	"""Quantity of `line` that can be packed from what came: of a bundle, as many as are complete."""
	if not line.is_brought:
		return 0
	shares = [at_final_pack.get((line.name, part.item_code), 0) / part.needed for part in line.parts]
	return max(0, round(min(shares) * line.qty, PLACES))


def remaining(line: FinalPackLine, at_final_pack: Mapping[tuple[str, str], float]) -> dict[str, float]:
	"""Item -> quantity still to be brought for `line`, in the stock unit; items that are complete are left out."""
	missing = {
		part.item_code: round(part.needed - at_final_pack.get((line.name, part.item_code), 0), PLACES)
		for part in line.parts
		if line.is_brought
	}
	return {item_code: qty for item_code, qty in missing.items() if qty > 0}


def percentage(lines: Iterable[FinalPackLine], at_final_pack: Mapping[tuple[str, str], float]) -> float:
	"""How much of what has to be brought is there; a line counts no more than was ordered of it."""
	ordered = came = 0.0
	for line in lines:
		if line.is_brought:
			ordered += line.qty
			came += min(line.qty, brought_qty(line, at_final_pack))
	return round(came / ordered * 100, PLACES) if ordered else 0


def ready_qty(line: FinalPackLine, at_final_pack: Mapping[tuple[str, str], float], packed: float) -> float:
	"""Quantity of `line` that can go on a delivery note now; `packed` is on others already.

	A service has nothing to bring: all of it is ready. What the supplier delivers never is.
	"""
	if line.by_supplier:
		return 0
	there = min(line.qty, brought_qty(line, at_final_pack)) if line.is_brought else line.qty
	return max(0, round(there - packed, PLACES))


@dataclass(frozen=True)
class TransferRow:
	"""A row of a stock entry that is for an order line; `qty` in the stock unit of its item.

	direction  1 when it comes to Final Pack, -1 when it leaves it again, else 0
	counts     whether it may not exceed the order: what was produced is booked whatever it is
	"""

	idx: int
	line: str
	item_code: str
	qty: float
	direction: int = 1
	counts: bool = True


def refusals(
	lines: Iterable[FinalPackLine],
	at_final_pack: Mapping[tuple[str, str], float],
	rows: Iterable[TransferRow],
) -> list[Problem]:
	"""What is wrong with `rows`, given what is at Final Pack without them; rows of one line add up."""
	by_name = {line.name: line for line in lines}
	there = dict(at_final_pack)
	found = []
	for row in rows:
		line = by_name.get(row.line)
		needed = {part.item_code: part.needed for part in line.parts} if line else {}
		key = (row.line, row.item_code)
		now = there.get(key, 0)
		there[key] = round(now + row.direction * row.qty, PLACES)
		params = {"idx": row.idx, "item": row.item_code, "qty": plain(row.qty)}
		if row.item_code not in needed:
			text = _lt("Row #{idx}: {item} is not what this order line needs. Choose an item of the order.")
		elif row.direction > 0 and row.counts and there[key] > needed[row.item_code]:
			params["possible"] = plain(max(0, needed[row.item_code] - now))
			text = _lt(
				"Row #{idx}: {qty} of {item} is more than was ordered. {possible} may still come to Final Pack."
			)
		elif row.direction < 0 and there[key] < 0:
			params["possible"] = plain(max(0, now))
			text = _lt(
				"Row #{idx}: {qty} of {item} is more than is at Final Pack for this order, which is {possible}."
			)
		else:
			continue
		found.append(Problem(text, params))
	return found


def line_for(
	item_code: str, lines: Iterable[FinalPackLine], at_final_pack: Mapping[tuple[str, str], float]
) -> FinalPackLine | None:
	"""The line that an item is brought for when nobody says which: the first that still wants it."""
	fitting = [line for line in lines if any(part.item_code == item_code for part in line.parts)]
	wanting = (line for line in fitting if item_code in remaining(line, at_final_pack))
	return next(wanting, fitting[0] if fitting else None)
