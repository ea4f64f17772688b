"""The documents of a delivery: which it needs, and the files in their rows (step 9).

`attach` is the one way in for a file that a person has not put into a row of the form: uploads, the
certificates of a batch and generated documents all come through it. Who uploaded what, what became of
the file before it, and what the release vouched for follow when the delivery note is saved.
"""

import os
from collections import defaultdict
from collections.abc import Iterable, Mapping, Set

import frappe
from frappe import _
from frappe.model.document import Document
from frappe.utils import now_datetime

from metalcraft_workflow.facts import pages, traceability
from metalcraft_workflow.gates.message import said
from metalcraft_workflow.gates.once import once
from metalcraft_workflow.gates.registry import settings
from metalcraft_workflow.rules import documents as rules
from metalcraft_workflow.rules import files
from metalcraft_workflow.rules.requirement import Requirement

# Which documents are needed


def required_documents(doc: Document) -> dict[rules.Key, dict[str, list[str]]]:
	"""Which documents the customer, the orders, the items (parts of bundles and templates too) and their
	groups ask for: document type and batch -> who asks."""
	asked_by = askers(doc)
	names = {name for found in asked_by.values() for name in found}
	if not names:
		return {}
	wanted = once(doc, ("wanted", frozenset(names)), lambda: _read_wanted(names))
	wanted = [row for row in wanted if row.parent in asked_by[row.parenttype]]
	each_batch = once(doc, "each batch", _types_of_each_batch) if wanted else set()
	batches = batches_by_item(doc) if each_batch & {row.document_type for row in wanted} else {}
	demands = []
	for row in wanted:
		items = asked_by[row.parenttype][row.parent] if row.document_type in each_batch else ()
		for batch_no in sorted({batch for item in items for batch in batches.get(item, ())}) or [""]:
			demands.append(rules.Demand(row.document_type, row.parenttype, row.parent, batch_no))
	return rules.reasons(demands)


def _read_wanted(names: set[str]) -> list[frappe._dict]:
	return frappe.get_all(
		"Required Document",
		filters={
			"parenttype": ["in", list(rules.SOURCES)],
			"parentfield": "required_documents",
			"parent": ["in", list(names)],
		},
		fields=["document_type", "parenttype", "parent"],
	)


def _types_of_each_batch() -> set[str]:
	return set(frappe.get_all("Shipment Document Type", filters={"per_batch": 1}, pluck="name"))


def askers(doc: Document) -> dict[str, dict[str, set[str]]]:
	"""Who may ask for documents of `doc`: source -> name -> items of the delivery that it speaks of."""
	goods = [(line, row.item_code) for line, row in traceability.goods_of(doc)]
	codes = {item for _line, item in goods}
	found = {source: defaultdict(set) for source in rules.SOURCES}
	if doc.customer:
		found["Customer"][doc.customer] = codes
	for line, item in goods:
		if line.get("against_sales_order"):
			found["Sales Order"][line.against_sales_order].add(item)
	if not codes:
		return found
	items = traceability.items_of(doc).values()
	groups = frozenset(row.item_group for row in items)
	above = once(doc, ("groups", groups), lambda: groups_above(groups))
	for row in items:
		found["Item"][row.name].add(row.name)
		if row.variant_of:
			found["Item"][row.variant_of].add(row.name)
		for group in above.get(row.item_group, ()):
			found["Item Group"][group].add(row.name)
	return found


def groups_above(groups: Set[str]) -> dict[str, list[str]]:
	"""Item group -> itself and the groups above it that ask for any document."""
	group, above, wanted = (
		frappe.qb.DocType("Item Group"),
		frappe.qb.DocType("Item Group").as_("above"),
		frappe.qb.DocType("Required Document"),
	)
	found = defaultdict(list)
	for name, ancestor in (
		frappe.qb.from_(group)
		.join(above)
		.on((above.lft <= group.lft) & (above.rgt >= group.rgt))
		.join(wanted)
		.on((wanted.parent == above.name) & (wanted.parenttype == "Item Group"))
		.where(group.name.isin(list(groups)))
		.select(group.name, above.name)
		.distinct()
		.run()
	):
		found[name].append(ancestor)
	return found


