import frappe
from frappe import _
from frappe.model.document import Document


class ConformanceCertificate(Document):
	"""A certificate as it was issued: what its PDF says, and whether it still holds.

	Written once, by step 9. After that only its status changes, and only to Void.
	"""

	def validate(self):
		if not (self.is_new() and self.flags.by_process):
			self.refuse()

	def before_change(self):
		if not self.flags.by_process:
			self.refuse()  # what db_set comes through

	def before_rename(self, old, new, merge=False):
		self.refuse()

	def on_trash(self):
		self.refuse()

	def refuse(self):
		frappe.throw(
			_(
				"A certificate is kept as it was issued. Issue a new one on the delivery note: it replaces"
				" this one."
			),
			frappe.PermissionError,
			title=_("Kept for Good"),
		)
