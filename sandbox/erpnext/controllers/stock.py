"""Quantities: what is where, in which batch, under which serial number.

Stock Ledger Entries say what moved, Bins what is there, Serial and Batch Bundles which batches and
serial numbers it was.
"""

from collections import defaultdict

import frappe
from frappe import _
from frappe.query_builder.functions import Coalesce, Sum
from frappe.utils import cint, flt, get_datetime, now_datetime, nowdate, nowtime


class NegativeStockError(frappe.ValidationError):
	"""More leaves than is there."""


def move(doc, row, warehouse: str, qty: float, bundle: str | None = None) -> None:
	"""Move `qty` of a line into `warehouse`, or out of it when it is below zero; of a `bundle` of its own
	when the line names another."""
	if not warehouse or not frappe.get_cached_value("Item", row.item_code, "is_stock_item"):
		return
	moment = moment_of(doc)
	frappe.get_doc(
		{
			"doctype": "Stock Ledger Entry",
			"item_code": row.item_code,
			"warehouse": warehouse,
			"actual_qty": qty,
			"company": doc.company,
			"posting_date": doc.get("posting_date") or nowdate(),
			"posting_time": doc.get("posting_time") or nowtime(),
			"posting_datetime": moment,
			"voucher_type": doc.doctype,
			"voucher_no": doc.name,
			"voucher_detail_no": row.name,
			"serial_and_batch_bundle": bundle or row.get("serial_and_batch_bundle"),
			"is_cancelled": int(doc.docstatus == 2),
		}
	).insert(ignore_permissions=True)
	there = update_bin(row.item_code, warehouse, actual_qty=balance(row.item_code, warehouse)).actual_qty
	item = frappe.get_cached_doc("Item", row.item_code)
	# What came later was not there to leave
	there = min(flt(there), balance(row.item_code, warehouse, moment)) if qty < 0 else there
	if (
		qty < 0
		and flt(there, 6) < 0
		and not item.allow_negative_stock
		and not cint(frappe.db.get_single_value("Stock Settings", "allow_negative_stock"))
	):
		frappe.throw(
			_("{0} of {1} are missing in {2}.").format(
				flt(abs(there), 3), frappe.bold(row.item_code), frappe.bold(warehouse)
			),
			NegativeStockError,
			title=_("Insufficient Stock"),
		)


def moment_of(doc):
	"""When a document moves what it moves: now, unless it says another time."""
	if doc.docstatus == 1 and cint(doc.get("set_posting_time")):
		return get_datetime(f"{doc.posting_date} {doc.posting_time}")
	return now_datetime()


def balance(item_code: str, warehouse: str, moment=None) -> float:
	"""How much is there, or was at `moment`."""
	entry = frappe.qb.DocType("Stock Ledger Entry")
	query = (
		frappe.qb.from_(entry)
		.where(entry.item_code == item_code)
		.where(entry.warehouse == warehouse)
		.select(Coalesce(Sum(entry.actual_qty), 0))
	)
	if moment:
		query = query.where(entry.posting_datetime <= moment).where(entry.is_cancelled == 0)
	return flt(query.run()[0][0])


def update_bin(item_code: str, warehouse: str, **values):
	"""Write figures of an item in a warehouse."""
	name = frappe.db.get_value("Bin", {"item_code": item_code, "warehouse": warehouse})
	bin_ = frappe.get_doc("Bin", name) if name else frappe.new_doc("Bin")
	bin_.update({"item_code": item_code, "warehouse": warehouse, **values})
	bin_.stock_uom = frappe.get_cached_value("Item", item_code, "stock_uom")
	bin_.projected_qty = flt(bin_.actual_qty) + flt(bin_.ordered_qty) - flt(bin_.reserved_qty)
	bin_.flags.ignore_permissions = True
	bin_.save()
	return bin_


