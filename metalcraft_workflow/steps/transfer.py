"""Step 7: Production brings what it has made to Final Pack, in parts if need be.

A Stock Entry row that names an order line counts for it as long as the entry is submitted. Nothing is
kept beside these rows: the figures on the order are added up from them.
"""

from typing import Annotated

import frappe
from frappe import _
from frappe.model.document import Document
from frappe.utils import cint, comma_and, flt

from metalcraft_workflow.facts import departments, final_pack, reservations
from metalcraft_workflow.gates import once
from metalcraft_workflow.gates.input import Of, Sent, checked
from metalcraft_workflow.gates.message import in_words
from metalcraft_workflow.gates.notifications import ARRIVAL, notify_roles
from metalcraft_workflow.gates.numbers import written_qty
from metalcraft_workflow.gates.workflow import first_editors, states_by_gate
from metalcraft_workflow.outgoing import production_notices
from metalcraft_workflow.rules import final_pack as rules
from metalcraft_workflow.rules.path import has_passed
from metalcraft_workflow.rules.quantity import Qty
from metalcraft_workflow.rules.requirement import Listing, Phrase, _lt

# Making a transfer


@frappe.whitelist()
@checked
def make_transfer(source_name: str, target_doc: Annotated[Sent, Of("Stock Entry")] = None) -> Document:
	"""A Stock Entry, not saved, of what remains to be brought to Final Pack for one order.

	The button "Transfer to Final Pack" of the order. Raises PermissionError for who may not read the
	order or make stock entries, ValidationError when the order is not ready for it, no warehouse is
	set or nothing remains.
	"""
	order = frappe.get_doc("Sales Order", source_name)
	order.check_permission("read")
	frappe.has_permission("Stock Entry", "create", throw=True)
	check_order(order)
	target = final_pack.require_final_pack_warehouse(order.company)
	rows = rows_that_remain(order, target)
	if not rows:
		frappe.throw(_("Everything of {0} is at Final Pack already.").format(order.name))
	rows = of_own_departments(order, rows)
	entry = frappe.get_doc(target_doc) if target_doc else frappe.new_doc("Stock Entry")
	entry.update(
		{
			"stock_entry_type": transfer_type(),
			"purpose": "Material Transfer",
			"company": order.company,
			"project": order.project,
			"sales_order": order.name,
		}
	)
	entry.set("items", [row for row in entry.get("items") if row.item_code])
	for row in rows:
		entry.append("items", row)
	entry.set_transfer_qty()
	entry.set_actual_qty()
	entry.calculate_rate_and_amount(raise_error_if_no_rate=False)
	return entry


def rows_that_remain(order: Document, target: str) -> list[dict]:
	"""Rows of a Stock Entry for everything of `order` that is not at Final Pack yet."""
	places = final_pack.warehouses(order.company)
	lines = final_pack.lines_of(order.name)
	at_final_pack = rules.spread(lines, final_pack.brought_parts(order.name))
	missing = [
		(line, item_code, qty)
		for line in lines
		for item_code, qty in rules.remaining(line, at_final_pack).items()
	]
	codes = {item_code for _line, item_code, _qty in missing}
	items = items_of(codes, order.company)
	stocked_in = only_stocked_in(codes, order.company)
	line_warehouses = {row.name: row.warehouse for row in order.items}
	produced_to = work_order_warehouses(order.name)
	rows = []
	for line, item_code, qty in missing:
		item = items[item_code]
		candidates = (
			produced_to.get(item_code),
			item.default_warehouse,
			line_warehouses.get(line.name),
			stocked_in.get(item_code),
		)
		source = next((name for name in candidates if name and name not in places), None)
		rows.append(
			{
				"item_code": item_code,
				"item_name": item.item_name,
				"description": item.description,
				"qty": qty,
				"uom": item.stock_uom,
				"stock_uom": item.stock_uom,
				"conversion_factor": 1,
				"s_warehouse": source,
				"t_warehouse": target,
				"sales_order": order.name,
				"sales_order_item": line.name,
				**tracking_of(item, source, qty),
			}
		)
	return rows


