"""Stock Entry."""

import frappe
from frappe import _
from frappe.model.document import Document
from frappe.utils import flt, nowdate, nowtime

from erpnext.controllers import stock
from erpnext.controllers.accounts_controller import get_conversion_factor


class StockEntry(Document):
	def validate(self):
		self.purpose = frappe.get_cached_value("Stock Entry Type", self.stock_entry_type, "purpose")
		self.posting_date = self.posting_date or nowdate()
		self.posting_time = self.posting_time or nowtime()
		self.fill_rows()
		self.set_transfer_qty()
		self.check_warehouses()
		self.calculate_rate_and_amount(raise_error_if_no_rate=False)
		self.set_actual_qty()

	def fill_rows(self):
		for row in self.items:
			item = frappe.get_cached_doc("Item", row.item_code)
			row.item_name = row.item_name or item.item_name
			row.description = row.description or item.description or item.item_name
			row.stock_uom, row.item_group = item.stock_uom, item.item_group
			row.uom = row.uom or item.stock_uom
			row.conversion_factor = (
				flt(row.conversion_factor) or get_conversion_factor(item.name, row.uom)["conversion_factor"]
			)
			row.s_warehouse = row.s_warehouse or self.from_warehouse
			row.t_warehouse = row.t_warehouse or self.to_warehouse
			if not item.is_stock_item:
				frappe.throw(_("{0} is not kept in stock.").format(row.item_code))

	def set_transfer_qty(self):
		for row in self.items:
			if not flt(row.qty):
				frappe.throw(_("Row {0}: enter a quantity.").format(row.idx), title=_("Zero quantity"))
			row.transfer_qty = flt(
				flt(row.qty) * flt(row.conversion_factor or 1), row.precision("transfer_qty")
			)

	def set_actual_qty(self):
		for row in self.items:
			place = row.s_warehouse or row.t_warehouse
			row.actual_qty = flt(
				frappe.db.get_value("Bin", {"item_code": row.item_code, "warehouse": place}, "actual_qty")
			)

	def calculate_rate_and_amount(self, reset_outgoing_rate=True, raise_error_if_no_rate=True):
		for row in self.items:
			if not flt(row.basic_rate):
				row.basic_rate = flt(frappe.get_cached_value("Item", row.item_code, "valuation_rate"))
			row.basic_amount = row.amount = flt(flt(row.basic_rate) * flt(row.transfer_qty), 2)
			row.valuation_rate = row.basic_rate
		self.total_incoming_value = sum(flt(row.amount) for row in self.items if row.t_warehouse)
		self.total_outgoing_value = sum(flt(row.amount) for row in self.items if row.s_warehouse)
		self.value_difference = self.total_incoming_value - self.total_outgoing_value

	def check_warehouses(self):
		leaves = ("Material Issue", "Material Transfer", "Material Transfer for Manufacture")
		comes = ("Material Receipt", "Material Transfer", "Material Transfer for Manufacture")
		for row in self.items:
			if self.purpose in leaves and not row.s_warehouse:
				frappe.throw(_("Row {0}: from where?").format(row.idx))
			if self.purpose in comes and not row.t_warehouse:
				frappe.throw(_("Row {0}: to where?").format(row.idx))
			if self.purpose == "Material Receipt":
				row.s_warehouse = None
			if self.purpose == "Material Issue":
				row.t_warehouse = None
			if row.s_warehouse and row.s_warehouse == row.t_warehouse:
				frappe.throw(_("Row {0} moves nothing anywhere.").format(row.idx))
			for place in (row.s_warehouse, row.t_warehouse):
				if place and frappe.get_cached_value("Warehouse", place, "company") != self.company:
					frappe.throw(_("{0} is no warehouse of {1}.").format(place, self.company))

	def on_submit(self):
		for row in self.items:
			if row.s_warehouse:
				stock.prepare_bundle(self, row, row.s_warehouse, -flt(row.transfer_qty))
				stock.move(self, row, row.s_warehouse, -flt(row.transfer_qty))
			if row.t_warehouse:
				bundle = self.bring_in(row) if row.s_warehouse else None
				if not row.s_warehouse:
					stock.prepare_bundle(self, row, row.t_warehouse, flt(row.transfer_qty))
				stock.move(self, row, row.t_warehouse, flt(row.transfer_qty), bundle)
		self.update_work_order()

	def bring_in(self, row):
		"""What left one warehouse comes to the other: a bundle of its own, which the line does not name."""
		if not row.serial_and_batch_bundle:
			return None
		left = frappe.get_doc("Serial and Batch Bundle", row.serial_and_batch_bundle)
		bundle = frappe.copy_doc(left)
		bundle.flags.ignore_permissions = True
		bundle.update(
			{
				"docstatus": 0,
				"warehouse": row.t_warehouse,
				"type_of_transaction": "Inward",
				"voucher_no": self.name,
				"voucher_detail_no": row.name,
			}
		)
		bundle.insert()
		stock.take_over(bundle, self, row.t_warehouse, flt(row.transfer_qty))
		return bundle.name

	def on_cancel(self):
		self.ignore_linked_doctypes = ("Stock Ledger Entry", "Serial and Batch Bundle")
		stock.reverse(self)
		self.update_work_order()

	def update_work_order(self):
		if self.work_order:
			frappe.get_doc("Work Order", self.work_order).update_produced()


def get_work_order_details(*args, **kwargs):
	return {}
