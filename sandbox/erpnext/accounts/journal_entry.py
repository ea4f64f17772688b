"""Journal Entry."""

import frappe
from frappe import _
from frappe.model.document import Document
from frappe.utils import flt

from erpnext.accounts.doctype.payment_ledger_entry import payment_ledger_entry as ledger


class JournalEntry(Document):
	def validate(self):
		for row in self.accounts:
			row.debit, row.credit = flt(row.debit_in_account_currency), flt(row.credit_in_account_currency)
			row.account_type = frappe.get_cached_value("Account", row.account, "account_type")
			if row.account_type == "Receivable" and not (row.party_type and row.party):
				frappe.throw(_("Row {0}: whose account is {1}?").format(row.idx, row.account))
		self.total_debit = sum(row.debit for row in self.accounts)
		self.total_credit = sum(row.credit for row in self.accounts)
		self.difference = flt(self.total_debit - self.total_credit, 2)
		if self.difference:
			frappe.throw(_("Debit and credit differ by {0}.").format(self.difference))
		self.title = self.title or self.accounts[0].party or self.accounts[0].account

	def on_submit(self):
		against = set()
		for row in self.accounts:
			if row.party_type != "Customer":
				continue
			name = (
				(row.reference_type, row.reference_name) if row.reference_name else (self.doctype, self.name)
			)
			ledger.write(
				self, row.debit - row.credit, name, row.party, row.account, self.posting_date, row.name
			)
			against.add(name)
		ledger.settle(against)

	def on_cancel(self):
		self.ignore_linked_doctypes = (
			"GL Entry",
			"Payment Ledger Entry",
			"Unreconcile Payment",
			"Sales Invoice",
		)
		ledger.take_back(self)
