"""Quantities and amounts: how exactly they are kept, and how people write them.

A sentence carries a `Qty` or `Money` and not the text of one: who reads it decides how it is
written. `gates.numbers` knows the reader's format.
"""

import math
import re
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal

# Quantities are kept to this many places
PLACES = 6


def tolerance(places: int) -> float:
	"""Quantities that differ by less are the same, where so many decimals of them are kept."""
	return 0.5 * float(10**-places)


@dataclass(frozen=True)
class NumberFormat:
	"""How numbers are written.

	decimal   the sign before the decimals
	group     the sign between groups of digits; empty when they are not grouped
	lakhs     whether the groups after the first three digits have two, as in India
	decimals  how many the format shows of an amount
	"""

	decimal: str = "."
	group: str = ","
	lakhs: bool = False
	decimals: int = 2


def number_format(pattern: str) -> NumberFormat:
	"""The format that `pattern` shows, as "#.###,##".

	One without decimals names no sign for them, although quantities have some: of comma and point it is
	the one that does not group.
	"""
	signs = [sign for sign in re.split("#+", pattern) if sign]
	last = len(pattern) - len(pattern.rstrip("#"))
	if len(set(signs)) > 1:
		return NumberFormat(signs[-1], signs[0], len(signs) > 2, last)
	if not signs:
		return NumberFormat(group="", decimals=0)
	if last == 3:
		return NumberFormat("," if signs[0] == "." else ".", signs[0], len(signs) > 1, 0)
	return NumberFormat(signs[0], "", False, last)


def written(value: float, form: NumberFormat, least: int = 0, most: int = PLACES) -> str:
	"""`value` in the format `form`: with as many decimals as it has, but no fewer than `least` and no more
	than `most`."""
	if not math.isfinite(value):
		return str(value)
	exact = Decimal(repr(value)).quantize(Decimal(1).scaleb(-max(least, most)), ROUND_HALF_UP)
	whole, _point, decimals = f"{abs(exact):f}".partition(".")
	decimals = decimals[:least] + decimals[least:].rstrip("0")
	text = grouped(whole, form) + (form.decimal + decimals if decimals else "")
	return f"-{text}" if exact < 0 else text


def grouped(digits: str, form: NumberFormat) -> str:
	"""Whole digits in groups: of three, or of two after the first three from the right."""
	groups, size = [digits[-3:]], 2 if form.lakhs else 3
	rest = digits[:-3]
	while rest:
		groups.insert(0, rest[-size:])
		rest = rest[:-size]
	return form.group.join(groups)


# Where nobody says how people write numbers
NEUTRAL = NumberFormat(group="")


@dataclass(frozen=True)
class Qty:
	"""A quantity for a sentence, in a unit if that is to be said."""

	value: float
	uom: str = ""

	def __str__(self) -> str:
		return f"{written(self.value, NEUTRAL)} {self.uom}".rstrip()


@dataclass(frozen=True)
class Money:
	"""An amount for a sentence: it has the decimals of its currency."""

	amount: float
	currency: str = ""

	def __str__(self) -> str:
		return f"{written(self.amount, NumberFormat(), 2, 2)} {self.currency}".rstrip()
