"""Facts about goods that come back (RMA): what a delivery shipped and what of it is left to come back,
what an authorization has received, and where it stands."""

from collections import defaultdict
from collections.abc import Iterable

import frappe
from frappe.model.document import Document
from frappe.utils import flt

from metalcraft_workflow.facts import traceability
from metalcraft_workflow.facts.final_pack import read
from metalcraft_workflow.facts.orders import order_precision
from metalcraft_workflow.rules import returns as rules
from metalcraft_workflow.rules.allocation import AllocationMove
from metalcraft_workflow.rules.orders import OrderFacts

AUTHORIZATION = "Return Authorization"
ROW = "Return Authorization Item"


# What is kept on an authorization


def sync(facts: OrderFacts) -> None:
	"""Write what was received and settled of an order's authorized returns, and where each
	authorization stands. Costs nothing for an order that has none."""
	if not facts.returns:
		return
	figures = figures_of(facts)
	for name, (received, settled) in figures.items():
		values = {"received_qty": received, "settled_qty": settled}
		frappe.db.set_value(ROW, name, values, update_modified=False)
	# Nothing else is locked: who authorizes another return at this moment passes by what is locked
	for name in sorted({row.authorization for row in facts.returns if row.name in figures}):
		sync_status(name)


def figures_of(facts: OrderFacts) -> dict[str, tuple[float, float]]:
	"""Row -> what was received and what was settled of it, where something else is stored."""
	settled = rules.settled(facts)
	figures = {row.name: (row.received, settled[row.name]) for row in facts.returns}
	return {row.name: figures[row.name] for row in facts.returns if figures[row.name] != row.recorded}


def sync_status(name: str) -> str:
	"""Write the status of an authorization when it is not what is stored already; gives the status.

	The only place that writes it. Reads what was committed last: the rows of several orders may be
	settled side by side.
	"""
	head, row = frappe.qb.DocType(AUTHORIZATION), frappe.qb.DocType(ROW)
	stored = (
		frappe.qb.from_(head)
		.where(head.name == name)
		.select(head.docstatus, head.closed, head.status)
		.for_update()
		.run(as_dict=True)[0]
	)
	rows = (
		frappe.qb.from_(row)
		.where(row.parent == name)
		.select(row.qty, row.received_qty, row.settled_qty, row.condition)
		.for_update()
		.run(as_dict=True)
	)
	status = rules.status(
		stored.docstatus,
		bool(stored.closed),
		[
			rules.Progress(flt(row.qty), flt(row.received_qty), flt(row.settled_qty), bool(row.condition))
			for row in rows
		],
		order_precision(None),
	)
	if status != stored.status:
		frappe.db.set_value(AUTHORIZATION, name, "status", status, update_modified=False)
	return status


# What may be authorized


def shipped_by(delivery: Document) -> dict[str, rules.Shipped]:
	"""Line -> what a delivery note shipped, as its batches, serial numbers and traceability rows say."""
	taken = traceability.sources_by_line(delivery)
	typed = defaultdict(list)
	for entry in traceability.entries_of(delivery):
		if entry.batch_no or entry.serial_nos:
			typed[entry.line, entry.item_code].append(
				rules.Source(entry.qty, entry.batch_no, entry.serial_nos)
			)
	sources = defaultdict(list)
	for line, goods in traceability.goods_of(delivery):
		key = (line.name, goods.item_code)
		sources[line.name] += taken.get(key) or typed.get(key, ())
	bundles = {part.parent_detail_docname for part in delivery.packed_items}
	return {
		row.name: rules.Shipped(
			qty=flt(row.qty),
			item_code=row.item_code,
			factor=flt(row.conversion_factor or 1),
			sources=tuple(sources[row.name]),
			is_bundle=row.name in bundles,
		)
		for row in delivery.items
	}


def taken_of(lines: Iterable[str], without: str = "", for_update: bool = False) -> list[rules.ReturnPart]:
	"""What of the delivery lines `lines` came back or is authorized to, apart from the authorization
	`without`; with `for_update` as it was committed last (lock the deliveries first)."""
	lines = list(lines)
	if not lines:
		return []
	authorized = [row for row in _authorized(lines, for_update) if row.parent != without]
	open_rows = [row for row in authorized if not row.closed]
	# What comes back by an authorization counts with its row; of one that expects nothing more, and
	# without one, what did come back counts
	covered = {row.name for row in open_rows} | _rows_of(without)
	return [
		rules.ReturnPart(
			line=row.delivery_note_item,
			qty=flt(row.qty),
			batch_no=row.batch_no or "",
			serial_nos=traceability.serial_numbers(row.serial_nos),
			source=row.parent,
		)
		for row in open_rows
	] + [
		part
		for authorization_row, part in received_parts("dn_detail", lines, for_update=for_update)
		if authorization_row not in covered
	]


