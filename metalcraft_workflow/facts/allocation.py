"""Batches and serial numbers that a delivery names: that they are there and promised to nobody else, and
which came to Final Pack for an order (step 8)."""

import frappe
from frappe.model.document import Document
from frappe.query_builder.functions import Coalesce
from frappe.utils import cstr, flt

from metalcraft_workflow import compat
from metalcraft_workflow.facts import traceability
from metalcraft_workflow.facts.committed import committed
from metalcraft_workflow.facts.locks import lock
from metalcraft_workflow.rules import allocation as rules
from metalcraft_workflow.rules.requirement import Problem
from metalcraft_workflow.rules.traceability import Source


def promise_problems(doc: Document, wait: bool = False) -> list[Problem]:
	"""Batches and serial numbers of `doc` that are not there, or that another open delivery has.

	With `wait` they are kept to this transaction first, so that of two people who save at the same moment
	the later one sees what the other has taken.
	"""
	goods = {
		(line.name, row.item_code): (line.idx, row.warehouse or line.warehouse or "")
		for line, row in traceability.goods_of(doc)
	}
	mine = [
		rules.Promise(
			row=goods[entry.line, entry.item_code][0],
			item_code=entry.item_code,
			warehouse=goods[entry.line, entry.item_code][1],
			qty=entry.qty,
			batch_no=entry.batch_no,
			serial_nos=entry.serial_nos,
		)
		for entry in traceability.entries_of(doc)
		if (entry.line, entry.item_code) in goods and (entry.batch_no or entry.serial_nos)
	]
	if not mine:
		return []
	if wait:
		lock_goods(mine)
	drafts = entries_of_other_drafts(doc, mine)
	if wait:
		drafts |= committed(lambda: entries_of_other_drafts(doc, mine))
	others = [
		rules.Promise(
			row=0,
			item_code=row.item_code,
			warehouse=row.warehouse or "",
			qty=flt(row.qty),
			batch_no=row.batch_no or "",
			serial_nos=traceability.serial_numbers(row.serial_nos),
			delivery=row.parent,
		)
		for row in drafts.values()
	]
	places = serial_places(mine)
	gone = delivered_with([serial_no for serial_no, place in places.items() if not place])
	return rules.promised_twice(mine, others, batch_stock(mine), places, gone)


def lock_goods(promises: list[rules.Promise]) -> None:
	"""Keep the batches and serial numbers to this transaction; always batches first, so that nobody waits
	in a ring."""
	lock("Batch", {promise.batch_no for promise in promises})
	lock("Serial No", {serial_no for promise in promises for serial_no in promise.serial_nos})


def entries_of_other_drafts(doc: Document, promises: list[rules.Promise]) -> dict[str, frappe._dict]:
	"""Traceability rows of the other open delivery notes that may name the same goods: row -> what it
	says, and the warehouse its line takes the goods from."""
	entry, row, part, note = (
		frappe.qb.DocType("Traceability Entry"),
		frappe.qb.DocType("Delivery Note Item"),
		frappe.qb.DocType("Packed Item"),
		frappe.qb.DocType("Delivery Note"),
	)
	found = (
		frappe.qb.from_(entry)
		.join(note)
		.on((entry.parent == note.name) & (entry.parenttype == "Delivery Note"))
		.join(row)
		.on(entry.delivery_note_item == row.name)
		.left_join(part)
		.on((part.parent_detail_docname == row.name) & (part.item_code == entry.item_code))
		.where(entry.docstatus == 0)
		.where(entry.item_code.isin(list({promise.item_code for promise in promises})))
		.where(note.docstatus == 0)
		.where(note.is_return == 0)
		.where(note.name != (doc.name or ""))
		.select(
			entry.name,
			entry.parent,
			entry.item_code,
			entry.qty,
			entry.batch_no,
			entry.serial_nos,
			Coalesce(part.warehouse, row.warehouse).as_("warehouse"),
		)
		.run(as_dict=True)
	)
	# A bundle may name a part twice; what is promised of it counts once
	return {line.name: line for line in found}


def batch_stock(promises: list[rules.Promise]) -> dict[tuple[str, str], float]:
	"""(batch, warehouse) -> quantity there now, for the batches whose item keeps its stock by batch."""
	from erpnext.stock.doctype.batch.batch import get_batch_qty

	found = {}
	for item_code in {promise.item_code for promise in promises if promise.batch_no}:
		if not frappe.get_cached_value("Item", item_code, "has_batch_no"):
			continue
		named = [promise for promise in promises if promise.item_code == item_code and promise.batch_no]
		found |= {(promise.batch_no, promise.warehouse): 0.0 for promise in named}
		# What expires is there all the same: whether it may leave is asked by the day of the document
		for row in get_batch_qty(
			batch_no=[promise.batch_no for promise in named], item_code=item_code, for_stock_levels=True
		):
			if (row.batch_no, row.warehouse) in found:
				found[row.batch_no, row.warehouse] += flt(row.qty)
	return found


def serial_places(promises: list[rules.Promise]) -> dict[str, str]:
	"""Serial number -> the warehouse it is in, "" when it is in none, for those that stock keeps."""
	names = {serial_no for promise in promises for serial_no in promise.serial_nos}
	return {name: cstr(place) for name, place in traceability.values("Serial No", "warehouse", names).items()}


