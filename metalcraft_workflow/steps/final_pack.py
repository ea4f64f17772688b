"""Step 8: Final Pack makes a Delivery Note of what is there. Where that comes from is recorded by
`steps/traceability.py`."""

from dataclasses import replace
from typing import Annotated

import frappe
from frappe import _
from frappe.model.document import Document
from frappe.utils import escape_html, flt

from metalcraft_workflow.facts import (
	allocation,
	approved,
	delivery,
	packing,
	reservations,
	stops,
	traceability,
)
from metalcraft_workflow.facts.final_pack import (
	brought_parts,
	final_pack_warehouse,
	lines_of,
	packed_qty,
	ready_to_pack,
	require_final_pack_warehouse,
	warehouses,
)
from metalcraft_workflow.facts.orders import orders_of
from metalcraft_workflow.gates.input import Of, Sent, checked
from metalcraft_workflow.gates.message import as_requirement, in_words, refuse
from metalcraft_workflow.gates.names import links_of, names_of
from metalcraft_workflow.gates.notifications import ARRIVAL, mark_read
from metalcraft_workflow.rules import allocation as rules
from metalcraft_workflow.rules import clearance as order_rules
from metalcraft_workflow.rules import final_pack as final_pack_rules
from metalcraft_workflow.rules.final_pack import FinalPackLine
from metalcraft_workflow.rules.fingerprint import fingerprint, fingerprint_of_tables
from metalcraft_workflow.rules.requirement import Link, Problem, Requirement, _lt
from metalcraft_workflow.rules.vouched import DELIVERY_LINE, PACKING_2, PART


@frappe.whitelist()
@checked
def make_delivery_note(source_name: str, target_doc: Annotated[Sent, Of("Delivery Note")] = None) -> Document:
	"""A new Delivery Note of Sales Order `source_name`, or its lines added to `target_doc`: what is at
	Final Pack for it and on no other delivery note. Not saved.

	Raises PermissionError as ERPNext's own mapper does, and ValidationError when nothing is ready.
	"""
	from erpnext.selling.doctype.sales_order.sales_order import make_delivery_note as make

	doc = frappe.get_doc(target_doc) if target_doc else None
	earlier = list(doc.items) if doc else []
	discount = flt(doc.discount_amount) if doc else 0
	packed = packing.quantities(doc)
	doc = make(source_name, doc, kwargs={"ignore_pricing_rule": 1})
	approved.keep_prices(doc)
	ready = ready_to_pack(source_name, without=doc.name)
	rows = []
	for row in doc.items[len(earlier) :]:
		row.qty = ready.get(row.so_detail, 0) - packed.get(row.so_detail, 0)
		if row.qty > 0:
			row.warehouse = final_pack_warehouse(doc.company) or row.warehouse
			rows.append(row)
	doc.set("items", [*earlier, *rows])
	if not rows:
		# No warehouse is named, so nothing counts as being there
		require_final_pack_warehouse(doc.company)
		frappe.throw(
			" ".join(
				(
					_("Nothing of Sales Order {0} is ready to pack.").format(source_name),
					*map(escape_html, in_words(why_nothing_is_ready(doc, source_name))),
				)
			),
			title=_("Nothing to Pack"),
		)
	for number, row in enumerate(doc.items, 1):
		row.idx = number
	approved.share_discount(doc, source_name, rows, discount)
	doc.run_method("calculate_taxes_and_totals")
	approved.keep_parts(doc)
	name_what_came(doc, rows, source_name)
	for sentence in in_words(left_over(doc, source_name)):
		frappe.msgprint(escape_html(sentence), alert=True, indicator="orange")
	return doc


def taken_up(doc: Document, method: str | None = None) -> None:
	"""Take the bells about goods that have arrived off Final Pack: somebody packs them. In `after_insert`."""
	if doc.follows_process and not doc.is_return:
		for order in sorted({row.against_sales_order for row in doc.items} - {None, ""}):
			mark_read("Sales Order", order, ARRIVAL)


def why_nothing_is_ready(doc: Document, sales_order: str) -> list[Problem]:
	"""What an order waits for of which nothing more can be packed on `doc`."""
	return final_pack_rules.why_nothing_is_ready(*there_and_packed(doc, sales_order))


def left_over(doc: Document, sales_order: str) -> list[Problem]:
	"""What is at Final Pack for an order, and neither on `doc` nor to be packed yet."""
	return final_pack_rules.left_over(*there_and_packed(doc, sales_order))


def there_and_packed(doc: Document, sales_order: str) -> tuple:
	"""The lines of an order, what is at Final Pack for them, and what of them is on delivery notes with
	`doc`."""
	lines = lines_of(sales_order)
	elsewhere = packed_qty([line.name for line in lines], without=doc.name)
	here = packing.quantities(doc)
	packed = {line.name: elsewhere.get(line.name, 0) + here.get(line.name, 0) for line in lines}
	return lines, final_pack_rules.spread(lines, brought_parts(sales_order)), packed


