"""An order as its customer sees it: where it stands in their words, and the line of steps behind it.

What happens in the house stays there: a customer is not told of a credit hold, of an order that was
sent back, nor of who has to do what.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from metalcraft_workflow.rules.orders import OrderFacts
from metalcraft_workflow.rules.requirement import _lt

# What a customer calls it -> the stages of the order behind it, in the order of the process
STAGES: dict[str, tuple[str, ...]] = {
	_lt("Received"): ("Draft", "Pending Approval", "Credit Hold"),
	_lt("In Production"): ("In Production",),
	_lt("Final Pack"): ("Final Pack",),
	_lt("Quality Check"): ("QA", "Awaiting Clearance"),
	_lt("Ready to Ship"): ("Ready to Ship",),
	_lt("Partly Shipped"): ("Partially Shipped",),
	_lt("Shipped"): ("Shipped",),
	_lt("Invoiced"): ("Invoiced",),
	_lt("Closed"): ("Closed",),
	_lt("Cancelled"): ("Cancelled",),
}

# The same for orders from before the app was installed, which have no stage: by ERPNext's status.
# What is not listed is under way.
OUTSIDE: dict[str, tuple[str, ...]] = {
	"Shipped": ("To Bill",),
	"Invoiced": ("Completed",),
	"Closed": ("Closed",),
	"Cancelled": ("Cancelled",),
}
UNDER_WAY = "In Production"

# The line of steps: key -> what it is called
STEPS: dict[str, str] = {
	"received": _lt("Received"),
	"approved": _lt("Approved"),
	"production": _lt("In Production"),
	"final_pack": _lt("Final Pack"),
	"quality": _lt("Quality Check"),
	"ready": _lt("Ready to Ship"),
	"shipped": _lt("Shipped"),
	"invoiced": _lt("Invoiced"),
	"paid": _lt("Paid"),
	"closed": _lt("Closed"),
}

DONE, CURRENT, PARTLY, OPEN = "done", "current", "partly", "open"

# Where the work is, for a stage in a customer's words. What is shipped, invoiced and paid is counted.
WORK_IS_AT = {
	"Received": "received",
	"In Production": "production",
	"Partly Shipped": "production",
	"Final Pack": "final_pack",
	"Quality Check": "quality",
	"Ready to Ship": "ready",
}
COUNTED = ("shipped", "invoiced", "paid", "closed")


@dataclass(frozen=True)
class Step:
	"""One step of the line: `state` is DONE, CURRENT, PARTLY or OPEN; `on` the day, where one is known."""

	key: str
	label: str
	state: str
	on: date | None = None


def customer_stage(order_stage: str, status: str = "") -> str:
	"""The stage in a customer's words: one of STAGES. `status` is ERPNext's, for an order without a stage."""
	if order_stage:
		return next(name for name, stages in STAGES.items() if order_stage in stages)
	return next((name for name, statuses in OUTSIDE.items() if status in statuses), UNDER_WAY)


def progress(stage: str, order: OrderFacts, days: Mapping[str, date | None]) -> tuple[Step, ...]:
	"""The line of steps of `order`, which stands at `stage` in a customer's words.

	`days` is step -> the day it happened. Steps before the work are done, whether or not they had
	anything to do; a day is shown only of a step that was reached.
	"""
	counted = _counted(order)
	keys = list(STEPS)
	work_at = WORK_IS_AT.get(stage)
	if stage == "Cancelled":
		reached = keys.index("approved")
	elif work_at:
		reached = keys.index(work_at)
	else:
		# an order that was closed by hand may never have been made
		reached = keys.index("production" if counted["shipped"] == OPEN else "shipped")
	steps = []
	for position, key in enumerate(keys):
		if key in COUNTED:
			state = counted[key]
		elif position < reached:
			state = DONE
		elif key == work_at:
			state = CURRENT
		else:
			# what has shipped of it came this way
			state = PARTLY if counted["shipped"] == PARTLY else OPEN
		steps.append(Step(key, STEPS[key], state, days.get(key) if state != OPEN else None))
	return tuple(steps)


def _counted(order: OrderFacts) -> dict[str, str]:
	invoices = [invoice for invoice in order.invoices if not invoice.draft]
	paid = [invoice.is_paid for invoice in invoices]
	to_ship = any(line.needs_delivery for line in order.lines)
	billed = bool(invoices) and order.is_billed
	return {
		"shipped": _how_far(
			order.is_delivered and (to_ship or billed), any(line.delivered > 0 for line in order.lines)
		),
		"invoiced": _how_far(billed, bool(invoices)),
		"paid": _how_far(billed and all(paid), any(paid)),
		"closed": _how_far(order.docstatus == 1 and order.status == "Closed", False),
	}


def _how_far(all_of_it: bool, some_of_it: bool) -> str:
	return DONE if all_of_it else PARTLY if some_of_it else OPEN
