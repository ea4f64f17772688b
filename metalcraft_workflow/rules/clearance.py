"""What a delivery's orders and customer must fulfil before goods leave (steps 8, 10 and 11)."""

from collections.abc import Iterable
from dataclasses import dataclass

from metalcraft_workflow.rules.quantity import Money, Qty
from metalcraft_workflow.rules.requirement import Link, Requirement, _lt


@dataclass(frozen=True)
class Order:
	"""What matters of one order of a delivery.

	approved   it has been approved, and no change of it waits for a review
	in_review  lines changed after the approval, and nobody has accepted that
	stopped    "On Hold" or "Closed" when it is, else empty
	total      what the customer owes for it, in the currency of `paid`
	prepayment share of `total` that must be paid before a delivery, in percent
	paid       received so far: advances, and payments of its invoices
	rounding   amounts that differ by less are the same: half of the smallest one in `currency`
	"""

	name: str
	approved: bool
	in_review: bool = False
	stopped: str = ""
	total: float = 0
	prepayment: float = 0
	paid: float = 0
	currency: str = ""
	rounding: float = 0.005


def released(orders: Iterable[Order]) -> Requirement | None:
	"""The requirement that every order is approved and may be delivered; None without an order."""
	orders = list(orders)
	if not orders:
		return None
	message, wrong = "", None
	for order in orders:
		message = why_not_released(order)
		if message:
			wrong = order
			break
	return Requirement(
		code="order_released",
		label=_lt("Every order is approved and unchanged"),
		message=message,
		params={"order": (wrong or orders[0]).name},
		met=not message,
		link=Link("Sales Order", (wrong or orders[0]).name),
		waivable=False,
	)


def why_not_released(order: Order) -> str:
	"""The sentence that says why nothing of `order` may be delivered now, or an empty string."""
	if order.in_review:
		return _lt(
			"Sales Order {order} was changed after its approval. An Order Approver has to accept the"
			" changes first."
		)
	if not order.approved:
		return _lt("Sales Order {order} is not approved. Take it through its approval first.")
	if order.stopped == "Closed":
		return _lt("Sales Order {order} is closed. Re-open it first.")
	if order.stopped:
		return _lt("Sales Order {order} is on hold. Resume it first.")
	return ""


def prepayment_due(order: Order) -> float:
	"""How much of the prepayment of `order` is still to be paid."""
	# Half of the smallest amount may have been rounded either way
	due = round(order.total * order.prepayment / 100 - order.paid, 6)
	return due if due > order.rounding else 0


def prepayment(orders: Iterable[Order]) -> Requirement | None:
	"""The requirement that the prepayments are received; None when no order asks for one."""
	orders = [order for order in orders if order.prepayment > 0]
	if not orders:
		return None
	wanting = next((order for order in orders if prepayment_due(order)), None)
	order = wanting or orders[0]
	return Requirement(
		code="prepayment",
		label=_lt("Prepayment received"),
		message=_lt(
			"Sales Order {order} must be paid to {percent}% before a delivery: {due} are still to come."
		),
		params={
			"order": order.name,
			"percent": Qty(order.prepayment),
			"due": Money(prepayment_due(order), order.currency),
		},
		met=not wanting,
		discreet=_lt(
			"The prepayment of Sales Order {order} has not come yet. Accounts knows how much is missing."
		),
		link=Link("Sales Order", order.name),
	)
