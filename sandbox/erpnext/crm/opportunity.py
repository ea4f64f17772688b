"""Opportunity."""

import frappe
from frappe.model.mapper import get_mapped_doc
from frappe.utils import flt

from erpnext.controllers.status_updater import StatusUpdater


class Opportunity(StatusUpdater):
	def validate(self):
		self.set_status()
		self.set_customer_name()
		self.title = self.title or self.customer_name
		if self.company and not self.currency:
			self.currency = frappe.get_cached_value("Company", self.company, "default_currency")
		self.conversion_rate = self.conversion_rate or 1
		for row in self.items:
			item = frappe.get_cached_doc("Item", row.item_code) if row.item_code else frappe._dict()
			row.item_name = row.item_name or item.get("item_name")
			row.uom = row.uom or item.get("stock_uom")
			row.description = row.description or item.get("description")
			row.amount = flt(row.rate) * flt(row.qty)
			row.base_rate, row.base_amount = (
				flt(value) * self.conversion_rate for value in (row.rate, row.amount)
			)
		self.total = sum(flt(row.amount) for row in self.items)
		self.base_total = self.total * self.conversion_rate

	def set_customer_name(self):
		if self.customer_name or not self.party_name:
			return
		if self.opportunity_from == "Lead":
			lead = frappe.db.get_value("Lead", self.party_name, ["lead_name", "company_name"], as_dict=True)
			self.customer_name = lead.company_name or lead.lead_name
		elif self.opportunity_from == "Customer":
			self.customer_name = frappe.db.get_value("Customer", self.party_name, "customer_name")

	def on_update(self):
		if self.opportunity_from == "Lead":
			frappe.get_doc("Lead", self.party_name).set_status(update=True)

	def quotations(self, **filters) -> list[str]:
		names = frappe.get_all(
			"Quotation Item", {"prevdoc_docname": self.name, "docstatus": 1}, pluck="parent"
		)
		direct = frappe.get_all("Quotation", {"opportunity": self.name, "docstatus": 1}, pluck="name")
		return frappe.get_all("Quotation", {"name": ["in", [*names, *direct, ""]], **filters}, pluck="name")

	def has_active_quotation(self):
		return bool(
			self.name and not self.is_new() and self.quotations(status=["not in", ["Lost", "Closed"]])
		)

	def has_ordered_quotation(self):
		return bool(not self.is_new() and self.quotations(status=["in", ["Ordered", "Partially Ordered"]]))

	def has_lost_quotation(self):
		return bool(not self.is_new() and self.quotations(status="Lost"))


@frappe.whitelist()
def make_quotation(source_name, target_doc=None):
	def set_missing_values(source, target):
		target.conversion_rate = 1
		target.run_method("set_missing_values")
		target.run_method("calculate_taxes_and_totals")
		if not source.get("items"):
			target.opportunity = source.name

	return get_mapped_doc(
		"Opportunity",
		source_name,
		{
			"Opportunity": {
				"doctype": "Quotation",
				"field_map": {"opportunity_from": "quotation_to", "name": "enq_no"},
			},
			"Opportunity Item": {
				"doctype": "Quotation Item",
				"field_map": {
					"parent": "prevdoc_docname",
					"parenttype": "prevdoc_doctype",
					"uom": "stock_uom",
				},
				"add_if_empty": True,
			},
		},
		target_doc,
		set_missing_values,
	)


@frappe.whitelist()
def make_customer(source_name, target_doc=None):
	def set_missing_values(source, target):
		target.opportunity_name = source.name
		if source.opportunity_from == "Lead":
			target.lead_name = source.party_name

	return get_mapped_doc(
		"Opportunity",
		source_name,
		{
			"Opportunity": {
				"doctype": "Customer",
				"field_map": {"currency": "default_currency", "name": "opportunity_name"},
			}
		},
		target_doc,
		set_missing_values,
	)
