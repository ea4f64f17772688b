"""Digests that tie records to each other, so that none can be changed, left out or put in unseen.

Each record carries a digest of what it says and of the record before it about the same document. Every hour
the new records are sealed: a seal lists them with their digests, and carries a digest of that list and of the
seal before it. Who keeps the digest of the last seal elsewhere has kept all of it.
"""

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from metalcraft_workflow.rules.requirement import _lt

# What a record says. A field without a value is left out of its digest, so that one that is added here later
# changes nothing about the records that there are; none is ever taken away.
FIELDS = (
	"process_id",
	"sequence",
	"kind",
	"reference_doctype",
	"reference_name",
	"action",
	"gate",
	"from_state",
	"to_state",
	"user",
	"full_name",
	"role",
	"signature",
	"reason",
	"requirement",
	"requirements",
	"fingerprint",
	"fingerprint_by",
	"creation",
)

CHANGED = _lt("was changed")
LEFT_OUT = _lt("was left out")
PUT_IN = _lt("was put in")
OUT_OF_PLACE = _lt("does not follow the record before it")


@dataclass(frozen=True)
class Finding:
	"""One thing that is wrong with a record or a seal: `name` of it, `about` which document, and `what`."""

	name: str
	what: str
	about: str = ""


@dataclass(frozen=True)
class Seal:
	"""A seal as it is stored. `contents` has a line for each record: its name and its digest."""

	number: int
	previous: str
	digest: str
	contents: str = ""


@dataclass(frozen=True)
class Row:
	"""A record as it is stored, and what is known of its place.

	`said` has its FIELDS; `digest` and `previous` are stored with it; `before` is the digest of the record with
	the number before; `counted` is how many records there are about its document. Both are None when there is
	none.
	"""

	name: str
	said: Mapping[str, Any]
	digest: str
	previous: str
	before: str | None
	counted: int | None

	@property
	def number(self) -> int:
		return int(self.said["sequence"] or 0)

	@property
	def about(self) -> str:
		return f"{self.said['reference_doctype']} {self.said['reference_name']}"


def digest_of_record(said: Mapping[str, Any], previous: str) -> str:
	"""The digest of a record that says `said`, after one whose digest is `previous` (empty for the first)."""
	values = {name: text for name in FIELDS if (text := _plain(said.get(name)))}
	return _digest([previous, values])


def digest_of_seal(number: int, previous: str, contents: str) -> str:
	"""The digest of the seal `number` with `contents`, after one whose digest is `previous`."""
	return _digest([number, previous, contents])


def contents_of(records: Iterable[tuple[str, str]]) -> str:
	"""What a seal lists: `records` are pairs of name and digest."""
	return "\n".join(f"{name} {digest}" for name, digest in sorted(records))


def _digest(value: Any) -> str:
	text = json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
	return hashlib.sha256(text.encode()).hexdigest()


def _plain(value: Any) -> str:
	"""A value in the one form that it has before it is written and after it is read."""
	if not value:
		return ""
	if isinstance(value, datetime):
		return value.strftime("%Y-%m-%d %H:%M:%S.%f")
	return str(value)


def wrong_with_row(row: Row) -> Iterator[Finding]:
	"""What is wrong with a record by itself, and with its place among those of its document."""
	if digest_of_record(row.said, row.previous) != row.digest:
		yield Finding(row.name, CHANGED, row.about)
	if row.counted is None or not 0 < row.number <= row.counted:
		yield Finding(row.name, PUT_IN, row.about)
	elif row.number > 1 and row.before is None:
		yield Finding(f"#{row.number - 1}", LEFT_OUT, row.about)
	elif row.previous != (row.before or ""):
		yield Finding(row.name, OUT_OF_PLACE, row.about)


@dataclass
class Chain:
	"""Follows the chain of seals, one after the other, and says what is wrong.

	`number` and `digest` are those of the last seal; `records` counts what was looked at.
	"""

	number: int = 0
	digest: str = ""
	records: int = 0
	missing: dict[str, str] = field(default_factory=dict)

	def follow(self, seal: Seal, rows: Iterable[Row]) -> Iterator[Finding]:
		"""What is wrong with the next `seal`, and with `rows`, the records that say they are sealed by it.

		Those that it lists and that are not among them are `missing` then: name -> digest.
		"""
		for number in range(self.number + 1, seal.number):
			yield Finding(f"seal {number}", LEFT_OUT)
		follows = seal.number == self.number + 1 and seal.previous == self.digest
		if digest_of_seal(seal.number, seal.previous, seal.contents) != seal.digest:
			yield Finding(f"seal {seal.number}", CHANGED)
		elif not follows and seal.number == self.number + 1:
			yield Finding(f"seal {seal.number}", OUT_OF_PLACE)
		self.number, self.digest = seal.number, seal.digest
		listed = dict(line.split(" ", 1) for line in seal.contents.splitlines() if " " in line)
		for row in rows:
			self.records += 1
			digest = listed.pop(row.name, None)
			wrong = list(wrong_with_row(row))
			yield from wrong
			if digest is None:
				yield Finding(row.name, PUT_IN, row.about)
			elif digest != row.digest and not any(found.what == CHANGED for found in wrong):
				yield Finding(row.name, CHANGED, row.about)
		self.missing = listed
