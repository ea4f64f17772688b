"""Before step 8: what a batch says of itself comes from the receipt or the work order that made it, so
that Final Pack has nothing to type; and its certificates stay private."""

import frappe
from frappe import _
from frappe.model.document import Document

from metalcraft_workflow.rules.requirement import _lt

# What a line of a goods receipt says of the batches that it brings
SAID_AT_RECEIPT = {"heat_no": _lt("Heat Number"), "supplier_lot": _lt("Supplier's Lot")}


def fill_from_receipt(doc: Document, method: str | None = None) -> None:
	"""Write heat number, supplier's lot, supplier and receipt on the batches that a Purchase Receipt brings,
	where they say nothing yet. Runs in `on_submit`, when ERPNext has made the batches.

	Raises ValidationError when a batch says something else already: a batch has one heat.
	"""
	if doc.get("is_return"):
		return
	known: dict[str, frappe._dict] = {}
	for row, batch in batches_by_line(doc):
		# Another line may have brought the same batch, and said something of it just now
		batch = known.setdefault(batch.name, batch)
		said = {name: (row.get(name) or "").strip() for name in SAID_AT_RECEIPT}
		for name, label in SAID_AT_RECEIPT.items():
			if said[name] and batch[name] and batch[name] != said[name]:
				frappe.throw(
					_(
						"Row {0}: batch {1} has {2} {3} already, and this line says {4}. Receive it in a batch"
						" of its own, or correct the line."
					).format(row.idx, frappe.bold(batch.name), _(label), batch[name], said[name]),
					title=_("Another Heat or Lot"),
				)
		new = {name: value for name, value in said.items() if value and not batch[name]}
		if not batch.supplier:
			new["supplier"] = doc.supplier
		if not batch.reference_name:
			new |= {"reference_doctype": doc.doctype, "reference_name": doc.name}
		if new:
			frappe.db.set_value("Batch", batch.name, new)
			batch.update(new)


def take_back_receipt(doc: Document, method: str | None = None) -> None:
	"""Take back what a Purchase Receipt that is cancelled had written on the batches it brought first."""
	for row, batch in batches_by_line(doc):
		if (batch.reference_doctype, batch.reference_name) != (doc.doctype, doc.name):
			continue
		written = {name: None for name in SAID_AT_RECEIPT if batch[name] and batch[name] == row.get(name)}
		written |= dict.fromkeys(("supplier", "reference_doctype", "reference_name"))
		frappe.db.set_value("Batch", batch.name, written)


def batches_by_line(doc: Document) -> list[tuple[Document, frappe._dict]]:
	"""The lines of a Purchase Receipt with the batches that each brings in, as its bundles say."""
	entry, bundle, batch = (
		frappe.qb.DocType("Serial and Batch Entry"),
		frappe.qb.DocType("Serial and Batch Bundle"),
		frappe.qb.DocType("Batch"),
	)
	found = (
		frappe.qb.from_(bundle)
		.join(entry)
		.on(entry.parent == bundle.name)
		.join(batch)
		.on(entry.batch_no == batch.name)
		.where(bundle.voucher_type == doc.doctype)
		.where(bundle.voucher_no == doc.name)
		.where(bundle.is_cancelled == 0)
		.where(bundle.type_of_transaction == "Inward")
		.select(
			bundle.voucher_detail_no,
			batch.name,
			batch.heat_no,
			batch.supplier_lot,
			batch.supplier,
			batch.reference_doctype,
			batch.reference_name,
		)
		.distinct()
		.run(as_dict=True)
	)
	lines = {row.name: row for row in doc.items}
	rows = [(lines[row.voucher_detail_no], row) for row in found if row.voucher_detail_no in lines]
	return sorted(rows, key=lambda found: found[0].idx)  # what is wrong is said of the later line


def fill_from_work_order(doc: Document, method: str | None = None) -> None:
	"""Write the work order, and the revision that its bill of materials names, on the batches that a Stock
	Entry makes. Runs in `on_submit`; a batch that says so already keeps it."""
	if not doc.get("work_order") or doc.purpose != "Manufacture":
		return
	made = {row.name for row in doc.items if row.is_finished_item}
	names = frappe.get_all(
		"Serial and Batch Entry",
		filters={"parent": ["in", bundles_of(doc, made)], "batch_no": ["is", "set"]},
		pluck="batch_no",
		distinct=True,
	)
	revision = frappe.db.get_value("BOM", doc.bom_no, "revision") if doc.bom_no else None
	for batch in frappe.get_all(
		"Batch", filters={"name": ["in", names]}, fields=["name", "manufacturing_order", "revision"]
	):
		new = {}
		if not batch.manufacturing_order:
			new["manufacturing_order"] = doc.work_order
		if revision and not batch.revision:
			new["revision"] = revision
		if new:
			frappe.db.set_value("Batch", batch.name, new)


def bundles_of(doc: Document, lines: set[str]) -> list[str]:
	"""The Serial and Batch Bundles of `lines` of a document."""
	return frappe.get_all(
		"Serial and Batch Bundle",
		filters={
			"voucher_type": doc.doctype,
			"voucher_no": doc.name,
			"voucher_detail_no": ["in", list(lines)],
			"is_cancelled": 0,
		},
		pluck="name",
	)


def check_certificates(doc: Document, method: str | None = None) -> None:
	"""Refuse a certificate that is not a private attachment of the batch. Runs in `validate` of Batch.

	Raises ValidationError that says which row.
	"""
	urls = {row.file for row in doc.get("certificates") or ()} - {None, ""}
	if not urls:
		return
	private = frappe.get_all(
		"File",
		filters={
			"file_url": ["in", list(urls)],
			"attached_to_doctype": doc.doctype,
			"attached_to_name": doc.name,
			"is_private": 1,
		},
		pluck="file_url",
	)
	for row in doc.certificates:
		if row.file and row.file not in private:
			frappe.throw(
				_(
					"Certificates row {0}: {1} is not a private attachment of this batch. Save the batch, then"
					" upload the file in the row."
				).format(row.idx, frappe.bold(frappe.utils.escape_html(row.file))),
				title=_("Not a Private Attachment"),
			)
