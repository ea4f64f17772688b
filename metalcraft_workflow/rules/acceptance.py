"""Step 4: which quotation a customer can accept in the portal, and with what purchase order."""

import math
import re
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta

from metalcraft_workflow.rules import files
from metalcraft_workflow.rules.purchase_order import comparable
from metalcraft_workflow.rules.quantity import Qty
from metalcraft_workflow.rules.requirement import Problem, _lt

# More than this is no purchase order, and too much for a mail
MAX_FILE_MB = 10
MAX_NUMBER = 140
# Later than this, a day is a slip of the finger
MAX_DAYS_AHEAD = 5 * 365
QTY_ROUNDING = 1e-6


@dataclass(frozen=True)
class OfferedLine:
	"""A line of a quotation.

	taken    on orders already, drafts included
	set_key  the line that this one is an alternative of; its own name when it is none
	whole    whether its unit comes in whole numbers only
	"""

	name: str
	idx: int
	item_code: str
	qty: float
	taken: float = 0
	set_key: str = ""
	whole: bool = False

	@property
	def left(self) -> float:
		"""What can still be ordered of this line."""
		return max(self.qty - self.taken, 0)


@dataclass(frozen=True)
class EarlierOrder:
	"""An order of the quotation that is not cancelled: its name, PO number, and whether it is a draft."""

	name: str
	po_no: str
	draft: bool


@dataclass(frozen=True)
class Offer:
	"""A submitted quotation of the customer, as it is on the day `today` of the site; where the customer is
	it may be `latest_today` already."""

	status: str
	valid_till: date | None
	today: date
	lines: tuple[OfferedLine, ...]
	orders: tuple[EarlierOrder, ...] = ()
	latest_today: date | None = None

	@property
	def in_review(self) -> EarlierOrder | None:
		"""The order that waits for its approval."""
		return next((order for order in self.orders if order.draft), None)

	@property
	def is_expired(self) -> bool:
		"""Whether it was valid only until a day that is over."""
		return self.status == "Expired" or bool(self.valid_till and self.valid_till < self.today)

	def order_with(self, po_no: str) -> EarlierOrder | None:
		"""The order that was made with this purchase order already."""
		number = comparable(po_no)
		return next((order for order in self.orders if number and comparable(order.po_no) == number), None)


@dataclass(frozen=True)
class Acceptance:
	"""What the customer sends: the purchase order, when the goods are wanted, and line -> quantity."""

	po_no: str
	po_date: date | None
	wanted_on: date | None
	quantities: Mapping[str, float] = field(default_factory=dict)
	filename: str = ""
	content: bytes = b""


def why_closed(offer: Offer) -> Problem | None:
	"""Why the quotation cannot be accepted, for whoever asks; None when it can."""
	if offer.in_review:
		return Problem(
			_lt("Your purchase order {po_no} for this quotation is under review: order {order}."),
			{"po_no": offer.in_review.po_no or "", "order": offer.in_review.name},
		)
	if offer.status in ("Ordered", "Lost", "Cancelled", "Draft"):
		return Problem(
			_lt("This quotation has been ordered already.")
			if offer.status == "Ordered"
			else _lt("This quotation is no longer open. Ask us for a new one.")
		)
	if not any(line.qty for line in offer.lines):
		return Problem(
			_lt("The quantities of this quotation are still open, so it cannot be ordered here. Write to us.")
		)
	if not any(line.left > QTY_ROUNDING for line in offer.lines):
		return Problem(_lt("This quotation has been ordered already."))
	if offer.is_expired:
		return Problem(
			_lt("This quotation was valid until {date}. Ask us for a new one."),
			{"date": offer.valid_till},
		)
	return None


def problems(offer: Offer, acceptance: Acceptance) -> list[Problem]:
	"""What keeps an open quotation from being accepted like this; nothing when all is well."""
	return [
		*_purchase_order(offer, acceptance),
		*_file(acceptance),
		*_quantities(offer, acceptance),
	]


