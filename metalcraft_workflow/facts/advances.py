"""Payments that came before an invoice, and that no invoice has taken over yet.

ERPNext's `advance_paid` on an order goes on counting what an invoice has taken over.
"""

from collections import defaultdict
from collections.abc import Iterator

import frappe
from frappe.model.document import Document
from frappe.utils import flt

from metalcraft_workflow.rules.orders import Advance


def open_advances(orders: list[str]) -> dict[str, list[Advance]]:
	"""Order -> the advances for it, in the currency of the customer's account; what was paid back is below
	zero."""
	found: dict[str, list[Advance]] = defaultdict(list)
	if not orders:
		return found
	payment, reference, entry = (
		frappe.qb.DocType("Payment Entry"),
		frappe.qb.DocType("Payment Entry Reference"),
		frappe.qb.DocType("Journal Entry Account"),
	)
	by_payment = (
		frappe.qb.from_(reference)
		.join(payment)
		.on(reference.parent == payment.name)
		.where(payment.docstatus == 1)
		.where(reference.reference_doctype == "Sales Order")
		.where(reference.reference_name.isin(orders))
		.select(
			reference.reference_name,
			payment.name,
			payment.payment_type,
			payment.paid_from_account_currency,
			payment.paid_to_account_currency,
			reference.allocated_amount,
		)
		.run(as_dict=True)
	)
	by_journal = (
		frappe.qb.from_(entry)
		.where(entry.docstatus == 1)
		.where(entry.reference_type == "Sales Order")
		.where(entry.reference_name.isin(orders))
		.select(
			entry.reference_name,
			entry.parent,
			entry.account_currency,
			(entry.credit_in_account_currency - entry.debit_in_account_currency).as_("amount"),
		)
		.run(as_dict=True)
	)
	for row in by_payment:
		# What is paid back is kept as an amount of its own
		back = row.payment_type == "Pay"
		found[row.reference_name].append(
			Advance(
				row.name,
				abs(flt(row.allocated_amount)) * (-1 if back else 1),
				(row.paid_to_account_currency if back else row.paid_from_account_currency) or "",
			)
		)
	for row in by_journal:
		found[row.reference_name].append(Advance(row.parent, flt(row.amount), row.account_currency or ""))
	return found


def to_set_off(order: Document) -> Iterator[Advance]:
	"""What the customer has paid and an invoice of the order may take over: for the order, and for none in
	particular."""
	for advance in open_advances([order.name])[order.name]:
		if advance.amount > 0:
			yield advance
	for row in frappe.get_all(
		"Payment Entry",
		filters={
			"docstatus": 1,
			"payment_type": "Receive",
			"party_type": "Customer",
			"party": order.customer,
			"company": order.company,
			"unallocated_amount": (">", 0),
		},
		fields=["name", "unallocated_amount", "paid_from_account_currency"],
		order_by="posting_date, name",
		limit=5,
	):
		yield Advance(
			row.name, flt(row.unallocated_amount), row.paid_from_account_currency or "", on_account=True
		)
