"""Records carry digests, of what they say and of the one before; the hourly job seals them then."""

import frappe

from metalcraft_workflow.gates.record import CHAIN, RECORD
from metalcraft_workflow.rules.chain import FIELDS, digest_of_record

A_SET = 500


def execute() -> None:
	"""Chain the records that there are, as they are, in sets: a migrate that was stopped goes on where it
	was."""
	chain = frappe.qb.DocType(CHAIN)
	query = (
		frappe.qb.from_(chain)
		.where((chain.records > 0) & chain.digest.isnull())
		.orderby(chain.name)
		.limit(A_SET)
		.select(chain.name)
	)
	while ids := query.run(pluck=True):
		chain_records(ids)
		# A migrate, in sets
		frappe.db.commit()  # nosemgrep


def chain_records(ids: list[str]) -> None:
	"""Write the digests of all records of some documents."""
	last: dict[str, str] = {}
	records = {}
	for row in frappe.get_all(
		RECORD, {"process_id": ["in", ids]}, ["name", *FIELDS], order_by="process_id, sequence"
	):
		previous = last.get(row.process_id, "")
		digest = last[row.process_id] = digest_of_record(row, previous)
		records[row.name] = {"previous": previous, "digest": digest}
	for doctype, values in (
		(RECORD, records),
		(CHAIN, {process_id: {"digest": last.get(process_id, "")} for process_id in ids}),
	):
		frappe.db.bulk_update(doctype, values, chunk_size=A_SET, update_modified=False)
