"""What an order should say of itself after a history, told without the app: from the documents that were
made, as somebody would who keeps a ledger by hand. Nothing here imports the app.
"""

from dataclasses import dataclass, field

SMALL = 1e-6


@dataclass
class ModelLine:
	"""A line of the order.

	kind    "goods", "kit", "service" or "dropped"; of the first two something is brought to Final Pack
	factor  how many stock units one unit of the line is
	"""

	item_code: str
	qty: float
	rate: float
	kind: str = "goods"
	factor: float = 1

	@property
	def is_brought(self) -> bool:
		return self.kind in ("goods", "kit")


@dataclass
class Paper:
	"""A document of the history, with the quantity of each line of the order that is on it.

	kind     "transfer", "note", "return", "invoice", "credit", "authorization"
	state    of its workflow, for notes
	lines    number of the order's line -> quantity, also of what is taken back above zero; of a credit note
	         that lowers the price none
	amounts  the same -> amount, for what bills
	away     came back elsewhere than to Final Pack
	rma      the authorization it was made from
	"""

	kind: str
	lines: dict[int, float]
	docstatus: int = 1
	state: str = ""
	amounts: dict[int, float] = field(default_factory=dict)
	away: bool = False
	rma: str = ""
	disposition: str = ""
	judged: bool = False
	closed: bool = False
	moment: int = 0
	note: str = ""


