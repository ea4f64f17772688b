"""Steps 1-3: from lead to customer. A quotation to a lead makes the customer, once, and typed by nobody."""

import frappe
from frappe import _
from frappe.contacts.doctype.address.address import get_address_display
from frappe.model.document import Document
from frappe.utils import get_link_to_form

from metalcraft_workflow import compat
from metalcraft_workflow.facts.contacts import linked


def make_customer_of_lead(doc: Document, method: str | None = None) -> None:
	"""Turn the lead of a submitted quotation into a customer, or link it to the one there is.

	Runs in `before_submit`. Raises a ValidationError that names the fields when a customer on this site
	needs more than a lead has.
	"""
	if doc.quotation_to != "Lead" or not doc.party_name:
		return
	# Two quotations submitted side by side: the second waits here, and then sees what the first made
	lead = frappe.get_doc("Lead", doc.party_name, for_update=True)
	customer = find_customer(lead)
	if not customer:
		customer = create_customer(lead)
		frappe.msgprint(
			_("{0} is now a customer: {1}").format(
				frappe.bold(lead.company_name or lead.lead_name),
				get_link_to_form("Customer", customer),
			),
			indicator="green",
			alert=True,
		)


def mark_lead_converted(doc: Document, method: str | None = None) -> None:
	"""Leave the lead of a submitted quotation Converted. In `on_submit`, after ERPNext set its status.

	ERPNext sets "Quotation" where it does not see the customer yet: one that was linked just now, or
	made by another quotation since this transaction began.
	"""
	if doc.quotation_to == "Lead" and doc.party_name:
		frappe.db.set_value("Lead", doc.party_name, "status", "Converted")


def find_customer(lead: Document) -> str | None:
	"""The customer of `lead`: made from it before, or by hand. One made by hand is linked to it."""
	# A locking read where another quotation has just converted the lead: it sees what was committed
	# after this transaction began
	customer = frappe.db.get_value("Customer", {"lead_name": lead.name}) or (
		lead.status == "Converted"
		and frappe.db.get_value("Customer", {"lead_name": lead.name}, for_update=True)
	)
	if customer:
		return customer
	customer = unlinked_customer(lead)
	if customer:
		adopt(customer, lead)
	return customer


def unlinked_customer(lead: Document) -> str | None:
	"""The one customer that is this lead's by all appearances and belongs to no lead yet.

	A company is known by its name; a person only by name and email address together.
	"""
	if lead.customer and not frappe.db.get_value("Customer", lead.customer, "lead_name"):
		return lead.customer
	filters = {"lead_name": ["is", "not set"], "disabled": 0}
	if lead.company_name:
		filters["customer_name"] = lead.company_name.strip()
	elif lead.email_id:
		filters |= {"customer_name": lead.lead_name, "email_id": lead.email_id}
	else:
		return None
	found = frappe.get_all("Customer", filters=filters, pluck="name", limit=2)
	return found[0] if len(found) == 1 else None


def adopt(customer: str, lead: Document) -> None:
	"""Link a customer that was made by hand to `lead`, with the lead's contacts and addresses."""
	doc = frappe.get_doc("Customer", customer)
	doc.db_set("lead_name", lead.name)
	# Whoever may submit the quotation sets this off, also who may not write these by hand
	doc.flags.ignore_permissions = True
	compat.link_lead_parties(doc)
	set_primary_contact_and_address(doc)


def create_customer(lead: Document) -> str:
	"""Make the customer of `lead`, with its contact and address; gives the name."""
	from erpnext.selling.doctype.quotation.quotation import create_customer_from_lead

	make_contact(lead)
	# Whoever may submit the quotation sets this off, also who may not make customers by hand
	customer = create_customer_from_lead(lead.name, ignore_permissions=True)
	set_primary_contact_and_address(customer)
	return customer.name


def make_contact(lead: Document) -> None:
	"""Make the contact of a lead that has none: sites can switch off that ERPNext does it at once."""
	if linked("Contact", "Lead", lead.name):
		return
	contact = lead.create_contact()
	contact.append("links", {"link_doctype": "Lead", "link_name": lead.name})
	contact.save(ignore_permissions=True)  # as ERPNext does when it makes the contact with the lead


def set_primary_contact_and_address(customer: Document) -> None:
	"""Fill in the customer's primary contact and address from those linked to it, where empty."""
	values = {}
	contact = not customer.customer_primary_contact and linked("Contact", "Customer", customer.name)
	if contact:
		email_id, mobile_no = frappe.db.get_value("Contact", contact, ["email_id", "mobile_no"])
		values |= {
			"customer_primary_contact": contact,
			"email_id": email_id,
			"mobile_no": mobile_no,
		}
	address = not customer.customer_primary_address and linked("Address", "Customer", customer.name)
	if address:
		values |= {
			"customer_primary_address": address,
			"primary_address": get_address_display(address),
		}
	if values:
		customer.db_set(values)


def fill_customer_part_no(doc: Document, method: str | None = None) -> None:
	"""Fill in the customer's part number of each line from the Item, where it is empty.

	ERPNext has just looked it up (Item, "Customer Items"), but keeps it in a hidden field.
	"""
	for row in doc.items:
		if not row.customer_part_no and row.get("customer_item_code"):
			row.customer_part_no = row.customer_item_code
