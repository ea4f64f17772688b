"""Customer, and what the customer owes."""

import frappe
from frappe import _
from frappe.contacts.address_and_contact import delete_contact_and_address, load_address_and_contact
from frappe.model.document import Document
from frappe.model.naming import set_name_by_naming_series
from frappe.query_builder.functions import Coalesce, Sum
from frappe.utils import cint, flt


class Customer(Document):
	def onload(self):
		load_address_and_contact(self)

	def autoname(self):
		if frappe.db.get_single_value("Selling Settings", "cust_master_name") == "Naming Series":
			set_name_by_naming_series(self)
			return
		self.name = self.customer_name
		number = 1
		while frappe.db.exists("Customer", self.name):
			self.name = f"{self.customer_name} - {number}"
			number += 1

	def validate(self):
		self.flags.is_new_doc = self.is_new()
		before = self.get_doc_before_save()
		self.flags.old_lead = before.lead_name if before else None
		self.check_credit_limits(before)
		for row in self.portal_users:
			user = frappe.get_doc("User", row.user)
			if "Customer" not in [role.role for role in user.roles]:
				user.add_roles("Customer")

	def check_credit_limits(self, before):
		if not before or [row.credit_limit for row in before.credit_limits] == [
			row.credit_limit for row in self.credit_limits
		]:
			return
		companies = [row.company for row in self.credit_limits]
		if len(companies) != len(set(companies)):
			frappe.throw(_("There are two credit limits for {0}.").format(companies[0]))
		for row in self.credit_limits:
			owed = get_customer_outstanding(self.name, row.company, row.bypass_credit_limit_check)
			if flt(row.credit_limit) < owed:
				frappe.throw(
					_("The customer owes more than the new credit limit. It has to be at least {0}.").format(
						owed
					)
				)

	def after_insert(self):
		self.update_lead_status()

	def on_update(self):
		if not self.customer_primary_contact and not self.lead_name and (self.mobile_no or self.email_id):
			contact = frappe.get_doc(
				{
					"doctype": "Contact",
					"first_name": self.customer_name,
					"is_primary_contact": 1,
					"links": [{"link_doctype": "Customer", "link_name": self.name}],
				}
			)
			if self.email_id:
				contact.add_email(self.email_id, is_primary=True)
			if self.mobile_no:
				contact.add_phone(self.mobile_no, is_primary_mobile_no=True)
			contact.insert()
			self.db_set("customer_primary_contact", contact.name)
		if self.flags.old_lead != self.lead_name:
			self.update_lead_status()
		if self.flags.is_new_doc:
			self.link_lead_address_and_contact()

	def update_lead_status(self):
		if self.lead_name:
			frappe.db.set_value("Lead", self.lead_name, "status", "Converted")

	def link_lead_address_and_contact(self):
		if not self.lead_name:
			return
		for row in frappe.get_all(
			"Dynamic Link",
			{
				"parenttype": ["in", ["Contact", "Address"]],
				"link_doctype": "Lead",
				"link_name": self.lead_name,
			},
			["parent", "parenttype"],
		):
			linked = frappe.get_doc(row.parenttype, row.parent)
			if not linked.has_link("Customer", self.name):
				linked.append("links", {"link_doctype": "Customer", "link_name": self.name})
				linked.save(ignore_permissions=self.flags.ignore_permissions)

	def on_trash(self):
		delete_contact_and_address("Customer", self.name)
		if self.lead_name:
			frappe.db.set_value("Lead", self.lead_name, "status", "Interested")


def limit_row(customer, company, field):
	return frappe.db.get_value(
		"Customer Credit Limit", {"parent": customer, "parenttype": "Customer", "company": company}, field
	)


def is_bypassed(customer, company) -> bool:
	return bool(cint(limit_row(customer, company, "bypass_credit_limit_check")))


def get_credit_limit(customer, company):
	limit = limit_row(customer, company, "credit_limit") if customer else 0
	if not limit and customer:
		group = frappe.get_cached_value("Customer", customer, "customer_group")
		row = frappe.db.get_value(
			"Customer Credit Limit",
			{"parent": group, "parenttype": "Customer Group", "company": company},
			["credit_limit", "bypass_credit_limit_check"],
			as_dict=True,
		)
		if row and not row.bypass_credit_limit_check:
			limit = row.credit_limit
	return flt(limit or frappe.get_cached_value("Company", company, "credit_limit"))


def get_customer_outstanding(customer, company, ignore_outstanding_sales_order=False, cost_center=None):
	"""What the customer owes, has on order, and was delivered without an order or an invoice."""
	entry = frappe.qb.DocType("GL Entry")
	owed = flt(
		frappe.qb.from_(entry)
		.where(entry.party_type == "Customer")
		.where(entry.party == customer)
		.where(entry.company == company)
		.where(entry.is_cancelled == 0)
		.select(Coalesce(Sum(entry.debit - entry.credit), 0))
		.run()[0][0]
	)
	if not ignore_outstanding_sales_order:
		for total, billed in frappe.get_all(
			"Sales Order",
			{
				"customer": customer,
				"company": company,
				"docstatus": 1,
				"per_billed": ["<", 100],
				"status": ["!=", "Closed"],
			},
			["base_grand_total", "per_billed"],
			as_list=True,
		):
			owed += flt(total) * (100 - flt(billed)) / 100
	note, line, billed = (
		frappe.qb.DocType(name) for name in ("Delivery Note", "Delivery Note Item", "Sales Invoice Item")
	)
	for name, amount, net, grand in (
		frappe.qb.from_(line)
		.join(note)
		.on(note.name == line.parent)
		.where(note.customer == customer)
		.where(note.company == company)
		.where(note.docstatus == 1)
		.where(note.status != "Closed")
		.where(Coalesce(line.against_sales_order, "") == "")
		.where(Coalesce(line.against_sales_invoice, "") == "")
		.select(line.name, line.amount, note.base_net_total, note.base_grand_total)
		.run()
	):
		on_invoice = flt(
			frappe.qb.from_(billed)
			.where(billed.dn_detail == name)
			.where(billed.docstatus == 1)
			.select(Coalesce(Sum(billed.amount), 0))
			.run()[0][0]
		)
		if flt(amount) > on_invoice and net:
			owed += (flt(amount) - on_invoice) / flt(net) * flt(grand)
	return owed


def check_credit_limit(customer, company, ignore_outstanding_sales_order=False, extra_amount=0):
	limit = get_credit_limit(customer, company)
	if not limit:
		return
	owed = get_customer_outstanding(customer, company, ignore_outstanding_sales_order)
	owed += max(flt(extra_amount), 0)
	if owed <= limit:
		return
	role = frappe.db.get_single_value("Accounts Settings", "credit_controller")
	if role and role in frappe.get_roles():
		return
	frappe.throw(
		_("{0} would owe {1}, over the credit limit of {2}.").format(customer, owed, limit),
		title=_("Credit Limit Crossed"),
	)