@dataclass
class Model:
	"""An order with all that was done about it."""

	lines: list[ModelLine]
	smallest: float = 0.01
	papers: dict[str, Paper] = field(default_factory=dict)
	docstatus: int = 1
	under_review: bool = False
	on_hold: bool = False
	keep_open: bool = False
	closed_by: str = ""  # "the process", "a person", or nobody
	delivered_by_supplier: bool = False
	accepted: tuple | None = None
	unpaid: bool = False
	told: dict[int, float] | None = None
	notices: list[str] = field(default_factory=list)
	thanked: bool = False

	# Sums

	def sum(self, kind: str, line: int, **fields) -> float:
		"""Quantity of a line on the submitted papers of a kind."""
		return sum(
			paper.lines.get(line, 0)
			for paper in self.papers.values()
			if paper.kind == kind
			and paper.docstatus == 1
			and all(getattr(paper, name) == value for name, value in fields.items())
		)

	def held(self, line: int) -> float:
		"""What the customer has."""
		if self.lines[line].kind == "dropped":
			return self.lines[line].qty if self.delivered_by_supplier else 0
		return self.sum("note", line) - self.sum("return", line)

	def back(self, line: int, disposition: str = "") -> float:
		"""What came back by authorizations with a disposition; without one, by none."""
		return sum(
			paper.lines.get(line, 0)
			for paper in self.papers.values()
			if paper.kind == "return"
			and paper.docstatus == 1
			and (self.papers[paper.rma].disposition if paper.rma else "") == disposition
		)

	def owed(self, line: int) -> float:
		"""What is to be shipped again for what came back to be replaced."""
		qty = 0.0
		for paper in sorted(self.papers.values(), key=lambda paper: paper.moment):
			if paper.docstatus != 1:
				continue
			if paper.kind == "return" and paper.rma and self.papers[paper.rma].disposition == "Replace":
				qty += paper.lines.get(line, 0)
			elif paper.kind == "note":
				qty = max(0, qty - paper.lines.get(line, 0))
		return qty

	def billed(self, line: int) -> float:
		return self.sum("invoice", line) - self.sum("credit", line)

	def billed_amount(self, line: int) -> float:
		return sum(
			paper.amounts.get(line, 0)
			for paper in self.papers.values()
			if paper.kind in ("invoice", "credit") and paper.docstatus == 1
		)

	def bills(self, line: int) -> int:
		return sum(
			line in paper.amounts
			for paper in self.papers.values()
			if paper.kind in ("invoice", "credit") and paper.docstatus == 1
		)

	def credited_for_good(self, line: int) -> float:
		"""Pieces that came back without an authorization, and for which a credit note stands that nobody
		has billed again."""
		ordered, held, to_credit = self.lines[line].qty, self.held(line), self.back(line, "Credit")
		by_authorization = self.credited_by_authorization(line)
		plain = self.sum("credit", line, rma="")
		not_billed = max(ordered, held + to_credit + self.owed(line)) - self.billed(line)
		return max(
			0,
			min(
				self.back(line),
				plain,
				ordered - to_credit - held,
				not_billed - min(to_credit, by_authorization),
			),
		)

	def credited_by_authorization(self, line: int) -> float:
		return sum(
			paper.lines.get(line, 0)
			for paper in self.papers.values()
			if paper.kind == "credit" and paper.docstatus == 1 and paper.rma
		)

	def due(self, line: int) -> float:
		"""What the customer is to be billed for in the end, if what came back undecided goes out again."""
		kept = self.lines[line].qty - self.back(line, "Credit") - self.credited_for_good(line)
		return max(kept, self.held(line))

	def undelivered(self, line: int) -> float:
		given_up = self.back(line, "Credit") + self.credited_for_good(line)
		return max(0, self.lines[line].qty - given_up - self.held(line))

	def undecided(self, line: int) -> float:
		return min(self.undelivered(line), max(0, self.back(line) - self.credited_for_good(line)))

	# What it should say

	def is_delivered(self) -> bool:
		return all(self.undelivered(line) < 0.0005 for line in self.numbers())

	def numbers(self) -> range:
		return range(len(self.lines))

	def billing(self, line: int) -> str:
		"""Empty when a line is billed as it should be; "to bill" or "differs" else."""
		ordered = self.lines[line]
		if not ordered.rate:
			return ""
		due = self.due(line) - self.undecided(line)
		short = due * ordered.rate - self.billed_amount(line)
		rounding = self.smallest / 2 * (self.bills(line) + 1) + SMALL
		fuzzy = 0.0005 * (self.bills(line) + 1) + SMALL
		few = due - self.billed(line) > fuzzy
		many = self.billed(line) - self.due(line) - self.to_be_credited(line) > fuzzy
		if few and short > rounding:
			return "to bill"
		return "differs" if few or many or short > rounding else ""

	def to_be_credited(self, line: int) -> float:
		"""Pieces that came back to be credited and are billed all the same."""
		to_credit, held, owed = self.back(line, "Credit"), self.held(line), self.owed(line)
		not_billed = max(self.lines[line].qty, held + to_credit + owed) - self.billed(line)
		by_authorization = min(to_credit, self.credited_by_authorization(line), not_billed)
		from_notes = sum(
			(1 if paper.kind == "invoice" else -1) * paper.lines.get(line, 0)
			for paper in self.papers.values()
			if paper.kind in ("invoice", "credit") and paper.docstatus == 1 and paper.note
		)
		otherwise = min(not_billed - self.credited_for_good(line), held + to_credit + owed - from_notes)
		return to_credit - min(to_credit, max(0, by_authorization, otherwise))

	def figures(self) -> tuple:
		"""What somebody accepts who accepts a difference."""
		return tuple(
			(
				ordered.qty,
				ordered.rate,
				round(self.held(line), 6),
				round(sum(self.back(line, kind) for kind in ("", "Credit", "Replace")), 6),
				round(self.billed(line), 6),
				round(self.billed_amount(line), 6),
			)
			for line, ordered in enumerate(self.lines)
		)

	def open_points(self) -> set[str]:
		"""Why the order is not settled; drafts, holds and reviews apart."""
		found = set()
		if not self.is_delivered() or any(self.owed(line) > 0.0005 for line in self.numbers()):
			found.add("delivered")
		differs = {self.billing(line) for line in self.numbers()} - {""}
		if "to bill" in differs or (differs and self.accepted != self.figures()):
			found.add("billed")
		if self.unpaid:
			found.add("paid")
		if self.keep_open:
			found.add("keep_open")
		if any(self.waits(name) for name, paper in self.papers.items() if paper.kind == "authorization"):
			found.add("authorizations")
		if any(self.to_be_credited(line) > 0.0005 for line in self.numbers()):
			found.add("credit")
		if self.is_delivered() and not self.something_was_kept():
			found.add("kept")
		return found

	def something_was_kept(self) -> bool:
		if any(self.held(line) > 0.0005 for line in self.numbers()):
			return True
		return all(self.sum("return", line) > 0 and self.back(line) < 0.0005 for line in self.numbers())

	def received(self, name: str, line: int) -> float:
		return sum(
			paper.lines.get(line, 0)
			for paper in self.papers.values()
			if paper.kind == "return" and paper.docstatus == 1 and paper.rma == name
		)

	def waits(self, name: str) -> bool:
		"""Whether an authorization waits for goods, or for somebody to look at them."""
		paper = self.papers[name]
		if paper.docstatus != 1:
			return False
		for line, qty in paper.lines.items():
			received = self.received(name, line)
			if (not paper.closed and qty - received > 0.0005) or (received > 0.0005 and not paper.judged):
				return True
		return False

	def has_drafts(self) -> bool:
		return any(
			paper.docstatus == 0 and paper.kind in ("note", "return", "invoice", "credit")
			for paper in self.papers.values()
		)

	def settle(self) -> None:
		"""What follows by itself after each step."""
		if self.docstatus != 1 or self.closed_by == "a person":
			return
		settled = not self.open_points()
		if self.closed_by:
			if not settled:
				self.closed_by = ""
		elif settled and not (self.has_drafts() or self.on_hold or self.under_review):
			self.closed_by = "the process"
			self.thanked = True

	def stage(self) -> str:
		if self.docstatus == 2:
			return "Cancelled"
		if self.closed_by:
			return "Closed"
		if self.is_delivered():
			return "Shipped" if any(self.billing(line) for line in self.numbers()) else "Invoiced"
		if self.under_review:
			return "Pending Approval"
		states = ["Packing", "Awaiting Clearance", "Cleared"]
		under_way = {
			states.index(paper.state)
			for paper in self.papers.values()
			if paper.kind == "note" and paper.docstatus == 0
		}
		if under_way:
			return ("Final Pack", "Awaiting Clearance", "Ready to Ship")[max(under_way)]
		if any(self.held(line) > 0.0005 for line in self.numbers()):
			return "Partially Shipped"
		if any(self.at_final_pack(line) > 0.0005 for line in self.numbers()):
			return "Final Pack"
		return "In Production"

	def brought(self, line: int) -> float:
		return self.sum("transfer", line)

	def at_final_pack(self, line: int) -> float:
		"""What lies at Final Pack now."""
		shipped, back_here = self.sum("note", line), self.sum("return", line, away=False)
		return self.brought(line) - shipped + back_here if self.lines[line].is_brought else 0

	def to_bring(self, line: int) -> float:
		"""What has to be brought of a line: again what came back elsewhere, but to be credited."""
		away = sum(
			paper.lines.get(line, 0)
			for paper in self.papers.values()
			if paper.kind == "return"
			and paper.docstatus == 1
			and paper.away
			and not (paper.rma and self.papers[paper.rma].disposition == "Credit")
		)
		return self.lines[line].qty + away

	def per_final_pack(self) -> float:
		lines = [line for line in self.numbers() if self.lines[line].is_brought]
		ordered = sum(self.to_bring(line) for line in lines)
		came = sum(min(self.to_bring(line), max(0, self.brought(line))) for line in lines)
		return came / ordered * 100 if ordered else 0

	def per_delivered(self) -> float:
		ordered = sum(line.qty for line in self.lines)
		held = sum(min(abs(self.held(line)), self.lines[line].qty) for line in self.numbers())
		return held / ordered * 100 if ordered else 0

	# What was said

	def wanted(self) -> dict[int, float]:
		"""What the department has to make."""
		return {
			line: ordered.qty for line, ordered in enumerate(self.lines) if ordered.is_brought and ordered.qty
		}

	def tell_production(self) -> None:
		"""Production is told what is new for it, when the order is approved or cancelled."""
		wanted = self.wanted() if self.docstatus == 1 else {}
		if not wanted:
			kind = "Cancel" if self.told else ""
		elif not self.told:
			kind = "New"
		else:
			kind = "Change" if wanted != self.told else ""
		if kind:
			self.notices.append(kind)
			self.told = wanted