def batches_by_item(doc: Document) -> dict[str, set[str]]:
	"""Item -> its batches in the delivery: those taken from stock, else those that were written down."""
	found, known = defaultdict(set), set()
	for (line, item), sources in traceability.sources_by_line(doc).items():
		if batches := {source.batch_no for source in sources if source.batch_no}:
			found[item] |= batches
			known.add((line, item))
	for entry in traceability.entries_of(doc):
		if entry.batch_no and (entry.line, entry.item_code) not in known:
			found[entry.item_code].add(entry.batch_no)
	return found


def documents_complete(doc: Document, waived: bool = False) -> list[Requirement]:
	"""The requirement that every document of `doc` has its file; none when it needs no documents.

	With `waived`, whoever may has decided that it goes without those that are missing.
	"""
	rows = rows_of(doc)
	wanting = rules.missing(rows, required_documents(doc))
	if not wanting and not rows:
		return []
	return [rules.documents(titles(wanting), doc.name, waived)]


def rows_of(doc: Document) -> list[rules.DocumentRow]:
	"""The documents of `doc` as the rules see them; the key of a row is its place in the table."""
	return [
		rules.DocumentRow(
			document_type=row.document_type or "",
			file=row.file or "",
			reason=row.reason or "",
			key=str(number),
			batch_no=row.batch_no or "",
			dropped=bool(row.dropped),
			rejected=row.status == "Rejected",
		)
		for number, row in enumerate(doc.shipment_documents)
	]


def titles(documents: Iterable[rules.Key]) -> list[str]:
	"""What documents are called: "Mill Certificate (batch B-07)"."""
	return [title_of(document_type, batch_no) for document_type, batch_no in documents]


def title_of(document_type: str, batch_no: str, heats: Mapping[str, str] | None = None) -> str:
	"""What a document is called; with the heat of its batch where `heats` (batch -> heat) knows it."""
	heat = (heats or {}).get(batch_no, "")
	if batch_no and heat:
		return _("{0} (batch {1}, heat {2})").format(_(document_type), batch_no, heat)
	return _("{0} (batch {1})").format(_(document_type), batch_no) if batch_no else _(document_type)


def heats_of(doc: Document) -> dict[str, str]:
	"""Batch -> its heat, of the documents of `doc`: as its traceability names it, else as stock does."""
	batches = {row.batch_no for row in doc.shipment_documents if row.batch_no}
	if not batches:
		return {}
	found = traceability.values("Batch", "heat_no", batches)
	named = {row.batch_no: row.heat_no for row in doc.traceability if row.batch_no and row.heat_no}
	return {name: (named.get(name) or found.get(name) or "").strip() for name in batches}


# Files in the rows


def attach(doc: Document, document_type: str, file_url: str, batch_no: str | None = None) -> Document:
	"""Put a file into the row of `document_type` (and batch) of a delivery note; gives the row.

	`file_url` is a private file that is attached to `doc`. It goes to the row that is still without a
	file, else replaces the rejected file, else the last one; without a row it gets one. The caller saves
	`doc`: then the upload is stamped, a file that was replaced moves to the earlier versions, and a file
	that may not be there is refused.
	"""
	rows = [
		row
		for row in doc.shipment_documents
		if row.document_type == document_type and (row.batch_no or None) == (batch_no or None)
	]
	row = next(
		(
			row
			for fits in (
				lambda row: not row.file and not row.dropped,
				lambda row: row.status == "Rejected",
				lambda row: not row.dropped,
			)
			for row in reversed(rows)
			if fits(row)
		),
		None,
	)
	return fill(row or add_row(doc, document_type, batch_no), file_url)


