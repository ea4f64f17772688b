"""Work Order."""

import frappe
from frappe.model.document import Document
from frappe.utils import flt


class WorkOrder(Document):
	def validate(self):
		self.item_name = frappe.get_cached_value("Item", self.production_item, "item_name")
		self.stock_uom = frappe.get_cached_value("Item", self.production_item, "stock_uom")
		if not self.required_items:
			self.set_required_items()
		self.status = self.get_status()

	def set_required_items(self):
		bom = frappe.get_doc("BOM", self.bom_no)
		self.set("required_items", [])
		for row in bom.items:
			self.append(
				"required_items",
				{
					"item_code": row.item_code,
					"item_name": row.item_name,
					"required_qty": flt(row.stock_qty or row.qty) / flt(bom.quantity or 1) * flt(self.qty),
					"source_warehouse": row.source_warehouse or self.source_warehouse,
				},
			)

	def get_status(self):
		if self.docstatus != 1:
			return "Draft" if self.docstatus == 0 else "Cancelled"
		if flt(self.produced_qty) >= flt(self.qty):
			return "Completed"
		return (
			"In Process"
			if flt(self.produced_qty) or flt(self.material_transferred_for_manufacturing)
			else "Not Started"
		)

	def on_submit(self):
		self.db_set("status", self.get_status())

	def on_cancel(self):
		self.db_set("status", "Cancelled")

	def update_produced(self):
		made = frappe.get_all(
			"Stock Entry",
			{"work_order": self.name, "docstatus": 1, "purpose": "Manufacture"},
			pluck="fg_completed_qty",
		)
		self.db_set("produced_qty", sum(flt(qty) for qty in made), update_modified=False)
		self.db_set("status", self.get_status())


@frappe.whitelist()
def make_stock_entry(work_order_id, purpose, qty=None, target_warehouse=None):
	"""What is consumed and what comes of it, or what is brought to the shop floor; not saved."""
	work = frappe.get_doc("Work Order", work_order_id)
	qty = flt(qty) or flt(work.qty) - flt(work.produced_qty)
	entry = frappe.new_doc("Stock Entry")
	entry.update(
		{
			"purpose": purpose,
			"stock_entry_type": frappe.db.get_value("Stock Entry Type", {"purpose": purpose}),
			"work_order": work.name,
			"company": work.company,
			"from_bom": 1,
			"bom_no": work.bom_no,
			"fg_completed_qty": qty,
		}
	)
	consumed = purpose == "Manufacture"
	for row in work.required_items:
		from_ = row.source_warehouse if work.skip_transfer or not consumed else work.wip_warehouse
		entry.append(
			"items",
			{
				**line(row.item_code, flt(row.required_qty) / flt(work.qty) * qty),
				"s_warehouse": from_ or row.source_warehouse,
				"t_warehouse": None if consumed else work.wip_warehouse,
			},
		)
	if consumed:
		entry.append(
			"items",
			{
				**line(work.production_item, qty),
				"t_warehouse": target_warehouse or work.fg_warehouse,
				"is_finished_item": 1,
				"bom_no": work.bom_no,
			},
		)
	return entry.as_dict()


def line(item_code: str, qty: float) -> dict:
	item = frappe.get_cached_doc("Item", item_code)
	return {
		"item_code": item.name,
		"item_name": item.item_name,
		"description": item.description,
		"qty": qty,
		"transfer_qty": qty,
		"uom": item.stock_uom,
		"stock_uom": item.stock_uom,
		"conversion_factor": 1,
		"use_serial_batch_fields": 1,
	}
