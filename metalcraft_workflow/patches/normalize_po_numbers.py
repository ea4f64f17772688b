"""A purchase order number is compared by a column with an index, and not by working through every order."""

import frappe
from frappe.query_builder import Case

from metalcraft_workflow.rules.purchase_order import comparable
from metalcraft_workflow.setup.custom_fields import make_custom_fields

BATCH = 1000


def execute() -> None:
	"""Fill the column of the orders that there are, in sets; what was filled is passed by."""
	make_custom_fields()
	table = frappe.qb.DocType("Sales Order")
	last = ""
	while rows := (
		frappe.qb.from_(table)
		.where(table.name > last)
		.where(table.po_no != "")
		.where(table.po_no_normalized.isnull())
		.orderby(table.name)
		.limit(BATCH)
		.select(table.name, table.po_no)
		.run()
	):
		names_by_number: dict[str, list[str]] = {}
		for name, po_no in rows:
			names_by_number.setdefault(comparable(po_no), []).append(name)
		write_all(names_by_number)
		last = rows[-1][0]


def write_all(names_by_number: dict[str, list[str]]) -> None:
	"""Write each number on its orders, in one query."""
	table = frappe.qb.DocType("Sales Order")
	case = Case()
	for number, names in names_by_number.items():
		case = case.when(table.name.isin(names), number)
	names = [name for found in names_by_number.values() for name in found]
	frappe.qb.update(table).set(table.po_no_normalized, case).where(table.name.isin(names)).run()
