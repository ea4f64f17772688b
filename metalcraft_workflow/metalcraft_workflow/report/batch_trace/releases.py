"""What a trace backwards tells of a delivery note: who approved, packed, released and shipped it, with
which documents, what Final Pack wrote about its sources, and what came back. Read for all deliveries of
the tree at once."""

from collections import defaultdict
from collections.abc import Iterable
from datetime import date, datetime

import frappe
from frappe import _
from frappe.query_builder.functions import Coalesce
from frappe.utils import cstr, getdate

from metalcraft_workflow.facts.traceability import serial_numbers
from metalcraft_workflow.metalcraft_workflow.report.batch_trace.ledger import in_chunks
from metalcraft_workflow.metalcraft_workflow.report.batch_trace.visibility import Visibility
from metalcraft_workflow.rules import batch_trace, path

DELIVERY = "Delivery Note"


def lines_below(deliveries: set[str], visibility: Visibility) -> dict[str, list[dict]]:
	"""Delivery note -> the lines that stand right below it."""
	found = defaultdict(list)
	for read in (approvals, passages, documents, certificates, typed_sources, authorizations):
		for name, line in read(deliveries, visibility):
			found[name].append(line)
	return found


def day(when: datetime | None) -> date | None:
	"""The day of a time; the order of the lines says the rest."""
	return when and getdate(when)


def joined(*said: str | None) -> str:
	"""What there is of `said`, in one remark."""
	return "; ".join(text for text in said if text)


def called(gate: str) -> str:
	"""What passing a gate is called."""
	known = path.find(gate)
	return _(known.passed) if known else gate


# Each gives (delivery note, line)


def approvals(deliveries: set[str], visibility: Visibility) -> Iterable[tuple[str, dict]]:
	"""Who approved its orders."""
	order, of = frappe.qb.DocType("Sales Order"), frappe.qb.DocType("Delivery Note Item")
	rows = in_chunks(
		deliveries,
		lambda some: (
			frappe.qb.from_(of)
			.join(order)
			.on(of.against_sales_order == order.name)
			.where(of.parent.isin(some))
			.where(order.approved_by != "")
			.select(of.parent, order.name, order.approved_by, order.approved_on, order.po_no)
			.distinct()
		),
	)
	readable = visibility.may_read("Sales Order", {row.name for row in rows})
	for row in rows:
		if row.name in readable:
			yield (
				row.parent,
				{
					"what": _("Order approved"),
					"document_type": "Sales Order",
					"document": row.name,
					"date": day(row.approved_on),
					"who_type": "User",
					"who": row.approved_by,
					"remark": _("Customer's PO {0}").format(row.po_no) if row.po_no else "",
				},
			)


def passages(deliveries: set[str], visibility: Visibility) -> Iterable[tuple[str, dict]]:
	"""Who took it through its gates, and who waived what: what stands in the end."""
	if not frappe.has_permission("Release Record"):
		return
	record, note = frappe.qb.DocType("Release Record"), frappe.qb.DocType(DELIVERY)
	rows = in_chunks(
		deliveries,
		lambda some: (
			frappe.qb.from_(record)
			.join(note)
			.on(record.process_id == note.process_id)  # not the name, which a deleted draft may have had
			.where(note.name.isin(some))
			.where(record.gate != "")
			.select(
				record.name,
				record.reference_name,
				record.gate,
				record.kind,
				record.creation,
				record.sequence,
				record.action,
				record.user,
				record.role,
				record.requirement,
				record.reason,
			)
		),
	)
	readable = visibility.may_read("Release Record", {row.name for row in rows})
	for release in batch_trace.standing(
		batch_trace.Release((DELIVERY, row.reference_name), row.gate, row.kind, row.sequence, row)
		for row in rows
		if row.name in readable
	):
		row = release.facts
		waived = row.kind == "Waiver"
		yield (
			row.reference_name,
			{
				"what": _("Waived: {0}").format(row.requirement) if waived else called(row.gate),
				"document_type": "Release Record",
				"document": row.name,
				"date": day(row.creation),
				"who_type": "User",
				"who": row.user,
				"remark": joined(_(cstr(row.action)), _(cstr(row.role)), row.reason),
			},
		)


def documents(deliveries: set[str], visibility: Visibility) -> Iterable[tuple[str, dict]]:
	"""The documents that Quality Assurance kept with it, and who accepted or uploaded them."""
	table = frappe.qb.DocType("Shipment Document")
	for row in in_chunks(
		deliveries,
		lambda some: (
			frappe.qb.from_(table)
			.where(table.parenttype == DELIVERY)
			.where(table.parent.isin(some))
			.where((table.file != "") | (table.dropped == 1))
			.orderby(table.parent)
			.orderby(table.idx)
			.select(
				table.parent,
				table.document_type,
				table.file,
				table.dropped,
				table.drop_reason,
				table.item_code,
				Coalesce(table.dropped_by, table.accepted_by, table.uploaded_by).as_("who"),
				Coalesce(table.dropped_on, table.accepted_on, table.uploaded_on).as_("date"),
			)
		),
	):
		status = _("Not needed: {0}").format(row.drop_reason) if row.dropped else row.file
		yield (
			row.parent,
			{
				"what": _(row.document_type),
				"item_code": row.item_code,
				"file": None if row.dropped else row.file,
				"date": day(row.date),
				"who_type": "User",
				"who": row.who,
				"remark": status,
			},
		)


