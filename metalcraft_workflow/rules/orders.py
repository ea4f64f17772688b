"""An order as the rules see it: what was ordered, delivered, sent back, billed and paid.

Read from the database by `facts.orders`. Quantities and amounts are net: a return counts
against the delivery, a credit note against the invoice.
"""

from dataclasses import dataclass
from datetime import date


@dataclass(frozen=True)
class Precision:
	"""How small a difference is none: half of the last digit that the site keeps."""

	qty: float = 0.0005
	money: float = 0.005


@dataclass(frozen=True)
class OrderLine:
	"""One line of the order.

	delivered      left the house and was kept
	returned       came back, ever
	billed         amount invoiced, less what was credited
	credited_qty   quantity on credit notes
	invoice_lines  how many invoice lines bill it: each may be rounded
	billed_qty     quantity invoiced, less what was credited
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
	delivered: float = 0
	returned: float = 0
	billed: float = 0
	credited_qty: float = 0
	invoice_lines: int = 0
	billed_qty: float = 0
	to_credit: float = 0
	to_replace: float = 0
	owed: float = 0
	at_final_pack: float = 0
	needs_delivery: bool = True
	recorded_delivered: float = 0
	recorded_billed: float = 0

	@property
	def taken_back(self) -> float:
		"""Quantity that came back and was credited: the customer neither gets it nor pays for it."""
		return min(self.returned - self.to_replace, self.credited_qty)

	@property
	def given_up(self) -> float:
		"""Quantity that came back and is not to be delivered again: credited, or authorized to be."""
		return max(self.taken_back, self.to_credit)

	def missing(self, precision: Precision) -> float:
		"""Quantity that still has to be delivered."""
		if not self.needs_delivery:
			return 0
		open_qty = self.qty - self.given_up - self.delivered
		return open_qty if open_qty > precision.qty else 0

	def came_back(self, precision: Precision) -> float:
		"""That part of what is missing which had been delivered, and of which nobody has said what becomes
		of it: no authorization does, and it is not credited."""
		return min(self.missing(precision), max(0, self.returned - self.to_replace - self.given_up))

	def to_ship_again(self, precision: Precision) -> float:
		"""That part of what is missing which is owed for something that came back."""
		return min(self.missing(precision), self.owed)

	def uncredited(self, precision: Precision) -> float:
		"""Quantity that came back to be credited and is billed all the same."""
		kept = max(self.qty - self.to_credit, self.delivered)
		open_qty = min(self.to_credit, self.billed_qty - kept)
		return open_qty if open_qty > precision.qty else 0

	def unbilled(self, precision: Precision) -> float:
		"""Amount that still has to be billed: for what was ordered or, where that is more, delivered."""
		if not self.qty or not self.amount:
			return 0
		due_qty = max(self.qty - self.given_up, self.delivered if self.needs_delivery else 0)
		open_amount = self.amount / self.qty * due_qty - self.billed
		# the order's line and every invoice line are each rounded by themselves
		rounding = precision.money * (self.invoice_lines + 1)
		return open_amount if open_amount > rounding + 1e-9 else 0


@dataclass(frozen=True)
class Delivery:
	"""A delivery note of the order; `gate` is that of the workflow state it stands in."""

	name: str
	draft: bool
	gate: str = ""
	is_return: bool = False


@dataclass(frozen=True)
class Invoice:
	"""A sales invoice of the order, credit notes included; `currency` is that of what is outstanding."""

	name: str
	draft: bool
	outstanding: float = 0
	currency: str = ""
	is_return: bool = False


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
	last_event: date | None = None
	per_delivered: float = 0
	recorded_stage: str = ""
	precision: Precision = Precision()

	@property
	def is_delivered(self) -> bool:
		"""Whether nothing is left to deliver."""
		return not any(line.missing(self.precision) for line in self.lines)

	@property
	def is_billed(self) -> bool:
		"""Whether nothing is left to bill."""
		return not any(line.unbilled(self.precision) for line in self.lines)

	@property
	def is_delivery_behind(self) -> bool:
		"""Whether ERPNext's sums of what was delivered lag behind the delivery notes.

		Two notes of one line, submitted side by side, each count without the other.
		"""
		lines_differ = any(
			abs(line.recorded_delivered - line.delivered) > self.precision.qty for line in self.lines
		)
		ordered = sum(abs(line.qty) for line in self.lines)
		counted = sum(min(abs(line.delivered), abs(line.qty)) for line in self.lines)
		percent = counted / ordered * 100 if ordered else 0
		return lines_differ or abs(percent - self.per_delivered) > 0.001

	@property
	def is_billing_behind(self) -> bool:
		"""Whether ERPNext's sums of what was billed lag behind the invoices, for the same reason.

		More than the invoices is no lag: a credit note may leave the order's sums alone on purpose.
		"""
		return any(
			line.billed - line.recorded_billed > self.precision.money * (line.invoice_lines + 1)
			for line in self.lines
		)