def name_what_came(doc: Document, rows: list[Document], sales_order: str) -> None:
	"""Name in the traceability of `doc` the batches and serial numbers that came to Final Pack for `rows`,
	which are new and of one order, and for the parts of their bundles."""
	kept = [
		(row, part)
		for row, line in zip(rows, order_lines_of(rows, sales_order), strict=True)
		for part in line.parts
		if any(frappe.get_cached_value("Item", part.item_code, ("has_batch_no", "has_serial_no")))
	]
	lines = frappe.get_all("Sales Order Item", {"parent": sales_order}, pluck="name") if kept else []
	sources = allocation.brought_for(lines, warehouses(doc.company))
	for row, part in kept:
		for source in rules.draw(sources, row.so_detail, part.item_code, part.needed):
			doc.append(
				"traceability",
				{
					"item_code": part.item_code,
					"line_no": row.idx,
					"qty": source.qty,
					"batch_no": source.batch_no or None,
					"serial_nos": "\n".join(source.serial_nos),
				},
			)
		if part.item_code == row.item_code:
			# What ERPNext chose by age is a guess; the rows say what came
			row.update({"batch_no": None, "serial_no": None, "use_serial_batch_fields": 0})


def order_lines_of(rows: list[Document], sales_order: str) -> list[FinalPackLine]:
	"""The order's line of each of `rows`, with the parts that the quantity of the row takes."""
	lines = {line.name: line for line in lines_of(sales_order)}
	found = []
	for row in rows:
		line = lines[row.so_detail]
		share = flt(row.qty) / line.qty if line.qty else 0
		parts = tuple(replace(part, needed=flt(part.needed * share, rules.PLACES)) for part in line.parts)
		found.append(replace(line, parts=parts))
	return found


def prepare(doc: Document, method: str | None = None) -> None:
	"""Take the locks of the orders, before anything is written, hold the lines to what was approved, and note
	the customer's PO numbers. Runs in `before_validate`."""
	touched = delivery.is_touched(doc)
	if touched:
		set_po_numbers(doc)
	if doc.follows_process:
		approved.keep_prices(doc)
		approved.place_lines(doc)
		approved.note_parts(doc)
	if touched:
		bring_reservations(doc)


def bring_reservations(doc: Document) -> None:
	"""Have what ERPNext reserved for the lines reserved where they leave from: it refuses to save them else."""
	if doc.get("is_return") or not doc.follows_process or not reservations.is_on():
		return
	for row in doc.items:
		if row.get("so_detail") and row.warehouse:
			reservations.follow(row.so_detail, traceability.stock_qty(row), row.warehouse)


def lift_stops(doc: Document, method: str | None = None) -> None:
	"""Let a delivery go back whose order was closed by hand, or is on hold. Runs in `before_validate`, last."""
	if doc.follows_process and stops.goes_back(doc):
		stops.lift(doc)


def put_back_stops(doc: Document, method: str | None = None) -> None:
	"""Put the orders back as they were. The first handler of `validate`."""
	stops.put_back(doc)


def keep_parts(doc: Document, method: str | None = None) -> None:
	"""Pack the parts of bundles that were approved. Runs in `validate`, after ERPNext has packed those of
	today's Product Bundles."""
	if doc.follows_process:
		approved.keep_parts(doc)


def hold_bundles(doc: Document, method: str | None = None) -> None:
	"""Let what left with a delivery come back when it is cancelled, the parts of bundles that have been
	disabled since too. Runs in `before_cancel`."""
	if doc.follows_process:
		approved.hold_bundles(doc)


def check_lines(doc: Document, method: str | None = None) -> None:
	"""Refuse a line that takes more than is at Final Pack, and an order that may not be delivered now. Runs
	in `validate`.

	Looks only at what this save brings in: a note that became wrong otherwise can still be saved, put
	on hold or sent back; its gates hold it. Raises ValidationError.
	"""
	if doc.get("is_return") or not doc.follows_process:
		return
	if new := new_orders(doc):
		for order in delivery.process_orders(doc):
			why = order_rules.why_not_released(delivery.as_fact(order)) if order.name in new else ""
			if why:
				frappe.throw(_(why).format(order=order.name), title=_("Not to Be Delivered"))
	grown = grown_lines(doc)
	if grown:
		refuse(packing.quantity_problems(doc, grown), _("Not at Final Pack"))


