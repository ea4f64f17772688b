"""What the app relies on in ERPNext, as data: fields, permissions, and what its own functions make of one document
for the next.

On a site for tests, of a bench that has the app as a checkout:

    bench --site SITE execute metalcraft_workflow.tests.support.erpnext_facts.keep

writes what the ERPNext of that bench says into `tests/erpnext_facts/`, a file for each major version. The suite
compares it with what it runs on: ERPNext on a bench, and what the sandbox has in its place.
"""

import datetime
import json
from pathlib import Path

import erpnext
import frappe
from frappe.utils import getdate, nowdate

from metalcraft_workflow.tests.support import factories, money, quotations
from metalcraft_workflow.tests.support.factories import as_user

FOLDER = Path(__file__).parents[1] / "erpnext_facts"

LINE = "item_code item_name description qty uom stock_uom conversion_factor stock_qty rate amount warehouse"
HEAD = "company currency items grand_total rounded_total base_grand_total base_rounded_total terms"
PRICE = (
	"price_list_rate margin_type margin_rate_or_amount rate_with_margin discount_percentage discount_amount "
)
PRICE += "pricing_rules is_free_item"
SOURCES = "batch_no serial_no serial_and_batch_bundle use_serial_batch_fields"

# What is read, written, filtered by, or stood beside by a custom field
FIELDS = {
	"Lead": "lead_name company_name email_id status",
	"Opportunity": "opportunity_from party_name status items",
	"Quotation": f"{HEAD} quotation_to party_name customer_name transaction_date valid_till order_type status "
	"payment_schedule payment_terms_template",
	"Quotation Item": f"{LINE} is_alternative prevdoc_docname",
	"Customer": "customer_name customer_group lead_name disabled credit_limits email_id portal_users",
	"Customer Credit Limit": "company credit_limit bypass_credit_limit_check",
	"Sales Order": f"{HEAD} customer customer_name transaction_date delivery_date po_no po_date status "
	"per_delivered per_billed advance_paid party_account_currency payment_terms_template payment_schedule "
	"packed_items amended_from skip_delivery_note contact_email",
	"Sales Order Item": f"{LINE} delivery_date delivered_qty returned_qty billed_amt delivered_by_supplier "
	"quotation_item prevdoc_docname is_free_item",
	"Payment Terms Template": "allocate_payment_based_on_payment_terms",
	"Item": "inspection_required_before_delivery allow_negative_stock item_group stock_uom is_stock_item has_batch_no has_serial_no serial_no_series variant_of disabled",
	"Item Group": "parent_item_group lft rgt item_group_defaults",
	"Product Bundle": "new_item_code items",
	"Packed Item": "parent_item parent_detail_docname item_code item_name description qty uom warehouse "
	"target_warehouse conversion_factor rate delivered_by_supplier batch_no serial_no serial_and_batch_bundle "
	"use_serial_batch_fields",
	"Stock Entry": "stock_entry_type purpose company work_order items posting_date",
	"Stock Entry Detail": f"item_code qty uom conversion_factor transfer_qty s_warehouse t_warehouse {SOURCES}",
	"Work Order": "production_item qty sales_order sales_order_item fg_warehouse status",
	"Batch": "item supplier reference_doctype reference_name expiry_date disabled",
	"Stock Settings": "allow_negative_stock enable_stock_reservation action_if_quality_inspection_is_rejected "
	"action_if_quality_inspection_is_not_submitted "
	"allow_to_make_quality_inspection_after_purchase_or_delivery",
	"UOM": "must_be_whole_number",
	"Bin": "item_code warehouse actual_qty reserved_stock",
	"Quality Inspection": "reference_type reference_name item_code status",
	"Stock Reservation Entry": "voucher_type voucher_no voucher_detail_no item_code warehouse reserved_qty "
	"delivered_qty status",
	"Serial No": "item_code warehouse batch_no status",
	"Serial and Batch Bundle": "item_code warehouse voucher_type voucher_no entries is_cancelled",
	"Serial and Batch Entry": "batch_no serial_no qty warehouse",
	"Stock Ledger Entry": "voucher_type voucher_no item_code warehouse actual_qty batch_no serial_no "
	"serial_and_batch_bundle posting_datetime is_cancelled",
	"Purchase Receipt": "supplier supplier_delivery_note return_against",
	"Purchase Invoice": "supplier bill_no return_against",
	"Purchase Invoice Item": "purchase_order",
	"Subcontracting Receipt": "supplier supplier_delivery_note return_against",
	"Subcontracting Receipt Item": "subcontracting_order",
	"POS Invoice": "customer po_no return_against",
	"Delivery Note": f"{HEAD} customer customer_name posting_date posting_time is_return return_against po_no po_date status "
	"per_billed packed_items shipping_address_name contact_email ignore_pricing_rule set_posting_time",
	"Delivery Note Item": f"{LINE} {SOURCES} {PRICE} against_sales_order so_detail dn_detail si_detail "
	"returned_qty expense_account cost_center",
	"Sales Invoice": f"{HEAD} customer customer_name posting_date due_date is_return return_against update_stock "
	"po_no po_date outstanding_amount advances status update_outstanding_for_self contact_email",
	"Sales Invoice Item": f"{LINE} sales_order so_detail delivery_note dn_detail sales_invoice_item",
	"Payment Entry": "payment_type party_type party paid_amount received_amount references",
	"Payment Entry Reference": "reference_doctype reference_name allocated_amount",
	"Journal Entry Account": "account party_type party reference_type reference_name",
	"Payment Ledger Entry": "voucher_type voucher_no against_voucher_type against_voucher_no amount delinked",
	"Purchase Receipt Item": f"{LINE} {SOURCES} purchase_order",
	"Purchase Order Item": "sales_order sales_order_item delivered_by_supplier",
	"Sales Taxes and Charges": "rate total",
	"Warehouse": "company is_group",
	"Company": "default_currency credit_limit default_warehouse_for_sales_return",
}

