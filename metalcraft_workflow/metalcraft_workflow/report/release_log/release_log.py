"""Every passage, waiver and voiding of a period: who let what through, in which role, and why."""

from collections import Counter

import frappe
from frappe import _

from metalcraft_workflow.metalcraft_workflow.report import period
from metalcraft_workflow.metalcraft_workflow.report.batch_trace.visibility import ALL, Visibility
from metalcraft_workflow.rules import path
from metalcraft_workflow.rules.requirement import _lt
from metalcraft_workflow.setup.defaults import GATE_REQUIREMENTS

DOCTYPES = ("Sales Order", "Delivery Note")
KINDS = {"Passage": _lt("Passages"), "Waiver": _lt("Waivers"), "Void": _lt("Taken Back")}


@frappe.read_only()
def execute(filters: dict | None = None) -> tuple:
	"""Columns and rows of the release records of a period, with a chart and figures.

	Three queries, however many records there are. Gives the records of what the user may read.
	"""
	filters = frappe._dict(filters or {})
	rows = get_rows(filters)
	return get_columns(), rows, None, get_chart(rows, filters), get_summary(rows)


def get_rows(filters: frappe._dict) -> list[dict]:
	"""One row a record, the newest first."""
	doctypes = [doctype for doctype in DOCTYPES if filters.doctype in (None, "", doctype)]
	rows = [row for doctype in doctypes for row in records_of(doctype, filters)]
	names = period.people({row.user for row in rows})
	titles = {(gate, code): title for gate, code, title, _role in GATE_REQUIREMENTS}
	for row in rows:
		row.who = names.get(row.user, row.user)
		if row.kind == "Waiver":
			title = titles.get((row.gate, row.requirement), row.requirement)
			row.what = _("Waived: {0}").format(_(title))
		else:
			row.what = _(row.action or KINDS[row.kind])
		row.gate = gate_name(row.gate)
	wanted = (filters.who or "").lower()
	found = [row for row in rows if wanted in row.who.lower()]
	return sorted(found, key=lambda row: (row.creation, row.sequence), reverse=True)


def records_of(doctype: str, filters: frappe._dict) -> list[frappe._dict]:
	"""The records of the period about documents of `doctype`. Those of documents that are deleted by now are for
	who reads all of them: nobody can tell any more whose they were."""
	since, before = period.moments(filters)
	record, document = frappe.qb.DocType("Release Record"), frappe.qb.DocType(doctype)
	query = (
		frappe.qb.from_(record)
		.left_join(document)
		# the name may be that of another document by now
		.on((document.name == record.reference_name) & (document.process_id == record.process_id))
		.where(record.reference_doctype == doctype)
		.where(record.creation >= since)
		.where(record.creation < before)
		.select(
			record.name,
			record.sequence,
			record.creation,
			record.kind,
			record.reference_doctype,
			record.reference_name,
			record.action,
			record.gate,
			record.requirement,
			record.from_state,
			record.to_state,
			record.user,
			record.role,
			record.reason,
			document.name.as_("document"),
			document.customer_name,
		)
	)
	for field in ("kind", "gate"):
		if filters.get(field):
			query = query.where(record[field] == filters[field])
	if filters.with_reason:
		query = query.where(record.reason.isnotnull() & (record.reason != ""))
	rows = period.narrowed(query, document, filters).run(as_dict=True)
	visibility = Visibility()
	readable = visibility.may_read(doctype, (row.document for row in rows))
	reads_all = visibility.scope(doctype) == ALL
	return [row for row in rows if (row.document in readable if row.document else reads_all)]


def gate_name(key: str | None) -> str:
	"""What is said of a document that has passed the gate `key`."""
	gate = path.find(key or "")
	return _(gate.passed) if gate else ""


def get_columns() -> list[dict]:
	"""The columns of the log."""
	return [
		{"fieldname": "creation", "label": _("When"), "fieldtype": "Datetime", "width": 185},
		{
			"fieldname": "reference_name",
			"label": _("Document"),
			"fieldtype": "Dynamic Link",
			"options": "reference_doctype",
			"width": 185,
		},
		{"fieldname": "customer_name", "label": _("Customer"), "fieldtype": "Data", "width": 170},
		{"fieldname": "what", "label": _("What"), "fieldtype": "Data", "width": 200},
		{
			"fieldname": "gate",
			"label": _("Released"),
			"fieldtype": "Data",
			"align": "left",
			"width": 180,
		},
		{"fieldname": "from_state", "label": _("From State"), "fieldtype": "Data", "width": 140},
		{"fieldname": "to_state", "label": _("To State"), "fieldtype": "Data", "width": 140},
		{"fieldname": "who", "label": _("Who"), "fieldtype": "Data", "width": 150},
		{"fieldname": "role", "label": _("In the Role"), "fieldtype": "Data", "width": 140},
		{"fieldname": "reason", "label": _("Reason"), "fieldtype": "Data", "width": 260},
		{
			"fieldname": "name",
			"label": _("Release Record"),
			"fieldtype": "Link",
			"options": "Release Record",
			"width": 130,
		},
	]


def get_chart(rows: list[dict], filters: frappe._dict) -> dict | None:
	"""How many records of each kind, month by month."""
	if not rows:
		return None
	months = period.months(filters)
	counted = Counter((period.month_of(row.creation), row.kind) for row in rows)
	return {
		"data": {
			"labels": [period.month_name(month) for month in months],
			"datasets": [
				{"name": _(label), "values": [counted[month, kind] for month in months]}
				for kind, label in KINDS.items()
			],
		},
		"type": "bar",
		"barOptions": {"stacked": 1},
		"colors": ["blue", "orange", "red"],
	}


def get_summary(rows: list[dict]) -> list[dict]:
	"""The figures above the log."""
	counted = Counter(row.kind for row in rows)
	colors = {"Passage": "Blue", "Waiver": "Orange", "Void": "Red"}
	return [
		{
			"label": _(label),
			"value": counted[kind],
			"datatype": "Int",
			"indicator": colors[kind] if counted[kind] else "Gray",
		}
		for kind, label in KINDS.items()
	]
