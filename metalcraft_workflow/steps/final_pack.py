"""Step 8: Final Pack makes a Delivery Note of what is there, and records where it comes from."""

from collections import defaultdict

import frappe
from frappe import _
from frappe.model.document import Document
from frappe.utils import flt

from metalcraft_workflow.gates import delivery
from metalcraft_workflow.gates import traceability as facts
from metalcraft_workflow.gates.final_pack import (
	final_pack_warehouse,
	ready_to_pack,
	require_final_pack_warehouse,
	warehouses,
)
from metalcraft_workflow.gates.order_facts import orders_of
from metalcraft_workflow.gates.workflow import gate_of, has_passed
from metalcraft_workflow.rules import clearance as order_rules
from metalcraft_workflow.rules import packing as rules
from metalcraft_workflow.rules import traceability
from metalcraft_workflow.rules.fingerprint import fingerprint
from metalcraft_workflow.rules.requirement import Link, Requirement
from metalcraft_workflow.rules.requirement import _ as mark


@frappe.whitelist()
def make_delivery_note(source_name: str, target_doc: str | dict | Document | None = None) -> Document:
	"""A new Delivery Note of Sales Order `source_name`, or its lines added to `target_doc`: what is at
	Final Pack for it and on no other delivery note. Not saved.

	Raises PermissionError as ERPNext's own mapper does, and ValidationError when nothing is ready.
	"""
	from erpnext.selling.doctype.sales_order.sales_order import make_delivery_note as make
	from erpnext.stock.doctype.packed_item.packed_item import make_packing_list

	doc = as_document(target_doc)
	earlier = list(doc.items) if doc else []
	packed = quantities(doc)
	doc = make(source_name, doc)
	ready = ready_to_pack(source_name, without=doc.name)
	warehouse = final_pack_warehouse(doc.company)
	rows = []
	for row in doc.items[len(earlier) :]:
		row.qty = min(flt(row.qty), ready.get(row.so_detail, 0)) - packed.get(row.so_detail, 0)
		if row.qty <= 0:
			continue
		if warehouse and frappe.get_cached_value("Item", row.item_code, "is_stock_item"):
			row.warehouse = warehouse
		rows.append(row)
	if not rows:
		# No warehouse is named, so nothing counts as being there
		require_final_pack_warehouse(doc.company)
		frappe.throw(
			_(
				"Nothing of Sales Order {0} is ready to pack: all that is at Final Pack is on a delivery note."
			).format(source_name),
			title=_("Nothing to Pack"),
		)
	doc.set("items", [*earlier, *by_source(rows, doc.company)])
	for number, row in enumerate(doc.items, 1):
		row.idx = number
	doc.run_method("calculate_taxes_and_totals")
	make_packing_list(doc)
	return doc


def by_source(rows: list[Document], company: str) -> list[Document]:
	"""`rows`, each split by the batches that came to Final Pack for it, with its serial numbers."""
	named = [
		row.so_detail
		for row in rows
		if any(frappe.get_cached_value("Item", row.item_code, ("has_batch_no", "has_serial_no")))
	]
	sources = facts.brought_for(named, warehouses(company))
	split = []
	for row in rows:
		factor = flt(row.conversion_factor or 1)
		for source in rules.allocate(row.qty * factor, sources.get(row.so_detail, ())):
			part = frappe.copy_doc(row)
			part.qty, part.stock_qty = source.qty / factor, source.qty
			if source.batch_no or source.serial_nos:
				part.use_serial_batch_fields = 1
				part.batch_no = source.batch_no or None
				part.serial_no = "\n".join(source.serial_nos)
			split.append(part)
	return split


def as_document(target_doc: str | dict | Document | None) -> Document | None:
	"""The document that a mapper is to add to, as the form sends it."""
	if isinstance(target_doc, str):
		target_doc = frappe.parse_json(target_doc) if target_doc else None
	return frappe.get_doc(target_doc) if isinstance(target_doc, dict) and target_doc else target_doc


def prepare(doc: Document, method: str | None = None) -> None:
	"""Take the locks of the orders, before anything is written, and note the customer's PO numbers.

	Runs in `before_validate`.
	"""
	if not doc.get("is_return"):
		delivery.lock_orders(doc)
	set_po_numbers(doc)


