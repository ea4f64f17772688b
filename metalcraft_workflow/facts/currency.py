"""How small an amount can be in a currency."""

import frappe
from frappe.model.meta import get_field_precision
from frappe.utils import cint


def smallest_amount(currency: str | None) -> float:
	"""The smallest amount that is paid in `currency`: one yen, a cent, a thousandth of a dinar.

	By the decimals of its number format, which is how Frappe writes it. Coins may be larger, as the five
	rappen are; a transfer knows the cent all the same.
	"""
	return 10.0 ** -decimals(currency)


def smallest_kept(currency: str | None) -> float:
	"""The smallest amount in `currency` that lines of orders and invoices are rounded to.

	Frappe rounds amounts of all currencies as the site says, whether or not the currency has such decimals;
	people round to what it has.
	"""
	kept = get_field_precision(frappe.get_meta("Sales Order Item").get_field("amount"))
	return 10.0 ** -min(decimals(currency), kept)


def decimals(currency: str | None) -> int:
	"""How many decimals amounts of `currency` have."""
	if not currency:
		return 2
	pattern, fractions = frappe.get_cached_value("Currency", currency, ["number_format", "fraction_units"])
	if pattern:
		signs = pattern.replace("#", "")
		# "#.###" and "#,###" group thousands, and have no decimals
		return len(pattern) - len(pattern.rstrip("#")) if len(set(signs)) > 1 else 0
	return len(str(cint(fractions))) - 1 if cint(fractions) > 1 else 2
