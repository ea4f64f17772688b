"""What the documents and batches of a trace say: who, when, by which order. Read for the whole tree at
once, one query a kind of document."""

from collections import defaultdict
from collections.abc import Iterable

import frappe
from frappe import _

from metalcraft_workflow.metalcraft_workflow.report.batch_trace.ledger import in_chunks, spelled
from metalcraft_workflow.metalcraft_workflow.report.batch_trace.releases import day, lines_below
from metalcraft_workflow.metalcraft_workflow.report.batch_trace.visibility import Visibility
from metalcraft_workflow.rules import batch_trace
from metalcraft_workflow.rules.batch_trace import BACKWARDS, GOODS, STOCK, TraceRow

DELIVERY = "Delivery Note"

# Document -> the field that says who, what that is, and the other fields that a line tells
CUSTOMER, SUPPLIER = ("customer", "Customer"), ("supplier", "Supplier")
DOCUMENTS = {
	DELIVERY: (*CUSTOMER, ("po_no", "return_against", "return_authorization", "workflow_state")),
	"Sales Invoice": (*CUSTOMER, ("po_no", "return_against", "return_authorization")),
	"POS Invoice": (*CUSTOMER, ("po_no", "return_against")),
	"Purchase Receipt": (*SUPPLIER, ("supplier_delivery_note", "return_against")),
	"Purchase Invoice": (*SUPPLIER, ("bill_no", "return_against")),
	"Subcontracting Receipt": (*SUPPLIER, ("supplier_delivery_note", "return_against")),
	"Stock Entry": ("", "", ("work_order", "sales_order")),
}

# What a document itself goes back to
REFERENCES = {
	"return_authorization": "Return Authorization",
	"work_order": "Work Order",
	"sales_order": "Sales Order",
}

# Document -> its lines, and what they were ordered by
ORDERED_BY = {
	DELIVERY: ("Delivery Note Item", "against_sales_order", "Sales Order"),
	"Sales Invoice": ("Sales Invoice Item", "sales_order", "Sales Order"),
	"Purchase Receipt": ("Purchase Receipt Item", "purchase_order", "Purchase Order"),
	"Purchase Invoice": ("Purchase Invoice Item", "purchase_order", "Purchase Order"),
	"Subcontracting Receipt": (
		"Subcontracting Receipt Item",
		"subcontracting_order",
		"Subcontracting Order",
	),
}


def what_happened() -> dict[str, str]:
	"""What a line is called."""
	return {
		batch_trace.RECEIPT: _("Received"),
		batch_trace.SUPPLIER_RETURN: _("Returned to supplier"),
		batch_trace.PRODUCTION: _("Produced"),
		batch_trace.CONSUMPTION: _("Used in production"),
		batch_trace.TRANSFER: _("Transferred"),
		batch_trace.ISSUE: _("Issued"),
		batch_trace.COUNT: _("Stock count"),
		batch_trace.PACKED: _("Packed, not shipped"),
		batch_trace.SHIPMENT: _("Shipped"),
		batch_trace.RETURN: _("Returned by customer"),
	}


