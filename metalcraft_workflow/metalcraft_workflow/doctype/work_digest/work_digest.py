import frappe
from frappe.model.document import Document
from frappe.utils import add_days, now_datetime


class WorkDigest(Document):
	"""That somebody was looked up for the digest of a day; see `desk.digest`. Its name makes it one a day."""

	def autoname(self):
		self.name = f"{self.day} {self.recipient}"[:140]

	@staticmethod
	def clear_old_logs(days: int = 30) -> None:
		"""Frappe's Log Settings clear what is older than `days`."""
		frappe.db.delete("Work Digest", {"creation": ("<", add_days(now_datetime(), -days))})
