"""What each role may do, in the order of the process: just what its steps need.

The standard rows of a document are copied first, by Frappe's own function, so that nobody loses a
permission they had. A grant that exists is left as the administrator made it.
"""

import frappe
from frappe.cache_manager import clear_user_cache
from frappe.permissions import reset_perms, setup_custom_perms

READ = ("read", "print", "email", "report", "export")
WRITE = (*READ, "write", "create")
SUBMIT = (*WRITE, "submit")

# Masters that every role of the process looks up
LOOKUPS = (
	"Address",
	"Batch",
	"Company",
	"Contact",
	"Customer",
	"Item",
	"Item Group",
	"Serial No",
	"Warehouse",
)

# Masters that a role only chooses from, in the fields of its documents
CHOICES = {
	"Customer Support": (
		"Account",
		"Cost Center",
		"Currency",
		"Customer Group",
		"Incoterm",
		"Item Tax Template",
		"Lead Source",
		"Mode of Payment",
		"Opportunity Lost Reason",
		"Opportunity Type",
		"Payment Term",
		"Price List",
		"Quotation Lost Reason",
		"Sales Partner",
		"Sales Person",
		"Sales Stage",
		"Sales Taxes and Charges Template",
		"Shipping Rule",
		"Tax Category",
		"Terms and Conditions",
		"Territory",
		"UOM",
	),
	"Production": ("Stock Entry Type", "UOM"),
	"Quality Assurance": ("Quality Inspection Parameter", "Quality Inspection Template"),
	"Final Pack": ("Supplier", "UOM"),
	"Shipping": ("Supplier", "UOM"),
}

STAFF = (
	"Customer Support",
	"Order Approver",
	"Production",
	"Final Pack",
	"Quality Assurance",
	"Shipping",
)

GRANTS: dict[str, dict[str, tuple[str, ...]]] = {
	# The form of Frappe 16 asks the workflow, before an action, whether it is to be confirmed: whoever takes actions,
	# by the roles that an administrator lets take them
	"Workflow": {"Desk User": ("read",)},
	# Steps 1-3
	"Lead": {"Customer Support": WRITE},
	"Opportunity": {"Customer Support": WRITE},
	"Quotation": {"Customer Support": (*SUBMIT, "cancel", "amend")},
	"Customer": {"Customer Support": WRITE},
	"Address": {"Customer Support": WRITE},
	"Contact": {"Customer Support": WRITE},
	# Steps 4-5: Order Approver submits and cancels; Customer Support writes
	"Sales Order": {
		"Customer Support": (*WRITE, "delete", "amend"),
		# "Update Items" asks for create when a line is added, and for delete when one is removed
		"Order Approver": (*SUBMIT, "cancel", "delete"),
		"Accounts Manager": (*READ, "write"),
		"Production": READ,
		"Final Pack": READ,
		"Quality Assurance": READ,
		"Shipping": READ,
	},
	# Step 7
	"Stock Entry": {
		"Production": (*SUBMIT, "cancel", "amend", "delete"),
		"Final Pack": READ,
		"Quality Assurance": READ,
	},
	"Serial and Batch Bundle": {
		"Production": (*SUBMIT, "cancel", "delete"),
		"Final Pack": (*SUBMIT, "cancel", "delete"),
		# Cancelling a delivery cancels what it took from stock
		"Shipping": (*SUBMIT, "cancel"),
		"Quality Assurance": READ,
		"Customer Support": READ,
	},
	# An approval reserves stock, where the site does that, and a change of the order frees it
	"Stock Reservation Entry": {
		"Order Approver": (*SUBMIT, "cancel"),
		"Production": READ,
		"Final Pack": READ,
	},
	"Work Order": {"Production": READ, "Final Pack": READ, "Quality Assurance": READ},
	# ERPNext's stock forms read it in the browser
	"Stock Settings": {"Production": ("read",), "Final Pack": ("read",), "Shipping": ("read",)},
	# Steps 8-11
	"Delivery Note": {
		"Final Pack": (*WRITE, "delete", "amend"),
		"Quality Assurance": (*READ, "write"),
		"Customer Support": (*READ, "write"),
		"Shipping": (*SUBMIT, "cancel"),
		"Production": READ,
		"Order Approver": READ,
		# They waive requirements, and see what of
		"Sales Manager": READ,
		"Accounts Manager": READ,
	},
	"Quality Inspection": {
		"Quality Assurance": (*SUBMIT, "cancel", "amend", "delete"),
		"Final Pack": READ,
		"Customer Support": READ,
		"Shipping": READ,
	},
	# Cancelling a delivery cancels its packing slips
	"Packing Slip": {
		"Final Pack": (*SUBMIT, "cancel", "delete"),
		"Shipping": (*READ, "write", "submit", "cancel"),
	},
	# Where goods come from; Quality Assurance keeps the data and the certificates of a batch
	"Batch": {
		"Quality Assurance": (*READ, "write"),
		# They trace what went wrong
		"Sales Manager": READ,
		"Stock User": READ,
		"Stock Manager": READ,
	},
	"Serial No": {"Sales Manager": READ},
	"Purchase Order": {"Final Pack": READ, "Quality Assurance": READ},
	"Purchase Receipt": {"Final Pack": READ, "Quality Assurance": READ},
	"Subcontracting Receipt": {"Quality Assurance": READ},
	"Stock Reconciliation": {"Quality Assurance": READ},
	"Supplier": {"Quality Assurance": READ},
	# The filter of reports: Frappe 16 warns where one may only choose what it names
	"Company": {"Sales Manager": ("read",)},
	# Steps 12-13
	"Sales Invoice": {
		"Customer Support": SUBMIT,
		"Shipping": READ,
		"Order Approver": READ,
	},
	"Payment Entry": {"Customer Support": READ},
	# Only what ERPNext books while they submit an invoice: see steps/exchange_difference.py
	"Journal Entry": {"Customer Support": ("create",)},
}


