"""Step 9: Quality Assurance attaches the documents that a delivery needs, and releases them."""

import frappe
from frappe import _
from frappe.model.document import Document
from frappe.utils import cstr, now_datetime

from metalcraft_workflow.gates import delivery, guard
from metalcraft_workflow.gates.workflow import gate_of, has_passed, set_fact
from metalcraft_workflow.rules import documents as rules
from metalcraft_workflow.rules.fingerprint import fingerprint
from metalcraft_workflow.rules.requirement import Requirement

STAMPS = ("uploaded_by", "uploaded_on")
ACCEPTANCE = ("accepted_by", "accepted_on")


def prepare(doc: Document, method: str | None = None) -> None:
	"""Derive the documents that the delivery needs, and stamp who attached what.

	Runs in `before_validate`. Whether any are needed decides where Complete Packing leads to.
	"""
	if not doc.follows_process:
		return
	restore_stamps(doc)
	if not doc.get("is_return") and not has_passed(
		gate_of(doc.get_doc_before_save() or doc), "release_documents"
	):
		derive_rows(doc)
	stamp_uploads(doc)
	set_fact(doc, "documents_required", int(bool(doc.shipment_documents) and not doc.get("is_return")))


def restore_stamps(doc: Document) -> None:
	"""Put back what only the server writes in the rows: what a client sends for it is not heard."""
	before = doc.get_doc_before_save()
	stored = {row.name: row for row in before.shipment_documents} if before else {}
	for row in doc.shipment_documents:
		old = stored.get(row.name)
		for fieldname in ("reason", *STAMPS, *ACCEPTANCE):
			row.set(fieldname, old.get(fieldname) if old else None)


def derive_rows(doc: Document) -> None:
	"""Give every document that is asked for its row, with the reason; take away rows nobody needs."""
	why = {
		document_type: reason_in_words(asked_by)
		for document_type, asked_by in delivery.required_documents(doc).items()
	}
	stored = list(doc.shipment_documents)
	rows = [
		rules.Row(row.document_type or "", row.file or "", row.reason or "", str(number))
		for number, row in enumerate(stored)
	]
	derived = []
	for row in rules.derive(rows, why):
		child = (
			stored[int(row.key)]
			if row.key
			else frappe.new_doc("Shipment Document", parent_doc=doc, parentfield="shipment_documents")
		)
		child.document_type, child.reason = row.document_type, row.reason
		derived.append(child)
	doc.set("shipment_documents", derived)
	for number, child in enumerate(doc.shipment_documents, 1):
		child.idx = number


def reason_in_words(asked_by: dict[str, list[str]]) -> str:
	"""Who asks for a document: "Customer: ACME; Item: CYL-01, CYL-02"."""
	return "; ".join(f"{_(source)}: {', '.join(names)}" for source, names in asked_by.items())


def stamp_uploads(doc: Document) -> None:
	"""Write down who attached each new file, when; a new file has not been accepted yet.

	Raises ValidationError for a file that is not a private attachment of the delivery note.
	"""
	before = doc.get_doc_before_save()
	files = {row.name: row.file for row in before.shipment_documents} if before else {}
	released = has_passed(gate_of(doc), "release_documents")
	for row in doc.shipment_documents:
		if (row.file or None) != (files.get(row.name) or None):
			if row.file:
				check_file(doc, row)
			row.uploaded_by = frappe.session.user if row.file else None
			row.uploaded_on = now_datetime() if row.file else None
			row.accepted_by = row.accepted_on = None
		if not released:
			row.accepted_by = row.accepted_on = None


def check_file(doc: Document, row: Document) -> None:
	"""Refuse a file that everybody could open, and one that is not kept with the delivery note."""
	file = frappe.db.get_value(
		"File",
		{"file_url": row.file, "attached_to_doctype": doc.doctype, "attached_to_name": doc.name},
		["name", "is_private"],
		as_dict=True,
	)
	if not file:
		frappe.throw(
			_(
				"Documents row {0}: {1} is not attached to this delivery note. Save the delivery note, then"
				" upload the file in the row."
			).format(row.idx, frappe.bold(frappe.utils.escape_html(row.file))),
			title=_("Not Attached"),
		)
	if not file.is_private:
		frappe.throw(
			_(
				"Documents row {0}: {1} is public, so anybody with its address can open it. Upload it as a"
				" private file."
			).format(row.idx, frappe.bold(frappe.utils.escape_html(row.file))),
			title=_("Public File"),
		)


