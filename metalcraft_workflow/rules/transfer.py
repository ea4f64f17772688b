"""What of an order has come to Final Pack, and what may still come (step 7).

Quantities of an order line are in the line's unit; what moves is in the stock unit of each item.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

PLACES = 6


@dataclass(frozen=True)
class Part:
    """A stock item that a line is made of: the item itself, or one in its product bundle.

    needed  quantity of it for the whole line, in its stock unit
    """

    item_code: str
    needed: float


@dataclass(frozen=True)
class Line:
    """One line of an order, as Final Pack sees it.

    parts  what has to be brought for it; none for a service, and for what the supplier delivers
    """

    name: str
    idx: int
    item_code: str
    qty: float
    parts: tuple[Part, ...] = ()
    by_supplier: bool = False

    @property
    def is_brought(self) -> bool:
        """Whether Production has to bring something for this line."""
        return bool(self.parts) and self.qty > 0


@dataclass(frozen=True)
class Move:
    """Quantity of an item that came for a line; less than nothing when it was sent back."""

    line: str
    item_code: str
    qty: float


def totals(moves: Iterable[Move]) -> dict[tuple[str, str], float]:
    """(line, item) -> quantity at Final Pack; the order of the moves does not matter."""
    found: dict[tuple[str, str], float] = {}
    for move in moves:
        key = (move.line, move.item_code)
        found[key] = found.get(key, 0) + move.qty
    return {key: round(qty, PLACES) for key, qty in found.items()}


def brought_qty(line: Line, at_final_pack: Mapping[tuple[str, str], float]) -> float:
    """Quantity of `line` that can be packed from what came: of a bundle, as many as are complete."""
    if not line.is_brought:
        return 0
    shares = [
        at_final_pack.get((line.name, part.item_code), 0) / part.needed
        for part in line.parts
    ]
    return max(0, round(min(shares) * line.qty, PLACES))


def remaining(
    line: Line, at_final_pack: Mapping[tuple[str, str], float]
) -> dict[str, float]:
    """Item -> quantity still to be brought for `line`, in the stock unit; items that are complete are left out."""
    missing = {
        part.item_code: round(
            part.needed - at_final_pack.get((line.name, part.item_code), 0), PLACES
        )
        for part in line.parts
        if line.is_brought
    }
    return {item_code: qty for item_code, qty in missing.items() if qty > 0}


def percentage(
    lines: Iterable[Line], at_final_pack: Mapping[tuple[str, str], float]
) -> float:
    """How much of what has to be brought is there; a line counts no more than was ordered of it."""
    ordered = came = 0.0
    for line in lines:
        if line.is_brought:
            ordered += line.qty
            came += min(line.qty, brought_qty(line, at_final_pack))
    return round(came / ordered * 100, PLACES) if ordered else 0


def ready_qty(
    line: Line, at_final_pack: Mapping[tuple[str, str], float], packed: float
) -> float:
    """Quantity of `line` that can go on a delivery note now; `packed` is on others already.

    A service has nothing to bring: all of it is ready. What the supplier delivers never is.
    """
    if line.by_supplier:
        return 0
    there = (
        min(line.qty, brought_qty(line, at_final_pack)) if line.is_brought else line.qty
    )
    return max(0, round(there - packed, PLACES))
