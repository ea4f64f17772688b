"""Step 11: Shipping ships what is cleared, and the customer is told. Returns come back the short way."""

import frappe
from frappe import _
from frappe.model.document import Document
from frappe.utils import cint, escape_html

from metalcraft_workflow.facts import delivery
from metalcraft_workflow.facts.approved import as_approved
from metalcraft_workflow.facts.booking import bookable
from metalcraft_workflow.facts.contacts import contact_email
from metalcraft_workflow.facts.final_pack import warehouses
from metalcraft_workflow.facts.inspections import inspections_pass
from metalcraft_workflow.facts.orders import orders_of
from metalcraft_workflow.facts.packing import in_stock
from metalcraft_workflow.gates import record
from metalcraft_workflow.gates.input import checked
from metalcraft_workflow.gates.message import typed_text
from metalcraft_workflow.gates.numbers import written_day, written_qty
from metalcraft_workflow.outgoing import customer_mail, mail_package, sent_mails
from metalcraft_workflow.outgoing.owed_mails import owe
from metalcraft_workflow.rules import customer_mail as mail_rules
from metalcraft_workflow.rules import path
from metalcraft_workflow.rules.requirement import Link, Requirement, _lt

# How many packages a delivery has at most: each gets a label, and one zero too many would print for hours
MOST_PACKAGES = 999


def check_packages(doc: Document, method: str | None = None) -> None:
	"""Refuse more packages than a delivery can have. Runs in `validate`."""
	if cint(doc.packages) > MOST_PACKAGES:
		frappe.throw(
			_("A delivery has {0} packages at most. Correct their number: it is {1}.").format(
				MOST_PACKAGES, cint(doc.packages)
			),
			title=_("Too Many Packages"),
		)


def requirements(doc: Document) -> list[Requirement]:
	"""What shipping asks for: gate `ship`."""
	changed = _lt(
		"Lines, traceability or documents were changed after the clearance. Undo the change, or have"
		" the delivery packed and cleared again."
	)
	return [
		asked(doc, "carrier", _lt("Carrier"), _lt("Enter the carrier."), (doc.carrier or "").strip()),
		asked(
			doc,
			"tracking_number",
			_lt("Tracking number"),
			_lt("Enter the tracking number."),
			(doc.tracking_number or "").strip(),
		),
		asked(doc, "ship_date", _lt("Ship date"), _lt("Enter the date of shipment."), doc.ship_date),
		asked(
			doc,
			"packages",
			_lt("Number of packages"),
			_lt("Enter how many packages there are."),
			cint(doc.packages) > 0,
		),
		*delivery.weight_unit(doc),
		*delivery.order_released(doc),
		*as_approved(doc),
		*inspections_pass(doc),
		*in_stock(doc),
		*bookable(doc),
		Requirement(
			code="unchanged",
			label=_lt("Unchanged since the clearance"),
			message=changed,
			met=not any(record.changed_since(doc, gate) for gate in path.earlier("ship")),
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


def mail_shipment(doc: Document) -> None:
	"""Mail the customer that the delivery is on its way. Effect of `ship`."""
	if customer_mail.is_wanted("shipped"):
		owe("shipped", doc)


def mail_notice(delivery: str) -> None:
	"""Mail the notice of a shipment. A background job; harmless when it runs twice.

	The same shipment that is entered again, after a cancellation, is not told again. The package of its
	documents follows the mail into the queue: see `outgoing.mail_package`.
	"""
	doc = frappe.get_doc("Delivery Note", delivery)
	stamp = mail_rules.stamp("shipped", *event(doc))
	customer_mail.mail_customer("shipped", stamp, doc, lambda: letter(doc))


@frappe.whitelist(methods=["POST"])
@checked
def send_shipment(name: str, known: str = "") -> str:
	"""Mail the customer the notice of a delivery that has shipped, again if need be; gives the addresses.

	`known` is the last one as far as the caller knows. Raises as `sent_mails.send_by_hand` does, and
	ValidationError for a delivery that has not shipped.
	"""
	doc = frappe.get_doc("Delivery Note", name)
	doc.check_permission("read")
	if doc.docstatus != 1 or doc.is_return:
		frappe.throw(_("A shipment is told when it has left."))
	return sent_mails.send_by_hand("shipped", event(doc), doc, letter(doc), known)


def event(doc: Document) -> tuple[str, str]:
	"""What the stamp of the notice of a shipment is made of: the same shipment is told once."""
	return customer_mail.original(doc), mail_rules.digest(doc.tracking_number)


def letter(doc: Document) -> customer_mail.Letter:
	"""The notice of a shipment."""
	_billing, primary = customer_mail.customer_addresses(doc.customer)
	orders = orders_of(doc)
	return customer_mail.Letter(
		[contact_email(doc), *customer_mail.order_addresses(orders), *primary],
		lambda: shipment(doc, orders),
		{"send_after": mail_package.deadline()},
	)


def shipment(doc: Document, orders: list[str]) -> dict:
	"""What the notice of a shipment can name."""
	tracking = typed_text(doc.tracking_number or doc.tracking_url)
	if (doc.tracking_url or "").startswith(("https://", "http://")):
		tracking = f'<a href="{escape_html(doc.tracking_url)}">{tracking}</a>'
	context = customer_mail.common_context(doc, orders)
	return {
		**context,
		"delivery": doc.name,
		"carrier": typed_text(doc.carrier),
		"tracking": tracking,
		"ship_date": written_day(doc.ship_date),
		"details": customer_mail.details(
			(_("Your purchase order"), context["po_no"]),
			(_("Our order"), context["order"]),
			(_("Delivery note"), doc.name),
			(_("Carrier"), typed_text(doc.carrier)),
			(_("Tracking number"), tracking),
			(_("Shipped on"), written_day(doc.ship_date)),
			(_("Packages"), doc.packages),
		),
		"lines": customer_mail.lines(
			[_("Your purchase order"), _("Item"), _("Your part number"), _("Quantity")],
			[
				(
					row.customer_po_no,
					customer_mail.item_of(row),
					row.customer_part_no,
					written_qty(row.qty, row.uom),
				)
				for row in doc.items
				if row.qty
			],
			numbers=(3,),
		),
	}


def return_requirements(doc: Document) -> list[Requirement]:
	"""What the receipt of a return asks for: gate `receive_return`."""
	return [
		Requirement(
			code="return_against",
			label=_lt("The delivery that comes back"),
			message=_lt("Enter the Delivery Note that these goods were delivered with."),
			met=bool(doc.return_against),
			link=Link(doc.doctype, doc.name, "return_against"),
			waivable=False,
		),
		*bookable(doc),
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
