"""Step 9: Quality Assurance attaches the documents that a delivery needs, and releases them; and inspects what
ERPNext wants inspected before it is delivered.

A row of the documents is accepted or rejected with its file, or dropped with a reason. Releasing the
documents accepts those about which nothing was said. What a row was before is kept for good.
"""

import frappe
from frappe import _
from frappe.model.document import Document
from frappe.utils import now_datetime

from metalcraft_workflow.facts import documents, inspections
from metalcraft_workflow.gates.guard import PassageRefused
from metalcraft_workflow.gates.names import names_of
from metalcraft_workflow.gates.registry import settings
from metalcraft_workflow.gates.workflow import gate_of, set_fact
from metalcraft_workflow.rules import documents as rules
from metalcraft_workflow.rules.fingerprint import fingerprint
from metalcraft_workflow.rules.path import has_passed
from metalcraft_workflow.rules.requirement import Requirement

# Who did what to a row, and when: the server alone writes it
UPLOAD = ("uploaded_by", "uploaded_on")
ACCEPTANCE = ("accepted_by", "accepted_on")
REJECTION = ("rejected_by", "rejected_on")
DROP = ("dropped_by", "dropped_on")
STAMPS = (*UPLOAD, *ACCEPTANCE, *REJECTION, *DROP)
DECISIONS = {"Accepted": ACCEPTANCE, "Rejected": REJECTION}


def prepare(doc: Document, method: str | None = None) -> None:
	"""Derive the documents that the delivery needs, take what its batches have, and stamp who did what.

	Runs in `before_validate`. Whether any are needed decides where Complete Packing leads to.
	Raises ValidationError for a file that cannot be a document, or a decision without its reason.
	"""
	if not doc.follows_process:
		return
	before = doc.get_doc_before_save()
	stored = {row.name: row for row in before.shipment_documents} if before else {}
	came_from, goes_to = gate_of(before or doc), gate_of(doc)
	packed, released = (has_passed(came_from, gate) for gate in ("complete_packing", "release_documents"))
	restore(doc, stored)
	if not doc.get("is_return") and not released:
		derive_rows(doc)
		if before and not packed and has_passed(goes_to, "complete_packing"):
			documents.take_batch_certificates(doc)
	for number, row in enumerate(doc.shipment_documents, 1):
		row.idx = number
		decide(doc, row, stored.get(row.name), reviewed=packed and not released)
	goes_back = released and not has_passed(goes_to, "release_documents")
	if goes_back or not has_passed(goes_to, "complete_packing"):
		for row in accepted_rows(doc):
			row.update(no_acceptance())
	record_versions(doc, stored)
	for_quality = bool(doc.shipment_documents) or inspections.are_asked(doc)
	set_fact(doc, "documents_required", int(for_quality and not doc.get("is_return")))


def restore(doc: Document, stored: dict[str, Document]) -> None:
	"""Put back what only the server writes in the rows, and rows that were dropped: what a client sends
	for it is not heard."""
	sent = {row.name: row for row in doc.shipment_documents}
	for row in doc.shipment_documents:
		old = stored.get(row.name)
		for fieldname in ("reason", *STAMPS):
			row.set(fieldname, old.get(fieldname) if old else None)
	for name, old in stored.items():
		if not old.dropped:
			continue
		if name not in sent:
			doc.append("shipment_documents", old)
		elif sent[name].dropped:
			sent[name].update({key: old.get(key) for key in ("document_type", "batch_no", "drop_reason")})


def derive_rows(doc: Document) -> None:
	"""Give every document that is asked for its row, with the reason; take away rows nobody needs."""
	why = {key: reason_in_words(asked_by) for key, asked_by in documents.required_documents(doc).items()}
	stored = list(doc.shipment_documents)
	derived = []
	for row in rules.derive(documents.rows_of(doc), why):
		child = (
			stored[int(row.key)]
			if row.key
			else frappe.new_doc("Shipment Document", parent_doc=doc, parentfield="shipment_documents")
		)
		child.document_type, child.batch_no, child.reason = (
			row.document_type,
			row.batch_no or None,
			row.reason,
		)
		derived.append(child)
	doc.set("shipment_documents", derived)


