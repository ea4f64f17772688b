"""Delivery Note."""

import frappe
from frappe import _
from frappe.model.mapper import get_mapped_doc
from frappe.query_builder.functions import Coalesce, Sum
from frappe.utils import flt

from erpnext.controllers import stock
from erpnext.controllers.sales_and_purchase_return import check_return, make_return_doc, returned
from erpnext.controllers.selling_controller import SellingController
from erpnext.controllers.website_list_for_contact import list_of_documents


class DeliveryNote(SellingController):
	# What ERPNext counts, chosen when a document is made. Here `updates` chooses when it counts
	status_updater = ()

	def autoname(self):
		if self.is_return and not self.amended_from:
			self.naming_series = "MAT-DN-RET-.YYYY.-"

	def updates(self):
		delivered = {
			"line": "so_detail",
			"document": "against_sales_order",
			"target": "Sales Order Item",
			"field": "delivered_qty",
			"limit": "qty",
			"percent": "per_delivered",
			"status": "delivery_status",
			"word": "Delivered",
			"sources": [
				{"doctype": "Delivery Note", "line": "so_detail", "of": "qty"},
				{"doctype": "Sales Invoice", "line": "so_detail", "of": "qty", "only": {"update_stock": 1}},
			],
		}
		if not self.is_return:
			return [delivered]
		came_back = {"doctype": "Delivery Note", "of": "qty", "sign": -1, "only": {"is_return": 1}}
		return [
			delivered,
			{
				"line": "so_detail",
				"target": "Sales Order Item",
				"field": "returned_qty",
				"sources": [{**came_back, "line": "so_detail"}],
			},
			{
				"line": "dn_detail",
				"document": "return_against",
				"target": "Delivery Note Item",
				"field": "returned_qty",
				"limit": "stock_qty",
				"percent": "per_returned",
				"sources": [{**came_back, "line": "dn_detail", "of": "stock_qty"}],
			},
		]

	def references(self):
		return [("against_sales_order", "Sales Order", ("customer", "company", "currency"))]

	def validate(self):
		super().validate()
		self.set_status()
		self.check_sales_order_on_hold_or_close("against_sales_order")
		self.validate_warehouse()
		check_return(self, "dn_detail")
		from erpnext.stock.doctype.packed_item.packed_item import make_packing_list

		make_packing_list(self)
		self.installation_status = self.installation_status or "Not Installed"

	def validate_warehouse(self):
		super().validate_warehouse()
		for row in self.goods():
			if not row.warehouse and frappe.get_cached_value("Item", row.item_code, "is_stock_item"):
				frappe.throw(_("Choose a warehouse for {0}.").format(row.item_code))

	def set_actual_qty(self):
		for row in self.items:
			row.actual_qty = flt(
				frappe.db.get_value(
					"Bin", {"item_code": row.item_code, "warehouse": row.warehouse}, "actual_qty"
				)
			)

	def update_current_stock(self):
		"""What of each row and part is in its warehouse."""
		for row in (*self.items, *self.packed_items):
			row.actual_qty = flt(
				frappe.db.get_value(
					"Bin", {"item_code": row.item_code, "warehouse": row.warehouse}, "actual_qty"
				)
			)

	def on_submit(self):
		self.check_authority()
		self.update_prevdoc_status()
		self.update_billing_status()
		if not self.is_return:
			self.check_credit_limit()
		self.move_stock()
		self.update_bins()

	def on_cancel(self):
		self.ignore_linked_doctypes = ("Stock Ledger Entry", "Serial and Batch Bundle")
		self.check_sales_order_on_hold_or_close("against_sales_order")
		for doctype, field in (("Sales Invoice", "delivery_note"),):
			found = frappe.get_all(
				f"{doctype} Item", {field: self.name, "docstatus": 1}, pluck="parent", limit=1
			)
			if found:
				frappe.throw(_("It is billed by {0}.").format(found[0]))
		self.update_prevdoc_status()
		self.update_billing_status()
		stock.reverse(self)
		self.update_bins()
		self.db_set("status", "Cancelled", update_modified=False)

	def check_credit_limit(self):
		from erpnext.selling.doctype.customer.customer import check_credit_limit, is_bypassed

		if self.per_billed == 100:
			return
		bypassed = is_bypassed(self.customer, self.company)
		loose = not all(row.against_sales_order or row.against_sales_invoice for row in self.items)
		if bypassed:
			check_credit_limit(self.customer, self.company, True, flt(self.base_grand_total))
		elif loose:
			check_credit_limit(self.customer, self.company, False)

	def update_status(self, status):
		self.set_status(update=True, status=status)
		self.notify_update()

	def update_billing_status(self, update_modified=True):
		names = {self.name}
		for row in self.items:
			if row.so_detail:
				names |= set(update_billed_amount_based_on_so(row.so_detail))
		for name in sorted(names):
			doc = self if name == self.name else frappe.get_doc("Delivery Note", name)
			doc.update_billing_percentage(update_modified=update_modified)
		self.load_from_db()


