"""Who may see what in the portal. The one place: every page and endpoint of the portal asks here.

What a user may not see does not exist for them: the answer is the same as for a name that never was.
"""

import frappe
from frappe import _
from frappe.model.document import Document
from pypika.terms import Criterion

from metalcraft_workflow.facts.contacts import contacts_of_customers, portal_users
from metalcraft_workflow.gates import lines

# What a customer sees of: see `visible`
SHOWN = ("Sales Order", "Delivery Note", "Sales Invoice", "Quotation")

# The role that ERPNext asks of whoever sees a customer's documents in its portal
ROLE = "Customer"


def customers_of(user: str | None = None) -> list[str]:
	"""Names of the customers that `user` (the session's when not given) acts for, sorted.

	By the portal users of the customer, as in ERPNext's own portal, and by the contacts that link the
	user with the customer. Nobody is let in by a contact that somebody outside the house has made:
	Frappe lets every user make contacts of their own, and link them with whom they like.
	Disabled users and disabled customers have no access.
	"""
	user = user or frappe.session.user
	if user == "Guest" or ROLE not in frappe.get_roles(user):
		return []
	if not frappe.db.get_value("User", user, "enabled"):
		return []
	linked = {*_by_portal_user(user), *_by_contact(user)}
	if not linked:
		return []
	return sorted(
		frappe.get_all("Customer", filters={"name": ("in", list(linked)), "disabled": 0}, pluck="name")
	)


def users_of(customer: str) -> list[str]:
	"""Names of the enabled users that see `customer` in the portal, sorted: `customers_of`, asked the
	other way round."""
	named = [row.user for row in portal_users(customer=customer)]
	query, contact, link = contacts_of_customers()
	contacts = (
		query.where(link.link_name == customer)
		.where(contact.user.isnotnull() & (contact.user != ""))
		.select(contact.user)
		.run(pluck=True)
	)
	return sorted(user for user in {*named, *contacts} if user and customer in customers_of(user))


def require_customers() -> list[str]:
	"""Customers of the signed-in user; there is at least one. Raises PermissionError."""
	customers = customers_of()
	if not customers:
		if frappe.session.user == "Guest":
			frappe.throw(_("Sign in to see your orders."), frappe.PermissionError)
		frappe.throw(
			_("No customer is linked to your account. Ask us to give you access."), frappe.PermissionError
		)
	return customers


def visible(doctype: str, customers: list[str]) -> Criterion:
	"""Condition of a query: the documents of `doctype` that users of `customers` see.

	Orders       submitted and cancelled ones; drafts once they carry the customer's purchase order
	Deliveries   what has left the house
	Invoices     submitted ones, credit notes too
	Quotations   submitted ones, also those to the lead that the customer was
	"""
	table = frappe.qb.DocType(doctype)
	if doctype == "Sales Order":
		received = (table.follows_process == 1) & (table.po_no != "")
		return table.customer.isin(customers) & ((table.docstatus > 0) | received)
	if doctype == "Delivery Note":
		return table.customer.isin(customers) & (table.docstatus == 1) & (table.is_return == 0)
	if doctype == "Sales Invoice":
		return table.customer.isin(customers) & (table.docstatus == 1)
	if doctype == "Quotation":
		customer = frappe.qb.DocType("Customer")
		leads = frappe.qb.from_(customer).where(customer.name.isin(customers)).select(customer.lead_name)
		to_customer = (table.quotation_to == "Customer") & table.party_name.isin(customers)
		to_lead = (table.quotation_to == "Lead") & table.party_name.isin(leads)
		return (table.docstatus == 1) & (to_customer | to_lead)
	raise ValueError(f"{doctype} is not shown in the portal")


def get_own(doctype: str, name: str, customers: list[str] | None = None) -> Document:
	"""The document `name`, when users of `customers` (the signed-in user's when not given) see it.

	Send a short list of its fields and never the document itself. Raises PermissionError to a guest and
	to a user without customers; DoesNotExistError, in the same words, for what is not there and for
	what is not theirs.
	"""
	customers = require_customers() if customers is None else customers
	table = frappe.qb.DocType(doctype)
	found = (
		frappe.qb.from_(table)
		.where(table.name == name)
		.where(visible(doctype, customers))
		.select(table.name)
		.run(pluck=True)
	)
	# MariaDB compares without regard to case and trailing spaces
	if name not in found:
		not_found(doctype)
	return frappe.get_doc(doctype, name)


def not_found(doctype: str) -> None:
	"""Raise the DoesNotExistError that stands for "is not there" and "is not yours" alike."""
	frappe.throw(_("{0} not found").format(_(doctype)), frappe.DoesNotExistError)


def check_links(doc: Document, method: str | None = None) -> None:
	"""Refuse a contact or an address that somebody outside the house links with a customer of others:
	ERPNext would choose it for that customer's mails and shipments. `validate` of Contact and Address,
	whatever server code says about permissions. Raises PermissionError."""
	if not _is_portal_user():
		return
	before = doc.get_doc_before_save()
	added = _customers_in(doc) - (_customers_in(before) if before else set())
	for customer in added - set(customers_of()):
		# Whoever registers in a web shop is made a customer there and then
		owner = frappe.db.get_value("Customer", customer, "owner")
		if owner == frappe.session.user != "Guest":
			continue
		frappe.throw(_("You can link this with your own company only."), frappe.PermissionError)


def _customers_in(doc: Document) -> set[str]:
	return {row.link_name for row in doc.links if row.link_doctype == "Customer"}


def refuse_alone(row: Document, method: str | None = None) -> None:
	"""Refuse to users of the portal a row of a contact or an address by itself: Frappe does not ask whose
	the contact is then. Raises PermissionError."""
	if _is_portal_user():
		lines.refuse_alone(row)


def _is_portal_user() -> bool:
	return frappe.get_cached_value("User", frappe.session.user, "user_type") != "System User"


def _by_portal_user(user: str) -> list[str]:
	return [row.customer for row in portal_users(user=user)]


def _by_contact(user: str) -> list[str]:
	query, contact, link = contacts_of_customers()
	return (
		query.where((contact.user == user) & (contact.owner != user) & (link.owner != user))
		.select(link.link_name)
		.distinct()
		.run(pluck=True)
	)
