"""Payment Reconciliation: what is on account is set against what is owed."""

import frappe
from frappe.model.document import Document
from frappe.utils import flt, getdate

from erpnext.accounts.doctype.payment_ledger_entry import payment_ledger_entry as ledger


class PaymentReconciliation(Document):
	def load_from_db(self):
		super(Document, self).__init__({"doctype": self.doctype, "name": self.doctype})

	def save(self, *args, **kwargs):
		return self

	@frappe.whitelist()
	def get_unreconciled_entries(self):
		self.set("invoices", [])
		self.set("payments", [])
		for row in frappe.get_all(
			"Sales Invoice",
			{"customer": self.party, "company": self.company, "docstatus": 1, "outstanding_amount": [">", 0]},
			["name", "posting_date", "outstanding_amount", "grand_total"],
			order_by="posting_date, name",
		):
			self.append(
				"invoices",
				{
					"invoice_type": "Sales Invoice",
					"invoice_number": row.name,
					"invoice_date": row.posting_date,
					"amount": row.grand_total,
					"outstanding_amount": row.outstanding_amount,
				},
			)
		orders = frappe.get_all(
			"Sales Order", {"customer": self.party, "company": self.company, "docstatus": 1}, pluck="name"
		)
		for row in (
			*ledger.for_orders(orders),
			*ledger.on_account(self.party, self.company),
		):
			self.append(
				"payments",
				{
					"reference_type": row["voucher_type"],
					"reference_name": row["voucher_no"],
					"posting_date": getdate(),
					"amount": row["amount"],
				},
			)

	@frappe.whitelist()
	def allocate_entries(self, args):
		self.set("allocation", [])
		owed = {row.get("invoice_number"): flt(row.get("outstanding_amount")) for row in args.get("invoices")}
		for payment in args.get("payments"):
			left = flt(payment.get("amount"))
			for name in owed:
				taken = min(left, owed[name])
				if taken > 0:
					owed[name] -= taken
					left -= taken
					self.append(
						"allocation",
						{
							"reference_type": payment.get("reference_type"),
							"reference_name": payment.get("reference_name"),
							"invoice_type": "Sales Invoice",
							"invoice_number": name,
							"allocated_amount": taken,
							"amount": payment.get("amount"),
						},
					)

	@frappe.whitelist()
	def reconcile(self):
		for row in self.allocation:
			ledger.allocate(
				row.reference_type, row.reference_name, row.invoice_number, flt(row.allocated_amount)
			)
		self.get_unreconciled_entries()
