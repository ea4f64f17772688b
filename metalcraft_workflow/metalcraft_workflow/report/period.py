"""What reports over a period have in common: its days, its months, and whose documents it is about."""

from datetime import date, datetime, timedelta

import frappe
from frappe import _
from frappe.utils import add_days, formatdate, get_datetime, getdate

from metalcraft_workflow.gates.numbers import written_qty
from metalcraft_workflow.metalcraft_workflow.report.batch_trace.visibility import Visibility


def days(filters: frappe._dict) -> tuple[date, date]:
	"""The first and the last day of the period. Raises a ValidationError when there is none."""
	if not filters.from_date or not filters.to_date:
		frappe.throw(_("Enter the first and the last day of the period."), title=_("Period Missing"))
	first, last = getdate(filters.from_date), getdate(filters.to_date)
	if first > last:
		frappe.throw(_("The period ends before it begins. Put its days right."), title=_("Period Missing"))
	return first, last


def moments(filters: frappe._dict) -> tuple[datetime, datetime]:
	"""The same as moments: from the first, up to the second and not with it."""
	first, last = days(filters)
	return get_datetime(first), get_datetime(add_days(last, 1))


def months(filters: frappe._dict) -> list[date]:
	"""The first day of each month of the period."""
	first, last = days(filters)
	month, found = first.replace(day=1), []
	while month <= last:
		found.append(month)
		month = (month + timedelta(days=32)).replace(day=1)
	return found


def month_of(day: date | datetime) -> date:
	"""The first day of the month of `day`."""
	return getdate(day).replace(day=1)


def month_name(month: date) -> str:
	"""A month as people write it."""
	return formatdate(month, "MMM yyyy")


def narrowed(query, document, filters: frappe._dict):
	"""`query`, narrowed to the documents of the company and the customer that the filters name."""
	for field in ("company", "customer"):
		if filters.get(field):
			query = query.where(document[field] == filters[field])
	return query


def readable(doctype: str, rows: list[frappe._dict], field: str = "name") -> list[frappe._dict]:
	"""Those of `rows` whose document of `doctype`, named in `field`, the user may read; no query of their own
	where nothing narrows what the user reads."""
	names = Visibility().may_read(doctype, (row[field] for row in rows))
	return [row for row in rows if row[field] in names]


def tenths(value: float) -> str:
	"""A number as people write it, with one digit behind the point at most: for the figures above a report."""
	return written_qty(round(value, 1))


def people(users: set[str]) -> dict[str, str]:
	"""User -> the name that people know."""
	return dict(
		frappe.get_all(
			"User", {"name": ["in", list(users)]}, ["name", "full_name"], as_list=True, order_by="name"
		)
		if users
		else ()
	)
