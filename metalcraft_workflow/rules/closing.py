"""When an order is settled (steps 13-14), and what follows from it.

What counts as settled:

- Delivered means that the customer has it. What came back is to be delivered again, or to be
  credited. Nothing has to be delivered of a line that a maintenance order or "Skip Delivery Note"
  asks no delivery for; a drop shipment is delivered when its purchase order is.
- Billed means invoiced and not credited, line by line: the quantity and the amount. A credit note
  without a return leaves its line to be billed again: those goods are with the customer and nobody pays
  for them. One that only lowers the price credits no quantity. What was delivered beyond the order is to
  be billed too. A line without an amount needs no bill; one that takes something off, as for a trade-in,
  does. Another price than the order's is accepted by whom the settings name, on record.
- Paid means that no invoice has anything outstanding, whatever took it to nothing: payments, journal
  entries, write-offs. Nor has a credit note: until it is refunded or set off, money is owed.
- What comes back by a return authorization (RMA) has been decided on: to be credited, and then it is
  not delivered again; or to be replaced or reworked, and then it is, without another bill. The order
  waits for that until it is done.
- An order of which everything came back and was credited was never shipped and paid. It stays open
  until a person closes it, unless all of it came back by an authorization.
"""

from collections.abc import Container, Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from metalcraft_workflow.rules import returns
from metalcraft_workflow.rules.fingerprint import fingerprint
from metalcraft_workflow.rules.orders import OrderFacts, OrderLine
from metalcraft_workflow.rules.quantity import Money, Qty
from metalcraft_workflow.rules.requirement import Link, Listing, Phrase, Problem, Requirement, _lt, unmet

CLOSE, REOPEN = "close", "reopen"

# What makes a closed order an open one again. A draft, a hold or days of grace do not.
REOPENS = {
	"delivered",
	"returns",
	returns.EXPECTED,
	returns.JUDGED,
	returns.CREDITED,
	returns.REPLACED,
	"kept",
	"billed",
	"paid",
	"keep_open",
}


@dataclass(frozen=True)
class ClosingPolicy:
	"""What the settings say about closing."""

	automatic: bool = True
	days_of_grace: int = 0


def requirements(order: OrderFacts, policy: ClosingPolicy, today: date) -> list[Requirement]:
	"""Everything that closing asks of `order`, met or not.

	None of it can be waived but another price than was ordered: who wants the order closed all the same
	closes it by hand.
	"""
	return [
		_approved(order),
		_not_on_hold(order),
		_quantities_named(order),
		_delivered(order),
		_returns(order),
		*_authorized_returns(order),
		_kept(order),
		_no_draft_deliveries(order),
		_billed(order),
		_no_draft_invoices(order),
		_paid(order),
		_not_kept_open(order),
		_grace(order, policy, today),
		Requirement(
			code="automatic",
			label=_lt("Orders close by themselves"),
			message=_lt("The settings do not let orders close by themselves. Close this one by hand."),
			met=policy.automatic,
			waivable=False,
		),
	]


def decide(order: OrderFacts, found: list[Requirement], waived: Container[str] = ()) -> str:
	"""What is to be done with `order`: CLOSE, REOPEN or nothing (""). `waived` are codes of requirements.

	An order that a person closed stays closed.
	"""
	open_points = {
		requirement.code
		for requirement in unmet(found)
		if not (requirement.waivable and requirement.code in waived)
	}
	if order.docstatus != 1:
		return ""
	if order.status == "Closed":
		return REOPEN if order.closed_by_workflow and open_points & REOPENS else ""
	return "" if open_points else CLOSE


def figures(order: OrderFacts) -> str:
	"""Digest of what is ordered, delivered and billed: who accepts a difference accepts this one, and no
	other that comes after it."""
	rows = [
		{
			"line": line.name,
			"qty": line.qty,
			"amount": line.amount,
			"discount": line.discount,
			"delivered": line.delivered,
			"returned": line.returned,
			"billed": line.billed,
			"billed_discount": line.billed_discount,
			"billed_qty": line.billed_qty,
		}
		for line in order.lines
	]
	return fingerprint(rows, rows[0] if rows else ())


def _approved(order: OrderFacts) -> Requirement:
	return Requirement(
		code="approved",
		label=_lt("Approved"),
		message=_lt("Changes of this order wait for a review. Accept them, or undo them."),
		met=order.docstatus == 1 and order.gate not in ("change_review", "outside"),
		waivable=False,
	)


def _not_on_hold(order: OrderFacts) -> Requirement:
	return Requirement(
		code="not_on_hold",
		label=_lt("Not on hold"),
		message=_lt("The order is on hold. Resume it."),
		met=order.status != "On Hold",
		waivable=False,
	)


