"""Step 4: what the customer's purchase order must bring before an order can be approved."""

import datetime
from dataclasses import dataclass

from metalcraft_workflow.rules.requirement import Link, Requirement, _lt

# Letters that two stand for in lower case can make a number longer than the field that keeps it
LONGEST = 140


@dataclass(frozen=True)
class PurchaseOrder:
	"""The customer's purchase order as a Sales Order carries it.

	order           name of the Sales Order
	number, date    of the customer's purchase order
	today           the day on which this is asked, at the latest where the customer is
	file_url        what the order names as its file
	file_exists     whether that file is attached to the order and can be read
	other_orders    other orders of this customer with the same number
	reuse_confirmed whether somebody confirmed that the number covers several orders
	"""

	order: str
	number: str
	date: datetime.date | None
	today: datetime.date
	file_url: str = ""
	file_exists: bool = False
	other_orders: tuple[str, ...] = ()
	reuse_confirmed: bool = False


def comparable(number: str | None) -> str:
	"""A purchase order number without case and spaces: "po 12" and "PO12" are the same."""
	return "".join((number or "").split()).casefold()[:LONGEST]


def what_of_the_file(url: str) -> str:
	"""What is wanted where the order has no file that can be read: a template with {file}."""
	if not url:
		return _lt("Attach the customer's purchase order.")
	if url.startswith(("http://", "https://")):
		return _lt("{file} is a link. Download the customer's purchase order, and attach the file itself.")
	return _lt("The file {file} is not there any more. Attach the customer's purchase order again.")


def requirements(po: PurchaseOrder) -> list[Requirement]:
	"""What the gates `request_approval` and `approve` ask of the purchase order."""

	def link(fieldname: str) -> Link:
		return Link("Sales Order", po.order, fieldname)

	used_before = _lt(
		"Purchase order {number} is already on {orders}. If it covers several orders, tick"
		" “This Purchase Order Covers Several Orders”; if not, correct the number."
	)

	return [
		Requirement(
			code="po_number",
			label=_lt("Customer's purchase order number"),
			message=_lt("Enter the number of the customer's purchase order."),
			met=bool(comparable(po.number)),
			link=link("po_no"),
		),
		Requirement(
			code="po_date",
			label=_lt("Customer's purchase order date"),
			message=_lt("Enter the date of the customer's purchase order; it cannot lie in the future."),
			met=bool(po.date and po.date <= po.today),
			link=link("po_date"),
		),
		Requirement(
			code="po_file",
			label=_lt("Customer's purchase order file"),
			message=what_of_the_file(po.file_url),
			params={"file": po.file_url},
			met=bool(po.file_url and po.file_exists),
			link=link("customer_po_file"),
		),
		Requirement(
			code="po_reuse",
			label=_lt("Purchase order used once, or its reuse confirmed"),
			message=used_before,
			params={"number": po.number, "orders": ", ".join(po.other_orders)},
			met=not po.other_orders or po.reuse_confirmed,
			link=link("po_reuse_confirmed"),
		),
	]