def check_lines(doc: Document, method: str | None = None) -> None:
	"""Refuse a line that takes more than is at Final Pack, an order that may not be delivered now, and
	a batch or serial number that another open delivery note has. Runs in `validate`.

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
		refuse(quantity_problems(doc, grown), _("Not at Final Pack"))
	if facts.sources_changed(doc):
		refuse(facts.promise_problems(doc), _("Promised Already"))


def requirements(doc: Document) -> list[Requirement]:
	"""What finishing the packing asks for: gate `complete_packing`."""
	return [
		Requirement(
			code="lines",
			label=mark("Something to ship"),
			message=mark("Add at least one line with a quantity."),
			met=any(flt(row.qty) > 0 for row in doc.items),
			link=Link(doc.doctype, doc.name, "items"),
			waivable=False,
		),
		*order_named(doc),
		*delivery.order_released(doc),
		*problems_as_requirement(
			doc,
			"at_final_pack",
			mark("Everything is at Final Pack"),
			quantity_problems(doc),
			"items",
			waivable=False,
			asked=bool(process_lines(doc)),
		),
		*problems_as_requirement(
			doc,
			"stock_promised",
			mark("Batches and serial numbers are free"),
			facts.promise_problems(doc),
			"items",
			waivable=False,
			asked=bool(doc.traceability),
		),
		*problems_as_requirement(
			doc,
			"traceability",
			mark("Traceability is complete"),
			facts.problems_of(doc),
			"traceability",
			asked=bool(doc.traceability) or any(line.needs for line in facts.lines_of(doc)),
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
			label=mark("Every line belongs to an order"),
			message=mark("Rows {rows}: no sales order. Make the delivery note from its order."),
			params={"rows": ", ".join(rows)},
			met=False,
			link=Link(doc.doctype, doc.name, "items"),
		)
	]


def problems_as_requirement(
	doc: Document,
	code: str,
	label: str,
	problems: list[traceability.Problem],
	fieldname: str,
	waivable: bool = True,
	asked: bool = True,
) -> list[Requirement]:
	"""One requirement that says all of `problems`; none when nothing asks for it."""
	if not asked and not problems:
		return []
	return [
		Requirement(
			code=code,
			label=label,
			message=mark("{problems}"),
			params={"problems": " ".join(in_words(problems))},
			met=not problems,
			link=Link(doc.doctype, doc.name, fieldname),
			waivable=waivable,
		)
	]


def in_words(problems: list[traceability.Problem]) -> list[str]:
	"""`problems` as translated sentences."""
	return [_(problem.message).format(**problem.params) for problem in problems]


def refuse(problems: list[traceability.Problem], title: str) -> None:
	"""Raise a ValidationError that lists `problems`, if there are any."""
	if problems:
		frappe.throw("<br>".join(map(frappe.utils.escape_html, in_words(problems))), title=title)


# Quantities


def available(doc: Document) -> dict[str, float]:
	"""Order line -> what `doc` may take of it: at Final Pack, less what other delivery notes have.

	Only orders that follow the process. Reads what was committed last: `prepare` holds the orders.
	"""
	found: dict[str, float] = {}
	for order in delivery.process_orders(doc):
		found |= ready_to_pack(order.name, without=doc.name, for_update=True)
	return found


def process_lines(doc: Document) -> list[rules.OrderLine]:
	"""The lines of `doc` that come from an order that follows the process."""
	orders = {order.name for order in delivery.process_orders(doc)}
	return [line for line in order_lines(doc) if line.order in orders]


def order_lines(doc: Document) -> list[rules.OrderLine]:
	"""The lines of `doc` that come from an order."""
	return [
		rules.OrderLine(
			row=row.idx,
			item_code=row.item_code,
			order_line=row.so_detail,
			order=row.against_sales_order,
			qty=flt(row.qty),
			uom=row.uom or "",
		)
		for row in doc.items
		if row.get("so_detail")
	]


def quantity_problems(doc: Document, only: set[str] | None = None) -> list[traceability.Problem]:
	"""Lines of `doc` (only those of the order lines `only`) that take more than there is."""
	lines = [line for line in process_lines(doc) if only is None or line.order_line in only]
	return rules.too_much(lines, available(doc)) if lines else []


def grown_lines(doc: Document) -> set[str]:
	"""Order lines of which this save takes more than what is stored."""
	before = quantities(doc.get_doc_before_save())
	return {name for name, qty in quantities(doc).items() if qty > before.get(name, 0)}


def quantities(doc: Document | None) -> dict[str, float]:
	"""Order line -> quantity on `doc`."""
	totals: dict[str, float] = defaultdict(float)
	for line in order_lines(doc) if doc else []:
		totals[line.order_line] += line.qty
	return totals


def new_orders(doc: Document) -> set[str]:
	"""Orders that this save brings onto the delivery note."""
	before = doc.get_doc_before_save()
	return set(orders_of(doc)) - set(orders_of(before) if before else [])


def set_po_numbers(doc: Document) -> None:
	"""Write the customer's purchase order of each line's order on it: a delivery may carry several."""
	names = orders_of(doc)
	numbers = {}
	if names:
		numbers = dict(
			frappe.get_all("Sales Order", {"name": ["in", names]}, ["name", "po_no"], as_list=True)
		)
	for row in doc.items:
		row.customer_po_no = numbers.get(row.get("against_sales_order"))


# Traceability


def fill_traceability(doc: Document, method: str | None = None) -> None:
	"""Bring the traceability rows in line with the delivery's lines; what people typed stays.

	Runs in `validate`, after ERPNext has chosen batches of its own where nobody did; once the packing
	is complete, the rows stay as they were then. Raises ValidationError for an item that is not there.
	"""
	stored = doc.get_doc_before_save() or doc
	if doc.get("is_return") or has_passed(gate_of(stored), "complete_packing"):
		return
	find_lines(doc)
	rows = list(doc.traceability)
	line_numbers = {row.name: row.idx for row in doc.items}
	filled = []
	for entry in traceability.fill(facts.lines_of(doc), facts.entries_of(doc)):
		row = (
			rows[int(entry.key)]
			if entry.key
			else frappe.new_doc("Traceability Entry", parent_doc=doc, parentfield="traceability")
		)
		row.update(
			{
				"delivery_note_item": entry.line,
				"line_no": line_numbers[entry.line],
				"item_code": entry.item_code,
				"qty": entry.qty,
				"batch_no": entry.batch_no or None,
				"serial_nos": "\n".join(entry.serial_nos),
			}
		)
		filled.append(row)
	doc.set("traceability", filled)
	for number, row in enumerate(doc.traceability, 1):
		row.idx = number
	fill_from_batches(doc)


def find_lines(doc: Document) -> None:
	"""Give each typed row its line: rows of the same item belong to the first line of it that still
	wants some. Raises ValidationError for an item that is not on the delivery note."""
	before = doc.get_doc_before_save()
	open_qty = facts.qty_by_line(doc)
	gone = facts.qty_by_line(before).keys() - open_qty.keys() if before else set()
	loose = []
	for row in doc.traceability:
		key = (row.delivery_note_item, row.item_code)
		if key in open_qty:
			open_qty[key] -= flt(row.qty)
		elif key not in gone:
			loose.append(row)
	for row in loose:
		lines = [name for name, item_code in open_qty if item_code == row.item_code]
		if not lines:
			frappe.throw(
				_(
					"Traceability row {0}: {1} is not on this delivery note. Choose an item of one of its"
					" lines, or a part of a bundle on it."
				).format(row.idx, frappe.bold(row.item_code)),
				title=_("Not on This Delivery Note"),
			)
		row.delivery_note_item = next((name for name in lines if open_qty[name, row.item_code] > 0), lines[0])
		open_qty[row.delivery_note_item, row.item_code] -= flt(row.qty)


def fill_from_batches(doc: Document) -> None:
	"""Copy heat number, supplier and purchase order of each row's batch into what is still empty."""
	names = {row.batch_no for row in doc.traceability if row.batch_no}
	if not names:
		return
	batches = {
		row.name: row
		for row in frappe.get_all(
			"Batch",
			filters={"name": ["in", list(names)]},
			fields=["name", "item", "heat_no", "supplier", "reference_doctype", "reference_name"],
		)
	}
	receipts = {
		row.reference_name for row in batches.values() if row.reference_doctype == "Purchase Receipt"
	} - {None}
	bought = {}
	if receipts:
		bought = {
			(row.parent, row.item_code): row.purchase_order
			for row in frappe.get_all(
				"Purchase Receipt Item",
				filters={"parent": ["in", list(receipts)]},
				fields=["parent", "item_code", "purchase_order"],
			)
		}
	for row in doc.traceability:
		batch = batches.get(row.batch_no)
		if not batch:
			continue
		row.heat_no = row.heat_no or batch.heat_no
		row.supplier = row.supplier or batch.supplier
		row.source_purchase_order = row.source_purchase_order or bought.get(
			(batch.reference_name, row.item_code)
		)


def packing_fingerprint(doc: Document) -> str:
	"""Digest of the lines, the parts of bundles and their traceability: what finishing the packing
	vouches for."""
	sources = {
		key: sorted((source.batch_no, source.qty, *sorted(source.serial_nos)) for source in taken)
		for key, taken in facts.sources_by_line(doc).items()
	}
	lines = [
		{
			"line": row.name,
			"order_line": row.get("so_detail"),
			"item_code": row.item_code,
			"qty": facts.stock_qty(row),
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
			"serial_nos": "\n".join(sorted(facts.serial_numbers(row.serial_nos))),
			"heat_no": row.heat_no,
			"source_purchase_order": row.source_purchase_order,
			"certificate": row.certificate,
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
	fields = ("line", "order_line", "item_code", "qty", "warehouse", "sources")
	fields += ("batch_no", "serial_nos", "heat_no", "source_purchase_order", "certificate")
	return fingerprint(lines + parts + entries, fields)
