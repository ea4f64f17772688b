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

from metalcraft_workflow.facts.documents import another_copy, given_name, rows_with, versions_with
from metalcraft_workflow.rules.requirement import _lt

# What a file is moved or opened to the public by
PLACE = ("is_private", "file_url", "attached_to_doctype", "attached_to_name")


@dataclass(frozen=True)
class Keeper:
	"""Who holds files, and how.

	attached_to  DocType whose attachments they are
	needs        whether the document needs this file as it is
	sentence     what is said, with the name of the file {0} and of the document {1}
	deleting, moving  what it is held against; moving is also making it public
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
	return bool(rows_with(file)) or versions_with(file)


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
)


def protect(file: Document, method: str | None = None) -> None:
	"""Refuse to delete a file that is held, to move it or to make it public: what names it would lead nowhere.

	In `on_trash` and `before_validate` of File. Raises what the keeper says.
	"""
	deleted = method == "on_trash"
	held = file if deleted else file.get_doc_before_save()
	if not held or not (deleted or any(cstr(held.get(name)) != cstr(file.get(name)) for name in PLACE)):
		return
	for keeper in KEEPERS:
		asked = keeper.deleting if deleted else keeper.moving
		if asked and keeper.attached_to == held.attached_to_doctype and keeper.needs(held):
			frappe.throw(
				_(keeper.sentence).format(escape_html(given_name(held)), held.attached_to_name),
				keeper.exception,
				title=_(keeper.title),
			)


def delete_content(file: Document, only_thumbnail: bool = False) -> None:
	"""Delete a file on disk, as Frappe does, unless it is kept. Raises what its keeper raises."""
	for keeper in frappe.get_hooks("metalcraft_kept_files"):
		frappe.get_attr(keeper)(file, "on_trash")
	file.delete_file_from_filesystem(only_thumbnail=only_thumbnail)
