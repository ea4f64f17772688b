"""The log of passages: writing and reading `Release Record`.

A record is about a document, not about its name: Frappe gives the name of a deleted draft again, and so does
whoever deletes the transactions of a company. So each order and delivery carries an ID of its own, and each
record carries that of its document. Records are in the order of their numbers, not of the clock, which may
be set back.
"""

from collections.abc import Iterable
from uuid import uuid4

import frappe
from frappe.model.document import Document
from frappe.utils import cint, get_fullname, now

from metalcraft_workflow.gates.append_only import append
from metalcraft_workflow.gates.once import forget, once
from metalcraft_workflow.gates.registry import fingerprint_of, holds

RECORD, CHAIN = "Release Record", "Record Chain"

# What a query for the records of a document without an ID looks for: there are none
NOBODY = "-"


def new_process_id() -> str:
	"""An ID that no other document has or ever had."""
	return str(uuid4())


def process_id_of(doc: Document) -> str:
	"""The ID by which the records of `doc` are found. The server's own field, which nobody else writes."""
	return doc.get("process_id") or NOBODY


def write(doc: Document, kind: str, **said) -> Document:
	"""Write one record about `doc`, as `write_all` does."""
	return write_all(doc, [{"kind": kind, **said}])[0]


def write_all(doc: Document, rows: Iterable[dict]) -> list[Document]:
	"""Write records about `doc`, in their order, in the transaction that is under way; gives them.

	A row says `kind` ("Passage", "Waiver", "Void" or "Setting"), and whichever it has of `gate`, `action`,
	`from_state`, `to_state`, `role`, `reason`, `signature`, `requirement` (a code) and `requirements` (a list).
	The records are the server's own, so nobody needs a permission to have them written.
	"""
	number, digest = last_of(doc)
	written = []
	for row in rows:
		number += 1
		written.append(_insert(doc, number, digest, row))
		digest = written[-1].digest
	chain = frappe.qb.DocType(CHAIN)
	frappe.qb.update(chain).set(chain.records, number).set(chain.digest, digest).where(
		chain.name == doc.process_id
	).run()
	forget(doc, "records")
	return written


def last_of(doc: Document) -> tuple[int, str]:
	"""Number and digest of the last record about `doc`; 0 and nothing when there is none.

	Keeps the document's place in the log to this transaction until it ends, so that of two people who act on
	one document each has numbers of their own. It is a row of its own, found by its name: who waits for it
	holds up nobody else.
	"""
	if not doc.get("process_id"):
		doc.db_set("process_id", new_process_id(), update_modified=False)
	last = frappe.db.get_value(CHAIN, doc.process_id, ["records", "digest"], for_update=True)
	if not last:
		begin(doc)
	number, digest = last or (0, "")
	return cint(number), digest or ""


def begin(doc: Document) -> None:
	"""Make the place of a new document in the log.

	When it is made, and not with its first record: a row that is not there yet cannot be locked without its
	neighbours, and two people would wait for each other.
	"""
	chain, at = frappe.qb.DocType(CHAIN), now()
	values = {
		"name": doc.process_id,
		"owner": frappe.session.user,
		"creation": at,
		"modified": at,
		"modified_by": frappe.session.user,
		"reference_doctype": doc.doctype,
		"reference_name": doc.name,
		"records": 0,
	}
	frappe.qb.into(chain).columns(*values).insert(*values.values()).run()


def _insert(doc: Document, number: int, previous: str, said: dict) -> Document:
	gate = said.get("gate") or ""
	return append(
		{
			"doctype": RECORD,
			"process_id": doc.process_id,
			"sequence": number,
			"previous": previous,
			"reference_doctype": doc.doctype,
			"reference_name": doc.name,
			"user": frappe.session.user,
			"full_name": get_fullname(frappe.session.user),
			**(fingerprint_of(gate, doc) if gate else {}),
			**said,
			"requirements": frappe.as_json(said.get("requirements") or []),
		}
	)


def records(doc: Document) -> list[frappe._dict]:
	"""Everything on record about `doc`, newest first; read once a save."""
	return once(doc, "records", lambda: _read(doc))


def _read(doc: Document) -> list[frappe._dict]:
	return frappe.get_all(
		RECORD,
		filters={"process_id": process_id_of(doc)},
		fields=[
			"name",
			"sequence",
			"kind",
			"gate",
			"action",
			"user",
			"from_state",
			"to_state",
			"reason",
			"requirement",
			"fingerprint",
			"fingerprint_by",
			"creation",
		],
		order_by="sequence desc",
	)


def about(doc: Document, kind: str, gate: str) -> list[frappe._dict]:
	"""The records of one kind about `doc` and `gate`, newest first."""
	return [row for row in records(doc) if (row.kind, row.gate or "") == (kind, gate)]


def passages(doc: Document, gate: str) -> list[frappe._dict]:
	"""Passages of `doc` through `gate`, newest first."""
	return about(doc, "Passage", gate)


def last_passage(doc: Document, gate: str) -> frappe._dict | None:
	"""The newest passage of `doc` through `gate`, or None."""
	return next(iter(passages(doc, gate)), None)


def last_move(doc: Document) -> frappe._dict | None:
	"""What took `doc` to where it is, as far as records know: the newest passage or void, or None."""
	return next((row for row in records(doc) if row.kind != "Waiver"), None)


def voids_since_passage(doc: Document, gate: str) -> list[frappe._dict]:
	"""What took back the newest passage of `doc` through `gate`, newest first."""
	passage = last_passage(doc, gate)
	return [row for row in about(doc, "Void", gate) if not passage or row.sequence > passage.sequence]


def waived_codes(doc: Document, gate: str) -> set[str]:
	"""Codes of the requirements of `gate` that are waived for `doc` as it stands now.

	A waiver is for what the manager saw: when that changes, it lapses.
	"""
	return {row.requirement for row in about(doc, "Waiver", gate) if holds(row, doc)}


def changed_since(doc: Document, gate: str) -> bool:
	"""Whether what the last passage of `doc` through `gate` vouched for is no longer so."""
	passage = last_passage(doc, gate)
	return bool(passage and passage.fingerprint and not holds(passage, doc))
