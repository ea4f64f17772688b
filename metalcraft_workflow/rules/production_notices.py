"""Which production departments are told what, when an order is approved, changed or cancelled (step 6)."""

import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date

from metalcraft_workflow.rules.quantity import PLACES, Qty
from metalcraft_workflow.rules.requirement import _lt

NEW, CHANGE, CANCEL = "New", "Change", "Cancel"


@dataclass(frozen=True)
class Change:
	"""One difference from the notice before; `text` is a template for `params`."""

	text: str
	params: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True)
class NoticeLine:
	"""One thing a department makes for an order; `line` is the order line it is for."""

	line: str
	item_code: str
	qty: float
	uom: str = ""
	ship_date: date | None = None
	item_name: str = ""
	description: str = ""
	changes: tuple[Change, ...] = ()


@dataclass(frozen=True)
class Told:
	"""What the last notice to a department said.

	lines      what it had to make; of a Cancel, what it had to make before
	cancelled  whether that notice was a Cancel
	replaced   whether it was about the order that this one amends
	"""

	lines: tuple[NoticeLine, ...]
	notes: str = ""
	revision: int = 0
	cancelled: bool = False
	replaced: bool = False


@dataclass(frozen=True)
class Notice:
	"""A notice to be written."""

	department: str
	kind: str
	revision: int
	lines: tuple[NoticeLine, ...]
	notes_changed: bool = False


def notices(
	wanted: Mapping[str, Iterable[NoticeLine]], told: Mapping[str, Told], notes: str = ""
) -> list[Notice]:
	"""The notices that bring every department from what it was `told` to what is `wanted` of it.

	A department that knows everything gets none, one that lost all of its lines gets a Cancel. An
	amended order always says so to those who work on it, because its predecessor was cancelled.
	"""
	found = []
	for department in sorted({*wanted, *told}):
		lines, before = tuple(wanted.get(department, ())), told.get(department)
		if notice := notice_to(department, lines, before, notes):
			found.append(notice)
	return found


def notice_to(
	department: str, lines: tuple[NoticeLine, ...], before: Told | None, notes: str
) -> Notice | None:
	"""The notice for one department, or None when there is nothing new for it."""
	revision = before.revision + 1 if before else 1
	if not lines:
		return cancel(department, before) if before and not before.cancelled else None
	if before is None or (before.cancelled and not before.replaced):
		return Notice(department, NEW, revision, lines)
	compared = compare(lines, before.lines)
	notes_changed = notes.strip() != before.notes.strip()
	if any(line.changes for line in compared) or notes_changed or before.replaced:
		return Notice(department, CHANGE, revision, compared, notes_changed)
	return None


def cancel(department: str, before: Told) -> Notice:
	"""The Cancel that tells a department to stop what it was told to make."""
	return Notice(department, CANCEL, before.revision + 1, before.lines)


def compare(lines: tuple[NoticeLine, ...], before: tuple[NoticeLine, ...]) -> tuple[NoticeLine, ...]:
	"""`lines`, each with how it differs from `before`; then those that are gone, with quantity zero."""
	pairs, gone = match(lines, before)
	compared = [replace(line, changes=differences(line, old)) for line, old in pairs]
	removed = [
		replace(old, qty=0, changes=(Change(_lt("Removed, was {old}"), {"old": quantity(old)}),))
		for old in gone
	]
	return (*compared, *removed)


def match(
	lines: tuple[NoticeLine, ...], before: tuple[NoticeLine, ...]
) -> tuple[list[tuple[NoticeLine, NoticeLine | None]], list[NoticeLine]]:
	"""Pairs of (line, what it was before), and what is gone.

	The same line of the order first; then the same item, because an amended order has new lines.
	"""
	left = list(before)
	found: dict[int, NoticeLine] = {}
	for key in (lambda line: (line.line, line.item_code), lambda line: line.item_code):
		for index, line in enumerate(lines):
			if index in found:
				continue
			old = next((old for old in left if key(old) == key(line)), None)
			if old:
				found[index] = old
				left.remove(old)
	return [(line, found.get(index)) for index, line in enumerate(lines)], left


