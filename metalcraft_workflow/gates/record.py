"""The log of passages: writing and reading `Release Record`."""

from collections.abc import Iterable

import frappe
from frappe.model.document import Document

from metalcraft_workflow.gates.once import forget, once
from metalcraft_workflow.gates.registry import fingerprint_of


def write(doc: Document, kind: str, **said) -> Document:
	"""Write one record about `doc`, as `write_all` does."""
	return write_all(doc, [{"kind": kind, **said}])[0]


def write_all(doc: Document, rows: Iterable[dict]) -> list[Document]:
	"""Write records about `doc`, in their order, in the transaction that is under way; gives them.

	A row says `kind` ("Passage", "Waiver" or "Void"), and whichever it has of `gate`, `action`, `from_state`,
	`to_state`, `role`, `reason`, `requirement` (a code) and `requirements` (a list). The records are the
	server's own, so nobody needs a permission to have them written.
	"""
	written = [_insert(doc, row) for row in rows]
	forget(doc, "records")
	return written


def _insert(doc: Document, said: dict) -> Document:
	gate = said.get("gate") or ""
	return frappe.get_doc(
		{
			"doctype": "Release Record",
			"reference_doctype": doc.doctype,
			"reference_name": doc.name,
			"user": frappe.session.user,
			"fingerprint": fingerprint_of(gate, doc) if gate else "",
			**said,
			"requirements": frappe.as_json(said.get("requirements") or []),
		}
	).insert(ignore_permissions=True)  # the log is the server's; no role may create a record


def records(doc: Document) -> list[frappe._dict]:
	"""Everything on record about `doc`, newest first; read once a save.

	Records outlive a draft that is deleted, and Frappe may give its name to the next document: what is
	older than the document is about another.
	"""
	return once(doc, "records", lambda: _read(doc))


def _read(doc: Document) -> list[frappe._dict]:
	return frappe.get_all(
		"Release Record",
		filters={
			"reference_doctype": doc.doctype,
			"reference_name": doc.name,
			"creation": [">=", doc.creation],
		},
		fields=[
			"name",
			"kind",
			"gate",
			"action",
			"user",
			"from_state",
			"to_state",
			"reason",
			"requirement",
			"fingerprint",
			"creation",
		],
		order_by="creation desc, name desc",
	)


def about(doc: Document, kind: str, gate: str) -> list[frappe._dict]:
	"""The records of one kind about `doc` and `gate`, newest first."""
	return [row for row in records(doc) if (row.kind, row.gate or "") == (kind, gate)]


def passages(doc: Document, gate: str) -> list[frappe._dict]:
	"""Passages of `doc` through `gate`, newest first: name, user, from_state, fingerprint, creation."""
	return about(doc, "Passage", gate)


def last_passage(doc: Document, gate: str) -> frappe._dict | None:
	"""The newest passage of `doc` through `gate`, or None."""
	return next(iter(passages(doc, gate)), None)


def last_move(doc: Document) -> frappe._dict | None:
	"""What took `doc` to where it is, as far as records know: the newest passage or void, or None."""
	return next((row for row in records(doc) if row.kind != "Waiver"), None)


def voids_since_passage(doc: Document, gate: str) -> list[frappe._dict]:
	"""What took back the newest passage of `doc` through `gate`, newest first: user, reason, fingerprint."""
	passage = last_passage(doc, gate)
	return [row for row in about(doc, "Void", gate) if not passage or row.creation > passage.creation]


def waived_codes(doc: Document, gate: str) -> set[str]:
	"""Codes of the requirements of `gate` that are waived for `doc` as it stands now.

	A waiver is for what the manager saw: when that changes, it lapses.
	"""
	waivers = about(doc, "Waiver", gate)
	if not waivers:
		return set()
	now = fingerprint_of(gate, doc)
	return {row.requirement for row in waivers if (row.fingerprint or "") == now}


def changed_since(doc: Document, gate: str) -> bool:
	"""Whether what the last passage of `doc` through `gate` vouched for is no longer so."""
	passage = last_passage(doc, gate)
	return bool(passage and passage.fingerprint and passage.fingerprint != fingerprint_of(gate, doc))
