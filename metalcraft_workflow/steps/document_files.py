"""Step 9: the files of the documents of a delivery: how they come to their rows, and that they stay."""

from types import NoneType
from typing import Annotated

import frappe
from frappe import _
from frappe.model.document import Document
from frappe.utils import cint, cstr, escape_html

from metalcraft_workflow.facts import documents
from metalcraft_workflow.gates import guard
from metalcraft_workflow.gates.input import Each, Says, checked
from metalcraft_workflow.rules import documents as rules
from metalcraft_workflow.rules.requirement import _lt

# How files come to their rows

WANTED = _lt("Send the name of each file with the row or the document type that it goes to.")


@frappe.whitelist(methods=["POST"])
@checked
def place_files(delivery_note: str, files: Annotated[dict | str, Each(str, NoneType), Says(WANTED)]) -> dict:
	"""Put files that were uploaded to a delivery note into the rows that their names tell, and save it.

	`files` is the name of each File -> where it goes: the name of a row, or a document type for a new
	row; empty to go by its name. Gives `{placed: [titles], refused: [sentences], asked: [{file,
	file_name, suggestion}], choices: [{value, label}]}`: a file that is refused is deleted, one that is
	asked about waits for a second call that says where it goes. Raises PermissionError, ValidationError for
	`files` that are something else, and whatever saving the delivery note raises.
	"""
	doc = frappe.get_doc("Delivery Note", delivery_note)
	doc.check_permission("write")
	chosen = {name: cstr(where) for name, where in files.items()}
	found = {name: attached_file(doc, name) for name in chosen}
	rows = {row.name: row for row in doc.shipment_documents}
	refuse_one_row_for_two(rows, chosen)
	answer = {"placed": [], "refused": [], "asked": [], "choices": []}
	for name, place in places_of(doc, found, chosen).items():
		file = found[name]
		if place.sure and (sentence := documents.refusal(file, place.document_type)):
			answer["refused"].append(sentence)
			discard(doc, file)
		elif place.sure:
			row = rows.get(place.key) or documents.add_row(doc, place.document_type, place.batch_no)
			documents.fill(row, file.file_url)
			answer["placed"] += documents.titles([(place.document_type, place.batch_no)])
		else:
			suggestion = place.key or place.document_type
			answer["asked"].append(
				{"file": name, "file_name": documents.given_name(file), "suggestion": suggestion}
			)
	if answer["placed"]:
		doc.save()
	if answer["asked"]:
		answer["choices"] = choices(doc)
	return answer


@frappe.whitelist(methods=["POST"])
@checked
def use_batch_certificates(delivery_note: str) -> int:
	"""Take the certificates that the batches of a delivery have, and save it; tells how many rows got
	theirs. Raises PermissionError, and whatever saving the delivery note raises."""
	doc = frappe.get_doc("Delivery Note", delivery_note)
	doc.check_permission("write")
	taken = documents.take_batch_certificates(doc)
	if taken:
		doc.save()
	return taken


def set_offers(doc: Document, method: str | None = None) -> None:
	"""Tell the form how many rows the certificates of batches could answer. In `onload`."""
	if doc.follows_process and not cint(doc.docstatus) and doc.shipment_documents:
		doc.set_onload("batch_certificates", len(documents.certificates_offered(doc)))


def places_of(doc: Document, found: dict[str, Document], chosen: dict[str, str]) -> dict[str, rules.Place]:
	"""Where each of the files goes: as a person chose, else by its name, in the order of the names."""
	rows = {row.name: row for row in doc.shipment_documents}
	names = {name: documents.given_name(file) for name, file in found.items()}
	slots, kinds = slots_of(doc), types()
	places = rules.place(
		{name: names[name] for name in sorted(names, key=names.get) if not chosen[name]}, slots, kinds
	)
	# A file that is refused leaves its row to the next one
	fit = {
		name: names[name]
		for name, place in places.items()
		if not place.sure or not documents.refusal(found[name], place.document_type)
	}
	places |= rules.place(fit, slots, kinds)
	for name, where in chosen.items():
		if where in rows:
			row = rows[where]
			places[name] = rules.Place(where, row.document_type, row.batch_no or "", sure=True)
		elif where:
			places[name] = rules.Place(document_type=where, sure=True)
	return places


