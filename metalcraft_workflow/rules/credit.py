"""Step 5: whether a customer's credit is good for a document, and what to do when it is not."""

from dataclasses import dataclass

from metalcraft_workflow.rules.quantity import Money
from metalcraft_workflow.rules.requirement import Link, Requirement, _lt


@dataclass(frozen=True)
class Credit:
	"""What is known about a customer's credit, the document in question included.

	customer              the Customer
	title                 what people call them; else as the Customer is named
	on_hold, hold_reason  what the Customer says
	limit                 0 when there is none, or when it is not checked for this kind of document
	exposure              what the customer owes and has on order, with this document
	released              whether credit was released on record for this document as it is
	currency              of the amounts: that of the company
	"""

	customer: str
	on_hold: bool = False
	hold_reason: str = ""
	limit: float = 0
	exposure: float = 0
	released: bool = False
	currency: str = ""
	title: str = ""


def over_limit(credit: Credit) -> bool:
	"""Whether the exposure is over the limit, as ERPNext counts it: at the limit is still good."""
	return credit.limit > 0 and round(credit.exposure, 6) > round(credit.limit, 6)


def is_good(credit: Credit) -> bool:
	"""Whether the document may go on as far as credit is concerned."""
	return credit.released or not (credit.on_hold or over_limit(credit))


def requirement(credit: Credit) -> Requirement:
	"""The requirement `credit` of a gate. Its sentence also is what an order in credit hold says."""
	if credit.on_hold and credit.hold_reason:
		message = _lt("{customer} is on credit hold ({reason}). Accounts has to release this.")
	elif credit.on_hold:
		message = _lt("{customer} is on credit hold. Accounts has to release this.")
	else:
		message = _lt(
			"With this, {customer} stands at {exposure}, over the credit limit of {limit}. Accounts has to"
			" release this."
		)
	return Requirement(
		code="credit",
		label=_lt("Customer's credit is good"),
		message=message,
		params={
			"customer": credit.title or credit.customer,
			"reason": credit.hold_reason.rstrip(". "),
			"exposure": Money(credit.exposure, credit.currency),
			"limit": Money(credit.limit, credit.currency),
		},
		met=is_good(credit),
		discreet=_lt("Accounts has to release the credit of {customer}."),
		link=Link(
			"Customer",
			credit.customer,
			"credit_hold" if credit.on_hold else "credit_limits",
		),
	)