def update_billed_amount_based_on_so(so_detail, update_modified=True) -> list[str]:
	"""Spread what was billed of an order line without a delivery over its deliveries, oldest first."""
	invoice, billed, note, line = (
		frappe.qb.DocType(name)
		for name in ("Sales Invoice", "Sales Invoice Item", "Delivery Note", "Delivery Note Item")
	)
	total = Coalesce(Sum(billed.amount), 0)
	free = flt(
		frappe.qb.from_(billed)
		.join(invoice)
		.on(invoice.name == billed.parent)
		.where(billed.so_detail == so_detail)
		.where(Coalesce(billed.dn_detail, "") == "")
		.where(billed.docstatus == 1)
		.where(invoice.update_stock == 0)
		.select(total)
		.run()[0][0]
	)
	names = []
	for row in (
		frappe.qb.from_(line)
		.join(note)
		.on(note.name == line.parent)
		.where(line.so_detail == so_detail)
		.where(note.docstatus == 1)
		.where(note.is_return == 0)
		.orderby(note.posting_date)
		.orderby(note.name)
		.select(line.name, line.amount, line.parent)
		.run(as_dict=True)
	):
		own = flt(
			frappe.qb.from_(billed)
			.where(billed.dn_detail == row.name)
			.where(billed.docstatus == 1)
			.select(total)
			.run()[0][0]
		)
		taken = min(free, max(flt(row.amount) - own, 0))
		free -= taken
		frappe.db.set_value(
			"Delivery Note Item", row.name, "billed_amt", own + taken, update_modified=update_modified
		)
		names.append(row.parent)
	return names


def get_list_context(context=None):
	return list_of_documents(_("Shipments"))


@frappe.whitelist()
def update_delivery_note_status(docname, status):
	frappe.get_doc("Delivery Note", docname).update_status(status)


@frappe.whitelist()
def make_sales_invoice(source_name, target_doc=None, args=None):
	source_doc = frappe.get_doc("Delivery Note", source_name)
	back = returned("Delivery Note", source_name, "dn_detail")
	invoiced: dict[str, float] = {}
	for row in frappe.get_all(
		"Sales Invoice Item", {"delivery_note": source_name, "docstatus": 1}, ["dn_detail", "qty"]
	):
		invoiced[row.dn_detail] = invoiced.get(row.dn_detail, 0) + flt(row.qty)

	def pending(row) -> float:
		return flt(row.qty) - invoiced.get(row.name, 0) - back.get(row.name, 0)

	def set_missing_values(source, target):
		target.run_method("set_missing_values")
		target.run_method("set_po_nos")
		if not target.get("items"):
			frappe.throw(_("Nothing of this delivery is left to invoice."))
		target.run_method("calculate_taxes_and_totals")

	def update_item(source, target, parent):
		target.qty = pending(source)

	return get_mapped_doc(
		"Delivery Note",
		source_name,
		{
			"Delivery Note": {
				"doctype": "Sales Invoice",
				"field_map": {"is_return": "is_return"},
				"validation": {"docstatus": ["=", 1]},
			},
			"Delivery Note Item": {
				"doctype": "Sales Invoice Item",
				"field_map": {
					"name": "dn_detail",
					"parent": "delivery_note",
					"so_detail": "so_detail",
					"against_sales_order": "sales_order",
				},
				"postprocess": update_item,
				"filter": lambda row: pending(row) > 0 if source_doc.is_return else pending(row) <= 0,
			},
			"Sales Taxes and Charges": {"doctype": "Sales Taxes and Charges", "reset_value": True},
			"Sales Team": {"doctype": "Sales Team", "add_if_empty": True},
		},
		target_doc,
		set_missing_values,
	)


@frappe.whitelist()
def make_sales_return(source_name, target_doc=None):
	return make_return_doc("Delivery Note", source_name, target_doc)
