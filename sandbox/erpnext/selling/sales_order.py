"""Sales Order."""

import json

import frappe
from frappe import _
from frappe.model.mapper import get_mapped_doc
from frappe.utils import cint, cstr, flt, get_datetime, get_link_to_form, getdate

from erpnext.controllers import stock
from erpnext.controllers.selling_controller import SellingController
from erpnext.controllers.website_list_for_contact import list_of_documents


class WarehouseRequired(frappe.ValidationError):
	pass


class SalesOrder(SellingController):
	def validate(self):
		super().validate()
		self.validate_delivery_date()
		self.validate_po()
		self.validate_warehouse()
		for row in self.items:
			row.transaction_date = self.transaction_date
			if row.delivered_by_supplier and not row.supplier:
				frappe.throw(_("Row {0}: who supplies {1}?").format(row.idx, row.item_code))
		from erpnext.stock.doctype.packed_item.packed_item import make_packing_list

		make_packing_list(self)
		self.set_status()
		self.billing_status = self.billing_status or "Not Billed"
		self.delivery_status = self.delivery_status or "Not Delivered"

	def references(self):
		return [("prevdoc_docname", "Quotation", ("company",))]

	def validate_delivery_date(self):
		if self.order_type != "Sales" or self.skip_delivery_note:
			return
		dates = [getdate(row.delivery_date) for row in self.items if row.delivery_date]
		if dates:
			self.delivery_date = max(dates)
		if not self.delivery_date:
			frappe.throw(_("Enter the delivery date."))
		for row in self.items:
			row.delivery_date = row.delivery_date or self.delivery_date
			if getdate(self.transaction_date) > getdate(row.delivery_date):
				frappe.throw(
					_("The delivery cannot come before the order."),
					title=_("Invalid Delivery Date"),
				)

	def validate_po(self):
		if self.skip_delivery_note:
			return
		for row in self.items:
			if self.po_date and row.delivery_date and getdate(self.po_date) > getdate(row.delivery_date):
				frappe.throw(
					_("Row {0}: the delivery is before the customer's purchase order.").format(row.idx)
				)
		if not (self.po_no and self.customer):
			return
		other = frappe.db.get_value(
			"Sales Order",
			{
				"po_no": self.po_no,
				"customer": self.customer,
				"docstatus": ["<", 2],
				"name": ["!=", self.name or ""],
			},
		)
		if not other:
			return
		if cint(frappe.db.get_single_value("Selling Settings", "allow_against_multiple_purchase_orders")):
			frappe.msgprint(
				_("{0} has the purchase order {1} too.").format(frappe.bold(other), frappe.bold(self.po_no)),
				alert=True,
			)
		else:
			frappe.throw(
				_("{0} has the purchase order {1} already. Allow it by {2} in {3}.").format(
					frappe.bold(other),
					frappe.bold(self.po_no),
					frappe.bold(_("Several orders on one purchase order")),
					get_link_to_form("Selling Settings", "Selling Settings"),
				)
			)

	def validate_warehouse(self):
		super().validate_warehouse()
		for row in self.items:
			stocked = frappe.get_cached_value("Item", row.item_code, "is_stock_item") or any(
				frappe.get_cached_value("Item", part, "is_stock_item")
				for part in frappe.get_all(
					"Product Bundle Item", {"parent": row.item_code}, pluck="item_code"
				)
			)
			if stocked and not row.warehouse and not row.delivered_by_supplier:
				frappe.throw(
					_("Choose the warehouse that {0} leaves from.").format(row.item_code),
					WarehouseRequired,
				)

	def on_submit(self):
		self.check_credit_limit()
		self.update_reserved_qty()
		self.check_authority()
		self.update_prevdoc_status("submit")

	def before_update_after_submit(self):
		self.validate_po()
		self.validate_delivery_date()

	def on_update_after_submit(self):
		self.check_credit_limit()

	def on_cancel(self):
		self.ignore_linked_doctypes = (
			"GL Entry",
			"Stock Ledger Entry",
			"Payment Ledger Entry",
			"Unreconcile Payment",
		)
		if self.status == "Closed":
			frappe.throw(_("Open the order again before you cancel it."))
		drafts = frappe.get_all(
			"Sales Invoice Item",
			{"sales_order": self.name, "docstatus": 0, "parenttype": "Sales Invoice"},
			pluck="parent",
			distinct=True,
		)
		if drafts:
			frappe.throw(
				_("Delete the draft of an invoice first: {0}.").format(
					", ".join(get_link_to_form("Sales Invoice", name) for name in drafts)
				)
			)
		self.update_reserved_qty()
		self.update_prevdoc_status("cancel")
		self.db_set("status", "Cancelled")

	def check_credit_limit(self):
		from erpnext.selling.doctype.customer.customer import check_credit_limit, is_bypassed

		if not is_bypassed(self.customer, self.company):
			check_credit_limit(self.customer, self.company)

	def update_prevdoc_status(self, flag=None):
		for name in sorted({row.prevdoc_docname for row in self.items} - {None, ""}):
			quotation = frappe.get_doc("Quotation", name)
			if quotation.docstatus == 2:
				frappe.throw(_("{0} was cancelled.").format(name))
			quotation.set_status(update=True)
			quotation.update_opportunity("Converted" if flag == "submit" else "Quotation")

	def update_status(self, status):
		self.check_modified_date()
		self.set_status(update=True, status=status)
		if status == "Draft" and self.docstatus == 1:
			self.check_credit_limit()
		self.update_reserved_qty()
		self.notify_update()

	def check_modified_date(self):
		stored = frappe.db.get_value("Sales Order", self.name, "modified")
		if get_datetime(stored) != get_datetime(cstr(self.modified)):
			frappe.throw(
				_("{0} {1} was changed by somebody else. Load it again.").format(self.doctype, self.name)
			)

	def update_reserved_qty(self, so_item_rows=None):
		places = set()
		for row in self.items:
			if row.delivered_by_supplier or (so_item_rows and row.name not in so_item_rows):
				continue
			packed = [part for part in self.packed_items if part.parent_detail_docname == row.name]
			places |= {(part.item_code, part.warehouse) for part in (packed or [row])}
		for item_code, warehouse in places:
			if item_code and warehouse and frappe.get_cached_value("Item", item_code, "is_stock_item"):
				stock.update_bin(item_code, warehouse, reserved_qty=stock.reserved_qty(item_code, warehouse))

	def update_delivery_status(self):
		"""After the lines were changed."""
		total = sum(flt(row.qty) for row in self.items)
		delivered = sum(min(flt(row.qty), flt(row.delivered_qty)) for row in self.items)
		if total:
			self.db_set("per_delivered", round(delivered / total * 100, 6), update_modified=False)

	def update_ordered_qty(self):
		"""What suppliers deliver of it."""
		for row in self.items:
			if row.delivered_by_supplier:
				delivered = frappe.get_all(
					"Purchase Order Item",
					{"sales_order_item": row.name, "docstatus": 1, "parenttype": "Purchase Order"},
					["parent", "qty"],
				)
				row.db_set(
					"delivered_qty",
					sum(
						flt(each.qty)
						for each in delivered
						if frappe.db.get_value("Purchase Order", each.parent, "status") == "Delivered"
					),
					update_modified=False,
				)
		self.update_delivery_status()
		self.set_status(update=True)
		self.notify_update()


