"""Whether the people of a site can take every step of the process, as its workflows and settings have it."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from metalcraft_workflow.rules import path
from metalcraft_workflow.rules.requirement import _lt


@dataclass(frozen=True)
class Step:
	"""A gate, with the people who may pass it and the people who may pass the one before.

	apart  whether nobody may pass both
	"""

	gate: str
	people: frozenset[str]
	before: frozenset[str] = frozenset()
	apart: bool = False


NOBODY = _lt("Nobody can take this step. Give somebody the role {roles}.")
ALONE = _lt(
	"{person} is the only one who can take this step and the one before, and nobody may take both. Give a"
	" second person the role {roles}."
)
ONE_APPROVER = _lt(
	"{person} is the only one who approves orders, and nobody may accept a change of their own. Give a second"
	" person the role {roles}."
)


def problem(step: Step) -> str:
	"""What keeps `step` from being taken, as a sentence with {person} and {roles}; empty when nothing does."""
	if not step.people:
		return NOBODY
	if step.apart and len(step.people | step.before) < 2:
		return ALONE
	if step.gate == "approve" and len(step.people) < 2:
		return ONE_APPROVER
	return ""


def steps(people: Mapping[str, Iterable[str]], demanded: Mapping[str, bool]) -> list[Step]:
	"""The steps of every path; `people` is gate -> users, and `demanded` setting -> whether it holds."""
	found = []
	for gate in path.gates():
		earlier = path.earlier(gate.key)
		before = frozenset(people.get(earlier[-1], ())) if earlier else frozenset()
		apart = gate.separate == path.ALWAYS or bool(gate.separate and demanded.get(gate.separate))
		found.append(Step(gate.key, frozenset(people.get(gate.key, ())), before, apart and bool(earlier)))
	return found