def add_row(doc: Document, document_type: str, batch_no: str | None = None) -> Document:
	"""A further row of the documents of `doc`."""
	return doc.append("shipment_documents", {"document_type": document_type, "batch_no": batch_no or None})


def fill(row: Document, file_url: str) -> Document:
	"""Put a file into `row`: a document that is there is needed, whatever was said before."""
	row.update({"file": file_url, "dropped": 0, "drop_reason": None})
	return row


def no_file() -> dict:
	"""What a row says when its file is gone: nothing but which document it is, and whether it is needed."""
	fields = (
		"file",
		"uploaded_by",
		"uploaded_on",
		"accepted_by",
		"accepted_on",
		"rejected_by",
		"rejected_on",
	)
	return {"status": "Pending", **dict.fromkeys(fields)}


def given_name(file: Document) -> str:
	"""What `file` was called when it was uploaded. Frappe adds a piece of its digest to a name that is
	taken already, which nobody reads."""
	stem, dot, extension = (file.file_name or "").rpartition(".")
	digest = (file.content_hash or "")[-6:]
	return f"{stem.removesuffix(digest)}{dot}{extension}" if stem != digest else file.file_name


def file_of(doc: Document, url: str | None) -> Document | None:
	"""The File with this address that is attached to `doc`."""
	key = {"file_url": url, "attached_to_doctype": doc.doctype, "attached_to_name": doc.name}
	for found in frappe.get_all("File", key, ["*"]) if url else ():
		if found.file_url == url:  # to the database, A is a
			return frappe.get_doc({"doctype": "File", **found})
	return None


def on_disk(file: Document) -> str:
	"""Where Frappe keeps `file`; empty when it keeps it nowhere."""
	try:
		path = file.get_full_path()
	except frappe.ValidationError:
		frappe.clear_last_message()  # an address that is none
		return ""
	return path if os.path.isfile(path) else ""


def content_of(file: Document) -> bytes:
	"""What `file` holds; nothing when it cannot be read from here.

	From disk, where Frappe keeps it, else by the File's own method, which an app that keeps files elsewhere
	has made its own. A link is not followed: who made it could have the server ask for anything.
	"""
	if path := on_disk(file):
		with open(path, "rb") as found:
			return found.read()
	shown = len(frappe.local.message_log)
	try:
		content = file.get_content()
	except Exception:
		# Whatever the place where it is kept makes of it
		del frappe.local.message_log[shown:]
		return b""
	return content.encode() if isinstance(content, str) else content or b""


def is_there(file: Document) -> bool:
	"""Whether `file` can be read: see `content_of`."""
	return bool(on_disk(file) or content_of(file))


def why_unread(url: str | None) -> str:
	"""Why a file with this address cannot be read, as it goes on after its name."""
	if (url or "").startswith(("http://", "https://")):
		return _(files.LINK)
	if (url or "").startswith(("/files/", "/private/files/")):
		return _(files.GONE)
	return _(files.ELSEWHERE)


def refusal(file: Document, document_type: str) -> str:
	"""Why `file` cannot be a document of this type, in a sentence; empty when it can."""
	allowed, name = limits(document_type), given_name(file)
	path = on_disk(file)
	too_large = path and os.path.getsize(path) > allowed.max_mb * rules.MEGABYTE
	content = b"" if too_large else content_of(file)
	if not path and not content:
		return _("{0} {1}").format(name, why_unread(file.file_url))
	size, kind = os.path.getsize(path) if path else len(content), files.kind(content)
	message, params = rules.why_refused(name, size, kind, allowed)
	if message:
		return said(message, params)
	why = pages.too_much(content, kind)
	return _("{0} {1}").format(name, why) if why else ""


def limits(document_type: str) -> rules.Limits:
	"""What a file of this type may be: as its type says, else as the settings say."""
	kind = frappe.get_cached_doc("Shipment Document Type", document_type)
	common = settings()
	return rules.limits(
		(kind.allowed_extensions, kind.max_size_mb),
		(common.get("document_extensions"), common.get("document_max_size_mb")),
	)


