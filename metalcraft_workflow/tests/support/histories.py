"""Random histories of one order, played on the real site by the people whose steps they are, against the
model in `history_model`.

After each step, what the order says of itself has to agree with the model: its stage and percentages, whether it
is closed and by whom, what is open, the notices to production, the records and the mails to the customer.
Whatever an event or a sweep would still change is a difference too, and so is any error that is no refusal in
words.

	python -m metalcraft_workflow.tests.support.histories SITE --histories 200 --steps 30 --seed 1

in the folder `sites` of a bench prints the seed of each history with a difference, and its shortest form. To keep
one, add it to `KEPT` in tests/test_histories.py.

A history is a list of steps (name, number): the number, between 0 and 1, decides all that is left open, so that
steps can be left out and the rest still means something.
"""

import argparse
import random
import re
import traceback
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import replace

import frappe
from frappe.utils import flt

from metalcraft_workflow.tests.support import deliveries, factories, money, returns
from metalcraft_workflow.tests.support.factories import (
	APPROVER,
	CONTROLLER,
	FINAL_PACK,
	MANAGER,
	PACKER,
	PRODUCER,
	PRODUCTION,
	SHIPPER,
	SUPPORT,
	act,
	as_user,
)
from metalcraft_workflow.tests.support.history_model import Model, ModelLine, Paper

APPROVER2 = "approver2@metalcraft.test"
UPDATE_STATUS = "erpnext.selling.doctype.sales_order.sales_order.update_status"
Step = tuple[str, float]


# The model's reasons why an order is open, and what the form calls them
CODES = {
	"delivered": {"delivered", "returns", "returns_replaced"},
	"billed": {"billed"},
	"paid": {"paid"},
	"keep_open": {"keep_open"},
	"authorizations": {"returns_expected", "returns_judged"},
	"credit": {"returns_credited"},
	"kept": {"kept"},
}


class Difference(AssertionError):
	"""What the site says is not what the model says."""


class Draw:
	"""Choices out of one number, always the same ones."""

	def __init__(self, number: float):
		self.random = random.Random(round(number * 1e9))

	def of(self, choices: Iterable):
		"""One of `choices`, or None where there are none."""
		choices = list(choices)
		return self.random.choice(choices) if choices else None

	def share(self, qty: float, whole: bool = True) -> float:
		"""Some of `qty`, often all of it."""
		if self.random.random() < 0.5:
			return qty
		return self.random.randint(1, int(qty)) if whole and qty >= 1 else round(qty / 2, 3)

	def chance(self, probability: float) -> bool:
		return self.random.random() < probability


# The orders


def stage_set() -> None:
	"""What every history stands on; committed."""
	factories.setup_world()
	returns.setup_returns()
	frappe.db.set_single_value("Accounts Settings", "unlink_payment_on_cancellation_of_invoice", 1)
	for kind in ("acknowledgement", "shipped", "invoice", "closed"):
		frappe.db.set_single_value("Metalcraft Settings", f"mail_{kind}", 1)
	from metalcraft_workflow.setup.mails import add_mail_templates
	from metalcraft_workflow.tests.support.mail_account import make_account

	add_mail_templates()
	make_account()
	factories.make_item("MT-H-PIECE")
	factories.make_item("MT-H-BOX", uoms=[{"uom": "Box", "conversion_factor": 10}])
	factories.make_item("MT-H-POWDER", stock_uom="Kg")
	factories.make_item("MT-H-PART")
	factories.make_item("MT-H-NUT")
	factories.make_bundle("MT-H-KIT", {"MT-H-PART": 2, "MT-H-NUT": 1})
	factories.make_item("MT-H-SERVICE", is_stock_item=0, item_defaults=[])
	factories.make_item("MT-H-DROP", uoms=[{"uom": "Box", "conversion_factor": 10}])
	money.commit()


KINDS = {
	# item, kind, unit, stock units in one, quantities
	"piece": ("MT-H-PIECE", "goods", "Nos", 1, (1, 12)),
	"box": ("MT-H-BOX", "goods", "Box", 10, (1, 4)),
	"powder": ("MT-H-POWDER", "goods", "Kg", 1, (2, 9)),
	"kit": ("MT-H-KIT", "kit", "Nos", 1, (1, 5)),
	"service": ("MT-H-SERVICE", "service", "Nos", 1, (1, 2)),
	"drop": ("MT-H-DROP", "dropped", "Nos", 1, (10, 20)),
}
CURRENCIES = {"USD": (1, 0.01), "EUR": (1.1, 0.01), "JPY": (0.01, 1)}


