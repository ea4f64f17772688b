"""What an approval of an order has promised to its customer, and the order as that has it.

While a change waits for its review the order itself says what is not approved yet. What was promised stands
until the change is accepted.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from metalcraft_workflow.rules.orders import OrderFacts

APPROVED = "approve"


@dataclass(frozen=True)
class PromisedLine:
	"""A line of the order as it was approved."""

	name: str
	idx: int
	item_code: str
	item_name: str
	customer_part_no: str
	uom: str
	qty: float
	amount: float


@dataclass(frozen=True)
class Promise:
	"""An order as it was approved; `amount` is what the customer owes in the end, in the order's currency."""

	delivery_date: date | None
	amount: float
	lines: tuple[PromisedLine, ...]


def as_json(promise: Promise) -> dict[str, Any]:
	"""`promise` as values that can be written down."""
	day = promise.delivery_date
	return {
		"delivery_date": day and day.isoformat(),
		"amount": promise.amount,
		"lines": [vars(line) for line in promise.lines],
	}


def from_json(values: Mapping[str, Any]) -> Promise:
	"""The promise that was written down as `values`."""
	day = values["delivery_date"]
	return Promise(
		delivery_date=date.fromisoformat(day) if day else None,
		amount=values["amount"],
		lines=tuple(PromisedLine(**line) for line in values["lines"]),
	)


def as_promised(order: OrderFacts, promise: Promise) -> OrderFacts:
	"""`order` as if nothing had been changed since the `promise`."""
	promised = {line.name: line for line in promise.lines}
	return replace(
		order,
		gate=APPROVED,
		lines=tuple(
			replace(line, qty=promised[line.name].qty, amount=promised[line.name].amount)
			for line in order.lines
			if line.name in promised
		),
	)
