"""Indexes that the app's questions stand on, beyond those of single fields (`search_index`). Without them a
question takes the longer, the more documents a site has.
"""

import frappe

# Of two fields each: Frappe takes those of one field away again when the DocType is updated
INDEXES = (
	# What is promised to other drafts, of an item that most deliveries have
	("Traceability Entry", ("item_code", "docstatus")),
	# Where the Work Orders of an order produce to
	("Work Order", ("sales_order", "docstatus")),
	# Which transfers are open
	("Stock Entry", ("docstatus", "purpose")),
	# Which open transfer names a serial number
	("Stock Entry Detail", ("item_code", "docstatus")),
)


def make_indexes() -> None:
	"""Make the indexes that are missing."""
	for doctype, fields in INDEXES:
		if frappe.db.table_exists(doctype):
			frappe.db.add_index(doctype, list(fields))


def delete_indexes() -> None:
	"""Take them away again, for uninstall; those of the app's own DocTypes go with these."""
	for doctype, fields in INDEXES:
		name = frappe.db.get_index_name(fields)
		if frappe.db.table_exists(doctype) and frappe.db.has_index(f"tab{doctype}", name):
			frappe.db.sql_ddl(f"alter table `tab{doctype}` drop index `{name}`")