def of_own_departments(order: Document, rows: list[dict]) -> list[dict]:
	"""Those of `rows` that the user's departments were told of, and those that nobody was; all of them for who
	works in no department. Raises ValidationError when others have all that is left."""
	mine = set(departments.departments())
	if not mine:
		return rows
	codes = {line.name: line.item_code for line in order.items}
	told = departments.told(order.process_id)

	def makers(row: dict) -> set[str]:
		made = (row["item_code"], codes[row["sales_order_item"]])
		return {
			name for name, lines in told.items() if departments.is_of(row["sales_order_item"], made, lines)
		}

	found = [row for row in rows if not makers(row) or makers(row) & mine]
	if not found:
		others = sorted({name for row in rows for name in makers(row)})
		frappe.throw(
			_("Your department has nothing left to bring for {0}. The rest comes from {1}.").format(
				order.name, comma_and(others, add_quotes=False)
			)
		)
	return found


def items_of(codes: set[str], company: str) -> dict[str, frappe._dict]:
	"""What a stock entry row takes from each item."""
	item, default = frappe.qb.DocType("Item"), frappe.qb.DocType("Item Default")
	rows = (
		frappe.qb.from_(item)
		.left_join(default)
		.on((default.parent == item.name) & (default.company == company))
		.where(item.name.isin(list(codes) or [""]))
		.select(
			item.name,
			item.item_name,
			item.description,
			item.stock_uom,
			item.has_batch_no,
			item.has_serial_no,
			default.default_warehouse,
		)
		.run(as_dict=True)
	)
	return {row.name: row for row in rows}


def only_stocked_in(codes: set[str], company: str) -> dict[str, str]:
	"""Item -> the one warehouse of `company` that has any of it, Final Pack apart; items that lie in
	several are left out, for which of them is meant is not to be guessed."""
	stock, warehouse = frappe.qb.DocType("Bin"), frappe.qb.DocType("Warehouse")
	found: dict[str, list[str]] = {}
	for item_code, name in (
		frappe.qb.from_(stock)
		.join(warehouse)
		.on(stock.warehouse == warehouse.name)
		.where(warehouse.company == company)
		.where(stock.item_code.isin(list(codes) or [""]))
		.where(stock.actual_qty > 0)
		.select(stock.item_code, stock.warehouse)
		.run()
	):
		found.setdefault(item_code, []).append(name)
	places = final_pack.warehouses(company)
	elsewhere = {code: [name for name in names if name not in places] for code, names in found.items()}
	return {code: names[0] for code, names in elsewhere.items() if len(names) == 1}


def work_order_warehouses(sales_order: str) -> dict[str, str]:
	"""Item -> warehouse that work orders of this order produce it to."""
	return dict(
		frappe.get_all(
			"Work Order",
			filters={"sales_order": sales_order, "docstatus": 1},
			fields=["production_item", "fg_warehouse"],
			as_list=True,
			order_by="creation",
		)
	)


def tracking_of(item: frappe._dict, warehouse: str | None, qty: float) -> dict:
	"""Batch and serial numbers of a row, where there is no choice: traceability is not to be guessed.

	Only a batch or a set of serial numbers that is all there is in the warehouse is filled in.
	"""
	if not (item.has_batch_no or item.has_serial_no):
		return {}
	found = {"use_serial_batch_fields": 1}
	if not warehouse:
		return found
	if item.has_serial_no:
		serials = frappe.get_all(
			"Serial No",
			filters={"item_code": item.name, "warehouse": warehouse},
			pluck="name",
			limit=cint(qty) + 1,
			order_by="name",
		)
		if len(serials) == qty:
			found["serial_no"] = "\n".join(serials)
	elif item.has_batch_no:
		from erpnext.stock.doctype.batch.batch import get_batch_qty

		batches = [
			row for row in get_batch_qty(warehouse=warehouse, item_code=item.name) or [] if flt(row.qty) > 0
		]
		if len(batches) == 1 and flt(batches[0].qty) >= qty:
			found["batch_no"] = batches[0].batch_no
	return found


