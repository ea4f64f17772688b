"""Reviewing an order: which orders come to the review desk, and what is marked in their lines."""

from collections.abc import Iterable
from typing import Any

from metalcraft_workflow.rules.changes import ADDED, REMOVED, Change
from metalcraft_workflow.rules.path import gates_between, stands_at
from metalcraft_workflow.rules.quotation import Difference
from metalcraft_workflow.rules.vouched import ORDER_LINE

# What is shown of a line, and the whole of it; what else differs of a line is marked at what is sold
CELLS = ("qty", "rate", "amount", "delivery_date")
ITEM, WHOLE = "item_code", "line"

# Kind of a difference from the quotation -> where it is marked
OF_KIND = {
	"price": "rate",
	"currency": "rate",
	"discount": "amount",
	"delivery": "delivery_date",
	"quantity": "qty",
	"added": WHOLE,
}

# Name of a row -> cell -> what stood there before; None where it cannot be said in the cell
Marks = dict[str, dict[str, Any]]


def is_reviewed(gate: str, next_gate: str) -> bool:
	"""Whether a move between states with these gates or marks is a decision on an order: it approves it, or
	ends what it was set aside for."""
	return "approve" in gates_between(gate, next_gate) or gate != stands_at(gate)


def from_quotation(differences: Iterable[Difference]) -> Marks:
	"""Where the lines of an order differ from what was quoted."""
	marks: Marks = {}
	for found in differences:
		cell = OF_KIND.get(found.kind)
		# A quoted line may be on several rows, and a discount is in no price
		old = found.params.get("quoted") if len(found.rows) == 1 and found.kind != "discount" else None
		if cell:
			for row in found.rows:
				marks.setdefault(row, {})[cell] = old
	return marks


def from_approval(changes: Iterable[Change]) -> Marks:
	"""Where the lines of an order differ from what was approved."""
	marks: Marks = {}
	for change in changes:
		if change.table != ORDER_LINE or change.field == REMOVED:
			continue
		if change.field == ADDED:
			marks[change.name] = {WHOLE: None}
		elif change.field in CELLS:
			marks.setdefault(change.name, {})[change.field] = change.old
		else:
			marks.setdefault(change.name, {})[ITEM] = None
	return marks
