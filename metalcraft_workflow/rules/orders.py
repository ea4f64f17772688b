"""An order as the rules see it: what was ordered, delivered, sent back, billed and paid.

Read from the database by `facts.orders`. Quantities and amounts are net: a return counts
against the delivery, a credit note against the invoice.
"""

from dataclasses import dataclass
from datetime import date


@dataclass(frozen=True)
class Precision:
	"""How small a difference is none: half of the last digit that is kept, of quantities and of amounts in
	the order's currency."""

	qty: float = 0.0005
	money: float = 0.005


@dataclass(frozen=True)
class OrderLine:
	"""One line of the order.

	discount       what the order takes off `amount` as a whole: its own discount, and taxes in the price
	delivered      left the house and was kept
	returned       came back, ever
	by_supplier    a drop shipment: its supplier delivers it to the customer
	away           that part of `returned` which came back elsewhere than to Final Pack
	billed         amount invoiced, less what was credited
	billed_discount
	               what the invoices take off `billed` as a whole
	invoice_lines  how many invoice lines bill it: each may be rounded
	billed_qty     quantity invoiced, less what was credited
	billed_by_delivery
	               that part of `billed_qty` which was invoiced from delivery notes
	credited_qty   quantity on credit notes, ever; what only lowers the price is none
	credited_by_authorization
	               that part of `credited_qty` which is for returns that were authorized
	to_credit      that part of `returned` which was authorized to be credited
	to_replace     that part of `returned` which was authorized to be replaced or reworked
	owed           that part of `to_replace` which has not been shipped again
	at_final_pack  brought to Final Pack, ever
	recorded_delivered, recorded_billed
	               what ERPNext keeps on the order's line itself
	"""

	idx: int
	item_code: str
	qty: float
	amount: float
	name: str = ""
	discount: float = 0
	delivered: float = 0
	by_supplier: bool = False
	returned: float = 0
	away: float = 0
	billed: float = 0
	billed_discount: float = 0
	invoice_lines: int = 0
	billed_qty: float = 0
	billed_by_delivery: float = 0
	credited_qty: float = 0
	credited_by_authorization: float = 0
	to_credit: float = 0
	to_replace: float = 0
	owed: float = 0
	at_final_pack: float = 0
	needs_delivery: bool = True
	recorded_delivered: float = 0
	recorded_billed: float = 0

	# What came back

	@property
	def unbilled_qty(self) -> float:
		"""Quantity of what was ordered, or left the house beyond that, which nobody is billed for now: never
		billed, or credited."""
		return max(self.qty, self.delivered + self.to_credit + self.owed) - self.billed_qty

	@property
	def credited(self) -> float:
		"""That part of `to_credit` which nobody is billed for: its credit note is there, or it was never
		billed. What was credited once and billed again counts as billed."""
		by_authorization = min(self.to_credit, self.credited_by_authorization, self.unbilled_qty)
		# What is billed by delivery follows what was shipped, and not what is still to come
		of_shipped = self.delivered + self.to_credit + self.owed - self.billed_by_delivery
		otherwise = min(self.unbilled_qty - self.taken_back, of_shipped)
		return min(self.to_credit, max(0, by_authorization, otherwise))

	@property
	def taken_back(self) -> float:
		"""Quantity that came back without an authorization and is credited: the customer neither gets it
		nor pays for it."""
		by_authorization = min(self.to_credit, self.credited_by_authorization)
		return max(
			0,
			min(
				self.returned - self.to_credit - self.to_replace,
				self.qty - self.to_credit - self.delivered,  # what went out again is not credited
				self.credited_qty - self.credited_by_authorization,
				self.unbilled_qty - by_authorization,
			),
		)

	@property
	def given_up(self) -> float:
		"""Quantity that came back and is not to be delivered again: credited, or authorized to be."""
		return self.taken_back + self.to_credit

	def came_back(self, precision: Precision) -> float:
		"""That part of what is missing which had been delivered, and of which nobody has said what becomes
		of it: no authorization does, and it is not credited."""
		undecided = self.returned - self.to_replace - self.given_up
		return min(self.missing(precision), undecided) if undecided > precision.qty else 0

	def never_billed(self, precision: Precision) -> float:
		"""That part of what came back, and of which nobody has said what becomes of it, which no credit note
		can be for: it is not billed."""
		unbilled = self.qty - self.given_up - self.billed_qty
		return min(self.came_back(precision), unbilled) if unbilled > precision.qty else 0

	def uncredited(self, precision: Precision) -> float:
		"""Quantity that came back to be credited and is billed all the same."""
		open_qty = self.to_credit - self.credited
		return open_qty if open_qty > precision.qty else 0

	# What is to be delivered

	def missing(self, precision: Precision) -> float:
		"""Quantity that still has to be delivered."""
		if not self.needs_delivery:
			return 0
		open_qty = self.qty - self.given_up - self.delivered
		return open_qty if open_qty > precision.qty else 0

	def to_ship_again(self, precision: Precision) -> float:
		"""That part of what is missing which is owed for something that came back."""
		return min(self.missing(precision), self.owed)

	def is_at_final_pack(self, precision: Precision) -> bool:
		"""Whether something of it is at Final Pack now."""
		return self.at_final_pack - self.delivered - self.away > precision.qty

	# What is to be billed

	def billing(self, precision: Precision) -> "Billing":
		"""How the invoices differ from what is to be billed."""
		if not self.qty or not self.amount:
			return Billing()
		most = self.qty - self.given_up
		if self.needs_delivery and self.qty > 0:
			most = max(most, self.delivered)
		# What came back and is not decided on may be billed or not
		due = most - self.came_back(precision)
		sign = 1 if self.qty > 0 else -1
		missing = sign * (due - self.billed_qty)
		beyond = sign * (self.billed_qty - most) - self.uncredited(precision)
		# A third of a piece, billed three times
		rounding = precision.qty * (self.invoice_lines + 1) + 1e-9
		count = missing if missing > rounding else -beyond if beyond > rounding else 0
		amount = self._amount_open(due, precision)
		to_bill = count > 0 and amount * self.amount > 0
		return Billing(
			due_qty=due,
			qty=self.billed_qty,
			to_bill=amount if to_bill else 0,
			price=0 if to_bill else amount,
			count=0 if to_bill else count,
		)

	def _amount_open(self, due: float, precision: Precision) -> float:
		"""Amount that is to be billed for the quantity `due` beyond what is billed; 0 for a difference that
		comes from rounding, and for more than was asked for: ERPNext lets no more pass than the site
		allows. Of a line that takes something off, as for a trade-in, less is as wrong as more."""
		share = due / self.qty
		open_amount = self.amount * share - self.billed
		after_discount = open_amount - (self.discount * share - self.billed_discount)
		# The order's line and every invoice line are each rounded by themselves, a discount once more
		rounding = precision.money * (self.invoice_lines + 1) + 1e-9
		if self.discount or self.billed_discount:
			open_amount = after_discount if after_discount > 2 * rounding else open_amount
		if self.amount > 0:
			return open_amount if open_amount > rounding else 0
		return open_amount if abs(open_amount) > rounding else 0