def transfer_type() -> str:
	"""The Stock Entry Type for moving material: ERPNext's own, or one of the same purpose."""
	return frappe.db.get_value(
		"Stock Entry Type", {"purpose": "Material Transfer"}, order_by="is_standard desc, creation asc"
	)


# Booking it


def check(doc: Document, method: str | None = None) -> None:
	"""Let a Stock Entry bring to Final Pack what was ordered, and no more. In `validate`.

	Each row gets the order and the line that it is for. Raises ValidationError that names the row.
	"""
	if doc.get("work_order"):
		name_produced_rows(doc)
	name_rows(doc)
	once.begin(doc)
	for order in orders(doc):
		check_rows(doc, order)
		if doc.docstatus == 1 and doc.purpose != "Manufacture":
			check_sources(doc, order)


def check_sources(doc: Document, order: frappe._dict) -> None:
	"""Have each row that `doc` brings for an order name its batch or its serial numbers: else ERPNext chooses some
	by their age when it is submitted, and nobody has seen which. Where there is no choice they are filled in."""
	places = final_pack.warehouses(order.company)
	open_rows = [
		row
		for row in doc.items
		if row.get("sales_order") == order.name
		and row.get("sales_order_item")
		and final_pack.direction(row, places) > 0
		and not (row.serial_and_batch_bundle or row.batch_no or row.serial_no)
	]
	items = items_of({row.item_code for row in open_rows}, order.company) if open_rows else {}
	for row in open_rows:
		item = items[row.item_code]
		row.update(tracking_of(item, row.s_warehouse, flt(row.transfer_qty)))
		if row.batch_no or row.serial_no or not (item.has_batch_no or item.has_serial_no):
			continue
		if item.has_serial_no:
			message = _(
				"Row #{0}: enter the serial numbers of {1} that you bring, {2} of them, or scan them."
			)
		else:
			message = _(
				"Row #{0}: enter the batch of {1} that you bring, or scan it. Of {2} from several batches, make a"
				" row for each."
			)
		frappe.throw(
			message.format(row.idx, frappe.bold(row.item_code), written_qty(row.transfer_qty, row.stock_uom)),
			title=_("Which Are They?"),
		)


def orders(doc: Document) -> list[frappe._dict]:
	"""The orders of the process that `doc` brings something for, read once a submit or a cancel.

	What is submitted keeps them to this transaction, before anything of it is written. A draft counts for
	nothing yet, so it keeps nobody waiting.
	"""
	names = sorted(orders_of(doc))
	return once.once(doc, "orders", lambda: final_pack.process_orders(names, lock=bool(doc.docstatus)))


def order_lines(doc: Document) -> list[rules.FinalPackLine]:
	"""The lines of `orders`."""
	names = [order.name for order in orders(doc)]
	return once.once(doc, "lines", lambda: final_pack.lines_of(*names))


def brought_before(doc: Document) -> dict[tuple[str, str], float]:
	"""What is at Final Pack for `orders` without `doc`."""
	names = [order.name for order in orders(doc)]
	return once.once(
		doc,
		"brought",
		lambda: final_pack.brought_parts(*names, without=doc.name, for_update=bool(doc.docstatus)),
	)


def orders_of(doc: Document) -> set[str]:
	"""The orders that the rows of a Stock Entry are for."""
	return {row.sales_order for row in doc.items if row.get("sales_order_item")} - {None, ""}


def name_produced_rows(doc: Document) -> None:
	"""Say on what a Work Order produces which order line it is for, when it goes to Final Pack."""
	if doc.purpose != "Manufacture":
		return
	work = frappe.db.get_value(
		"Work Order", doc.work_order, ["sales_order", "sales_order_item", "company"], as_dict=True
	)
	for row in doc.items:
		row.sales_order = row.sales_order_item = None
	if not work or not work.sales_order:
		return
	places = final_pack.warehouses(work.company)
	produced = [row for row in doc.items if row.is_finished_item and row.t_warehouse in places]
	if not produced or not frappe.db.get_value("Sales Order", work.sales_order, "follows_process"):
		return
	lines = final_pack.lines_of(work.sales_order)
	at_final_pack = rules.spread(lines, final_pack.brought_parts(work.sales_order, without=doc.name))
	named = line_of_work_order(work.sales_order_item)
	for row in produced:
		fitting = [line for line in lines if line.name == named] or lines
		if line := rules.line_for(row.item_code, fitting, at_final_pack):
			row.sales_order, row.sales_order_item = work.sales_order, line.name