def grant_permissions() -> None:
	"""Add the permission rows that are missing."""
	for doctype, role, rights in all_grants():
		if not frappe.db.exists("Custom DocPerm", {"parent": doctype, "role": role, "permlevel": 0}):
			grant(doctype, role, rights)
	# What each user may do is kept with the user
	clear_user_cache()


def revoke_permissions() -> None:
	"""Take away the rows that the app added, for uninstall.

	Where nothing but a copy of the standard rows is left, the copy goes too, so that the document
	follows its standard permissions again.
	"""
	for doctype, role, _rights in all_grants():
		if not frappe.db.exists("DocPerm", {"parent": doctype, "role": role, "permlevel": 0}):
			frappe.db.delete("Custom DocPerm", {"parent": doctype, "role": role, "permlevel": 0})
	for doctype in {doctype for doctype, _role, _rights in all_grants()}:
		if rules("Custom DocPerm", doctype) == rules("DocPerm", doctype):
			reset_perms(doctype)
		frappe.clear_cache(doctype=doctype)


def rules(table: str, doctype: str) -> set[tuple]:
	"""The permission rows of `doctype` in `table`, without their names, to compare them."""
	fields = ("role", "permlevel", "if_owner", *frappe.permissions.rights)
	return set(frappe.get_all(table, {"parent": doctype}, list(fields), as_list=True))


def all_grants() -> list[tuple[str, str, tuple[str, ...]]]:
	"""(doctype, role, rights), the look-ups included."""
	rows = {(doctype, role): rights for doctype, roles in GRANTS.items() for role, rights in roles.items()}
	for doctype in LOOKUPS:
		for role in STAFF:
			rows.setdefault((doctype, role), READ)
	for role, doctypes in CHOICES.items():
		for doctype in doctypes:
			rows.setdefault((doctype, role), ("select",))
	return [(doctype, role, rights) for (doctype, role), rights in rows.items()]


def grant(doctype: str, role: str, rights: tuple[str, ...]) -> None:
	"""Give `role` the `rights` on `doctype`, and no others.

	A row at once: Frappe's functions for the Role Permissions Manager take a right at a time, and clear
	every cache at each, which is minutes over all grants.
	"""
	setup_custom_perms(doctype)
	row = {"parent": doctype, "role": role, "permlevel": 0, "if_owner": 0}
	given = {right: int(right in rights) for right in frappe.permissions.rights}
	if name := frappe.db.exists("Custom DocPerm", row):
		frappe.db.set_value("Custom DocPerm", name, given)
		frappe.clear_cache(doctype=doctype)
	else:
		place = {"parenttype": "DocType", "parentfield": "permissions"}
		frappe.get_doc({"doctype": "Custom DocPerm", **place, **row, **given}).insert()


def extend(doctype: str, role: str, right: str, had: tuple[str, ...]) -> None:
	"""Give `role` what GRANTS says by now on `doctype`, for a patch: where an administrator has left it
	without `right` and with all that it `had`."""
	row = frappe.db.get_value(
		"Custom DocPerm", {"parent": doctype, "role": role, "permlevel": 0}, (right, *had)
	)
	if row and row == (0, *(1 for _right in had)):
		grant(doctype, role, GRANTS[doctype][role])
