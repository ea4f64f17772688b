"""A short, stable digest of what was released, to tell later whether it still is the same."""

import hashlib
import json
from collections.abc import Iterable, Mapping
from datetime import date, datetime
from typing import Any


def fingerprint(rows: Iterable[Mapping[str, Any]], fields: Iterable[str]) -> str:
	"""Digest of the `fields` of `rows`; the order of the rows does not matter.

	Empty values are alike (None, "", 0), and so are 5 and 5.0, because a document that was read
	back from the database must have the digest it had before it was written.
	"""
	fields = tuple(fields)
	lines = sorted(json.dumps([_plain(row.get(name)) for name in fields]) for row in rows)
	return hashlib.sha256("\n".join(lines).encode()).hexdigest()[:16]


def fingerprint_of_tables(
	tables: Mapping[str, Iterable[Mapping[str, Any]]], fields: Mapping[str, Iterable[str]]
) -> str:
	"""Digest of the `fields` of each of the `tables`, as `fingerprint` makes it of one; which table a row
	stands in counts, and the order of its rows does not."""
	return fingerprint(
		[
			{"table": name, "digest": fingerprint([row], fields[name])}
			for name, rows in tables.items()
			for row in rows
		],
		("table", "digest"),
	)


def _plain(value: Any) -> str:
	if not value:
		return ""
	if isinstance(value, bool | int | float):
		return f"{float(value):.6f}"
	if isinstance(value, datetime | date):
		return value.isoformat()
	return str(value).strip()