def _quantities_named(order: OrderFacts) -> Requirement:
	lines = order.without_qty
	return Requirement(
		code="quantities",
		label=_lt("Every line has a quantity"),
		message=_lt(
			"Nobody has said how much is ordered: {lines}. Enter it with Update Items, or close the order by hand."
		),
		met=not lines,
		params={"lines": _few([f"{line.idx}. {line.item_code}" for line in lines])},
		waivable=False,
	)


def _delivered(order: OrderFacts) -> Requirement:
	precision = order.precision
	missing = {
		line: line.missing(precision) - line.came_back(precision) - line.to_ship_again(precision)
		for line in order.lines
	}
	rows = _quantities(missing, precision.qty)
	return Requirement(
		code="delivered",
		label=_lt("Everything delivered"),
		message=_lt("Still to be delivered: {lines}."),
		met=not rows,
		params={"lines": _few(rows)},
		waivable=False,
	)


def _returns(order: OrderFacts) -> Requirement:
	precision = order.precision
	came_back = {line: line.came_back(precision) for line in order.lines}
	never_billed = {line: line.never_billed(precision) for line in order.lines}
	billed = {line: qty - never_billed[line] for line, qty in came_back.items()}
	return Requirement(
		code="returns",
		label=_lt("Nothing came back unanswered"),
		met=not any(came_back.values()),
		waivable=False,
		**_sentences(
			(
				_lt(
					"Came back: {lines}. Deliver it again, or issue a credit note for it, at the price it was"
					" invoiced for."
				),
				_quantities(billed, precision.qty),
			),
			(
				_lt(
					"Came back and was never billed: {lines}. Deliver it again, or lower the quantity of the"
					" order with Update Items, or close the order by hand."
				),
				_quantities(never_billed, precision.qty),
			),
		),
	)


def _sentences(*found: tuple[str, list[Phrase]]) -> dict[str, Any]:
	"""What a requirement says, a sentence for each kind of lines that were found."""
	said = [Problem(message, {"lines": _few(rows)}) for message, rows in found if rows]
	first = said[0] if said else Problem("")
	return {"message": first.message, "params": first.params, "also": tuple(said[1:])}


def _quantities(quantities: dict[OrderLine, float], least: float) -> list[Phrase]:
	return _of_lines((line, Qty(qty)) for line, qty in quantities.items() if qty > least)


def _authorized_returns(order: OrderFacts) -> list[Requirement]:
	"""What the order's return authorizations still wait for; nothing where there are none."""
	if not order.returns:
		return []
	waiting = returns.waiting(order)
	return [
		Requirement(
			code=code,
			label=label,
			message=message,
			met=not waiting[code],
			params={
				"rows": _few(
					[
						Phrase(
							_lt("{authorization}, {item}: {qty}"),
							{"authorization": row.authorization, "item": row.item_code, "qty": Qty(qty)},
						)
						for row, qty in waiting[code]
					]
				)
			},
			link=Link("Return Authorization", waiting[code][0][0].authorization) if waiting[code] else None,
			waivable=False,
		)
		for code, label, message in (
			(
				returns.EXPECTED,
				_lt("Every authorized return received"),
				_lt("Still to come back: {rows}. Receive it, or close the return authorization."),
			),
			(
				returns.JUDGED,
				_lt("Condition of returns judged"),
				_lt("Came back and not looked at: {rows}. Quality Assurance records its condition."),
			),
			(
				returns.CREDITED,
				_lt("Returns credited"),
				_lt("Came back to be credited: {rows}. Make the credit note from the return authorization."),
			),
			(
				returns.REPLACED,
				_lt("Returns replaced"),
				_lt("Came back to be shipped again: {rows}. Bring it to Final Pack, pack and ship it."),
			),
		)
	]


def _kept(order: OrderFacts) -> Requirement:
	lines = [line for line in order.lines if line.needs_delivery]
	return Requirement(
		code="kept",
		label=_lt("Something was delivered and kept"),
		message=_lt(
			"Everything came back and was credited. Close the order by hand if that is the end of it."
		),
		met=not order.is_delivered
		or not lines
		or any(line.delivered > order.precision.qty for line in lines)
		or all(line.to_credit + line.to_replace + order.precision.qty >= line.returned > 0 for line in lines),
		waivable=False,
	)


def _no_draft_deliveries(order: OrderFacts) -> Requirement:
	drafts = [delivery.name for delivery in order.deliveries if delivery.draft]
	return Requirement(
		code="no_draft_deliveries",
		label=_lt("No delivery note under way"),
		message=_lt("Not shipped yet: {names}. Ship or delete what is still a draft."),
		met=not drafts,
		params={"names": _few(drafts)},
		link=Link("Delivery Note", drafts[0]) if drafts else None,
		waivable=False,
	)