# Whose permissions matter, too: what those who take the steps look up, and where money and goods are booked
LOOKED_UP = (
	"Account, Brand, Cost Center, Customer Group, Fiscal Year, Incoterm, Issue, Item Price, Item Tax Template, "
	"Journal Entry, Mode of Payment, Payment Term, Price List, Purchase Order, Sales Partner, Sales Person, "
	"Sales Taxes and Charges Template, Shipping Rule, Stock Entry Type, Stock Reconciliation, Supplier, "
	"Supplier Group, Tax Category, Terms and Conditions, Territory, UOM Conversion Factor, BOM"
).split(", ")

# What is said of a field, beside its type
MARKS = ("options", "reqd", "no_copy", "allow_on_submit", "unique", "permlevel")
RIGHTS = "select read write create delete submit cancel amend report import export print email share if_owner".split()


def keep() -> str:
	"""Write the facts of this ERPNext down; gives where."""
	file = file_of_this()
	file.parent.mkdir(exist_ok=True)
	file.write_text(written(take()))
	return str(file)


def kept() -> dict:
	"""The facts that were written down of this major version of ERPNext."""
	return json.loads(file_of_this().read_text())


def file_of_this() -> Path:
	return FOLDER / f"{erpnext.__version__.split('.')[0]}.json"


def take() -> dict:
	"""The facts, as this site has them, without what the app has added to them."""
	return {
		"version": erpnext.__version__,
		"fields": {doctype: fields_of(doctype, names.split()) for doctype, names in FIELDS.items()},
		"permissions": {
			doctype: permissions_of(doctype)
			for doctype in (*FIELDS, *LOOKED_UP)
			if not frappe.get_meta(doctype).istable
		},
		"outputs": outputs(),
	}


def fields_of(doctype: str, names: list[str]) -> dict[str, dict]:
	"""Field -> its type, and what is said of it."""
	rows = frappe.get_all(
		"DocField",
		{"parent": doctype, "fieldname": ["in", names]},
		["fieldname", "fieldtype", *MARKS],
		order_by="fieldname",
	)
	return {
		row.fieldname: {"type": row.fieldtype, **{mark: row[mark] for mark in MARKS if row[mark]}}
		for row in rows
	}


def permissions_of(doctype: str) -> dict[str, str]:
	"""Role -> its rights; a level above 0 after a stroke."""
	rows = frappe.get_all("DocPerm", {"parent": doctype}, ["role", "permlevel", *RIGHTS])
	found: dict[str, set] = {}
	for row in rows:
		role = f"{row.role}/{row.permlevel}" if row.permlevel else row.role
		found.setdefault(role, set()).update(right for right in RIGHTS if row[right])
	return {
		role: " ".join(right for right in RIGHTS if right in rights) for role, rights in sorted(found.items())
	}


# What ERPNext's functions make


class Names:
	"""Names that are others at every run -> what they stand for."""

	def __init__(self):
		self.known = {}

	def add(self, what: str, doc) -> None:
		"""Know the name of a document, and those of its lines."""
		self.known[doc.name] = f"<{what}>"
		for table in doc.meta.get_table_fields():
			for row in doc.get(table.fieldname) or ():
				self.known[row.name] = f"<{what}, {table.fieldname} {row.idx}>"

	def plain(self, value):
		"""A value as it is at every run."""
		if isinstance(value, datetime.date | datetime.datetime):
			return f"today {(getdate(value) - getdate()).days:+}"
		if isinstance(value, float):
			return round(value, 6)
		if isinstance(value, str) and value.startswith(nowdate()[:4] + "-"):
			return self.plain(getdate(value))
		return self.known.get(value, value) if isinstance(value, str) else value

	def fields(self, doc) -> dict:
		"""The fields of a document that the app relies on, those that are set, with its lines."""
		found = {}
		for name in FIELDS[doc.doctype].split():
			# When it is made, and what a company's own set-up adds to the price
			if name.endswith("_time") or (name.endswith("_total") and doc.doctype == "Quotation"):
				continue
			value = doc.get(name)
			if isinstance(value, list):
				value = [self.fields(row) for row in value if row.doctype in FIELDS]
			else:
				value = self.plain(value)
			if value not in (None, "", 0, []):
				found[name] = value
		return found


