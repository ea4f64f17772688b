"""What is outstanding, entry by entry. Of the general ledger the stand-in keeps what customers owe."""

import frappe
from frappe.model.document import Document
from frappe.query_builder.functions import Coalesce, Sum
from frappe.utils import cint, flt


class PaymentLedgerEntry(Document):
	pass


def places() -> int:
	"""To how many places the site counts money."""
	return cint(frappe.db.get_default("currency_precision")) or 2


def write(
	doc, amount: float, against: tuple[str, str], party: str, account: str, day, row: str | None = None
) -> None:
	enter(doc, amount, against, party, account, day, row)
	frappe.get_doc(
		{
			"doctype": "GL Entry",
			"posting_date": day,
			"company": doc.company,
			"account": account,
			"party_type": "Customer",
			"party": party,
			"voucher_type": doc.doctype,
			"voucher_no": doc.name,
			"debit": max(flt(amount, places()), 0),
			"credit": max(-flt(amount, places()), 0),
		}
	).insert(ignore_permissions=True)


def enter(
	doc, amount: float, against: tuple[str, str], party: str, account: str, day, row: str | None = None
) -> None:
	"""What is outstanding on `against`, which the general ledger does not know."""
	frappe.get_doc(
		{
			"doctype": "Payment Ledger Entry",
			"posting_date": day,
			"company": doc.company,
			"account_type": "Receivable",
			"account": account,
			"account_currency": frappe.get_cached_value("Company", doc.company, "default_currency"),
			"party_type": "Customer",
			"party": party,
			"voucher_type": doc.doctype,
			"voucher_no": doc.name,
			"voucher_detail_no": row,
			"against_voucher_type": against[0],
			"against_voucher_no": against[1],
			"amount": flt(amount, places()),
			"amount_in_account_currency": flt(amount, places()),
			"due_date": doc.get("due_date"),
		}
	).insert(ignore_permissions=True)


def balance(doctype: str, name: str) -> float:
	"""What is outstanding on a document."""
	entry = frappe.qb.DocType("Payment Ledger Entry")
	return flt(
		frappe.qb.from_(entry)
		.where(entry.against_voucher_type == doctype)
		.where(entry.against_voucher_no == name)
		.where(entry.delinked == 0)
		.select(Coalesce(Sum(entry.amount), 0))
		.run()[0][0],
		places(),
	)


def update_outstanding(doctype: str, name: str) -> None:
	"""Write on an invoice what is outstanding; the one change that payments make to it."""
	if doctype != "Sales Invoice":
		return
	frappe.db.set_value(doctype, name, "outstanding_amount", balance(doctype, name), update_modified=False)
	doc = frappe.get_doc(doctype, name)
	if doc.docstatus == 1:
		doc.set_status(update=True)


def update_advance_paid(order: str) -> None:
	"""Write on an order what was paid in advance."""
	entry = frappe.qb.DocType("Payment Ledger Entry")
	paid = flt(
		frappe.qb.from_(entry)
		.where(entry.against_voucher_type == "Sales Order")
		.where(entry.against_voucher_no == order)
		.where(entry.delinked == 0)
		.select(Coalesce(Sum(entry.amount), 0))
		.run()[0][0]
	)
	frappe.get_doc("Sales Order", order).db_set("advance_paid", -paid)


def settle(against: set[tuple[str, str]]) -> None:
	"""Bring what was paid, or is no longer, up to date."""
	for doctype, name in sorted(against):
		if doctype == "Sales Invoice":
			update_outstanding(doctype, name)
		elif doctype == "Sales Order":
			update_advance_paid(name)


def book_invoice(doc) -> None:
	"""An invoice is owed; a credit note takes off the invoice it is for, or stands for itself."""
	total = flt(doc.rounded_total or doc.grand_total)
	of_other = doc.is_return and doc.return_against and not doc.update_outstanding_for_self
	against = (doc.doctype, doc.return_against if of_other else doc.name)
	write(doc, total, against, doc.customer, doc.debit_to, doc.posting_date)
	doc.outstanding_amount = 0 if of_other else balance(*against)
	# Without an event: the status that follows is one
	frappe.db.set_value(
		doc.doctype, doc.name, "outstanding_amount", doc.outstanding_amount, update_modified=False
	)
	if of_other:
		update_outstanding(*against)
	doc.set_status(update=True)


def take_back(doc) -> None:
	"""A voucher is cancelled: its entries no longer count."""
	entries = frappe.get_all(
		"Payment Ledger Entry",
		{"voucher_type": doc.doctype, "voucher_no": doc.name, "delinked": 0},
		["name", "against_voucher_type", "against_voucher_no"],
	)
	for entry in entries:
		frappe.db.set_value("Payment Ledger Entry", entry.name, "delinked", 1, update_modified=False)
	booked = {"voucher_type": doc.doctype, "voucher_no": doc.name}
	frappe.db.set_value("GL Entry", booked, "is_cancelled", 1, update_modified=False)
	settle(
		{(entry.against_voucher_type, entry.against_voucher_no) for entry in entries}
		- {(doc.doctype, doc.name)}
	)
	if doc.doctype == "Sales Invoice":
		doc.db_set("outstanding_amount", 0, update_modified=False)


