"""The life of an order, from draft to closed, step by step: for counting what each step costs.

The same steps are carried with the app and without it. Without it there is no workflow, so a step that only
moves a document (asking for approval, completing the packing, clearing) is a plain save of it, and the order is
closed by hand. Each step is a request of its own, with its commit and what follows from that.
"""

from collections.abc import Callable, Iterator
from contextlib import nullcontext

import frappe
from frappe.utils import add_days, nowdate

from metalcraft_workflow.steps.final_pack import make_delivery_note
from metalcraft_workflow.tests.support import factories, money
from metalcraft_workflow.tests.support.cost import as_in_use, without_the_app, without_workers
from metalcraft_workflow.tests.support.factories import (
	ACCOUNTS,
	APPROVER,
	COMPANY,
	FINAL_PACK,
	PACKER,
	PRODUCER,
	PRODUCTION,
	SHIPPER,
	SUPPORT,
	as_user,
)

# An item of each run's own: where others have moved one at a later time, ERPNext reposts it at every transfer
ITEM = f"MT-LIFE-{frappe.generate_hash(length=8)}"
SHIPMENT = {"carrier": "Road Runner", "tracking_number": "1Z", "packages": 1}


class Life:
	"""An order of `lines` lines; `steps` gives each step with what a person does in it."""

	def __init__(self, lines: int, with_app: bool = True):
		self.lines, self.with_app = lines, with_app

	def steps(self) -> Iterator[tuple[str, Callable[[], object]]]:
		"""Call each before you ask for the next: what only arranges a step is done between them."""
		with self.on_or_off():
			order = self.new_order()
		yield "Order: insert", self.request(SUPPORT, order.insert)
		url = factories.attach(order, "customer_po_file", "purchase-order.pdf")
		frappe.db.set_value("Sales Order", order.name, "customer_po_file", url)
		yield "Request approval", self.move(order, "Pending Approval", SUPPORT)
		yield "Approve", self.move(order, "Approved", APPROVER, submit=True)

		with self.on_or_off():
			order.reload()
			entry = self.transfer(order)
		yield "Transfer: insert, submit", self.request(PRODUCER, lambda: entry.insert().submit())

		yield "Delivery note: make, insert", self.request(PACKER, lambda: self.make_delivery_note(order))
		note = self.last("Delivery Note")
		yield "Complete packing", self.move(note, "Awaiting Clearance", PACKER)
		yield "Clear", self.move(note, "Cleared", SUPPORT)
		frappe.db.set_value("Delivery Note", note.name, {**SHIPMENT, "ship_date": nowdate()})
		yield "Ship", self.move(note, "Shipped", SHIPPER, submit=True)

		yield "Invoice: make, insert, submit", self.request(SUPPORT, lambda: self.make_invoice(note))
		invoice = self.last("Sales Invoice")
		yield "Payment: insert, submit, close", self.request(ACCOUNTS, lambda: self.pay(invoice, order))
		status = frappe.db.get_value("Sales Order", order.name, "status")
		assert status == "Closed", f"{order.name} is {status}"

	def new_order(self):
		item = factories.make_item(ITEM)
		customer = factories.make_customer()
		factories.make_stock(item, self.lines, PRODUCTION)
		return frappe.get_doc(
			{
				"doctype": "Sales Order",
				"customer": customer,
				"company": COMPANY,
				"transaction_date": nowdate(),
				"delivery_date": add_days(nowdate(), 14),
				"po_no": frappe.generate_hash(length=8),
				"po_date": nowdate(),
				"contact_email": "buyer@customer.test",
				"items": [{"item_code": item, "qty": 1, "rate": 10, "warehouse": FINAL_PACK}] * self.lines,
			}
		)

	def transfer(self, order):
		"""A Stock Entry that brings every line of `order` to Final Pack."""
		named = {"sales_order": order.name} if self.with_app else {}
		rows = [
			{
				"item_code": row.item_code,
				"qty": row.qty,
				"s_warehouse": PRODUCTION,
				"t_warehouse": FINAL_PACK,
				**({**named, "sales_order_item": row.name} if self.with_app else {}),
			}
			for row in order.items
		]
		return frappe.get_doc(
			{
				"doctype": "Stock Entry",
				"stock_entry_type": "Material Transfer",
				"company": COMPANY,
				"items": rows,
				**named,
			}
		)

	def make_delivery_note(self, order):
		from erpnext.selling.doctype.sales_order.sales_order import make_delivery_note as make

		return (make_delivery_note if self.with_app else make)(order.name).insert()

	def make_invoice(self, note):
		from erpnext.stock.doctype.delivery_note.delivery_note import make_sales_invoice

		return make_sales_invoice(note.name).insert().submit()

	def pay(self, invoice, order) -> None:
		money.pay(invoice, user=frappe.session.user)
		if not self.with_app:
			frappe.get_doc("Sales Order", order.name).update_status("Closed")

	def last(self, doctype: str):
		with self.on_or_off():
			return frappe.get_last_doc(doctype)

	def move(self, doc, state: str, user: str, submit: bool = False) -> Callable[[], object]:
		"""Take a document on its way, as a form does that is open."""
		with self.on_or_off(), as_user(user):
			fresh = frappe.get_doc(doc.doctype, doc.name)
		if self.with_app:
			fresh.workflow_state = state
		return self.request(user, fresh.submit if submit else fresh.save)

	def request(self, user: str, act: Callable[[], object]) -> Callable[[], object]:
		"""`act` as `user`, and its commit."""

		def done() -> None:
			with self.on_or_off(), as_in_use(), without_workers(), as_user(user):
				act()
				frappe.db.commit()

		return done

	def on_or_off(self):
		return nullcontext() if self.with_app else without_the_app()
