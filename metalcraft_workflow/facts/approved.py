"""What was approved of the orders that a delivery or an invoice is of: prices, and the parts of bundles. And
what was delivered of those, for goods that come back.

ERPNext works both out anew whenever a document is saved: by the pricing rules and by the Product Bundles of
that day.
"""

from collections import defaultdict

import frappe
from frappe.model.document import Document
from frappe.utils import cint, flt

from metalcraft_workflow.facts.final_pack import final_pack_warehouse, warehouses
from metalcraft_workflow.facts.orders import orders_of
from metalcraft_workflow.facts.traceability import drop_bundle, stock_qty
from metalcraft_workflow.gates.message import as_requirement
from metalcraft_workflow.gates.once import once
from metalcraft_workflow.rules import approved as rules
from metalcraft_workflow.rules.requirement import Problem, Requirement, _lt

# What a part's row has besides its item and its quantity
PART_FIELDS = ("item_name", "description", "uom", "conversion_factor", "rate", "delivered_by_supplier")


def as_approved(doc: Document) -> list[Requirement]:
	"""The requirement that a delivery is what was approved on its orders. Asked at packing, at clearance and
	at shipping: an order may change in between."""
	lines = approved_lines(doc)
	return as_requirement(
		doc,
		"as_approved",
		_lt("Just as it was approved"),
		differences(doc, lines),
		"items",
		waivable=False,
		asked=bool(lines),
	)


def differences(doc: Document, lines: dict[str, rules.ApprovedLine]) -> list[Problem]:
	"""How `doc` differs from `lines`, which are those of its orders."""
	parts = defaultdict(list)
	for part in doc.packed_items:
		parts[part.parent_detail_docname].append(rules.ApprovedPart(part.item_code, flt(part.qty)))
	delivered = [
		rules.DeliveredLine(
			row=row.idx,
			order_line=row.so_detail,
			item_code=row.item_code,
			uom=row.uom,
			factor=flt(row.conversion_factor),
			stock_qty=stock_qty(row),
			# Within a group of companies goods move at what they cost
			rate=flt(lines[row.so_detail].rate if doc.get("is_internal_customer") else row.rate),
			parts=tuple(parts[row.name]),
		)
		for row in doc.items
		if row.so_detail in lines
	]
	if not delivered:
		return []

	discount = rules.Discount(flt(doc.additional_discount_percentage), flt(doc.discount_amount))
	return [
		*rules.differences(delivered, lines, doc.items[0].precision("rate"), doc.currency),
		*rules.other_discount(discount, lines.values(), doc.currency),
	]


def approved_lines(doc: Document) -> dict[str, rules.ApprovedLine]:
	"""Order line -> what was approved of it, for the lines of `doc` that are of orders of the process. Read
	once a save."""
	names = frozenset(row.so_detail for row in doc.items if row.get("so_detail"))
	return once(doc, ("approved", names), lambda: _read_lines(names))


def _read_lines(names: frozenset[str]) -> dict[str, rules.ApprovedLine]:
	if not names:
		return {}
	order, line = frappe.qb.DocType("Sales Order"), frappe.qb.DocType("Sales Order Item")
	rows = (
		frappe.qb.from_(line)
		.join(order)
		.on(order.name == line.parent)
		.where(line.name.isin(sorted(names)))
		.where(order.follows_process == 1)
		.select(
			line.name,
			line.parent,
			line.item_code,
			line.uom,
			line.conversion_factor,
			line.stock_qty,
			line.rate,
			line.price_list_rate,
			line.warehouse,
			order.additional_discount_percentage,
			order.discount_amount,
		)
		.run(as_dict=True)
	)
	parts = parts_by_line("Sales Order", [row.name for row in rows if may_be_bundle(row.item_code)])
	return {
		row.name: rules.ApprovedLine(
			name=row.name,
			order=row.parent,
			item_code=row.item_code,
			uom=row.uom,
			factor=flt(row.conversion_factor),
			stock_qty=flt(row.stock_qty),
			rate=flt(row.rate),
			price_list_rate=flt(row.price_list_rate),
			warehouse=row.warehouse or "",
			discount=rules.Discount(flt(row.additional_discount_percentage), flt(row.discount_amount)),
			parts=parts.get(row.name, ()),
		)
		for row in rows
	}


