"""Serial and Batch Bundle: which batches and serial numbers a line moves."""

import frappe
from frappe import _
from frappe.model.document import Document
from frappe.utils import cint, flt, parse_json

from erpnext.controllers import stock


class SerialandBatchBundle(Document):
	def validate(self):
		item = frappe.get_cached_doc("Item", self.item_code)
		self.has_batch_no, self.has_serial_no = item.has_batch_no, item.has_serial_no
		self.item_name, self.item_group = item.item_name, item.item_group
		seen = set()
		for entry in self.entries:
			entry.warehouse = entry.warehouse or self.warehouse
			if entry.serial_no and entry.serial_no in seen:
				frappe.throw(_("Serial number {0} stands there twice.").format(entry.serial_no))
			seen.add(entry.serial_no)
			sign = -1 if self.type_of_transaction == "Outward" else 1
			entry.qty = abs(flt(entry.qty) or 1) * sign
			entry.is_outward = int(sign < 0)
		self.total_qty = sum(flt(entry.qty) for entry in self.entries)


@frappe.whitelist()
def add_serial_batch_ledgers(entries, child_row, doc, warehouse=None, do_not_save=False):
	"""Make the bundle of a line from what was chosen, or choose anew in the one it has."""
	entries, row, doc = parse_json(entries), frappe._dict(parse_json(child_row)), parse_json(doc)
	outward = bool(row.get("s_warehouse")) or doc.get("doctype") in ("Delivery Note", "Sales Invoice")
	if doc.get("is_return"):
		outward = not outward
	if row.get("serial_and_batch_bundle") and frappe.db.exists(
		"Serial and Batch Bundle", row.serial_and_batch_bundle
	):
		bundle = frappe.get_doc("Serial and Batch Bundle", row.serial_and_batch_bundle)
	else:
		bundle = frappe.new_doc("Serial and Batch Bundle")
	bundle.update(
		{
			"item_code": row.item_code,
			"warehouse": warehouse
			or row.get("s_warehouse")
			or row.get("warehouse")
			or row.get("t_warehouse"),
			"company": doc.get("company"),
			"voucher_type": doc.get("doctype"),
			"voucher_no": doc.get("name")
			if frappe.db.exists(doc.get("doctype"), doc.get("name") or "")
			else None,
			"voucher_detail_no": row.get("name"),
			"type_of_transaction": "Outward" if outward else "Inward",
		}
	)
	bundle.set("entries", [])
	for entry in entries:
		bundle.append(
			"entries",
			{
				"batch_no": entry.get("batch_no"),
				"serial_no": entry.get("serial_no"),
				"qty": flt(entry.get("qty")) or 1,
			},
		)
	bundle.save()
	return bundle


@frappe.whitelist()
def get_auto_data(**kwargs):
	"""What there is of an item in a warehouse, the oldest first."""
	kwargs = frappe._dict(kwargs)
	if cint(kwargs.has_serial_no):
		return [
			frappe._dict(serial_no=row.name, batch_no=row.batch_no, warehouse=row.warehouse)
			for row in frappe.get_all(
				"Serial No",
				{"item_code": kwargs.item_code, "warehouse": kwargs.warehouse or ["is", "set"]},
				["name", "batch_no", "warehouse"],
				order_by="creation, name",
			)
		]
	if cint(kwargs.has_batch_no):
		return get_auto_batch_nos(kwargs)
	return []


def get_auto_batch_nos(kwargs):
	left = flt(kwargs.qty) or None
	rows = []
	for batch, place, qty in stock.batch_places(kwargs.item_code, kwargs.warehouse, kwargs.batch_no):
		taken = qty if left is None else min(left, qty)
		if taken > 0:
			rows.append(frappe._dict(batch_no=batch, warehouse=place, qty=taken))
			left = None if left is None else left - taken
	return rows
