"""Quality Inspections that ERPNext asks for before goods are delivered (step 9)."""

import frappe
from frappe.model.document import Document
from frappe.utils import cint

from metalcraft_workflow.gates.message import as_requirement
from metalcraft_workflow.rules import inspections as rules
from metalcraft_workflow.rules.requirement import Requirement, _lt


def rows_to_inspect(doc: Document) -> list[Document]:
	"""The lines of a delivery whose item is inspected before it is delivered."""
	if doc.get("is_return"):
		return []
	return [
		row
		for row in doc.items
		if frappe.get_cached_value("Item", row.item_code, "inspection_required_before_delivery")
	]


def inspections_pass(doc: Document) -> list[Requirement]:
	"""The requirement that every line that is to be inspected has passed, as far as ERPNext asks for it; none
	where nothing is. Asked when the documents are released, and at shipping: an inspection may be cancelled."""
	rows = rows_to_inspect(doc)
	if not rows:
		return []
	return as_requirement(
		doc,
		"inspections",
		_lt("Quality inspections"),
		rules.problems(map(as_fact, rows), policy()),
		"items",
		waivable=False,
	)


def are_asked(doc: Document) -> bool:
	"""Whether a delivery waits for an inspection, or has had one: then Quality Assurance releases it."""
	rows = rows_to_inspect(doc)
	return bool(rows) and (rules.must_exist(policy()) or any(row.quality_inspection for row in rows))


def as_fact(row: Document) -> rules.Inspection:
	"""How the inspection of a line stands."""
	found = (
		frappe.db.get_value(
			"Quality Inspection", row.quality_inspection, ["docstatus", "status"], as_dict=True
		)
		if row.quality_inspection
		else None
	)
	return rules.Inspection(
		row=row.idx,
		item_code=row.item_code,
		name=row.quality_inspection if found else "",
		submitted=bool(found and found.docstatus == 1),
		rejected=bool(found and found.status == "Rejected"),
	)


def policy() -> rules.InspectionPolicy:
	"""What the site does about inspections, as Stock Settings say."""
	settings = frappe.get_cached_doc("Stock Settings")
	return rules.InspectionPolicy(
		afterwards=bool(cint(settings.get("allow_to_make_quality_inspection_after_purchase_or_delivery"))),
		stops_unsubmitted=settings.get("action_if_quality_inspection_is_not_submitted") == "Stop",
		stops_rejected=settings.get("action_if_quality_inspection_is_rejected") == "Stop",
	)
