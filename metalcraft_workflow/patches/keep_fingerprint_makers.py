"""Records did not keep by which functions their fingerprint was made; there was one version of each."""

import frappe

from metalcraft_workflow.gates.record import RECORD
from metalcraft_workflow.gates.registry import first_makers_of


def execute() -> None:
	"""Say so of those that there are: they are compared by the same functions on."""
	record = frappe.qb.DocType(RECORD)
	for gate in frappe.get_hooks("metalcraft_first_fingerprints", {}):
		(
			frappe.qb.update(record)
			.set(record.fingerprint_by, "\n".join(first_makers_of(gate)))
			.where((record.gate == gate) & (record.fingerprint != "") & record.fingerprint_by.isnull())
			.run()
		)
