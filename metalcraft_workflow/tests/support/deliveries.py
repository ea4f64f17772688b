"""Deliveries that tests arrange with: an approved order, its goods at Final Pack, its delivery note."""

import frappe
from frappe.utils import nowdate
from frappe.utils.file_manager import save_file

from metalcraft_workflow.steps.final_pack import make_delivery_note
from metalcraft_workflow.steps.scanning import send_scans
from metalcraft_workflow.steps.transfer import make_transfer
from metalcraft_workflow.tests.support import factories
from metalcraft_workflow.tests.support.factories import (
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
from metalcraft_workflow.tests.support.pdf import sample_pdf


def approved_order(*lines, **fields):
	"""An approved order of the process; `lines` as in factories.make_order."""
	return factories.approve(factories.make_order(*lines, **fields))


def bring(order, *quantities: float, **fields) -> None:
	"""Bring goods of each line to Final Pack: all of it, or as much as `quantities` say; new goods, in
	batches and with serial numbers as `fields` of the stock entry row say."""
	with as_user("Administrator"):
		for row, qty in brought(order, quantities):
			factories.make_stock(row.item_code, qty * row.conversion_factor, PRODUCTION, **fields)
	transfer(order, *quantities, **fields)


def transfer(order, *quantities: float, **fields) -> None:
	"""Bring goods that are in Production to Final Pack, as `bring` does."""
	if fields.get("batch_no") or fields.get("serial_no"):
		fields["use_serial_batch_fields"] = 1
	with as_user("Administrator"):
		frappe.get_doc(
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
					for row, qty in brought(order, quantities)
				],
			}
		).insert().submit()


def draft_transfer(order):
	"""Production's draft of the transfer of what is still to be brought; the goods are there."""
	factories.make_stock(order.items[0].item_code, order.items[0].stock_qty, PRODUCTION)
	with as_user(factories.PRODUCER):
		entry = make_transfer(order.name)
		for row in entry.items:
			row.s_warehouse = PRODUCTION
		return entry.insert()


def brought(order, quantities) -> list[tuple]:
	"""The lines of an order that goods are brought for, with the quantity of each."""
	return [
		(row, qty)
		for row, qty in zip(order.items, quantities or [row.qty for row in order.items], strict=False)
		if qty and frappe.db.get_value("Item", row.item_code, "is_stock_item")
	]


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
		content = sample_pdf()
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
		doc.items[0].qty = 5
		doc.set("traceability", doc.traceability[:1] if choose else [])
		return doc.insert(), batches


def kits(qty: int, choose: bool = False):
	"""A delivery note of `qty` bundles, each of two pieces that have to name their batch and one that
	has not, with no batch chosen yet unless `choose` says so; the batch that came for it."""
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
	with as_user(PACKER):
		doc = make_delivery_note(order.name)
		if not choose:
			doc.set("traceability", [])
		return doc.insert(), batch


def bring_parts(order, *parts: dict, line: int = 0) -> None:
	"""Bring parts of the bundle on a line of an order to Final Pack, new ones; `parts` are {item_code, qty} with
	a batch or serial numbers."""
	named = [{"use_serial_batch_fields": 1, **part} for part in parts]
	with as_user("Administrator"):
		for part in named:
			values = {key: value for key, value in part.items() if key not in ("item_code", "qty")}
			factories.make_stock(part["item_code"], part["qty"], PRODUCTION, **values)
		frappe.get_doc(
			{
				"doctype": "Stock Entry",
				"stock_entry_type": "Material Transfer",
				"company": COMPANY,
				"sales_order": order.name,
				"items": [
					{
						"s_warehouse": PRODUCTION,
						"t_warehouse": FINAL_PACK,
						"sales_order": order.name,
						"sales_order_item": order.items[line].name,
						**part,
					}
					for part in named
				],
			}
		).insert().submit()


