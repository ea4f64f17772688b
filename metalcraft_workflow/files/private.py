"""Private files stay private: nobody opens one by putting its address somewhere.

Whoever owns a File, or may read what it is attached to, may open what it leads to, and Frappe takes any
address, and any name, for one. The numbers of certificates and orders are easily guessed. So everything that
makes a File is asked here, in the File's own event: a profile picture, a web form, an attachment of a mail or
of a comment come with `ignore_permissions`, and pass by every question about permissions.
"""

import os
import time
from urllib.parse import unquote, urlsplit

import frappe
from frappe import _
from frappe.core.doctype.file.utils import get_content_hash
from frappe.model.document import Document
from frappe.utils import cstr, escape_html, get_files_path

from metalcraft_workflow.compat import no_objection

PRIVATE, PUBLIC = "/private/files/", "/files/"

# Fields whose file Frappe attaches to the document, and how the addresses begin that it looks at
ATTACHES, ATTACHED = ("Attach", "Attach Image"), ("/private/files", "/files")

# Seconds
MOMENT = 30

# What says that a private file belongs to no document: not nothing, see `keep_for_itself`
BY_ITSELF = ""


def check(file: Document, method: str | None = None) -> None:
	"""Refuse a File that is made, or changed, to lead to a private file which the user may not open.

	In `before_validate` of File. The server's own copies say so: `file.flags.by_process`, which no client
	can set. Raises PermissionError.
	"""
	if file.get("is_folder") or file.flags.by_process:
		return
	named, before = named_by(file), file.get_doc_before_save()
	stays = before and named == named_by(before)
	if not (stays or may_name(named, file) or brings(file, named) or is_just_written(file, named)):
		refuse(file.file_url or file.file_name)
	keep_for_itself(file)


def has_permission(
	doc: Document, ptype: str | None = None, user: str | None = None, **_kwargs
) -> bool | None:
	"""Deny the same beforehand (`has_permission` of File): Frappe reads what a new File leads to before it
	asks the File's events, and says of what is not there that it is not there."""
	if ptype not in ("create", "write") or not isinstance(doc, Document) or doc.get("is_folder"):
		return no_objection()
	named = named_by(doc)
	if not doc.is_new() and named == named_by(frappe.get_doc("File", doc.name)):
		return no_objection()
	return no_objection() if may_name(named, doc, user) else False


def check_fields(doc: Document, method: str | None = None) -> None:
	"""Refuse a document with a field that names a private file which the user may not open.

	In `validate`. Frappe makes Files of such fields after the save, and only logs it when it may not. Raises
	PermissionError.
	"""
	before = doc.get_doc_before_save()
	for field in doc.meta.get("fields", {"fieldtype": ["in", ATTACHES]}):
		url = cstr(doc.get(field.fieldname))
		if not url.startswith(ATTACHED) or (before and url == before.get(field.fieldname)):
			continue
		if not may_name(address(url)):
			refuse(url)
	# What was uploaded to a form before its first save is moved to the document by the name that the form had,
	# and would be from any other document whose name is given instead
	if doc.get("__temporary_name") and frappe.db.exists(doc.doctype, cstr(doc.get("__temporary_name"))):
		doc.delete_key("__temporary_name")


def refuse(url: str) -> None:
	"""Raise the PermissionError that is the same for what is not there and for what may not be opened."""
	frappe.throw(
		_("{0} is a private file that you may not open, so it cannot be used here. Upload a file.").format(
			frappe.bold(escape_html(cstr(url).rsplit("/", 1)[-1]))
		),
		frappe.PermissionError,
		title=_("Private File"),
	)


def may_name(named: str, file: Document | None = None, user: str | None = None) -> bool:
	"""Whether `user` may put the address `named` somewhere: it is open to everybody, or leads to a private
	file that they may open, by another File than `file` itself."""
	if not named:
		return True
	others = [other for other in files_at(named) if not file or other.name != file.name]
	if not others:
		# Nobody may open what lies in the private folder without a File; elsewhere it is a link like any other
		return not named.startswith(PRIVATE)
	return any(may_open(other, user) for other in others)


def may_open(file: Document, user: str | None = None) -> bool:
	"""Whether `user` may open `file`, or is the guest who has just uploaded it for a form."""
	user = user or frappe.session.user
	if user == "Guest" and file.owner == user and not file.attached_to_doctype:
		return True
	return file.has_permission("read", user=user)