def certificates(deliveries: set[str], visibility: Visibility) -> Iterable[tuple[str, dict]]:
	"""The certificates that were issued for it."""
	table = frappe.qb.DocType("Conformance Certificate")
	rows = in_chunks(
		deliveries,
		lambda some: (
			frappe.qb.from_(table)
			.where(table.delivery_note.isin(some))
			.orderby(table.creation)
			.select(
				table.name,
				table.delivery_note,
				table.document_type,
				table.status,
				table.issued_by,
				table.issued_on,
				table.void_reason,
			)
		),
	)
	readable = visibility.may_read("Conformance Certificate", {row.name for row in rows})
	for row in rows:
		if row.name in readable:
			yield (
				row.delivery_note,
				{
					"what": _("{0} issued").format(_(row.document_type)),
					"document_type": "Conformance Certificate",
					"document": row.name,
					"date": day(row.issued_on),
					"who_type": "User",
					"who": row.issued_by,
					"remark": joined(_(row.status), row.void_reason),
				},
			)


def typed_sources(deliveries: set[str], visibility: Visibility) -> Iterable[tuple[str, dict]]:
	"""What Final Pack wrote about the sources of goods that stock does not keep apart, and the
	certificates that stand in the traceability."""
	table = frappe.qb.DocType("Traceability Entry")
	rows = in_chunks(
		deliveries,
		lambda some: (
			frappe.qb.from_(table)
			.where(table.parenttype == DELIVERY)
			.where(table.parent.isin(some))
			.where((Coalesce(table.batch_no, "") == "") | (table.certificate != ""))
			.orderby(table.parent)
			.orderby(table.idx)
			.select(
				table.parent,
				table.item_code,
				table.qty,
				table.batch_no,
				table.serial_nos,
				table.heat_no,
				table.supplier_lot,
				table.supplier,
				table.purchase_receipt,
				table.source_purchase_order,
				table.certificate,
			)
		),
	)
	receipts = visibility.may_read("Purchase Receipt", {row.purchase_receipt for row in rows})
	orders = visibility.may_read("Purchase Order", {row.source_purchase_order for row in rows})
	for row in rows:
		if not (row.heat_no or row.supplier_lot or row.supplier or row.purchase_receipt or row.certificate):
			continue
		receipt, order = row.purchase_receipt in receipts, row.source_purchase_order in orders
		yield (
			row.parent,
			{
				"what": _("Source written by Final Pack"),
				"document_type": "Purchase Receipt" if receipt else None,
				"document": row.purchase_receipt if receipt else None,
				"item_code": row.item_code,
				"qty": row.qty,
				"serial_nos": ", ".join(serial_numbers(row.serial_nos)),
				"heat_no": row.heat_no,
				"supplier_lot": row.supplier_lot,
				"who_type": "Supplier",
				"who": row.supplier,
				"reference_type": "Purchase Order" if order else None,
				"reference": row.source_purchase_order if order else None,
				"file": row.certificate,
				"remark": row.certificate,
			},
		)


def authorizations(deliveries: set[str], visibility: Visibility) -> Iterable[tuple[str, dict]]:
	"""What the customer may send back of it, and what came."""
	rma, item = frappe.qb.DocType("Return Authorization"), frappe.qb.DocType("Return Authorization Item")
	rows = in_chunks(
		deliveries,
		lambda some: (
			frappe.qb.from_(item)
			.join(rma)
			.on(item.parent == rma.name)
			.where(item.delivery_note.isin(some))
			.where(rma.docstatus == 1)
			.orderby(rma.creation)
			.orderby(item.idx)
			.select(
				rma.name,
				rma.status,
				rma.reason,
				rma.authorized_by,
				rma.authorized_on,
				item.delivery_note,
				item.item_code,
				item.qty,
				item.serial_nos,
				item.disposition,
				item.condition,
			)
		),
	)
	readable = visibility.may_read("Return Authorization", {row.name for row in rows})
	for row in rows:
		if row.name in readable:
			yield (
				row.delivery_note,
				{
					"what": _("Return authorized"),
					"document_type": "Return Authorization",
					"document": row.name,
					"date": day(row.authorized_on),
					"item_code": row.item_code,
					"qty": row.qty,
					"serial_nos": ", ".join(serial_numbers(row.serial_nos)),
					"who_type": "User",
					"who": row.authorized_by,
					"remark": "; ".join(
						_(text) for text in (row.reason, row.condition, row.disposition, row.status) if text
					),
				},
			)