def make_order(draw: Draw) -> tuple:
	"""A draft order with lines of some of KINDS, in one of CURRENCIES; and its model."""
	kinds = draw.random.sample(sorted(KINDS), draw.random.choice((1, 1, 2, 3)))
	if set(kinds) <= {"service", "drop"}:
		kinds[0] = "piece"
	currency = draw.random.choice(("USD", "USD", "EUR", "JPY"))
	exchange, smallest = CURRENCIES[currency]
	items, lines = [], []
	for kind in kinds:
		item, sort, uom, factor, (least, most) = KINDS[kind]
		qty = draw.random.randint(least, most) + (0.5 if kind == "powder" else 0)
		rate = draw.random.randint(1, 300) + (0 if currency == "JPY" else draw.random.choice((0, 0.33)))
		row = {"item_code": item, "qty": qty, "uom": uom, "rate": rate, "warehouse": FINAL_PACK}
		if kind == "drop":
			money.drop_ship(item)
			row |= {"delivered_by_supplier": 1, "supplier": "MT Supplier"}
		items.append(row)
		lines.append(ModelLine(item, qty, rate, sort, factor))
	customer = factories.make_customer(f"History {frappe.generate_hash(length=8)}", default_currency=currency)
	if currency != "USD":
		doc = frappe.get_doc("Customer", customer)
		doc.append("accounts", {"company": factories.COMPANY, "account": money.receivable(currency)})
		doc.save()
	order = factories.make_order(
		customer=customer,
		items=items,
		contact_email="buyer@customer.test",
		currency=currency,
		conversion_rate=exchange,
		selling_price_list=frappe.db.get_single_value("Selling Settings", "selling_price_list"),
		price_list_currency="USD",
		plc_conversion_rate=1,
		ignore_pricing_rule=1,
	)
	return order, Model(lines, smallest)


# Playing


