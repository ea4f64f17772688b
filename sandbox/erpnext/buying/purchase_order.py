"""Purchase Order."""

import frappe
from frappe.model.mapper import get_mapped_doc
from frappe.utils import flt

from erpnext.controllers.accounts_controller import AccountsController


class PurchaseOrder(AccountsController):
	def validate(self):
		for row in self.items:
			row.schedule_date = row.schedule_date or self.schedule_date
			if row.delivered_by_supplier:
				# It goes to the customer, so none is left to be received here
				row.received_qty = row.qty
		super().validate()
		self.set_status()

	def on_submit(self):
		self.set_status(update=True)
		self.tell_sales_orders()

	def on_cancel(self):
		self.db_set("status", "Cancelled", update_modified=False)
		self.tell_sales_orders()

	def update_status(self, status):
		self.set_status(update=True, status=status)
		self.tell_sales_orders()
		self.notify_update()

	def tell_sales_orders(self):
		"""What the supplier delivers counts as delivered on the order."""
		for name in sorted({row.sales_order for row in self.items} - {None, ""}):
			for row in self.items:
				if row.sales_order_item:
					frappe.db.set_value(
						"Sales Order Item",
						row.sales_order_item,
						"ordered_qty",
						sum(
							frappe.get_all(
								"Purchase Order Item",
								{"sales_order_item": row.sales_order_item, "docstatus": 1},
								pluck="stock_qty",
							)
						),
						update_modified=False,
					)
			frappe.get_doc("Sales Order", name).update_ordered_qty()


@frappe.whitelist()
def update_status(status, name):
	frappe.get_doc("Purchase Order", name).update_status(status)


@frappe.whitelist()
def make_purchase_receipt(source_name, target_doc=None):
	def update_item(source, target, parent):
		target.qty = target.received_qty = flt(source.qty) - flt(source.received_qty)
		target.stock_qty = target.qty * flt(source.conversion_factor)

	def set_missing_values(source, target):
		target.run_method("set_missing_values")
		target.run_method("calculate_taxes_and_totals")

	return get_mapped_doc(
		"Purchase Order",
		source_name,
		{
			"Purchase Order": {"doctype": "Purchase Receipt", "validation": {"docstatus": ["=", 1]}},
			"Purchase Order Item": {
				"doctype": "Purchase Receipt Item",
				"field_map": {"name": "purchase_order_item", "parent": "purchase_order"},
				"postprocess": update_item,
				"condition": lambda row: (
					flt(row.received_qty) < flt(row.qty) and not row.delivered_by_supplier
				),
			},
		},
		target_doc,
		set_missing_values,
	)