def requirements(doc: Document) -> list[Requirement]:
	"""What finishing the packing asks of the lines: gate `complete_packing`."""
	return [
		Requirement(
			code="lines",
			label=_lt("Something to ship"),
			message=_lt("Add at least one line with a quantity."),
			met=any(flt(row.qty) > 0 for row in doc.items),
			link=Link(doc.doctype, doc.name, "items"),
			waivable=False,
		),
		*delivery.weight_unit(doc),
		*order_named(doc),
		*delivery.order_released(doc),
		*approved.as_approved(doc),
		*as_requirement(
			doc,
			"at_final_pack",
			_lt("Everything is at Final Pack"),
			[*packing.quantity_problems(doc), *packing.place_problems(doc)],
			"items",
			waivable=False,
			asked=bool(packing.process_lines(doc)),
		),
	]


def order_named(doc: Document) -> list[Requirement]:
	"""Goods that nobody approved an order for leave only when a manager says so; asked where it is so."""
	rows = [str(row.idx) for row in doc.items if not row.against_sales_order]
	if not rows:
		return []
	return [
		Requirement(
			code="order",
			label=_lt("Every line belongs to an order"),
			message=_lt("Rows {rows}: no sales order. Make the delivery note from its order."),
			params={"rows": ", ".join(rows)},
			met=False,
			link=Link(doc.doctype, doc.name, "items"),
		)
	]


def packing_fingerprint_2(doc: Document) -> str:
	"""Digest of the lines, the parts of bundles and their traceability: what finishing the packing
	vouches for."""
	tables = names_of(doc).tables(doc, PACKING_2)
	sources = sources_in_words(doc)
	for rows, row_of in ((tables[DELIVERY_LINE], doc.items), (tables[PART], doc.packed_items)):
		for row, packed in zip(rows, row_of, strict=True):
			row["sources"] = sources.get(
				(packed.get("parent_detail_docname") or packed.name, packed.item_code)
			)
	for row in tables["Traceability Entry"]:
		row["serial_nos"] = in_order(row["serial_nos"])
	return fingerprint_of_tables(tables, PACKING_2)


def packing_fingerprint_1(doc: Document) -> str:
	"""The same, for records of the first version."""
	sources = sources_in_words(doc)
	lines = [
		{
			"line": row.name,
			"order_line": row.get("so_detail"),
			"item_code": row.item_code,
			"qty": traceability.stock_qty(row),
			"warehouse": row.warehouse,
			"sources": sources.get((row.name, row.item_code)),
		}
		for row in doc.items
	]
	entries = [
		{
			"line": row.delivery_note_item,
			"item_code": row.item_code,
			"qty": row.qty,
			"batch_no": row.batch_no,
			"serial_nos": in_order(row.serial_nos),
			**{fieldname: row.get(fieldname) for fieldname in traceability.ORIGIN},
		}
		for row in doc.traceability
	]
	parts = [
		{
			"line": row.parent_detail_docname,
			"item_code": row.item_code,
			"qty": row.qty,
			"warehouse": row.warehouse,
			"sources": sources.get((row.parent_detail_docname, row.item_code)),
		}
		for row in doc.packed_items
	]
	fields = ("line", "order_line", "item_code", "qty", "warehouse", "sources", "batch_no", "serial_nos")
	fields = (*fields, *traceability.ORIGIN)
	links = {**links_of(frappe.get_meta("Traceability Entry")), "warehouse": "Warehouse"}
	return fingerprint(names_of(doc).rows([*lines, *parts, *entries], fields, links), fields)


def sources_in_words(doc: Document) -> dict[traceability.Key, list[tuple]]:
	"""Line and item -> the batches and serial numbers that it takes, as a fingerprint is made of them."""
	names = names_of(doc)
	found = traceability.sources_by_line(doc)
	names.learn(("Batch", source.batch_no) for taken in found.values() for source in taken)
	return {
		key: sorted(
			(names.of("Batch", source.batch_no), source.qty, *sorted(source.serial_nos)) for source in taken
		)
		for key, taken in found.items()
	}


def in_order(serial_nos: str | None) -> str:
	"""Serial numbers, one a line, in an order that does not depend on who typed them."""
	return "\n".join(sorted(traceability.serial_numbers(serial_nos)))


# What a save brings in


def grown_lines(doc: Document) -> set[str]:
	"""Order lines of which this save takes more than what is stored."""
	before = packing.quantities(doc.get_doc_before_save())
	return {name for name, qty in packing.quantities(doc).items() if qty > before.get(name, 0)}


def new_orders(doc: Document) -> set[str]:
	"""Orders that this save brings onto the delivery note."""
	before = doc.get_doc_before_save()
	return set(orders_of(doc)) - set(orders_of(before) if before else [])


def set_po_numbers(doc: Document) -> None:
	"""Write the customer's purchase order of each line's order on it: a delivery may carry several."""
	numbers = {order.name: order.po_no for order in delivery.orders(doc)}
	for row in doc.items:
		row.customer_po_no = numbers.get(row.get("against_sales_order"))
