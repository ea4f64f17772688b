"""What a delivery contains: the one place that reads it, for its packing list and its certificates."""

from collections import defaultdict

import frappe
from frappe.model.document import Document
from frappe.utils import flt

from metalcraft_workflow.facts import traceability
from metalcraft_workflow.rules import contents as rules


def delivery_contents(doc: Document) -> list[rules.ContentsLine]:
	"""The lines of Delivery Note `doc` as they were ordered, each with its batches, heats and serial
	numbers. A Jinja method too."""
	numbers = traceability.values("Sales Order Item", "idx", {row.get("so_detail") for row in doc.items})
	sources = sources_of(doc)
	return rules.gather(
		rules.ContentsLine(
			item_code=row.item_code,
			qty=flt(row.qty),
			uom=row.uom or "",
			item_name=row.item_name if row.item_name != row.item_code else "",
			customer_part_no=row.get("customer_part_no") or "",
			po_no=row.get("customer_po_no") or doc.po_no or "",
			order=row.get("against_sales_order") or "",
			order_line=numbers.get(row.get("so_detail")) or 0,
			sources=tuple(sources.get(row.name, ())),
		)
		for row in doc.items
		if row.item_code
	)


def sources_of(doc: Document) -> dict[str, list[rules.ContentsSource]]:
	"""Line -> where its goods come from: its traceability rows; without any, what it takes from stock."""
	goods = {(line.name, row.item_code): (line, row) for line, row in traceability.goods_of(doc)}
	named = [
		((row.delivery_note_item, row.item_code), row.qty, row.batch_no, row.heat_no, row.serial_nos)
		for row in doc.get("traceability") or ()
	]
	known = {key for key, *_rest in named}
	named += [
		(key, source.qty, source.batch_no, "", "\n".join(source.serial_nos))
		for key, taken in traceability.sources_by_line(doc).items()
		if key not in known
		for source in taken
	]
	revisions = traceability.values("Batch", "revision", {batch_no for _key, _qty, batch_no, *_rest in named})
	found = defaultdict(list)
	for key, qty, batch_no, heat_no, serial_nos in named:
		if key not in goods:
			continue
		line, row = goods[key]
		found[line.name].append(
			rules.ContentsSource(
				qty=flt(qty),
				item_code="" if row is line else row.item_code,
				uom=row.get("stock_uom") or row.uom or "",
				batch_no=batch_no or "",
				heat_no=(heat_no or "").strip(),
				serial_nos=traceability.serial_numbers(serial_nos),
				revision=revisions.get(batch_no) or "",
			)
		)
	return found


def certified_contents(certificate: Document) -> list[rules.ContentsLine]:
	"""The lines of Conformance Certificate `certificate` as they were when it was issued. A Jinja method
	too."""
	lines: dict[int, list[Document]] = defaultdict(list)
	for row in certificate.get("items"):
		lines[row.line].append(row)
	return [
		rules.ContentsLine(
			item_code=rows[0].item_code,
			qty=flt(rows[0].qty),
			uom=rows[0].uom or "",
			item_name=rows[0].item_name or "",
			customer_part_no=rows[0].customer_part_no or "",
			po_no=rows[0].customer_po_no or "",
			order=rows[0].sales_order or "",
			order_line=rows[0].order_line or 0,
			sources=tuple(
				rules.ContentsSource(
					qty=flt(row.source_qty),
					item_code=row.part or "",
					uom=row.source_uom or "",
					batch_no=row.batch_no or "",
					heat_no=row.heat_no or "",
					serial_nos=traceability.serial_numbers(row.serial_nos),
					revision=row.revision or "",
				)
				for row in rows
				if row.source_qty
			),
		)
		for rows in lines.values()
	]


def billed_lines(doc: Document) -> dict[str, frappe._dict]:
	"""Line of an invoice -> what it bills, as the customer calls it: `order`, `po_no` and
	`customer_part_no`. Lines for no order are left out. A Jinja method too."""
	lines = {row.so_detail: row.name for row in doc.items if row.get("so_detail")}
	order, line = frappe.qb.DocType("Sales Order"), frappe.qb.DocType("Sales Order Item")
	return {
		lines[row.so_detail]: row
		for row in (
			frappe.qb.from_(line)
			.join(order)
			.on(order.name == line.parent)
			.where(line.name.isin([*lines, ""]))
			.orderby(order.name)
			.select(line.name.as_("so_detail"), order.name.as_("order"), order.po_no, line.customer_part_no)
			.run(as_dict=True)
		)
	}
