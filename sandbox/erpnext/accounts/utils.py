"""Fiscal years."""

import frappe
from frappe.utils import getdate


class FiscalYearError(frappe.ValidationError):
	pass


def get_fiscal_year(
	date=None, fiscal_year=None, label="Date", verbose=1, company=None, as_dict=False, boolean=False
):
	"""(name, first day, last day) of the year that a day is in."""
	day = getdate(date)
	for row in frappe.get_all("Fiscal Year", {"disabled": 0}, ["name", "year_start_date", "year_end_date"]):
		companies = frappe.get_all("Fiscal Year Company", {"parent": row.name}, pluck="company")
		if getdate(row.year_start_date) <= day <= getdate(row.year_end_date) and (
			not companies or not company or company in companies
		):
			return row if as_dict else (row.name, row.year_start_date, row.year_end_date)
	if boolean:
		return False
	frappe.throw(frappe._("No fiscal year has {0} {1}.").format(label, day), FiscalYearError)
