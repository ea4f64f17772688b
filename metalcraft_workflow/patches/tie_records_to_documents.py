"""Records were found by the name of their document and the clock; now each carries the ID of its document,
and a number. So do production notices and certificates."""

from collections.abc import Iterator
from datetime import timedelta

import frappe
from frappe.utils import create_batch, now

from metalcraft_workflow.gates.record import CHAIN, RECORD, new_process_id

A_SET = 500

# A site may have been moved from one end of the world to the other: its clock was set back by as much
CLOCK_SET_BACK = timedelta(hours=26)

# What is about a document: table, field with its name, which document
ABOUT = (
	(RECORD, "reference_name", "Sales Order"),
	(RECORD, "reference_name", "Delivery Note"),
	("Production Notice", "sales_order", "Sales Order"),
	("Conformance Certificate", "delivery_note", "Delivery Note"),
)
# Notices were unique by the name of their order
FORMER_INDEX = "unique_sales_order_department_revision"


def execute() -> None:
	"""Tie what there is, in sets: a migrate that was stopped goes on where it was."""
	if frappe.db.has_index("tabProduction Notice", FORMER_INDEX):
		frappe.db.sql_ddl(f"alter table `tabProduction Notice` drop index `{FORMER_INDEX}`")
	for doctype in ("Sales Order", "Delivery Note"):
		give_ids(doctype)
	for table, fieldname, doctype in ABOUT:
		for names in in_sets(table, fieldname, doctype):
			tie(table, fieldname, doctype, names)
			keep()
	for doctype in ("Sales Order", "Delivery Note"):
		count_none(doctype)
	keep()


def give_ids(doctype: str) -> None:
	"""Give every document that has none its ID."""
	table = frappe.qb.DocType(doctype)
	query = frappe.qb.from_(table).where(table.process_id.isnull()).select(table.name)
	for names in create_batch(query.run(pluck=True), A_SET):
		update(doctype, {name: {"process_id": new_process_id()} for name in names})
		keep()


def in_sets(table: str, fieldname: str, doctype: str) -> Iterator[list[str]]:
	"""The names of documents that something in `table` is about which is not tied yet, in sets."""
	about = frappe.qb.DocType(table)
	query = frappe.qb.from_(about).where(about.process_id.isnull()).select(about[fieldname]).distinct()
	if table == RECORD:
		query = query.where(about.reference_doctype == doctype)
	while names := query.limit(A_SET).run(pluck=True):
		yield names


def tie(table: str, fieldname: str, doctype: str, names: list[str]) -> None:
	"""Tie what `table` has about the documents `names`; what is older than a document is about a deleted one
	that had its name."""
	documents = {
		row.name: row
		for row in frappe.get_all(doctype, {"name": ["in", names]}, ["name", "creation", "process_id"])
	}
	deleted = set(
		frappe.get_all(
			"Deleted Document",
			{"deleted_doctype": doctype, "deleted_name": ["in", names]},
			pluck="deleted_name",
		)
	)
	filters = {fieldname: ["in", names]}
	if table == RECORD:
		filters["reference_doctype"] = doctype
	values, gone, numbers = {}, {}, {}
	for row in frappe.get_all(table, filters, ["name", fieldname, "creation"], order_by="creation, name"):
		document = documents.get(row[fieldname])
		if document and is_about(row, document, row[fieldname] in deleted):
			process_id = document.process_id
		else:
			process_id = gone.setdefault(row[fieldname], new_process_id())
		values[row.name] = {"process_id": process_id}
		if table == RECORD:
			numbers[process_id] = numbers.get(process_id, 0) + 1
			values[row.name]["sequence"] = numbers[process_id]
	update(table, values)
	if table == RECORD:
		ids = {name: row.process_id for name, row in documents.items() if row.process_id in numbers}
		count(doctype, [*ids.items(), *gone.items()], numbers)


def is_about(row: frappe._dict, document: frappe._dict, was_deleted: bool) -> bool:
	"""Whether `row` is about `document`, and not about one that had its name before."""
	if row.creation >= document.creation:
		return True
	return not was_deleted and document.creation - row.creation <= CLOCK_SET_BACK


def count(doctype: str, ids: list[tuple[str, str]], numbers: dict[str, int]) -> None:
	"""Write how many records there are about documents: `ids` are pairs of name and ID."""
	at = now()
	frappe.db.bulk_insert(
		CHAIN,
		[
			"name",
			"creation",
			"modified",
			"owner",
			"modified_by",
			"reference_doctype",
			"reference_name",
			"records",
		],
		[
			(process_id, at, at, "Administrator", "Administrator", doctype, name, numbers[process_id])
			for name, process_id in ids
		],
	)


def count_none(doctype: str) -> None:
	"""Begin to count the records of documents that have none yet."""
	table, chain = frappe.qb.DocType(doctype), frappe.qb.DocType(CHAIN)
	rows = (
		frappe.qb.from_(table)
		.left_join(chain)
		.on(chain.name == table.process_id)
		.where(chain.name.isnull())
		.select(table.name, table.process_id)
		.run()
	)
	for ids in create_batch(rows, A_SET):
		count(doctype, ids, dict.fromkeys((process_id for _name, process_id in ids), 0))


def update(doctype: str, values: dict[str, dict]) -> None:
	"""Write `values` of the documents of one kind, as they are."""
	if values:
		frappe.db.bulk_update(doctype, values, chunk_size=A_SET, update_modified=False)


def keep() -> None:
	"""Keep what is done so far: a site has years of records."""
	# A migrate, in sets
	frappe.db.commit()  # nosemgrep