def line_of_work_order(name: str | None) -> str | None:
	"""The order line that a Work Order names; for a part of a bundle it names the packed item."""
	if not name:
		return None
	return frappe.db.get_value("Packed Item", name, "parent_detail_docname") or name


def name_rows(doc: Document) -> None:
	"""Fill in the order line of rows that a person added to a transfer for an order, and the order of
	each row from its line: what a client sends for the order is not heard."""
	loose = [
		row
		for row in doc.items
		if doc.get("sales_order") and not row.get("sales_order_item") and doc.purpose != "Manufacture"
	]
	if loose:
		places = final_pack.warehouses(doc.company)
		loose = [row for row in loose if final_pack.direction(row, places)]
	if loose and frappe.db.get_value("Sales Order", doc.sales_order, "follows_process"):
		lines = final_pack.lines_of(doc.sales_order)
		at_final_pack = rules.spread(lines, final_pack.brought_parts(doc.sales_order, without=doc.name))
		for row in loose:
			line = rules.line_for(row.item_code, lines, at_final_pack)
			if not line:
				frappe.throw(
					_(
						"Row #{0}: {1} is not on {2}. Take the row out, or move it in a transfer of its own."
					).format(row.idx, frappe.bold(row.item_code), doc.sales_order),
					title=_("Not Ordered"),
				)
			row.sales_order_item = line.name
	named = [row for row in doc.items if row.get("sales_order_item")]
	if not named:
		return
	orders = dict(
		frappe.get_all(
			"Sales Order Item",
			filters={"name": ["in", list({row.sales_order_item for row in named})]},
			fields=["name", "parent"],
			as_list=True,
		)
	)
	for row in named:
		row.sales_order = orders.get(row.sales_order_item)
		if not row.sales_order or (doc.get("sales_order") and row.sales_order != doc.sales_order):
			frappe.throw(
				_("Row #{0}: its order line is not one of {1}. Take the row out and add it anew.").format(
					row.idx, doc.get("sales_order") or _("any order")
				),
				title=_("Not Ordered"),
			)


def check_rows(doc: Document, order: frappe._dict) -> None:
	"""Refuse what `doc` may not bring to Final Pack, or take from it, for one order."""
	places = final_pack.warehouses(order.company)
	rows = [
		rules.TransferRow(
			idx=row.idx,
			line=row.sales_order_item,
			item_code=row.item_code,
			qty=flt(row.transfer_qty),
			direction=final_pack.direction(row, places),
			counts=doc.purpose != "Manufacture",
		)
		for row in doc.items
		if row.get("sales_order") == order.name and row.get("sales_order_item")
	]
	if any(row.direction > 0 and row.counts for row in rows):
		check_order(order)
	lines = [line for line in order_lines(doc) if line.order == order.name]
	found = rules.refusals(lines, rules.spread(lines, brought_before(doc)), rows)
	if found:
		frappe.throw(in_words(found), title=_("Not for This Order"), as_list=True)


def check_order(order: Document | frappe._dict) -> None:
	"""Refuse an order that is not approved, is under review, on hold or closed."""
	gate = states_by_gate("Sales Order").get(order.workflow_state, "")
	if order.docstatus != 1 or not has_passed(gate, "approve"):
		frappe.throw(
			_("{0} changed and waits for its review. Transfer it when the changes are accepted.").format(
				order.name
			)
			if gate == "change_review"
			else _("{0} is not approved. Only approved orders are transferred to Final Pack.").format(
				order.name
			),
			title=_("Order Not Approved"),
		)
	if order.status in ("Closed", "On Hold"):
		frappe.throw(
			_("{0} is {1}. Re-open it before you transfer anything for it.").format(
				order.name, _(order.status)
			),
			title=_("Order Not Open"),
		)


