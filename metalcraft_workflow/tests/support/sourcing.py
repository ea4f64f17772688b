"""Where goods come from, as tests arrange it: receipts, bills of materials, work orders, repacking."""

import frappe
from frappe.utils import nowdate

from metalcraft_workflow.tests.support import factories
from metalcraft_workflow.tests.support.factories import COMPANY, PRODUCTION


def make_supplier(name: str = "MT Steel Works") -> str:
	if not frappe.db.exists("Supplier", name):
		frappe.get_doc(
			{"doctype": "Supplier", "supplier_name": name, "supplier_group": "All Supplier Groups"}
		).insert()
	return name


def receive(
	item: str, qty: float, order: bool = False, warehouse: str = PRODUCTION, further: tuple = (), **fields
):
	"""A submitted Purchase Receipt of one line; of a purchase order, when `order` says so. `fields` are
	those of its line; `further` lines differ from it by theirs."""
	line = {"item_code": item, "qty": qty, "rate": 10, "warehouse": warehouse}
	if fields.get("batch_no") or fields.get("serial_no"):
		line["use_serial_batch_fields"] = 1
	if order:
		bought = frappe.get_doc(
			{
				"doctype": "Purchase Order",
				"supplier": make_supplier(),
				"company": COMPANY,
				"schedule_date": nowdate(),
				"items": [{**line, "schedule_date": nowdate()}],
			}
		).insert()
		bought.submit()
		line |= {"purchase_order": bought.name, "purchase_order_item": bought.items[0].name}
	receipt = frappe.get_doc(
		{
			"doctype": "Purchase Receipt",
			"supplier": make_supplier(),
			"company": COMPANY,
			"items": [{**line, **fields}, *({**line, **fields, **other} for other in further)],
		}
	).insert()
	receipt.submit()
	return receipt


def make_bom(item: str, parts: dict[str, float], **fields):
	"""A submitted bill of materials of one `item`; `parts` is item -> quantity."""
	bom = frappe.get_doc(
		{
			"doctype": "BOM",
			"item": item,
			"company": COMPANY,
			"quantity": 1,
			"items": [{"item_code": part, "qty": qty, "rate": 10} for part, qty in parts.items()],
			**fields,
		}
	).insert()
	bom.submit()
	return bom


def manufacture(bom, qty: float, batch: str | None, consumed: dict[str, dict[str, float]], **fields):
	"""Make `qty` by a work order, in Production; gives the Stock Entry.

	`consumed` is item -> batch -> quantity; `fields` are those of the finished line.
	"""
	order = frappe.get_doc(
		{
			"doctype": "Work Order",
			"production_item": bom.item,
			"bom_no": bom.name,
			"qty": qty,
			"company": COMPANY,
			"wip_warehouse": PRODUCTION,
			"fg_warehouse": PRODUCTION,
			"source_warehouse": PRODUCTION,
			"skip_transfer": 1,
		}
	).insert()
	order.submit()
	return _made(
		consumed,
		{"item_code": bom.item, "qty": qty, "batch_no": batch, **fields},
		stock_entry_type="Manufacture",
		work_order=order.name,
		bom_no=bom.name,
		from_bom=1,
		fg_completed_qty=qty,
	)


def repack(consumed: dict[str, dict[str, float]], item: str, batch: str, qty: float):
	"""Turn goods into others without a work order; gives the Stock Entry."""
	return _made(consumed, {"item_code": item, "qty": qty, "batch_no": batch}, stock_entry_type="Repack")


def _made(consumed, finished, **fields):
	named = {"use_serial_batch_fields": 1, "basic_rate": 10}
	entry = frappe.get_doc(
		{
			"doctype": "Stock Entry",
			"company": COMPANY,
			"items": [
				{"item_code": item, "qty": qty, "batch_no": batch, "s_warehouse": PRODUCTION, **named}
				for item, batches in consumed.items()
				for batch, qty in batches.items()
			]
			+ [{**finished, "t_warehouse": PRODUCTION, "is_finished_item": 1, **named}],
			**fields,
		}
	).insert()
	entry.submit()
	return entry


def stock(item: str, qty: float, batch: str) -> None:
	"""Goods of a batch in Production that nobody bought."""
	factories.make_stock(item, qty, PRODUCTION, batch_no=batch, use_serial_batch_fields=1)
