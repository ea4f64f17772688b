"""Deliveries, invoices and payments that tests arrange with, each made by the role whose step it is."""

import frappe
from frappe.utils import nowdate

from metalcraft_workflow.tests.support import deliveries, factories
from metalcraft_workflow.tests.support.factories import (
	ABBR,
	ACCOUNTS,
	COMPANY,
	CONTROLLER,
	SHIPPER,
	SUPPORT,
	act,
	as_user,
)

CASH = f"Cash - {ABBR}"
DEBTORS = f"Debtors - {ABBR}"
WRITE_OFF = f"Write Off - {ABBR}"
COST_CENTER = f"Main - {ABBR}"


def commit() -> None:
	"""Commit, as the end of a request does: what waits for the commit runs now."""
	frappe.db.commit()


def order(*lines, **fields):
	"""An approved order of a customer of its own."""
	customer = factories.make_customer(f"Payer {frappe.generate_hash(length=6)}")
	return deliveries.approved_order(*lines, **{"customer": customer, **fields})


def order_abroad(currency: str, *lines, rate: float, account_currency: str | None = None, **fields):
	"""An approved order in another currency than the company's, at `rate`, of a customer of its own; whose
	account is in `account_currency`, else in the company's."""
	customer = factories.make_customer(f"Payer {frappe.generate_hash(length=6)}", default_currency=currency)
	if account_currency:
		doc = frappe.get_doc("Customer", customer)
		doc.append("accounts", {"company": COMPANY, "account": receivable(account_currency)})
		doc.save()
	return deliveries.approved_order(
		*lines,
		customer=customer,
		currency=currency,
		conversion_rate=rate,
		selling_price_list=frappe.db.get_single_value("Selling Settings", "selling_price_list"),
		price_list_currency="USD",
		plc_conversion_rate=1,
		**fields,
	)


def receivable(currency: str) -> str:
	"""An account for what customers owe in `currency`."""
	name = f"Debtors {currency} - {ABBR}"
	if not frappe.db.exists("Account", name):
		frappe.get_doc(
			{
				"doctype": "Account",
				"account_name": f"Debtors {currency}",
				"parent_account": frappe.db.get_value("Account", DEBTORS, "parent_account"),
				"company": COMPANY,
				"account_type": "Receivable",
				"account_currency": currency,
			}
		).insert()
	return name


def ship(order, *quantities: float):
	"""Bring goods to Final Pack and take a delivery note of them to Shipped; all of the order when no
	quantities are given. Gives the delivery note."""
	deliveries.bring(order, *quantities)
	return deliveries.shipped(deliveries.packed(order))


def draft_invoice(delivery):
	"""Customer Support's draft of the invoice of a delivery note."""
	from erpnext.stock.doctype.delivery_note.delivery_note import make_sales_invoice

	with as_user(SUPPORT):
		return make_sales_invoice(delivery.name).insert()


def invoice(delivery, **fields):
	"""The submitted invoice of a delivery note, by Customer Support."""
	doc = draft_invoice(delivery)
	with as_user(SUPPORT):
		doc.update(fields)
		doc.submit()
	return doc


def invoice_order(order, qty: float | None = None):
	"""The submitted invoice of an order (of `qty` of its first line), not of a delivery."""
	from erpnext.selling.doctype.sales_order.sales_order import make_sales_invoice

	with as_user(SUPPORT):
		doc = make_sales_invoice(order.name)
		if qty:
			doc.items[0].qty = qty
		doc.insert()
		doc.submit()
		return doc


def draft_invoice_of_order(order):
	"""Customer Support's draft of the invoice of an order, not of a delivery."""
	from erpnext.selling.doctype.sales_order.sales_order import make_sales_invoice

	with as_user(SUPPORT):
		return make_sales_invoice(order.name).insert()