def parts_by_line(doctype: str, lines: list[str]) -> dict[str, tuple[rules.ApprovedPart, ...]]:
	"""Line of a document of `doctype` -> the parts of its bundle, in their order; lines that are none are
	left out."""
	if not lines:
		return {}
	found = defaultdict(list)
	for row in frappe.get_all(
		"Packed Item",
		filters={"parenttype": doctype, "parent_detail_docname": ["in", lines]},
		fields=["parent_detail_docname", "item_code", "qty", *PART_FIELDS],
		order_by="idx",
	):
		more = {fieldname: row[fieldname] for fieldname in PART_FIELDS}
		found[row.parent_detail_docname].append(rules.ApprovedPart(row.item_code, flt(row.qty), more))
	return {name: tuple(parts) for name, parts in found.items()}


# Prices


def keep_prices(doc: Document) -> None:
	"""Let no pricing rule write prices or free goods into a delivery or an invoice of the process, and take
	back what one has written by now. What people typed stays, for `as_approved` to name. Call in
	`before_validate`."""
	ruled = [row for row in doc.items if row.get("pricing_rules")]
	if doc.get("is_return") or (doc.ignore_pricing_rule and not ruled) or not orders_of(doc):
		return
	lines = approved_lines(doc)
	if not lines:
		return
	doc.ignore_pricing_rule = 1
	for row in ruled:
		# ERPNext takes the price away from a row that names a rule which it is not to heed
		row.pricing_rules = None
		if line := lines.get(row.so_detail):
			row.update(rules.price_of(line))
	added = [row for row in ruled if row.is_free_item and not (row.so_detail or row.get("dn_detail"))]
	if added:
		doc.set("items", [row for row in doc.items if row not in added])
		for number, row in enumerate(doc.items, 1):
			row.idx = number


def share_discount(doc: Document, sales_order: str, rows: list[Document], earlier: float) -> None:
	"""Take off `doc` as much of the discount of an order as `rows` of it have of its total, where that is an
	amount; and what was taken off `earlier` for other orders. ERPNext takes all of it off each delivery."""
	order = frappe.db.get_value(
		"Sales Order",
		sales_order,
		["additional_discount_percentage", "discount_amount", "total"],
		as_dict=True,
	)
	if flt(order.additional_discount_percentage):
		return
	part = sum(flt(row.qty) * flt(row.rate) for row in rows) / flt(order.total) if flt(order.total) else 1
	doc.discount_amount = flt(earlier + flt(order.discount_amount) * part, doc.precision("discount_amount"))


# Parts of bundles


def note_parts(doc: Document) -> None:
	"""Remember the parts of bundles that `doc` was sent with: ERPNext drops those that the Product Bundles of
	today do not name. Call in `before_validate`."""
	doc.flags.parts_sent = list(doc.packed_items)


def keep_parts(doc: Document) -> None:
	"""Have the bundles of a delivery consist of what was approved, and those of a return of what was
	delivered, in place of what ERPNext has made of them. Call in `validate`."""
	if may_have_bundles(doc):
		rows, there = [], list(dict.fromkeys((*doc.packed_items, *(doc.flags.parts_sent or ()))))
		for line, parts in zip(doc.items, wanted_parts(doc), strict=True):
			rows += rows_of(doc, line) if parts is None else rows_for(doc, line, parts, there)
		for row in doc.packed_items:
			if row not in rows:
				drop_bundle(row)
		doc.set("packed_items", rows)
		for number, row in enumerate(doc.packed_items, 1):
			row.idx = number
		doc.update_current_stock()
		keep_bundle_prices(doc)
	hold_bundles(doc)


def keep_bundle_prices(doc: Document) -> None:
	"""Put back the prices of bundles, which ERPNext works out from those of their parts where the settings
	say so; in a delivery it takes the parts' prices of today."""
	if doc.get("is_return") or not frappe.db.get_single_value(
		"Selling Settings", "editable_bundle_item_rates"
	):
		return
	lines = approved_lines(doc)
	for row in doc.items:
		line = lines.get(row.so_detail)
		if line and line.parts:
			row.update(rules.price_of(line))
	doc.calculate_taxes_and_totals()


def may_have_bundles(doc: Document) -> bool:
	"""Whether a line of `doc` is, or ever was, a bundle."""
	return bool(doc.packed_items) or any(may_be_bundle(row.item_code) for row in doc.items)


