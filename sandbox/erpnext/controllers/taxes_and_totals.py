"""What a document comes to: lines, taxes, discount."""

import frappe
from frappe.utils import flt, money_in_words


def calculate(doc) -> None:
	rate = flt(doc.get("conversion_rate")) or 1
	for row in doc.items:
		price_line(row, rate)
	doc.total_qty = sum(flt(row.qty) for row in counted(doc))
	doc.total_net_weight = sum(flt(row.get("total_weight")) for row in doc.items)
	doc.total = flt(sum(row.amount for row in counted(doc)), 2)
	net_off = add_taxes(doc, 0)
	discount(doc, net_off, rate)
	doc.base_total = flt(doc.total * rate, 2)
	for field in ("net_total", "grand_total", "total_taxes_and_charges"):
		doc.set(f"base_{field}", flt(doc.get(field) * rate, 2))
	rounded = not doc.get("disable_rounded_total") and not frappe.db.get_single_value(
		"Global Defaults", "disable_rounded_total"
	)
	doc.rounded_total = doc.grand_total if rounded else 0
	doc.base_rounded_total = doc.base_grand_total if rounded else 0
	doc.rounding_adjustment = doc.base_rounding_adjustment = 0
	if doc.doctype == "Sales Invoice" and doc.docstatus == 0:
		payable = doc.rounded_total or doc.grand_total
		advance = sum(flt(row.allocated_amount) for row in doc.get("advances") or [])
		doc.total_advance = advance
		doc.outstanding_amount = flt(payable - advance, 2)


def counted(doc) -> list:
	"""The lines that count; alternatives on a quotation do not."""
	return [row for row in doc.items if not row.get("is_alternative")]


def price_line(row, rate: float) -> None:
	if flt(row.get("price_list_rate")) and not flt(row.rate) and not row.is_free_item:
		row.rate = flt(row.price_list_rate) * (1 - flt(row.discount_percentage) / 100)
	if flt(row.get("price_list_rate")):
		if flt(row.rate) <= flt(row.price_list_rate):
			row.discount_amount = flt(row.price_list_rate) - flt(row.rate)
			row.discount_percentage = row.discount_amount / flt(row.price_list_rate) * 100
			row.margin_rate_or_amount = row.rate_with_margin = 0
		else:
			row.discount_amount = row.discount_percentage = 0
			row.margin_type, row.rate_with_margin = "Amount", row.rate
			row.margin_rate_or_amount = flt(row.rate) - flt(row.price_list_rate)
	row.rate = flt(row.rate, row.precision("rate"))
	row.amount = row.net_amount = flt(row.rate * flt(row.qty), row.precision("amount"))
	row.net_rate = row.rate
	row.total_weight = flt(row.get("weight_per_unit")) * flt(row.get("stock_qty"))
	row.distributed_discount_amount = 0
	for field in ("rate", "amount", "price_list_rate", "net_rate", "net_amount"):
		row.set(f"base_{field}", flt(flt(row.get(field)) * rate, 2))


def add_taxes(doc, off: float) -> float:
	"""Net total, taxes and grand total when `off` is taken from the lines; gives the grand total."""
	doc.net_total = flt(doc.total - off, 2)
	running = doc.net_total
	for number, tax in enumerate(doc.get("taxes") or []):
		before = doc.taxes[int(tax.row_id) - 1] if tax.row_id else doc.taxes[number - 1] if number else None
		base = {
			"On Net Total": doc.net_total,
			"On Previous Row Amount": before and flt(before.tax_amount),
			"On Previous Row Total": before and flt(before.total),
			"On Item Quantity": flt(doc.total_qty) * 100,
		}
		if tax.charge_type in base:
			tax.tax_amount = flt(flt(base[tax.charge_type]) * flt(tax.rate) / 100, 2)
		tax.tax_amount_after_discount_amount = tax.tax_amount = flt(tax.tax_amount, 2)
		running = flt(running + tax.tax_amount, 2)
		tax.total = running
		rate = flt(doc.get("conversion_rate")) or 1
		for field in ("tax_amount", "total", "tax_amount_after_discount_amount"):
			tax.set(f"base_{field}", flt(flt(tax.get(field)) * rate, 2))
	doc.grand_total = running
	doc.total_taxes_and_charges = flt(running - doc.net_total, 2)
	return doc.grand_total


def discount(doc, grand_total: float, rate: float) -> None:
	"""Take the discount on the whole off, spread over the lines."""
	on_net = doc.get("apply_discount_on") == "Net Total"
	if flt(doc.get("additional_discount_percentage")):
		base = doc.net_total if on_net else grand_total
		doc.discount_amount = flt(base * flt(doc.additional_discount_percentage) / 100, 2)
	doc.base_discount_amount = flt(flt(doc.get("discount_amount")) * rate, 2)
	amount = flt(doc.get("discount_amount"))
	if not amount or not doc.total:
		return
	# What is taken off the grand total comes off the lines with the taxes on them
	off = amount if on_net or not grand_total else amount * doc.net_total / grand_total
	for row in counted(doc):
		share = off * row.amount / doc.total
		row.distributed_discount_amount = flt(share, 2)
		row.net_amount = flt(row.amount - share, 2)
		row.net_rate = flt(row.net_amount / row.qty, 2) if row.qty else 0
		row.base_net_amount, row.base_net_rate = flt(row.net_amount * rate, 2), flt(row.net_rate * rate, 2)
	add_taxes(doc, off)


def in_words(doc) -> None:
	for prefix, currency in (
		("", doc.currency),
		("base_", frappe.get_cached_value("Company", doc.company, "default_currency")),
	):
		amount = flt(doc.get(f"{prefix}rounded_total")) or flt(doc.get(f"{prefix}grand_total"))
		doc.set(f"{prefix}in_words", money_in_words(amount, currency))
