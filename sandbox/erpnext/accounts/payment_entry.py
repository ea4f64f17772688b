"""Payment Entry."""

import frappe
from frappe import _
from frappe.model.document import Document
from frappe.utils import flt, nowdate

from erpnext.accounts.doctype.payment_ledger_entry import payment_ledger_entry as ledger
from erpnext.accounts.general_ledger import check_freezing_date


class PaymentEntry(Document):
	def validate(self):
		company = frappe.get_cached_doc("Company", self.company)
		for end in ("from", "to"):
			account = frappe.get_cached_doc("Account", self.get(f"paid_{end}"))
			self.set(f"paid_{end}_account_currency", account.account_currency or company.default_currency)
			other = "to" if end == "from" else "from"
			if account.account_type == "Bank" and not (self.reference_no and self.reference_date):
				frappe.throw(_("Enter the number and the date of the transfer."))
			assert other
		self.party_name = self.party_name or (
			self.party and frappe.db.get_value("Customer", self.party, "customer_name")
		)
		self.title = self.party_name or self.party
		for row in self.references:
			self.check_reference(row)
		self.set_amounts()
		if self.total_allocated_amount - abs(flt(self.paid_amount)) > 0.01:
			frappe.throw(_("More is allocated than was paid."))
		self.status = {0: "Draft", 1: "Submitted", 2: "Cancelled"}[self.docstatus]

	def set_amounts(self):
		self.base_paid_amount = flt(self.paid_amount) * flt(self.source_exchange_rate or 1)
		self.base_received_amount = flt(self.received_amount) * flt(self.target_exchange_rate or 1)
		self.set_unallocated()

	def check_reference(self, row):
		if not flt(row.allocated_amount):
			return
		doc = (
			frappe.db.get_value(
				row.reference_doctype,
				row.reference_name,
				["docstatus", "customer", "grand_total", "rounded_total"]
				+ (
					["outstanding_amount", "due_date"]
					if row.reference_doctype == "Sales Invoice"
					else ["advance_paid", "status"]
				),
				as_dict=True,
			)
			if row.reference_doctype in ("Sales Invoice", "Sales Order")
			else None
		)
		if not doc:
			return
		if doc.docstatus != 1:
			frappe.throw(_("{0} {1} is not submitted.").format(_(row.reference_doctype), row.reference_name))
		if doc.customer != self.party:
			frappe.throw(
				_("{0} {1} is not of {2} {3}.").format(
					_(row.reference_doctype), row.reference_name, _(self.party_type), self.party
				)
			)
		row.total_amount = flt(doc.rounded_total or doc.grand_total)
		if row.reference_doctype == "Sales Invoice":
			row.outstanding_amount, row.due_date = flt(doc.outstanding_amount), doc.due_date
		else:
			row.outstanding_amount = row.total_amount - flt(doc.advance_paid)
		over = flt(row.allocated_amount - row.outstanding_amount, ledger.places())
		if self.docstatus < 2 and (
			(flt(row.allocated_amount) > 0 and over > 0) or (flt(row.allocated_amount) < 0 and over < 0)
		):
			frappe.throw(_("Row {0}: less than that is outstanding.").format(row.idx))

	def set_unallocated(self):
		self.total_allocated_amount = self.base_total_allocated_amount = abs(
			flt(sum(flt(row.allocated_amount) for row in self.references), ledger.places())
		)
		self.unallocated_amount = flt(flt(self.paid_amount) - self.total_allocated_amount, ledger.places())

	def update_unallocated(self):
		self.reload()
		self.set_unallocated()
		self.db_set(
			{
				"total_allocated_amount": self.total_allocated_amount,
				"unallocated_amount": self.unallocated_amount,
			},
			update_modified=False,
		)

	def on_submit(self):
		check_freezing_date(self.posting_date)
		sign = -1 if self.payment_type == "Receive" else 1
		account = self.paid_from if self.payment_type == "Receive" else self.paid_to
		left = flt(self.paid_amount)
		against = set()
		for row in self.references:
			if not flt(row.allocated_amount):
				continue
			name = (row.reference_doctype, row.reference_name)
			left -= abs(flt(row.allocated_amount))
			ledger.write(
				self,
				abs(flt(row.allocated_amount)) * sign,
				name,
				self.party,
				account,
				self.posting_date,
				row.name,
			)
			against.add(name)
		if flt(left, ledger.places()) and self.party:
			ledger.write(self, left * sign, (self.doctype, self.name), self.party, account, self.posting_date)
		ledger.settle(against)
		self.db_set("status", "Submitted", update_modified=False)

	def on_cancel(self):
		self.ignore_linked_doctypes = (
			"GL Entry",
			"Payment Ledger Entry",
			"Unreconcile Payment",
			"Sales Invoice",
			"Sales Order",
		)
		check_freezing_date(self.posting_date)
		ledger.take_back(self)
		self.db_set("status", "Cancelled", update_modified=False)

	def move_reference(self, doctype: str, name: str, invoice: str, amount: float) -> None:
		"""What was paid for an order pays its invoice now."""
		for row in self.references:
			if (row.reference_doctype, row.reference_name) == (doctype, name):
				if flt(row.allocated_amount) - amount > 0:
					row.db_set("allocated_amount", flt(row.allocated_amount) - amount, update_modified=False)
				else:
					frappe.db.delete("Payment Entry Reference", {"name": row.name})
				break
		row = self.append(
			"references",
			{
				"reference_doctype": "Sales Invoice",
				"reference_name": invoice,
				"allocated_amount": amount,
				"docstatus": 1,
			},
		)
		row.db_insert()
		self.update_unallocated()


def open_payments(customer: str, company: str, orders: set[str]) -> list[dict]:
	"""What an invoice can be set against: payments for its orders first, then those on account."""
	return [
		*ledger.for_orders(orders),
		*(row for row in ledger.on_account(customer, company) if row["voucher_type"] != "Sales Invoice"),
	]


@frappe.whitelist()
def get_payment_entry(
	dt,
	dn,
	party_amount=None,
	bank_account=None,
	bank_amount=None,
	party_type=None,
	payment_type=None,
	reference_date=None,
	ignore_permissions=False,
	created_from_payment_request=False,
):
	doc = frappe.get_doc(dt, dn)
	doc.check_permission("read")
	company = frappe.get_cached_doc("Company", doc.company)
	total = flt(doc.rounded_total or doc.grand_total)
	owed = flt(doc.outstanding_amount) if dt == "Sales Invoice" else total - flt(doc.advance_paid)
	amount = flt(party_amount) or abs(owed)
	receive = payment_type != "Pay" and owed >= 0
	receivable = doc.get("debit_to") or company.default_receivable_account
	bank = bank_account or company.default_bank_account or company.default_cash_account
	entry = frappe.new_doc("Payment Entry")
	entry.update(
		{
			"payment_type": "Receive" if receive else "Pay",
			"company": doc.company,
			"posting_date": nowdate(),
			"party_type": "Customer",
			"party": doc.customer,
			"party_name": doc.customer_name,
			"paid_from": receivable if receive else bank,
			"paid_to": bank if receive else receivable,
			"paid_amount": amount,
			"received_amount": amount,
			"source_exchange_rate": 1,
			"target_exchange_rate": 1,
			"reference_date": reference_date,
		}
	)
	entry.append(
		"references",
		{
			"reference_doctype": dt,
			"reference_name": dn,
			"due_date": doc.get("due_date"),
			"total_amount": total,
			"outstanding_amount": owed,
			"allocated_amount": amount if receive else -amount,
		},
	)
	return entry
