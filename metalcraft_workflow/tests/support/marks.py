"""What a test needs that not every place has where the app runs. Where it is not there, the test is skipped,
with its reason, and counted."""

from collections.abc import Callable
from functools import wraps
from pathlib import Path
from unittest import SkipTest

import frappe


def needs(what: str, is_there: Callable[[], bool]) -> Callable:
	"""A decorator for tests that need `what`; `is_there` is asked when the test begins."""

	def decorate(test):
		@wraps(test)
		def run(*args, **kwargs):
			if not is_there():
				raise SkipTest(what)
			return test(*args, **kwargs)

		return run

	return decorate


# Rows that are locked, snapshots that transactions read, and plans of queries
needs_mariadb = needs("MariaDB, with its locks and snapshots", lambda: frappe.db.db_type == "mariadb")
# What ERPNext itself makes of its ledgers
needs_ledger_reports = needs(
	"ERPNext's own reports on its ledgers", lambda: bool(frappe.db.exists("Report", "Stock Ledger"))
)
# ERPNext 16 locks the ledger of an item while it reads what is left of its batches
needs_batches_without_locks = needs(
	"batches that ERPNext reads without locking their item's ledger",
	lambda: not frappe.get_meta("Serial and Batch Bundle").has_field("posting_datetime"),
)
# What ERPNext itself makes of prices
needs_pricing_rules = needs(
	"ERPNext's pricing rules", lambda: bool(frappe.db.exists("DocType", "Pricing Rule"))
)
# What ERPNext itself asks of a delivery
needs_books = needs("ERPNext's books", lambda: bool(frappe.db.exists("DocType", "Accounting Period")))
# What ERPNext itself makes of money in several currencies
needs_exchange_gains = needs(
	"ERPNext's gains and losses of exchange",
	lambda: "Exchange Gain Or Loss" in frappe.get_meta("Journal Entry").get_field("voucher_type").options,
)
needs_several_currencies = needs(
	"accounts of customers in a currency of their own",
	lambda: frappe.get_meta("Accounts Settings").has_field(
		"allow_multi_currency_invoices_against_single_party_account"
	),
)
needs_inspections = needs(
	"ERPNext's quality inspections",
	lambda: frappe.get_meta("Quality Inspection").has_field("manual_inspection"),
)
needs_reservations = needs(
	"ERPNext's reservations of stock",
	lambda: frappe.get_meta("Stock Reservation Entry").has_field("sb_entries"),
)
# ERPNext's own documents about a delivery
needs_logistics = needs(
	"ERPNext's delivery trips and the like", lambda: bool(frappe.db.exists("DocType", "Delivery Trip"))
)
# What of an order is not in the app's way is in ERPNext's DocTypes alone
needs_all_fields = needs(
	"every field of ERPNext's documents", lambda: frappe.get_meta("Sales Order").has_field("scan_barcode")
)
# What Frappe itself shows of a list in the portal
needs_list_pages = needs(
	"Frappe's pages of lists",
	lambda: Path(frappe.get_app_path("frappe", "website", "page_renderers", "list_page.py")).exists(),
)
