"""What was approved is what is delivered and billed: the prices and the parts of bundles that the lines of
an order had when it was approved (steps 8 to 12)."""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import Any

from metalcraft_workflow.rules.quantity import PLACES, Money, Qty
from metalcraft_workflow.rules.requirement import Problem, _lt


@dataclass(frozen=True)
class ApprovedPart:
	"""A part of a bundle, in the stock unit of its item; `more` is what else its row says."""

	item_code: str
	qty: float
	more: dict[str, Any] = field(default_factory=dict, compare=False)


@dataclass(frozen=True)
class Discount:
	"""What is taken off a whole document: in percent, or an amount."""

	percentage: float = 0
	amount: float = 0


@dataclass(frozen=True)
class ApprovedLine:
	"""A line of an order as it was approved.

	rate, price_list_rate  in the currency of the order, for one `uom` of `factor` stock units
	discount               of the whole order
	parts                  of its bundle, for the whole line of `stock_qty`; none when it is no bundle
	"""

	name: str
	order: str
	item_code: str
	uom: str
	factor: float
	stock_qty: float
	rate: float
	price_list_rate: float = 0
	warehouse: str = ""
	discount: Discount = Discount()
	parts: tuple[ApprovedPart, ...] = ()


@dataclass(frozen=True)
class DeliveredLine:
	"""A line of a delivery that is of an order; `parts` are those of its bundle, for `stock_qty`."""

	row: int
	order_line: str
	item_code: str
	uom: str
	factor: float
	stock_qty: float
	rate: float
	parts: tuple[ApprovedPart, ...] = ()


def price_of(line: ApprovedLine) -> dict[str, Any]:
	"""The fields that make the price of a line what was approved, with nothing left to work out: a margin or
	a discount that is the whole difference from the price list."""
	margin = line.rate - line.price_list_rate if line.rate > line.price_list_rate > 0 else 0
	discount = line.price_list_rate - line.rate if line.price_list_rate > line.rate else 0
	return {
		"price_list_rate": line.price_list_rate,
		"rate": line.rate,
		"margin_type": "Amount" if margin else "",
		"margin_rate_or_amount": margin,
		"rate_with_margin": line.rate if margin else 0,
		"discount_amount": discount,
		"discount_percentage": round(discount / line.price_list_rate * 100, PLACES) if discount else 0,
	}


def parts_for(parts: Iterable[ApprovedPart], whole: float, stock_qty: float) -> tuple[ApprovedPart, ...]:
	"""What `stock_qty` of a line takes of `parts`, which are for `whole` of it."""
	if not whole:
		return ()
	return tuple(replace(part, qty=round(part.qty * stock_qty / whole, PLACES)) for part in parts)


def differences(
	delivered: Iterable[DeliveredLine],
	approved: dict[str, ApprovedLine],
	decimals: int = PLACES,
	currency: str = "",
) -> list[Problem]:
	"""How lines of a delivery differ from the lines of their orders, one sentence a difference. Prices are
	in `currency` and have so many `decimals`."""
	found = []
	for line in delivered:
		order_line = approved.get(line.order_line)
		if not order_line:
			continue
		values = {"row": line.row, "item": line.item_code, "order": order_line.order}
		if (line.uom, line.factor) != (order_line.uom, order_line.factor):
			found.append(
				Problem(
					_lt(
						"Row {row}: {item} is in {unit} of {factor}, and Sales Order {order} says {approved_unit}"
						" of {approved_factor}. Take the row off and add the order again."
					),
					{
						**values,
						"unit": line.uom,
						"factor": Qty(line.factor),
						"approved_unit": order_line.uom,
						"approved_factor": Qty(order_line.factor),
					},
				)
			)
			continue
		if round(line.rate, decimals) != round(order_line.rate, decimals):
			found.append(
				Problem(
					_lt(
						"Row {row}: the rate of {item} is {rate}, and {approved} was approved on Sales Order"
						" {order}. Enter {approved}, or have the order changed with Update Items and reviewed."
					),
					{
						**values,
						"rate": Money(line.rate, currency),
						"approved": Money(order_line.rate, currency),
					},
					_lt(
						"Row {row}: the rate of {item} is not what was approved on Sales Order {order}. Take the"
						" row off and add the order again, or have the order changed and reviewed."
					),
				)
			)
		found += _other_parts(line, order_line, values)
	return found


OTHER_DISCOUNT = _lt(
	"The additional discount is not what was approved on Sales Order {order}. Customer Support has to look at it."
)


def other_discount(
	discount: Discount,
	approved: Iterable[ApprovedLine],
	currency: str = "",
) -> list[Problem]:
	"""How the `discount` of a delivery differs from that of its orders. An amount, in
	`currency`, may be any share of theirs."""
	orders = {line.order: line.discount for line in approved}
	found = [
		Problem(
			_lt(
				"The additional discount is {discount}%, and {approved}% was approved on Sales Order {order}. Enter"
				" {approved}, or have the order changed and reviewed."
			),
			{"discount": Qty(discount.percentage), "approved": Qty(other.percentage), "order": order},
			OTHER_DISCOUNT,
		)
		for order, other in orders.items()
		if round(discount.percentage - other.percentage, PLACES)
	]
	most = sum(other.amount for other in orders.values())
	if not found and not discount.percentage and round(discount.amount - most, PLACES) > 0:
		found.append(
			Problem(
				_lt(
					"The additional discount is {discount}, and {approved} was approved on Sales Order {order}. Enter"
					" no more, or have the order changed and reviewed."
				),
				{
					"discount": Money(discount.amount, currency),
					"approved": Money(most, currency),
					"order": ", ".join(orders),
				},
				OTHER_DISCOUNT,
			)
		)
	return found


def _other_parts(line: DeliveredLine, order_line: ApprovedLine, values: dict[str, Any]) -> list[Problem]:
	packed = _by_item(line.parts)
	wanted = _by_item(parts_for(order_line.parts, order_line.stock_qty, line.stock_qty))
	return [
		Problem(
			_lt(
				"Row {row}: {qty} of {part} are packed for {item}, and it is {approved} on Sales Order {order}."
				" Save the delivery note again, to pack what was approved."
			),
			{
				**values,
				"part": item_code,
				"qty": Qty(packed.get(item_code, 0)),
				"approved": Qty(wanted.get(item_code, 0)),
			},
		)
		for item_code in {**wanted, **packed}
		if round(packed.get(item_code, 0) - wanted.get(item_code, 0), PLACES - 1)
	]


def _by_item(parts: Iterable[ApprovedPart]) -> dict[str, float]:
	found: dict[str, float] = {}
	for part in parts:
		found[part.item_code] = found.get(part.item_code, 0) + part.qty
	return found
