"""Things that tests arrange with. Each can be called again and finds what it made before."""

import frappe
from frappe.utils import add_days, nowdate
from frappe.utils.file_manager import save_file

from metalcraft_workflow.tests.support.pdf import sample_pdf

COMPANY = "Metalcraft Test Company"
ABBR = "MTC"
FINAL_PACK = f"Final Pack - {ABBR}"
PRODUCTION = f"Production - {ABBR}"

PEOPLE = {
	"support@metalcraft.test": ["Customer Support"],
	"support2@metalcraft.test": ["Customer Support"],
	"approver@metalcraft.test": ["Order Approver"],
	"approver2@metalcraft.test": ["Order Approver"],
	"production@metalcraft.test": ["Production"],
	"packer@metalcraft.test": ["Final Pack"],
	"qa@metalcraft.test": ["Quality Assurance"],
	"shipping@metalcraft.test": ["Shipping"],
	"sales@metalcraft.test": ["Sales User"],
	"accounts@metalcraft.test": ["Accounts User"],
	"controller@metalcraft.test": ["Accounts User", "Accounts Manager"],
	"manager@metalcraft.test": ["Sales Manager"],
}
SUPPORT, APPROVER, PRODUCER, PACKER, QA, SHIPPER, ACCOUNTS, CONTROLLER, MANAGER = (
	"support@metalcraft.test",
	"approver@metalcraft.test",
	"production@metalcraft.test",
	"packer@metalcraft.test",
	"qa@metalcraft.test",
	"shipping@metalcraft.test",
	"accounts@metalcraft.test",
	"controller@metalcraft.test",
	"manager@metalcraft.test",
)


def setup_world() -> None:
	"""Company, warehouses, people, departments and settings that every test stands on; committed."""
	frappe.set_user("Administrator")
	make_company()
	for email, roles in PEOPLE.items():
		make_user(email, roles)
	make_department("Cylinders")
	make_department("Electronics")
	make_settings()
	frappe.db.commit()  # tests roll back to here


def make_settings() -> None:
	"""Where Final Pack is, and who produces what no item says."""
	settings = frappe.get_doc("Metalcraft Settings")
	if not any(row.company == COMPANY for row in settings.warehouses):
		settings.append("warehouses", {"company": COMPANY, "final_pack_warehouse": FINAL_PACK})
	settings.default_production_department = "Cylinders"
	settings.save()


def make_company() -> str:
	if not frappe.db.exists("Company", COMPANY):
		company = frappe.get_doc(
			{
				"doctype": "Company",
				"company_name": COMPANY,
				"abbr": ABBR,
				"default_currency": "USD",
				"country": "United States",
				"create_chart_of_accounts_based_on": "Standard Template",
				"chart_of_accounts": "Standard",
			}
		).insert()
		company.reload()
	for name in ("Final Pack", "Production"):
		if not frappe.db.exists("Warehouse", f"{name} - {ABBR}"):
			frappe.get_doc({"doctype": "Warehouse", "warehouse_name": name, "company": COMPANY}).insert()
	return COMPANY


def make_user(email: str, roles: list[str]) -> str:
	if not frappe.db.exists("User", email):
		user = frappe.get_doc(
			{
				"doctype": "User",
				"email": email,
				"first_name": email.split("@")[0].title(),
				"send_welcome_email": 0,
				"user_type": "System User",
				"roles": [{"role": role} for role in roles],
			}
		)
		user.flags.no_welcome_mail = True
		user.insert()
	return email


def make_department(name: str, *emails: str) -> str:
	if not frappe.db.exists("Production Department", name):
		frappe.get_doc(
			{
				"doctype": "Production Department",
				"department_name": name,
				"active": 1,
				"recipients": [
					{"email": email} for email in emails or (f"{frappe.scrub(name)}@metalcraft.test",)
				],
			}
		).insert()
	return name


def make_item(item_code: str = "MT-CYL-01", **fields) -> str:
	"""A stock item, sold by the piece; `fields` are set when it is made."""
	if not frappe.db.exists("Item", item_code):
		frappe.get_doc(
			{
				"doctype": "Item",
				"item_code": item_code,
				"item_name": item_code,
				"item_group": "All Item Groups",
				"stock_uom": "Nos",
				"is_stock_item": 1,
				"valuation_rate": 10,
				"item_defaults": [{"company": COMPANY, "default_warehouse": FINAL_PACK}],
				**fields,
			}
		).insert()
	return item_code


def make_item_group(name: str, above: str = "All Item Groups", **fields) -> str:
	if not frappe.db.exists("Item Group", name):
		frappe.get_doc(
			{
				"doctype": "Item Group",
				"item_group_name": name,
				"parent_item_group": above,
				"is_group": 1,
				**fields,
			}
		).insert()
	return name


def make_bundle(code: str, parts: dict[str, float]) -> str:
	"""An item that is sold as a Product Bundle; `parts` is item -> quantity in one of it."""
	make_item(code, is_stock_item=0, item_defaults=[])
	if not frappe.db.exists("Product Bundle", {"new_item_code": code}):
		frappe.get_doc(
			{
				"doctype": "Product Bundle",
				"new_item_code": code,
				"items": [{"item_code": item, "qty": qty} for item, qty in parts.items()],
			}
		).insert()
	return code


