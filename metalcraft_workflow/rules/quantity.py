"""Quantities and amounts: how exactly they are kept, and how they are said."""

# Quantities are kept to this many places
PLACES = 6


def tolerance(places: int) -> float:
	"""Quantities that differ by less are the same, where so many decimals of them are kept."""
	return 0.5 * float(10**-places)


def plain(qty: float) -> str:
	"""A quantity without trailing zeros."""
	return f"{qty:.{PLACES}f}".rstrip("0").rstrip(".")


def plain_money(amount: float, currency: str = "") -> str:
	"""An amount where nobody says how people write it."""
	return f"{amount:,.2f} {currency}".rstrip()
