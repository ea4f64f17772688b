"""When an issued certificate stops being true (step 9)."""

from dataclasses import dataclass

from metalcraft_workflow.rules.requirement import _lt

CANCELLED = _lt("The delivery was cancelled.")
UNPACKED = _lt("The delivery went back to packing.")
CHANGED = _lt("The delivery was changed.")
TAKEN_OUT = _lt("It was taken out of the documents of the delivery.")


@dataclass(frozen=True)
class Delivery:
	"""How the delivery stands now, that a certificate speaks of.

	`says` are the digests of what a certificate would say of it, one for each way to read its names; `files`
	is what its documents hold.
	"""

	packed: bool
	cancelled: bool
	says: frozenset[str]
	files: frozenset[str] = frozenset()


def why_void(said: str, file: str, delivery: Delivery) -> str:
	"""Why a certificate that `said` something, kept in `file`, holds no longer; empty while it does."""
	if delivery.cancelled:
		return CANCELLED
	if not delivery.packed:
		return UNPACKED
	if said not in delivery.says:
		return CHANGED
	if file not in delivery.files:
		return TAKEN_OUT
	return ""
