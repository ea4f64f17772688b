"""Where goods went, and where they came from: the auditor's two questions, over steps 7 to 11.

What moved is read in `metalcraft_workflow.report.batch_trace.ledger`, as far as the user may see it, and put in order by `rules.batch_trace`.
Here the question is understood, and the lines of the tree say what their documents say.
"""

from collections.abc import Iterable

import frappe
from frappe import _
from frappe.utils import escape_html

from metalcraft_workflow.gates.numbers import written_qty
from metalcraft_workflow.metalcraft_workflow.report.batch_trace import ledger
from metalcraft_workflow.metalcraft_workflow.report.batch_trace.facts import Facts
from metalcraft_workflow.metalcraft_workflow.report.batch_trace.visibility import Visibility, VisibleLedger
from metalcraft_workflow.rules import batch_trace
from metalcraft_workflow.rules.batch_trace import BACKWARDS, FORWARDS, GOODS, LedgerLot, TraceRow

DELIVERY = "Delivery Note"


def execute(filters: dict | None = None) -> tuple:
	"""Columns and lines of a trace; a sentence when there is nothing to show, or when something that the
	user may not read is left out.

	Runs a few queries for each level of production, however many documents are on it.
	"""
	filters = frappe._dict(filters if isinstance(filters, dict) else {})
	asked, message = question(filters)
	if message:
		return get_columns(), [], message
	name, direction, visibility = str(filters[asked]).strip(), filters.direction, Visibility()
	roots = ROOTS[asked](name, direction, visibility)
	if not roots:
		return get_columns(), [], not_found(asked, name)
	trail = batch_trace.follow(
		[lot for row in roots for lot in row.lots], direction, VisibleLedger(visibility)
	)
	rows = [
		row
		for row in batch_trace.rows(*batch_trace.without_echoes(trail, roots))
		if is_certain(row, visibility)
	]
	facts = Facts(rows, direction, visibility)
	lines = [line for row in rows for line in facts.lines_of(row)]
	for line in lines:
		if line.get("qty") is not None:
			line["written_qty"] = written_qty(line["qty"])
	return get_columns(lines), lines, left_out(visibility), None, get_summary(rows, facts, direction)


# The question


def labels() -> dict[str, str]:
	"""The filters that can say what to trace, with their labels."""
	return {
		"batch_no": _("Batch"),
		"heat_no": _("Heat Number"),
		"supplier_lot": _("Supplier's Lot"),
		"serial_no": _("Serial Number"),
		"delivery_note": _("Delivery Note"),
	}


def question(filters: frappe._dict) -> tuple[str, str]:
	"""The filter that says what to trace; or a sentence that says what to fill in."""
	given = [fieldname for fieldname in labels() if str(filters.get(fieldname) or "").strip()]
	if filters.direction not in (FORWARDS, BACKWARDS):
		return "", _("Choose a direction: Forwards shows where goods went, Backwards where they came from.")
	if not given:
		return "", _(
			"Say what to trace: a batch, a heat number, a supplier's lot, a serial number or a delivery note."
		)
	if len(given) > 1:
		return "", _("One thing is traced at a time. Clear all but one of these filters: {0}.").format(
			", ".join(labels()[fieldname] for fieldname in given)
		)
	if not isinstance(filters[given[0]], str | int):
		return "", _("{0} takes one number or name, as it is written on the goods or in stock.").format(
			labels()[given[0]]
		)
	return given[0], ""


def not_found(asked: str, name: str) -> str:
	"""What a user reads who asked for something that is not there, or not for them."""
	return _("Nothing is on record for {0} {1}, or you may not read it. Check how it is written.").format(
		labels()[asked], frappe.bold(escape_html(name))
	)


def of_batch(name: str, direction: str, visibility: Visibility) -> list[TraceRow]:
	"""A batch that stock keeps."""
	found = frappe.db.get_value("Batch", name, ["item", "name"])
	return as_roots([LedgerLot(*found)] if found else [], visibility)


def of_serial(name: str, direction: str, visibility: Visibility) -> list[TraceRow]:
	"""A serial number that stock keeps, else one that somebody typed on a delivery."""
	found = frappe.db.get_value("Serial No", name, ["item_code", "batch_no", "name"])
	if found:
		item_code, batch_no, serial_no = found
		return as_roots([LedgerLot(item_code, batch_no or "", serial_no)], visibility)
	return as_roots(
		[LedgerLot(serial_no=name)] if visibility.only(ledger.moves_of({LedgerLot(serial_no=name)})) else [],
		visibility,
	)


def of_typed(fieldname: str, name: str, direction: str, visibility: Visibility) -> list[TraceRow]:
	"""A heat or a supplier's lot: what deliveries name just so, and forwards the batches of it. Backwards
	those are found behind it."""
	lot = ledger.typed_lot(fieldname, name)
	batches = VisibleLedger(visibility).kin_of({lot}, BACKWARDS).get(lot, [])
	if not batches and not visibility.only(ledger.moves_of({lot})):
		return []
	below = sorted(batches) if direction == FORWARDS else []
	return [TraceRow(GOODS, 0, (lot,)), *(TraceRow(GOODS, 1, (batch,)) for batch in below)]