def brings(file: Document, named: str) -> bool:
	"""Whether a new File has brought the content that lies at `named`: then it opens nothing new.

	Frappe has filled in `content` by now, also of a File that only named an address. It keeps what it found
	first, too: the very content that was sent, or what it has read, which is equal and another object.
	"""
	content, first = file.get("content"), file.flags.original_content
	if not (file.is_new() and content and first):
		return False
	if first is not content and first == content:
		return False
	digest = get_content_hash(file.get("_content") or content)
	if frappe.db.exists("File", {"file_url": named, "content_hash": digest, "name": ["!=", cstr(file.name)]}):
		return True
	path = path_of(named)
	if not os.path.isfile(path):
		return False
	with open(path, "rb") as found:
		return get_content_hash(found.read()) == digest


def is_just_written(file: Document, named: str) -> bool:
	"""Whether server code has written what lies at `named` a moment ago, and makes the first File for it: so
	does `frappe.utils.file_manager`."""
	if not (file.is_new() and file.flags.ignore_permissions) or files_at(named):
		return False
	path = path_of(named)
	return os.path.isfile(path) and time.clock_gettime(time.CLOCK_REALTIME) - os.path.getmtime(path) < MOMENT


def keep_for_itself(file: Document) -> None:
	"""Keep a private file that belongs to no document from being taken by the first document that names it.

	Frappe moves it there by its address, without asking anybody, when all three fields that say where it
	belongs are NULL.
	"""
	if file.is_private and not file.attached_to_doctype and not file.attached_to_field:
		file.attached_to_field = BY_ITSELF


def check_request() -> None:
	"""Refuse a private file that is asked for by an address which is one's own in other letters only (an auth
	hook). Raises PermissionError.

	Frappe looks for a File whose address is the same to the database, where A is a and a blank at the end is
	none, and sends what lies on disk, where they are not.
	"""
	path = frappe.request.path
	if not path.startswith(PRIVATE):
		return
	here = files_at(path)
	if len(here) < frappe.db.count("File", {"file_url": path}) and not any(map(may_open, here)):
		raise frappe.PermissionError


# Which file an address means


def files_at(url: str) -> list[Document]:
	"""The Files with just this address, the first made first."""
	found = frappe.get_all("File", {"file_url": url}, ["*"], order_by="is_private, creation")
	return [frappe.get_doc({"doctype": "File", **file}) for file in found if file.file_url == url]


def named_by(file: Document) -> str:
	"""The address that `file` leads to: see `address`; empty when it brings its content along."""
	if file.file_url:
		return address(file.file_url, file.is_private)
	# Frappe takes what lies under its name, then
	return "" if file.get("content") else address(cstr(file.file_name), file.is_private)


def address(url: str, is_private: int | bool = True) -> str:
	"""The address of the private file that `url` means, however it is written; an address elsewhere as it is,
	and an empty one for a public file of this site."""
	named = unquote(cstr(url))
	if "\0" in named:
		return PRIVATE  # no file is called so
	# A site has several names, and whoever sends a request chooses which of them it goes by
	elsewhere = named.startswith(("http://", "https://"))
	if elsewhere:
		named = urlsplit(named).path
	if named and "/" not in named:
		named = (PRIVATE if is_private else PUBLIC) + named
	if not named.startswith((PRIVATE, PUBLIC)):
		return cstr(url)
	in_private = named.startswith(PRIVATE)
	below = named.removeprefix(PRIVATE if in_private else PUBLIC).split("/")
	path = os.path.realpath(get_files_path(*below, is_private=in_private))
	private = os.path.realpath(get_files_path(is_private=True))
	if not path.startswith(private + os.sep):
		return cstr(url) if elsewhere else ""
	if elsewhere and not os.path.exists(path):
		return cstr(url)
	return PRIVATE + os.path.relpath(path, private)


def path_of(named: str) -> str:
	"""Where the private file with the address `named` lies on disk; empty for one that is elsewhere."""
	return (
		get_files_path(*named.removeprefix(PRIVATE).split("/"), is_private=True)
		if named.startswith(PRIVATE)
		else ""
	)