def _purchase_order(offer: Offer, acceptance: Acceptance) -> list[Problem]:
	found = []
	if not comparable(acceptance.po_no):
		found.append(Problem(_lt("Enter the number of your purchase order.")))
	elif len(acceptance.po_no) > MAX_NUMBER:
		found.append(
			Problem(
				_lt("The number of your purchase order is too long: {most} characters at most."),
				{"most": MAX_NUMBER},
			)
		)
	if not acceptance.po_date or acceptance.po_date > (offer.latest_today or offer.today):
		found.append(Problem(_lt("Enter the date of your purchase order; it cannot lie in the future.")))
	if not acceptance.wanted_on or acceptance.wanted_on < offer.today:
		found.append(Problem(_lt("Enter the day on which you want the goods; it cannot lie in the past.")))
	elif acceptance.po_date and acceptance.wanted_on < acceptance.po_date:
		found.append(
			Problem(
				_lt(
					"Enter the day on which you want the goods; it cannot lie before the date of your purchase"
					" order."
				)
			)
		)
	elif acceptance.wanted_on > latest_day(offer.today):
		found.append(
			Problem(
				_lt("Enter the day on which you want the goods; {date} at the latest."),
				{"date": latest_day(offer.today)},
			)
		)
	return found


def latest_day(today: date) -> date:
	"""The last day for which goods can be ordered on the day `today`."""
	return today + timedelta(days=MAX_DAYS_AHEAD)


def _file(acceptance: Acceptance) -> list[Problem]:
	if not acceptance.content:
		return [Problem(_lt("Attach your purchase order as a file."))]
	if len(acceptance.content) > MAX_FILE_MB * 1024 * 1024:
		return [
			Problem(
				_lt("{file} is too large: {most} MB at most."),
				{"file": acceptance.filename, "most": MAX_FILE_MB},
			)
		]
	if files.kind(acceptance.content) == files.MACROS:
		return [
			Problem(_lt("{file} contains macros. Send it as a PDF instead."), {"file": acceptance.filename})
		]
	if not files.is_what_it_says(acceptance.filename, acceptance.content):
		return [
			Problem(
				_lt("{file} is no PDF, image, Word or Excel file. Send your purchase order as one of these."),
				{"file": acceptance.filename},
			)
		]
	return []


def file_name(name: str) -> str:
	"""What the file of a purchase order is called here: its name without signs that mean something in a
	page or a path, and not too long."""
	stem, _dot, extension = re.sub(r'[<>"\'&\\/%?#\x00-\x1f]', "_", name).rpartition(".")
	return f"{stem[-100:]}.{extension}"


def _quantities(offer: Offer, acceptance: Acceptance) -> list[Problem]:
	"""Kept or lowered, never raised; at least one line; one line of a set of alternatives."""
	by_name = {line.name: line for line in offer.lines}
	found, ordered = [], defaultdict(list)
	for name, qty in acceptance.quantities.items():
		line = by_name.get(name)
		if not line:
			found.append(
				Problem(_lt("The quotation has changed. Load the page again and check the quantities."))
			)
			continue
		where = {"row": line.idx, "item": line.item_code}
		if not math.isfinite(qty) or qty < 0:
			found.append(Problem(_lt("Row {row}, {item}: enter a quantity of zero or more."), where))
		elif qty > line.left + QTY_ROUNDING:
			found.append(
				Problem(
					_lt("Row {row}, {item}: {left} at most can be ordered of this quotation."),
					{**where, "left": Qty(line.left)},
				)
			)
		elif line.whole and abs(qty - round(qty)) > QTY_ROUNDING:
			found.append(Problem(_lt("Row {row}, {item}: enter a whole number."), where))
		elif qty > QTY_ROUNDING:
			ordered[line.set_key or line.name].append(line)
	for lines in ordered.values():
		if len(lines) > 1:
			found.append(
				Problem(
					_lt("Rows {rows} are alternatives: order one of them, and set the others to zero."),
					{"rows": ", ".join(str(line.idx) for line in lines)},
				)
			)
	if not found and not ordered:
		found.append(Problem(_lt("Order at least one line.")))
	return found
