"""How many days documents stay in each stage of the process, month by month, by what is on record."""

from collections import defaultdict
from dataclasses import dataclass
from datetime import date, datetime

import frappe
from frappe import _

from metalcraft_workflow.facts import stays
from metalcraft_workflow.metalcraft_workflow.report import period
from metalcraft_workflow.rules.stays import Stay, percentile
from metalcraft_workflow.setup.custom_fields import STAGES

USUAL, SLOW = 0.5, 0.9


@dataclass(frozen=True)
class Left:
	"""A stay that ended in the period, and whose it was."""

	doctype: str
	name: str
	stay: Stay

	@property
	def days(self) -> float:
		return self.stay.days(self.stay.until)


@frappe.read_only()
def execute(filters: dict | None = None) -> tuple:
	"""Columns and rows of the stays that ended in a period, with a chart and figures.

	Six queries, however many documents there are. Counts what the user may read.
	"""
	filters = frappe._dict(filters or {})
	left = get_left(filters)
	return get_columns(), get_rows(left), None, get_chart(left), get_summary(left)


def get_left(filters: frappe._dict) -> list[Left]:
	"""The stays that ended in the period: those of orders up to their first delivery, then of deliveries."""
	since, before = period.moments(filters)
	found = []
	for doctype in stays.FIRST:
		documents = moved(doctype, filters, since, before)
		found += [
			Left(doctype, name, stay)
			for name, ended in stays.read(doctype, documents).items()
			for stay in ended
			if stay.until and since <= stay.until < before
			if not filters.stage or stay.stage == filters.stage
		]
	return found


def moved(doctype: str, filters: frappe._dict, since: datetime, before: datetime) -> list[frappe._dict]:
	"""Documents of the process of which something is on record in the period; orders of which a delivery was
	begun in it, too."""
	document, record = frappe.qb.DocType(doctype), frappe.qb.DocType("Release Record")
	query = (
		frappe.qb.from_(record)
		.join(document)
		# the name may be that of another document by now
		.on((document.name == record.reference_name) & (document.process_id == record.process_id))
		.where(record.reference_doctype == doctype)
		.where(record.creation >= since)
		.where(record.creation < before)
	)
	if doctype == "Delivery Note":
		query = query.where(document.is_return == 0)
	rows = chosen(query, document, filters)
	if doctype == "Sales Order":
		note, line = frappe.qb.DocType("Delivery Note"), frappe.qb.DocType("Delivery Note Item")
		query = (
			frappe.qb.from_(note)
			.join(line)
			.on(line.parent == note.name)
			.join(document)
			.on(document.name == line.against_sales_order)
			.where(note.creation >= since)
			.where(note.creation < before)
		)
		rows += chosen(query, document, filters)
	return period.readable(doctype, list({row.name: row for row in rows}.values()))


def chosen(query, document, filters: frappe._dict) -> list[frappe._dict]:
	"""The documents of `query` that are in the process and that the filters mean."""
	return (
		period.narrowed(query, document, filters)
		.where(document.follows_process == 1)
		.select(document.name, document.creation, document.workflow_state)
		.distinct()
		.run(as_dict=True)
	)


def get_rows(left: list[Left]) -> list[dict]:
	"""One row a month and stage, with the longest stay of it."""
	return [
		{
			"month": period.month_name(month),
			"stage": stage,
			"stays": len(group),
			"usual": percentile([row.days for row in group], USUAL),
			"slow": percentile([row.days for row in group], SLOW),
			"longest": longest.days,
			"doctype": longest.doctype,
			"document": longest.name,
		}
		for (month, stage), group in grouped(left).items()
		for longest in [max(group, key=lambda row: row.days)]
	]


def grouped(left: list[Left]) -> dict[tuple[date, str], list[Left]]:
	"""(Month in which they ended, stage) -> stays; in the order of time and of the process."""
	found = defaultdict(list)
	for row in left:
		found[period.month_of(row.stay.until), row.stay.stage].append(row)
	return dict(sorted(found.items(), key=lambda entry: (entry[0][0], STAGES.index(entry[0][1]))))


def by_stage(left: list[Left]) -> dict[str, list[float]]:
	"""Stage -> the days of each stay in it, in the order of the process."""
	found = defaultdict(list)
	for row in left:
		found[row.stay.stage].append(row.days)
	return {stage: found[stage] for stage in STAGES if stage in found}


def get_columns() -> list[dict]:
	"""The columns of the report."""
	return [
		{"fieldname": "month", "label": _("Month"), "fieldtype": "Data", "width": 110},
		{"fieldname": "stage", "label": _("Stage"), "fieldtype": "Data", "width": 160},
		{"fieldname": "stays", "label": _("Documents"), "fieldtype": "Int", "width": 105},
		_days("usual", _("Half within (Days)")),
		_days("slow", _("90 % within (Days)")),
		_days("longest", _("Longest (Days)")),
		{
			"fieldname": "document",
			"label": _("Longest Was"),
			"fieldtype": "Dynamic Link",
			"options": "doctype",
			"width": 200,
		},
	]


def _days(fieldname: str, label: str) -> dict:
	return {"fieldname": fieldname, "label": label, "fieldtype": "Float", "precision": 1, "width": 150}


def get_chart(left: list[Left]) -> dict | None:
	"""How long the stages take: by month, or side by side for a single one."""
	stages = by_stage(left)
	if not stages:
		return None
	months = sorted({period.month_of(row.stay.until) for row in left})
	if len(months) == 1:
		return {
			"data": {
				"labels": [_(stage) for stage in stages],
				"datasets": [
					{
						"name": _("Half within (Days)"),
						"values": [round(percentile(days, USUAL), 1) for days in stages.values()],
					},
					{
						"name": _("90 % within (Days)"),
						"values": [round(percentile(days, SLOW), 1) for days in stages.values()],
					},
				],
			},
			"type": "bar",
			"colors": ["light-blue", "blue"],
		}
	groups = grouped(left)
	return {
		"data": {
			"labels": [period.month_name(month) for month in months],
			"datasets": [
				{
					"name": _(stage),
					"values": [
						round(percentile([row.days for row in groups.get((month, stage), [])], USUAL), 1)
						for month in months
					],
				}
				for stage in stages
			],
		},
		"type": "bar",
		"barOptions": {"stacked": 1},
	}


def get_summary(left: list[Left]) -> list[dict]:
	"""The figures above the report."""
	stages = {stage: percentile(days, USUAL) for stage, days in by_stage(left).items()}
	figures = [{"label": _("Stays That Ended"), "value": len(left), "datatype": "Int"}]
	if stages:
		slowest = max(stages, key=stages.__getitem__)
		figures += [
			{"label": _("Slowest Stage"), "value": _(slowest), "datatype": "Data", "indicator": "Orange"},
			{"label": _("Half within (Days)"), "value": period.tenths(stages[slowest]), "datatype": "Data"},
		]
	return figures