def reserved_qty(item_code: str, warehouse: str) -> float:
	"""What open orders want of an item from a warehouse."""
	order, line, packed = (
		frappe.qb.DocType(name) for name in ("Sales Order", "Sales Order Item", "Packed Item")
	)
	open_ = (order.docstatus == 1) & order.status.notin(["On Hold", "Closed"])
	total = 0.0
	for qty, factor, delivered in (
		frappe.qb.from_(line)
		.join(order)
		.on(order.name == line.parent)
		.where(open_)
		.where(line.item_code == item_code)
		.where(line.warehouse == warehouse)
		.where(line.delivered_by_supplier == 0)
		.select(line.qty, line.conversion_factor, line.delivered_qty)
		.run()
	):
		total += max(flt(qty) - flt(delivered), 0) * flt(factor)
	for packed_qty, qty, delivered in (
		frappe.qb.from_(packed)
		.join(line)
		.on(line.name == packed.parent_detail_docname)
		.join(order)
		.on(order.name == line.parent)
		.where(open_)
		.where(packed.item_code == item_code)
		.where(packed.warehouse == warehouse)
		.where(packed.parenttype == "Sales Order")
		.select(packed.qty, line.qty, line.delivered_qty)
		.run()
	):
		if flt(qty):
			total += flt(packed_qty) * max(flt(qty) - flt(delivered), 0) / flt(qty)
	return total


# Batches and serial numbers


def parts(text: str | None) -> list[str]:
	return [part.strip() for part in (text or "").replace(",", "\n").split("\n") if part.strip()]


def prepare_bundle(doc, row, warehouse: str | None, qty: float) -> None:
	"""Say in a Serial and Batch Bundle what a line moves, before it moves; submit the one it has.

	`qty` is below zero when the goods leave. Where nobody said what leaves, the oldest does.
	"""
	item = frappe.get_cached_doc("Item", row.item_code)
	if not warehouse or not item.is_stock_item or not (item.has_batch_no or item.has_serial_no):
		return
	if row.get("serial_and_batch_bundle"):
		bundle = frappe.get_doc("Serial and Batch Bundle", row.serial_and_batch_bundle)
		if bundle.docstatus == 0:
			bundle.update(
				{"voucher_no": doc.name, "voucher_detail_no": row.name, "voucher_type": doc.doctype}
			)
			take_over(bundle, doc, warehouse, qty)
		return
	entries = said(doc, row, item, qty) or (
		chosen(item, warehouse, -qty, row) if qty < 0 else made(doc, item, qty)
	)
	if not entries:
		frappe.throw(
			_("Row {0}: say which batches or serial numbers of {1}.").format(row.idx, frappe.bold(item.name))
		)
	bundle = frappe.new_doc("Serial and Batch Bundle")
	bundle.update(
		{
			"item_code": item.name,
			"warehouse": warehouse,
			"company": doc.company,
			"voucher_type": doc.doctype,
			"voucher_no": doc.name,
			"voucher_detail_no": row.name,
			"type_of_transaction": "Outward" if qty < 0 else "Inward",
			"entries": entries,
		}
	)
	bundle.flags.ignore_permissions = True
	bundle.insert()
	take_over(bundle, doc, warehouse, qty)
	row.db_set("serial_and_batch_bundle", bundle.name, update_modified=False)


def take_over(bundle, doc, warehouse: str, qty: float) -> None:
	"""Submit a bundle with the document it belongs to."""
	bundle.warehouse = warehouse
	bundle.type_of_transaction = "Outward" if qty < 0 else "Inward"
	bundle.posting_date, bundle.posting_time = doc.get("posting_date"), doc.get("posting_time")
	check_bundle(bundle, qty)
	bundle.flags.ignore_permissions = True
	bundle.save()
	bundle.submit()
	place_serials(bundle, warehouse if qty > 0 else None, doc)
	check_batches(bundle)


def check_bundle(bundle, qty: float) -> None:
	total = sum(abs(flt(entry.qty)) for entry in bundle.entries)
	if flt(total - abs(qty), 3):
		frappe.throw(
			_("{1} names {0} of {3}, and the line moves {2}.").format(
				frappe.bold(total), bundle.name, frappe.bold(abs(qty)), frappe.bold(bundle.item_code)
			)
		)
	for entry in bundle.entries:
		entry.qty = abs(flt(entry.qty)) * (-1 if qty < 0 else 1)
		entry.is_outward = int(qty < 0)
		entry.warehouse = bundle.warehouse
		if entry.serial_no and qty < 0:
			place = frappe.db.get_value("Serial No", entry.serial_no, "warehouse")
			if place != bundle.warehouse:
				frappe.throw(
					_("Serial number {0} is not in {1}.").format(
						frappe.bold(entry.serial_no), frappe.bold(bundle.warehouse)
					),
					title=_("Incorrect Warehouse"),
				)
		if entry.batch_no:
			batch = frappe.get_cached_doc("Batch", entry.batch_no)
			if batch.item != bundle.item_code:
				frappe.throw(_("Batch {0} is not one of {1}.").format(batch.name, bundle.item_code))
			if (
				qty < 0
				and bundle.voucher_type == "Delivery Note"
				and batch.expiry_date
				and str(batch.expiry_date) < nowdate()
			):
				frappe.throw(_("Batch {0} of {1} is past its date.").format(batch.name, bundle.item_code))


