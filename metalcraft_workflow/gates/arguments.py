"""Arguments of a request, before anything has looked at them."""

from typing import Any

import frappe


def parsed(value: Any) -> Any:
	"""What an argument says in JSON; the argument itself where it is none."""
	if isinstance(value, str) and value.lstrip()[:1] in ("{", "["):
		try:
			return frappe.parse_json(value)
		except (ValueError, RecursionError):
			return value
	return value
