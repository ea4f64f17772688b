"""Quantities, amounts and days as people write them: the one writer for sentences, mails, prints and pages.

Whoever reads it has it in the format of the site; of their language, where Frappe keeps one for it.
The `written_` functions and `amount_form` are Jinja methods too.
"""

from datetime import date, datetime
from typing import Any

import frappe
from frappe import _
from frappe.utils import cint, flt, format_datetime, formatdate

from metalcraft_workflow import compat
from metalcraft_workflow.rules import quantity as rules


def written_qty(qty: float | None, uom: str | None = "") -> str:
	"""A quantity, with all the decimals it has and no others, and its unit."""
	text = rules.written(flt(qty), number_format())
	return f"{text} {_(uom)}" if uom else text


def written_money(amount: float | None, currency: str | None) -> str:
	"""An amount, with the decimals of its currency: more only where the site keeps more of all amounts."""
	return with_sign(
		rules.written(flt(amount), number_format(currency), *amount_decimals(currency)), currency
	)


def written_price(price: float | None, currency: str | None) -> str:
	"""The price of one: with the decimals of its currency, and more where it has more."""
	text = rules.written(flt(price), number_format(currency), currency_decimals(currency))
	return with_sign(text, currency)


def written_day(day: date | str | None) -> str:
	"""A day; nothing when there is none."""
	return formatdate(day) if day else ""


def written_time(moment: datetime | str | None) -> str:
	"""A day with its time; nothing when there is none."""
	return format_datetime(moment) if moment else ""


def written(value: Any) -> Any:
	"""What stands in a sentence, in words; what needs no format is given back as it is."""
	if isinstance(value, rules.Qty):
		return written_qty(value.value, value.uom)
	if isinstance(value, rules.Money):
		return written_money(value.amount, value.currency)
	if isinstance(value, datetime):
		return written_time(value)
	if isinstance(value, date):
		return written_day(value)
	return value


def amount_form(currency: str | None) -> dict:
	"""How amounts of `currency` are written, for public/js/numbers.js."""
	least, most = amount_decimals(currency)
	symbol, on_right = sign_of(currency)
	return {
		"pattern": pattern(currency),
		"least": least,
		"most": most,
		"symbol": symbol,
		"on_right": on_right,
	}


def number_format(currency: str | None = None) -> rules.NumberFormat:
	"""How the reader writes numbers, or amounts of `currency`."""
	return rules.number_format(pattern(currency))


def pattern(currency: str | None = None) -> str:
	"""What Frappe calls the number format: that of the site or, for amounts where the site says so, that of
	their currency."""
	own = currency and cint(frappe.db.get_default("use_number_format_from_currency"))
	return (
		(own and frappe.get_cached_value("Currency", currency, "number_format"))
		or compat.number_format_of(frappe.local.lang)
		or frappe.db.get_default("number_format")
		or "#,###.##"
	)


def currency_decimals(currency: str | None) -> int:
	"""How many decimals amounts of `currency` have: as it is written, and not as the site writes numbers."""
	pattern, fractions = (
		currency and frappe.get_cached_value("Currency", currency, ["number_format", "fraction_units"])
	) or (None, None)
	if pattern:
		return rules.number_format(pattern).decimals
	return len(str(cint(fractions))) - 1 if cint(fractions) > 1 else 2


def amount_decimals(currency: str | None) -> tuple[int, int]:
	"""How many decimals amounts of `currency` have at least, and at most."""
	least = currency_decimals(currency)
	return least, max(least, cint(frappe.db.get_default("currency_precision")))


def with_sign(text: str, currency: str | None) -> str:
	"""An amount with the sign of its currency, on the side where it stands."""
	sign, on_right = sign_of(currency)
	if not sign:
		return text
	return f"{text} {sign}" if on_right else f"{sign} {text}"


def sign_of(currency: str | None) -> tuple[str, bool]:
	"""The sign of `currency`, and whether it stands to the right; none where the site wants none."""
	if not currency or frappe.db.get_default("hide_currency_symbol") == "Yes":
		return "", False
	symbol, on_right = frappe.get_cached_value("Currency", currency, ["symbol", "symbol_on_right"]) or ("", 0)
	return _(symbol or currency), bool(cint(on_right))
