"""The path of a document through its gates: the one table of them.

Everything else is derived from it: which gates a move passes, who may not have taken the step before, the
stage of an order, what a gate is called. A new gate is a row here, a state in the workflow, a function in
the hook `metalcraft_gates` and a patch; see "A new gate" in docs/developers.md.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from metalcraft_workflow.rules.requirement import _lt

# Nobody ever passes this gate after passing the one before it; elsewhere a setting says whether they may
ALWAYS = "always"


@dataclass(frozen=True)
class Gate:
	"""One gate of a path.

	key       what the field `gate` of a workflow state says, and the hooks
	step      number of the step in the process
	passed    what is said of a document that has passed it
	stage     of an order that has such a document under way; empty where other facts tell
	separate  ALWAYS, or the setting that demands it, when whoever passed the gate before may not pass this one
	"""

	key: str
	step: int
	passed: str
	stage: str = ""
	separate: str = ""


@dataclass(frozen=True)
class Mark:
	"""What a workflow state can carry in place of a gate: it asks for nothing more than the gate `stands_at`."""

	key: str
	stands_at: str
	stage: str


# The gates of each path, in the order in which a document passes them. A transition that jumps over a gate
# passes it too, so that no workflow an administrator draws can leave one out.
PATHS: tuple[tuple[Gate, ...], ...] = (
	(
		Gate("request_approval", 5, _lt("Approval requested"), "Pending Approval"),
		Gate("approve", 5, _lt("Approved"), separate=ALWAYS),
	),
	(
		Gate("complete_packing", 8, _lt("Packing completed"), "QA"),
		Gate(
			"release_documents",
			9,
			_lt("Documents released"),
			"Awaiting Clearance",
			separate="separate_packing_and_quality",
		),
		Gate(
			"clear",
			10,
			_lt("Cleared for shipment"),
			"Ready to Ship",
			separate="separate_quality_and_clearance",
		),
		Gate("ship", 11, _lt("Shipment released"), separate="separate_clearance_and_shipping"),
	),
	(Gate("receive_return", 11, _lt("Return received")),),
)

# The gate at which a document is released for good: a workflow without it is none of the process
RELEASED_AT = {"Sales Order": "approve", "Delivery Note": "ship"}

# Where orders wait for credit, where changed orders wait for a review, where a delivery is held
MARKS: tuple[Mark, ...] = (
	Mark("credit_hold", "request_approval", "Credit Hold"),
	Mark("change_review", "request_approval", "Pending Approval"),
	Mark("hold", "release_documents", "Awaiting Clearance"),
)

# What an approved order meets at its end. It is on no path: the order closes by itself, without a transition.
CLOSE = "close"

# States of documents from before this app was installed. They keep their course.
OUTSIDE = "outside"


def keys() -> tuple[str, ...]:
	"""What the field `gate` on Workflow Document State can say."""
	return (*(gate.key for gate in gates()), *(mark.key for mark in MARKS), OUTSIDE)


def gates() -> Iterator[Gate]:
	"""Every gate, path by path."""
	for path in PATHS:
		yield from path


def find(key: str) -> Gate | None:
	"""The gate `key`, or None when there is none."""
	return next((gate for gate in gates() if gate.key == key), None)


def stands_at(key: str) -> str:
	"""The gate at which a document in a state with `key` stands: itself, or that of a mark."""
	return next((mark.stands_at for mark in MARKS if mark.key == key), key)


def path_of(key: str) -> tuple[str, ...]:
	"""Keys of the gates on the path of the gate or mark `key`; none when it is on no path."""
	return next((names for path in PATHS if stands_at(key) in (names := _keys_of(path))), ())


def earlier(key: str) -> tuple[str, ...]:
	"""Keys of the gates before the gate `key` on its path, in their order."""
	names = path_of(key)
	return names[: names.index(stands_at(key))] if names else ()


def gates_between(old: str, new: str) -> list[str]:
	"""The gates that a move between two states passes, in order; none when it goes back or aside.

	`old` and `new` are the gates or marks of the states; empty for a state without one.
	"""
	names = path_of(new)
	if not names:
		return []
	start = names.index(stands_at(old)) + 1 if stands_at(old) in names else 0
	return list(names[start : names.index(stands_at(new)) + 1])


def has_passed(state_gate: str, gate: str) -> bool:
	"""Whether a document in a state that carries `state_gate` has `gate` behind it."""
	return gate in gates_between("", state_gate)


def can_be_reviewed(gate: str) -> bool:
	"""Whether what `gate` vouched for can change after the submit, and is then looked at again.

	An approved order can change. What has shipped cannot: nothing that its gates vouch for is open to
	edits any more, and what ERPNext fills in while it submits is no change.
	"""
	return gate in path_of("change_review")


def stage_of(key: str) -> str:
	"""The stage of an order that has a document in a state with the gate or mark `key`; empty when other
	facts tell."""
	marked = next((mark.stage for mark in MARKS if mark.key == key), "")
	gate = find(key)
	return marked or (gate.stage if gate else "")


def furthest(states: set[str]) -> str:
	"""Of the gates and marks `states` of one path, the one that is furthest on it; empty for none."""
	return max(states, key=lambda key: len(gates_between("", key)), default="")


def _keys_of(path: tuple[Gate, ...]) -> tuple[str, ...]:
	return tuple(gate.key for gate in path)
