"""What waits for a person: which states ask for a step of theirs, and what such a list is called."""

from metalcraft_workflow.rules.path import gates_between, stands_at
from metalcraft_workflow.rules.requirement import _lt

# Gate or mark that a state carries -> the list of what waits in it
OF_MARK = {
	"credit_hold": _lt("Orders in Credit Hold"),
	"change_review": _lt("Changed Orders to Review"),
	"hold": _lt("Deliveries on Hold"),
}

# Next gate -> the list of what waits before it
OF_GATE = {
	"request_approval": _lt("Orders to Send for Approval"),
	"approve": _lt("Orders to Approve"),
	"complete_packing": _lt("Deliveries to Pack"),
	"release_documents": _lt("Documents to Upload and Release"),
	"clear": _lt("Deliveries to Clear"),
	"ship": _lt("Deliveries to Ship"),
	"receive_return": _lt("Returns to Receive"),
}

# What nobody but Accounts can mend before a delivery is cleared
OF_ACCOUNTS = ("credit", "prepayment")


def leads_on(gate: str, next_gate: str, is_later: bool) -> bool:
	"""Whether a move between states with these gates or marks takes a document on: through a gate; from where it
	was set aside back to its place; or to a later state before the same gate, as an administrator has drawn it.
	What goes back, aside or away is no step that it waits for."""
	if gate == next_gate:
		return is_later
	return bool(gates_between(gate, next_gate)) or (gate != stands_at(gate) and next_gate == stands_at(gate))


def title(gate: str, next_gate: str, is_first: bool) -> str:
	"""What the list of documents is called that stand in a state with `gate` and wait for `next_gate`; empty
	when the state's own name says it better: one without a gate that is not the first was led there by hand."""
	if gate in OF_MARK:
		return OF_MARK[gate]
	passed = gates_between(gate, next_gate)
	if (not gate and not is_first) or not passed:
		return ""
	return OF_GATE.get(passed[0], "")
