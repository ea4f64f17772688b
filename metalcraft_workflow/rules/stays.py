"""How long a document was where: its stays in the stages of the process, by the moves that are on record."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta


@dataclass(frozen=True)
class Move:
	"""A document came to `stage` at a moment; an empty stage is that of nobody, who is done with it."""

	at: datetime
	stage: str
	reason: str = ""


@dataclass(frozen=True)
class Stay:
	"""A document was in `stage`; `until` is None as long as it is there. `reason` is why it came."""

	stage: str
	since: datetime
	until: datetime | None = None
	reason: str = ""

	def days(self, now: datetime) -> float:
		"""How many days, with their parts."""
		return ((self.until or now) - self.since) / timedelta(days=1)


def stays(begun: datetime, first: str, moves: Iterable[Move]) -> tuple[Stay, ...]:
	"""The stays of a document that was made at the moment `begun` in the stage `first`; `moves` in their order.

	A move within one stage, as into a hold and out of it, does not end a stay.
	"""
	found: list[Stay] = []
	here = Stay(first, begun)
	for move in moves:
		if move.stage == here.stage:
			continue
		found.append(replace(here, until=move.at))
		here = Stay(move.stage, move.at, reason=move.reason)
	return tuple(stay for stay in (*found, here) if stay.stage)


def cut(found: Iterable[Stay], stage: str, moment: datetime | None) -> tuple[Stay, ...]:
	"""`found`, where whoever has `stage` handed over at `moment`: a stay there ends then, and none begins later."""
	if moment is None:
		return tuple(found)
	return tuple(
		replace(stay, until=min(stay.until or moment, moment)) if stay.stage == stage else stay
		for stay in found
		if stay.stage != stage or stay.since < moment
	)


def at(found: Iterable[Stay], moment: datetime) -> Stay | None:
	"""Where the document was at `moment`, or None."""
	return next(
		(stay for stay in found if stay.since <= moment and (stay.until is None or stay.until > moment)), None
	)


def percentile(values: Sequence[float], share: float) -> float:
	"""The value that `share` (0 to 1) of `values` do not exceed, between two of them in proportion; 0 for none."""
	if not values:
		return 0
	ordered = sorted(values)
	place = (len(ordered) - 1) * share
	below = int(place)
	above = min(below + 1, len(ordered) - 1)
	return ordered[below] + (ordered[above] - ordered[below]) * (place - below)
