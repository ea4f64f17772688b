"""Company, with the accounts and warehouses that a new one gets."""

import frappe
from frappe import _
from frappe.utils.nestedset import NestedSet

# root: (kind, {group: {account: type}})
CHART = {
	"Application of Funds (Assets)": (
		"Asset",
		{
			"Accounts Receivable": {"Debtors": "Receivable"},
			"Bank Accounts": {},
			"Cash In Hand": {"Cash": "Cash"},
			"Stock Assets": {"Stock In Hand": "Stock"},
		},
	),
	"Source of Funds (Liabilities)": ("Liability", {"Accounts Payable": {"Creditors": "Payable"}}),
	"Income": ("Income", {"Direct Income": {"Sales": "Income Account", "Service": "Income Account"}}),
	"Expenses": (
		"Expense",
		{
			"Indirect Expenses": {
				"Write Off": "",
				"Round Off": "Round Off",
				"Sales Expenses": "",
				"Administrative Expenses": "",
				"Marketing Expenses": "",
				"Freight and Forwarding Charges": "Chargeable",
				"Cost of Goods Sold": "Cost of Goods Sold",
				"Stock Adjustment": "Stock Adjustment",
			}
		},
	),
}
GROUP_TYPES = {"Bank Accounts": "Bank", "Accounts Receivable": "", "Cash In Hand": "Cash"}


class Company(NestedSet):
	nsm_parent_field = "parent_company"

	def validate(self):
		self.abbr = (self.abbr or "").strip()
		if not self.abbr:
			frappe.throw(_("Enter an abbreviation."))
		if frappe.db.exists("Company", {"abbr": self.abbr, "name": ["!=", self.name or ""]}):
			frappe.throw(_("Another company has this abbreviation."))

	def on_update(self):
		super().on_update()
		if frappe.db.exists("Account", {"company": self.name}):
			return
		self.make_accounts()
		self.make_warehouses()
		center = tree("Cost Center", "cost_center_name", [self.name], self.name)
		tree("Cost Center", "cost_center_name", ["Main"], self.name, center, group=0)
		own = f" - {self.abbr}"
		self.db_set(
			{
				"cost_center": "Main" + own,
				"round_off_cost_center": "Main" + own,
				"default_receivable_account": "Debtors" + own,
				"default_payable_account": "Creditors" + own,
				"default_cash_account": "Cash" + own,
				"default_income_account": "Sales" + own,
				"default_expense_account": "Cost of Goods Sold" + own,
				"default_inventory_account": "Stock In Hand" + own,
				"write_off_account": "Write Off" + own,
				"round_off_account": "Round Off" + own,
				"stock_adjustment_account": "Stock Adjustment" + own,
			}
		)

	def make_accounts(self):
		for root, (kind, groups) in CHART.items():
			top = account(self, root, kind, None, 1)
			for group, accounts in groups.items():
				parent = account(self, group, kind, top, 1, GROUP_TYPES.get(group, ""))
				for name, account_type in accounts.items():
					account(self, name, kind, parent, 0, account_type)

	def make_warehouses(self):
		top = tree("Warehouse", "warehouse_name", ["All Warehouses"], self.name)
		tree(
			"Warehouse",
			"warehouse_name",
			["Stores", "Work In Progress", "Finished Goods", "Goods In Transit"],
			self.name,
			top,
			group=0,
		)


def account(company, name: str, kind: str, parent: str | None, group: int, account_type: str = "") -> str:
	doc = frappe.get_doc(
		{
			"doctype": "Account",
			"account_name": name,
			"company": company.name,
			"root_type": kind,
			"report_type": "Balance Sheet" if kind in ("Asset", "Liability") else "Profit and Loss",
			"account_type": account_type,
			"account_currency": company.default_currency,
			"is_group": group,
			"parent_account": parent,
		}
	)
	doc.flags.ignore_mandatory = True
	return doc.insert(ignore_permissions=True).name


def tree(
	doctype: str, field: str, names: list[str], company: str, parent: str | None = None, group: int = 1
) -> str:
	for name in names:
		doc = frappe.get_doc(
			{
				"doctype": doctype,
				field: name,
				"company": company,
				"is_group": group,
				f"parent_{frappe.scrub(doctype)}": parent,
			}
		)
		doc.flags.ignore_mandatory = True
		found = doc.insert(ignore_permissions=True).name
	return found


@frappe.whitelist()
def get_children(doctype, parent=None, company=None, is_root=False):
	return frappe.get_all(
		"Company", {"parent_company": parent or ""}, ["name as value", "is_group as expandable"]
	)
