"""Sales Invoice."""

import frappe
from frappe import _
from frappe.utils import flt, getdate, nowtime

from erpnext.accounts.doctype.payment_ledger_entry import payment_ledger_entry as ledger
from erpnext.accounts.general_ledger import check_freezing_date
from erpnext.controllers import stock
from erpnext.controllers.sales_and_purchase_return import check_return, make_return_doc
from erpnext.controllers.selling_controller import SellingController
from erpnext.controllers.website_list_for_contact import list_of_documents
from erpnext.stock.doctype.delivery_note.delivery_note import update_billed_amount_based_on_so


class SalesInvoice(SellingController):
	def autoname(self):
		if self.is_return and not self.amended_from:
			self.naming_series = "ACC-SINV-RET-.YYYY.-"

	def updates(self):
		found = []
		if not self.is_return or self.update_billed_amount_in_sales_order:
			found.append(
				{
					"line": "so_detail",
					"document": "sales_order",
					"target": "Sales Order Item",
					"field": "billed_amt",
					"limit": "amount",
					"percent": "per_billed",
					"status": "billing_status",
					"word": "Billed",
					"sources": [{"doctype": "Sales Invoice", "line": "so_detail", "of": "amount"}],
				}
			)
		if self.update_stock:
			moved = {
				"doctype": "Sales Invoice",
				"line": "so_detail",
				"of": "qty",
				"only": {"update_stock": 1},
			}
			found.append(
				{
					"line": "so_detail",
					"document": "sales_order",
					"target": "Sales Order Item",
					"field": "delivered_qty",
					"limit": "qty",
					"percent": "per_delivered",
					"status": "delivery_status",
					"word": "Delivered",
					"sources": [moved, {"doctype": "Delivery Note", "line": "so_detail", "of": "qty"}],
				}
			)
		return found

	def references(self):
		return [
			("sales_order", "Sales Order", ("customer", "company", "currency")),
			("delivery_note", "Delivery Note", ("customer", "company", "currency")),
		]

	def validate(self):
		self.posting_time = self.posting_time or nowtime()
		super().validate()
		if self.allocate_advances_automatically and not self.is_return:
			self.set_advances()
			self.calculate_taxes_and_totals()
		self.check_sales_order_on_hold_or_close("sales_order")
		if self.update_stock:
			self.validate_warehouse()
		from erpnext.stock.doctype.packed_item.packed_item import make_packing_list

		if self.update_stock:
			make_packing_list(self)
		else:
			self.set("packed_items", [])
		check_return(self, "sales_invoice_item")
		self.check_billed()
		self.set_status()

	def check_billed(self):
		"""No more than was delivered is billed."""
		for row in self.items:
			if not row.dn_detail or self.is_return:
				continue
			billed = sum(
				frappe.get_all(
					"Sales Invoice Item",
					{"dn_detail": row.dn_detail, "docstatus": 1, "parent": ["!=", self.name or ""]},
					pluck="amount",
				)
			)
			most = flt(frappe.db.get_value("Delivery Note Item", row.dn_detail, "amount"))
			if flt(billed + row.amount - most, 2) > 0.01 and most:
				frappe.throw(
					_("{0} in row {1}: no more than {2} was delivered and can be billed.").format(
						row.item_code, row.idx, most
					)
				)

	def on_submit(self):
		self.check_authority()
		check_freezing_date(self.posting_date)
		for row in self.items:
			for field, doctype in (("sales_order", "Sales Order"), ("delivery_note", "Delivery Note")):
				if row.get(field) and frappe.db.get_value(doctype, row.get(field), "docstatus") != 1:
					frappe.throw(_("{0} {1} is not submitted").format(_(doctype), row.get(field)))
		self.update_prevdoc_status()
		self.update_billing_status_in_dn()
		if self.update_stock:
			self.move_stock()
			self.update_bins()
		ledger.book_invoice(self)
		if not self.is_return:
			self.update_billing_status_for_zero_amount()
			self.check_credit_limit()
			ledger.take_advances(self)

	def on_cancel(self):
		self.ignore_linked_doctypes = (
			"Stock Ledger Entry",
			"GL Entry",
			"Payment Ledger Entry",
			"Serial and Batch Bundle",
			"Unreconcile Payment",
			"Payment Entry",
			"Journal Entry",
		)
		check_freezing_date(self.posting_date)
		ledger.let_go_of(self)
		self.check_sales_order_on_hold_or_close("sales_order")
		self.update_prevdoc_status()
		self.update_billing_status_in_dn()
		if not self.is_return:
			self.update_billing_status_for_zero_amount()
		if self.update_stock:
			stock.reverse(self)
			self.update_bins()
		ledger.take_back(self)
		self.db_set("status", "Cancelled")

	def check_credit_limit(self):
		from erpnext.selling.doctype.customer.customer import check_credit_limit, is_bypassed

		bypassed = is_bypassed(self.customer, self.company)
		if bypassed or not all(row.sales_order or row.delivery_note for row in self.items):
			check_credit_limit(self.customer, self.company, bypassed)

	def update_billing_status_in_dn(self, update_modified=True):
		if self.is_return and not self.update_billed_amount_in_delivery_note:
			return
		notes = []
		for row in self.items:
			if row.dn_detail:
				billed = sum(
					frappe.get_all(
						"Sales Invoice Item", {"dn_detail": row.dn_detail, "docstatus": 1}, pluck="amount"
					)
				)
				frappe.db.set_value(
					"Delivery Note Item", row.dn_detail, "billed_amt", billed, update_modified=update_modified
				)
				notes.append(row.delivery_note)
			elif row.so_detail:
				notes += update_billed_amount_based_on_so(row.so_detail, update_modified)
		for name in sorted(set(notes)):
			frappe.get_doc("Delivery Note", name).update_billing_percentage(update_modified=update_modified)

	def update_billing_status_for_zero_amount(self):
		"""What costs nothing is billed by its quantity."""
		for doctype, field in (("Delivery Note", "delivery_note"), ("Sales Order", "sales_order")):
			for name in sorted({row.get(field) for row in self.items} - {None, ""}):
				if flt(frappe.db.get_value(doctype, name, "base_net_total")):
					continue
				wanted = sum(frappe.get_all(f"{doctype} Item", {"parent": name}, pluck="qty"))
				billed = sum(frappe.get_all("Sales Invoice Item", {field: name, "docstatus": 1}, pluck="qty"))
				doc = frappe.get_doc(doctype, name)
				doc.db_set("per_billed", min(wanted, billed) / wanted * 100 if wanted else 0)
				doc.set_status(update=True)

	def set_status(self, update=False, status=None, update_modified=True):
		if self.is_new():
			if self.get("amended_from"):
				self.status = "Draft"
			return
		owed = flt(self.outstanding_amount, 2)
		total = flt(self.rounded_total or self.grand_total, 2)
		if self.docstatus == 2:
			self.status = "Cancelled"
		elif self.docstatus == 0:
			self.status = "Draft"
		elif owed > 0 and self.due_date and getdate(self.due_date) < getdate():
			self.status = "Overdue"
		elif 0 < owed < total:
			self.status = "Partly Paid"
		elif owed > 0:
			self.status = "Unpaid"
		elif not self.is_return and frappe.db.exists(
			"Sales Invoice", {"is_return": 1, "return_against": self.name, "docstatus": 1}
		):
			self.status = "Credit Note Issued"
		elif self.is_return:
			self.status = "Return"
		else:
			self.status = "Paid"
		if update:
			self.db_set("status", self.status, update_modified=update_modified)


def get_list_context(context=None):
	return list_of_documents(_("Invoices"))


@frappe.whitelist()
def make_sales_return(source_name, target_doc=None):
	return make_return_doc("Sales Invoice", source_name, target_doc)
