"""The parts of a bundle, on the document that sells it."""

import frappe
from frappe.model.document import Document
from frappe.utils import flt


class PackedItem(Document):
	pass


def make_packing_list(doc) -> None:
	"""Write the parts of the bundles among the lines; they are made anew when the lines are others."""
	if doc.get("_action") == "update_after_submit":
		return
	known = {
		(part.parent_item, part.item_code, part.parent_detail_docname): part for part in doc.packed_items
	}
	before = doc.get_doc_before_save()
	same = before and [(row.name, row.item_code) for row in before.items] == [
		(row.name, row.item_code) for row in doc.items
	]
	if not same:
		doc.set("packed_items", [])
	for row in doc.items:
		if not frappe.db.exists("Product Bundle", {"new_item_code": row.item_code, "disabled": 0}):
			continue
		for part in frappe.get_all(
			"Product Bundle Item",
			{"parent": row.item_code},
			["item_code", "qty", "uom", "description"],
			order_by="idx",
		):
			found = known.get((row.item_code, part.item_code, row.name))
			if not found:
				found = doc.append("packed_items", {})
			elif not same:
				found.idx = found.name = None
				doc.append("packed_items", found)
			fill(doc, row, part, found)


def fill(doc, row, part, packed) -> None:
	item = frappe.get_cached_doc("Item", part.item_code)
	default = next(
		(each.default_warehouse for each in item.item_defaults if each.company == doc.company), None
	)
	packed.update(
		{
			"parent_item": row.item_code,
			"parent_detail_docname": row.name,
			"item_code": item.name,
			"item_name": item.item_name,
			"uom": item.stock_uom,
			"qty": flt(part.qty)
			* flt(row.get("stock_qty") or flt(row.qty) * flt(row.conversion_factor or 1)),
			"conversion_factor": row.conversion_factor,
			"description": packed.description or part.description or item.description,
			"delivered_by_supplier": row.get("delivered_by_supplier"),
		}
	)
	if not packed.warehouse:
		packed.warehouse = row.warehouse or default
	if doc.doctype == "Delivery Note" and row.warehouse:
		packed.warehouse = packed.warehouse or row.warehouse
