import frappe

from metalcraft_workflow.gates.append_only import AppendOnly
from metalcraft_workflow.rules.chain import digest_of_record
from metalcraft_workflow.rules.requirement import _lt


class ReleaseRecord(AppendOnly):
	"""One passage, waiver or voiding of a document; see `gates.record`."""

	kept = _lt("A release record is kept as it was written. It cannot be entered, changed or deleted.")

	def db_insert(self, *args, **kwargs):
		# Last of all: Frappe has cleaned its texts and set its time
		self.digest = digest_of_record(self.as_dict(), self.previous or "")
		super().db_insert(*args, **kwargs)


def on_doctype_update():
	"""Each record of a document has a number of its own: the database holds it, whoever writes."""
	frappe.db.add_unique("Release Record", ["process_id", "sequence"])