def get_list_context(context=None):
	return list_of_documents(_("Orders"))


@frappe.whitelist()
def update_status(status, name):
	frappe.get_doc("Sales Order", name).update_status(status)


@frappe.whitelist()
def close_or_unclose_sales_orders(names, status):
	if not frappe.has_permission("Sales Order", "write"):
		frappe.throw(_("Not permitted"), frappe.PermissionError)
	for name in json.loads(names):
		order = frappe.get_doc("Sales Order", name)
		if order.docstatus != 1:
			continue
		if status == "Closed":
			if order.status not in ("Cancelled", "Closed") and (
				order.per_delivered < 100 or order.per_billed < 100
			):
				order.update_status(status)
		elif order.status == "Closed":
			order.update_status("Draft")
	frappe.local.message_log = []


@frappe.whitelist()
def make_delivery_note(source_name, target_doc=None, kwargs=None):
	from erpnext.stock.doctype.packed_item.packed_item import make_packing_list

	def set_missing_values(source, target):
		target.run_method("set_missing_values")
		target.run_method("set_po_nos")
		target.run_method("calculate_taxes_and_totals")
		target.run_method("set_use_serial_batch_fields")
		make_packing_list(target)

	def update_item(source, target, parent):
		target.qty = flt(source.qty) - flt(source.delivered_qty)
		target.amount = target.qty * flt(source.rate)

	return get_mapped_doc(
		"Sales Order",
		source_name,
		{
			"Sales Order": {"doctype": "Delivery Note", "validation": {"docstatus": ["=", 1]}},
			"Sales Taxes and Charges": {"doctype": "Sales Taxes and Charges", "reset_value": True},
			"Sales Team": {"doctype": "Sales Team", "add_if_empty": True},
			"Sales Order Item": {
				"doctype": "Delivery Note Item",
				"field_map": {"rate": "rate", "name": "so_detail", "parent": "against_sales_order"},
				"condition": lambda row: (
					abs(flt(row.delivered_qty)) < abs(flt(row.qty)) and not row.delivered_by_supplier
				),
				"postprocess": update_item,
			},
		},
		target_doc,
		set_missing_values,
	)


