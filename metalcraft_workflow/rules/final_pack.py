"""What of an order has come to Final Pack, what may still come (step 7), and what may be packed of it (step 8).

Quantities of an order line are in the line's unit; what moves is in the stock unit of each item. What moves
leads: of the line as much may be packed as is there, in quantities that ERPNext takes. Those are whole where
the unit is whole, and have the decimals of the site elsewhere; so what is there may be a little less, or more,
than what was worked out from the line.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from math import ceil, floor, inf

from metalcraft_workflow.rules.quantity import PLACES, Qty, tolerance
from metalcraft_workflow.rules.requirement import Listing, Phrase, Problem, _lt


@dataclass(frozen=True)
class FinalPackPart:
	"""A stock item that a line is made of: the item itself, or one in its product bundle.

	needed  quantity of it for the whole line, in its stock unit
	whole   whether that unit is only ever whole
	"""

	item_code: str
	needed: float
	uom: str = ""
	whole: bool = False


@dataclass(frozen=True)
class FinalPackLine:
	"""One line of an order, as Final Pack sees it.

	parts        what has to be brought for it; none for a service, and for what the supplier delivers
	whole        whether its unit is only ever whole
	whole_stock  quantity of its item in the stock unit, when that is only ever whole; else nothing
	places       how many decimals the site keeps of quantities
	order        whose line it is
	recorded     what is stored as having come
	"""

	name: str
	idx: int
	item_code: str
	qty: float
	parts: tuple[FinalPackPart, ...] = ()
	by_supplier: bool = False
	order: str = ""
	recorded: float = 0
	uom: str = ""
	whole: bool = False
	whole_stock: float = 0
	places: int = PLACES

	@property
	def tolerance(self) -> float:
		"""Quantities that differ by less are the same."""
		return tolerance(self.places)

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


def spread(
	lines: Iterable[FinalPackLine], at_final_pack: Mapping[tuple[str, str], float]
) -> dict[tuple[str, str], float]:
	"""`at_final_pack`, with what came for one line and is more than it needs given to the lines of the same
	item and order that still want some: who makes twenty at once makes them for two lines of ten."""
	found = defaultdict(float, at_final_pack)
	lines_with: dict[tuple[str, str], list[tuple[FinalPackLine, FinalPackPart]]] = defaultdict(list)
	for line in lines:
		for part in line.parts:
			lines_with[line.order, part.item_code].append((line, part))
	for (_order, item_code), wanting in lines_with.items():
		left = sum(found[line.name, item_code] for line, _part in wanting)
		if all(0 <= found[line.name, item_code] <= part.needed for line, part in wanting):
			continue
		# Each keeps what came for it, as far as it needs it; then the first that wants some has the rest
		kept = {line.name: 0.0 for line, _part in wanting}
		for most in ("came", "needed", ""):
			for line, part in wanting:
				limit = {"came": min(found[line.name, item_code], part.needed), "needed": part.needed}
				more = max(0, min(left, limit.get(most, inf) - kept[line.name]))
				kept[line.name] += more
				left -= more
		for name, qty in kept.items():
			found[name, item_code] = round(qty, PLACES)
	return dict(found)


def is_complete(line: FinalPackLine, at_final_pack: Mapping[tuple[str, str], float]) -> bool:
	"""Whether all that has to be brought for `line` is there, but for what the site does not count."""
	return all(
		at_final_pack.get((line.name, part.item_code), 0) >= part.needed - line.tolerance
		for part in line.parts
	)


def brought_qty(line: FinalPackLine, at_final_pack: Mapping[tuple[str, str], float]) -> float:
	"""How much of `line` came: of a bundle, as many as are complete, and a share of one more."""
	if not line.is_brought:
		return 0
	shares = [at_final_pack.get((line.name, part.item_code), 0) / part.needed for part in line.parts]
	there = max(0, round(min(shares) * line.qty, PLACES))
	return max(there, line.qty) if is_complete(line, at_final_pack) else there


def packable_qty(line: FinalPackLine, at_final_pack: Mapping[tuple[str, str], float]) -> float:
	"""How much of `line` may be packed in all, of what came: the last delivery takes the rest of the line.

	A service has nothing to bring: all of it may be. What the supplier delivers may never be.
	"""
	if line.by_supplier:
		return 0
	if not line.is_brought or is_complete(line, at_final_pack):
		return line.qty
	return next(_steps_down(line, at_final_pack), 0)


# How many quantities are tried before it is said that none fits
_TRIES = 10000
# What a sum of decimals may be off
_DUST = 10**-PLACES


def _steps_down(line: FinalPackLine, at_final_pack: Mapping[tuple[str, str], float]) -> Iterator[float]:
	"""Quantities of `line` that may be packed of what came, the largest first."""
	there = [(part.needed, at_final_pack.get((line.name, part.item_code), 0)) for part in line.parts]
	# What is taken for the whole line, in whole pieces
	whole = [qty for qty in (line.whole_stock, *(part.needed for part in line.parts if part.whole)) if qty]
	# A piece is there when all but what the site does not count of it is
	most = min((qty + line.tolerance) / needed for needed, qty in there) * line.qty
	tried: Iterable[float]
	if line.whole:
		tried = range(floor(most), 0, -1)
	elif whole:
		# As many pieces as are there, and one less, and so on
		each = max(whole) / line.qty
		tried = (round(n / each, line.places) for n in range(floor(most * each), 0, -1))
	else:
		tried = (floor(brought_qty(line, at_final_pack) * 10**line.places + _DUST) / 10**line.places,)
	for _try, tried_qty in zip(range(_TRIES), tried, strict=False):
		share = tried_qty / line.qty
		if (
			tried_qty > 0
			and all(needed * share <= qty + line.tolerance for needed, qty in there)
			and all(float(round(qty * share, line.places)).is_integer() for qty in whole)
		):
			yield tried_qty


def most_to_bring(line: FinalPackLine, part: FinalPackPart) -> float:
	"""How much of `part` may come for `line` in all, as it can be counted."""
	return ceil(part.needed - line.tolerance) if part.whole else round(part.needed, line.places)


def remaining(line: FinalPackLine, at_final_pack: Mapping[tuple[str, str], float]) -> dict[str, float]:
	"""Item -> quantity still to be brought for `line`, in the stock unit; items that are complete are left out."""
	missing = {
		part.item_code: round(
			most_to_bring(line, part) - at_final_pack.get((line.name, part.item_code), 0), line.places
		)
		for part in line.parts
		if line.is_brought
	}
	return {item_code: qty for item_code, qty in missing.items() if qty > line.tolerance}


def percentage(lines: Iterable[FinalPackLine], at_final_pack: Mapping[tuple[str, str], float]) -> float:
	"""How much of what has to be brought is there; a line counts no more than was ordered of it."""
	ordered = came = 0.0
	for line in lines:
		if line.is_brought:
			ordered += line.qty
			came += min(line.qty, brought_qty(line, at_final_pack))
	return round(came / ordered * 100, PLACES) if ordered else 0


def ready_qty(line: FinalPackLine, at_final_pack: Mapping[tuple[str, str], float], packed: float) -> float:
	"""Quantity of `line` that can go on a delivery note now; `packed` is on others already."""
	ready = round(packable_qty(line, at_final_pack) - packed, PLACES)
	return ready if ready > line.tolerance else 0


def why_nothing_is_ready(
	lines: Iterable[FinalPackLine],
	at_final_pack: Mapping[tuple[str, str], float],
	packed: Mapping[str, float],
) -> list[Problem]:
	"""What `lines` wait for, of which nothing can be packed now; `packed` is on delivery notes already."""
	lines = [line for line in lines if line.is_brought]
	if lines and not any(
		at_final_pack.get((line.name, part.item_code), 0) > 0 for line in lines for part in line.parts
	):
		return [Problem(_lt("Nothing has come to Final Pack for it yet."))]
	return left_over(lines, at_final_pack, packed) or [
		Problem(_lt("All that is at Final Pack is on a delivery note."))
	]


def left_over(
	lines: Iterable[FinalPackLine],
	at_final_pack: Mapping[tuple[str, str], float],
	packed: Mapping[str, float],
) -> list[Problem]:
	"""What of `lines` is at Final Pack and cannot be packed, and what it waits for; `packed` is on delivery
	notes."""
	found = [
		_waits(line, at_final_pack, packed.get(line.name, 0))
		for line in lines
		if line.is_brought and not is_complete(line, at_final_pack)
	]
	return [problem for problem in found if problem]


def _waits(
	line: FinalPackLine, at_final_pack: Mapping[tuple[str, str], float], packed: float
) -> Problem | None:
	"""What keeps what is there of `line` from being packed; None when nothing of it is left over."""
	left = {
		part.item_code: at_final_pack.get((line.name, part.item_code), 0) - packed / line.qty * part.needed
		for part in line.parts
	}
	if all(qty <= line.tolerance for qty in left.values()):
		return None
	values = {"idx": line.idx, "item": line.item_code, "uom": line.uom}
	if line.parts[0].item_code == line.item_code:
		(part,) = line.parts
		return Problem(
			_lt("Row #{idx}: {qty} {stock_uom} of {item} are there, less than can be packed in {uom}."),
			{**values, "qty": Qty(left[part.item_code]), "stock_uom": part.uom},
		)
	# As many as there are of the part that came in the greatest number
	most = max(left[part.item_code] / part.needed for part in line.parts) * line.qty
	wanted = max(1, floor(most + line.tolerance)) if line.whole else most
	missing = {
		part: round(wanted / line.qty * part.needed - left[part.item_code], line.places)
		for part in line.parts
	}
	return Problem(
		_lt("Row #{idx}: {item} waits for {missing}."),
		{
			**values,
			"missing": Listing(
				tuple(
					Phrase(_lt("{qty} {item}"), {"qty": Qty(qty, part.uom), "item": part.item_code})
					for part, qty in missing.items()
					if qty > line.tolerance
				)
			),
		},
	)


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
		needed = {part.item_code: most_to_bring(line, part) for part in line.parts} if line else {}
		key = (row.line, row.item_code)
		now = there.get(key, 0)
		there[key] = round(now + row.direction * row.qty, PLACES)
		params = {"idx": row.idx, "item": row.item_code, "qty": Qty(row.qty)}
		if not line or row.item_code not in needed:
			text = _lt("Row #{idx}: {item} is not what this order line needs. Choose an item of the order.")
		elif row.direction > 0 and row.counts and there[key] > needed[row.item_code] + line.tolerance:
			params["possible"] = Qty(max(0, needed[row.item_code] - now))
			text = _lt(
				"Row #{idx}: {qty} of {item} is more than was ordered. {possible} may still come to Final Pack."
			)
		elif row.direction < 0 and there[key] < -line.tolerance:
			params["possible"] = Qty(max(0, now))
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