def requirements(doc: Document) -> list[Requirement]:
	"""What the release of the documents asks for: gate `release_documents`."""
	return delivery.documents_complete(doc)


def documents_fingerprint(doc: Document) -> str:
	"""Digest of the documents and their files: what their release vouches for."""
	return fingerprint(
		[{"document_type": row.document_type, "file": row.file} for row in doc.shipment_documents],
		("document_type", "file"),
	)


def accept(doc: Document) -> None:
	"""Write down who accepted the documents, when. Effect of `release_documents`."""
	stamp_acceptance(doc, frappe.session.user, now_datetime())


def withdraw_acceptance(doc: Document) -> None:
	"""Take the acceptance back: the documents, or what they speak of, changed. Effect of the voids."""
	stamp_acceptance(doc, None, None)


def stamp_acceptance(doc: Document, user: str | None, when) -> None:
	"""Write acceptance on every row that has a file."""
	for row in doc.shipment_documents:
		if row.file and (row.accepted_by or user):
			row.db_set({"accepted_by": user, "accepted_on": when}, update_modified=False)


def refuse_alone(row: Document, method: str | None = None) -> None:
	"""Refuse to write or delete a row of the documents by itself, around the events of its delivery note,
	which stamp who attached what. Raises PermissionError."""
	frappe.throw(
		_("Change the documents on Delivery Note {0} itself.").format(row.parent or ""),
		frappe.PermissionError,
		title=_("Not Row by Row"),
	)


def on_file_trash(file: Document, method: str | None = None) -> None:
	"""Take a deleted file out of its delivery note, and re-open what its release vouched for.

	Of what has shipped, Frappe itself keeps the files: see setup.properties.
	"""
	if file.attached_to_doctype != "Delivery Note" or not file.file_url:
		return
	rows = rows_with(file)
	if not rows or another_copy(file):
		return
	doc = frappe.get_doc("Delivery Note", file.attached_to_name)
	for row in doc.shipment_documents:
		if row.name in rows:
			row.db_set({name: None for name in ("file", *STAMPS, *ACCEPTANCE)}, update_modified=False)
	guard.void_if_changed(doc)


def keep_file(file: Document, method: str | None = None) -> None:
	"""Refuse to move a document of a delivery, or to make it public: its row would lead nowhere.

	In `before_validate` of File, before Frappe moves the file on disk. Raises ValidationError.
	"""
	before = file.get_doc_before_save()
	if not before or before.attached_to_doctype != "Delivery Note":
		return
	kept = ("is_private", "file_url", "attached_to_doctype", "attached_to_name")
	if any(cstr(before.get(name)) != cstr(file.get(name)) for name in kept) and rows_with(before):
		frappe.throw(
			_(
				"{0} is a document of Delivery Note {1}: it stays there, and private. Take it out of the"
				" documents first."
			).format(before.file_name, before.attached_to_name),
			title=_("A Document of a Delivery"),
		)


def rows_with(file: Document) -> list[str]:
	"""The rows of the documents of a delivery note, not shipped yet, that hold `file`."""
	return frappe.get_all(
		"Shipment Document",
		filters={
			"parent": file.attached_to_name,
			"parenttype": "Delivery Note",
			"docstatus": 0,
			"file": file.file_url,
		},
		pluck="name",
	)


def another_copy(file: Document) -> bool:
	"""Whether the same file is attached to the delivery note a second time."""
	return bool(
		frappe.db.exists(
			"File",
			{
				"name": ["!=", file.name],
				"file_url": file.file_url,
				"attached_to_doctype": file.attached_to_doctype,
				"attached_to_name": file.attached_to_name,
			},
		)
	)
