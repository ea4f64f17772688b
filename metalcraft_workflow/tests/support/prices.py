"""Pricing rules that tests arrange with."""

import frappe
from frappe.utils import nowdate

from metalcraft_workflow.tests.support.factories import COMPANY, make_item


def make_rule(item_code: str | None = None, **fields):
	"""A pricing rule for selling, of today: for an item, or for a whole document when none is named."""
	return frappe.get_doc(
		{
			"doctype": "Pricing Rule",
			"title": f"Rule {frappe.generate_hash(length=6)}",
			"apply_on": "Item Code" if item_code else "Transaction",
			"items": [{"item_code": item_code}] if item_code else [],
			"selling": 1,
			"company": COMPANY,
			"currency": "USD",
			"valid_from": nowdate(),
			"price_or_product_discount": "Price",
			"rate_or_discount": "Discount Percentage",
			**fields,
		}
	).insert()


def free_with(item_code: str, free_item: str, **fields):
	"""A rule that gives one piece of `free_item` for every ten of an item."""
	return make_rule(
		item_code,
		price_or_product_discount="Product",
		rate_or_discount=None,
		free_item=free_item,
		free_qty=1,
		is_recursive=1,
		recurse_for=10,
		**fields,
	)


def listed(item_code: str, rate: float = 100) -> str:
	"""An item with a price on the standard price list."""
	make_item(item_code)
	if not frappe.db.exists("Item Price", {"item_code": item_code}):
		frappe.get_doc(
			{
				"doctype": "Item Price",
				"item_code": item_code,
				"price_list": "Standard Selling",
				"price_list_rate": rate,
			}
		).insert()
	return item_code
