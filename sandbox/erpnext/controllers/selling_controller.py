"""What the selling documents have in common."""

import frappe
from frappe import _
from frappe.utils import cint, flt

from erpnext.controllers import stock
from erpnext.controllers.accounts_controller import AccountsController


class SellingController(AccountsController):
	def validate(self):
		super().validate()
		self.check_customer()

	def check_customer(self):
		if self.get("customer") and frappe.get_cached_value("Customer", self.customer, "disabled"):
			frappe.throw(_("{0} is no customer any more.").format(self.customer), PartyDisabled)

	def validate_party(self):
		self.check_customer()

	def validate_max_discount(self):
		pass

	def validate_selling_price(self):
		pass

	def validate_packed_qty(self):
		pass

	def validate_warehouse(self):
		for row in self.items:
			if (
				row.get("warehouse")
				and frappe.get_cached_value("Warehouse", row.warehouse, "company") != self.company
			):
				frappe.throw(_("{0} is no warehouse of {1}.").format(row.warehouse, self.company))

	def set_po_nos(self, for_validate=False):
		"""The customer's numbers of the orders that the lines come from."""
		field = {"Sales Invoice": "sales_order", "Delivery Note": "against_sales_order"}.get(self.doctype)
		if for_validate and self.po_no:
			return
		orders = {row.get(field) for row in self.items} - {None}
		numbers = frappe.get_all("Sales Order", {"name": ["in", list(orders) or [""]]}, pluck="po_no")
		found = sorted({number for number in numbers if number})
		if found:
			self.po_no = ", ".join(dict.fromkeys([*filter(None, (self.po_no or "").split(", ")), *found]))

	def set_use_serial_batch_fields(self):
		if cint(frappe.db.get_single_value("Stock Settings", "use_serial_batch_fields")):
			for row in self.items:
				row.use_serial_batch_fields = 1

	def goods(self) -> list:
		"""The rows that move: lines, and the parts of those that are bundles."""
		bundles = {part.parent_item for part in self.get("packed_items") or []}
		return [row for row in self.items if row.item_code not in bundles] + list(
			self.get("packed_items") or []
		)

	def move_stock(self):
		sign = 1 if self.get("is_return") else -1
		for row in self.goods():
			qty = abs(flt(row.get("stock_qty") if row.doctype != "Packed Item" else row.qty)) * sign
			stock.prepare_bundle(self, row, row.warehouse, qty)
			stock.move(self, row, row.warehouse, qty)

	def update_bins(self):
		"""What open orders still want, now that some of it moved."""
		for row in self.goods():
			if row.warehouse and frappe.get_cached_value("Item", row.item_code, "is_stock_item"):
				stock.update_bin(
					row.item_code,
					row.warehouse,
					reserved_qty=stock.reserved_qty(row.item_code, row.warehouse),
				)


class PartyDisabled(frappe.ValidationError):
	pass