def of_heat(name: str, direction: str, visibility: Visibility) -> list[TraceRow]:
	"""A heat, as `of_typed` finds it."""
	return of_typed("heat_no", name, direction, visibility)


def of_supplier_lot(name: str, direction: str, visibility: Visibility) -> list[TraceRow]:
	"""A supplier's lot. Where a delivery names its heat too, that is the better name, and it is traced."""
	heats = {move.lot.heat_no for move in visibility.only(ledger.moves_typed("supplier_lot", name))} - {""}
	return [
		*of_typed("supplier_lot", name, direction, visibility),
		*(row for heat_no in sorted(heats) for row in of_heat(heat_no, direction, visibility)),
	]


def of_delivery(name: str, direction: str, visibility: Visibility) -> list[TraceRow]:
	"""A delivery note, and below it what it ships."""
	name = frappe.db.exists(DELIVERY, name)
	if not name or not visibility.may_read(DELIVERY, [name]):
		return []
	moves = visibility.only(ledger.moves_by_delivery(name))
	return [batch_trace.heading(moves), *batch_trace.goods(moves, 1, (DELIVERY, name))] if moves else []


def as_roots(lots: list[LedgerLot], visibility: Visibility) -> list[TraceRow]:
	"""`lots` as lines that a trace begins with, as far as they are for this user."""
	return [TraceRow(GOODS, 0, (lot,)) for lot in visibility.only_lots(lots)]


ROOTS = {
	"batch_no": of_batch,
	"serial_no": of_serial,
	"heat_no": of_heat,
	"supplier_lot": of_supplier_lot,
	"delivery_note": of_delivery,
}


# The answer


def is_certain(row: TraceRow, visibility: Visibility) -> bool:
	"""Whether a line may be shown: what is left of goods cannot be told by who does not see all of it."""
	return row.kind != batch_trace.STOCK or not (
		set(row.lots) & visibility.partly_hidden or not visibility.may_name("Warehouse", [row.warehouse])
	)


def left_out(visibility: Visibility) -> str | None:
	"""A sentence when the tree is not all there is."""
	if not visibility.hidden:
		return None
	return _(
		"Documents that you may not read are left out, with what lies behind them: {0}. Ask somebody who may"
		" read them for the whole trace."
	).format(len(visibility.hidden))


def get_summary(rows: Iterable[TraceRow], facts: Facts, direction: str) -> list[dict]:
	"""The figures above the tree: what an auditor writes down first."""
	if direction == FORWARDS:
		kinds, label, party = (batch_trace.SHIPMENT,), _("Deliveries Shipped"), _("Customers")
	else:
		kinds, label, party = (batch_trace.RECEIPT,), _("Receipts"), _("Suppliers")
	documents = {(row.moves[0].doctype, row.moves[0].name) for row in rows if row.kind in kinds}
	parties = {facts.documents.get(document, {}).get("who") for document in documents} - {None}
	figures = [(label, len(documents)), (party, len(parties))]
	if direction == BACKWARDS:
		figures.append((_("Heats"), len(facts.heats())))
	return [{"label": text, "value": count, "datatype": "Int"} for text, count in figures]


def get_columns(lines: Iterable[dict] = ()) -> list[dict]:
	"""The columns of the tree; those that few trees fill in, only where one of `lines` does."""
	columns = [
		{"fieldname": "what", "label": _("What"), "fieldtype": "Data", "width": 330},
		{
			"fieldname": "document",
			"label": _("Document"),
			"fieldtype": "Dynamic Link",
			"options": "document_type",
			"width": 195,
		},
		{"fieldname": "date", "label": _("Date"), "fieldtype": "Date", "width": 115},
		{"fieldname": "item_code", "label": _("Item"), "fieldtype": "Link", "options": "Item", "width": 135},
		{"fieldname": "qty", "label": _("Quantity"), "fieldtype": "Float", "width": 85},
		{"fieldname": "serial_nos", "label": _("Serial Numbers"), "fieldtype": "Data", "width": 160},
		{
			"fieldname": "who",
			"label": _("Who"),
			"fieldtype": "Dynamic Link",
			"options": "who_type",
			"width": 200,
		},
		{
			"fieldname": "reference",
			"label": _("Reference"),
			"fieldtype": "Dynamic Link",
			"options": "reference_type",
			"width": 195,
		},
		{"fieldname": "heat_no", "label": _("Heat"), "fieldtype": "Data", "width": 90},
		{"fieldname": "supplier_lot", "label": _("Supplier's Lot"), "fieldtype": "Data", "width": 110},
		{"fieldname": "remark", "label": _("Remark"), "fieldtype": "Data", "width": 320},
	]
	for column in columns:
		# The desk goes by the first line, and takes an empty cell for a number
		column["align"] = "right" if column["fieldtype"] == "Float" else "left"
	rare = {"serial_nos", "heat_no", "supplier_lot"}
	filled = {fieldname for line in lines for fieldname in rare if line.get(fieldname)}
	return [column for column in columns if column["fieldname"] not in rare - filled]
