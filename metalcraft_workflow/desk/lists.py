"""The lists that My Work is made of: their rows, and what is read for the rows that are shown."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date, datetime

import frappe
from frappe.model.document import Document
from frappe.query_builder.functions import Min
from frappe.utils import get_fullname, getdate

from metalcraft_workflow.gates.names import is_among

# How many rows of a list are shown at first, and how many more at a time
FIRST, MORE = 5, 20


@dataclass
class Row:
	"""One document that waits.

	ship_date    the earliest promise that it is to keep
	since        when it came to where it waits
	note         what whoever sent it here has said, or what there is to know of it
	missing      what keeps it from going on, in sentences
	actions      what may be done with it from here, the first one first
	is_reviewed  whether it is decided on, at the review desk
	"""

	doctype: str
	name: str
	customer: str = ""
	po_no: str = ""
	ship_date: date | None = None
	since: datetime | None = None
	note: str = ""
	missing: list[str] = field(default_factory=list)
	actions: list[dict] = field(default_factory=list)
	state: str = ""
	is_reviewed: bool = False

	@property
	def order(self) -> tuple:
		"""The oldest promise first."""
		return self.ship_date or date.max, self.name

	def as_sent(self) -> dict:
		return {
			"doctype": self.doctype,
			"name": self.name,
			"customer": self.customer,
			"po_no": self.po_no,
			"ship_date": self.ship_date,
			"is_late": bool(self.ship_date and self.ship_date < getdate()),
			"since": self.since,
			"note": self.note,
			"missing": self.missing,
			"actions": self.actions,
		}


@dataclass
class WorkList:
	"""What waits of one kind; `complete` finds out what only the rows that are shown are asked."""

	key: str
	title: str
	rows: list[Row]
	complete: Callable[[list[Row]], None] = lambda rows: None

	def __post_init__(self) -> None:
		self.rows.sort(key=lambda row: row.order)


def open_action(label: str, doctype: str = "", name: str = "") -> dict:
	"""Opens the row's document, or another."""
	return {"kind": "open", "label": label, "doctype": doctype, "name": name}


def make_action(label: str, method: str, source: str) -> dict:
	"""Makes the next document of the document `source`, in its form, not saved."""
	return {"kind": "make", "label": label, "method": method, "name": source}


def call_action(label: str, method: str, name: str) -> dict:
	"""Calls a method with the name of a document."""
	return {"kind": "call", "label": label, "method": method, "name": name}


# What is read of many documents at once


def load(rows: list[Row]) -> Iterator[tuple[Row, Document]]:
	"""The documents of `rows`, of one DocType, whole: a query a table, however many they are."""
	names = [row.name for row in rows]
	if not names:
		return
	doctype = rows[0].doctype
	values = {
		found.name: {**found, "doctype": doctype}
		for found in frappe.get_all(doctype, {"name": ("in", names)}, ["*"], limit=0)
	}
	for table in frappe.get_meta(doctype).get_table_fields():
		for child in frappe.get_all(
			table.options,
			{"parent": ("in", names), "parenttype": doctype, "parentfield": table.fieldname},
			["*"],
			order_by="parent, idx",
			limit=0,
		):
			child["doctype"] = table.options
			values[child.parent].setdefault(table.fieldname, []).append(child)
	for row in rows:
		if row.name in values:  # it may have been deleted meanwhile
			yield row, frappe.get_doc(values[row.name])


def promises(doctype: str, names: Iterable[str]) -> dict[str, date]:
	"""Sales Order or Delivery Note -> the earliest date promised for one of its lines; of an order for one
	that is not shipped."""
	names = list(names)
	if not names:
		return {}
	promised = frappe.qb.DocType("Sales Order Item")
	if doctype == "Sales Order":
		query = (
			frappe.qb.from_(promised)
			.where(promised.parent.isin(names) & (promised.parenttype == doctype))
			.where(promised.delivered_qty < promised.qty)
			.groupby(promised.parent)
			.select(promised.parent, Min(promised.delivery_date))
		)
	else:
		line = frappe.qb.DocType("Delivery Note Item")
		query = (
			frappe.qb.from_(line)
			.join(promised)
			.on(promised.name == line.so_detail)
			.where(line.parent.isin(names))
			.groupby(line.parent)
			.select(line.parent, Min(promised.delivery_date))
		)
	return {name: getdate(day) for name, day in query.run() if day}


def dress(rows: list[Row]) -> None:
	"""Say of the rows since when they wait, why they were sent there, and on which purchase orders."""
	for doctype in {row.doctype for row in rows}:
		found = {row.name: row for row in rows if row.doctype == doctype}
		for name, record in last_moves(doctype, list(found)).items():
			row = found[name]
			row.since = row.since or record.creation
			came_here = row.state and is_among("Workflow State", row.state, {record.to_state})
			if record.reason and came_here and not row.note:
				row.note = f"{get_fullname(record.user)}: {record.reason}"
		if doctype == "Delivery Note":
			for name, numbers in purchase_orders(list(found)).items():
				found[name].po_no = ", ".join(numbers)


def last_moves(doctype: str, names: list[str]) -> dict[str, frappe._dict]:
	"""Document -> the newest record of what took it to where it is."""
	record, document = frappe.qb.DocType("Release Record"), frappe.qb.DocType(doctype)
	rows = (
		frappe.qb.from_(record)
		.join(document)
		.on(record.process_id == document.process_id)  # not the name, which a deleted draft may have had
		.where(document.name.isin(names))
		.where(record.kind != "Waiver")
		.orderby(record.process_id)
		.orderby(record.sequence)
		.select(document.name, record.creation, record.user, record.reason, record.to_state)
		.run(as_dict=True)
	)
	return {row.name: row for row in rows}


def purchase_orders(deliveries: list[str]) -> dict[str, list[str]]:
	"""Delivery Note -> the customer's purchase orders that its lines name."""
	found: dict[str, list[str]] = {}
	for row in frappe.get_all(
		"Delivery Note Item",
		filters={"parent": ("in", deliveries), "customer_po_no": ("is", "set")},
		fields=["parent", "customer_po_no"],
		order_by="parent, idx",
	):
		numbers = found.setdefault(row.parent, [])
		if row.customer_po_no not in numbers:
			numbers.append(row.customer_po_no)
	return found
