"""Purchase Receipt."""

import frappe
from frappe.utils import flt

from erpnext.controllers import stock
from erpnext.controllers.accounts_controller import AccountsController
from erpnext.controllers.sales_and_purchase_return import make_return_doc


class PurchaseReceipt(AccountsController):
	def updates(self):
		return [
			{
				"line": "purchase_order_item",
				"document": "purchase_order",
				"target": "Purchase Order Item",
				"field": "received_qty",
				"limit": "qty",
				"percent": "per_received",
				"sources": [{"doctype": "Purchase Receipt", "line": "purchase_order_item", "of": "qty"}],
			}
		]

	def validate(self):
		super().validate()
		for row in self.items:
			row.received_qty = flt(row.received_qty) or flt(row.qty) + flt(row.rejected_qty)
		self.set_status()

	def on_submit(self):
		self.update_prevdoc_status()
		for row in self.items:
			qty = flt(row.stock_qty)
			stock.prepare_bundle(self, row, row.warehouse, qty)
			stock.move(self, row, row.warehouse, qty)
		self.set_status(update=True)

	def on_cancel(self):
		self.ignore_linked_doctypes = ("Stock Ledger Entry", "Serial and Batch Bundle")
		self.update_prevdoc_status()
		stock.reverse(self)
		self.db_set("status", "Cancelled", update_modified=False)


@frappe.whitelist()
def make_purchase_return(source_name, target_doc=None):
	return make_return_doc("Purchase Receipt", source_name, target_doc)