def refuse_one_row_for_two(rows: dict[str, Document], chosen: dict[str, str]) -> None:
	"""Raise a ValidationError when two files are sent to one row: the second would replace the first."""
	for name, row in rows.items():
		if sum(where == name for where in chosen.values()) > 1:
			frappe.throw(
				_(
					"Row {0}, {1}, takes one file, and two were chosen for it. Choose a new row for one."
				).format(row.idx, _(row.document_type)),
				title=_("One Row, One File"),
			)


def attached_file(doc: Document, name: str) -> Document:
	"""The File `name`, which is attached to `doc`. Raises ValidationError when it is not."""
	if not frappe.db.exists(
		"File", {"name": name, "attached_to_doctype": doc.doctype, "attached_to_name": doc.name}
	):
		frappe.throw(
			_("{0} is not a file of Delivery Note {1}. Upload it there.").format(escape_html(name), doc.name),
			title=_("Not Attached"),
		)
	return frappe.get_doc("File", name)


def discard(doc: Document, file: Document) -> None:
	"""Delete a file that was uploaded to be a document and cannot be one, unless it is used already."""
	if (
		file.owner == frappe.session.user
		and not documents.rows_with(file)
		and not documents.versions_with(file)
	):
		# Who may upload it here may take it back
		frappe.delete_doc("File", file.name, ignore_permissions=True)


def slots_of(doc: Document) -> list[rules.Slot]:
	"""The rows of `doc` that files are matched to. Those that were dropped wait for nothing."""
	batches = {row.batch_no for row in doc.shipment_documents if row.batch_no}
	heats = dict(
		batches
		and frappe.get_all("Batch", {"name": ["in", list(batches)]}, ["name", "heat_no"], as_list=True)
	)
	return [
		rules.Slot(
			key=row.name,
			document_type=row.document_type,
			batch_no=row.batch_no or "",
			marks=tuple(mark for mark in (row.batch_no, heats.get(row.batch_no)) if mark),
			taken=bool(row.file) and row.status != "Rejected",
		)
		for row in doc.shipment_documents
		if not row.dropped
	]


def types() -> list[rules.Type]:
	"""Every document type, with the words that name it."""
	return [
		rules.Type(row.name, tuple(word.strip() for word in (row.keywords or "").split(",") if word.strip()))
		for row in frappe.get_all("Shipment Document Type", fields=["name", "keywords"], order_by="name")
	]


def choices(doc: Document) -> list[dict]:
	"""Where a file can go: each row, and a new row of each type."""
	rows = [row for row in doc.shipment_documents if not row.dropped]
	titles = documents.titles((row.document_type, row.batch_no or "") for row in rows)
	return [
		{"value": row.name, "label": _("{0}, in place of its file").format(title) if row.file else title}
		for row, title in zip(rows, titles, strict=True)
	] + [{"value": kind.name, "label": _("A new row: {0}").format(_(kind.name))} for kind in types()]


# That they stay


def on_file_trash(file: Document, method: str | None = None) -> None:
	"""Take a deleted file out of its delivery note, and re-open what its release vouched for.

	Of what has shipped, Frappe itself keeps the files: see setup.properties.
	"""
	if file.attached_to_doctype != "Delivery Note" or not file.file_url:
		return
	rows = documents.rows_with(file)
	if not rows or documents.another_copy(file):
		return
	doc = frappe.get_doc("Delivery Note", file.attached_to_name)
	for row in doc.shipment_documents:
		if row.name in rows:
			version = documents.version_of(row, _("Deleted"))
			version.update({"file": None, "file_name": documents.given_name(file)})
			# The delivery note itself is not saved, as its other fields may wait for somebody else
			doc.append("document_versions", version).db_insert()
			row.db_set(documents.no_file(), update_modified=False)
	guard.void_if_changed(doc)