def let_go_of(invoice) -> None:
	"""What paid an invoice that is cancelled is on account from now on."""
	for entry in frappe.get_all(
		"Payment Ledger Entry",
		{
			"against_voucher_type": invoice.doctype,
			"against_voucher_no": invoice.name,
			"delinked": 0,
			"voucher_no": ["!=", invoice.name],
		},
		["name", "voucher_type", "voucher_no"],
	):
		put_on_account(entry.name, entry.voucher_type, entry.voucher_no)
		unlink(entry.voucher_type, entry.voucher_no, invoice.doctype, invoice.name)


def put_on_account(entry: str, doctype: str, name: str) -> None:
	frappe.db.set_value(
		"Payment Ledger Entry",
		entry,
		{"against_voucher_type": doctype, "against_voucher_no": name},
		update_modified=False,
	)


def unlink(doctype: str, name: str, against_type: str, against: str) -> None:
	"""A payment no longer names what it was for."""
	if doctype == "Payment Entry":
		frappe.db.delete(
			"Payment Entry Reference",
			{"parent": name, "reference_doctype": against_type, "reference_name": against},
		)
		frappe.get_doc(doctype, name).update_unallocated()
	elif doctype == "Journal Entry":
		frappe.db.set_value(
			"Journal Entry Account",
			{"parent": name, "reference_type": against_type, "reference_name": against},
			{"reference_type": None, "reference_name": None},
			update_modified=False,
		)


def for_orders(orders) -> list[dict]:
	"""Payments in advance of orders that no invoice has taken yet."""
	return [
		{
			"voucher_type": entry.voucher_type,
			"voucher_no": entry.voucher_no,
			"amount": -flt(entry.amount),
			"row": entry.voucher_detail_no,
		}
		for entry in frappe.get_all(
			"Payment Ledger Entry",
			{
				"against_voucher_type": "Sales Order",
				"against_voucher_no": ["in", list(orders) or [""]],
				"delinked": 0,
				"amount": ["<", 0],
			},
			["voucher_type", "voucher_no", "amount", "voucher_detail_no"],
			order_by="creation",
		)
	]


def on_account(customer: str, company: str) -> list[dict]:
	"""Payments, and credit notes that stand for themselves, that can be set against an invoice."""
	entry = frappe.qb.DocType("Payment Ledger Entry")
	rows = (
		frappe.qb.from_(entry)
		.where(entry.party == customer)
		.where(entry.company == company)
		.where(entry.delinked == 0)
		.groupby(entry.against_voucher_type, entry.against_voucher_no)
		.orderby(entry.against_voucher_no)
		.select(entry.against_voucher_type, entry.against_voucher_no, Sum(entry.amount).as_("amount"))
		.run(as_dict=True)
	)
	return [
		{
			"voucher_type": row.against_voucher_type,
			"voucher_no": row.against_voucher_no,
			"amount": -flt(row.amount, places()),
		}
		for row in rows
		if flt(row.amount, places()) < 0 and row.against_voucher_type != "Sales Order"
	]


def allocate(doctype: str, name: str, invoice: str, amount: float) -> None:
	"""Set what is on account against an invoice."""
	doc, against = frappe.get_doc(doctype, name), frappe.get_doc("Sales Invoice", invoice)
	if doctype == "Sales Invoice":
		# A journal entry between the credit note and the invoice
		entry = frappe.get_doc(
			{
				"doctype": "Journal Entry",
				"voucher_type": "Credit Note",
				"company": doc.company,
				"posting_date": frappe.utils.nowdate(),
				"is_system_generated": 1,
				"accounts": [
					{
						"account": against.debit_to,
						"party_type": "Customer",
						"party": doc.customer,
						"credit_in_account_currency": amount,
						"reference_type": "Sales Invoice",
						"reference_name": invoice,
					},
					{
						"account": doc.debit_to,
						"party_type": "Customer",
						"party": doc.customer,
						"debit_in_account_currency": amount,
						"reference_type": "Sales Invoice",
						"reference_name": name,
					},
				],
			}
		)
		entry.flags.ignore_permissions = True
		entry.insert()
		entry.submit()
		return
	take(doctype, name, against, amount)


def take(doctype: str, name: str, invoice, amount: float) -> None:
	"""Set what a payment has left, on account or for orders, against an invoice."""
	for entry in frappe.get_all(
		"Payment Ledger Entry",
		{
			"voucher_type": doctype,
			"voucher_no": name,
			"delinked": 0,
			"against_voucher_type": ["!=", "Sales Invoice"],
		},
		["name", "amount", "against_voucher_type", "against_voucher_no"],
	):
		taken = min(amount, -flt(entry.amount))
		if taken <= 0:
			continue
		amount -= taken
		frappe.db.set_value(
			"Payment Ledger Entry", entry.name, "amount", flt(entry.amount) + taken, update_modified=False
		)
		doc = frappe.get_doc(doctype, name)
		enter(
			doc, -taken, (invoice.doctype, invoice.name), invoice.customer, invoice.debit_to, doc.posting_date
		)
		if doctype == "Payment Entry":
			doc.move_reference(entry.against_voucher_type, entry.against_voucher_no, invoice.name, taken)
		if entry.against_voucher_type == "Sales Order":
			update_advance_paid(entry.against_voucher_no)
	update_outstanding(invoice.doctype, invoice.name)


def take_advances(invoice) -> None:
	"""Set the advances that an invoice names against it, those that were paid for its orders too."""
	for row in invoice.get("advances") or []:
		if flt(row.allocated_amount):
			take(row.reference_type, row.reference_name, invoice, flt(row.allocated_amount))
	if invoice.get("advances"):
		update_outstanding("Sales Invoice", invoice.name)
		invoice.reload()