def version_of(row: Document, event: str) -> dict:
	"""What `row` was before `event` ended it, as the earlier versions keep it."""
	file = row.file and frappe.db.get_value(
		"File", {"file_url": row.file}, ["file_name", "content_hash"], as_dict=True
	)
	decided = next(
		(who for who in ("dropped", "rejected", "accepted") if row.get(f"{who}_by")),
		"",
	)
	return {
		"document_type": row.document_type,
		"batch_no": row.batch_no,
		"file": row.file,
		"file_name": file and given_name(file),
		"status": "Not Needed" if row.dropped else row.status,
		"remark": row.drop_reason if row.dropped else row.remark,
		**{field: row.get(field) for field in ("uploaded_by", "uploaded_on")},
		"decided_by": row.get(f"{decided}_by"),
		"decided_on": row.get(f"{decided}_on"),
		"event": event,
		"changed_by": frappe.session.user,
		"changed_on": now_datetime(),
	}


# Certificates that the batches have already


def certificates_offered(doc: Document) -> dict[str, rules.Certificate]:
	"""Key of a row without a file -> the certificate of a batch that answers it."""
	rows = [row for row in rows_of(doc) if not row.file and not row.dropped]
	batches = {batch for found in batches_by_item(doc).values() for batch in found} if rows else set()
	batches |= {row.batch_no for row in rows} - {""}
	if not batches:
		return {}
	kept = frappe.get_all(
		"Batch Certificate",
		filters={"parenttype": "Batch", "parent": ["in", list(batches)]},
		fields=["document_type", "parent", "file"],
		order_by="parent, idx",
	)
	return rules.offers(rows, [rules.Certificate(row.document_type, row.parent, row.file) for row in kept])


def take_batch_certificates(doc: Document) -> int:
	"""Give rows without a file the certificate that their batch has; tells how many. The caller saves.

	The delivery gets a file of its own with the same content: who may open the delivery may open it, and
	it stays when the batch is given another.
	"""
	offered = certificates_offered(doc)
	copies = {certificate.file: copy_of(certificate, doc) for certificate in offered.values()}
	for key, certificate in offered.items():
		row = doc.shipment_documents[int(key)]
		if copies[certificate.file]:
			fill(row, copies[certificate.file])
			row.remark = row.remark or _("From batch {0}").format(certificate.batch_no)
	return sum(bool(copies[certificate.file]) for certificate in offered.values())


def copy_of(certificate: rules.Certificate, doc: Document) -> str:
	"""Attach a copy of the file of a batch to `doc`; gives its address, or nothing when it is lost or is
	not allowed there."""
	batch = frappe._dict(doctype="Batch", name=certificate.batch_no)
	file = file_of(batch, certificate.file)
	if not file or refusal(file, certificate.document_type):
		return ""
	return keep(given_name(file), content_of(file), doc).file_url


def keep(name: str, content: bytes, doc: Document, field: str | None = None) -> Document:
	"""Attach a private file with this content to `doc` (to one of its fields), for who has checked that it
	belongs there."""
	file = frappe.get_doc(
		{
			"doctype": "File",
			"file_name": name,
			"content": content,
			"is_private": 1,
			"attached_to_doctype": doc.doctype,
			"attached_to_name": doc.name,
			"attached_to_field": field,
		}
	)
	# Others may have the same content where this user may not read it
	file.flags.by_process = True
	# Who may take the step may have its paper kept; they need no right on files of their own
	return file.insert(ignore_permissions=True)


# What holds a file


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


def versions_with(file: Document) -> bool:
	"""Whether `file` is an earlier version of a document of the delivery note that it is attached to."""
	return bool(
		frappe.db.exists(
			"Shipment Document Version",
			{"parent": file.attached_to_name, "parenttype": "Delivery Note", "file": file.file_url},
		)
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
