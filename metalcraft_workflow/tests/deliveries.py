"""Deliveries that tests arrange with: an approved order, its goods at Final Pack, its delivery note."""

import frappe
from frappe.utils import nowdate
from frappe.utils.file_manager import save_file

from metalcraft_workflow.steps.final_pack import make_delivery_note
from metalcraft_workflow.steps.transfer import make_transfer
from metalcraft_workflow.tests import factories
from metalcraft_workflow.tests.factories import (
	COMPANY,
	FINAL_PACK,
	PACKER,
	PRODUCTION,
	QA,
	SHIPPER,
	SUPPORT,
	act,
	as_user,
)


def approved_order(*lines, **fields):
	"""An approved order of the process; `lines` as in factories.make_order."""
	return factories.approve(factories.make_order(*lines, **fields))


def bring(order, *quantities: float, **fields) -> None:
	"""Bring goods of each line to Final Pack: all of it, or as much as `quantities` say; new goods, in
	batches and with serial numbers as `fields` of the stock entry row say."""
	rows = [
		(row, qty)
		for row, qty in zip(order.items, quantities or [row.qty for row in order.items], strict=False)
		if qty and frappe.db.get_value("Item", row.item_code, "is_stock_item")
	]
	with as_user("Administrator"):
		for row, qty in rows:
			factories.make_stock(row.item_code, qty * row.conversion_factor, PRODUCTION, **fields)
		entry = frappe.get_doc(
			{
				"doctype": "Stock Entry",
				"stock_entry_type": "Material Transfer",
				"company": COMPANY,
				"sales_order": order.name,
				"items": [
					{
						"item_code": row.item_code,
						"qty": qty * row.conversion_factor,
						"s_warehouse": PRODUCTION,
						"t_warehouse": FINAL_PACK,
						"sales_order": order.name,
						"sales_order_item": row.name,
						**fields,
					}
					for row, qty in rows
				],
			}
		).insert()
		entry.submit()


def packed(order, user: str = PACKER, **fields):
	"""A saved delivery note of what is at Final Pack for `order`, in Packing."""
	with as_user(user):
		doc = make_delivery_note(order.name)
		doc.update(fields)
		return doc.insert()


def delivery(*lines, **fields):
	"""A delivery note in Packing of a whole new order."""
	order = approved_order(*lines, **fields)
	bring(order)
	return packed(order)


def edit(doc, user: str, **fields):
	"""Change fields of a document as `user`, as a form does; gives it as it is stored then."""
	with as_user(user):
		doc = frappe.get_doc(doc.doctype, doc.name)
		doc.update(fields)
		doc.save()
	return frappe.get_doc(doc.doctype, doc.name)


def upload(doc, user: str = QA, is_private: int = 1, name: str = "certificate.pdf") -> str:
	"""Upload a file to `doc` as `user`; gives its address."""
	with as_user(user):
		content = f"%PDF-1.4 {frappe.generate_hash(length=12)}".encode()
		return save_file(name, content, doc.doctype, doc.name, is_private=is_private).file_url


def document(doc, user: str = QA, row: int = 0):
	"""Attach a file to a row of the documents, as Quality Assurance does."""
	url = upload(doc, user)
	with as_user(user):
		doc = frappe.get_doc("Delivery Note", doc.name)
		doc.shipment_documents[row].file = url
		doc.save()
	return doc


def ready_to_ship(doc):
	"""Fill in what Shipping has to say, on a delivery note that is cleared."""
	return edit(
		doc,
		SHIPPER,
		carrier="Road Runner",
		tracking_number=f"1Z{frappe.generate_hash(length=8).upper()}",
		ship_date=nowdate(),
		packages=2,
	)


def cleared(doc):
	"""Take a delivery note in Packing to Cleared, through those whose turn it is."""
	doc = act(doc, "Complete Packing", PACKER)
	if doc.documents_required:
		for number, row in enumerate(doc.shipment_documents):
			if not row.file:
				document(doc, row=number)
		doc = act(doc, "Release Documents", QA)
	return act(doc, "Clear for Shipment", SUPPORT)


def shipped(doc):
	"""Take a delivery note in Packing to Shipped."""
	return act(ready_to_ship(cleared(doc)), "Ship", SHIPPER)


def batched(choose: bool = True):
	"""A delivery note of one of two batches of 5 that came for an order; both batches."""
	batches = [new_batch(), new_batch()]
	order = approved_order(("MT-BATCH-01", 10, 100))
	for batch in batches:
		bring(order, 5, batch_no=batch, use_serial_batch_fields=1)
	with as_user(PACKER):
		doc = make_delivery_note(order.name)
		doc.remove(doc.items[1])
		if not choose:
			doc.items[0].update({"batch_no": None, "use_serial_batch_fields": 0})
		return doc.insert(), batches


def kits(qty: int):
	"""A delivery note of `qty` bundles, each of two pieces that have to name their batch and one that
	has not, with no batch chosen yet; the batch that came for it."""
	batch = new_batch()
	part = factories.make_item("MT-PART-01")
	kit = factories.make_bundle("MT-BATCH-KIT", {"MT-BATCH-01": 2, part: 1})
	order = approved_order((kit, qty, 100))
	named = {"batch_no": batch, "use_serial_batch_fields": 1}
	factories.make_stock("MT-BATCH-01", 2 * qty, PRODUCTION, **named)
	factories.make_stock(part, qty, PRODUCTION)
	with as_user(factories.PRODUCER):
		entry = make_transfer(order.name)
		for row in entry.items:
			row.update({"s_warehouse": PRODUCTION, **(named if row.item_code == "MT-BATCH-01" else {})})
		entry.insert().submit()
	return packed(order), batch


def choose_for_part(doc, batch: str | None, user: str = PACKER):
	"""Choose the batch of the first part of a bundle, as the form does."""
	with as_user(user):
		doc = frappe.get_doc("Delivery Note", doc.name)
		doc.packed_items[0].batch_no = batch
		doc.save()
	return frappe.get_doc("Delivery Note", doc.name)


def new_batch(item: str | None = None) -> str:
	"""A new batch with a heat number, of an item whose deliveries have to name it."""
	item = item or factories.make_item("MT-BATCH-01", has_batch_no=1, traceability_required="Batch")
	name = f"MTB-{frappe.generate_hash(length=8)}"
	frappe.get_doc({"doctype": "Batch", "batch_id": name, "item": item, "heat_no": f"HEAT-{name}"}).insert()
	return name


def serialised(qty: int):
	"""A delivery note of `qty` pieces with serial numbers; the numbers."""
	factories.make_item("MT-SERIAL-01", has_serial_no=1, traceability_required="Serial")
	serials = [new_serial() for _ in range(qty)]
	order = approved_order(("MT-SERIAL-01", qty, 100))
	bring(order, serial_no="\n".join(serials), use_serial_batch_fields=1)
	with as_user(PACKER):
		return make_delivery_note(order.name).insert(), serials


def new_serial() -> str:
	return f"MTS-{frappe.generate_hash(length=8)}"