def choose_for_part(doc, batch: str | None, user: str = PACKER):
	"""Choose the batch of the first part of a bundle, as the form does."""
	with as_user(user):
		doc = frappe.get_doc("Delivery Note", doc.name)
		doc.packed_items[0].batch_no = batch
		doc.save()
	return frappe.get_doc("Delivery Note", doc.name)


def left_with(doc, what: str = "batch_no") -> dict[str, float]:
	"""Batch (or serial number) -> quantity that left stock with a shipped delivery."""
	entry, bundle = frappe.qb.DocType("Serial and Batch Entry"), frappe.qb.DocType("Serial and Batch Bundle")
	rows = (
		frappe.qb.from_(entry)
		.join(bundle)
		.on(entry.parent == bundle.name)
		.where(bundle.voucher_no == doc.name)
		.where(bundle.docstatus == 1)
		.select(entry[what], entry.qty)
		.run()
	)
	found = {}
	for name, qty in rows:
		found[name] = found.get(name, 0) - qty
	return found


def new_batch(item: str | None = None, **fields) -> str:
	"""A new batch with a heat number, of an item whose deliveries have to name it."""
	item = item or factories.make_item("MT-BATCH-01", has_batch_no=1, traceability_required="Batch")
	name = f"MTB-{frappe.generate_hash(length=8)}"
	frappe.get_doc(
		{"doctype": "Batch", "batch_id": name, "item": item, "heat_no": f"HEAT-{name}", **fields}
	).insert()
	return name


def certify(batch: str) -> str:
	"""Attach a mill certificate to a batch, as Quality Assurance does; gives its address."""
	with as_user(QA):
		url = save_file(f"{batch}.pdf", sample_pdf(batch), "Batch", batch, is_private=1).file_url
		doc = frappe.get_doc("Batch", batch)
		doc.append("certificates", {"document_type": "Mill Certificate", "file": url})
		doc.save()
	return url


def unnamed(order, noted: str):
	"""A delivery note of `order` that names no batches or serial numbers yet; which ones it is to name is
	noted on it, for `name_noted`."""
	with as_user(PACKER):
		doc = make_delivery_note(order.name)
		doc.set("traceability", [])
		doc.packing_notes = noted
		return doc.insert()


def name_noted(doc):
	"""Name in the first row what is noted on a delivery note, and save it, as Final Pack does."""
	fieldname = "batch_no" if frappe.db.exists("Batch", doc.packing_notes) else "serial_nos"
	doc.traceability[0].set(fieldname, doc.packing_notes)
	doc.save()


def scan_noted(doc) -> None:
	"""Scan for a delivery what is noted on it; raises what it is refused with."""
	scan = {"id": frappe.generate_hash(length=16), "code": doc.packing_notes}
	(answer,) = send_scans(doc.doctype, doc.name, [scan])["answers"]
	if not answer["taken"]:
		frappe.throw(answer["message"])


def serialised(qty: int):
	"""A delivery note of `qty` pieces with serial numbers; the numbers."""
	factories.make_item("MT-SERIAL-01", has_serial_no=1, traceability_required="Serial")
	serials = [new_serial() for _ in range(qty)]
	order = approved_order(("MT-SERIAL-01", qty, 100))
	bring(order, serial_no="\n".join(serials), use_serial_batch_fields=1)
	return packed(order), serials


def new_serial() -> str:
	return f"MTS-{frappe.generate_hash(length=8)}"


def of_batches(count: int = 2, **fields):
	"""A delivery note in Packing of `count` batches of 5; the batches."""
	batches = [new_batch() for _number in range(count)]
	order = approved_order(("MT-BATCH-01", 5 * count, 100), **fields)
	for batch in batches:
		bring(order, 5, batch_no=batch, use_serial_batch_fields=1)
	return packed(order), batches


def each_batch(document_type: str) -> None:
	"""Ask for a type of document once for each batch."""
	kind = frappe.get_doc("Shipment Document Type", document_type)
	kind.update({"per_batch": 1}).save()
