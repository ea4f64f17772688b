"""Which production departments make which lines of an order (step 6)."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from metalcraft_workflow.rules.requirement import Link, Requirement, _lt

Departments = tuple[str, ...]


@dataclass(frozen=True)
class Item:
	"""What is known of an item. Only departments that are active are ever named here.

	own      departments that the item names, or its template
	groups   departments of its item group and of each group above, nearest first
	is_made  whether it is a thing that can be made: a stock item
	"""

	item_code: str
	own: Departments = ()
	groups: tuple[Departments, ...] = ()
	is_made: bool = True

	@property
	def named(self) -> Departments:
		"""Departments that the item names, or the nearest group that names any."""
		return self.own or next((departments for departments in self.groups if departments), ())


@dataclass(frozen=True)
class RoutedLine:
	"""A line of the order; `parts` are the items in its product bundle.

	by_supplier  whether the supplier delivers it: then nobody here makes it
	"""

	name: str
	idx: int
	item_code: str
	parts: tuple[str, ...] = ()
	by_supplier: bool = False


@dataclass(frozen=True)
class Route:
	"""`departments` are told to make `item_code` for a line; nobody is when there are none."""

	line: str
	idx: int
	item_code: str
	departments: Departments


def routes(lines: Iterable[RoutedLine], items: Mapping[str, Item], default: str | None) -> list[Route]:
	"""Where each line goes.

	The item's own departments come first, then those of the nearest item group, then the default. A
	bundle whose item names departments goes there whole; any other is made part by part. A service is
	routed when a department is named for it, and is nobody's work otherwise.
	"""
	found: list[Route] = []
	for line in lines:
		if not line.by_supplier:
			found += line_routes(line, items, (default,) if default else ())
	return found


def line_routes(line: RoutedLine, items: Mapping[str, Item], default: Departments) -> list[Route]:
	"""Where one line goes: one route, or one a part of its bundle."""
	item = items[line.item_code]
	if line.parts and not item.own:
		return [
			Route(line.name, line.idx, part, items[part].named or item.named or default)
			for part in line.parts
			if items[part].is_made
		]
	if item.is_made or line.parts:
		return [Route(line.name, line.idx, item.item_code, item.named or default)]
	return [Route(line.name, line.idx, item.item_code, item.named)] if item.named else []


def routed(found: Iterable[Route]) -> Requirement:
	"""The requirement that every line that has to be made goes to a department."""
	lost = [route for route in found if not route.departments]
	return Requirement(
		code="routed",
		label=_lt("Every line goes to a production department"),
		message=_lt(
			"No production department makes {items}. Name one on the item, on its item group, or as "
			"default in Metalcraft Settings."
		),
		met=not lost,
		params={"items": ", ".join(dict.fromkeys(f"{route.item_code} (#{route.idx})" for route in lost))},
		link=Link("Item", lost[0].item_code, "production_departments") if lost else None,
	)
