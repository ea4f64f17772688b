"""What was quoted, and how an order differs from it (step 4)."""

import frappe
from frappe.model.document import Document
from frappe.query_builder.functions import Sum
from frappe.utils import add_days, flt, getdate

from metalcraft_workflow.gates.language import in_language, site_language
from metalcraft_workflow.gates.message import said
from metalcraft_workflow.rules import quotation


def quotation_differences(doc: Document) -> list[quotation.Difference]:
	"""The differences between the order's lines and those of the quotations that it was made from."""
	names = sorted({row.prevdoc_docname for row in doc.items if row.get("prevdoc_docname")})
	if not names:
		return []
	return quotation.differences(ordered_lines(doc), quoted_lines(doc, names))


def describe(differences: list[quotation.Difference]) -> str:
	"""Plain text, one difference a line, that is safe to show as HTML as well.

	In the language of the site, so that it is the same whoever saves the order.
	"""
	with in_language(site_language()):
		lines = [said(row.message, row.params, with_amounts=True) for row in differences]
	return "\n".join(line.replace("<", "‹").replace(">", "›") for line in lines)  # noqa: RUF001


def ordered_lines(doc: Document) -> list[quotation.OrderedLine]:
	"""The order's lines, without those that a pricing rule gives away."""
	return [
		quotation.OrderedLine(
			idx=row.idx,
			item_code=row.item_code,
			qty=flt(row.qty),
			rate=flt(row.rate),
			net_rate=flt(row.net_rate),
			currency=doc.currency,
			quoted=row.quotation_item or "",
			delivery_date=getdate(row.delivery_date) if row.delivery_date else None,
			name=row.name or "",
		)
		for row in doc.items
		if not row.is_free_item
	]


def quoted_lines(doc: Document, names: list[str]) -> list[quotation.QuotedLine]:
	"""The lines of the quotations `names`, with what other orders have taken of them."""
	parent, row = frappe.qb.DocType("Quotation"), frappe.qb.DocType("Quotation Item")
	rows = (
		frappe.qb.from_(row)
		.join(parent)
		.on(parent.name == row.parent)
		.where(parent.name.isin(names))
		.where(row.is_free_item == 0)
		.select(
			row.name,
			row.parent,
			row.item_code,
			row.qty,
			row.rate,
			row.net_rate,
			row.is_alternative,
			parent.currency,
			parent.lead_time_days,
		)
		.orderby(row.parent, row.idx)
		.run(as_dict=True)
	)
	taken = ordered_elsewhere(doc, names)
	set_keys = quotation.set_keys((found.parent, found.name, found.is_alternative) for found in rows)
	return [
		quotation.QuotedLine(
			name=found.name,
			quotation=found.parent,
			item_code=found.item_code,
			qty=flt(found.qty),
			rate=flt(found.rate),
			net_rate=flt(found.net_rate),
			currency=found.currency,
			ordered_qty=taken.get(found.name, 0),
			set_key=set_keys[found.name],
			due=(
				getdate(add_days(doc.transaction_date, found.lead_time_days))
				if found.lead_time_days
				else None
			),
		)
		for found in rows
	]


def ordered_elsewhere(doc: Document, quotations: list[str]) -> dict[str, float]:
	"""Line of the quotations -> quantity on other submitted orders."""
	row = frappe.qb.DocType("Sales Order Item")
	return dict(
		frappe.qb.from_(row)
		.where(row.prevdoc_docname.isin(quotations))
		.where(row.docstatus == 1)
		.where(row.parent != (doc.name or ""))
		.groupby(row.quotation_item)
		.select(row.quotation_item, Sum(row.qty))
		.run()
	)
