"""What the demo company sells, to whom, and what is in its stock: the data first, then the making."""

from dataclasses import dataclass

import frappe
from frappe.utils import nowdate

from metalcraft_workflow.demo.company import (
	BUYING,
	COMPANY,
	COUNTRY,
	CURRENCY,
	NET_30,
	PREPAID,
	SELLING,
	ensure,
	own,
	root,
	warehouse,
)
from metalcraft_workflow.demo.people import set_password

COC, MILL, PICTURES = "Certificate of Conformance", "Mill Certificate", "Pictures"

# Item group -> the production department that makes what is in it
GROUPS = {
	"Cylinders": "Cylinders",
	"Portables": "Portables",
	"Electronics": "Electronics",
	"Engineered Systems": "Engineered Systems",
	"Cylinder Services": "Cylinders",
}


@dataclass(frozen=True)
class Item:
	"""Something the company sells. `serials` is the series of its serial numbers."""

	code: str
	name: str
	group: str
	price: float
	traceability: str = "None"
	serials: str = ""
	stock: int = 0
	# Departments of its own, where the group's do not fit
	departments: tuple[str, ...] = ()
	documents: tuple[str, ...] = ()


CYLINDER_50 = Item("FD-CYL-50", "CO2 Cylinder 50 lb", "Cylinders", 420, "Heat", documents=(MILL,))
CYLINDER_100 = Item("FD-CYL-100", "Clean Agent Cylinder 100 lb", "Cylinders", 910, "Heat")
ABC_10 = Item("FD-EXT-ABC10", "ABC Extinguisher 10 lb", "Portables", 68, "Serial", "ABC10-.#####", 120)
CLASS_K = Item("FD-EXT-K6", "Class K Extinguisher 6 L", "Portables", 145, "Serial", "K6-.#####", 60)
PANEL = Item("FD-PNL-4Z", "Releasing Panel 4 Zone", "Electronics", 1280, "Serial", "PNL-.#####", 20)
DETECTOR = Item("FD-DET-HT", "Heat Detector 190 F", "Electronics", 54, stock=200)
VEHICLE_KIT = Item(
	"FD-SYS-VEH",
	"Vehicle Suppression Kit",
	"Engineered Systems",
	2450,
	stock=12,
	departments=("Engineered Systems", "Electronics"),
)
HYDRO_TEST = Item("FD-SRV-HYDRO", "Hydrostatic Test", "Cylinder Services", 35)

ITEMS = (CYLINDER_50, CYLINDER_100, ABC_10, CLASS_K, PANEL, DETECTOR, VEHICLE_KIT, HYDRO_TEST)


@dataclass(frozen=True)
class Heat:
	"""A batch of cylinders drawn from one heat of steel, as the forge delivers it."""

	item: Item
	number: str
	qty: int

	@property
	def batch(self) -> str:
		return f"{self.item.code}-{self.number}"


SUPPLIER = "Great Lakes Forge and Tube"
SUPPLIER_DELIVERY = "GLF-77310"
HEATS = (
	Heat(CYLINDER_50, "H48213", 30),
	Heat(CYLINDER_50, "H48977", 60),
	Heat(CYLINDER_100, "H51104", 10),
	Heat(CYLINDER_100, "H51326", 40),
)


def address_of(buyer: str, company: str) -> str:
	"""An email address that looks like one and that no mail can reach."""
	return f"{buyer.lower().replace(' ', '.')}@{company.lower().split()[0]}.example"


@dataclass(frozen=True)
class Customer:
	"""Somebody who buys, on their terms."""

	name: str
	buyer: str
	city: str
	state: str
	terms: str = NET_30
	documents: tuple[str, ...] = ()
	credit_limit: float = 0
	hold_reason: str = ""

	@property
	def email(self) -> str:
		return address_of(self.buyer, self.name)


HARBORVIEW = Customer(
	"Harborview Marine Services", "Nadia Costa", "Norfolk", "Virginia", documents=(COC, MILL)
)
ATLAS = Customer("Atlas Aviation Support", "Jon Ekstrom", "Wichita", "Kansas", documents=(COC, PICTURES))
NORTHGATE = Customer("Northgate Data Centers", "Amir Haddad", "Columbus", "Ohio")
RIDGELINE = Customer("Ridgeline Mining", "Paula Reyes", "Elko", "Nevada", terms=PREPAID)
SUMMIT = Customer("Summit Fire Supply", "Kate Lindqvist", "Denver", "Colorado", credit_limit=12000)
PINECREST = Customer(
	"Pinecrest Restaurant Group",
	"Luis Ferrer",
	"Tampa",
	"Florida",
	hold_reason="Two invoices more than 60 days overdue.",
)

