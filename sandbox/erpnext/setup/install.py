"""What a new site with ERPNext has: documents, roles, and the masters that nobody types in."""

import frappe
from frappe.custom.doctype.custom_field.custom_field import create_custom_fields

from erpnext import schema

# On documents of the engine
FIELDS = {
	"Contact": [
		{
			"fieldname": "is_billing_contact",
			"label": "Is Billing Contact",
			"fieldtype": "Check",
			"insert_after": "is_primary_contact",
		}
	],
	"Address": [
		{
			"fieldname": "tax_category",
			"label": "Tax Category",
			"fieldtype": "Link",
			"options": "Tax Category",
			"insert_after": "fax",
		},
		{
			"fieldname": "is_your_company_address",
			"label": "Is Your Company Address",
			"fieldtype": "Check",
			"insert_after": "linked_with",
		},
	],
}

TREES = {
	"Customer Group": ("All Customer Groups", ("Individual", "Commercial", "Non Profit", "Government")),
	"Supplier Group": (
		"All Supplier Groups",
		("Services", "Local", "Raw Material", "Hardware", "Distributor"),
	),
	"Territory": ("All Territories", ("United States", "Rest Of The World")),
	"Item Group": (
		"All Item Groups",
		("Products", "Raw Material", "Services", "Sub Assemblies", "Consumable"),
	),
	"Sales Person": ("Sales Team", ()),
}
UNITS = {
	"Nos": 1,
	"Unit": 1,
	"Box": 1,
	"Pair": 1,
	"Set": 1,
	"Kg": 0,
	"Gram": 0,
	"Meter": 0,
	"Litre": 0,
	"Hour": 0,
	"Pound": 0,
}
PURPOSES = (
	"Material Issue",
	"Material Receipt",
	"Material Transfer",
	"Manufacture",
	"Repack",
	"Material Transfer for Manufacture",
	"Material Consumption for Manufacture",
)


def after_install():
	schema.sync()
	create_custom_fields(FIELDS)
	frappe.clear_cache()
	for doctype, (top, names) in TREES.items():
		field = f"{frappe.scrub(doctype)}_name"
		parent = f"parent_{frappe.scrub(doctype)}"
		make(doctype, {field: top, "is_group": 1})
		for name in names:
			make(doctype, {field: name, "is_group": 0, parent: top})
	for unit, whole in UNITS.items():
		make("UOM", {"uom_name": unit, "must_be_whole_number": whole, "enabled": 1})
	for purpose in PURPOSES:
		make("Stock Entry Type", {"name": purpose, "purpose": purpose, "is_standard": 1})
	for name, selling in (("Standard Selling", 1), ("Standard Buying", 0)):
		make(
			"Price List",
			{
				"price_list_name": name,
				"currency": "USD",
				"enabled": 1,
				"selling": selling,
				"buying": 1 - selling,
			},
		)
	for name in ("Sales", "Support", "Maintenance"):
		make("Opportunity Type", {"name": name})
	for name in ("Prospecting", "Qualification", "Proposal/Price Quote", "Negotiation/Review"):
		make("Sales Stage", {"stage_name": name})
	for name in ("Existing Customer", "Reference", "Advertisement", "Exhibition"):
		make("Lead Source", {"source_name": name})
	for name, kind in (("Cash", "Cash"), ("Wire Transfer", "Bank"), ("Cheque", "Bank")):
		make("Mode of Payment", {"mode_of_payment": name, "type": kind, "enabled": 1})
	make(
		"Address Template",
		{
			"country": "United States",
			"is_default": 1,
			"template": "{{ address_line1 }}<br>{% set region = [state, pincode] | select | join(' ') %}"
			"{% if city or region %}{{ [city, region] | select | join(', ') }}<br>{% endif %}{{ country }}<br>",
		},
	)
	# The engine takes these from here when the set-up wizard runs
	for field, value in {
		"country": "United States",
		"currency": "USD",
		"language": "en",
		"time_zone": "America/New_York",
		"date_format": "mm-dd-yyyy",
		"time_format": "HH:mm:ss",
		"number_format": "#,###.##",
		"float_precision": "3",
		"rounding_method": "Banker's Rounding",
	}.items():
		frappe.db.set_single_value("System Settings", field, value)
	frappe.db.set_single_value("Selling Settings", "selling_price_list", "Standard Selling")
	frappe.db.set_single_value("Selling Settings", "customer_group", "All Customer Groups")
	frappe.db.set_single_value("Selling Settings", "territory", "All Territories")
	frappe.db.set_single_value("Buying Settings", "buying_price_list", "Standard Buying")
	frappe.db.set_single_value("Stock Settings", "item_group", "All Item Groups")
	frappe.db.set_single_value("Stock Settings", "use_serial_batch_fields", 1)
	frappe.db.set_default("Customer Group", "All Customer Groups")
	frappe.db.commit()


def make(doctype: str, values: dict) -> None:
	doc = frappe.get_doc({"doctype": doctype, **values})
	doc.flags.ignore_mandatory = doc.flags.ignore_links = True
	doc.insert(ignore_permissions=True, ignore_if_duplicate=True)


def setup_complete(args=None):
	"""What the set-up wizard makes of its answers: a year and a company."""
	args = frappe._dict(args or {})
	if not args.company_name or frappe.db.exists("Company", args.company_name):
		return
	make(
		"Fiscal Year",
		{
			"year": str(args.fy_start_date)[:4],
			"year_start_date": args.fy_start_date,
			"year_end_date": args.fy_end_date,
		},
	)
	frappe.get_doc(
		{
			"doctype": "Company",
			"company_name": args.company_name,
			"abbr": args.company_abbr,
			"default_currency": args.currency,
			"country": args.country,
		}
	).insert(ignore_permissions=True)
	frappe.db.set_single_value(
		"Global Defaults",
		{"default_company": args.company_name, "default_currency": args.currency, "country": args.country},
	)
	frappe.db.set_default("company", args.company_name)
	frappe.db.set_default("currency", args.currency)
