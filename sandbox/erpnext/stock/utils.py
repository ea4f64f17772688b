"""What is known of a thing by what is printed on it."""

import frappe


def validate_disabled_warehouse(warehouse):
	if frappe.db.get_value("Warehouse", warehouse, "disabled"):
		frappe.throw(frappe._("Nothing moves in {0}: it is disabled.").format(warehouse))


@frappe.whitelist()
def scan_barcode(search_value: str) -> dict:
	"""The item of a serial number, a batch or an item's own code, for a scan; nothing when it is none."""
	if found := frappe.db.get_value(
		"Serial No", search_value, ["name as serial_no", "item_code", "batch_no"], as_dict=True
	):
		return found
	if found := frappe.db.get_value(
		"Batch", search_value, ["name as batch_no", "item as item_code"], as_dict=True
	):
		return found
	return {"item_code": search_value} if frappe.db.exists("Item", search_value) else {}
