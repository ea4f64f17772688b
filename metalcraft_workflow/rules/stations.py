"""The line of stations of an order or a delivery, as the house sees it: where it has been, where it is, what
waits there and who has it. What customers see of it is `rules.progress`, in their words."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime

from metalcraft_workflow.rules.orders import OrderFacts
from metalcraft_workflow.rules.path import has_passed
from metalcraft_workflow.rules.progress import CURRENT, DONE, OPEN, PARTLY
from metalcraft_workflow.rules.requirement import _lt

# Something holds it there until somebody decides
BLOCKED = "blocked"

# Key -> what it is called; in the order of the process
LABELS: dict[str, str] = {
	"received": _lt("Received"),
	"credit_hold": _lt("Credit Hold"),
	"approved": _lt("Approval"),
	"change_review": _lt("Change Review"),
	"production": _lt("Production"),
	"final_pack": _lt("Final Pack"),
	"quality": _lt("Quality"),
	"hold": _lt("On Hold"),
	"clearance": _lt("Clearance"),
	"shipped": _lt("Shipping"),
	"invoiced": _lt("Invoice"),
	"paid": _lt("Payment"),
	"closed": _lt("Closed"),
}

# Stations that goods pass by a gate of their delivery note
GATES = {
	"final_pack": "complete_packing",
	"quality": "release_documents",
	"clearance": "clear",
	"shipped": "ship",
}

# What happens next where the work is. {done} of {total} have passed the station; {ready} wait at it.
NEXT: dict[str, str] = {
	"production": _lt("Production brings the goods to Final Pack: {done} of {total} are there."),
	"final_pack": _lt("Final Pack packs what is there: {ready} to pack."),
	"quality": _lt("Quality Assurance releases the documents of what is packed."),
	"clearance": _lt("Customer Support clears what is released for shipment."),
	"shipped": _lt("Shipping ships what is cleared: {ready} to ship."),
	"invoiced": _lt("Customer Support invoices what is shipped."),
	"paid": _lt("The customer pays: {done} of {total} invoices are paid."),
	"closed": _lt("Shipped, invoiced and paid: the order closes by itself."),
}


@dataclass(frozen=True)
class Mark:
	"""Who was at a station, and when."""

	on: datetime | date | None = None
	by: str = ""


@dataclass(frozen=True)
class Station:
	"""One station: `state` is DONE, CURRENT, PARTLY, OPEN or BLOCKED; `done` of `total` have passed it, where
	that is counted, and `ready` wait at it; `reason` is why it is blocked."""

	key: str
	state: str
	mark: Mark = field(default_factory=Mark)
	done: float = 0
	total: float = 0
	ready: float = 0
	reason: str = ""

	@property
	def label(self) -> str:
		return LABELS[self.key]

	@property
	def is_in_parts(self) -> bool:
		"""Whether some of it has passed, and not all."""
		return 0 < self.done < self.total


def of_order(
	order: OrderFacts,
	gate: str,
	passed: Mapping[str, float],
	marks: Mapping[str, Mark],
	not_brought: Collection[str] = (),
	hold_reason: str = "",
	review_reason: str = "",
) -> tuple[Station, ...]:
	"""The line of `order`, whose state carries `gate`.

	passed       station -> quantity that has passed its gate
	marks        station -> who was there last; a Mark for `credit_hold` says that it was released
	not_brought  lines, by their names, of which nothing is brought to Final Pack: services, drop shipments
	"""
	approved = order.docstatus == 1
	line = [Station("received", DONE)]
	if gate == "credit_hold":
		line.append(Station("credit_hold", BLOCKED, reason=hold_reason))
	elif "credit_hold" in marks:
		line.append(Station("credit_hold", DONE))
	waits = order.docstatus == 0 and gate != "credit_hold"
	line.append(Station("approved", DONE if approved else CURRENT if waits else OPEN))
	if approved and gate == "change_review":
		line.append(Station("change_review", BLOCKED, reason=review_reason))
	line += (
		_counted(order, passed, not_brought)
		if approved
		else [Station(key, OPEN) for key in _after_approval()]
	)
	if order.docstatus == 2 or order.status == "Closed":
		line = [_at_rest(station) for station in line]
	return _marked(line, marks)


def of_delivery(
	docstatus: int,
	gate: str,
	billed: float,
	invoices: tuple[bool, ...],
	marks: Mapping[str, Mark],
	reason: str = "",
) -> tuple[Station, ...]:
	"""The line of a delivery note, whose state carries `gate`.

	billed    how much of it is invoiced, of 1
	invoices  of each of its invoices, whether it is paid
	"""
	line, before = [], True
	for key, name in GATES.items():
		if key == "clearance" and gate == "hold":
			line.append(Station("hold", BLOCKED, reason=reason))
			before = False
		done = docstatus == 1 or has_passed(gate, name)
		line.append(Station(key, DONE if done else CURRENT if before else OPEN))
		before = done
	line.append(_part("invoiced", billed, 1, ready=docstatus == 1))
	line.append(_paid(billed >= 1, invoices))
	if docstatus == 2:
		line = [_at_rest(station) for station in line]
	return _marked(line, marks)


def current(line: tuple[Station, ...]) -> tuple[Station, ...]:
	"""Where the work is."""
	return tuple(station for station in line if station.state == CURRENT)


def _after_approval() -> tuple[str, ...]:
	return tuple(
		key
		for key in list(LABELS)[list(LABELS).index("approved") + 1 :]
		if key not in ("change_review", "hold")
	)


def _counted(order: OrderFacts, passed: Mapping[str, float], not_brought: Collection[str]) -> list[Station]:
	lines = [line for line in order.lines if line.needs_delivery]
	total = sum(line.qty - min(line.given_up, line.qty) for line in lines)
	shipped = min(total, sum(line.delivered for line in lines))
	brought = sum(
		# what came back elsewhere is to be brought again
		line.qty if line.name in not_brought else min(line.at_final_pack - line.away, line.qty)
		for line in lines
	)
	amounts = {
		"production": max(brought, shipped),
		**{key: max(passed.get(key, 0), shipped) for key in GATES},
		"shipped": shipped,
	}
	line, before = [], total
	for key, amount in amounts.items():
		done = min(amount, total)
		line.append(_part(key, done, total, before - done))
		before = done
	to_bill = sum(row.qty for row in order.lines)
	billed = to_bill if order.is_billed and order.invoices else sum(row.billed_qty for row in order.lines)
	line.append(_part("invoiced", min(billed, to_bill), to_bill, (shipped if lines else to_bill) - billed))
	issued = [invoice for invoice in order.invoices if not invoice.draft]
	paid = tuple(invoice.is_paid for invoice in issued)
	line.append(_paid(line[-1].state == DONE, paid))
	is_closed = order.status == "Closed"
	settled = all(station.state == DONE for station in line)
	line.append(Station("closed", DONE if is_closed else CURRENT if settled else OPEN))
	return line


def _part(key: str, done: float, total: float, ready: float) -> Station:
	state = DONE if done >= total else CURRENT if ready > 0 else PARTLY if done > 0 else OPEN
	return Station(key, state, done=done, total=total, ready=max(ready, 0))


def _paid(all_billed: bool, invoices: tuple[bool, ...]) -> Station:
	done, total = sum(invoices), len(invoices)
	state = DONE if all_billed and done == total else CURRENT if done < total else PARTLY if total else OPEN
	return Station("paid", state, done=done, total=total, ready=total - done)


def _at_rest(station: Station) -> Station:
	"""Nothing is under way any more."""
	if station.state not in (CURRENT, BLOCKED):
		return station
	return replace(station, state=PARTLY if station.done else OPEN, ready=0, reason="")


def _marked(line: list[Station], marks: Mapping[str, Mark]) -> tuple[Station, ...]:
	return tuple(
		replace(station, mark=marks[station.key])
		if station.key in marks and (station.state in (DONE, PARTLY) or station.done)
		else station
		for station in line
	)