def make_customer(name: str = "MT Customer", with_address: bool = True, **fields) -> str:
	"""A customer, with an address that goods go to."""
	if not frappe.db.exists("Customer", name):
		frappe.get_doc(
			{
				"doctype": "Customer",
				"customer_name": name,
				"customer_type": "Company",
				"customer_group": "Commercial",
				"territory": "All Territories",
				**fields,
			}
		).insert()
	if with_address:
		make_address(name)
	return name


def bare_customer() -> str:
	"""A customer without an address, which a Sales Manager who is nothing else may not read in ERPNext."""
	return make_customer("MT Bare Customer", with_address=False)


def make_address(customer: str, kind: str = "Shipping", **fields) -> str:
	"""An address of a customer; gives its name."""
	link = {"link_doctype": "Customer", "link_name": customer}
	found = frappe.db.get_value("Dynamic Link", {**link, "parenttype": "Address"}, "parent")
	if found and not fields:
		return found
	return (
		frappe.get_doc(
			{
				"doctype": "Address",
				"address_title": customer,
				"address_type": kind,
				"address_line1": "12 Dock Road",
				"city": "Houston",
				"country": "United States",
				"links": [link],
				**fields,
			}
		)
		.insert()
		.name
	)


def make_stock(
	item_code: str, qty: float, warehouse: str = FINAL_PACK, **fields
) -> "frappe.model.document.Document":
	"""Receive `qty` of an item into `warehouse`, and submit it."""
	entry = frappe.get_doc(
		{
			"doctype": "Stock Entry",
			"stock_entry_type": "Material Receipt",
			"company": COMPANY,
			"items": [
				{"item_code": item_code, "qty": qty, "t_warehouse": warehouse, "basic_rate": 10, **fields}
			],
		}
	)
	entry.insert()
	entry.submit()
	return entry


def make_order(
	*lines: tuple[str, float, float],
	customer: str | None = None,
	po_no: str | None = None,
	with_file: bool = True,
	user: str = SUPPORT,
	**fields,
) -> "frappe.model.document.Document":
	"""A draft Sales Order with the customer's PO, made by Customer Support.

	`lines` are (item, quantity, rate); one line of MT-CYL-01 when none is given.
	"""
	lines = lines or ((make_item(), 10, 100),)
	customer = customer or make_customer()
	with as_user(user):
		order = frappe.get_doc(
			{
				"doctype": "Sales Order",
				"customer": customer,
				"company": COMPANY,
				"transaction_date": nowdate(),
				"delivery_date": add_days(nowdate(), 14),
				"po_no": po_no or frappe.generate_hash(length=8),
				"po_date": nowdate(),
				"items": [
					{"item_code": item, "qty": qty, "rate": rate, "warehouse": FINAL_PACK}
					for item, qty, rate in lines
				],
				**fields,
			}
		).insert()
		if with_file:
			attach(order, "customer_po_file", "purchase-order.pdf")
			order.save()
	return order


def attach(doc, fieldname: str, filename: str, content: bytes | None = None) -> str:
	"""Attach a private file to a field of `doc` (not saved); gives its URL."""
	file = save_file(filename, content or sample_pdf(), doc.doctype, doc.name, is_private=1, df=fieldname)
	doc.set(fieldname, file.file_url)
	return file.file_url


def act(doc, action: str, user: str, reason: str | None = None):
	"""Take a workflow action as `user`, as the form's button does; gives the document afterwards."""
	from frappe.model.workflow import apply_workflow

	with as_user(user):
		values = {"doctype": doc.doctype, "name": doc.name, "transition_reason": reason}
		return apply_workflow(frappe.as_json(values), action)


def approve(order):
	"""Take a draft order to Approved, through Customer Support and Order Approver."""
	act(order, "Request Approval", SUPPORT)
	return act(order, "Approve", APPROVER)


def change_quantity(order, qty: float, user: str = APPROVER) -> None:
	"""Change the quantity of the first line of an approved order, as "Update Items" does."""
	update_items(order, [{"qty": qty}], user)


def remove_lines(order, *numbers: int, user: str = APPROVER) -> None:
	"""Take lines off an approved order, as "Update Items" does."""
	update_items(order, [None if row.idx in numbers else {} for row in order.items], user)


def update_items(order, changes: list[dict | None], user: str = APPROVER) -> None:
	"""Change the lines of an approved order, as "Update Items" does: `changes` has for each line, in their
	order, what becomes other of it, or None to take it off."""
	from erpnext.controllers.accounts_controller import update_child_qty_rate

	changes = [*changes, *({} for _row in order.items[len(changes) :])]
	rows = [
		{
			"docname": row.name,
			"item_code": row.item_code,
			"qty": row.qty,
			"rate": row.rate,
			"uom": row.uom,
			"conversion_factor": row.conversion_factor,
			"delivery_date": str(row.delivery_date),
			**change,
		}
		for row, change in zip(order.items, changes, strict=True)
		if change is not None
	]
	with as_user(user):
		update_child_qty_rate("Sales Order", frappe.as_json(rows), order.name)


class as_user:
	"""`with as_user(email):` acts as that user, and gives the session back afterwards."""

	def __init__(self, user: str):
		self.user = user

	def __enter__(self):
		self.before = frappe.session.user
		frappe.set_user(self.user)

	def __exit__(self, *exc):
		frappe.set_user(self.before)
