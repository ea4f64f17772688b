"""What differs between ERPNext 15 and 16, and the one place that asks which it is.

Each entry says what is different and when it can go: all of them end with the support of version 15. They
ask what is there, where that can be asked, and not for a number.
"""

from datetime import date

import frappe
from frappe.model.document import Document
from pypika import Table
from pypika.terms import Field

# Majors of Frappe and ERPNext that the app runs on
MAJORS = (15, 16)


def posted_at(bundle: Table) -> tuple[Field, ...]:
	"""What to order rows of Serial and Batch Bundle by, to have them as they were posted.

	16 has one `posting_datetime` in place of `posting_date` and `posting_time`.
	"""
	if frappe.get_meta("Serial and Batch Bundle").has_field("posting_datetime"):
		return (bundle.posting_datetime,)
	return (bundle.posting_date, bundle.posting_time)


def posting_of_bundle(doc: Document) -> dict:
	"""When a Serial and Batch Bundle that is made for `doc` is posted; see `posted_at`."""
	if frappe.get_meta("Serial and Batch Bundle").has_field("posting_datetime"):
		return {"posting_datetime": f"{doc.posting_date} {doc.posting_time}"}
	return {"posting_date": doc.posting_date, "posting_time": doc.posting_time}


def link_lead_parties(customer: Document) -> None:
	"""Have ERPNext link a customer with the address and contact of its lead.

	16 does the same for prospects, and has renamed the method.
	"""
	link = getattr(customer, "link_address_and_contact", None) or customer.link_lead_address_and_contact
	link()


def no_objection() -> bool | None:
	"""What a `has_permission` hook answers when it leaves the decision to others.

	In 15 the first answer that is not None decides, so that True would pass by what comes after it; in 16 None
	refuses.
	"""
	return None if frappe.__version__.startswith("15.") else True


def count_as(alias: str) -> str | dict:
	"""The field of `frappe.get_list` that counts its documents, by the name `alias`.

	16 takes no function in a text; the dict in its place is not known to every release of 15.
	"""
	return (
		f"count(name) as {alias}" if frappe.__version__.startswith("15.") else {"COUNT": "name", "as": alias}
	)


def check_books_are_open(day: date, company: str) -> None:
	"""Raise what ERPNext raises where the accounts are frozen up to `day` or later.

	16 keeps that date with the company, 15 for all of them.
	"""
	from erpnext.accounts.general_ledger import check_freezing_date

	if frappe.get_meta("Company").has_field("accounts_frozen_till_date"):
		check_freezing_date(day, company)
	else:
		check_freezing_date(day)


def check_account_is_open(account: str, company: str) -> None:
	"""Raise what ERPNext raises for an account that is frozen. 16 asks the company who may use it all the same."""
	from erpnext.accounts.doctype.gl_entry.gl_entry import validate_frozen_account

	if frappe.get_meta("Company").has_field("role_allowed_for_frozen_entries"):
		validate_frozen_account(company, account)
	else:
		validate_frozen_account(account)


def stock_account(doc: Document, item_code: str, warehouse: str) -> str:
	"""The account that ERPNext keeps the stock of an item in `warehouse` on for `doc`; raises what ERPNext
	raises where there is none. 16 can keep it by item."""
	from erpnext.stock import get_warehouse_account

	if getattr(doc, "use_item_inventory_account", False):
		row = frappe._dict(item_code=item_code, warehouse=warehouse)
		return doc.get_inventory_account_dict(row, doc.get_inventory_account_map()).account
	return get_warehouse_account(frappe.get_cached_doc("Warehouse", warehouse))


def chooses_parts(doc: Document) -> bool:
	"""Whether ERPNext chooses the batches and serial numbers of bundles' parts that come back with `doc`.

	16 takes the first ones that left, whatever the row of a part says; 15 goes by the row.
	"""
	return hasattr(doc, "get_value_for_packed_item")


def number_format_of(language: str | None) -> str | None:
	"""The number format that a language has of its own.

	16 keeps one for each language beside that of the site.
	"""
	if language and frappe.get_meta("Language").has_field("number_format"):
		return frappe.get_cached_value("Language", language, "number_format")
	return None


def signs_in_to_home_page() -> bool:
	"""Whether who signs in to the desk is led to their home page.

	15 leads to the home of the desk, and takes the home page for that of the website.
	"""
	return bool(frappe.db.exists("DocType", "Workspace Sidebar", cache=True))