def reason_in_words(asked_by: dict[str, list[str]]) -> str:
	"""Who asks for a document: "Customer: ACME; Item: CYL-01, CYL-02"."""
	return "; ".join(f"{_(source)}: {', '.join(names)}" for source, names in asked_by.items())


# What was decided about a row


def decide(doc: Document, row: Document, old: Document | None, reviewed: bool) -> None:
	"""Check and stamp what this save says of a row; `old` is the row as it is stored.

	A new file, or a file that is now called something else, has not been decided about. Documents are
	decided about while they are `reviewed`: after the packing, before their release.
	"""
	was, now = state(old), state(row)
	if (was.status, was.dropped) != (now.status, now.dropped) and not reviewed:
		frappe.throw(
			_(
				"Documents row {0}: documents are accepted, rejected and marked as not needed after the packing"
				" is complete and before they are released."
			).format(row.idx),
			PassageRefused,
			title=_("Not in Review"),
		)
	is_new = row.file and (
		not old or any(said(row, name) != said(old, name) for name in ("file", "document_type", "batch_no"))
	)
	if is_new:
		check_file(doc, row)
	if (is_new or was.file != now.file) and now.status == was.status:
		row.status = "Pending"
		if was.status == "Rejected" and said(row, "remark") == said(old, "remark"):
			row.remark = None
	if not row.status or (row.dropped and row.status == "Accepted"):
		row.status = "Pending"
	stamp(row, UPLOAD, bool(row.file), anew=was.file != now.file)
	check_decision(row, changed=row.status != was.status)
	if not row.dropped:
		row.drop_reason = None
	for status, fields in DECISIONS.items():
		stamp(row, fields, row.status == status, anew=bool(is_new) or row.status != was.status)
	stamp(row, DROP, bool(row.dropped), anew=not was.dropped)


def state(row: Document | None) -> rules.State:
	"""How a row stands."""
	return rules.State(row.file or "", row.status or "Pending", bool(row.dropped)) if row else rules.State()


def said(row: Document, fieldname: str) -> str:
	"""What a field of a row says, without blanks around it."""
	return frappe.utils.cstr(row.get(fieldname)).strip()


def stamp(row: Document, fields: tuple[str, str], holds: bool, anew: bool) -> None:
	"""Write who and when into `fields` when what they tell `holds`, and has just come about."""
	if not holds:
		row.update(dict.fromkeys(fields))
	elif anew or not row.get(fields[0]):
		row.update(dict(zip(fields, (frappe.session.user, now_datetime()), strict=True)))


def check_decision(row: Document, changed: bool) -> None:
	"""Refuse a decision that says too little, or that this user may not take. Raises ValidationError."""
	message = ""
	if row.status in DECISIONS and not row.file:
		message = _("Documents row {0}: there is no file yet. Upload it, then accept or reject it.")
	elif row.status == "Rejected" and not said(row, "remark"):
		message = _("Documents row {0}: say in its remark why it is rejected.")
	elif row.dropped and not said(row, "drop_reason"):
		message = _("Documents row {0}: say why it is not needed.")
	elif row.status == "Accepted" and changed and own_upload(row):
		message = _("Documents row {0}: you uploaded this file yourself. Ask a colleague to accept it.")
	if message:
		frappe.throw(message.format(row.idx), title=_("Document"))


def own_upload(row: Document) -> bool:
	"""Whether the settings keep this user from accepting the file of `row`."""
	separate = settings().get("separate_upload_and_acceptance")
	return bool(separate) and row.uploaded_by == frappe.session.user