def _billed(order: OrderFacts) -> Requirement:
	billing = {line: line.billing(order.precision) for line in order.lines}
	to_bill = [
		(line, Money(found.to_bill, order.currency)) for line, found in billing.items() if found.to_bill
	]
	price = [(line, Money(found.price, order.currency)) for line, found in billing.items() if found.price]
	count = [
		(line, Phrase(_lt("{qty} / {due}"), {"qty": Qty(found.qty), "due": Qty(found.due_qty)}))
		for line, found in billing.items()
		if found.count
	]
	return Requirement(
		code="billed",
		label=_lt("Everything billed"),
		met=not (to_bill or price or count),
		# What nobody has billed is no difference that somebody could accept
		waivable=not to_bill,
		**_sentences(
			(
				_lt("Still to be billed: {lines}. Make the sales invoice from the delivery note."),
				_of_lines(to_bill),
			),
			(
				_lt(
					"Invoiced for another price than was ordered, which leaves: {lines}. Correct the invoices;"
					" or have the difference accepted, by waiving this with a reason."
				),
				_of_lines(price),
			),
			(
				_lt(
					"Invoiced in another quantity than is to be billed: {lines}. Correct the invoices; or have"
					" the difference accepted, by waiving this with a reason."
				),
				_of_lines(count),
			),
		),
	)


def _no_draft_invoices(order: OrderFacts) -> Requirement:
	drafts = [invoice.name for invoice in order.invoices if invoice.draft]
	return Requirement(
		code="no_draft_invoices",
		label=_lt("No draft invoice"),
		message=_lt("Still drafts: {names}. Submit or delete them."),
		met=not drafts,
		params={"names": _few(drafts)},
		link=Link("Sales Invoice", drafts[0]) if drafts else None,
		waivable=False,
	)


def _paid(order: OrderFacts) -> Requirement:
	unpaid = [invoice for invoice in order.invoices if not invoice.draft and not invoice.is_paid]
	rows = [_of_payment(invoice.name, Money(invoice.outstanding, invoice.currency)) for invoice in unpaid]
	# A credit note takes nothing off an advance
	advances = order.advances if any(invoice.outstanding > 0 for invoice in unpaid) else ()
	paid_before = [_of_payment(advance.name, Money(advance.amount, advance.currency)) for advance in advances]
	return Requirement(
		code="paid",
		label=_lt("Everything paid"),
		message=_lt("Outstanding: {invoices}. The order closes when that is paid, refunded or set off."),
		met=not rows,
		params={"invoices": _few(rows)},
		also=(
			Problem(
				_lt(
					"Paid in advance and not set off against an invoice: {payments}. Accounts does that with"
					" Payment Reconciliation."
				),
				{"payments": _few(paid_before)},
			),
		)
		if paid_before
		else (),
		link=Link("Sales Invoice", unpaid[0].name) if unpaid else None,
		waivable=False,
	)


def _not_kept_open(order: OrderFacts) -> Requirement:
	return Requirement(
		code="keep_open",
		label=_lt("Not kept open"),
		message=_lt("Somebody keeps this order open. Untick Keep Open to let it close."),
		met=not order.keep_open,
		link=Link("Sales Order", order.name, "keep_open"),
		waivable=False,
	)


def _grace(order: OrderFacts, policy: ClosingPolicy, today: date) -> Requirement:
	# They run from the last delivery, invoice or payment
	closes_on = (order.last_event or today) + timedelta(days=policy.days_of_grace)
	return Requirement(
		code="grace",
		label=_lt("Days of grace over"),
		message=_lt("The days of grace last until {date}."),
		met=not policy.days_of_grace or today >= closes_on,
		params={"date": closes_on},
		waivable=False,
	)


def _of_lines(found: Iterable[tuple[OrderLine, Qty | Money | Phrase]]) -> list[Phrase]:
	"""What there is of each line of the order."""
	return [
		Phrase(
			_lt("{row}. {item}: {what}"),
			{"row": line.idx, "item": line.item_code, "what": what},
			discreet=_lt("{row}. {item}") if isinstance(what, Money) else "",
		)
		for line, what in found
	]


def _of_payment(name: str, amount: Money) -> Phrase:
	"""An invoice or a payment, and its amount."""
	return Phrase(_lt("{name}: {amount}"), {"name": name, "amount": amount}, discreet=_lt("{name}"))


def _few(rows: list[Phrase] | list[str], most: int = 5) -> Phrase | Listing:
	"""The first rows in a line; the rest is only counted."""
	first, rest = Listing(tuple(rows[:most])), len(rows) - most
	return Phrase(_lt("{rows} (+{rest})"), {"rows": first, "rest": rest}) if rest > 0 else first
