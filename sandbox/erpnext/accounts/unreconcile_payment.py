"""Unreconcile Payment: a payment is on account again."""

import frappe
from frappe.model.document import Document
from frappe.utils import flt

from erpnext.accounts.doctype.payment_ledger_entry import payment_ledger_entry as ledger


class UnreconcilePayment(Document):
	@frappe.whitelist()
	def add_references(self):
		for row in self.get_allocations_from_payment():
			self.append("allocations", row)

	@frappe.whitelist()
	def get_allocations_from_payment(self):
		return [
			{
				"account": row.account,
				"party_type": row.party_type,
				"party": row.party,
				"reference_doctype": row.against_voucher_type,
				"reference_name": row.against_voucher_no,
				"allocated_amount": abs(flt(row.amount)),
			}
			for row in frappe.get_all(
				"Payment Ledger Entry",
				{
					"voucher_type": self.voucher_type,
					"voucher_no": self.voucher_no,
					"delinked": 0,
					"against_voucher_no": ["!=", self.voucher_no],
				},
				["account", "party_type", "party", "against_voucher_type", "against_voucher_no", "amount"],
			)
		]

	def before_save(self):
		if not self.allocations:
			self.add_references()

	def on_submit(self):
		for row in self.allocations:
			for entry in frappe.get_all(
				"Payment Ledger Entry",
				{
					"voucher_type": self.voucher_type,
					"voucher_no": self.voucher_no,
					"against_voucher_type": row.reference_doctype,
					"against_voucher_no": row.reference_name,
					"delinked": 0,
				},
				pluck="name",
			):
				ledger.put_on_account(entry, self.voucher_type, self.voucher_no)
			ledger.unlink(self.voucher_type, self.voucher_no, row.reference_doctype, row.reference_name)
			ledger.settle({(row.reference_doctype, row.reference_name)})
			row.db_set("unlinked", 1, update_modified=False)
