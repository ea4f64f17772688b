"""What an order says now and said when it was approved: each difference with its old and its new value."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from metalcraft_workflow.rules.vouched import APPROVAL_2, ORDER, TERM

# What an approval vouches for, table by table, in the order in which it is shown: the order itself last
FIELDS = {
	**{table: fields for table, fields in APPROVAL_2.items() if table != ORDER},
	ORDER: APPROVAL_2[ORDER],
}

# Of these, what is for who knows amounts; terms of payment are, too
PRICES = {"rate", "conversion_rate", "additional_discount_percentage", "discount_amount", "grand_total"}

ADDED, REMOVED = "added", "removed"

Values = Mapping[str, Any]


@dataclass(frozen=True)
class Change:
	"""One difference.

	table  the DocType of the row, or of the order itself
	row    what the row is called: its number, and the item where there is one; nothing for the order
	field  what differs; ADDED or REMOVED when the whole row does, and `old` or `new` is its `measure`
	name   that of the row
	"""

	table: str
	row: str
	field: str
	old: Any = None
	new: Any = None
	name: str = ""

	@property
	def is_of_price(self) -> bool:
		"""Whether it is for who knows amounts, and not for who makes and packs it."""
		return self.table == TERM or self.field in PRICES


def measure(table: str) -> str:
	"""The field by which a row is told that was added or removed: its quantity, where it has one."""
	return "qty" if "qty" in FIELDS[table] else FIELDS[table][0]


def taken(tables: Mapping[str, Iterable[Values]]) -> dict[str, dict[str, dict[str, Any]]]:
	"""What is kept of an order when it is approved, of its `tables`: table -> row -> field -> value."""
	return {
		table: {
			str(row.get("name")): {name: row.get(name) for name in ("idx", *fields)}
			for row in tables.get(table, ())
		}
		for table, fields in FIELDS.items()
	}


def changes(old: Mapping[str, Mapping[str, Values]], new: Mapping[str, Mapping[str, Values]]) -> list[Change]:
	"""What differs between two that were `taken`; row by row, the order itself last."""
	found = []
	for table, fields in FIELDS.items():
		was, now = dict(old.get(table, {})), dict(new.get(table, {}))
		# Rows that were written anew, as they were
		for name in [name for name in was if name not in now]:
			again = next(
				(
					other
					for other in now
					if other not in was and not _of_row(table, fields, name, was[name], now[other])
				),
				None,
			)
			if again:
				del was[name], now[again]
		for name in [*was, *(name for name in now if name not in was)]:
			found += _of_row(table, fields, name, was.get(name), now.get(name))
	return found


def _of_row(
	table: str, fields: tuple[str, ...], name: str, was: Values | None, now: Values | None
) -> list[Change]:
	row = now or was or {}
	number, item = row.get("idx") or "", row.get("item_code")
	called = "" if table == ORDER else f"{number}: {item}" if item else str(number)
	if was is None or now is None:
		old, new = (values and values.get(measure(table)) for values in (was, now))
		return [Change(table, called, ADDED if was is None else REMOVED, old, new, name)]
	return [
		Change(table, called, field, was.get(field), now.get(field), name)
		for field in fields
		if not same(was.get(field), now.get(field))
	]


def same(old: Any, new: Any) -> bool:
	"""Whether two values are the same to whoever reads them: nothing is nothing, and 5 is 5.0."""
	if isinstance(old, int | float) and isinstance(new, int | float):
		return abs(old - new) < 1e-9
	return (old or None) == (new or None) or str(old) == str(new)
