"""Returns that tests arrange with, each made by the role whose step it is."""

import frappe
from frappe.model.mapper import make_mapped_doc

from metalcraft_workflow.steps import returns as steps
from metalcraft_workflow.tests.support.factories import (
	ABBR,
	COMPANY,
	MANAGER,
	QA,
	SHIPPER,
	SUPPORT,
	act,
	as_user,
)

RETURNS = f"Returns - {ABBR}"


def setup_returns() -> None:
	"""The company's warehouse for what comes back; committed."""
	frappe.set_user("Administrator")
	if not frappe.db.exists("Warehouse", RETURNS):
		frappe.get_doc({"doctype": "Warehouse", "warehouse_name": "Returns", "company": COMPANY}).insert()
	frappe.db.set_value("Company", COMPANY, "default_warehouse_for_sales_return", RETURNS)
	frappe.clear_document_cache("Company", COMPANY)
	frappe.db.commit()  # tests roll back to here


def leave_returns() -> None:
	"""Take the warehouse for returns away again, for the tests that come after."""
	frappe.db.set_value("Company", COMPANY, "default_warehouse_for_sales_return", None)
	frappe.clear_document_cache("Company", COMPANY)
	frappe.db.commit()


def draft(source, *rows: dict, disposition: str = "Credit", **fields):
	"""Customer Support's draft of an authorization, made from an order or a delivery note: of all of it,
	or of its first lines with the values of `rows`."""
	make = steps.make_for_order if source.doctype == "Sales Order" else steps.make_for_delivery
	with as_user(SUPPORT):
		doc = make(source.name)
		doc.update({"reason": "Defective", **fields})
		if rows:
			doc.set("items", doc.items[: len(rows)])
		for number, row in enumerate(doc.items):
			row.disposition = disposition
			row.update(rows[number] if rows else {})
		return doc.insert()


def submit(doc, user: str = MANAGER):
	"""Authorize a draft; gives it as it is stored then."""
	with as_user(user):
		frappe.get_doc(doc.doctype, doc.name).submit()
	return stored(doc)


def authorized(source, *rows: dict, disposition: str = "Credit", **fields):
	"""An authorization that a Sales Manager submitted; arguments as of `draft`."""
	return submit(draft(source, *rows, disposition=disposition, **fields))


def made(method: str, authorization, **args):
	"""What a button of the form makes, by the call that the form uses; not saved."""
	try:
		return make_mapped_doc(f"{steps.__name__}.{method}", authorization.name, args=frappe.as_json(args))
	finally:
		frappe.flags.args = None


def receive(authorization, qty: float | None = None, delivery_note: str | None = None):
	"""Shipping receives what is to come back, or `qty` of the first row; gives the return."""
	with as_user(SHIPPER):
		doc = made("make_return", authorization, delivery_note=delivery_note)
		if qty:
			doc.set("items", doc.items[:1])
			doc.items[0].qty = -qty
		doc.insert()
	return act(doc, "Receive Return", SHIPPER)


def judge(authorization, condition: str = "Defective"):
	"""Quality Assurance records the condition of everything that came back."""
	with as_user(QA):
		doc = stored(authorization)
		rows = [{"name": row.name, "condition": condition} for row in doc.items if row.received_qty]
		steps.record_condition(doc.name, rows)
	return stored(authorization)


def credit(authorization, invoice: str | None = None, submit: bool = True):
	"""Customer Support's credit note of what came back to be credited."""
	with as_user(SUPPORT):
		doc = made("make_credit_note", authorization, invoice=invoice).insert()
		if submit:
			doc.submit()
	return doc


def credit_instead(authorization) -> None:
	"""Decide, as a Sales Manager, that the first row is credited after all."""
	authorization.items[0].disposition = "Credit"
	authorization.save()


def stored(doc):
	"""A document as it is stored now."""
	return frappe.get_doc(doc.doctype, doc.name)


def status(authorization) -> str:
	return frappe.db.get_value("Return Authorization", authorization.name, "status")