class Facts:
	"""What the documents, batches and deliveries of `rows` say, as far as the user may see it."""

	def __init__(self, rows: list[TraceRow], direction: str, visibility: Visibility):
		self.visibility = visibility
		self.names = what_happened()
		self.told: set[str] = set()
		documents = defaultdict(set)
		for row in rows:
			if row.kind != GOODS:
				for move in row.moves[:1]:
					documents[move.doctype].add(move.name)
		self.documents = self.read_documents(documents)
		self.orders = self.read_orders(documents)
		self.ask_for_references()
		self.batches = self.read_batches({lot.batch_no for row in rows for lot in row.lots} - {""})
		backwards = direction == BACKWARDS
		self.certificates = self.read_certificates(self.batches) if backwards else {}
		self.releases = lines_below(documents[DELIVERY], visibility) if backwards else {}

	def heats(self) -> set[str]:
		"""The heats that the batches of the tree are of."""
		return {spelled(batch.heat_no) for batch in self.batches.values() if batch.heat_no}

	# Lines

	def lines_of(self, row: TraceRow) -> list[dict]:
		"""A row of the trace as lines of the report: itself, then what belongs right below it."""
		if row.kind == GOODS:
			lines = [self.goods_line(row)]
			if not row.repeated:
				for batch_no in dict.fromkeys(lot.batch_no for lot in row.lots):
					lines += self.below(row, self.certificates.get(batch_no, ()))
			return lines
		if row.kind == STOCK:
			what = _("In stock at {0}").format(row.warehouse)
			return [line(row, what, qty=row.left, warehouse=row.warehouse)]
		lines = [self.event_line(row)]
		name = row.moves[0].name
		if row.moves[0].doctype == DELIVERY and name not in self.told:
			self.told.add(name)
			lines += self.below(row, self.releases.get(name, ()))
		return lines

	def below(self, row: TraceRow, lines: Iterable[dict]) -> list[dict]:
		"""`lines` one step further in than `row`."""
		return [{**one, "indent": row.depth + 1} for one in lines]

	def goods_line(self, row: TraceRow) -> dict:
		"""The line of a batch, of serial numbers, or of what a person typed."""
		lot, serial_nos = row.lots[0], row.serial_nos
		batch = self.batches.get(lot.batch_no) or frappe._dict()
		found = {
			"item_code": lot.item_code or next((move.item_code for move in row.moves), None),
			"qty": row.qty,
			"serial_nos": ", ".join(serial_nos),
			"heat_no": batch.heat_no or lot.heat_no,
			"supplier_lot": batch.supplier_lot or lot.supplier_lot,
			"bold": 1,
		}
		if lot.serial_no and len(serial_nos) == 1:
			what = _("Serial number {0}").format(lot.serial_no)
			if lot.item_code:
				found |= {"document_type": "Serial No", "document": lot.serial_no}
		elif lot.serial_no:
			what = _("{0} serial numbers").format(len(serial_nos))
		elif lot.batch_no:
			what = _("Batch {0}").format(lot.batch_no)
			found |= {"document_type": "Batch", "document": lot.batch_no}
		elif lot.heat_no:
			what = _("Heat {0}").format(lot.heat_no)
		elif lot.supplier_lot:
			what = _("Supplier's lot {0}").format(lot.supplier_lot)
		else:
			what = _("{0}, without batch or serial number").format(lot.item_code)
		remarks = [
			_("See above") if row.repeated else "",
			_("Batch {0}").format(lot.batch_no) if lot.serial_no and lot.batch_no else "",
			_("Revision {0}").format(batch.revision) if batch.revision else "",
		]
		return line(row, what, remark="; ".join(remark for remark in remarks if remark), **found)

	def event_line(self, row: TraceRow) -> dict:
		"""The line of what one document did."""
		move = row.moves[0]
		said = self.documents.get((move.doctype, move.name)) or frappe._dict()
		items = {move.item_code for move in row.moves}
		reference_type, references = self.references(move.doctype, move.name, items, said)
		one = len(items) == 1
		return line(
			row,
			self.names[row.kind],
			document_type=move.doctype,
			document=move.name,
			date=day(move.when),
			bold=int(row.depth == 0),
			item_code=move.item_code if one else None,
			qty=row.qty if one else None,
			serial_nos=", ".join(row.serial_nos) if one else "",
			who_type=said.who_type,
			who=said.who,
			reference_type=reference_type,
			reference=references[0] if references else None,
			remark="; ".join(remark for remark in self.remarks(row, said, references[1:]) if remark),
		)

	def references(
		self, doctype: str, name: str, items: set[str], said: frappe._dict
	) -> tuple[str | None, list[str]]:
		"""What a document goes back to: its return authorization, work order, or the order of its lines."""
		for fieldname, reference_type in REFERENCES.items():
			if said.get(fieldname):
				return self.visible(reference_type, [said[fieldname]])
		if doctype not in ORDERED_BY:
			return None, []
		lines = self.orders.get((doctype, name), {})
		orders = {order for item_code in items for order in lines.get(item_code, ())}
		# Parts of a bundle stand on no line of their own
		orders = orders or {order for found in lines.values() for order in found}
		return self.visible(ORDERED_BY[doctype][2], sorted(orders))

	def visible(self, doctype: str, names: list[str]) -> tuple[str, list[str]]:
		"""`names` as far as the user may read them, with their DocType."""
		readable = self.visibility.may_read(doctype, names)
		return doctype, [name for name in names if name in readable]

	def remarks(self, row: TraceRow, said: frappe._dict, further: list[str]) -> list[str]:
		"""What else there is to say about what a document did."""
		move = row.moves[0]
		if row.kind == batch_trace.TRANSFER:
			where = " → ".join(
				", ".join(sorted(self.visibility.may_name("Warehouse", places)))
				for places in (
					{move.warehouse for move in row.moves if move.qty < 0},
					{move.warehouse for move in row.moves if move.qty > 0},
				)
			)
		elif row.kind in batch_trace.DELIVERIES:
			where = ""
		else:
			places = {move.warehouse for move in row.moves}
			where = ", ".join(sorted(self.visibility.may_name("Warehouse", places)))
		return [
			where,
			_("Customer's PO {0}").format(said.po_no) if said.po_no else "",
			_("Supplier's delivery {0}").format(said.supplier_delivery_note)
			if said.supplier_delivery_note
			else "",
			_("Supplier's bill {0}").format(said.bill_no) if said.bill_no else "",
			_("Against {0}").format(said.return_against) if said.return_against else "",
			_(said.workflow_state) if move.is_open and said.workflow_state else "",
			_("Named by a person, not by the stock ledger") if move.typed and not move.is_open else "",
			_("Also {0}").format(", ".join(further)) if further else "",
		]

	# Reading

	def read_documents(self, documents: dict[str, set[str]]) -> dict[tuple[str, str], frappe._dict]:
		"""(doctype, name) -> who it is for or from, and the other fields of DOCUMENTS."""
		found = {}
		for doctype, names in documents.items():
			if doctype not in DOCUMENTS:
				continue
			who, who_type, fields = DOCUMENTS[doctype]
			table = frappe.qb.DocType(doctype)
			columns = [table[fieldname] for fieldname in fields]
			if who:
				columns.append(table[who].as_("who"))
			for row in in_chunks(
				names,
				lambda some, table=table, columns=columns: (
					frappe.qb.from_(table).where(table.name.isin(some)).select(table.name, *columns)
				),
			):
				row.who_type = who_type
				found[doctype, row.name] = row
		return found

	def read_orders(self, documents: dict[str, set[str]]) -> dict[tuple[str, str], dict[str, set[str]]]:
		"""(doctype, name) -> item -> the orders that its lines came from."""
		found = defaultdict(lambda: defaultdict(set))
		for doctype, (table, fieldname, _order) in ORDERED_BY.items():
			line_of = frappe.qb.DocType(table)
			for row in in_chunks(
				documents.get(doctype, ()),
				lambda some, line_of=line_of, fieldname=fieldname: (
					frappe.qb.from_(line_of)
					.where(line_of.parent.isin(some))
					.where(line_of[fieldname] != "")
					.select(line_of.parent, line_of.item_code, line_of[fieldname].as_("order"))
					.distinct()
				),
			):
				found[doctype, row.parent][row.item_code].add(row.order)
		return found

	def ask_for_references(self) -> None:
		"""Ask what the user may read of all that the lines go back to, at once and not line by line."""
		names = defaultdict(set)
		for said in self.documents.values():
			for fieldname, doctype in REFERENCES.items():
				names[doctype].add(said.get(fieldname))
		for (doctype, _name), lines in self.orders.items():
			names[ORDERED_BY[doctype][2]].update(*lines.values())
		for doctype, some in names.items():
			self.visibility.may_read(doctype, some)

	def read_batches(self, names: set[str]) -> dict[str, frappe._dict]:
		"""Batch -> what it says of itself, to those who may read it."""
		batch = frappe.qb.DocType("Batch")
		return {
			row.name: row
			for row in in_chunks(
				self.visibility.may_read("Batch", names),
				lambda some: (
					frappe.qb.from_(batch)
					.where(batch.name.isin(some))
					.select(batch.name, batch.heat_no, batch.supplier_lot, batch.revision)
				),
			)
		}

	def read_certificates(self, batches: Iterable[str]) -> dict[str, list[dict]]:
		"""Batch -> the lines of its certificates."""
		table = frappe.qb.DocType("Batch Certificate")
		found = defaultdict(list)
		for row in in_chunks(
			batches,
			lambda some: (
				frappe.qb.from_(table)
				.where(table.parenttype == "Batch")
				.where(table.parent.isin(some))
				.orderby(table.idx)
				.select(table.parent, table.document_type, table.file, table.remark)
			),
		):
			found[row.parent].append(
				{"what": _(row.document_type), "file": row.file, "remark": row.remark or row.file}
			)
		return found


def line(row: TraceRow, what: str, **values) -> dict:
	"""One line of the report."""
	return {"what": what, "indent": row.depth, "kind": row.kind, **values}