def check_batches(bundle) -> None:
	for batch in {entry.batch_no for entry in bundle.entries if entry.batch_no}:
		there = batch_balance(batch, bundle.warehouse)
		frappe.db.set_value("Batch", batch, "batch_qty", batch_balance(batch), update_modified=False)
		if flt(there, 6) < 0:
			frappe.throw(
				_("Of batch {0} of {1}, {3} are missing in {2}.").format(
					frappe.bold(batch),
					frappe.bold(bundle.item_code),
					frappe.bold(bundle.warehouse),
					abs(there),
				),
				NegativeStockError,
				title=_("Negative Stock Error"),
			)


def place_serials(bundle, warehouse: str | None, doc) -> None:
	"""Serial numbers are where the goods are; those that were delivered are nowhere."""
	for entry in bundle.entries:
		if not entry.serial_no:
			continue
		frappe.db.set_value(
			"Serial No",
			entry.serial_no,
			{
				"warehouse": warehouse,
				"status": "Active"
				if warehouse
				else "Delivered"
				if doc.doctype in ("Delivery Note", "Sales Invoice")
				else "Inactive",
				"batch_no": entry.batch_no or frappe.db.get_value("Serial No", entry.serial_no, "batch_no"),
			},
			update_modified=False,
		)


def said(doc, row, item, qty: float) -> list[dict]:
	"""What the batch and serial fields of a line say."""
	serials = parts(row.get("serial_no")) if item.has_serial_no else []
	if qty > 0:
		for serial in serials:
			make_serial(doc, item, serial, row.get("batch_no"))
	if serials:
		if len(serials) != abs(qty):
			frappe.throw(
				_("Row {0}: {1} of {2} have {1} serial numbers, and here are {3}.").format(
					row.idx, abs(qty), item.name, len(serials)
				)
			)
		return [
			{
				"serial_no": serial,
				"batch_no": row.get("batch_no") or frappe.db.get_value("Serial No", serial, "batch_no"),
				"qty": 1,
			}
			for serial in serials
		]
	if row.get("batch_no") and item.has_batch_no and not item.has_serial_no:
		return [{"batch_no": row.batch_no, "qty": abs(qty)}]
	return []


def made(doc, item, qty: float) -> list[dict]:
	"""New batches and serial numbers, by the item's series."""
	batch = None
	if item.has_batch_no:
		if not item.create_new_batch:
			return []
		batch = (
			frappe.get_doc(
				{
					"doctype": "Batch",
					"item": item.name,
					"batch_id": frappe.model.naming.make_autoname(item.batch_number_series or "BATCH-.#####"),
					"reference_doctype": doc.doctype,
					"reference_name": doc.name,
					"supplier": doc.get("supplier"),
				}
			)
			.insert(ignore_permissions=True)
			.name
		)
	if not item.has_serial_no:
		return [{"batch_no": batch, "qty": qty}]
	if not item.serial_no_series:
		return []
	names = [frappe.model.naming.make_autoname(item.serial_no_series) for _number in range(cint(qty))]
	for name in names:
		make_serial(doc, item, name, batch)
	return [{"serial_no": name, "batch_no": batch, "qty": 1} for name in names]


def make_serial(doc, item, name: str, batch: str | None) -> None:
	if not frappe.db.exists("Serial No", name):
		frappe.get_doc(
			{
				"doctype": "Serial No",
				"serial_no": name,
				"item_code": item.name,
				"item_name": item.item_name,
				"item_group": item.item_group,
				"company": doc.company,
				"batch_no": batch,
				"work_order": doc.get("work_order"),
				"purchase_document_no": doc.name,
			}
		).insert(ignore_permissions=True)


