"""Where goods come from: the receipts that brought them in, and the batches that they were made of.

	trail = follow([Lot("CYL-0042")])                  # or follow([Lot("", "SN-7")]) for a serial number
	trail.receipts[lot], trail.makings[lot]            # its receipts, or what made it and of what
	trail.ancestors(lot)                               # all that went into it, the nearest first
	trail.batches["STEEL-7"].heat_no                   # what a batch says of itself
	trail.origin_of([lot])                             # what a delivery or a certificate says of it

What was moved is read from ERPNext's Serial and Batch Bundles, over as many levels as there are: three
queries a level, however many batches are on it. A lot is followed once, so rework in a ring ends. Stock
from before ERPNext 15, which has no bundles, has no receipts and no parts here; its batch still speaks
for itself. Nothing here asks for permissions: who calls it does.

`metalcraft_workflow/report/batch_trace/ledger.py` reads the stock ledger for the report as well. It reads every move of a lot, which of a
common batch are thousands; a save asks only where goods arrived, and for the purchase order of a receipt's
line and what batches say, which no move tells.
"""

from collections import defaultdict
from collections.abc import Iterable

import frappe
from frappe.query_builder.functions import Abs, Sum
from frappe.utils import cstr, flt

from metalcraft_workflow import compat
from metalcraft_workflow.rules.provenance import BatchData, Component, Lot, Making, Receipt, Trail

# What brings goods in from outside, with the lines that say which purchase order
RECEIPTS = {"Purchase Receipt": "Purchase Receipt Item", "Purchase Invoice": "Purchase Invoice Item"}
# Stock entries that turn goods into others
MAKING = ("Manufacture", "Repack", "Disassemble")
CONSUMPTION = "Material Consumption for Manufacture"


def follow(lots: Iterable[Lot]) -> Trail:
	"""`lots` with their receipts, the documents that made them, and all that went into them."""
	trail, came = Trail(), []
	known: set[Lot] = set()
	new = {lot for lot in lots if lot != Lot()}
	while new:
		known |= new
		arrived = arrivals(new)
		came += [row for row in arrived if row.voucher_type in RECEIPTS]
		made = [row for row in arrived if row.voucher_type not in RECEIPTS]
		for lot, makings in makings_of(made).items():
			trail.makings[lot] = makings
		new = {part for lot in new for part in trail.parts_of(lot)} - known
	trail.receipts = receipts_of(came)
	trail.batches = batch_data({lot.batch_no for lot in known} - {""})
	return trail


def arrivals(lots: set[Lot]) -> list[frappe._dict]:
	"""The documents in which `lots` were received or made, with the line and the quantity."""
	entry, bundle, stock_entry = (
		frappe.qb.DocType("Serial and Batch Entry"),
		frappe.qb.DocType("Serial and Batch Bundle"),
		frappe.qb.DocType("Stock Entry"),
	)
	found = []
	# One query for batches and one for serial numbers: each has an index of its own
	for column, names in (
		("batch_no", {lot.batch_no for lot in lots}),
		("serial_no", {lot.serial_no for lot in lots}),
	):
		if not names - {""}:
			continue
		rows = (
			frappe.qb.from_(entry)
			.join(bundle)
			.on(entry.parent == bundle.name)
			.left_join(stock_entry)
			.on((bundle.voucher_type == "Stock Entry") & (bundle.voucher_no == stock_entry.name))
			.where(entry[column].isin(list(names - {""})))
			.where(bundle.docstatus == 1)
			.where(bundle.is_cancelled == 0)
			.where(bundle.type_of_transaction == "Inward")
			.where(
				bundle.voucher_type.isin([*RECEIPTS, "Subcontracting Receipt"])
				| stock_entry.purpose.isin(MAKING)
			)
			.groupby(entry[column], bundle.voucher_type, bundle.voucher_no, bundle.voucher_detail_no)
			.orderby(*compat.posted_at(bundle), bundle.voucher_no)
			.select(
				entry[column].as_("name"),
				bundle.item_code,
				bundle.voucher_type,
				bundle.voucher_no,
				bundle.voucher_detail_no,
				stock_entry.work_order,
				Sum(Abs(entry.qty)).as_("qty"),
			)
			.run(as_dict=True)
		)
		for row in rows:
			row.lot = Lot(row.name) if column == "batch_no" else Lot("", row.name)
		found += rows
	return found


