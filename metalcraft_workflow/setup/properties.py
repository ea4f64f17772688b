"""Properties of Frappe's and ERPNext's own DocTypes that the process stands on. Made when missing; an
administrator may change them in Customize Form, and keeps that."""

import json

import frappe
from frappe.custom.doctype.property_setter.property_setter import make_property_setter

from metalcraft_workflow.rules.requirement import _lt
from metalcraft_workflow.setup.custom_fields import MODULE

# DocType, property, value, type
PROPERTIES = (
	# What has shipped keeps its certificates, and an approved order the customer's purchase order:
	# Frappe refuses to delete the files of a submitted document
	("Sales Order", "protect_attached_files", "1", "Check"),
	("Delivery Note", "protect_attached_files", "1", "Check"),
	# An administrator renames a state, and documents, workflows and gates follow
	("Workflow State", "allow_rename", "1", "Check"),
	# Who did what: their names, not their addresses
	("User", "show_title_field_in_link", "1", "Check"),
	# What customers get, also in place of the formats that ERPNext 16 comes with. Its prints show its bookkeeping
	("Sales Order", "default_print_format", _lt("Order Acknowledgement"), "Data"),
	("Delivery Note", "default_print_format", _lt("Metalcraft Delivery Note"), "Data"),
	("Sales Invoice", "default_print_format", _lt("Metalcraft Sales Invoice"), "Data"),
)

# The print format that ERPNext 16 sets for a document when it is installed: nobody has chosen it
OF_ERPNEXT = "{0} with Item Image"

# The customer's purchase order, with which an order begins: ERPNext 16 has it at the end of the tab "More Info"
PURCHASE_ORDER = ("po_no", "po_date", "customer_po_file", "po_reuse_confirmed")
LAST_COLUMN = "column_break1"  # of the first section of an order


def make_properties() -> None:
	"""Set the properties that nobody has set."""
	for doctype, name, value, fieldtype in PROPERTIES:
		chosen = frappe.db.get_value("Property Setter", {"doc_type": doctype, "property": name}, "value")
		if not chosen or chosen == OF_ERPNEXT.format(doctype):
			setter = make_property_setter(doctype, None, name, value, fieldtype, for_doctype=True)
			setter.db_set("module", MODULE)
	show_purchase_order()


def show_purchase_order() -> None:
	"""Put the customer's purchase order on the first tab of an order, where it is on another one and nobody has
	ordered the fields."""
	if frappe.db.exists("Property Setter", {"doc_type": "Sales Order", "property": "field_order"}):
		return
	fields = frappe.get_meta("Sales Order", cached=False).fields
	names = [field.fieldname for field in fields]
	tab = next(
		(place for place, field in enumerate(fields) if place and field.fieldtype == "Tab Break"), None
	)
	if tab is None or names.index("po_no") < tab or LAST_COLUMN not in names:
		return
	names = [name for name in names if name not in PURCHASE_ORDER]
	place = names.index(LAST_COLUMN) + 1
	names[place:place] = PURCHASE_ORDER
	setter = make_property_setter(
		"Sales Order", None, "field_order", json.dumps(names), "Small Text", for_doctype=True
	)
	setter.db_set("module", MODULE)


def delete_properties() -> None:
	"""Take back the properties that the app set, for uninstall."""
	frappe.db.delete(
		"Property Setter", {"doc_type": "Sales Order", "property": "field_order", "module": MODULE}
	)
	for doctype, name, _value, _fieldtype in PROPERTIES:
		frappe.db.delete("Property Setter", {"doc_type": doctype, "property": name, "module": MODULE})
		frappe.clear_cache(doctype=doctype)
