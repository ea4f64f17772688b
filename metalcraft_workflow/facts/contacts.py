"""Who has linked a contact or an address with a customer: somebody of the house, or a stranger.

Frappe lets every user of the portal make contacts and addresses, and server code makes them in the name of
whoever is signed in. Access to a customer's documents and mails to the customer both go by these functions,
so that nobody gets one of them by a link of their own making.
"""

import frappe
from frappe.model.document import Document
from pypika import Order, Table
from pypika.queries import QueryBuilder
from pypika.terms import Criterion


def made_in_house(*tables: Table) -> Criterion:
	"""Condition of a query: rows of all of `tables` that somebody with a seat in the desk has made."""
	user = frappe.qb.DocType("User")
	house = frappe.qb.from_(user).where(user.user_type == "System User").select(user.name)
	return Criterion.all([table.owner.isin(house) for table in tables])


def contacts_of_customers(*also: Table) -> tuple[QueryBuilder, Table, Table]:
	"""A query of the contacts that the house has made and linked with customers, and its tables: contact and
	link. `also` are further tables, joined by their `parent`, whose rows have to be the house's too."""
	contact, link = frappe.qb.DocType("Contact"), frappe.qb.DocType("Dynamic Link")
	query = (
		frappe.qb.from_(contact)
		.join(link)
		.on((link.parent == contact.name) & (link.parenttype == "Contact"))
		.where(link.link_doctype == "Customer")
	)
	for table in also:
		query = query.join(table).on((table.parent == contact.name) & (table.parenttype == "Contact"))
	return query.where(made_in_house(contact, link, *also)), contact, link


def portal_users(customer: str | None = None, user: str | None = None) -> list[frappe._dict]:
	"""Users that customers name as theirs, of `customer` or with `user`: `customer` and `user` each.

	The house names them; whoever has registered in a web shop has made their own customer.
	"""
	row, party = frappe.qb.DocType("Portal User"), frappe.qb.DocType("Customer")
	query = (
		frappe.qb.from_(row)
		.join(party)
		.on(party.name == row.parent)
		.where(row.parenttype == "Customer")
		.where(made_in_house(row) | ((row.owner == row.user) & (party.owner == row.user)))
		.select(row.parent.as_("customer"), row.user)
	)
	if customer:
		query = query.where(row.parent == customer)
	if user:
		query = query.where(row.user == user)
	return query.run(as_dict=True)


def linked(doctype: str, link_doctype: str, link_name: str) -> str | None:
	"""The first Contact or Address that the house has made and linked to a document."""
	table, link = frappe.qb.DocType(doctype), frappe.qb.DocType("Dynamic Link")
	found = (
		frappe.qb.from_(table)
		.join(link)
		.on((link.parent == table.name) & (link.parenttype == doctype))
		.where((link.link_doctype == link_doctype) & (link.link_name == link_name))
		.where(made_in_house(table, link))
		.orderby(link.creation, order=Order.asc)
		.select(table.name)
		.limit(1)
		.run(pluck=True)
	)
	return found[0] if found else None


def contact_email(doc: Document | frappe._dict) -> str | None:
	"""The address on a document, unless ERPNext has taken it from a contact that a stranger has made or has
	linked with the customer. `doc` has `contact_email`, `contact_person` and `customer`."""
	person = doc.get("contact_person")
	if not person or is_ours(person, doc.get("customer")):
		return doc.get("contact_email")
	return None


def name_at(addresses: list[str], customer: str) -> str:
	"""The name of the customer's contact, made by the house, that has one of `addresses`; empty without one."""
	query, contact, link = contacts_of_customers()
	found = (
		query.where((link.link_name == customer) & contact.email_id.isin(addresses or [""]))
		.orderby(contact.creation)
		.select(contact.first_name, contact.last_name)
		.limit(1)
		.run()
	)
	return " ".join(part for part in found[0] if part) if found else ""


def is_ours(contact: str, customer: str | None) -> bool:
	"""Whether the house has made `contact`, and whatever links it with `customer`."""
	table, link = frappe.qb.DocType("Contact"), frappe.qb.DocType("Dynamic Link")
	made = frappe.qb.from_(table).where(table.name == contact).where(made_in_house(table)).select(table.name)
	if not made.run():
		return False
	links = (
		frappe.qb.from_(link)
		.where((link.parenttype == "Contact") & (link.parent == contact))
		.where((link.link_doctype == "Customer") & (link.link_name == (customer or "")))
		.where(made_in_house(link).negate())
		.select(link.name)
		.limit(1)
	)
	return not links.run()