def _authorized(lines: list[str], for_update: bool) -> list[frappe._dict]:
	head, row = frappe.qb.DocType(AUTHORIZATION), frappe.qb.DocType(ROW)
	query = (
		frappe.qb.from_(row)
		.join(head)
		.on(head.name == row.parent)
		.where(row.delivery_note_item.isin(lines))
		.select(
			row.name,
			row.parent,
			row.delivery_note_item,
			row.qty,
			row.batch_no,
			row.serial_nos,
			head.docstatus,
			head.closed,
		)
	)
	return [found for found in read(query, for_update) if found.docstatus == 1]


def _rows_of(authorization: str) -> set[str]:
	return set(frappe.get_all(ROW, {"parent": authorization}, pluck="name")) if authorization else set()


def received_parts(
	field: str, names: Iterable[str], without: str = "", for_update: bool = False
) -> list[tuple[str, rules.ReturnPart]]:
	"""What came back by submitted returns: (row of the authorization or "", what).

	`field` of the returns' lines is one of `names`: `dn_detail` or `return_authorization_item`.
	"""
	line, packed, entry = (
		frappe.qb.DocType(name) for name in ("Delivery Note Item", "Packed Item", "Serial and Batch Entry")
	)
	lines = [
		row
		for row in read(
			frappe.qb.from_(line)
			.where(line[field].isin(list(names)))
			.where(line.parent != without)
			.select(
				line.name,
				line.parent,
				line.docstatus,
				line.dn_detail,
				line.qty,
				line.return_authorization_item,
				line.serial_and_batch_bundle,
			),
			for_update,
		)
		if row.docstatus == 1 and flt(row.qty) < 0
	]
	if not lines:
		return []
	bundles = {row.serial_and_batch_bundle: row.name for row in lines if row.serial_and_batch_bundle}
	parts = frappe.qb.from_(packed).where(packed.parent_detail_docname.isin([row.name for row in lines]))
	for row in read(
		parts.select(packed.name, packed.parent_detail_docname, packed.serial_and_batch_bundle), for_update
	):
		bundles[row.serial_and_batch_bundle] = row.parent_detail_docname
	batches, serials = defaultdict(set), defaultdict(list)
	entries = frappe.qb.from_(entry).where(entry.parent.isin([name for name in bundles if name] or [""]))
	for row in read(entries.select(entry.name, entry.parent, entry.batch_no, entry.serial_no), for_update):
		batches[bundles[row.parent]] |= {row.batch_no} - {None, ""}
		serials[bundles[row.parent]] += [row.serial_no] if row.serial_no else []
	return [
		(
			row.return_authorization_item or "",
			rules.ReturnPart(
				line=row.dn_detail,
				qty=-flt(row.qty),
				batch_no=next(iter(batches[row.name])) if len(batches[row.name]) == 1 else "",
				serial_nos=tuple(serials[row.name]),
				source=row.parent,
			),
		)
		for row in lines
	]


def parts_left(delivery: Document, without: str = "") -> list[AllocationMove]:
	"""What a delivery shipped of the parts of its bundles, less what came back of them apart from the return
	`without`, as moves of its lines."""
	shipped = {
		(line, item_code): sources
		for (line, item_code), sources in traceability.sources_by_line(delivery).items()
		if item_code not in {row.item_code for row in delivery.items if row.name == line}
	}
	moves = [
		AllocationMove(line, item_code, 1 if serial_no else source.qty, source.batch_no, serial_no)
		for (line, item_code), sources in shipped.items()
		for source in sources
		for serial_no in (source.serial_nos or ("",))
	]
	note, row, packed, entry = (
		frappe.qb.DocType(name)
		for name in ("Delivery Note", "Delivery Note Item", "Packed Item", "Serial and Batch Entry")
	)
	back = (
		frappe.qb.from_(entry)
		.join(packed)
		.on(packed.serial_and_batch_bundle == entry.parent)
		.join(row)
		.on(row.name == packed.parent_detail_docname)
		.join(note)
		.on(note.name == row.parent)
		.where(note.return_against == delivery.name)
		.where(note.docstatus == 1)
		.where(note.name != without)
		.select(row.dn_detail, packed.item_code, entry.qty, entry.batch_no, entry.serial_no)
		.run(as_dict=True)
	)
	return moves + [
		AllocationMove(
			part.dn_detail, part.item_code, -abs(flt(part.qty)), part.batch_no or "", part.serial_no or ""
		)
		for part in back
	]