def differences(line: NoticeLine, old: NoticeLine | None) -> tuple[Change, ...]:
	"""How `line` differs from what it was."""
	if old is None:
		return (Change(_lt("Added")),)
	changes = []
	if round(line.qty - old.qty, PLACES) or line.uom != old.uom:
		changes.append(
			Change(_lt("Quantity {new}, was {old}"), {"new": quantity(line), "old": quantity(old)})
		)
	if line.ship_date != old.ship_date:
		changes.append(
			Change(_lt("Ship date {new}, was {old}"), {"new": line.ship_date, "old": old.ship_date})
		)
	if line.description.strip() != old.description.strip():
		changes.append(Change(_lt("Description changed")))
	return tuple(changes)


def quantity(line: NoticeLine) -> Qty:
	"""The quantity of a line, with its unit."""
	return Qty(line.qty, line.uom)


# Why a mail was not sent: what a traceback tells, first match first. Sentences for people.
FAILURES = (
	(
		("OutgoingEmailError", "setup default outgoing"),
		_lt("No outgoing email account is set up. Set one up in Email Account."),
	),
	(("include_attachments", "attach_print"), _lt("The traveller could not be printed: {detail}")),
	(
		("InvalidEmailCredentials", "SMTPAuthenticationError"),
		_lt("The mail server refused the password of the email account."),
	),
	(("SMTPRecipientsRefused",), _lt("The mail server refused an address: {detail}")),
	(("SMTPSenderRefused",), _lt("The mail server refused the sender: {detail}")),
	(
		(
			"Invalid Outgoing Mail Server",
			"ConnectionRefused",
			"SMTPServerDisconnected",
			"gaierror",
			"TimeoutError",
		),
		_lt("The mail server could not be reached: {detail}"),
	),
)
# How Python writes the addresses that a mail server refused
REFUSED = re.compile(r"'([^']+)': \(\d+, b'([^']*)'\)")

# Codes of mail servers that begin with 4 say to come back later
FOR_GOOD = re.compile(r"\(5\d\d, b'")

OTHER_FAILURE = _lt("The mail could not be sent: {detail}")


def mail_failure(error: str) -> tuple[str, dict[str, str]]:
	"""(sentence template, its params) that says why a mail was not sent; `error` is a traceback."""
	lines = [line.strip() for line in error.splitlines() if line.strip()]
	detail = lines[-1].split(": ", 1)[-1] if lines else ""
	if refused := REFUSED.findall(detail):
		detail = ", ".join(f"{address} ({why})" for address, why in refused)
	for signs, text in FAILURES:
		if any(sign in error for sign in signs):
			return text, {"detail": detail}
	return OTHER_FAILURE, {"detail": detail}


def is_refused_for_good(error: str) -> bool:
	"""Whether the mail server refused an address or the sender, with a code that says not to try again."""
	return "Refused: " in error and bool(FOR_GOOD.search(error))


def is_print_failure(error: str) -> bool:
	"""Whether a mail was not sent because its attachment could not be rendered."""
	return mail_failure(error)[0] == FAILURES[1][1]


def is_told_of(
	told: Iterable[tuple[str, str]],
	moved: Collection[tuple[str, str]],
	left: Mapping[str, Mapping[str, float]],
) -> bool:
	"""Whether goods that were `moved` (order line, item) are among what a department was `told` of: a part of a
	bundle by itself, or with the whole. `left` is as in `still_to_bring`."""
	lines = {line for line, _item_code in moved}
	return any(
		(line, item_code) in moved or (line in lines and item_code not in left.get(line, {}))
		for line, item_code in told
	)


def still_to_bring(
	told: Iterable[tuple[str, str]], left: Mapping[str, Mapping[str, float]]
) -> tuple[bool, bool]:
	"""Whether something of what a department was `told` of (order line, item) is brought to Final Pack at all,
	and whether some of it still has to be.

	`left` is order line -> item -> quantity still to be brought; lines of which nothing ever is are not in it. A
	department makes one part of a bundle, or the whole.
	"""
	rows = [(left[line], item_code) for line, item_code in told if line in left]
	wants = any(
		parts[item_code] > 0 if item_code in parts else any(qty > 0 for qty in parts.values())
		for parts, item_code in rows
	)
	return bool(rows), wants
