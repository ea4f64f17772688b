import frappe
from frappe.model.document import Document
from frappe.query_builder import Interval
from frappe.query_builder.functions import Now


class WorkDigest(Document):
	"""That somebody was looked up for the digest of a day; see `desk.digest`. Its name makes it one a day."""

	def autoname(self):
		self.name = f"{self.day} {self.recipient}"[:140]

	@staticmethod
	def clear_old_logs(days: int = 30) -> None:
		"""Frappe's Log Settings clear what is older than `days`."""
		log = frappe.qb.DocType("Work Digest")
		frappe.db.delete(log, filters=(log.creation < (Now() - Interval(days=days))))
