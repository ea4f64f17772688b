"""Documents that take back what another one did."""

import frappe
from frappe.model.mapper import get_mapped_doc
from frappe.utils import flt

from erpnext.controllers.stock import parts


class StockOverReturnError(frappe.ValidationError):
	"""More comes back than has left."""


def check_return(doc, field: str) -> None:
	"""No more comes back of a line, named in `field`, than is left of it."""
	if not (doc.is_return and doc.return_against):
		return
	before = returned(doc.doctype, doc.return_against, field)
	for row in doc.items:
		if not row.get(field):
			continue
		qty = flt(frappe.db.get_value(row.doctype, row.get(field), "qty"))
		left = qty - before.get(row.get(field), 0)
		if abs(flt(row.qty)) > left:
			frappe.throw(
				frappe._("Row {0}: only {1} of {2} can still come back.").format(
					row.idx, left, row.item_code
				),
				StockOverReturnError,
			)


def make_return_doc(doctype: str, source_name: str, target_doc=None):
	line = f"{doctype} Item"
	own = {
		"Delivery Note": "dn_detail",
		"Sales Invoice": "sales_invoice_item",
		"Purchase Receipt": "purchase_receipt_item",
	}[doctype]
	given_back = returned(doctype, source_name, own)
	company = frappe.db.get_value(doctype, source_name, "company")
	place_for_returns = frappe.get_cached_value("Company", company, "default_warehouse_for_sales_return")

	def set_missing_values(source, target):
		target.is_return, target.return_against = 1, source.name
		target.set("payment_schedule", [])
		if doctype == "Sales Invoice":
			target.set("advances", [])
			target.update_billed_amount_in_delivery_note = 1
		for tax in target.get("taxes") or []:
			if tax.charge_type == "Actual":
				tax.tax_amount = -1 * flt(tax.tax_amount)
		target.discount_amount = -1 * flt(source.get("discount_amount"))
		if doctype == "Delivery Note":
			target.run_method("set_missing_item_details")
			target.run_method("set_use_serial_batch_fields")
		target.run_method("calculate_taxes_and_totals")

	def update_item(source, target, parent):
		target.qty = -1 * (flt(source.qty) - given_back.get(source.name, 0))
		target.stock_qty = target.qty * flt(source.conversion_factor or 1)
		target.set(own, source.name)
		target.serial_and_batch_bundle = None
		if place_for_returns and doctype != "Purchase Receipt":
			target.warehouse = place_for_returns
		if target.meta.has_field("use_serial_batch_fields"):
			take_names(source, target)
		if doctype == "Delivery Note":
			target.against_sales_order, target.so_detail = source.against_sales_order, source.so_detail
		elif doctype == "Sales Invoice":
			target.sales_order, target.so_detail = source.sales_order, source.so_detail
			target.delivery_note, target.dn_detail = source.delivery_note, source.dn_detail

	return get_mapped_doc(
		doctype,
		source_name,
		{
			doctype: {"doctype": doctype, "validation": {"docstatus": ["=", 1]}},
			line: {
				"doctype": line,
				"postprocess": update_item,
				"condition": lambda row: flt(row.qty) > given_back.get(row.name, 0),
			},
		},
		target_doc,
		set_missing_values,
	)


def returned(doctype: str, name: str, field: str) -> dict[str, float]:
	"""Line -> what was taken back of it."""
	documents = frappe.get_all(
		doctype, {"return_against": name, "docstatus": 1, "is_return": 1}, pluck="name"
	)
	found: dict[str, float] = {}
	for row in frappe.get_all(
		f"{doctype} Item", {"parent": ["in", documents or [""]]}, [f"{field} as line", "qty"]
	):
		found[row.line] = found.get(row.line, 0) + abs(flt(row.qty))
	return found


def take_names(source, target) -> None:
	"""What comes back is in the batches, and has the serial numbers, that left."""
	entries = frappe.get_all(
		"Serial and Batch Entry",
		{"parent": source.serial_and_batch_bundle or ""},
		["batch_no", "serial_no"],
		order_by="idx",
	)
	serials = [entry.serial_no for entry in entries if entry.serial_no] or parts(source.serial_no)
	batches = {entry.batch_no for entry in entries if entry.batch_no} or {source.batch_no} - {None}
	if serials or batches:
		target.use_serial_batch_fields = 1
		target.serial_no = "\n".join(serials[: int(abs(target.qty))]) or None
		target.batch_no = next(iter(sorted(batches)), None)
