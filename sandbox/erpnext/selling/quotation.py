"""Quotation, and the customer that a lead becomes."""

import frappe
from frappe import _
from frappe.model.mapper import get_mapped_doc
from frappe.query_builder.functions import Sum
from frappe.utils import flt, get_link_to_form, getdate, nowdate

from erpnext.controllers.selling_controller import SellingController
from erpnext.controllers.website_list_for_contact import list_of_documents


class Quotation(SellingController):
	def validate(self):
		super().validate()
		self.set_status()
		if self.valid_till and getdate(self.valid_till) < getdate(self.transaction_date):
			frappe.throw(_("A quotation is valid from its own date on."))
		self.set_customer_name()
		from erpnext.stock.doctype.packed_item.packed_item import make_packing_list

		make_packing_list(self)

	def before_submit(self):
		for row, following in zip(self.items, self.items[1:], strict=False):
			row.has_alternative_item = int(not row.is_alternative and bool(following.is_alternative))

	def on_submit(self):
		self.update_opportunity("Quotation")
		self.update_lead()

	def on_cancel(self):
		self.set_status(update=True)
		self.update_opportunity("Open")
		self.update_lead()

	def set_customer_name(self):
		if self.party_name and self.quotation_to == "Customer":
			self.customer_name = frappe.db.get_value("Customer", self.party_name, "customer_name")
		elif self.party_name and self.quotation_to == "Lead":
			lead_name, company_name = frappe.db.get_value(
				"Lead", self.party_name, ["lead_name", "company_name"]
			)
			self.customer_name = company_name or lead_name

	def update_lead(self):
		if self.quotation_to == "Lead" and self.party_name:
			frappe.get_doc("Lead", self.party_name).set_status(update=True)

	def update_opportunity(self, status):
		names = {row.prevdoc_docname for row in self.items} | {self.opportunity}
		for name in sorted(names - {None, ""}):
			frappe.get_doc("Opportunity", name).set_status(status=status, update=True)

	def ordered_status(self):
		if self.docstatus != 1:
			return ""
		ordered = get_ordered_items(self.name)
		if not ordered:
			return "Open"
		rows = self.items
		if any(row.is_alternative for row in rows):
			# Of a set of alternatives only what was taken counts
			rows = [
				row
				for row in rows
				if not (row.is_alternative or row.has_alternative_item) or row.name in ordered
			]
		if any(flt(row.qty) > ordered.get(row.name, 0) for row in rows):
			return "Partially Ordered"
		return "Ordered"

	@frappe.whitelist()
	def declare_enquiry_lost(self, lost_reasons_list, competitors=(), detailed_reason=None):
		if self.ordered_status() in ("Ordered", "Partially Ordered"):
			frappe.throw(_("It was ordered, so it is not lost."))
		self.db_set("status", "Lost")
		if detailed_reason:
			self.db_set("order_lost_reason", detailed_reason)
		self.update_opportunity("Lost")
		self.update_lead()
		self.save()


def get_list_context(context=None):
	return list_of_documents(_("Quotations"))


def get_ordered_items(quotation: str) -> dict[str, float]:
	"""Line of a quotation -> what is ordered of it."""
	line = frappe.qb.DocType("Sales Order Item")
	return dict(
		frappe.qb.from_(line)
		.where(line.prevdoc_docname == quotation)
		.where(line.docstatus == 1)
		.groupby(line.quotation_item)
		.select(line.quotation_item, Sum(line.qty))
		.run()
	)


@frappe.whitelist()
def make_sales_order(source_name: str, target_doc=None):
	valid_till = frappe.db.get_value("Quotation", source_name, "valid_till")
	if valid_till and getdate(valid_till) < getdate(nowdate()):
		frappe.throw(_("The quotation is not valid any more."))
	return _make_sales_order(source_name, target_doc)


def _make_sales_order(source_name, target_doc=None, ignore_permissions=False):
	customer = customer_of(source_name, ignore_permissions)
	ordered = get_ordered_items(source_name)
	args = frappe.flags.get("args") or {}
	selected = [row.get("name") for row in args.get("selected_items", [])]

	def set_missing_values(source, target):
		if customer:
			target.customer, target.customer_name = customer.name, customer.customer_name
		target.flags.ignore_permissions = ignore_permissions
		target.run_method("set_missing_values")
		target.run_method("calculate_taxes_and_totals")

	def update_item(source, target, parent):
		target.qty = max(flt(source.qty) - ordered.get(source.name, 0), 0)
		target.stock_qty = target.qty * flt(source.conversion_factor)

	def wanted(row) -> bool:
		if flt(row.qty) <= ordered.get(row.name, 0):
			return False
		if not selected:
			return not row.is_alternative
		if row.is_alternative or row.has_alternative_item:
			return row.name in selected
		return True

	return get_mapped_doc(
		"Quotation",
		source_name,
		{
			"Quotation": {"doctype": "Sales Order", "validation": {"docstatus": ["=", 1]}},
			"Quotation Item": {
				"doctype": "Sales Order Item",
				"field_map": {"parent": "prevdoc_docname", "name": "quotation_item"},
				"postprocess": update_item,
				"condition": wanted,
			},
			"Sales Taxes and Charges": {"doctype": "Sales Taxes and Charges", "reset_value": True},
			"Sales Team": {"doctype": "Sales Team", "add_if_empty": True},
			"Payment Schedule": {"doctype": "Payment Schedule", "add_if_empty": True},
		},
		target_doc,
		set_missing_values,
		ignore_permissions=ignore_permissions,
	)


def customer_of(source_name, ignore_permissions=False):
	quotation = frappe.db.get_value("Quotation", source_name, ["quotation_to", "party_name"], as_dict=True)
	if quotation.quotation_to == "Customer":
		return frappe.get_doc("Customer", quotation.party_name)
	existing = frappe.db.get_value("Customer", {"lead_name": quotation.party_name})
	if existing:
		return frappe.get_doc("Customer", existing)
	return create_customer_from_lead(quotation.party_name, ignore_permissions)


def create_customer_from_lead(lead_name, ignore_permissions=False):
	from erpnext.crm.doctype.lead.lead import _make_customer

	customer = _make_customer(lead_name, ignore_permissions=ignore_permissions)
	customer.flags.ignore_permissions = ignore_permissions
	try:
		return customer.insert()
	except frappe.MandatoryError as error:
		fields = [field.strip() for field in error.args[0].split(":")[1].split(",")]
		frappe.local.message_log = []
		frappe.throw(
			_("The customer cannot be made of the lead. This is missing:")
			+ "<br><ul><li>"
			+ "</li><li>".join(_(customer.meta.get_label(field)) for field in fields)
			+ "</li></ul>"
			+ _("Make the customer from {0} by hand.").format(get_link_to_form("Lead", lead_name)),
			title=_("Mandatory Missing"),
		)