# What comes back by an authorization


def expected(
	authorization: Document, without: str = "", for_update: bool = False
) -> dict[str, rules.ReturnPart]:
	"""Row -> what is still to come back by it, apart from the delivery note `without`; nothing when the
	authorization expects nothing. With `for_update` as it was committed last (lock the authorization
	first)."""
	if authorization.docstatus != 1 or authorization.closed:
		return {}
	came: dict[str, list[rules.ReturnPart]] = defaultdict(list)
	for name, part in received_parts(
		"return_authorization_item", [row.name for row in authorization.items], without, for_update
	):
		came[name].append(part)
	found = {}
	for row in authorization.items:
		gone = {serial_no for part in came[row.name] for serial_no in part.serial_nos}
		part = rules.ReturnPart(
			line=row.delivery_note_item,
			qty=flt(row.qty - sum(part.qty for part in came[row.name]), rules.PLACES),
			batch_no=row.batch_no or "",
			serial_nos=tuple(
				name for name in traceability.serial_numbers(row.serial_nos) if name not in gone
			),
			row=row.idx,
			source=row.item_code,
		)
		if part.qty > 0:
			found[row.name] = part
	return found


def judges(doc: Document) -> bool:
	"""Whether this user may say in what condition goods came back."""
	level = frappe.get_meta(ROW).get_field("condition").permlevel
	return level in doc.get_permlevel_access("write")


# What is to be credited


def creditable(
	authorization: Document, for_update: bool = False
) -> dict[str, dict[str, tuple[tuple[str, ...], float]]]:
	"""Invoice -> its lines that are to be credited, each with the rows of the authorization and the
	quantity. What was never billed is in none. With `for_update` as it was committed last."""
	open_qty = {
		row.name: flt(row.received_qty) - flt(row.settled_qty)
		for row in authorization.items
		if row.disposition == rules.CREDIT
	}
	found: dict[str, dict[str, tuple[tuple[str, ...], float]]] = defaultdict(dict)
	rows = [row for row in authorization.items if open_qty.get(row.name, 0) > 0]
	if authorization.docstatus != 1 or not rows:
		return {}
	billed = _billed_lines([row.so_detail for row in rows], for_update)
	for row in rows:
		for line in billed:
			# What was billed by delivery is credited by delivery, what was billed by order by order
			fits = (
				line.dn_detail == row.delivery_note_item
				if line.dn_detail
				else line.so_detail == row.so_detail
			)
			qty = min(open_qty[row.name], line.left)
			if fits and qty > 0:
				names, earlier = found[line.parent].get(line.name, ((), 0))
				found[line.parent][line.name] = ((*names, row.name), earlier + qty)
				line.left -= qty
				open_qty[row.name] -= qty
	return dict(found)


def _billed_lines(order_lines: list[str], for_update: bool) -> list[frappe._dict]:
	"""Lines of submitted invoices of `order_lines` with the quantity of each that is not credited."""
	invoice, line = frappe.qb.DocType("Sales Invoice"), frappe.qb.DocType("Sales Invoice Item")
	query = (
		frappe.qb.from_(line)
		.join(invoice)
		.on(invoice.name == line.parent)
		.where(line.so_detail.isin(order_lines))
		.orderby(invoice.posting_date)
		.orderby(invoice.name)
		.orderby(line.idx)
		.select(
			line.name,
			line.parent,
			line.so_detail,
			line.dn_detail,
			line.sales_invoice_item,
			line.qty,
			invoice.docstatus,
			invoice.is_return,
		)
	)
	rows = [row for row in read(query, for_update) if row.docstatus == 1]
	credited: dict[str, float] = defaultdict(float)
	for row in rows:
		if row.is_return:
			credited[row.sales_invoice_item] -= flt(row.qty)
	billed = [row for row in rows if not row.is_return]
	for row in billed:
		row.left = flt(row.qty) - credited[row.name]
	return billed