@dataclass(frozen=True)
class Billing:
	"""How the invoices of a line differ from what is to be billed.

	due_qty   quantity that is to be billed
	qty       quantity that is billed, less what was credited
	to_bill   amount of the quantity that is not billed
	price     amount by which the price differs; below zero when less was taken off than was ordered
	count     quantity that is too few on the invoices, though the amount is right; below zero for too many
	"""

	due_qty: float = 0
	qty: float = 0
	to_bill: float = 0
	price: float = 0
	count: float = 0

	@property
	def is_done(self) -> bool:
		"""Whether nothing differs."""
		return not (self.to_bill or self.price or self.count)


@dataclass(frozen=True)
class Delivery:
	"""A delivery note of the order; `gate` is that of the workflow state it stands in."""

	name: str
	draft: bool
	gate: str = ""
	is_return: bool = False


@dataclass(frozen=True)
class Invoice:
	"""A sales invoice of the order, credit notes included.

	currency   of what is outstanding: that of the customer's account
	rounding   half of the smallest amount in that currency
	"""

	name: str
	draft: bool
	outstanding: float = 0
	currency: str = ""
	is_return: bool = False
	rounding: float = 0.005

	@property
	def is_paid(self) -> bool:
		"""Whether nothing is outstanding that anybody could pay or be paid. A credit note that waits for its
		refund has less than nothing outstanding."""
		return abs(self.outstanding) <= self.rounding + 1e-9


