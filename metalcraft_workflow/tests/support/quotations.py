"""Quotations that tests arrange with, and accepting them as a customer does in the portal."""

import io

import frappe
from frappe.utils import add_days, getdate, nowdate

from metalcraft_workflow.portal import purchase_order
from metalcraft_workflow.rules.acceptance import Acceptance
from metalcraft_workflow.tests.support import factories, rest
from metalcraft_workflow.tests.support.factories import ABBR, COMPANY, FINAL_PACK, SUPPORT, as_user
from metalcraft_workflow.tests.support.pdf import sample_pdf

PDF = sample_pdf("purchase order")


def make_quotation(customer: str, *lines: tuple, party: str = "Customer", submit: bool = True, **fields):
	"""A quotation that Customer Support has made; `lines` are (item, quantity, rate), and fields
	of the line when there is a fourth."""
	lines = lines or ((factories.make_item(), 10, 100), (factories.make_item("MT-CYL-02"), 5, 40))
	with as_user(SUPPORT):
		doc = frappe.get_doc(
			{
				"doctype": "Quotation",
				"quotation_to": party,
				"party_name": customer,
				"company": COMPANY,
				"transaction_date": nowdate(),
				"valid_till": add_days(nowdate(), 30),
				"items": [
					{
						"item_code": item,
						"qty": qty,
						"rate": rate,
						"warehouse": FINAL_PACK,
						**(more[0] if more else {}),
					}
					for item, qty, rate, *more in lines
				],
				**fields,
			}
		).insert()
		if submit:
			doc.submit()
	return doc


def taxed() -> dict:
	"""Fields of a quotation with a tax of 10%."""
	return {
		"taxes": [
			{
				"charge_type": "On Net Total",
				"account_head": f"Sales - {ABBR}",
				"description": "Tax",
				"rate": 10,
			}
		]
	}


def send(user: str, doc, file: tuple[str, bytes] | None = ("po.pdf", PDF), **values):
	"""Accept a quotation over REST as the portal's form does, the whole of it unless `quantities` (by
	item) or other `lines` say otherwise; gives the answer."""
	quantities, lines = values.pop("quantities", {}), values.pop("lines", doc.items)
	form = {
		"quotation": doc.name,
		"po_no": "PO-1",
		"po_date": nowdate(),
		"wanted_on": add_days(nowdate(), 30),
		"quantities": frappe.as_json({row.name: quantities.get(row.item_code, row.qty) for row in lines}),
		**values,
	}
	if file:
		form["po_file"] = (io.BytesIO(file[1]), file[0])
	return rest.request(
		user, "POST", "/api/method/metalcraft_workflow.portal.purchase_order.accept_quotation", form=form
	)


def accept(quotation, po_no: str = "PO-1") -> str:
	"""Accept a quotation as the signed-in customer, without a request; gives the order."""
	acceptance = Acceptance(
		po_no=po_no,
		po_date=getdate(),
		wanted_on=getdate(add_days(nowdate(), 30)),
		quantities={row.name: row.qty for row in quotation.items},
		filename="po.pdf",
		content=PDF,
	)
	return purchase_order.accept(quotation.name, acceptance)


def orders_of(quotation) -> list[str]:
	"""Orders that were made of a quotation."""
	return frappe.get_all(
		"Sales Order Item", {"prevdoc_docname": quotation.name}, pluck="parent", distinct=True
	)