def chosen(item, warehouse: str, qty: float, row=None) -> list[dict]:
	"""The oldest of what there is."""
	if not cint(
		frappe.db.get_single_value("Stock Settings", "auto_create_serial_and_batch_bundle_for_outward")
	):
		return []
	if item.has_serial_no:
		rows = frappe.get_all(
			"Serial No",
			{"item_code": item.name, "warehouse": warehouse},
			["name", "batch_no"],
			order_by="creation, name",
			limit=cint(qty),
		)
		return (
			[{"serial_no": each.name, "batch_no": each.batch_no, "qty": 1} for each in rows]
			if len(rows) == qty
			else []
		)
	entries, left = [], qty
	for batch, there in batches_in(item.name, warehouse):
		taken = min(left, there)
		if taken > 0:
			entries.append({"batch_no": batch, "qty": taken})
			left -= taken
	return entries if flt(left, 6) <= 0 else []


def batches_in(
	item_code: str, warehouse: str | None = None, batch: str | None = None
) -> list[tuple[str, float]]:
	"""(batch, quantity) in a warehouse, the oldest batch first."""
	return [(name, qty) for name, _place, qty in batch_places(item_code, warehouse, batch)]


def batch_places(item_code=None, warehouse=None, batch=None) -> list[tuple[str, str, float]]:
	"""(batch, warehouse, quantity), the oldest batch first."""
	bundle, entry, table = (
		frappe.qb.DocType(name) for name in ("Serial and Batch Bundle", "Serial and Batch Entry", "Batch")
	)
	query = (
		frappe.qb.from_(entry)
		.join(bundle)
		.on(bundle.name == entry.parent)
		.join(table)
		.on(table.name == entry.batch_no)
		.where(bundle.docstatus == 1)
		.where(bundle.is_cancelled == 0)
		.groupby(entry.batch_no, entry.warehouse, table.creation)
		.orderby(table.creation)
		.orderby(entry.batch_no)
		.select(entry.batch_no, entry.warehouse, Sum(entry.qty))
	)
	if item_code:
		query = query.where(bundle.item_code == item_code)
	if warehouse:
		query = query.where(entry.warehouse == warehouse)
	if batch:
		query = query.where(entry.batch_no.isin([batch] if isinstance(batch, str) else list(batch)))
	return [(name, place, flt(qty)) for name, place, qty in query.run() if flt(qty, 6)]


def batch_balance(batch: str, warehouse: str | None = None) -> float:
	return sum(qty for _batch, _place, qty in batch_places(None, warehouse, batch))


def undo_bundles(doc) -> None:
	"""Cancel the bundles of a document that is cancelled: batches and serial numbers are where they were, and
	its lines let go of them."""
	for name in frappe.get_all(
		"Serial and Batch Bundle",
		{"voucher_type": doc.doctype, "voucher_no": doc.name, "docstatus": 1},
		pluck="name",
	):
		bundle = frappe.get_doc("Serial and Batch Bundle", name)
		back_to = bundle.warehouse if bundle.type_of_transaction == "Outward" else None
		bundle.flags.ignore_permissions = bundle.flags.ignore_links = True
		bundle.db_set({"is_cancelled": 1, "docstatus": 2}, update_modified=False)
		frappe.db.set_value("Serial and Batch Entry", {"parent": name}, "docstatus", 2, update_modified=False)
		for row in doc.get_all_children():
			if row.get("serial_and_batch_bundle") == name:
				row.db_set("serial_and_batch_bundle", "", update_modified=False)
		for entry in bundle.entries:
			if entry.serial_no:
				frappe.db.set_value(
					"Serial No",
					entry.serial_no,
					{"warehouse": back_to, "status": "Active" if back_to else "Inactive"},
					update_modified=False,
				)
			elif entry.batch_no:
				frappe.db.set_value(
					"Batch", entry.batch_no, "batch_qty", batch_balance(entry.batch_no), update_modified=False
				)


def reverse(doc) -> None:
	"""Take back what a document moved."""
	moved: dict[tuple[str, str, str], float] = defaultdict(float)
	for entry in frappe.get_all(
		"Stock Ledger Entry",
		{"voucher_type": doc.doctype, "voucher_no": doc.name},
		["name", "item_code", "warehouse", "voucher_detail_no", "actual_qty"],
	):
		moved[entry.item_code, entry.warehouse, entry.voucher_detail_no] += entry.actual_qty
	frappe.db.set_value(
		"Stock Ledger Entry",
		{"voucher_type": doc.doctype, "voucher_no": doc.name},
		"is_cancelled",
		1,
		update_modified=False,
	)
	undo_bundles(doc)
	for (item_code, warehouse, line), qty in moved.items():
		if qty:
			move(doc, frappe._dict(item_code=item_code, name=line), warehouse, -qty)