def makings_of(made: list[frappe._dict]) -> dict[Lot, list[Making]]:
	"""Lot -> the documents that made it, with what went into each."""
	if not made:
		return {}
	work_orders = {row.work_order for row in made} - {None, ""}
	consumptions = defaultdict(list)
	if work_orders:
		for name, work_order in frappe.get_all(
			"Stock Entry",
			filters={"work_order": ["in", list(work_orders)], "purpose": CONSUMPTION, "docstatus": 1},
			fields=["name", "work_order"],
			as_list=True,
		):
			consumptions[work_order].append(name)
	parts = parts_by_voucher({row.voucher_no for row in made}.union(*consumptions.values()))
	found = defaultdict(list)
	for row in made:
		vouchers = [row.voucher_no, *consumptions.get(row.work_order, ())]
		found[row.lot].append(
			Making(
				voucher_type=row.voucher_type,
				voucher_no=row.voucher_no,
				qty=flt(row.qty),
				work_order=row.work_order or "",
				parts=tuple(part for voucher in vouchers for part in parts.get(voucher, ())),
			)
		)
	return found


def parts_by_voucher(vouchers: set[str]) -> dict[str, list[Component]]:
	"""Document that made something -> the goods that it took, by batch or serial number."""
	entry, bundle = frappe.qb.DocType("Serial and Batch Entry"), frappe.qb.DocType("Serial and Batch Bundle")
	rows = (
		frappe.qb.from_(bundle)
		.join(entry)
		.on(entry.parent == bundle.name)
		.where(bundle.voucher_no.isin(list(vouchers)))
		.where(bundle.voucher_type.isin(["Stock Entry", "Subcontracting Receipt"]))
		.where(bundle.docstatus == 1)
		.where(bundle.is_cancelled == 0)
		.where(bundle.type_of_transaction == "Outward")
		.orderby(bundle.voucher_no)
		.orderby(bundle.item_code)
		.orderby(entry.idx)
		.select(bundle.voucher_no, bundle.item_code, entry.batch_no, entry.serial_no, entry.qty)
		.run(as_dict=True)
	)
	taken: dict[tuple[str, str, Lot], float] = defaultdict(float)
	for row in rows:
		lot = Lot(row.batch_no) if row.batch_no else Lot("", row.serial_no or "")
		taken[row.voucher_no, row.item_code, lot] += abs(flt(row.qty))
	found = defaultdict(list)
	for (voucher, item_code, lot), qty in taken.items():
		found[voucher].append(Component(lot, item_code, qty))
	return found


def receipts_of(came: list[frappe._dict]) -> dict[Lot, list[Receipt]]:
	"""Lot -> the lines of goods receipts that brought it in, with supplier and purchase order."""
	found = defaultdict(list)
	for voucher_type, line_type in RECEIPTS.items():
		rows = [row for row in came if row.voucher_type == voucher_type]
		if not rows:
			continue
		voucher, line = frappe.qb.DocType(voucher_type), frappe.qb.DocType(line_type)
		lines = {
			said.name: said
			for said in frappe.qb.from_(line)
			.join(voucher)
			.on(line.parent == voucher.name)
			.where(line.name.isin([row.voucher_detail_no for row in rows]))
			.select(line.name, line.purchase_order, voucher.supplier, voucher.posting_date)
			.run(as_dict=True)
		}
		for row in rows:
			said = lines.get(row.voucher_detail_no) or frappe._dict()
			found[row.lot].append(
				Receipt(
					voucher_type=voucher_type,
					voucher_no=row.voucher_no,
					qty=flt(row.qty),
					supplier=said.supplier or "",
					purchase_order=said.purchase_order or "",
					date=cstr(said.posting_date),
				)
			)
	return found


def batch_data(names: set[str]) -> dict[str, BatchData]:
	"""Batch -> what it says of itself, with the files of its certificates."""
	if not names:
		return {}
	files = defaultdict(list)
	for batch, file in frappe.get_all(
		"Batch Certificate",
		filters={"parenttype": "Batch", "parent": ["in", list(names)], "file": ["is", "set"]},
		fields=["parent", "file"],
		order_by="idx",
		as_list=True,
	):
		files[batch].append(file)
	return {
		row.name: BatchData(
			item_code=row.item,
			heat_no=(row.heat_no or "").strip(),
			supplier_lot=row.supplier_lot or "",
			supplier=row.supplier or "",
			revision=row.revision or "",
			work_order=row.manufacturing_order or "",
			certificates=tuple(files[row.name]),
		)
		for row in frappe.get_all(
			"Batch",
			filters={"name": ["in", list(names)]},
			fields=["name", "item", "heat_no", "supplier_lot", "supplier", "revision", "manufacturing_order"],
		)
	}