def check_file(doc: Document, row: Document) -> None:
	"""Refuse a file that is not kept with the delivery note, that anybody could open, or that is not what
	its type allows or its name says. A public one is made private where nothing else needs it."""
	file = documents.file_of(doc, row.file)
	if not file:
		named = frappe.bold(frappe.utils.escape_html(row.file))
		if row.file.startswith(("http://", "https://")):
			frappe.throw(
				_("Documents row {0}: {1} {2}").format(row.idx, named, documents.why_unread(row.file)),
				title=_("Not This File"),
			)
		frappe.throw(
			_(
				"Documents row {0}: {1} is not attached to this delivery note. Save the delivery note, then"
				" upload the file in the row."
			).format(row.idx, named),
			title=_("Not Attached"),
		)
	if row.document_type and (message := documents.refusal(file, row.document_type)):
		frappe.throw(
			_("Documents row {0}: {1}").format(row.idx, frappe.utils.escape_html(message)),
			title=_("Not This File"),
		)
	if not file.is_private:
		make_private(file, row)


def make_private(file: Document, row: Document) -> None:
	"""Make a public file private, and have the row follow it. Raises ValidationError when the same file
	is open to everybody elsewhere too."""
	# Of what is kept elsewhere Frappe knows no digest
	if file.content_hash and frappe.db.exists(
		"File", {"name": ["!=", file.name], "content_hash": file.content_hash}
	):
		frappe.throw(
			_(
				"Documents row {0}: {1} is public, so anybody with its address can open it, and other"
				" documents use it too. Upload it as a private file."
			).format(row.idx, frappe.bold(frappe.utils.escape_html(row.file))),
			title=_("Public File"),
		)
	# Frappe would look for the field of the row on the delivery note itself
	file.update({"is_private": 1, "attached_to_field": None})
	file.save(ignore_permissions=True)  # who may change the delivery note may have its documents private
	row.file = file.file_url


def record_versions(doc: Document, stored: dict[str, Document]) -> None:
	"""Keep what a row was before this save, where it had a file or a decision that no longer stands."""
	rows = {row.name: row for row in doc.shipment_documents}
	for name, old in stored.items():
		event = rules.what_ended(state(old), state(rows[name]) if name in rows else None)
		if event:
			doc.append("document_versions", documents.version_of(old, event))


# The gate, and what follows from it


def requirements(doc: Document) -> list[Requirement]:
	"""What the release of the documents asks for: gate `release_documents`."""
	found = [*documents.documents_complete(doc), *inspections.inspections_pass(doc)]
	if not doc.shipment_documents:
		return found
	rejected = rules.rejected(documents.rows_of(doc))
	found.append(rules.none_rejected(documents.titles(rejected), doc.name))
	if settings().get("separate_upload_and_acceptance"):
		own = [row for row in pending_rows(doc) if own_upload(row)]
		titles = documents.titles((row.document_type, row.batch_no or "") for row in own)
		found.append(rules.accepted_by_others(titles, doc.name))
	return found


def documents_fingerprint_1(doc: Document) -> str:
	"""Digest of the documents and their files: what their release vouches for."""
	kept = [row for row in doc.shipment_documents if not row.dropped]
	rows = names_of(doc).rows(kept, ("document_type", "batch_no", "file"))
	return fingerprint(
		[
			{"document_type": f"{row['document_type']} {row['batch_no'] or ''}", "file": row["file"]}
			for row in rows
		],
		("document_type", "file"),
	)


def accept(doc: Document) -> None:
	"""Accept the documents about which nothing was said. Effect of `release_documents`."""
	for row in pending_rows(doc):
		row.db_set(
			{
				"status": "Accepted",
				**dict(zip(ACCEPTANCE, (frappe.session.user, now_datetime()), strict=True)),
			},
			update_modified=False,
		)


def withdraw_acceptance(doc: Document) -> None:
	"""Take the acceptance back: the documents, or what they speak of, changed. Effect of the voids."""
	for row in accepted_rows(doc):
		row.db_set(no_acceptance(), update_modified=False)


def pending_rows(doc: Document) -> list[Document]:
	"""Rows with a file about which nothing was decided."""
	return [
		row
		for row in doc.shipment_documents
		if row.file and not row.dropped and (row.status or "Pending") == "Pending"
	]


def accepted_rows(doc: Document) -> list[Document]:
	"""Rows whose file was accepted."""
	return [row for row in doc.shipment_documents if row.status == "Accepted"]


def no_acceptance() -> dict:
	"""What a row says once its acceptance is taken back."""
	return {"status": "Pending", **dict.fromkeys(ACCEPTANCE)}