@dataclass(frozen=True)
class Advance:
	"""A payment that no invoice has taken over: for this order or, when `on_account`, for none in
	particular. `currency` is that of the customer's account."""

	name: str
	amount: float
	currency: str = ""
	on_account: bool = False


@dataclass(frozen=True)
class ReturnRow:
	"""A row of a submitted return authorization, with what came back by it.

	qty     authorized; only what was received, once nothing more is expected
	line    the order's line, by its name
	credit  to be credited; else it is replaced or reworked, and shipped again
	judged  whether Quality Assurance has said in what condition it came back
	recorded  what is stored as received, and as credited or shipped again
	"""

	name: str
	authorization: str
	idx: int
	line: str
	item_code: str
	qty: float
	received: float = 0
	credit: bool = False
	judged: bool = False
	recorded: tuple[float, float] = (0, 0)


@dataclass(frozen=True)
class OrderFacts:
	"""Everything that decides an order's stage and whether it is settled.

	gate         of the workflow state that the order stands in
	currency     of the amounts of the lines
	returns      in the order in which they were authorized
	status       ERPNext's own: only Closed and On Hold matter, people set those
	advances     payments that may be set off; read only where something is outstanding
	last_event   date of the last delivery, invoice or payment
	per_delivered  what ERPNext keeps on the order
	recorded_stage  the stage that is stored
	"""

	name: str
	docstatus: int
	gate: str = ""
	status: str = ""
	keep_open: bool = False
	closed_by_workflow: bool = False
	currency: str = ""
	lines: tuple[OrderLine, ...] = ()
	deliveries: tuple[Delivery, ...] = ()
	invoices: tuple[Invoice, ...] = ()
	returns: tuple[ReturnRow, ...] = ()
	advances: tuple[Advance, ...] = ()
	last_event: date | None = None
	per_delivered: float = 0
	recorded_stage: str = ""
	precision: Precision = Precision()

	@property
	def without_qty(self) -> tuple[OrderLine, ...]:
		"""Lines that do not say how much is ordered: of those nothing is ever done."""
		return tuple(line for line in self.lines if not line.qty)

	@property
	def is_delivered(self) -> bool:
		"""Whether nothing is left to deliver."""
		return not (self.without_qty or any(line.missing(self.precision) for line in self.lines))

	@property
	def is_billed(self) -> bool:
		"""Whether nothing is left to bill."""
		return not self.without_qty and all(line.billing(self.precision).is_done for line in self.lines)

	@property
	def is_delivery_behind(self) -> bool:
		"""Whether ERPNext's sums of what was delivered lag behind the delivery notes.

		Two notes of one line, submitted side by side, each count without the other; and a drop shipment
		counts in the unit of its purchase order.
		"""
		lines_differ = any(
			abs(line.recorded_delivered - line.delivered) > self.precision.qty for line in self.lines
		)
		return lines_differ or abs(self.delivered_percent - self.per_delivered) > 0.001

	@property
	def delivered_percent(self) -> float:
		"""How much of the order is delivered, as ERPNext reckons it."""
		ordered = sum(abs(line.qty) for line in self.lines)
		counted = sum(min(abs(line.delivered), abs(line.qty)) for line in self.lines)
		return counted / ordered * 100 if ordered else 0

	@property
	def is_billing_behind(self) -> bool:
		"""Whether ERPNext's sums of what was billed lag behind the invoices, for the same reason.

		More than the invoices is no lag: a credit note may leave the order's sums alone on purpose.
		"""
		return any(
			line.billed - line.recorded_billed > self.precision.money * (line.invoice_lines + 1)
			for line in self.lines
		)
