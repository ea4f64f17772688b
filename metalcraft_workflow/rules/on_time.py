"""Whether a line of an order left the house on the day that was promised."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from metalcraft_workflow.rules.requirement import _lt

ON_TIME, LATE, OVERDUE, DUE, CLOSED_SHORT = (
	_lt("On Time"),
	_lt("Late"),
	_lt("Overdue"),
	_lt("Due"),
	_lt("Closed Short"),
)

# What is decided, and so counts for the share that was on time
COUNTED = (ON_TIME, LATE, OVERDUE)
# Of these one asks why
MISSED = (LATE, OVERDUE)


@dataclass(frozen=True)
class Shipped:
	"""`qty` of a line left on a day."""

	on: date
	qty: float


@dataclass(frozen=True)
class Outcome:
	"""What became of a promise: one of the words above, the day on which all of it had left, days late so far,
	and how much of it had left on the day of the promise."""

	what: str
	complete_on: date | None
	days_late: int
	in_time: float


def outcome(
	promised: date, qty: float, shipments: Iterable[Shipped], today: date, closed: bool, half_unit: float
) -> Outcome:
	"""What became of the promise of `qty` for the day `promised`.

	`closed` is an order of which nothing more ships; `half_unit` how small a rest is none.
	"""
	left, in_time, complete_on = 0.0, 0.0, None
	for shipment in sorted(shipments, key=lambda shipment: shipment.on):
		left += shipment.qty
		if shipment.on <= promised:
			in_time = left
		if complete_on is None and left >= qty - half_unit:
			complete_on = shipment.on
	in_time = min(in_time, qty)
	if complete_on:
		late = max((complete_on - promised).days, 0)
		return Outcome(LATE if late else ON_TIME, complete_on, late, in_time)
	if closed:
		return Outcome(CLOSED_SHORT, None, 0, in_time)
	late = max((today - promised).days, 0)
	return Outcome(OVERDUE if late else DUE, None, late, in_time)