class Play:
	"""One history under way."""

	def __init__(self, seed: float):
		frappe.set_user("Administrator")
		frappe.flags.pop("orders_to_settle", None)
		draw = Draw(seed)
		order, self.model = make_order(draw)
		self.name = order.name
		self.passages: Counter[str] = Counter()
		self.clock = 0
		self.payments: list[tuple[str, str]] = []
		self.refused: Counter[str] = Counter()
		self.passed(act(order, "Request Approval", SUPPORT))
		self.passed(act(order, "Approve", APPROVER))
		self.model.tell_production()
		money.commit()
		self.compare()

	@property
	def order(self):
		return frappe.get_doc("Sales Order", self.name)

	def passed(self, doc, records: int = 1):
		"""Count the records that a passage of `doc` leaves."""
		self.passages[doc.name] += records
		return doc

	def step(self, name: str, number: float) -> None:
		"""Take a step where it is possible, and compare. A refusal in words takes nothing with it."""
		frappe.set_user("Administrator")
		before = _copy(self.model), Counter(self.passages), list(self.payments)
		try:
			done = getattr(self, f"do_{name}")(Draw(number))
			if done is False:
				return
			money.commit()
		except (frappe.ValidationError, frappe.PermissionError) as refusal:
			frappe.db.rollback()
			frappe.clear_messages()
			self.model, self.passages, self.payments = before
			self.refused[f"{name}: {_plain(refusal)}"] += 1
			frappe.set_user("Administrator")
		self.compare()

	def add(self, doc, kind: str, lines: dict[int, float], **fields) -> None:
		self.clock += 1
		self.model.papers[doc.name] = Paper(kind, lines, moment=self.clock, **fields)

	def papers(self, kind: str, docstatus: int = 1, **fields) -> list[str]:
		return [
			name
			for name, paper in self.model.papers.items()
			if paper.kind == kind
			and paper.docstatus == docstatus
			and all(getattr(paper, field) == value for field, value in fields.items())
		]

	def number_of(self, so_detail: str) -> int:
		return next(row.idx for row in self.order.items if row.name == so_detail) - 1

	def lines_of(self, doc) -> dict[int, float]:
		found: dict[int, float] = {}
		for row in doc.items:
			if row.get("so_detail"):
				line = self.number_of(row.so_detail)
				found[line] = found.get(line, 0) + abs(flt(row.qty))
		return found

	def amounts_of(self, doc) -> dict[int, float]:
		found: dict[int, float] = {}
		for row in doc.items:
			line = self.number_of(row.so_detail)
			found[line] = found.get(line, 0) + flt(row.amount)
		return found

	def whole(self, line: int) -> bool:
		return self.model.lines[line].item_code != "MT-H-POWDER"

	# Step 7

	def do_bring(self, draw: Draw):
		model, rows = self.model, []
		wanted = {
			line: model.to_bring(line) - model.brought(line)
			for line in model.numbers()
			if model.lines[line].is_brought
		}
		lines = {line: qty for line, qty in wanted.items() if qty > 0.0005 and draw.chance(0.8)}
		if not lines:
			return False
		order, brought = self.order, {}
		for line, qty in lines.items():
			brought[line] = draw.share(qty, self.whole(line))
			row = order.items[line]
			parts = {"MT-H-PART": 2, "MT-H-NUT": 1} if row.item_code == "MT-H-KIT" else {row.item_code: 1}
			for item, times in parts.items():
				stock_qty = brought[line] * times * row.conversion_factor
				factories.make_stock(item, stock_qty, PRODUCTION)
				rows.append(
					{
						"item_code": item,
						"qty": stock_qty,
						"s_warehouse": PRODUCTION,
						"t_warehouse": FINAL_PACK,
						"sales_order": order.name,
						"sales_order_item": row.name,
					}
				)
		with as_user(PRODUCER):
			entry = frappe.get_doc(
				{
					"doctype": "Stock Entry",
					"stock_entry_type": "Material Transfer",
					"company": order.company,
					"sales_order": order.name,
					"items": rows,
				}
			).insert()
			entry.submit()
		self.add(entry, "transfer", brought)

	def do_take_away(self, draw: Draw):
		"""A transfer is cancelled."""
		name = draw.of(self.papers("transfer"))
		if not name:
			return False
		with as_user(PRODUCER):
			frappe.get_doc("Stock Entry", name).cancel()
		self.model.papers[name].docstatus = 2

	# Steps 8-11

	def do_pack(self, draw: Draw):
		from metalcraft_workflow.steps.final_pack import make_delivery_note

		with as_user(PACKER):
			doc = make_delivery_note(self.name)
			for row in doc.items:
				row.qty = draw.share(row.qty, row.uom != "Kg")
			doc.insert()
		self.add(doc, "note", self.lines_of(doc), docstatus=0, state="Packing")

	def do_go_on(self, draw: Draw):
		"""A delivery note goes on: by one step, or all the way."""
		name = draw.of(self.papers("note", 0))
		if not name:
			return False
		far = draw.chance(0.7)
		while self.model.papers[name].docstatus == 0:
			self.go_on(name)
			if not far:
				break

	def go_on(self, name: str) -> None:
		paper, doc = self.model.papers[name], frappe.get_doc("Delivery Note", name)
		if paper.state == "Packing":
			self.passed(act(doc, "Complete Packing", PACKER), 2)
			paper.state = "Awaiting Clearance"
		elif paper.state == "Awaiting Clearance":
			self.passed(act(doc, "Clear for Shipment", SUPPORT))
			paper.state = "Cleared"
		else:
			self.passed(act(deliveries.ready_to_ship(doc), "Ship", SHIPPER))
			self.clock += 1
			paper.state, paper.docstatus, paper.moment = "Shipped", 1, self.clock

	def do_return_to_packing(self, draw: Draw):
		name = draw.of(self.papers("note", 0, state="Awaiting Clearance"))
		if not name:
			return False
		doc = frappe.get_doc("Delivery Note", name)
		self.passed(act(doc, "Return to Packing", SUPPORT, "Count it again."))
		self.model.papers[name].state = "Packing"

	def do_delete_note(self, draw: Draw):
		name = draw.of(self.papers("note", 0, state="Packing"))
		if not name:
			return False
		with as_user(PACKER):
			frappe.delete_doc("Delivery Note", name)
		del self.model.papers[name]

	def do_cancel_note(self, draw: Draw):
		name = draw.of(self.papers("note"))
		if not name:
			return False
		self.passed(act(frappe.get_doc("Delivery Note", name), "Cancel Delivery", SHIPPER))
		self.cancelled(name)

	def cancelled(self, name: str) -> None:
		"""The order was opened for it, where it was closed by itself."""
		self.model.papers[name].docstatus = 2
		if self.model.closed_by == "the process":
			self.model.closed_by = ""

	def do_amend_note(self, draw: Draw):
		name = draw.of(self.papers("note", 2))
		if not name or frappe.db.exists("Delivery Note", {"amended_from": name}):
			return False
		with as_user(PACKER):
			doc = frappe.copy_doc(frappe.get_doc("Delivery Note", name), ignore_no_copy=False)
			doc.update({"amended_from": name, "docstatus": 0})
			doc.insert()
		self.add(doc, "note", self.lines_of(doc), docstatus=0, state="Packing")

	# What comes back

	def do_take_back(self, draw: Draw):
		from erpnext.stock.doctype.delivery_note.delivery_note import make_sales_return

		name = draw.of(self.papers("note"))
		if not name:
			return False
		away = draw.chance(0.5)
		with as_user(SHIPPER):
			doc = make_sales_return(name)
			doc.set("items", [row for row in doc.items if row.qty < 0])
			for row in doc.items:
				row.qty = -draw.share(-row.qty, row.uom != "Kg")
				row.warehouse = returns.RETURNS if away else FINAL_PACK
			doc.set("packed_items", [])
			doc.insert()
		self.add(doc, "return", self.lines_of(doc), docstatus=0, away=away)
		self.receive(doc)

	def receive(self, doc) -> None:
		self.passed(act(doc, "Receive Return", SHIPPER))
		self.clock += 1
		paper = self.model.papers[doc.name]
		paper.docstatus, paper.moment = 1, self.clock

	def do_cancel_return(self, draw: Draw):
		name = draw.of(self.papers("return"))
		if not name:
			return False
		self.passed(act(frappe.get_doc("Delivery Note", name), "Cancel Delivery", SHIPPER))
		self.cancelled(name)

	def do_authorize(self, draw: Draw):
		name = draw.of(self.papers("note"))
		if not name:
			return False
		disposition = draw.of(("Credit", "Replace"))
		doc = returns.draft(frappe.get_doc("Delivery Note", name), disposition=disposition)
		with as_user(SUPPORT):
			doc.set("items", [row for row in doc.items if self.kind_of(row.so_detail) != "service"])
			for row in doc.items:
				row.qty = draw.share(row.qty, row.uom != "Kg")
			doc.save()
		doc = returns.submit(doc)
		self.add(doc, "authorization", self.lines_of(doc), disposition=disposition)

	def kind_of(self, so_detail: str) -> str:
		return self.model.lines[self.number_of(so_detail)].kind

	def do_receive(self, draw: Draw):
		name = draw.of(name for name in self.papers("authorization") if self.model.waits(name))
		if not name:
			return False
		with as_user(SHIPPER):
			doc = returns.made("make_return", frappe.get_doc("Return Authorization", name))
			for row in doc.items:
				row.qty = -draw.share(-row.qty, row.uom != "Kg")
			doc.insert()
		self.add(doc, "return", self.lines_of(doc), docstatus=0, away=True, rma=name)
		self.receive(doc)

	def do_judge(self, draw: Draw):
		name = draw.of(
			name
			for name in self.papers("authorization", judged=False)
			if all(self.model.received(name, line) > 0 for line in self.model.papers[name].lines)
		)
		if not name:
			return False
		returns.judge(frappe.get_doc("Return Authorization", name))
		self.model.papers[name].judged = True

	def do_close_authorization(self, draw: Draw):
		from metalcraft_workflow.steps.returns import close

		name = draw.of(self.papers("authorization", closed=False))
		if not name:
			return False
		with as_user(MANAGER):
			close(name, "Nothing more comes.")
		self.model.papers[name].closed = True

	def do_credit_authorization(self, draw: Draw):
		name = draw.of(self.papers("authorization", disposition="Credit", judged=True))
		if not name:
			return False
		doc = returns.credit(frappe.get_doc("Return Authorization", name))
		self.add(
			doc,
			"credit",
			self.lines_of(doc),
			amounts=self.amounts_of(doc),
			rma=name,
			note=self.billed_from(doc),
		)

	# Step 12

	def do_invoice(self, draw: Draw):
		from erpnext.stock.doctype.delivery_note.delivery_note import make_sales_invoice

		name = draw.of(self.papers("note"))
		if not name:
			return False
		with as_user(SUPPORT):
			doc = make_sales_invoice(name)
		self.invoice(doc, draw)

	def do_invoice_order(self, draw: Draw):
		from erpnext.selling.doctype.sales_order.sales_order import make_sales_invoice

		with as_user(SUPPORT):
			doc = make_sales_invoice(self.name)
			for row in doc.items:
				row.qty = draw.share(row.qty, row.uom != "Kg")
		if not doc.items:
			return False
		self.invoice(doc, draw)

	def invoice(self, doc, draw: Draw) -> None:
		"""An invoice, at the price of the order or a lower one; submitted, or left a draft."""
		with as_user(SUPPORT):
			if draw.chance(0.15):
				for row in doc.items:
					row.update(
						{"rate": round(row.rate * 0.9, 0), "price_list_rate": 0, "discount_percentage": 0}
					)
			doc.ignore_pricing_rule = 1
			doc.allocate_advances_automatically = int(draw.chance(0.5))
			doc.disable_rounded_total = 1
			doc.insert()
			self.add(
				doc,
				"invoice",
				self.lines_of(doc),
				amounts=self.amounts_of(doc),
				docstatus=0,
				note=self.billed_from(doc),
			)
			if draw.chance(0.8):
				doc.submit()
				self.model.papers[doc.name].docstatus = 1

	def billed_from(self, doc) -> str:
		return next((row.delivery_note for row in doc.items if row.get("dn_detail")), None) or ""

	def do_submit_invoice(self, draw: Draw):
		name = draw.of(self.papers("invoice", 0))
		if not name:
			return False
		with as_user(SUPPORT):
			frappe.get_doc("Sales Invoice", name).submit()
		self.model.papers[name].docstatus = 1

	def do_delete_invoice(self, draw: Draw):
		name = draw.of(self.papers("invoice", 0))
		if not name:
			return False
		with as_user("Administrator"):
			frappe.delete_doc("Sales Invoice", name)
		del self.model.papers[name]

	def do_cancel_invoice(self, draw: Draw):
		name = draw.of([*self.papers("invoice"), *self.papers("credit")])
		if not name:
			return False
		with as_user(CONTROLLER):
			frappe.get_doc("Sales Invoice", name).cancel()
		self.cancelled(name)

	def do_credit(self, draw: Draw):
		"""A credit note: for pieces, or for their price."""
		from erpnext.accounts.doctype.sales_invoice.sales_invoice import make_sales_return

		name = draw.of(self.papers("invoice"))
		if not name:
			return False
		price_only = draw.chance(0.3)
		with as_user(CONTROLLER):
			doc = make_sales_return(name)
			doc.set("items", [row for row in doc.items if row.qty < 0])
			for row in doc.items:
				row.qty = -draw.share(-row.qty, row.uom != "Kg")
				if price_only:
					row.update({"rate": max(1, round(row.rate / 2)), "price_list_rate": 0})
			doc.ignore_pricing_rule = 1
			doc.disable_rounded_total = 1
			doc.update_outstanding_for_self = int(draw.chance(0.5))
			doc.update_billed_amount_in_sales_order = int(draw.chance(0.5))
			doc.insert()
			doc.submit()
		rates = {
			row.name: row.rate
			for row in frappe.get_all("Sales Invoice Item", {"parent": name}, ["name", "rate"])
		}
		kept, lowered = {}, {}
		for row in doc.items:
			into = lowered if row.rate != rates[row.sales_invoice_item] else kept
			line = self.number_of(row.so_detail)
			into[line] = into.get(line, 0) + abs(row.qty)
		amounts = self.amounts_of(doc)
		self.add(
			doc,
			"credit",
			kept,
			amounts={line: amounts[line] for line in amounts},
			note=self.billed_from(doc),
		)

	# Step 13

	def invoices_owing(self) -> list:
		return [
			frappe.get_doc("Sales Invoice", name)
			for name in self.papers("invoice")
			if frappe.db.get_value("Sales Invoice", name, "outstanding_amount") > 0
		]

	def do_pay(self, draw: Draw):
		invoice = draw.of(self.invoices_owing())
		if not invoice:
			return False
		owing = frappe.db.get_value("Sales Invoice", invoice.name, "outstanding_amount")
		part = owing if draw.chance(0.7) else flt(owing / 2, 2 if self.model.smallest < 1 else 0)
		self.payments.append(self.paid(money.pay_abroad(invoice, part or owing)))

	def paid(self, entry) -> tuple[str, str]:
		return entry.doctype, entry.name

	def do_pay_by_journal(self, draw: Draw):
		invoice = draw.of(self.invoices_owing())
		if not invoice or invoice.currency != "USD":
			return False
		owing = frappe.db.get_value("Sales Invoice", invoice.name, "outstanding_amount")
		self.payments.append(self.paid(money.journal(invoice, owing, draw.of((money.CASH, money.WRITE_OFF)))))

	def do_pay_in_advance(self, draw: Draw):
		order = self.order
		amount = flt(order.grand_total * draw.of((0.3, 1)), 2 if self.model.smallest < 1 else 0)
		self.payments.append(
			self.paid(money.pay_abroad(order, amount, rate=order.conversion_rate * draw.of((1, 1.05))))
		)

	def do_reconcile(self, draw: Draw):
		if self.order.currency != "USD":
			return False
		money.reconcile(self.order.customer)

	def do_refund(self, draw: Draw):
		name = draw.of(
			name
			for name in self.papers("credit")
			if frappe.db.get_value("Sales Invoice", name, "outstanding_amount") < 0
		)
		if not name:
			return False
		self.payments.append(self.paid(money.pay_abroad(frappe.get_doc("Sales Invoice", name))))

	def do_cancel_payment(self, draw: Draw):
		payment = draw.of(self.payments)
		if not payment:
			return False
		with as_user(CONTROLLER):
			frappe.get_doc(*payment).cancel()
		self.payments.remove(payment)

	# Step 14

	def set_status(self, status: str) -> None:
		with as_user(APPROVER):
			frappe.get_attr(UPDATE_STATUS)(status, self.name)

	def do_close_by_hand(self, draw: Draw):
		if self.model.closed_by or self.model.on_hold:
			return False
		self.set_status("Closed")
		self.model.closed_by = "a person"

	def do_open_by_hand(self, draw: Draw):
		if not self.model.closed_by:
			return False
		if self.model.closed_by == "the process":
			self.model.keep_open = True
		self.set_status("Draft")
		self.model.closed_by = ""

	def do_hold(self, draw: Draw):
		if self.model.closed_by or self.model.on_hold:
			return False
		self.set_status("On Hold")
		self.model.on_hold = True

	def do_resume(self, draw: Draw):
		if not self.model.on_hold:
			return False
		self.set_status("Draft")
		self.model.on_hold = False

	def do_keep_open(self, draw: Draw):
		with as_user(APPROVER):
			order = self.order
			order.keep_open = int(not order.keep_open)
			order.save()
		self.model.keep_open = not self.model.keep_open

	def do_accept_difference(self, draw: Draw):
		from metalcraft_workflow.gates.waiver import waive

		with as_user(MANAGER):
			waive("Sales Order", self.name, "close", "billed", "Agreed on the phone.")
		self.model.accepted = self.model.figures()

	# Changes

	def do_change(self, draw: Draw):
		"""The quantity of a line changes, as "Update Items" does it."""
		line = draw.of(self.model.numbers())
		ordered = self.model.lines[line]
		qty = max(1, ordered.qty + draw.random.choice((-2, -1, 1, 2)))
		if ordered.kind == "dropped" or qty == ordered.qty:
			return False
		changes = [{"qty": qty} if number == line else {} for number in self.model.numbers()]
		factories.update_items(self.order, changes)
		self.model.lines[line] = replace(ordered, qty=qty)
		self.model.under_review = True

	def do_accept_changes(self, draw: Draw):
		if not self.model.under_review:
			return False
		self.passed(act(self.order, "Accept Changes", APPROVER2))
		self.model.under_review = False
		self.model.tell_production()

	def do_deliver_from_supplier(self, draw: Draw):
		dropped = [row for row in self.order.items if row.delivered_by_supplier]
		if not dropped or self.model.delivered_by_supplier:
			return False
		row = dropped[0]
		boxes = draw.chance(0.5) and row.qty % 10 == 0
		values = {"qty": row.qty / 10, "uom": "Box"} if boxes else {"qty": row.qty, "uom": "Nos"}
		purchase = money.order_from_supplier(self.order, values)
		frappe.get_attr("erpnext.buying.doctype.purchase_order.purchase_order.update_status")(
			"Delivered", purchase.name
		)
		self.model.delivered_by_supplier = True

	def do_cancel_order(self, draw: Draw):
		if not draw.chance(0.2):
			return False
		self.passed(act(self.order, "Cancel Order", APPROVER))
		self.model.docstatus, self.model.closed_by = 2, ""
		self.model.tell_production()

	# Comparing

	def compare(self) -> None:
		"""Raise a Difference where the site and the model disagree."""
		model = self.model
		self.look_at_invoices()
		model.settle()
		order = frappe.get_doc("Sales Order", self.name)
		said = {
			"stage": order.order_stage,
			"docstatus": order.docstatus,
			"closed": order.status == "Closed",
			"by the process": bool(order.closed_by_workflow),
			"keep open": bool(order.keep_open),
			"final pack": round(order.per_final_pack, 3),
			"delivered": round(order.per_delivered, 3),
			"notices": self.notices(),
			"records": self.records(),
			"thanks": self.mails("closed"),
			"told of shipments": self.mails("shipped"),
			"out of step": self.out_of_step(),
		}
		expected = {
			"stage": model.stage(),
			"docstatus": model.docstatus,
			"closed": bool(model.closed_by),
			"by the process": model.closed_by == "the process",
			"keep open": model.keep_open,
			"final pack": round(model.per_final_pack(), 3),
			"delivered": round(model.per_delivered(), 3),
			"notices": model.notices,
			"records": {name: count for name, count in self.passages.items() if count},
			"thanks": int(model.thanked),
			"told of shipments": len([name for name in self.papers("note")]),
			"out of step": {},
		}
		if model.docstatus == 1 and model.closed_by != "a person":
			said["open"] = self.open_points(order)
			expected["open"] = model.open_points() if not model.closed_by else set()
		different = {name: (said[name], expected[name]) for name in said if said[name] != expected[name]}
		told = different.get("told of shipments")
		if told and told[0] > told[1]:  # of one that was cancelled since
			del different["told of shipments"]
		if different:
			raise Difference(
				"; ".join(f"{name}: is {is_}, should be {be}" for name, (is_, be) in different.items())
			)

	def look_at_invoices(self) -> None:
		"""What ERPNext says is outstanding: the model takes its word."""
		names = [*self.papers("invoice"), *self.papers("credit")]
		self.model.unpaid = any(
			abs(amount) >= self.model.smallest / 2 + 1e-9
			for amount in frappe.get_all(
				"Sales Invoice", {"name": ("in", names or [""])}, pluck="outstanding_amount"
			)
		)

	def open_points(self, order) -> set[str]:
		from metalcraft_workflow.gates.checklist import get_checklist

		if order.status == "Closed":
			return set()
		with as_user(SUPPORT):
			codes = {
				row["code"]
				for gate in get_checklist("Sales Order", order.name)
				if gate["gate"] == "close"
				for row in gate["requirements"]
				if not row["met"] and not row["waived"]
			}
		return {name for name, known in CODES.items() if codes & known}

	def notices(self) -> list[str]:
		return frappe.get_all(
			"Production Notice", {"sales_order": self.name}, pluck="kind", order_by="revision, creation"
		)

	def records(self) -> dict[str, int]:
		names = [self.name, *self.passages]
		return dict(
			Counter(
				frappe.get_all(
					"Release Record",
					{"reference_name": ("in", names), "kind": "Passage"},
					pluck="reference_name",
				)
			)
		)

	def mails(self, kind: str) -> int:
		names = [self.name, *(name for name, paper in self.model.papers.items() if paper.kind == "note")]
		return len(
			frappe.get_all(
				"Communication",
				{"reference_name": ("in", names), "name": ("like", f"{kind}-%")},
				pluck="name",
			)
		)

	def out_of_step(self) -> dict:
		from metalcraft_workflow.steps.closing import out_of_step
		from metalcraft_workflow.steps.tracking import recompute

		found = dict(out_of_step([self.name]))
		for row in recompute([self.name]):
			found[row["field"]] = (row["was"], row["is"])
		frappe.db.rollback()
		return found


