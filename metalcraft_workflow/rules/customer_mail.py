"""Mails to customers: one of a kind for one event, and none that says nothing new."""

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

# As long as a name can be in Frappe
LONGEST = 140


def stamp(kind: str, *event: str) -> str:
	"""The name of the one mail of `kind` for an event. What people typed is digested before."""
	name = "-".join((kind, *event))
	return name if len(name) <= LONGEST else f"{name[: LONGEST - 41]}-{digest(name)}"


def is_stamp(name: str, kinds: Iterable[str]) -> bool:
	"""Whether `name` is that of a mail of one of `kinds`."""
	return name.startswith(tuple(f"{kind}-" for kind in kinds))


def stamps_like(kind: str) -> str:
	"""What the stamps of all mails of `kind` look like to a query with `like`."""
	return stamp(kind, "%")


def digest(text: str | None) -> str:
	"""A digest of what somebody typed, fit for a stamp."""
	return hashlib.sha1((text or "").encode(), usedforsecurity=False).hexdigest()


@dataclass(frozen=True)
class Approval:
	"""An approval of an order: what it vouches for, and whether the customer was told of it."""

	fingerprint: str
	told: bool


def has_news(approvals: Sequence[Approval]) -> bool:
	"""Whether the newest of `approvals`, which come newest first, tells the customer something new.

	What counts is what they heard last: an order that is changed and changed back in between is none,
	an order that is changed back after they were told of the change is.
	"""
	if not approvals or approvals[0].told:
		return False
	heard = next((approval for approval in approvals[1:] if approval.told), None)
	return not heard or heard.fingerprint != approvals[0].fingerprint
