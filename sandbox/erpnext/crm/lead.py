"""Lead."""

import frappe
from frappe import _
from frappe.contacts.address_and_contact import delete_contact_and_address, load_address_and_contact
from frappe.model.mapper import get_mapped_doc
from frappe.utils import comma_and, get_link_to_form, validate_email_address

from erpnext.controllers.status_updater import StatusUpdater


class Lead(StatusUpdater):
	def onload(self):
		load_address_and_contact(self)

	def before_insert(self):
		self.contact_doc = None
		if frappe.db.get_single_value("CRM Settings", "auto_creation_of_contact"):
			self.contact_doc = self.create_contact()

	def after_insert(self):
		if self.contact_doc:
			self.contact_doc.append(
				"links", {"link_doctype": "Lead", "link_name": self.name, "link_title": self.lead_name}
			)
			self.contact_doc.save()

	def validate(self):
		self.set_names()
		self.title = self.company_name or self.lead_name
		self.set_status()
		if not self.email_id:
			return
		validate_email_address(self.email_id, throw=True)
		if not frappe.db.get_single_value("CRM Settings", "allow_lead_duplication_based_on_emails"):
			others = frappe.get_all(
				"Lead", {"email_id": self.email_id, "name": ["!=", self.name or ""]}, pluck="name"
			)
			if others:
				frappe.throw(
					_("This email address belongs to {0} already.").format(
						comma_and([frappe.bold(get_link_to_form("Lead", name)) for name in others])
					),
					frappe.DuplicateEntryError,
				)

	def set_names(self):
		if self.first_name:
			self.lead_name = " ".join(
				filter(None, [self.salutation, self.first_name, self.middle_name, self.last_name])
			)
		if not self.lead_name:
			if not self.company_name and not self.email_id and not self.flags.ignore_mandatory:
				frappe.throw(_("Enter the name of a person or of a company."))
			self.lead_name = self.company_name or self.email_id.split("@")[0]

	def on_trash(self):
		delete_contact_and_address(self.doctype, self.name)

	def create_contact(self):
		self.set_names()
		contact = frappe.new_doc("Contact")
		contact.update(
			{
				"first_name": self.first_name or self.lead_name,
				"last_name": self.last_name,
				"salutation": self.salutation,
				"gender": self.gender,
				"designation": self.job_title,
				"company_name": self.company_name,
			}
		)
		if self.email_id:
			contact.append("email_ids", {"email_id": self.email_id, "is_primary": 1})
		if self.phone:
			contact.append("phone_nos", {"phone": self.phone, "is_primary_phone": 1})
		if self.mobile_no:
			contact.append("phone_nos", {"phone": self.mobile_no, "is_primary_mobile_no": 1})
		contact.insert(ignore_permissions=True)
		contact.reload()
		return contact

	def has_opportunity(self):
		return frappe.db.exists("Opportunity", {"party_name": self.name, "status": ["!=", "Lost"]})

	def has_quotation(self):
		return frappe.db.exists(
			"Quotation", {"party_name": self.name, "docstatus": 1, "status": ["!=", "Lost"]}
		)

	def has_lost_quotation(self):
		return frappe.db.exists("Quotation", {"party_name": self.name, "docstatus": 1, "status": "Lost"})


@frappe.whitelist()
def make_customer(source_name, target_doc=None):
	return _make_customer(source_name, target_doc)


def _make_customer(source_name, target_doc=None, ignore_permissions=False):
	def set_missing_values(source, target):
		target.customer_type = "Company" if source.company_name else "Individual"
		target.customer_name = source.company_name or source.lead_name
		target.customer_group = target.customer_group or frappe.db.get_single_value(
			"Selling Settings", "customer_group"
		)

	return get_mapped_doc(
		"Lead",
		source_name,
		{
			"Lead": {
				"doctype": "Customer",
				"field_map": {"name": "lead_name", "company_name": "customer_name"},
				"field_no_map": ["disabled"],
			}
		},
		target_doc,
		set_missing_values,
		ignore_permissions=ignore_permissions,
	)


@frappe.whitelist()
def make_opportunity(source_name, target_doc=None):
	return get_mapped_doc(
		"Lead",
		source_name,
		{
			"Lead": {
				"doctype": "Opportunity",
				"field_map": {
					"doctype": "opportunity_from",
					"name": "party_name",
					"lead_name": "contact_display",
					"company_name": "customer_name",
					"email_id": "contact_email",
					"mobile_no": "contact_mobile",
					"lead_owner": "opportunity_owner",
				},
			}
		},
		target_doc,
		link,
	)


@frappe.whitelist()
def make_quotation(source_name, target_doc=None):
	doc = get_mapped_doc(
		"Lead",
		source_name,
		{"Lead": {"doctype": "Quotation", "field_map": {"name": "party_name"}}},
		target_doc,
		link,
	)
	doc.quotation_to = "Lead"
	doc.run_method("set_missing_values")
	doc.run_method("set_other_charges")
	doc.run_method("calculate_taxes_and_totals")
	return doc


def link(source, target):
	"""The lead's own contact and address."""
	for parenttype, field in (("Address", "customer_address"), ("Contact", "contact_person")):
		found = frappe.db.get_value(
			"Dynamic Link",
			{"link_doctype": source.doctype, "link_name": source.name, "parenttype": parenttype},
			"parent",
		)
		if found:
			target.set(field, found)