def _copy(model: Model) -> Model:
	return replace(
		model,
		lines=list(model.lines),
		papers={name: replace(paper, lines=dict(paper.lines)) for name, paper in model.papers.items()},
		notices=list(model.notices),
	)


def _plain(error: Exception) -> str:
	words = re.sub(r"[A-Z]+(-[A-Z]+)*-\d{4}-\d+", "…", frappe.utils.strip_html(str(error)))
	return f"{type(error).__name__} {words[:160]}"


# Histories

# How often each step is tried
WEIGHTS = {
	"bring": 10,
	"pack": 10,
	"go_on": 14,
	"invoice": 10,
	"pay": 12,
	"take_back": 4,
	"credit": 4,
	"refund": 5,
	"authorize": 3,
	"receive": 4,
	"judge": 4,
	"credit_authorization": 4,
	"close_authorization": 1,
	"invoice_order": 3,
	"submit_invoice": 3,
	"delete_invoice": 1,
	"cancel_invoice": 2,
	"cancel_note": 2,
	"cancel_return": 1,
	"cancel_payment": 2,
	"amend_note": 1,
	"return_to_packing": 1,
	"delete_note": 1,
	"take_away": 1,
	"pay_by_journal": 2,
	"pay_in_advance": 2,
	"reconcile": 2,
	"close_by_hand": 1,
	"open_by_hand": 3,
	"hold": 1,
	"resume": 3,
	"keep_open": 1,
	"accept_difference": 2,
	"change": 2,
	"accept_changes": 4,
	"deliver_from_supplier": 3,
	"cancel_order": 1,
}