CUSTOMERS = (HARBORVIEW, ATLAS, NORTHGATE, RIDGELINE, SUMMIT, PINECREST)


def make_masters() -> None:
	"""Make item groups, items, prices, supplier and customers; what is there already is left alone."""
	top = ensure("Item Group", {"item_group_name": COMPANY}, is_group=1, parent_item_group=root("Item Group"))
	for group, department in GROUPS.items():
		ensure(
			"Item Group",
			{"item_group_name": own(group)},
			parent_item_group=top,
			production_departments=[{"department": own(department)}],
		)
	for item in ITEMS:
		make_item(item)
	make_supplier()
	for customer in CUSTOMERS:
		make_customer(customer)


def make_item(item: Item) -> None:
	"""Make an item and its price."""
	batches = item.traceability == "Heat"
	name = ensure(
		"Item",
		{"item_name": item.name, "item_group": own(item.group)},
		item_code=item.code,
		stock_uom=unit(),
		is_stock_item=int(batches or bool(item.stock)),
		is_purchase_item=int(batches),
		has_batch_no=int(batches),
		has_serial_no=int(bool(item.serials)),
		serial_no_series=item.serials or None,
		valuation_rate=round(item.price * 0.6, 2),
		traceability_required=item.traceability,
		production_departments=[{"department": own(name)} for name in item.departments],
		required_documents=[{"document_type": name} for name in item.documents],
		item_defaults=[{"company": COMPANY, "default_warehouse": warehouse("Production")}],
	)
	for price_list in price_lists():
		ensure(
			"Item Price",
			{"item_code": name, "price_list": price_list},
			price_list_rate=item.price,
			uom=unit(),
		)


def price_lists() -> list[str]:
	"""The demo's own price list, and the one that a new order of the site begins with."""
	default = frappe.db.get_single_value("Selling Settings", "selling_price_list")
	same_currency = default and frappe.db.get_value("Price List", default, "currency") == CURRENCY
	return [SELLING, default] if same_currency and default != SELLING else [SELLING]


def unit() -> str:
	"""The unit in which the site counts pieces."""
	return frappe.db.get_single_value("Stock Settings", "stock_uom") or "Nos"


def code_of(item: Item) -> str:
	"""The item's code on this site, which may name its items by a series."""
	return frappe.db.get_value("Item", {"item_name": item.name, "item_group": own(item.group)})


def make_supplier() -> str:
	group = ensure("Supplier Group", {"supplier_group_name": COMPANY})
	return ensure(
		"Supplier",
		{"supplier_name": SUPPLIER, "supplier_group": group},
		country=COUNTRY,
		default_currency=CURRENCY,
		default_price_list=BUYING,
	)


def make_customer(customer: Customer) -> None:
	"""Make a customer with a buyer and an address."""
	if customer_named(customer):
		return
	name = ensure(
		"Customer",
		{"customer_name": customer.name, "customer_group": customer_group()},
		customer_type="Company",
		territory=root("Territory"),
		default_currency=CURRENCY,
		default_price_list=SELLING,
		payment_terms=customer.terms,
		credit_hold=int(bool(customer.hold_reason)),
		credit_hold_reason=customer.hold_reason,
		required_documents=[{"document_type": name} for name in customer.documents],
		credit_limits=(
			[{"company": COMPANY, "credit_limit": customer.credit_limit}] if customer.credit_limit else []
		),
	)
	links = [{"link_doctype": "Customer", "link_name": name}]
	first_name, last_name = customer.buyer.split(" ", 1)
	contact = frappe.get_doc(
		{
			"doctype": "Contact",
			"first_name": first_name,
			"last_name": last_name,
			"is_primary_contact": 1,
			"is_billing_contact": 1,
			"email_ids": [{"email_id": customer.email, "is_primary": 1}],
			"links": links,
		}
	).insert()
	address = make_address(name, customer.city, customer.state)
	doc = frappe.get_doc("Customer", name)
	doc.customer_primary_contact, doc.customer_primary_address = contact.name, address
	doc.save()


