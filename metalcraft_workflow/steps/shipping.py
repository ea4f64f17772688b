"""Step 11: Shipping ships what is cleared, and the customer is told. Returns come back the short way."""

import frappe
from frappe import _
from frappe.model.document import Document
from frappe.utils import cint, escape_html, validate_email_address

from metalcraft_workflow.gates import delivery, record
from metalcraft_workflow.gates.final_pack import warehouses
from metalcraft_workflow.gates.order_facts import orders_of
from metalcraft_workflow.gates.registry import settings
from metalcraft_workflow.rules.requirement import Link, Requirement
from metalcraft_workflow.rules.requirement import _ as mark

# What the clearance stands on, in the order of the path
VOUCHED_FOR = ("complete_packing", "release_documents", "clear")


def requirements(doc: Document) -> list[Requirement]:
	"""What shipping asks for: gate `ship`."""
	return [
		asked(doc, "carrier", mark("Carrier"), mark("Enter the carrier."), (doc.carrier or "").strip()),
		asked(
			doc,
			"tracking_number",
			mark("Tracking number"),
			mark("Enter the tracking number."),
			(doc.tracking_number or "").strip(),
		),
		asked(doc, "ship_date", mark("Ship date"), mark("Enter the date of shipment."), doc.ship_date),
		asked(
			doc,
			"packages",
			mark("Number of packages"),
			mark("Enter how many packages there are."),
			cint(doc.packages) > 0,
		),
		*delivery.order_released(doc),
		Requirement(
			code="unchanged",
			label=mark("Unchanged since the clearance"),
			message=mark(
				"Lines, traceability or documents were changed after the clearance. Undo the change, or have"
				" the delivery packed and cleared again."
			),
			met=not any(record.changed_since(doc, gate) for gate in VOUCHED_FOR),
			link=Link(doc.doctype, doc.name),
			waivable=False,
		),
	]


def asked(doc: Document, fieldname: str, label: str, message: str, value) -> Requirement:
	"""The requirement that a field is filled in; its code is the name of the field."""
	return Requirement(
		code=fieldname,
		label=label,
		message=message,
		met=bool(value),
		link=Link(doc.doctype, doc.name, fieldname),
	)


def tell_customer(doc: Document) -> None:
	"""Mail the customer that the delivery is on its way. Effect of `ship`, which happens once.

	Never stops the shipment: what goes wrong is written on the delivery note.
	"""
	if not settings().mail_shipped:
		return
	recipient = recipient_of(doc)
	if not recipient:
		could_not_mail(doc, _("neither it nor its order names a contact with a valid email address"))
		return
	frappe.db.savepoint("shipped_mail")
	messages = len(frappe.local.message_log)
	try:
		frappe.sendmail(
			recipients=[recipient],
			subject=_("Your order {0} is on its way").format(
				", ".join(purchase_orders(doc)) or ", ".join(orders_of(doc)) or doc.name
			),
			template="shipped",
			args={"doc": doc, "lines": [row for row in doc.items if row.qty]},
			reference_doctype=doc.doctype,
			reference_name=doc.name,
		)
	except Exception as error:
		frappe.db.rollback(save_point="shipped_mail")
		# What was caught is not for the person who ships
		del frappe.local.message_log[messages:]
		could_not_mail(doc, str(error) or type(error).__name__)


def could_not_mail(doc: Document, why: str) -> None:
	"""Say on the delivery note that the customer was not told, and why."""
	doc.add_comment(
		"Comment", _("The customer was not told by mail that this was shipped: {0}").format(escape_html(why))
	)


def recipient_of(doc: Document) -> str:
	"""Whom to tell: the contact of the delivery note, else that of its orders. May be empty."""
	addresses = [doc.contact_email]
	names = orders_of(doc)
	if names:
		addresses += frappe.get_all(
			"Sales Order", filters={"name": ["in", names]}, pluck="contact_email", order_by="name"
		)
	return next((address for address in addresses if address and validate_email_address(address)), "")


def purchase_orders(doc: Document) -> list[str]:
	"""The customer's purchase orders that this delivery carries."""
	return sorted({row.customer_po_no for row in doc.items if row.get("customer_po_no")})


def return_requirements(doc: Document) -> list[Requirement]:
	"""What the receipt of a return asks for: gate `receive_return`."""
	return [
		Requirement(
			code="return_against",
			label=mark("The delivery that comes back"),
			message=mark("Enter the Delivery Note that these goods were delivered with."),
			met=bool(doc.return_against),
			link=Link(doc.doctype, doc.name, "return_against"),
			waivable=False,
		)
	]


def refuse_stock_invoice(doc: Document, method: str | None = None) -> None:
	"""Refuse a Sales Invoice that moves the stock of an order of the process: goods leave with a
	cleared Delivery Note, and come back with one. Runs in `validate` of Sales Invoice.

	Nor does it take goods from Final Pack for no order at all: they are there for orders.
	"""
	if not doc.update_stock:
		return
	places = warehouses(doc.company)
	for row in doc.items:
		if not row.sales_order and (row.so_detail or (row.warehouse in places and not doc.is_return)):
			frappe.throw(
				_(
					"Row {0}: what is at Final Pack leaves with a Delivery Note, which is packed, released and"
					" cleared. Untick {1} and make the invoice from the delivery note."
				).format(row.idx, frappe.bold(_("Update Stock"))),
				title=_("Not Delivered by Invoice"),
			)
	orders = orders_of(doc)
	if not orders:
		return
	found = frappe.get_all(
		"Sales Order", filters={"name": ["in", orders], "follows_process": 1}, pluck="name", limit=1
	)
	if found:
		frappe.throw(
			_(
				"Sales Order {0} is delivered with a Delivery Note, which is packed, released and cleared."
				" Untick {1} and make the invoice from the delivery note."
			).format(found[0], frappe.bold(_("Update Stock"))),
			title=_("Not Delivered by Invoice"),
		)
