"""Step 4: the customer's purchase order on the Sales Order, and how it differs from the quotation."""

import frappe
from frappe import _
from frappe.model.document import Document
from frappe.utils import getdate

from metalcraft_workflow.facts.days import latest_today
from metalcraft_workflow.facts.documents import file_of, is_there
from metalcraft_workflow.facts.quoted import describe, quotation_differences
from metalcraft_workflow.gates.workflow import gate_of
from metalcraft_workflow.rules import purchase_order as rules
from metalcraft_workflow.rules import quotation
from metalcraft_workflow.rules.requirement import Requirement


def purchase_order_requirements(doc: Document) -> list[Requirement]:
	"""What the gate `request_approval` asks of the customer's purchase order."""
	return rules.requirements(
		rules.PurchaseOrder(
			order=doc.name,
			number=doc.po_no or "",
			date=getdate(doc.po_date) if doc.po_date else None,
			today=latest_today(),
			file_url=doc.customer_po_file or "",
			file_exists=file_exists(doc),
			other_orders=tuple(orders_with_same_po(doc)),
			reuse_confirmed=bool(doc.po_reuse_confirmed),
		)
	)


def file_exists(doc: Document) -> bool:
	"""Whether the file that the order names is attached to it, and can be read."""
	file = file_of(doc, doc.customer_po_file)
	return bool(file and is_there(file))


def orders_with_same_po(doc: Document) -> list[str]:
	"""Other orders of the same customer with the same number, but for cancelled ones (of which this
	may be an amendment). Case and spaces do not make a number another one."""
	number = rules.comparable(doc.po_no)
	if not number:
		return []
	return frappe.get_all(
		"Sales Order",
		filters={
			"customer": doc.customer,
			"docstatus": ["<", 2],
			"name": ["!=", doc.name or ""],
			"po_no_normalized": number,
		},
		pluck="name",
		order_by="name",
		limit=5,
	)


def normalize_number(doc: Document, method: str | None = None) -> None:
	"""Keep the number as it is compared with others, so that it is found by an index. In `validate` and
	`before_update_after_submit`, after the guard has put the server's fields back."""
	doc.po_no_normalized = rules.comparable(doc.po_no)


# Differences from the quotation


def set_differences(doc: Document, method: str | None = None) -> None:
	"""Write down how the order differs from its quotations; a new difference wants a new look.

	In `validate` and `before_update_after_submit`, when the lines are priced. The field holds plain
	text, one difference a line. Acknowledging is the approver's, so it can be done from the time
	when the order has come to them.
	"""
	if doc.docstatus == 1 and not doc.follows_process:
		return
	before = doc.get_doc_before_save()
	text = describe(quotation_differences(doc))
	if text != ((before and before.quotation_differences) or ""):
		doc.differences_acknowledged = 0
	doc.quotation_differences = text
	newly = doc.differences_acknowledged and not (before and before.differences_acknowledged)
	if newly and (not before or gate_of(before) in ("", "credit_hold")):
		doc.differences_acknowledged = 0
		frappe.msgprint(
			_("Whoever approves the order acknowledges the differences, once approval was asked for."),
			indicator="orange",
			alert=True,
		)


def differences_requirement(doc: Document) -> list[Requirement]:
	"""What the gate `approve` asks about the differences from the quotation."""
	text = describe(quotation_differences(doc))
	# What was acknowledged is what was written down when the order was saved
	acknowledged = bool(doc.differences_acknowledged) and text == doc.quotation_differences
	return [quotation.requirement(bool(text), acknowledged, doc.name)]