def outputs() -> dict[str, dict]:
	"""Function -> the document that it makes, with what the app relies on in it."""
	from erpnext.accounts.doctype.payment_entry.payment_entry import get_payment_entry
	from erpnext.accounts.doctype.sales_invoice import sales_invoice
	from erpnext.crm.doctype.lead import lead as leads
	from erpnext.crm.doctype.opportunity import opportunity as opportunities
	from erpnext.selling.doctype.quotation import quotation as offers
	from erpnext.selling.doctype.sales_order import sales_order
	from erpnext.stock.doctype.delivery_note import delivery_note

	factories.setup_world()
	names, found = Names(), {}
	if (default := erpnext.get_default_company()) != factories.COMPANY:
		names.known[default] = "<default company>"

	def note(function: str, doc) -> None:
		found[function] = names.fields(doc)

	who = frappe.generate_hash(length=8)
	lead = frappe.get_doc(
		{
			"doctype": "Lead",
			"first_name": "Ada",
			"last_name": "Bell",
			"company_name": f"MT Facts {who}",
			"email_id": f"{who}@facts.example",
		}
	).insert()
	names.add("lead", lead)
	names.known.update({lead.company_name: "<company of the lead>", lead.email_id: "<address of the lead>"})
	note("lead.make_opportunity", leads.make_opportunity(lead.name))
	note("lead.make_quotation", leads.make_quotation(lead.name))
	note("lead.make_customer", leads.make_customer(lead.name))

	opportunity = leads.make_opportunity(lead.name)
	opportunity.company = factories.COMPANY
	opportunity.append("items", {"item_code": factories.make_item(), "qty": 2, "uom": "Nos", "rate": 20})
	opportunity.insert()
	names.add("opportunity", opportunity)
	note("opportunity.make_quotation", opportunities.make_quotation(opportunity.name))

	customer = factories.make_customer(f"MT Facts Customer {who}")
	names.known[customer] = "<customer>"
	names.known[factories.make_address(customer)] = "<address>"
	quotation = quotations.make_quotation(customer)
	names.add("quotation", quotation)
	note("quotation.make_sales_order", offers.make_sales_order(quotation.name))

	order = money.order((factories.make_item(), 10, 100), customer=customer)
	names.add("order", order)
	names.known[order.po_no] = "<purchase order>"
	note("sales_order.make_delivery_note", sales_order.make_delivery_note(order.name))
	note("sales_order.make_sales_invoice", sales_order.make_sales_invoice(order.name))
	note("payment_entry.get_payment_entry of an order", get_payment_entry("Sales Order", order.name))

	delivery = money.ship(order, 4)
	names.add("delivery", delivery)
	note("delivery_note.make_sales_invoice", delivery_note.make_sales_invoice(delivery.name))
	note("delivery_note.make_sales_return", delivery_note.make_sales_return(delivery.name))
	note("sales_order.make_delivery_note of the rest", sales_order.make_delivery_note(order.name))

	invoice = money.invoice(delivery)
	names.add("invoice", invoice)
	note("sales_invoice.make_sales_return", sales_invoice.make_sales_return(invoice.name))
	with as_user(factories.ACCOUNTS):
		note(
			"payment_entry.get_payment_entry of an invoice", get_payment_entry("Sales Invoice", invoice.name)
		)
	frappe.db.rollback()
	return found


def written(facts: dict, whole: int = 3) -> str:
	"""As JSON with a fact a line, so that a change is a line of a diff; what lies `whole` levels down stands in
	one line."""

	def lines(value, depth: int):
		pad = "\t" * depth
		if not isinstance(value, dict) or not any(isinstance(each, dict) for each in value.values()):
			if depth < whole and isinstance(value, dict) and value:
				rows = ",\n".join(
					f"{pad}\t{json.dumps(key)}: {json.dumps(each)}" for key, each in value.items()
				)
				return f"{{\n{rows}\n{pad}}}"
			return json.dumps(value)
		rows = ",\n".join(
			f"{pad}\t{json.dumps(key)}: {lines(each, depth + 1)}" for key, each in value.items()
		)
		return f"{{\n{rows}\n{pad}}}"

	return lines(facts, 0) + "\n"
