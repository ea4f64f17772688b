"""What ERPNext will refuse when a delivery is booked, asked beforehand (step 11).

ERPNext's own checks are asked, on rows that are never stored: they know the settings of the site, and what the
next version makes of them.
"""

from collections.abc import Callable, Hashable, Iterable, Iterator
from datetime import date
from functools import cache, partial
from typing import TypeVar

import frappe
from frappe.model.document import Document
from frappe.utils import cint, nowtime, strip_html

from metalcraft_workflow import compat
from metalcraft_workflow.facts.traceability import day_of, goods_of, stock_qty
from metalcraft_workflow.gates.message import as_requirement
from metalcraft_workflow.rules.requirement import Problem, Requirement, _lt

Row = TypeVar("Row")

# What ERPNext says, and what to do about it
CUSTOMER = _lt("{said}. Have the customer enabled, and save again.")
ITEM = _lt("Row {row}: {said}. Have the item enabled, or take the row off.")
DAY = _lt("{said}. Enter another posting date, or have Accounts open the books for it.")
ACCOUNT = _lt("Row {row}: {said}. Enter it in the row, or have Accounts set it.")
OTHER = _lt("{said}.")


def bookable(doc: Document) -> list[Requirement]:
	"""The requirement that ERPNext will book `doc`, a delivery or a return, when it is submitted."""
	found: dict[str, Problem] = {}
	for message, row, said in refusals(doc):
		# What holds of several rows is said of the first
		found.setdefault(said, Problem(message, {"row": row, "said": said.rstrip(".")}))
	return as_requirement(
		doc, "bookable", _lt("It can be booked"), found.values(), "posting_date", waivable=False
	)


def refusals(doc: Document) -> Iterator[tuple[str, int, str]]:
	"""What to say of a refusal, the row it is about, and ERPNext's own words."""
	for message, row, check in checks(doc):
		if said := refusal_of(check):
			yield message, row, said


def refusal_of(check: Callable[[], object]) -> str:
	"""What ERPNext says when `check` refuses, as plain text; empty when it does not."""
	said = list(frappe.local.message_log)
	try:
		check()
	except frappe.ValidationError as error:
		return " ".join(strip_html(str(error)).split())
	finally:
		frappe.local.message_log = said
	return ""


Check = tuple[str, int, Callable[[], object]]
# A line, and what it takes from stock: itself, or a part of its bundle
Goods = tuple[Document, Document]


def checks(doc: Document) -> Iterator[Check]:
	"""What ERPNext asks when `doc` is submitted; what holds of several rows is asked of the first."""
	from erpnext.stock.doctype.item.item import validate_end_of_life

	yield CUSTOMER, 0, doc.validate_party
	for row in first_of_each(doc.items, lambda row: row.item_code):
		yield ITEM, row.idx, partial(validate_end_of_life, row.item_code)
	yield from checks_of_day(doc)
	goods = [
		(line, row)
		for line, row in goods_of(doc)
		if row.warehouse and frappe.get_cached_value("Item", row.item_code, "is_stock_item")
	]
	yield from checks_of_stock(doc, goods)
	if keeps_accounts(doc.company):
		yield from checks_of_accounts(doc, goods)
	if doc.get("is_return"):
		return
	for check in (doc.validate_max_discount, doc.validate_selling_price, doc.validate_packed_qty):
		yield OTHER, 0, check
	if frappe.has_permission(doc.doctype, "submit", doc=doc):
		authority = frappe.get_doc("Authorization Control").validate_approving_authority
		yield OTHER, 0, partial(authority, doc.doctype, doc.company, doc.base_grand_total, doc)


def first_of_each(rows: Iterable[Row], key: Callable[[Row], Hashable]) -> list[Row]:
	"""The first of `rows` for each `key`."""
	found: dict[Hashable, Row] = {}
	for row in rows:
		found.setdefault(key(row), row)
	return list(found.values())


