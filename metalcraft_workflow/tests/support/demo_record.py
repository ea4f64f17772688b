"""What the demo's documents say after each of its steps, as data: status, percentages, quantities, what is
outstanding, and what happened, in its order.

On a site for tests, of a bench that has the app as a checkout:

    bench --site SITE execute metalcraft_workflow.tests.support.demo_record.keep

writes it into `tests/erpnext_facts/`, a file for each major version of ERPNext. The suite plays the demo again and
compares, on ERPNext and on what the sandbox has in its place.
"""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from unittest.mock import patch

import frappe
from frappe.model.document import Document

from metalcraft_workflow import hooks
from metalcraft_workflow.demo import runner
from metalcraft_workflow.demo.carry import Carrier
from metalcraft_workflow.demo.company import COMPANY
from metalcraft_workflow.demo.orders import STORIES
from metalcraft_workflow.tests.support import erpnext_facts
from metalcraft_workflow.tests.support.pdf import sample_pdf

FIGURES = {
	"Lead": "status",
	"Opportunity": "status",
	"Quotation": "docstatus status grand_total",
	"Sales Order": "docstatus status order_stage workflow_state per_final_pack per_delivered per_billed "
	"advance_paid grand_total",
	"Delivery Note": "docstatus status workflow_state per_billed per_returned grand_total",
	"Sales Invoice": "docstatus status outstanding_amount grand_total",
	"Payment Entry": "docstatus status paid_amount unallocated_amount",
	"Stock Entry": "docstatus purpose",
	"Production Notice": "kind status",
}
# Of a production notice: whether its mail has gone depends on the site's mail account and its worker
NOT_ANSWERED = ("Pending", "Queued", "Sent", "Failed")
LINE = "qty delivered_qty returned_qty billed_amt"
# Of the documents that are ERPNext's, what the app hears
EVENTS = {
	doctype: [event for event in hooks.doc_events.get(doctype, ()) if event != "onload"]
	for doctype in FIGURES
	if doctype != "Production Notice"
}


def keep() -> str:
	"""Play the demo and write down what it says; gives where. Nothing of its orders stays."""
	with on_trial():
		recorded = record()
	file_of_this().write_text(erpnext_facts.written(recorded, whole=2))
	return str(file_of_this())


def kept() -> dict[str, dict]:
	return json.loads(file_of_this().read_text())


def file_of_this() -> Path:
	facts = erpnext_facts.file_of_this()
	return facts.with_stem(f"{facts.stem}-demo")


def is_there() -> bool:
	"""Whether this site has orders of the demo, so that it cannot be played from its beginning."""
	return bool(frappe.db.exists("Sales Order", {"company": COMPANY}))


@contextmanager
def on_trial() -> Iterator[None]:
	"""The demo's company, with nothing of what follows kept: what waits for a commit is done where that would be."""
	frappe.set_user("Administrator")
	runner.prepare(lambda _label: None)  # committed: a company cannot be made in a transaction
	with (
		patch.object(frappe.db, "commit", lambda: frappe.db.after_commit.run()),
		# Prints ask a served site for their styles
		patch.object(
			frappe,
			"attach_print",
			lambda doctype, name, **_options: {"fname": f"{name}.pdf", "fcontent": sample_pdf()},
		),
	):
		try:
			# What ERPNext's set-up adds to prices is the tax of the country, as it stands that year
			frappe.db.set_value(
				"Sales Taxes and Charges Template", {"company": COMPANY, "is_default": 1}, "is_default", 0
			)
			yield
		finally:
			frappe.db.rollback()


def record() -> dict[str, dict]:
	"""Story and step -> what has changed by it in what the documents of the story say, and what happened."""
	found = {}
	for story in reversed(STORIES):
		carrier, before, passages = Carrier(story), {}, []
		for number, (step, delivery) in enumerate(story.steps(), 1):
			with heard() as events:
				carrier.take(step, delivery)
				runner.commit()
			after, passed = standing(carrier), passages_of(carrier)
			of = "" if delivery is None else f", delivery {delivery + 1}"
			found[f"{story.title}: {number} {step}{of}"] = {
				**{name: values for name, values in after.items() if values != before.get(name)},
				**{name: {"gone": True} for name in before if name not in after},
				"passages": {"in order": passed[len(passages) :]},
				"events": {"in order": events},
			}
			before, passages = after, passed
	return found


@contextmanager
def heard() -> Iterator[list[str]]:
	"""The events of ERPNext's documents that the app hears meanwhile, in their order."""
	events, run_method = [], Document.run_method

	def listen(doc, method, *args, **kwargs):
		if method in EVENTS.get(doc.doctype, ()):
			events.append(f"{doc.doctype} {method}")
		return run_method(doc, method, *args, **kwargs)

	with patch.object(Document, "run_method", listen):
		yield events


def standing(carrier: Carrier) -> dict[str, dict]:
	"""What the documents of a story say; names are numbers in the order in which they were made."""
	found = {}
	for doctype, names in documents(carrier).items():
		for number, name in enumerate(names, 1):
			found[f"{doctype} {number}"] = figures(
				frappe.db.get_value(doctype, name, FIGURES[doctype].split(), as_dict=True)
			)
	if order := carrier.order_name():
		fields = ["item_code", *LINE.split()]
		for number, row in enumerate(
			frappe.get_all("Sales Order Item", {"parent": order}, fields, order_by="idx"), 1
		):
			found[f"Line {number}"] = figures(row)
	return found


def figures(values: dict) -> dict:
	return {field: plain(value) for field, value in values.items()}


def plain(value):
	if isinstance(value, float):
		return round(value, 3)
	return "Not answered" if value in NOT_ANSWERED else value


def documents(carrier: Carrier) -> dict[str, list[str]]:
	"""DocType -> the documents of the story, the first made first."""
	order = carrier.order_name()
	single = {"Sales Order": order}
	if carrier.story.enquiry:
		single = {
			"Lead": carrier.lead_name(),
			"Opportunity": carrier.opportunity_name(),
			"Quotation": carrier.quotation_name(),
			**single,
		}
	found = {doctype: [name] for doctype, name in single.items() if name}
	if order:
		invoices = made_of("Sales Invoice", "Sales Invoice Item", {"sales_order": order})
		found |= {
			"Production Notice": frappe.get_all(
				"Production Notice", {"sales_order": order}, pluck="name", order_by="creation, name"
			),
			"Stock Entry": carrier.transfers(),
			"Delivery Note": deliveries_of(order),
			"Sales Invoice": invoices,
			"Payment Entry": made_of(
				"Payment Entry", "Payment Entry Reference", {"reference_name": ["in", [order, *invoices]]}
			),
		}
	return found


def deliveries_of(order: str) -> list[str]:
	return made_of("Delivery Note", "Delivery Note Item", {"against_sales_order": order})


def made_of(doctype: str, line: str, filters: dict) -> list[str]:
	names = frappe.get_all(line, {**filters, "parenttype": doctype}, pluck="parent")
	return frappe.get_all(doctype, {"name": ["in", names or [""]]}, pluck="name", order_by="creation, name")


def passages_of(carrier: Carrier) -> list[str]:
	"""What the release records of the order and its deliveries say, in their order."""
	order = carrier.order_name()
	fields = ("reference_doctype", "kind", "gate", "action", "to_state")
	return (
		[
			" / ".join(row[field] or "" for field in fields)
			for row in frappe.get_all(
				"Release Record",
				{"reference_name": ["in", [order, *deliveries_of(order)]]},
				[*fields, "creation", "sequence"],
				order_by="creation, sequence",
			)
		]
		if order
		else []
	)