def may_be_bundle(item_code: str) -> bool:
	"""Whether an item is, or ever was, a bundle: one of stock never is."""
	return not frappe.get_cached_value("Item", item_code, "is_stock_item")


def wanted_parts(doc: Document) -> list[tuple[rules.ApprovedPart, ...] | None]:
	"""The parts that each line of `doc` is to have; none when it is no bundle, and None for a line of no
	order of the process, or of a return of no delivery."""
	if doc.get("is_return"):
		of = [row.get("dn_detail") for row in doc.items]
		whole = dict(
			frappe.get_all(
				"Delivery Note Item",
				filters={"name": ["in", [name for name in of if name]]},
				fields=["name", "stock_qty"],
				as_list=True,
			)
		)
		parts = parts_by_line("Delivery Note", list(whole))
	else:
		lines = approved_lines(doc)
		of = [row.so_detail for row in doc.items]
		whole = {name: line.stock_qty for name, line in lines.items()}
		parts = {name: line.parts for name, line in lines.items()}
	return [
		rules.parts_for(parts.get(name, ()), flt(whole[name]), stock_qty(row)) if name in whole else None
		for row, name in zip(doc.items, of, strict=True)
	]


def rows_of(doc: Document, line: Document) -> list[Document]:
	"""The parts of the bundle in `line` as they stand on `doc`."""
	return [part for part in doc.packed_items if part.parent_detail_docname == line.name]


def rows_for(
	doc: Document, line: Document, parts: tuple[rules.ApprovedPart, ...], there: list[Document]
) -> list[Document]:
	"""Rows for `parts` of the bundle in `line`: those of `there`, with the batches that people chose, which are
	taken out of it; and new ones."""
	before = doc.get_doc_before_save()
	stored = {row.name for row in before.packed_items} if before else set()
	found = []
	for part in parts:
		key = line.name, part.item_code
		row = next((row for row in there if (row.parent_detail_docname, row.item_code) == key), None)
		if row:
			there.remove(row)
		else:
			row = new_part(doc, line, part)
		row.update({"qty": part.qty, "rate": part.more["rate"]})
		if row.name not in stored:
			place(doc, row)
		found.append(row)
	return found


def new_part(doc: Document, line: Document, part: rules.ApprovedPart) -> Document:
	"""A row for a part of the bundle in `line`."""
	row = frappe.new_doc("Packed Item", parent_doc=doc, parentfield="packed_items")
	row.update(
		{
			**part.more,
			"parent_item": line.item_code,
			"parent_detail_docname": line.name,
			"item_code": part.item_code,
			"warehouse": line.warehouse,
			"target_warehouse": line.get("target_warehouse"),
			"use_serial_batch_fields": cint(
				frappe.db.get_single_value("Stock Settings", "use_serial_batch_fields")
			),
		}
	)
	return row


def place_lines(doc: Document) -> None:
	"""Have lines that are new on `doc` leave from Final Pack, and not from where their order lines say. Call
	in `before_validate`."""
	before = doc.get_doc_before_save()
	stored = {row.name for row in before.items} if before else set()
	places = warehouses(doc.company)
	new = [row for row in doc.items if row.name not in stored and row.warehouse not in places]
	if not new or doc.get("is_return"):
		return
	lines = approved_lines(doc)
	for row in new:
		line = lines.get(row.so_detail)
		if line and row.warehouse in (line.warehouse, None, ""):
			place(doc, row)


def place(doc: Document, row: Document) -> None:
	"""Have a line or a part leave from where it was brought, unless it does already."""
	there = final_pack_warehouse(doc.company)
	if there and not doc.get("is_return") and row.warehouse not in warehouses(doc.company):
		row.warehouse = there


def hold_bundles(doc: Document) -> None:
	"""Tell ERPNext which lines of a delivery are bundles: those that have parts on it.

	It asks the Product Bundles of today, and keeps their answer on the document. When one has been disabled
	since, nothing of it would leave the stock, nor come back when the delivery is cancelled.
	"""
	bundles = {part.parent_detail_docname for part in doc.packed_items}
	doc._product_bundle_items = {}
	for row in doc.items:
		doc._product_bundle_items[row.item_code] = (
			doc._product_bundle_items.get(row.item_code) or row.name in bundles
		)
