"""DocTypes that only the process writes: once, and nobody changes, renames or deletes a row afterwards.

That holds for Administrator too, with whatever permission, by form, REST, Data Import or a file: what lets a
row in is an object of this module, which no request and no file can hold.
"""

import frappe
from frappe import _
from frappe.model.document import Document

from metalcraft_workflow.rules.requirement import _lt

_OURS = object()


def append(values: dict) -> Document:
	"""Write one row, a dict with its `doctype`. The server's own, so nobody needs a permission for it."""
	row = frappe.get_doc(values)
	mark_as_ours(row)
	return row.insert(ignore_permissions=True)  # no role may create such rows


def mark_as_ours(doc: Document) -> None:
	"""Say of a document that the process writes it."""
	doc.flags.by_process = _OURS


def is_ours(doc: Document) -> bool:
	"""Whether the process writes this document."""
	return doc.flags.by_process is _OURS


class AppendOnly(Document):
	"""Controller of such a DocType; `kept` is what whoever tries to write it is told."""

	kept = _lt("This is kept as it was written. It cannot be entered, changed or deleted.")

	def db_insert(self, *args, **kwargs):
		# Not in an event: an import of a file leaves out `validate`
		if not is_ours(self):
			self.refuse()
		super().db_insert(*args, **kwargs)

	def db_update(self, *args, **kwargs):
		self.refuse()

	def before_change(self):
		self.refuse()  # what db_set comes through

	def before_rename(self, old, new, merge=False):
		self.refuse()

	def on_trash(self):
		self.refuse()

	def refuse(self):
		frappe.throw(_(self.kept), frappe.PermissionError, title=_("Kept for Good"))
