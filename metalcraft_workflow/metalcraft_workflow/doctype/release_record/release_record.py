import frappe
from frappe import _
from frappe.model.document import Document


class ReleaseRecord(Document):
	"""One passage, waiver or voiding of a document. Written once; nobody changes or deletes it."""

	def validate(self):
		if not self.is_new():
			self.refuse()

	def before_change(self):
		self.refuse()  # what db_set comes through

	def before_rename(self, old, new, merge=False):
		self.refuse()

	def on_trash(self):
		self.refuse()

	def refuse(self):
		frappe.throw(
			_("A release record is kept as it was written. It cannot be changed or deleted."),
			frappe.PermissionError,
			title=_("Kept for Good"),
		)