def history(seed: int, length: int) -> list[Step]:
	"""A random history: what the order is, and its steps."""
	draw = random.Random(seed)
	names = draw.choices(list(WEIGHTS), weights=list(WEIGHTS.values()), k=length)
	return [("order", draw.random()), *((name, draw.random()) for name in names)]


def play(steps: list[Step], refused: Counter | None = None) -> str:
	"""Play a history; gives what went wrong, in words, or an empty string."""
	number = 0
	try:
		under_way = Play(steps[0][1])
		for number, (name, draw) in enumerate(steps[1:], 1):  # noqa: B007 - said when one goes wrong
			under_way.step(name, draw)
			if under_way.model.docstatus == 2:
				break
	except Difference as difference:
		return f"after step {number} {steps[number][0]}: {difference}"
	except Exception:
		return f"after step {number} {steps[number][0]}: {traceback.format_exc()}"
	finally:
		frappe.db.rollback()
		frappe.set_user("Administrator")
		frappe.flags.pop("orders_to_settle", None)
	if refused is not None:
		refused.update(under_way.refused)
	return ""


def shortest(steps: list[Step], goes_wrong: Callable[[list[Step]], str]) -> list[Step]:
	"""The steps that are needed to go wrong: one after the other is left out as long as it does."""
	index = len(steps) - 1
	while index > 0:
		fewer = steps[:index] + steps[index + 1 :]
		if goes_wrong(fewer):
			steps = fewer
		index = min(index, len(steps)) - 1
	return steps


