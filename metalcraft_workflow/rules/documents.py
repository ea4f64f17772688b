"""Which documents a delivery must carry, which are missing, and which file is which (step 9)."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from metalcraft_workflow.rules import files
from metalcraft_workflow.rules.quantity import Qty
from metalcraft_workflow.rules.requirement import Link, Requirement, _lt

# Who can ask for a document, in the order in which reasons are given
SOURCES = ("Customer", "Sales Order", "Item", "Item Group")

# A document of a delivery: its type, and its batch where the type is asked for each batch
Key = tuple[str, str]


@dataclass(frozen=True)
class Demand:
	"""`source` (one of SOURCES) `name` asks for a document of type `document_type`."""

	document_type: str
	source: str
	name: str
	batch_no: str = ""


@dataclass(frozen=True)
class DocumentRow:
	"""One row of the documents of a delivery; `key` tells the row, and is empty for a new one.

	A row with a `reason` is there because something asks for it; one without was added by hand.
	A `dropped` one was decided to be not needed, and `rejected` is its file.
	"""

	document_type: str
	file: str = ""
	reason: str = ""
	key: str = ""
	batch_no: str = ""
	dropped: bool = False
	rejected: bool = False

	@property
	def what(self) -> Key:
		"""Its type and its batch."""
		return self.document_type, self.batch_no


def reasons(demands: Iterable[Demand]) -> dict[Key, dict[str, list[str]]]:
	"""Document -> source -> names that ask for it, in a stable order."""
	found: dict[Key, dict[str, list[str]]] = {}
	for demand in sorted(demands, key=lambda row: (SOURCES.index(row.source), row.name)):
		asked_by = found.setdefault((demand.document_type, demand.batch_no), {})
		names = asked_by.setdefault(demand.source, [])
		if demand.name not in names:
			names.append(demand.name)
	return {key: found[key] for key in sorted(found)}


def derive(rows: Iterable[DocumentRow], why: Mapping[Key, str]) -> list[DocumentRow]:
	"""The rows that a delivery must have; `why` is document -> the reason in words.

	What is asked for gets a row. A row that nothing asks for any more goes, unless it has its file or
	was dropped, which stays on record. Rows that people added stay.
	"""
	kept = []
	for row in rows:
		reason = why.get(row.what, "")
		if row.reason and not (reason or row.file or row.dropped):
			continue
		kept.append(
			DocumentRow(row.document_type, row.file, reason, row.key, row.batch_no, row.dropped, row.rejected)
		)
	known = {row.what for row in kept}
	return kept + [
		DocumentRow(document_type, reason=why[document_type, batch_no], batch_no=batch_no)
		for document_type, batch_no in why
		if (document_type, batch_no) not in known
	]


def missing(rows: Iterable[DocumentRow], needed: Iterable[Key] = ()) -> list[Key]:
	"""Documents whose row has no file though it was not dropped, and those of `needed` without a row."""
	rows = list(rows)
	without_file = [row.what for row in rows if not row.file and not row.dropped]
	known = {row.what for row in rows}
	return list(dict.fromkeys([*without_file, *(key for key in needed if key not in known)]))


def rejected(rows: Iterable[DocumentRow]) -> list[Key]:
	"""Documents whose file was rejected and not replaced."""
	return [row.what for row in rows if row.rejected and not row.dropped]


def documents(missing_titles: list[str], delivery: str, waived: bool = False) -> Requirement:
	"""The requirement that every document of the delivery is there."""
	return Requirement(
		code="documents",
		label=_lt("Documents of the shipment"),
		message=_lt("Still to be attached by Quality Assurance: {missing}."),
		params={"missing": ", ".join(missing_titles)},
		met=waived or not missing_titles,
		link=Link("Delivery Note", delivery, "shipment_documents"),
	)


def none_rejected(titles: list[str], delivery: str) -> Requirement:
	"""The requirement that every document that was rejected has been replaced."""
	return Requirement(
		code="documents_rejected",
		label=_lt("No document is rejected"),
		message=_lt("Rejected: {documents}. Replace the file, or mark it as not needed."),
		params={"documents": ", ".join(titles)},
		met=not titles,
		link=Link("Delivery Note", delivery, "shipment_documents"),
	)


def accepted_by_others(titles: list[str], delivery: str) -> Requirement:
	"""The requirement that nobody accepts a document that they uploaded themselves."""
	return Requirement(
		code="documents_of_others",
		label=_lt("Accepted by somebody else than who uploaded it"),
		message=_lt("You uploaded {documents} yourself. Ask a colleague to accept it."),
		params={"documents": ", ".join(titles)},
		met=not titles,
		link=Link("Delivery Note", delivery, "shipment_documents"),
		waivable=False,
	)


# What became of a row


@dataclass(frozen=True)
class State:
	"""How a row stands: its file and what was decided about it."""

	file: str = ""
	status: str = "Pending"
	dropped: bool = False


def what_ended(old: State, new: State | None) -> str:
	"""What ended the state `old` of a row, when it is worth keeping; an empty string when it is not.

	`new` is None when the row was taken away.
	"""
	if old.file and (new is None or new.file != old.file):
		return _lt("Replaced") if new and new.file else _lt("Removed")
	if new is None:
		return ""
	if old.dropped and not new.dropped:
		return _lt("Needed Again")
	if (old.status, new.status) in DECIDED_OTHERWISE:
		return _lt("Decided Otherwise")
	return ""


# An acceptance that ends because the delivery goes back is on record with that
DECIDED_OTHERWISE = {("Rejected", "Accepted"), ("Rejected", "Pending"), ("Accepted", "Rejected")}


# Which files are allowed

DEFAULT_EXTENSIONS = "pdf, jpg, jpeg, png, tif, tiff, docx, xlsx, doc, xls"
DEFAULT_MAX_MB = 25
MEGABYTE = 1024 * 1024


@dataclass(frozen=True)
class Limits:
	"""What a file of one document type may be."""

	extensions: tuple[str, ...]
	max_mb: float


def limits(*said: tuple[str | None, float | None]) -> Limits:
	"""The first of what is said of extensions and of size: by the type, by the settings."""
	extensions = next((text for text, _mb in said if text and text.strip()), DEFAULT_EXTENSIONS)
	return Limits(
		tuple(part.strip(" .").lower() for part in re.split(r"[,;\s]+", extensions) if part.strip(" .")),
		next((mb for _text, mb in said if mb), DEFAULT_MAX_MB),
	)


def why_refused(filename: str, size: int, kind: str, allowed: Limits) -> tuple[str, dict[str, str | Qty]]:
	"""Why a file cannot be a document: a template and its parameters; empty ones when it can.

	`kind` is what its content is, as rules.files tells it.
	"""
	extension = files.extension(filename)
	params: dict[str, str | Qty] = {
		"file": filename,
		"extension": extension.upper(),
		"allowed": ", ".join(allowed.extensions),
		"mb": Qty(allowed.max_mb),
	}
	message = ""
	if extension not in allowed.extensions:
		message = _lt("{file} is of a type that is not allowed here. Allowed are: {allowed}.")
	elif not size:
		message = _lt("{file} is empty. Upload it again.")
	elif size > allowed.max_mb * MEGABYTE:
		message = _lt("{file} is larger than {mb} MB. Save it smaller and upload it again.")
	elif kind == files.MACROS:
		message = _lt("{file} carries a program (macros). Save it without, or as PDF, and upload it again.")
	elif kind != files.EXTENSIONS.get(extension, ""):
		message = _lt(
			"{file} is not what its name says: its content is no {extension} file. Save it anew in that"
			" format and upload it again."
		)
	return message, params if message else {}


# Which file is which document


@dataclass(frozen=True)
class Type:
	"""A document type, with words that name it in a file name."""

	name: str
	keywords: tuple[str, ...] = ()


@dataclass(frozen=True)
class Slot:
	"""A row that a file can go to; `marks` are the numbers that tell it: its batch and heat.

	`taken` says that it has a file that nobody rejected.
	"""

	key: str
	document_type: str
	batch_no: str = ""
	marks: tuple[str, ...] = ()
	taken: bool = False


@dataclass(frozen=True)
class Place:
	"""Where a file goes: to the row `key`, or to a new row of `document_type` when that is empty.

	When it is not `sure`, this is a suggestion, or nothing at all, and a person is asked.
	"""

	key: str = ""
	document_type: str = ""
	batch_no: str = ""
	sure: bool = False


def place(names: Mapping[str, str], slots: Iterable[Slot], types: Iterable[Type]) -> dict[str, Place]:
	"""Where each file goes by its name; `names` is file -> its name.

	A file goes to the open row of the type, batch or heat that its name tells. A second one for the
	same row gets a row beside it. What would replace a file, or fits several rows, is left to a person.
	"""
	slots, types = list(slots), list(types)
	filled: set[str] = set()
	found = {}
	for file, name in names.items():
		found[file] = target = place_one(stem(name), slots, types, filled)
		if target.sure and target.key:
			filled.add(target.key)
	return found


def place_one(name: str, slots: list[Slot], types: list[Type], filled: set[str]) -> Place:
	"""Where a file called `name` goes, when the rows `filled` have been given a file just now."""
	document_type, certain = type_of(name, types)
	rows = [slot for slot in slots if not document_type or slot.document_type == document_type]
	marked = [slot for slot in rows if any(contains(words(name), words(mark)) for mark in slot.marks)]
	if not document_type and not marked:
		return Place()
	rows = marked or rows
	if not rows:
		return Place(document_type=document_type)
	open_rows = [slot for slot in rows if not slot.taken]
	if len(open_rows) == 1 and (certain or not document_type):
		slot = open_rows[0]
		# Two pictures are two pictures: the second does not replace the first
		key = "" if slot.key in filled else slot.key
		return Place(key, slot.document_type, slot.batch_no, sure=True)
	slot = next((slot for slot in open_rows if slot.key not in filled), rows[0])
	return Place(slot.key, slot.document_type, slot.batch_no)


def type_of(name: str, types: Iterable[Type]) -> tuple[str, bool]:
	"""The type that a file name tells, or an empty string, and whether no other is as good."""
	spelled = words(name)
	told = {
		kind.name: max((told_by(spelled, text) for text in (kind.name, *kind.keywords)), key=len)
		for kind in types
	}
	told = {kind: places for kind, places in told.items() if places}
	if not told:
		return "", False
	best = max(told, key=lambda kind: (len(told[kind]), kind))
	return best, all(told[best] > places for kind, places in told.items() if kind != best)


# Words that tell nothing
FILLERS = {"a", "an", "and", "for", "of", "the", "to"}


def told_by(spelled: list[str], phrase: str) -> frozenset[int]:
	"""Which words of a file name say `phrase`, in whatever order; none when one of its words is missing.

	An abbreviation whose words are single letters has to stand there just as it is.
	"""
	wanted = words(phrase)
	telling = [word for word in wanted if word not in FILLERS]
	if not all(len(word) > 1 for word in telling):
		start = position(spelled, wanted)
		return frozenset(range(start, start + len(wanted))) if start >= 0 else frozenset()
	places = [next((at for at, word in enumerate(spelled) if alike(word, want)), -1) for want in telling]
	return frozenset(places) if places and min(places) >= 0 else frozenset()


def alike(word: str, wanted: str) -> bool:
	"""Whether two words are the same, or one is short for the other, as "cert" and "pictures" are."""
	short, long = sorted((word, wanted), key=len)
	return word == wanted or (len(short) >= 4 and long.startswith(short))


def words(text: str) -> list[str]:
	"""The words and numbers in a text: "MillCert_B-07.2" is mill, cert, b, 07, 2."""
	spaced = re.sub(r"(?<=[a-z])(?=[A-Z][a-z])", " ", text)
	return re.findall(r"[^\W\d_]+|\d+", spaced.lower())


def contains(spelled: list[str], mark: list[str]) -> bool:
	"""Whether a batch or heat number stands in a file name; "1" alone tells nothing."""
	return len("".join(mark)) > 2 and position(spelled, mark) >= 0


def position(spelled: list[str], part: list[str]) -> int:
	"""Where `part` begins in `spelled`, or -1."""
	size = len(part)
	places = (at for at in range(len(spelled) - size + 1) if spelled[at : at + size] == part)
	return next(places, -1) if part else -1


def stem(filename: str) -> str:
	"""A file name without its extension."""
	return filename.rpartition(".")[0] or filename


# What is at hand already


@dataclass(frozen=True)
class Certificate:
	"""A file that a batch keeps, of a type of document."""

	document_type: str
	batch_no: str
	file: str


def offers(rows: Iterable[DocumentRow], certificates: Iterable[Certificate]) -> dict[str, Certificate]:
	"""Key of a row without a file -> the certificate that answers it, the newest of its batch.

	A row without a batch is answered when the batches of the delivery have one and the same file.
	"""
	by_type: dict[str, dict[str, Certificate]] = {}
	for certificate in certificates:
		by_type.setdefault(certificate.document_type, {})[certificate.batch_no] = certificate
	found = {}
	for row in rows:
		of_batches = by_type.get(row.document_type, {})
		if row.file or row.dropped or not of_batches:
			continue
		if row.batch_no in of_batches:
			found[row.key] = of_batches[row.batch_no]
		elif not row.batch_no and len({certificate.file for certificate in of_batches.values()}) == 1:
			found[row.key] = next(iter(of_batches.values()))
	return found