def make_address(customer: str, city: str, state: str) -> str:
	"""Make the address of a customer where bills and goods go to; gives its name."""
	return (
		frappe.get_doc(
			{
				"doctype": "Address",
				"address_title": customer,
				"address_type": "Billing",
				"address_line1": "100 Industrial Parkway",
				"city": city,
				"state": state,
				"country": COUNTRY,
				"is_primary_address": 1,
				"is_shipping_address": 1,
				"links": [{"link_doctype": "Customer", "link_name": customer}],
			}
		)
		.insert()
		.name
	)


def customer_group() -> str:
	"""The demo's own customer group, which tells its customers from those of the same name."""
	return ensure(
		"Customer Group", {"customer_group_name": COMPANY}, parent_customer_group=root("Customer Group")
	)


def customer_named(customer: Customer) -> str | None:
	"""The customer's name on this site, which may name its customers by a series."""
	return frappe.db.get_value("Customer", {"customer_name": customer.name, "customer_group": COMPANY})


# The portal


def make_buyers(password: str | None = None) -> None:
	"""Make the buyers of the customers users of the portal, who get no mail about it. With `password` all of
	them can sign in with it."""
	for customer in CUSTOMERS:
		if not frappe.db.exists("User", customer.email):
			make_buyer(customer)
		if password:
			set_password(customer.email, password)


def make_buyer(customer: Customer) -> None:
	first_name, last_name = customer.buyer.split(" ", 1)
	user = frappe.get_doc(
		{
			"doctype": "User",
			"email": customer.email,
			"first_name": first_name,
			"last_name": last_name,
			"user_type": "Website User",
			"send_welcome_email": 0,
			"roles": [{"role": "Customer"}],
		}
	)
	user.flags.no_welcome_mail = True
	user.insert()
	doc = frappe.get_doc("Customer", customer_named(customer))
	doc.append("portal_users", {"user": user.name})
	doc.save()


# Stock


def make_stock() -> None:
	"""Bring the stock in: cylinders from the forge with their heats, the rest from production."""
	if not frappe.db.exists(
		"Purchase Receipt", {"company": COMPANY, "supplier_delivery_note": SUPPLIER_DELIVERY}
	):
		receive_cylinders()
	if not frappe.db.exists("Stock Entry", {"company": COMPANY, "purpose": "Material Receipt"}):
		receive_production()


def receive_cylinders() -> None:
	"""Order cylinders at the forge and receive them, a batch for each heat."""
	from erpnext.buying.doctype.purchase_order.purchase_order import make_purchase_receipt

	order = frappe.get_doc(
		{
			"doctype": "Purchase Order",
			"supplier": make_supplier(),
			"company": COMPANY,
			"currency": CURRENCY,
			"buying_price_list": BUYING,
			"transaction_date": nowdate(),
			"schedule_date": nowdate(),
			"set_warehouse": warehouse("Production"),
			"items": [
				{
					"item_code": code_of(item),
					"qty": sum(heat.qty for heat in HEATS if heat.item is item),
					"rate": round(item.price * 0.6, 2),
					"schedule_date": nowdate(),
				}
				for item in dict.fromkeys(heat.item for heat in HEATS)
			],
		}
	).insert()
	order.submit()

	receipt = make_purchase_receipt(order.name)
	receipt.supplier_delivery_note = SUPPLIER_DELIVERY
	lines = {row.item_code: row.as_dict() for row in receipt.items}
	receipt.items = []
	for heat in HEATS:
		line = {**lines[code_of(heat.item)], "name": None, "idx": None}
		receipt.append("items", {**line, "qty": heat.qty, "received_qty": heat.qty, "stock_qty": heat.qty})
	receipt.insert()
	for heat, row in zip(HEATS, receipt.items, strict=True):
		batch = frappe.get_doc({"doctype": "Batch", "batch_id": heat.batch, "item": row.item_code}).insert()
		row.update(
			{
				"use_serial_batch_fields": 1,
				"batch_no": batch.name,
				"heat_no": heat.number,
				"supplier_lot": f"{SUPPLIER_DELIVERY}-{row.idx}",
			}
		)
	receipt.save()
	receipt.submit()


def receive_production() -> None:
	"""Receive what the departments have made; serial numbers are given by their series."""
	entry = frappe.get_doc(
		{
			"doctype": "Stock Entry",
			"stock_entry_type": frappe.db.get_value("Stock Entry Type", {"purpose": "Material Receipt"}),
			"company": COMPANY,
			"items": [
				{
					"item_code": code_of(item),
					"qty": item.stock,
					"t_warehouse": warehouse("Production"),
					"basic_rate": round(item.price * 0.6, 2),
				}
				for item in ITEMS
				if item.stock
			],
		}
	).insert()
	entry.submit()
