"""Stock that ERPNext keeps for an order (Stock Reservation): it goes along with the goods.

ERPNext reserves what lies in a warehouse, and then lets nobody move it: not the transfer to Final Pack either,
and not the delivery of other pieces than those it chose. So what is moved for an order line takes its
reservation along, and what was made for it frees as much elsewhere. At Final Pack a quantity is reserved and
not pieces: which ones leave is for the traceability of the delivery to say.
"""

from collections.abc import Container

import frappe
from frappe.model.document import Document
from frappe.utils import cint, flt

ENTRY = "Stock Reservation Entry"


def is_on() -> bool:
	"""Whether this site reserves stock."""
	return bool(cint(frappe.get_cached_doc("Stock Settings").get("enable_stock_reservation")))


def open_entries(**filters) -> list[Document]:
	"""Reservations for orders that still hold something, the oldest first."""
	return [
		frappe.get_doc(ENTRY, name)
		for name in frappe.get_all(
			ENTRY,
			filters={
				"docstatus": 1,
				"voucher_type": "Sales Order",
				"status": ["not in", ["Delivered", "Cancelled"]],
				**filters,
			},
			pluck="name",
			order_by="creation",
		)
	]


def held_by(entry: Document) -> float:
	"""What a reservation still holds."""
	return flt(entry.reserved_qty) - flt(entry.delivered_qty)


def free(
	order_line: str, qty: float, warehouse: str | None, apart_from: Container[str] | None = None
) -> list[tuple[Document, float]]:
	"""Give up to `qty` of what is reserved for an order line back: in `warehouse`, and then, when it is said which
	others to leave `apart_from` it, elsewhere. Gives the reservations, each with how much it was."""
	entries = open_entries(voucher_detail_no=order_line)
	chosen = [entry for entry in entries if entry.warehouse == warehouse]
	if apart_from is not None:
		chosen += [
			entry for entry in entries if entry.warehouse != warehouse and entry.warehouse not in apart_from
		]
	freed = []
	for entry in chosen:
		held = held_by(entry)
		part = min(held, qty)
		if part <= 0:
			continue
		cancel(entry)
		hold(entry, entry.warehouse, held - part)
		freed.append((entry, part))
		qty -= part
	return freed


def hold(like: Document, warehouse: str, qty: float) -> None:
	"""Reserve `qty` in `warehouse`, as far as it is there, for the order line that the reservation `like` was
	for."""
	from erpnext.stock.doctype.stock_reservation_entry.stock_reservation_entry import (
		get_available_qty_to_reserve,
	)

	there = flt(get_available_qty_to_reserve(like.item_code, warehouse))
	qty = min(qty, there)
	if qty <= 0:
		return
	entry = frappe.new_doc(ENTRY)
	for fieldname in (
		"item_code",
		"voucher_type",
		"voucher_no",
		"voucher_detail_no",
		"voucher_qty",
		"company",
		"stock_uom",
		"project",
	):
		entry.set(fieldname, like.get(fieldname))
	entry.update(
		{"warehouse": warehouse, "available_qty": there, "reserved_qty": qty, "reservation_based_on": "Qty"}
	)
	entry.flags.ignore_permissions = True  # who moves the goods moves what keeps them
	entry.insert()
	entry.submit()


def cancel(entry: Document) -> None:
	"""End a reservation, whoever is at it."""
	entry.flags.ignore_permissions = True  # who moves the goods, or closes the order, ends what kept them
	entry.cancel()


def end(sales_order: str) -> None:
	"""Give back what is still reserved for an order."""
	for entry in open_entries(voucher_no=sales_order):
		cancel(entry)


def follow(order_line: str, qty: float, warehouse: str) -> None:
	"""Have as much reserved for an order line in `warehouse` as is reserved of `qty` anywhere, by its quantity:
	a delivery takes it from there."""
	entries = open_entries(voucher_detail_no=order_line)
	by_quantity = sum(
		held_by(entry)
		for entry in entries
		if entry.warehouse == warehouse and entry.reservation_based_on == "Qty"
	)
	for entry in entries:
		if by_quantity >= qty:
			return
		if entry.warehouse == warehouse and entry.reservation_based_on == "Qty":
			continue
		held = held_by(entry)
		part = min(held, qty - by_quantity)
		cancel(entry)
		hold(entry, entry.warehouse, held - part)
		hold(entry, warehouse, part)
		by_quantity += part
