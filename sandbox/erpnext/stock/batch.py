"""Batch."""

import frappe
from frappe import _
from frappe.model.document import Document
from frappe.utils import flt

from erpnext.controllers import stock


class Batch(Document):
	def validate(self):
		if not frappe.get_cached_value("Item", self.item, "has_batch_no"):
			frappe.throw(_("{0} is not kept in batches.").format(frappe.bold(self.item)))
		self.item_name = frappe.get_cached_value("Item", self.item, "item_name")
		self.stock_uom = frappe.get_cached_value("Item", self.item, "stock_uom")


@frappe.whitelist()
def get_batch_qty(
	batch_no=None,
	warehouse=None,
	item_code=None,
	posting_date=None,
	posting_time=None,
	ignore_voucher_nos=None,
	for_stock_levels=False,
	consider_negative_batches=False,
	do_not_check_future_batches=False,
):
	"""The quantity of a batch in a warehouse, or the rows of batches and warehouses."""
	rows = [
		frappe._dict(batch_no=batch, warehouse=place, qty=qty)
		for batch, place, qty in stock.batch_places(item_code, warehouse, batch_no)
		if qty > 0 or consider_negative_batches
	]
	return flt(sum(row.qty for row in rows)) if isinstance(batch_no, str) and batch_no and warehouse else rows
