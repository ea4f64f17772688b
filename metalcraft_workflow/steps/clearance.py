"""Step 10: Customer Support clears a delivery for shipment."""

from collections import defaultdict

import frappe
from frappe.model.document import Document
from frappe.query_builder.functions import Sum
from frappe.utils import flt

from metalcraft_workflow.facts import credit, delivery, documents
from metalcraft_workflow.facts.advances import open_advances
from metalcraft_workflow.facts.approved import as_approved
from metalcraft_workflow.facts.currency import smallest_amount
from metalcraft_workflow.facts.orders import total_of
from metalcraft_workflow.gates import record, registry
from metalcraft_workflow.gates.names import names_of
from metalcraft_workflow.rules import clearance as rules
from metalcraft_workflow.rules import path
from metalcraft_workflow.rules.fingerprint import fingerprint, fingerprint_of_tables
from metalcraft_workflow.rules.requirement import Link, Requirement, _lt
from metalcraft_workflow.rules.vouched import CLEARANCE_2

# What a clearance stood on at first, beside the gates before it
CLEARED_FIELDS = (
	"customer",
	"company",
	"currency",
	"shipping_address_name",
	"shipping_address",
	"grand_total",
)


def requirements(doc: Document) -> list[Requirement]:
	"""What the clearance asks for: gate `clear`."""
	# Who may waive a document decides it once, when the documents are released
	waived = "documents" in record.waived_codes(doc, "release_documents")
	prepaid = rules.prepayment(orders_with_payments(doc))
	return [
		*documents.documents_complete(doc, waived),
		*delivery.order_released(doc),
		*as_approved(doc),
		credit.requirement(doc),
		*([prepaid] if prepaid else []),
		ship_to(doc),
	]


def ship_to(doc: Document) -> Requirement:
	"""The requirement that the delivery has an address to go to: where there is none of its own, prints and
	carriers go by that of the customer."""
	return Requirement(
		code="ship_to",
		label=_lt("Ship-to address"),
		message=_lt("Choose the address that the goods go to, or make one for {customer}."),
		params={"customer": doc.customer_name or doc.customer},
		met=bool(doc.shipping_address_name or doc.customer_address),
		link=Link(doc.doctype, doc.name, "shipping_address_name"),
	)


def orders_with_payments(doc: Document) -> list[rules.Order]:
	"""The orders of `doc` with what their payment terms ask for in advance, and what was paid."""
	orders = delivery.process_orders(doc)
	templates = {order.payment_terms_template for order in orders} - {None, ""}
	if not templates:
		return []
	percent = dict(
		frappe.get_all(
			"Payment Terms Template",
			filters={"name": ["in", list(templates)], "prepayment_percent": [">", 0]},
			fields=["name", "prepayment_percent"],
			as_list=True,
		)
	)
	orders = [order for order in orders if percent.get(order.payment_terms_template)]
	names = [order.name for order in orders]
	advances, paid = open_advances(names), paid_on_invoices(names)
	return [
		delivery.as_fact(
			order,
			total=total_of(order, order.party_account_currency),
			prepayment=flt(percent[order.payment_terms_template]),
			paid=sum(advance.amount for advance in advances[order.name]) + paid.get(order.name, 0),
			currency=order.party_account_currency or order.currency,
			rounding=smallest_amount(order.party_account_currency or order.currency) / 2,
		)
		for order in orders
	]


def paid_on_invoices(orders: list[str]) -> dict[str, float]:
	"""Order -> what was paid of its invoices: by payment entries and journal entries, not by credit
	notes. Of an invoice for several orders, each has its share."""
	if not orders:
		return {}
	invoice, line, entry = (
		frappe.qb.DocType("Sales Invoice"),
		frappe.qb.DocType("Sales Invoice Item"),
		frappe.qb.DocType("Payment Ledger Entry"),
	)
	shares = (
		frappe.qb.from_(line)
		.join(invoice)
		.on(line.parent == invoice.name)
		.where(line.sales_order.isin(orders))
		.where(invoice.docstatus == 1)
		.where(invoice.is_return == 0)
		.groupby(line.parent, line.sales_order)
		.select(
			line.parent, line.sales_order, Sum(line.base_net_amount).as_("amount"), invoice.base_net_total
		)
		.run(as_dict=True)
	)
	names = {row.parent for row in shares}
	if not names:
		return {}
	payments = dict(
		frappe.qb.from_(entry)
		.where(entry.against_voucher_type == "Sales Invoice")
		.where(entry.against_voucher_no.isin(list(names)))
		.where(entry.voucher_type.isin(["Payment Entry", "Journal Entry"]))
		.where(entry.delinked == 0)
		.groupby(entry.against_voucher_no)
		.select(entry.against_voucher_no, Sum(entry.amount_in_account_currency))
		.run()
	)
	found: dict[str, float] = defaultdict(float)
	for row in shares:
		share = flt(row.amount) / flt(row.base_net_total) if flt(row.base_net_total) else 1
		# A payment makes the debt smaller, so its amount is below zero
		found[row.sales_order] -= flt(payments.get(row.parent)) * share
	return found


def clearance_fingerprint_2(doc: Document) -> str:
	"""Digest of what a clearance vouches for beside the gates before it: where the delivery goes, and for
	how much."""
	return fingerprint_of_tables(names_of(doc).tables(doc, CLEARANCE_2), CLEARANCE_2)


def clearance_fingerprint_1(doc: Document) -> str:
	"""The same, for records of the first version: with what the gates before it vouched for then."""
	header = names_of(doc).rows([doc], CLEARED_FIELDS)
	# A gate that vouches for nothing has no say in it
	released = {
		gate: digest
		for gate in path.earlier("clear")
		if (digest := registry.fingerprint_by(registry.first_makers_of(gate), doc))
	}
	lines = [{"line": row.name, "rate": row.rate} for row in doc.items]
	return fingerprint([*header, released, *lines], (*CLEARED_FIELDS, *released, "line", "rate"))
