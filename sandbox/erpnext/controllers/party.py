"""What a document takes from its customer."""

import frappe
from frappe.contacts.doctype.address.address import get_default_address, render_address
from frappe.contacts.doctype.contact.contact import get_default_contact
from frappe.utils import add_days, add_months, get_last_day, getdate


def fill(doc) -> None:
	"""Fill in what is empty, from the customer or the lead."""
	kind, name = party_of(doc)
	if not name:
		return
	values = {
		"customer_address": get_default_address(kind, name),
		"contact_person": get_default_contact(kind, name),
	}
	if kind == "Customer":
		customer = frappe.get_cached_doc("Customer", name)
		values |= {
			"customer_name": customer.customer_name,
			"customer_group": customer.customer_group,
			"territory": customer.territory,
			"language": customer.language,
			"currency": customer.default_currency,
			"selling_price_list": customer.default_price_list,
			"tax_id": customer.tax_id,
			"payment_terms_template": customer.payment_terms
			or frappe.db.get_value("Customer Group", customer.customer_group, "payment_terms"),
			"contact_person": values["contact_person"] or customer.customer_primary_contact,
			"customer_address": values["customer_address"] or customer.customer_primary_address,
		}
		values["shipping_address_name"] = (
			get_default_address("Customer", name, "is_shipping_address") or values["customer_address"]
		)
	elif kind == "Lead":
		lead = frappe.get_cached_doc("Lead", name)
		values |= {
			"customer_name": lead.company_name or lead.lead_name,
			"contact_email": lead.email_id,
			"territory": lead.territory,
		}
	if doc.get("is_return"):
		values.pop("payment_terms_template", None)
	for field, value in values.items():
		if value and doc.meta.has_field(field) and not doc.get(field):
			doc.set(field, value)
	if doc.get("contact_person") and not doc.get("contact_display"):
		contact = frappe.get_cached_doc("Contact", doc.contact_person)
		doc.contact_display = contact.get("full_name") or contact.first_name
		doc.contact_email = doc.contact_email or contact.email_id
		doc.contact_mobile = contact.mobile_no
	for field, display in (
		("customer_address", "address_display"),
		("shipping_address_name", "shipping_address"),
	):
		if doc.get(field):
			doc.set(display, render_address(doc.get(field), check_permissions=False))


def party_of(doc) -> tuple[str, str | None]:
	if doc.doctype == "Quotation":
		return doc.quotation_to, doc.party_name
	return "Customer", doc.get("customer")


def due_date(term, day) -> object:
	"""When a payment term falls due."""
	day = getdate(day)
	based_on = term.due_date_based_on or ""
	if based_on.startswith("Month"):
		return add_months(get_last_day(day), term.credit_months or 0)
	if "end of" in based_on:
		return add_days(get_last_day(day), term.credit_days or 0)
	return add_days(day, term.credit_days or 0)