def checks_of_day(doc: Document) -> Iterator[Check]:
	"""Whether the books are open on the day that `doc` is posted on."""
	from erpnext.accounts.general_ledger import validate_accounting_period, validate_against_pcv
	from erpnext.accounts.utils import get_fiscal_year

	day = day_of(doc)
	yield DAY, 0, partial(get_fiscal_year, day, company=doc.company)
	entry = frappe._dict(voucher_type=doc.doctype, company=doc.company, posting_date=day)
	yield DAY, 0, partial(validate_accounting_period, [entry])
	if keeps_accounts(doc.company):
		yield DAY, 0, partial(compat.check_books_are_open, day, doc.company)
		yield DAY, 0, partial(validate_against_pcv, False, day, doc.company)


def checks_of_stock(doc: Document, goods: list[Goods]) -> Iterator[Check]:
	"""Whether `goods` can leave the stock of their warehouses."""
	from erpnext.stock.utils import validate_disabled_warehouse

	for line, row in first_of_each(goods, lambda pair: pair[1].warehouse):
		yield ITEM, line.idx, partial(validate_disabled_warehouse, row.warehouse)
	for _line, row in first_of_each(goods, _kept_as):
		entry = stock_entry_of(doc, row, day_of(doc))
		yield DAY, 0, entry.check_stock_frozen_date
		yield DAY, 0, entry.validate_with_last_transaction_posting_time


def _kept_as(pair: Goods) -> tuple[str, str]:
	_line, row = pair
	return row.item_code, row.warehouse


def stock_entry_of(doc: Document, row: Document, day: date) -> Document:
	"""What ERPNext would write of a row into the stock ledger."""
	return frappe.get_doc(
		{
			"doctype": "Stock Ledger Entry",
			"item_code": row.item_code,
			"warehouse": row.warehouse,
			"company": doc.company,
			"posting_date": day,
			"posting_time": doc.posting_time if cint(doc.set_posting_time) else nowtime(),
			"voucher_type": doc.doctype,
			"voucher_no": doc.name,
			"actual_qty": -stock_qty(row),
		}
	)


def checks_of_accounts(doc: Document, goods: list[Goods]) -> Iterator[Check]:
	"""Whether the lines of `goods` can be booked: on which accounts, with which cost center and dimensions."""
	stock_account = cache(partial(compat.stock_account, doc))
	booked: dict[tuple, tuple[Document, str]] = {}
	for line, row in first_of_each(goods, lambda pair: (pair[0].name, *_kept_as(pair))):
		yield ACCOUNT, line.idx, partial(doc.check_expense_account, line)
		of_stock = partial(stock_account, *_kept_as((line, row)))
		yield ACCOUNT, line.idx, of_stock
		for account in (line.get("expense_account"), None if refusal_of(of_stock) else of_stock()):
			if account:
				booked.setdefault((account, *dimensions_of(doc, line).values()), (line, account))
	for line, account in booked.values():
		entry = frappe.get_doc(
			{
				"doctype": "GL Entry",
				"account": account,
				"company": doc.company,
				"posting_date": day_of(doc),
				"voucher_type": doc.doctype,
				"voucher_no": doc.name,
				**dimensions_of(doc, line),
			}
		)
		for check in (
			entry.pl_must_have_cost_center,
			entry.validate_cost_center,
			partial(entry.validate_account_details, False),
			entry.validate_dimensions_for_pl_and_bs,
			partial(compat.check_account_is_open, account, doc.company),
		):
			yield ACCOUNT, line.idx, check


def dimensions_of(doc: Document, line: Document) -> dict[str, str | None]:
	"""What a line is booked by beside its account: cost center, project and the dimensions of the site."""
	from erpnext.accounts.doctype.accounting_dimension.accounting_dimension import (
		get_accounting_dimensions,
	)

	names = ("project", *get_accounting_dimensions())
	return {"cost_center": line.cost_center, **{name: line.get(name) or doc.get(name) for name in names}}


def keeps_accounts(company: str) -> bool:
	"""Whether what moves in stock is booked in the accounts of `company` at once."""
	import erpnext

	return bool(cint(erpnext.is_perpetual_inventory_enabled(company)))
