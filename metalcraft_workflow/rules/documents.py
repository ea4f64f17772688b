"""Which documents a delivery must carry, and which are missing (step 9)."""

from collections.abc import Iterable
from dataclasses import dataclass

from metalcraft_workflow.rules.requirement import Link, Requirement, _

# Who can ask for a document, in the order in which reasons are given
SOURCES = ("Customer", "Sales Order", "Item")


@dataclass(frozen=True)
class Demand:
	"""`source` (one of SOURCES) `name` asks for a document of type `document_type`."""

	document_type: str
	source: str
	name: str


@dataclass(frozen=True)
class Row:
	"""One row of the documents of a delivery; `key` tells the row, and is empty for a new one.

	A row with a `reason` is there because something asks for it; one without was added by hand.
	"""

	document_type: str
	file: str = ""
	reason: str = ""
	key: str = ""


def reasons(demands: Iterable[Demand]) -> dict[str, dict[str, list[str]]]:
	"""Document type -> source -> names that ask for it, in a stable order."""
	found: dict[str, dict[str, list[str]]] = {}
	for demand in sorted(demands, key=lambda row: (SOURCES.index(row.source), row.name)):
		names = found.setdefault(demand.document_type, {}).setdefault(demand.source, [])
		if demand.name not in names:
			names.append(demand.name)
	return {document_type: found[document_type] for document_type in sorted(found)}


def derive(rows: Iterable[Row], why: dict[str, str]) -> list[Row]:
	"""The rows that a delivery must have; `why` is document type -> the reason in words.

	What is asked for gets a row. A row that nothing asks for any more goes, unless it has its file.
	Rows that people added stay.
	"""
	kept = []
	for row in rows:
		reason = why.get(row.document_type, "")
		if row.reason and not reason and not row.file:
			continue
		kept.append(Row(row.document_type, row.file, reason, row.key))
	known = {row.document_type for row in kept}
	return kept + [
		Row(document_type, reason=why[document_type]) for document_type in why if document_type not in known
	]


def missing(rows: Iterable[Row], document_types: Iterable[str] = ()) -> list[str]:
	"""Document types that have a row without a file, and those of `document_types` that have no row."""
	rows = list(rows)
	without_file = [row.document_type for row in rows if not row.file]
	known = {row.document_type for row in rows}
	return list(dict.fromkeys([*without_file, *(name for name in document_types if name not in known)]))


def documents(missing_types: list[str], delivery: str, waived: bool = False) -> Requirement:
	"""The requirement that every document of the delivery is there."""
	return Requirement(
		code="documents",
		label=_("Documents of the shipment"),
		message=_("Still to be attached by Quality Assurance: {missing}."),
		params={"missing": ", ".join(missing_types)},
		met=waived or not missing_types,
		link=Link("Delivery Note", delivery, "shipment_documents"),
	)