def lock(doc: Document, method: str | None = None) -> None:
	"""Lock the orders before the stock is touched, as a submit does. In `before_cancel`."""
	once.begin(doc)
	orders(doc)


def free_reserved(doc: Document, method: str | None = None) -> None:
	"""Free what ERPNext has reserved of what moves for an order: it lets nobody move it. Runs in `before_submit`
	and `before_cancel`.

	What comes to Final Pack frees as much elsewhere, also when it was made there at once.
	"""
	if not reservations.is_on():
		return
	places = final_pack.warehouses(doc.company)
	doc.flags.freed = [
		(row, *freed)
		for row in doc.items
		if row.get("sales_order_item")
		for freed in reservations.free(
			row.sales_order_item,
			flt(row.transfer_qty),
			row.t_warehouse if method == "before_cancel" else row.s_warehouse,
			places if method == "before_submit" and final_pack.direction(row, places) > 0 else None,
		)
	]


def reserve_again(doc: Document, method: str | None = None) -> None:
	"""Reserve where it is now what `free_reserved` has freed. Runs in `on_submit` and `on_cancel`."""
	for row, entry, qty in doc.flags.freed or ():
		if warehouse := row.s_warehouse if method == "on_cancel" else row.t_warehouse:
			reservations.hold(entry, warehouse, qty)


def sync_figures(doc: Document, method: str | None = None) -> None:
	"""Bring the figures of the orders up to date. In `on_submit` and `on_cancel` of a Stock Entry."""
	if not orders(doc):
		return
	company = {order.name: order.company for order in orders(doc)}
	moves = [rules.Transferred(*key, qty) for key, qty in brought_before(doc).items()]
	if doc.docstatus == 1:
		# The lock is held since before the others were added up: these are the only ones since
		moves += [
			final_pack.transferred(row, company[row.sales_order])
			for row in doc.items
			if row.sales_order in company
		]
	brought = rules.totals(moves)
	final_pack.write_figures(order_lines(doc), brought)
	tell_production(doc, brought)
	for order in orders(doc):
		places = final_pack.warehouses(order.company)
		arrived = [
			row
			for row in doc.items
			if row.sales_order == order.name
			and row.sales_order_item
			and final_pack.direction(row, places) > 0
		]
		if arrived and doc.docstatus == 1:
			notify_final_pack(doc, order, arrived)
	once.end(doc)


def tell_production(doc: Document, brought: dict[tuple[str, str], float]) -> None:
	"""Finish the notices of the departments of which all is there now."""
	at_final_pack = rules.spread(order_lines(doc), brought)
	left: dict[str, dict[str, dict[str, float]]] = {}
	for line in order_lines(doc):
		if line.is_brought:
			missing = rules.remaining(line, at_final_pack)
			left.setdefault(line.order, {})[line.name] = {
				part.item_code: missing.get(part.item_code, 0) for part in line.parts
			}
	for order in orders(doc):
		production_notices.goods_moved(doc, order.process_id, left.get(order.name, {}))


def sync_figures_of_order(doc: Document, method: str | None = None) -> None:
	"""Bring the figures of an order up to date whose quantities changed. In `on_update_after_submit`."""
	if doc.follows_process and flt(doc.per_final_pack):
		final_pack.sync_figures(doc.name)


def notify_final_pack(doc: Document, order: frappe._dict, rows: list[Document]) -> None:
	"""Tell those who begin delivery notes that something has arrived."""
	roles = first_editors("Delivery Note") - {"All"}
	items: Phrase | Listing = Listing(
		tuple(
			Phrase(_lt("{qty} {item}"), {"qty": Qty(flt(row.qty), row.uom), "item": row.item_code})
			for row in rows[:3]
		)
	)
	if len(rows) > 3:
		items = Phrase(_lt("{items} and {more} more"), {"items": items, "more": len(rows) - 3})
	notify_roles(
		roles,
		# where it is packed from
		frappe._dict(doctype="Sales Order", name=order.name),
		Phrase(
			_lt("Arrived at Final Pack for {order} ({customer}): {items}"),
			{"order": order.name, "customer": order.customer_name, "items": items},
		),
		ARRIVAL,
	)
