"""Files that stay: one table of whose attachments they are, when they are held, and what is said.

Frappe moves a file on disk, and deletes its content, before the app's other handlers run, and no rollback
brings that back. So who refuses is asked in `before_validate` and in the hook `delete_file_data_content`,
too. Another app adds a keeper of its own by the hook `metalcraft_kept_files`.
"""

from collections.abc import Callable
from dataclasses import dataclass

import frappe
from frappe import _
from frappe.model.document import Document
from frappe.utils import cstr, escape_html

from metalcraft_workflow.facts.documents import another_copy, given_name, versions_with
from metalcraft_workflow.rules.requirement import _lt

# What a file is moved or opened to the public by
PLACE = ("is_private", "file_url", "attached_to_doctype", "attached_to_name")
# What these change is the same for every File with that content
SHARED = ("is_private", "content_hash")


@dataclass(frozen=True)
class Keeper:
	"""Who holds files, and how.

	attached_to  DocType whose attachments they are
	needs        whether the document needs this file as it is
	sentence     what is said, with the name of the file {0} and of the document {1}
	deleting, moving  what it is held against; moving is also making it public, and changing what it holds
	"""

	attached_to: str
	needs: Callable[[Document], bool]
	sentence: str
	title: str
	exception: type[Exception] = frappe.ValidationError
	deleting: bool = True
	moving: bool = True


def _is_issued(file: Document) -> bool:
	# One whose certificate was rolled back keeps none
	return bool(frappe.db.exists("Conformance Certificate", file.attached_to_name))


def _is_of_batch(file: Document) -> bool:
	key = {"parenttype": "Batch", "parent": file.attached_to_name, "file": file.file_url}
	return bool(frappe.db.exists("Batch Certificate", key))


def _is_earlier_version(file: Document) -> bool:
	return versions_with(file) and not another_copy(file)


def _is_document(file: Document) -> bool:
	key = {"parenttype": "Delivery Note", "parent": file.attached_to_name, "file": file.file_url}
	return bool(frappe.db.exists("Shipment Document", key)) or versions_with(file)


def _is_purchase_order(file: Document) -> bool:
	key = {"name": file.attached_to_name, "customer_po_file": file.file_url, "docstatus": ["!=", 0]}
	return bool(frappe.db.exists("Sales Order", key))


KEEPERS = (
	Keeper(
		"Conformance Certificate",
		_is_issued,
		_lt("{0} is on record as it was issued. It stays there, and private."),
		_lt("Kept for Good"),
		frappe.PermissionError,
	),
	Keeper(
		"Delivery Note",
		_is_earlier_version,
		_lt("{0} is an earlier version of a document of Delivery Note {1}, and is kept."),
		_lt("Kept on Record"),
		frappe.PermissionError,
		moving=False,
	),
	Keeper(
		"Delivery Note",
		_is_document,
		_lt(
			"{0} is a document of Delivery Note {1}: it stays there, and private. Take it out of the"
			" documents first."
		),
		_lt("A Document of a Delivery"),
		deleting=False,
	),
	Keeper(
		"Batch",
		_is_of_batch,
		_lt(
			"{0} is a certificate of batch {1}: it stays there, and private. Take it out of the certificates"
			" first."
		),
		_lt("A Certificate of a Batch"),
	),
	Keeper(
		"Sales Order",
		_is_purchase_order,
		_lt("{0} is the purchase order that {1} was approved by: it stays there as it is, and private."),
		_lt("Kept on Record"),
		deleting=False,  # Frappe's own: see setup.properties
	),
)


def protect(file: Document, method: str | None = None) -> None:
	"""Refuse to delete a file that is held, to move it, to make it public or to change what it holds: what
	names it would lead nowhere, or to something else than was released.

	In `on_trash` and `before_validate` of File. Raises what the keeper says.
	"""
	if method == "on_trash":
		return refuse_for([file], deleted=True)
	held = file.get_doc_before_save()
	changed = [
		name for name in (*PLACE, "content_hash") if held and cstr(held.get(name)) != cstr(file.get(name))
	]
	if not changed:
		return
	everywhere = [held, *others_with(held)] if any(name in SHARED for name in changed) else [held]
	try:
		refuse_for(everywhere, deleted=False)
	except Exception:
		# Frappe writes a smaller picture (`optimize_file`) before it asks, and takes it back only in requests
		# that may change something
		if "content_hash" in changed:
			file.on_rollback()
		raise


def refuse_for(files: list[Document], deleted: bool) -> None:
	"""Raise what the first keeper of one of `files` says; nothing when nobody holds any of them."""
	for file in files:
		for keeper in KEEPERS:
			asked = keeper.deleting if deleted else keeper.moving
			if asked and keeper.attached_to == file.attached_to_doctype and keeper.needs(file):
				frappe.throw(
					_(keeper.sentence).format(escape_html(given_name(file)), file.attached_to_name),
					keeper.exception,
					title=_(keeper.title),
				)


def others_with(file: Document) -> list[Document]:
	"""The other Files of documents that hold files, with the same content or address as `file`."""
	same = [["file_url", "=", file.file_url]]
	if file.content_hash:
		same.append(["content_hash", "=", file.content_hash])
	return [
		frappe.get_doc("File", name)
		for name in frappe.get_all(
			"File",
			filters={
				"name": ["!=", file.name],
				"attached_to_doctype": ["in", sorted({keeper.attached_to for keeper in KEEPERS})],
			},
			or_filters=same,
			pluck="name",
		)
	]


def delete_content(file: Document, only_thumbnail: bool = False) -> None:
	"""Delete a file on disk, as Frappe does, unless it is kept, or is another File's as well. Raises what its
	keeper raises.

	What Frappe goes by, the digest and the thumbnail, anybody can write who may write the File.
	"""
	for keeper in frappe.get_hooks("metalcraft_kept_files"):
		frappe.get_attr(keeper)(file, "on_trash")
	only_thumbnail = only_thumbnail or is_named_elsewhere(file, file.file_url)
	if is_named_elsewhere(file, file.thumbnail_url):
		file.thumbnail_url = None
	# Where files are kept elsewhere, by an app that is asked after this one
	later = [
		name
		for name in frappe.get_hooks("delete_file_data_content")
		if frappe.get_attr(name) != delete_content
	]
	if later:
		frappe.get_attr(later[0])(file, only_thumbnail=only_thumbnail)
	else:
		file.delete_file_from_filesystem(only_thumbnail=only_thumbnail)


def is_named_elsewhere(file: Document, url: str | None) -> bool:
	"""Whether another File leads to what Frappe deletes for the address `url`."""
	if not url:
		return False
	# It looks at the last part of it, and whether the part before that is "files"
	folder, _slash, name = url.strip("/").rpartition("/")
	there = ("/files/" if folder == "files" else "/private/files/") + name
	return bool(frappe.db.exists("File", {"file_url": there, "name": ["!=", file.name]}))