def delivered_with(serial_nos: list[str]) -> dict[str, str]:
	"""Serial number -> the Delivery Note that it left with last."""
	if not serial_nos:
		return {}
	entry, bundle = frappe.qb.DocType("Serial and Batch Entry"), frappe.qb.DocType("Serial and Batch Bundle")
	return dict(
		frappe.qb.from_(entry)
		.join(bundle)
		.on(entry.parent == bundle.name)
		.where(entry.serial_no.isin(serial_nos))
		.where(bundle.voucher_type == "Delivery Note")
		.where(bundle.type_of_transaction == "Outward")
		.where(bundle.docstatus == 1)
		.where(bundle.is_cancelled == 0)
		.orderby(*compat.posted_at(bundle))
		.select(entry.serial_no, bundle.voucher_no)
		.run()
	)


def brought_for(order_lines: list[str], places: set[str]) -> dict[traceability.Key, list[Source]]:
	"""Order line and item -> batches and serial numbers that came to `places` for it, or came back there, and
	that no delivery note names, in the order in which they came."""
	if not order_lines:
		return {}
	row, entry = frappe.qb.DocType("Stock Entry Detail"), frappe.qb.DocType("Serial and Batch Entry")
	came = (
		frappe.qb.from_(row)
		.join(entry)
		.on(entry.parent == row.serial_and_batch_bundle)
		.where(row.sales_order_item.isin(order_lines))
		.where(row.docstatus == 1)
		.where(row.t_warehouse.isin(list(places)) | row.s_warehouse.isin(list(places)))
		.orderby(row.creation)
		.orderby(entry.idx)
		.select(
			row.sales_order_item,
			row.item_code,
			row.t_warehouse,
			entry.batch_no,
			entry.serial_no,
			entry.qty,
		)
		.run(as_dict=True)
	)
	moves = [
		rules.AllocationMove(
			line.sales_order_item,
			line.item_code,
			abs(flt(line.qty)) * (1 if line.t_warehouse in places else -1),
			line.batch_no or "",
			line.serial_no or "",
		)
		for line in came
	]
	return rules.free_sources(moves + named_on_delivery_notes(order_lines) + came_back(order_lines, places))


def came_back(order_lines: list[str], places: set[str]) -> list[rules.AllocationMove]:
	"""What came back to `places` of `order_lines`, of bundles their parts."""
	line, packed, bundle, entry = (
		frappe.qb.DocType(name)
		for name in (
			"Delivery Note Item",
			"Packed Item",
			"Serial and Batch Bundle",
			"Serial and Batch Entry",
		)
	)
	rows = dict(
		frappe.qb.from_(line)
		.where(line.so_detail.isin(order_lines))
		.where(line.docstatus == 1)
		.where(line.qty < 0)
		.where(Coalesce(line.return_authorization_item, "") == "")
		.select(line.name, line.so_detail)
		.run()
	)
	if not rows:
		return []
	parts = (
		frappe.qb.from_(packed)
		.where(packed.parent_detail_docname.isin(list(rows)))
		.select(packed.name, packed.parent_detail_docname)
		.run()
	)
	rows |= {name: rows[parent] for name, parent in parts}
	return [
		rules.AllocationMove(
			rows[back.voucher_detail_no],
			back.item_code,
			abs(flt(back.qty)),
			back.batch_no or "",
			back.serial_no or "",
		)
		for back in frappe.qb.from_(entry)
		.join(bundle)
		.on(entry.parent == bundle.name)
		.where(bundle.voucher_type == "Delivery Note")
		.where(bundle.voucher_detail_no.isin(list(rows)))
		.where(bundle.docstatus == 1)
		.where(bundle.is_cancelled == 0)
		.where(bundle.warehouse.isin(list(places)))
		.orderby(bundle.creation)
		.orderby(entry.idx)
		.select(bundle.voucher_detail_no, bundle.item_code, entry.qty, entry.batch_no, entry.serial_no)
		.run(as_dict=True)
	]


def named_on_delivery_notes(order_lines: list[str]) -> list[rules.AllocationMove]:
	"""What delivery notes, drafts included, have taken of `order_lines`."""
	entry, row = frappe.qb.DocType("Traceability Entry"), frappe.qb.DocType("Delivery Note Item")
	taken = (
		frappe.qb.from_(entry)
		.join(row)
		.on(entry.delivery_note_item == row.name)
		.where(row.so_detail.isin(order_lines))
		.where(row.docstatus < 2)
		.select(row.so_detail, entry.item_code, entry.qty, entry.batch_no, entry.serial_nos)
		.run(as_dict=True)
	)
	moves = []
	for line in taken:
		named, batch_no = (line.so_detail, line.item_code), line.batch_no or ""
		serials = traceability.serial_numbers(line.serial_nos)
		moves += [rules.AllocationMove(*named, -1, batch_no, serial_no) for serial_no in serials]
		if not serials:
			moves.append(rules.AllocationMove(*named, -flt(line.qty), batch_no))
	return moves
