"""The log of passages: writing and reading `Release Record`."""

import frappe
from frappe.model.document import Document

from metalcraft_workflow.gates.registry import fingerprint_of


def write(
	doc: Document,
	kind: str,
	*,
	gate: str = "",
	action: str = "",
	from_state: str = "",
	to_state: str = "",
	role: str = "",
	reason: str = "",
	requirement: str = "",
	requirements: list | None = None,
) -> Document:
	"""Write one record about `doc`, in the transaction that is under way.

	`kind` is "Passage", "Waiver" or "Void". The record is the server's own, so nobody needs a
	permission to have it written.
	"""
	return frappe.get_doc(
		{
			"doctype": "Release Record",
			"kind": kind,
			"reference_doctype": doc.doctype,
			"reference_name": doc.name,
			"gate": gate,
			"action": action,
			"from_state": from_state,
			"to_state": to_state,
			"user": frappe.session.user,
			"role": role,
			"reason": reason,
			"requirement": requirement,
			"requirements": frappe.as_json(requirements or []),
			"fingerprint": fingerprint_of(gate, doc) if gate else "",
		}
	).insert(ignore_permissions=True)  # the log is the server's; no role may create a record


def about(doc: Document, kind: str, gate: str) -> dict:
	"""Filters for the records of one kind about `doc` and `gate`.

	Records outlive a draft that is deleted, and Frappe may give its name to the next document: what is
	older than the document is about another.
	"""
	return {
		"reference_doctype": doc.doctype,
		"reference_name": doc.name,
		"kind": kind,
		"gate": gate,
		"creation": [">=", doc.creation],
	}


def passages(doc: Document, gate: str, limit: int | None = None) -> list[frappe._dict]:
	"""Passages of `doc` through `gate`, newest first: name, user, from_state, fingerprint, creation."""
	return frappe.get_all(
		"Release Record",
		filters=about(doc, "Passage", gate),
		fields=["name", "user", "from_state", "fingerprint", "creation"],
		order_by="creation desc, name desc",
		limit=limit,
	)


def last_passage(doc: Document, gate: str) -> frappe._dict | None:
	"""The newest passage of `doc` through `gate`, or None."""
	return next(iter(passages(doc, gate, limit=1)), None)


def voids_since_passage(doc: Document, gate: str) -> list[frappe._dict]:
	"""What took back the newest passage of `doc` through `gate`, newest first: user, reason, fingerprint."""
	passage = last_passage(doc, gate)
	filters = about(doc, "Void", gate)
	if passage:
		filters["creation"] = [">", passage.creation]
	return frappe.get_all(
		"Release Record",
		filters=filters,
		fields=["user", "reason", "fingerprint", "creation"],
		order_by="creation desc, name desc",
	)


def waived_codes(doc: Document, gate: str) -> set[str]:
	"""Codes of the requirements of `gate` that are waived for `doc` as it stands now.

	A waiver is for what the manager saw: when that changes, it lapses.
	"""
	return set(
		frappe.get_all(
			"Release Record",
			filters={**about(doc, "Waiver", gate), "fingerprint": fingerprint_of(gate, doc)},
			pluck="requirement",
		)
	)


def changed_since(doc: Document, gate: str) -> bool:
	"""Whether what the last passage of `doc` through `gate` vouched for is no longer so."""
	passage = last_passage(doc, gate)
	return bool(passage and passage.fingerprint and passage.fingerprint != fingerprint_of(gate, doc))