def pay(*invoices, amount: float | None = None, user: str = ACCOUNTS, submit: bool = True):
	"""A Payment Entry over `invoices` in full, or over `amount` of each; submitted, or left a draft."""
	with as_user(user):
		entry = _payment(invoices[0].customer)
		for doc in invoices:
			outstanding = frappe.db.get_value("Sales Invoice", doc.name, "outstanding_amount")
			entry.append(
				"references",
				{
					"reference_doctype": "Sales Invoice",
					"reference_name": doc.name,
					"allocated_amount": outstanding if amount is None else amount,
				},
			)
		entry.paid_amount = entry.received_amount = sum(row.allocated_amount for row in entry.references)
		return _submit(entry) if submit else entry.insert()


def pay_abroad(doc, amount: float | None = None, rate: float | None = None):
	"""A Payment Entry for an order or an invoice in any currency: in full or of `amount`, at `rate`, or at that
	of the document."""
	from erpnext.accounts.doctype.payment_entry.payment_entry import get_payment_entry

	with as_user(ACCOUNTS):
		entry = get_payment_entry(doc.doctype, doc.name, party_amount=amount)
		entry.update({"reference_no": "1", "reference_date": nowdate()})
		if rate:
			entry.source_exchange_rate = rate
			entry.received_amount = entry.paid_amount * rate
			entry.set_amounts()
		return _submit(entry)


def refund(credit_note):
	"""Pay a credit note out."""
	with as_user(ACCOUNTS):
		entry = _payment(credit_note.customer)
		amount = -frappe.db.get_value("Sales Invoice", credit_note.name, "outstanding_amount")
		entry.update({"payment_type": "Pay", "paid_from": CASH, "paid_to": DEBTORS})
		entry.paid_amount = entry.received_amount = amount
		entry.append(
			"references",
			{
				"reference_doctype": "Sales Invoice",
				"reference_name": credit_note.name,
				"allocated_amount": -amount,
			},
		)
		return _submit(entry)


def pay_in_advance(order, amount: float, against_order: bool = True):
	"""A Payment Entry before there is an invoice: against the order, or on account."""
	with as_user(ACCOUNTS):
		entry = _payment(order.customer)
		entry.paid_amount = entry.received_amount = amount
		if against_order:
			entry.append(
				"references",
				{
					"reference_doctype": "Sales Order",
					"reference_name": order.name,
					"allocated_amount": amount,
				},
			)
		return _submit(entry)


def reconcile(customer: str) -> None:
	"""Match payments on account and credit notes with the customer's invoices, as the tool does."""
	with as_user(CONTROLLER):
		tool = frappe.get_doc("Payment Reconciliation")
		tool.update(
			{
				"company": COMPANY,
				"party_type": "Customer",
				"party": customer,
				"receivable_payable_account": DEBTORS,
			}
		)
		tool.get_unreconciled_entries()
		tool.allocate_entries(
			frappe._dict(
				invoices=[row.as_dict() for row in tool.invoices],
				payments=[row.as_dict() for row in tool.payments],
			)
		)
		tool.reconcile()


def journal(doc, amount: float, account: str = CASH, user: str = ACCOUNTS):
	"""A submitted Journal Entry that takes `amount` off an invoice, or is paid in advance of an order: cash,
	or written off."""
	entry = journal_draft(doc, amount, account, user)
	with as_user(user):
		entry.submit()
	return entry


def journal_draft(doc, amount: float, account: str = CASH, user: str = ACCOUNTS):
	with as_user(user):
		return frappe.get_doc(
			{
				"doctype": "Journal Entry",
				"company": COMPANY,
				"posting_date": nowdate(),
				"accounts": [
					{
						"account": DEBTORS,
						"party_type": "Customer",
						"party": doc.customer,
						"credit_in_account_currency": amount,
						"reference_type": doc.doctype,
						"reference_name": doc.name,
						"is_advance": "Yes" if doc.doctype == "Sales Order" else "No",
						"cost_center": COST_CENTER,
					},
					{
						"account": account,
						"debit_in_account_currency": amount,
						"cost_center": COST_CENTER,
					},
				],
			}
		).insert()