@frappe.whitelist()
def make_sales_invoice(source_name, target_doc=None, ignore_permissions=False):
	def set_missing_values(source, target):
		target.flags.ignore_permissions = True
		target.run_method("set_missing_values")
		target.run_method("set_po_nos")
		target.run_method("calculate_taxes_and_totals")
		target.run_method("set_use_serial_batch_fields")
		if target.get("allocate_advances_automatically"):
			target.set_advances()

	def update_item(source, target, parent):
		target.amount = flt(source.amount) - flt(source.billed_amt)
		target.qty = (
			target.amount / flt(source.rate)
			if flt(source.rate) and flt(source.billed_amt)
			else flt(source.qty) - flt(source.returned_qty)
		)

	return get_mapped_doc(
		"Sales Order",
		source_name,
		{
			"Sales Order": {
				"doctype": "Sales Invoice",
				"field_map": {"party_account_currency": "party_account_currency"},
				"field_no_map": ["payment_terms_template"],
				"validation": {"docstatus": ["=", 1]},
			},
			"Sales Order Item": {
				"doctype": "Sales Invoice Item",
				"field_map": {"name": "so_detail", "parent": "sales_order"},
				"postprocess": update_item,
				"condition": lambda row: (
					row.qty and (flt(row.base_amount) == 0 or abs(flt(row.billed_amt)) < abs(flt(row.amount)))
				),
			},
			"Sales Taxes and Charges": {"doctype": "Sales Taxes and Charges", "reset_value": True},
			"Sales Team": {"doctype": "Sales Team", "add_if_empty": True},
		},
		target_doc,
		set_missing_values,
		ignore_permissions=ignore_permissions,
	)


@frappe.whitelist()
def make_purchase_order(source_name, selected_items=None, target_doc=None):
	if not selected_items:
		return None
	rows = json.loads(selected_items) if isinstance(selected_items, str) else selected_items
	wanted = {row.get("item_code") for row in rows}

	def set_missing_values(source, target):
		target.supplier = ""
		target.customer, target.customer_name = source.customer, source.customer_name
		target.run_method("set_missing_values")
		target.run_method("calculate_taxes_and_totals")

	def update_item(source, target, parent):
		target.schedule_date = source.delivery_date
		target.qty = flt(source.qty) - flt(source.ordered_qty)

	return get_mapped_doc(
		"Sales Order",
		source_name,
		{
			"Sales Order": {
				"doctype": "Purchase Order",
				"field_no_map": [
					"contact_person",
					"customer_address",
					"taxes_and_charges",
					"shipping_address",
				],
				"validation": {"docstatus": ["=", 1]},
			},
			"Sales Order Item": {
				"doctype": "Purchase Order Item",
				"field_map": {
					"name": "sales_order_item",
					"parent": "sales_order",
					"delivery_date": "schedule_date",
				},
				"field_no_map": [
					"rate",
					"price_list_rate",
					"item_tax_template",
					"discount_percentage",
					"discount_amount",
				],
				"postprocess": update_item,
				"condition": lambda row: (
					row.item_code in wanted and flt(row.ordered_qty) < flt(row.stock_qty)
				),
			},
		},
		target_doc,
		set_missing_values,
	)
