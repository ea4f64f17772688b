"""Private files stay private: nobody opens one by making a File that only names it.

Whoever owns a File may open what it leads to, and Frappe takes any address, and any name, for one. The
numbers of certificates and orders are easily guessed.
"""

import os
from urllib.parse import unquote, urlsplit

import frappe
from frappe.model.document import Document
from frappe.utils import get_files_path

from metalcraft_workflow import compat

PRIVATE, PUBLIC = "/private/files/", "/files/"


def has_permission(
	doc: Document, ptype: str | None = None, user: str | None = None, **_kwargs
) -> bool | None:
	"""Deny a File that is made to lead to a private file which `user` may not open (`has_permission` of
	File). All else is left to Frappe."""
	if ptype not in ("create", "write") or not isinstance(doc, Document) or doc.get("is_folder"):
		return compat.no_objection()
	if not doc.is_new() and doc.file_url == frappe.db.get_value("File", doc.name, "file_url"):
		return compat.no_objection()
	address = private_address(doc)
	if not address:
		return compat.no_objection()
	same = frappe.get_all("File", {"file_url": address, "name": ["!=", doc.name or ""]}, pluck="name")
	if any(frappe.get_doc("File", name).has_permission("read", user=user) for name in same):
		return compat.no_objection()
	return False


def private_address(file: Document) -> str:
	"""The address of the private file that `file` names, however it is written; empty when it brings its
	content along, or names no private file."""
	named = unquote(file.file_url or "")
	# A site has several names, and whoever sends a request chooses which of them it goes by
	elsewhere = named.startswith(("http://", "https://"))
	if elsewhere:
		named = urlsplit(named).path
	if not named:
		# Frappe takes what lies under its name, then
		named = "" if file.get("content") else file.file_name or ""
	if named and "/" not in named:
		named = (PRIVATE if file.is_private else PUBLIC) + named
	if not named.startswith((PRIVATE, PUBLIC)):
		return ""
	is_private = named.startswith(PRIVATE)
	below = named.removeprefix(PRIVATE if is_private else PUBLIC).split("/")
	path = get_files_path(*below, is_private=is_private)
	path, private = os.path.realpath(path), os.path.realpath(get_files_path(is_private=True))
	if not path.startswith(private + os.sep) or (elsewhere and not os.path.exists(path)):
		return ""
	return PRIVATE + os.path.relpath(path, private)
