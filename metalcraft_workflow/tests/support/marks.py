"""What a test needs that not every place has where the app runs. Where it is not there, the test is skipped,
with its reason, and counted."""

from collections.abc import Callable
from functools import wraps
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