def drop_ship(item_code: str) -> dict:
	"""Fields of an order whose one line the supplier delivers."""
	if not frappe.db.exists("Supplier", "MT Supplier"):
		frappe.get_doc(
			{"doctype": "Supplier", "supplier_name": "MT Supplier", "supplier_group": "All Supplier Groups"}
		).insert()
	line = {"item_code": item_code, "qty": 2, "rate": 100}
	return {"items": [{**line, "delivered_by_supplier": 1, "supplier": "MT Supplier"}]}


def order_from_supplier(order, *lines: dict):
	"""The submitted Purchase Order of what a supplier delivers of an order; `lines` are other values on its
	first lines."""
	from erpnext.selling.doctype.sales_order.sales_order import make_purchase_order

	with as_user("Administrator"):
		rows = [row.as_dict() for row in order.items if row.delivered_by_supplier]
		made = make_purchase_order(order.name, rows)
		(doc,) = made if isinstance(made, list) else [made]  # 16 makes one a supplier
		doc.supplier = "MT Supplier"
		doc.schedule_date = order.delivery_date
		for row in doc.items:
			row.rate, row.schedule_date = 10, order.delivery_date
		for row, values in zip(doc.items, lines, strict=False):
			row.update({"conversion_factor": 0, **values})
		doc.save()  # 16 has inserted it already
		doc.submit()
		return doc


def take_back(delivery, qty: float | None = None):
	"""A return of a delivery note (of `qty` of its first line), received by Shipping."""
	from erpnext.stock.doctype.delivery_note.delivery_note import make_sales_return

	with as_user("Administrator"):
		doc = make_sales_return(delivery.name)
		if qty:
			doc.set("items", doc.items[:1])
			doc.items[0].qty = -qty
		doc.insert()
	return act(doc, "Receive Return", SHIPPER)


def credit(invoice, qty: float | None = None, **fields):
	"""A submitted credit note for an invoice (for `qty` of its first line)."""
	from erpnext.accounts.doctype.sales_invoice.sales_invoice import make_sales_return

	with as_user(CONTROLLER):
		doc = make_sales_return(invoice.name)
		if qty:
			doc.set("items", doc.items[:1])
			doc.items[0].qty = -qty
		doc.update(fields)
		doc.insert()
		doc.submit()
		return doc


def cancel(doc, user: str = CONTROLLER) -> None:
	"""Cancel a document as `user`."""
	with as_user(user):
		frappe.get_doc(doc.doctype, doc.name).cancel()


def portal_user(customer: str, email: str = "") -> str:
	"""A signed-in user of the portal who belongs to `customer`; gives the email."""
	email = email or f"{frappe.generate_hash(length=8)}@customer.test"
	user = frappe.get_doc(
		{
			"doctype": "User",
			"email": email,
			"first_name": customer,
			"send_welcome_email": 0,
			"user_type": "Website User",
			"roles": [{"role": "Customer"}],
		}
	)
	user.flags.no_welcome_mail = True
	user.insert()
	frappe.get_doc(
		{
			"doctype": "Contact",
			"first_name": customer,
			"user": email,
			"email_ids": [{"email_id": email, "is_primary": 1}],
			"links": [{"link_doctype": "Customer", "link_name": customer}],
		}
	).insert()
	return email


def state(order) -> tuple:
	"""What a user sees of an order: its status and its stage."""
	return tuple(frappe.db.get_value("Sales Order", order.name, ["status", "order_stage"]))


def _payment(customer: str):
	return frappe.get_doc(
		{
			"doctype": "Payment Entry",
			"payment_type": "Receive",
			"company": COMPANY,
			"posting_date": nowdate(),
			"party_type": "Customer",
			"party": customer,
			"paid_from": DEBTORS,
			"paid_to": CASH,
			"source_exchange_rate": 1,
			"target_exchange_rate": 1,
		}
	)


def _submit(entry):
	entry.insert()
	entry.submit()
	return entry
