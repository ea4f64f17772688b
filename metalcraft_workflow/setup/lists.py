"""The columns of the lists of orders and deliveries. Made where nobody has chosen any; they are the
administrator's then, as those that people choose in the list itself."""

import json

import frappe
from frappe.custom.doctype.property_setter.property_setter import make_property_setter

from metalcraft_workflow.setup.custom_fields import MODULE

# What a list shows between the customer and the name, as far as there is room: the first ones first
COLUMNS = {
	"Sales Order": ("po_no", "delivery_date", "grand_total", "per_delivered"),
	"Delivery Note": ("po_no", "ship_date", "tracking_number"),
}


def make_lists() -> None:
	"""Choose the columns of the lists for which nobody has."""
	for doctype, names in COLUMNS.items():
		if not frappe.db.exists("List View Settings", doctype):
			choose(doctype, names)


def choose(doctype: str, names: tuple[str, ...]) -> None:
	meta = frappe.get_meta(doctype)
	names = tuple(name for name in names if meta.has_field(name))
	for name in names:
		if not meta.get_field(name).in_list_view:
			setter = make_property_setter(doctype, name, "in_list_view", "1", "Check")
			setter.db_set("module", MODULE)
	title = meta.title_field or "name"
	fields = [
		{"fieldname": title, "label": meta.get_label(title)},
		{"fieldname": "status_field", "label": "Status"},
		*({"fieldname": name, "label": meta.get_label(name)} for name in names),
	]
	settings = frappe.get_doc({"doctype": "List View Settings", "fields": json.dumps(fields)})
	settings.name = doctype
	settings.insert(ignore_permissions=True)  # install runs as whoever installs
	frappe.clear_cache(doctype=doctype)


def delete_lists() -> None:
	"""Take the columns back, for uninstall, where they are still those of the app."""
	for doctype, names in COLUMNS.items():
		chosen = frappe.db.get_value("List View Settings", doctype, "fields")
		if [row["fieldname"] for row in json.loads(chosen or "[]")][2:] == list(names):
			frappe.delete_doc("List View Settings", doctype, ignore_permissions=True)
		frappe.db.delete(
			"Property Setter", {"doc_type": doctype, "property": "in_list_view", "module": MODULE}
		)
		frappe.clear_cache(doctype=doctype)