def main(arguments: list[str] | None = None) -> int:
	"""Play histories and print those that went wrong; gives how many did."""
	parser = argparse.ArgumentParser(description="Play random histories of orders against the model.")
	parser.add_argument("site")
	parser.add_argument("--histories", type=int, default=20)
	parser.add_argument("--steps", type=int, default=30)
	parser.add_argument("--seed", type=int, default=random.randrange(10**6))
	parser.add_argument("--no-shrinking", action="store_true")
	options = parser.parse_args(arguments)
	frappe.init(site=options.site)
	frappe.connect()
	frappe.flags.in_test = True
	stage_set()
	print(f"seed {options.seed}", flush=True)
	wrong, refused = 0, Counter()
	for seed in range(options.seed, options.seed + options.histories):
		steps = history(seed, options.steps)
		if words := play(steps, refused):
			wrong += 1
			print(f"--seed {seed} --histories 1 --steps {options.steps}: {words}", flush=True)
			if not options.no_shrinking:
				steps = shortest(steps, play)
				print(f"shortest: {steps}\n{play(steps)}", flush=True)
	for words, count in refused.most_common():
		print(f"refused {count} times: {words}")
	print(f"{options.histories} histories, {wrong} went wrong")
	frappe.destroy()
	return wrong


if __name__ == "__main__":
	raise SystemExit(bool(main()))
