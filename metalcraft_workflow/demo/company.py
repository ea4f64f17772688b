"""The demo's own company: its books, warehouses, price lists, payment terms and row in the settings.

Nothing that exists on the site is changed. The one exception is the table of warehouses in Metalcraft
Settings, which gets a row for this company.
"""

import contextlib
import io

import frappe
from frappe.utils import add_days, add_months, get_first_day, getdate, nowdate

COMPANY = "Fireline Demo"
COUNTRY, CURRENCY, TIME_ZONE = "United States", "USD", "America/New_York"
ABBREVIATIONS = ("FD", "FLD", "FLDM")

SELLING, BUYING = f"{COMPANY} Selling", f"{COMPANY} Buying"
NET_30, PREPAID = f"{COMPANY} Net 30", f"{COMPANY} Half in Advance"


def make_company() -> None:
	"""Make the company and all that stands in its name; what is there already is left alone."""
	if not frappe.db.count("Company"):
		set_up_site()
	if not frappe.db.exists("Company", COMPANY):
		ensure("Company", {"company_name": COMPANY}, **books())
	make_fiscal_year()
	for name in ("Production", "Final Pack", "Shipping", "Returns"):
		ensure(
			"Warehouse",
			{"warehouse_name": name, "company": COMPANY},
			parent_warehouse=root("Warehouse", company=COMPANY),
		)
	if not frappe.db.get_value("Company", COMPANY, "default_warehouse_for_sales_return"):
		frappe.db.set_value("Company", COMPANY, "default_warehouse_for_sales_return", warehouse("Returns"))
		frappe.clear_document_cache("Company", COMPANY)
	make_bank_account()
	for name, selling in ((SELLING, 1), (BUYING, 0)):
		ensure(
			"Price List",
			{"price_list_name": name},
			currency=CURRENCY,
			selling=selling,
			buying=1 - selling,
			enabled=1,
		)
	make_terms(NET_30, credit_days=30)
	make_terms(PREPAID, credit_days=30, prepayment_percent=50)
	make_settings_row()


def books() -> dict:
	"""What ERPNext asks of a new company."""
	taken = set(frappe.get_all("Company", pluck="abbr"))
	return {
		"abbr": next(abbr for abbr in ABBREVIATIONS if abbr not in taken),
		"default_currency": CURRENCY,
		"country": COUNTRY,
		"enable_perpetual_inventory": 1,
		"create_chart_of_accounts_based_on": "Standard Template",
		"chart_of_accounts": "Standard",
	}


def set_up_site() -> None:
	"""Finish the set-up of a site that has no company yet, with the demo's as its first."""
	from frappe.desk.page.setup_wizard.setup_wizard import setup_complete

	year = getdate().year
	company = books()
	# The set-up wizard tells the terminal what it does, between the lines of the demo
	with contextlib.redirect_stdout(io.StringIO()):
		setup_complete(
			{
				"language": "English",
				"country": COUNTRY,
				"timezone": TIME_ZONE,
				"currency": CURRENCY,
				"company_name": COMPANY,
				"company_abbr": company["abbr"],
				"chart_of_accounts": company["chart_of_accounts"],
				"fy_start_date": f"{year}-01-01",
				"fy_end_date": f"{year}-12-31",
			}
		)


def make_fiscal_year() -> None:
	"""Make a fiscal year of the company's own, where none of the site's covers today for it."""
	from erpnext.accounts.utils import FiscalYearError, get_fiscal_year

	try:
		get_fiscal_year(nowdate(), company=COMPANY)
	except FiscalYearError:
		frappe.clear_messages()
		start = get_first_day(nowdate())
		frappe.get_doc(
			{
				"doctype": "Fiscal Year",
				"year": f"{COMPANY} {start:%Y-%m}",
				"year_start_date": start,
				"year_end_date": add_days(add_months(start, 12), -1),
				"companies": [{"company": COMPANY}],
			}
		).insert()


def make_bank_account() -> None:
	"""Give the company an account that customers pay to."""
	if frappe.db.get_value("Company", COMPANY, "default_bank_account"):
		return
	parent = frappe.db.get_value("Account", {"company": COMPANY, "account_type": "Bank", "is_group": 1})
	account = ensure(
		"Account",
		{"account_name": "Fireline Bank", "company": COMPANY},
		parent_account=parent,
		account_type="Bank",
		account_currency=CURRENCY,
	)
	company = frappe.get_doc("Company", COMPANY)
	company.default_bank_account = account
	company.save()


def make_terms(name: str, credit_days: int, prepayment_percent: float = 0) -> None:
	"""Make a payment terms template of one term."""
	ensure(
		"Payment Terms Template",
		{"template_name": name},
		prepayment_percent=prepayment_percent,
		terms=[
			{
				"invoice_portion": 100,
				"due_date_based_on": "Day(s) after invoice date",
				"credit_days": credit_days,
				"description": name,
			}
		],
	)


def make_settings_row() -> None:
	"""Tell the app where Final Pack and Shipping of this company are."""
	settings = frappe.get_doc("Metalcraft Settings")
	if any(row.company == COMPANY for row in settings.warehouses):
		return
	settings.append(
		"warehouses",
		{
			"company": COMPANY,
			"final_pack_warehouse": warehouse("Final Pack"),
			"shipping_warehouse": warehouse("Shipping"),
		},
	)
	settings.save()


# What the rest of the demo looks up


def abbr() -> str:
	"""The company's abbreviation, which tells its records from those of others."""
	return frappe.get_cached_value("Company", COMPANY, "abbr")


def own(name: str) -> str:
	"""`name` as the demo's own record is called: "Cylinders - FD"."""
	return f"{name} - {abbr()}"


def warehouse(name: str) -> str:
	"""The company's warehouse of that name."""
	return frappe.db.get_value("Warehouse", {"warehouse_name": name, "company": COMPANY})


def root(doctype: str, **filters) -> str:
	"""The top of a tree, whatever it is called in the site's language."""
	parent = f"parent_{frappe.scrub(doctype)}"
	return frappe.db.get_value(
		doctype, {"is_group": 1, parent: ["is", "not set"], **filters}, order_by="lft asc"
	)


def ensure(doctype: str, key: dict, **values) -> str:
	"""The name of the document that `key` finds; made from `key` and `values` when there is none."""
	return (
		frappe.db.get_value(doctype, key)
		or frappe.get_doc({"doctype": doctype, **key, **values}).insert().name
	)
