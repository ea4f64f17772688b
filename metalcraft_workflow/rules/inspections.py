"""What a delivery's quality inspections must be, as ERPNext asks for it when the delivery is submitted (steps 9
and 11)."""

from collections.abc import Iterable
from dataclasses import dataclass

from metalcraft_workflow.rules.requirement import Problem, _lt


@dataclass(frozen=True)
class InspectionPolicy:
	"""What Stock Settings say.

	afterwards         an inspection may be made after the delivery
	stops_unsubmitted  a delivery stops at one that is not submitted, and not only warns of it
	stops_rejected     a delivery stops at one that was not passed
	"""

	afterwards: bool = False
	stops_unsubmitted: bool = True
	stops_rejected: bool = True


@dataclass(frozen=True)
class Inspection:
	"""The inspection of a line; `name` is empty when there is none."""

	row: int
	item_code: str
	name: str = ""
	submitted: bool = False
	rejected: bool = False


def must_exist(policy: InspectionPolicy) -> bool:
	"""Whether a delivery stops without an inspection."""
	return policy.stops_unsubmitted or not policy.afterwards


def problems(inspections: Iterable[Inspection], policy: InspectionPolicy) -> list[Problem]:
	"""What stops a delivery whose lines have `inspections`."""
	found = []
	for inspection in inspections:
		values = {"row": inspection.row, "item": inspection.item_code, "inspection": inspection.name}
		if not inspection.name:
			message = must_exist(policy) and _lt(
				"Row {row}: {item} is inspected before it is delivered. Make its Quality Inspection from this"
				" delivery note, and submit it."
			)
		elif not inspection.submitted:
			message = policy.stops_unsubmitted and _lt(
				"Row {row}: Quality Inspection {inspection} of {item} is not submitted. Finish and submit it."
			)
		elif inspection.rejected:
			message = policy.stops_rejected and _lt(
				"Row {row}: {item} did not pass Quality Inspection {inspection}. Return the delivery to packing"
				" for other goods, or inspect it again."
			)
		else:
			continue
		if message:
			found.append(Problem(message, values))
	return found
