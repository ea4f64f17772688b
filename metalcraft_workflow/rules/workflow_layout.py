"""Where the boxes of a workflow stand in Frappe's Workflow Builder, so that none lies on another.

The states stand in a row in the order of the process; those that are aside from it (held, sent back, rejected,
cancelled) in a row below. An action stands between the two states that it joins, moved down until it is free.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

# A box with the longest words that there are, and the room around it
WIDTH, HEIGHT, GAP = 210, 46, 24
# From state to state, and from row to row: room for a box between two, and for the role on each of its lines
ACROSS, DOWN = 2 * (WIDTH + 170), 420
LEFT, TOP = 100, 60


@dataclass(frozen=True)
class State:
	"""`aside`: whether it is none of the stations that a document passes on its way."""

	name: str
	aside: bool = False


@dataclass(frozen=True)
class Move:
	"""A transition of the workflow."""

	start: str
	action: str
	end: str


Place = tuple[float, float]


def places_of_states(states: Sequence[State], moves: Iterable[Move]) -> dict[str, Place]:
	"""State -> where it stands. One that is aside stands under the first from which a document comes to it, or
	the next place that is free."""
	found: dict[str, Place] = {}
	for state in states:
		if not state.aside:
			found[state.name] = (LEFT + len(found) * ACROSS, TOP)
	moves = list(moves)
	taken: set[Place] = set()
	for state in states:
		if state.aside:
			start = next((move.start for move in moves if move.end == state.name and move.start in found), "")
			place = (found.get(start, (LEFT, TOP))[0], TOP + DOWN)
			while place in taken:
				place = (place[0] + ACROSS, place[1])
			taken.add(place)
			found[state.name] = place
	return found


def places_of_moves(moves: Iterable[Move], states: dict[str, Place]) -> list[Place]:
	"""Where each action stands."""
	taken = list(states.values())
	found = []
	for move in moves:
		(x1, y1), (x2, y2) = states[move.start], states[move.end]
		place = ((x1 + x2) / 2, (y1 + y2) / 2)
		while any(overlap(place, other) for other in taken):
			place = (place[0], place[1] + HEIGHT + GAP)
		taken.append(place)
		found.append(place)
	return found


def overlap(one: Place, other: Place) -> bool:
	"""Whether two boxes there would touch."""
	return abs(one[0] - other[0]) < WIDTH + GAP / 2 and abs(one[1] - other[1]) < HEIGHT + GAP / 2


def layout(states: Sequence[State], moves: Sequence[Move]) -> list[dict[str, Any]]:
	"""What the Workflow Builder keeps of a workflow: `workflow_data`. State number n has the ID n, action
	number n the ID action-n, both from 1."""
	places = places_of_states(states, moves)
	ids = {state.name: str(number) for number, state in enumerate(states, 1)}
	elements = [_box(ids[state.name], "state", places[state.name]) for state in states]
	for number, (move, place) in enumerate(zip(moves, places_of_moves(moves, places), strict=True), 1):
		name, start, end = f"action-{number}", ids[move.start], ids[move.end]
		elements.append(_box(name, "action", place, {"from_id": start, "to_id": end}))
		elements.append(_line(start, name, places[move.start], place))
		elements.append(_line(name, end, place, places[move.end]))
	return elements


def _box(name: str, kind: str, place: Place, data: dict[str, str] | None = None) -> dict[str, Any]:
	return {"id": name, "type": kind, "position": {"x": place[0], "y": place[1]}, "data": data or {}}


def _line(source: str, target: str, start: Place, end: Place) -> dict[str, Any]:
	leaves, arrives = _sides(start, end)
	return {
		"id": f"edge-{source}-{target}",
		"type": "transition",
		"source": source,
		"target": target,
		"sourceHandle": leaves,
		"targetHandle": arrives,
		"updatable": True,
		"animated": True,
	}


def _sides(start: Place, end: Place) -> tuple[str, str]:
	"""Out of which side a line leaves the one box, and into which of the other it comes."""
	if abs(end[0] - start[0]) < WIDTH:
		return ("bottom", "top") if end[1] > start[1] else ("top", "bottom")
	return ("right", "left") if end[0] > start[0] else ("left", "right")
