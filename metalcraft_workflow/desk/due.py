"""What waits that no state of a workflow says: to be packed, to be decided by Accounts, to be invoiced, to be
paid, to be closed."""

from datetime import date

import frappe
from frappe import _
from frappe.model.document import Document
from frappe.query_builder.functions import IfNull, Max, Min, Sum
from frappe.utils import getdate
from pypika.terms import ExistsCriterion

from metalcraft_workflow.desk.lists import Row, WorkList, load, make_action, open_action, promises
from metalcraft_workflow.facts.final_pack import ready_to_pack
from metalcraft_workflow.facts.orders import order_precision, readable_orders
from metalcraft_workflow.gates import registry
from metalcraft_workflow.gates.checklist import closing, described
from metalcraft_workflow.gates.numbers import written_day, written_money
from metalcraft_workflow.gates.once import reading
from metalcraft_workflow.gates.workflow import first_editors, states_by_gate
from metalcraft_workflow.rules import my_work as rules
from metalcraft_workflow.rules.path import has_passed, stands_at

# How many deliveries are asked about credit at most, the oldest promises first: each asks for what a customer owes
ASKED = 20


# Step 8


def to_pack() -> list[WorkList]:
	"""Orders with goods at Final Pack that are on no delivery note yet."""
	packers = first_editors("Delivery Note")
	if not packers & set(frappe.get_roles()) or not frappe.has_permission("Delivery Note", "create"):
		return []
	waiting = with_goods_to_pack()
	orders = readable_orders(list(waiting))
	rows = [
		Row(
			"Sales Order",
			name,
			order.customer_name or "",
			order.po_no or "",
			waiting[name],
			actions=[
				make_action(_("Pack"), "metalcraft_workflow.steps.final_pack.make_delivery_note", name),
				open_action(_("Open")),
			],
		)
		for name, order in orders.items()
	]
	return [WorkList("pack", _("Orders to Pack"), rows)]


def with_goods_to_pack() -> dict[str, date]:
	"""Approved order with goods at Final Pack that are on no delivery note, drafts counted -> the earliest date
	promised for them.

	What came back may lie elsewhere, so of orders with returns it is added up anew.
	"""
	order, line, note, packed = (
		frappe.qb.DocType(name)
		for name in ("Sales Order", "Sales Order Item", "Delivery Note", "Delivery Note Item")
	)
	drafts = (
		frappe.qb.from_(packed)
		.join(note)
		.on(note.name == packed.parent)
		.where((note.docstatus == 0) & (note.is_return == 0))
		.groupby(packed.so_detail)
		.select(packed.so_detail, Sum(packed.qty).as_("qty"))
	)
	states = [state for state, gate in states_by_gate("Sales Order").items() if has_passed(gate, "approve")]
	rows = (
		frappe.qb.from_(line)
		.join(order)
		.on(order.name == line.parent)
		.left_join(drafts)
		.on(drafts.so_detail == line.name)
		.where((line.parenttype == "Sales Order") & (line.final_pack_qty > line.delivered_qty))
		.where(line.final_pack_qty - line.delivered_qty - IfNull(drafts.qty, 0) > order_precision(None).qty)
		.where((order.docstatus == 1) & (order.follows_process == 1))
		.where(order.status.notin(["Closed", "On Hold"]) & order.workflow_state.isin(states or [""]))
		.groupby(order.name)
		.select(order.name, Min(line.delivery_date).as_("promised"), Max(line.returned_qty).as_("came_back"))
		.run(as_dict=True)
	)
	doubtful = [row.name for row in rows if row.came_back]
	ready = ready_to_pack(*doubtful) if doubtful else {}
	lines = frappe.get_all("Sales Order Item", {"name": ("in", list(ready))}, pluck="parent") if ready else ()
	return {
		row.name: row.promised and getdate(row.promised)
		for row in rows
		if not row.came_back or row.name in lines
	}


# Step 10: what only Accounts can release


def held_by_accounts() -> list[WorkList]:
	"""Deliveries that cannot be cleared because of credit or a prepayment which the person may waive."""
	roles = frappe.get_roles()
	mine = [code for code in rules.OF_ACCOUNTS if registry.waiver_role("clear", code) in roles]
	if not mine or not frappe.has_permission("Delivery Note"):
		return []
	states = [
		state
		for state, gate in states_by_gate("Delivery Note").items()
		if stands_at(gate) == "release_documents"
	]
	notes = frappe.get_list(
		"Delivery Note",
		filters={
			"workflow_state": ("in", states),
			"docstatus": 0,
			"is_return": 0,
			"follows_process": 1,
			"customer": ("in", [*customers_with_terms(), *customers_who_prepay()]),
		},
		fields=["name", "customer_name"],
		order_by="creation",
		limit=0,
	)
	promised = promises("Delivery Note", [note.name for note in notes])
	rows = [
		Row("Delivery Note", note.name, note.customer_name or "", ship_date=promised.get(note.name))
		for note in notes
	]
	rows.sort(key=lambda row: row.order)
	return [
		WorkList(
			"credit",
			_("Deliveries That Wait for Accounts"),
			[row for row, doc in load(rows[:ASKED]) if is_held(row, doc, mine)],
		)
	]


def is_held(row: Row, doc: Document, codes: list[str]) -> bool:
	"""Whether a delivery waits for one of `codes`; says so on its row."""
	with reading(doc):
		held = [
			point
			for point in described(doc, "clear")
			if point["code"] in codes and not point["met"] and not point["waived"]
		]
	row.missing = [point["message"] for point in held]
	row.actions = [
		*(
			{"kind": "waive", "label": _("Waive"), "requirement": point}
			for point in held
			if point["can_waive"]
		),
		open_action(_("Open")),
	]
	return bool(held)


def customers_with_terms() -> list[str]:
	"""Customers whose credit can stop a delivery: on hold, or with a limit of their own or their group's; all
	of them where a company has a limit."""
	if frappe.db.exists("Company", {"credit_limit": (">", 0)}):
		return frappe.get_all("Customer", pluck="name")
	customer, limit = frappe.qb.DocType("Customer"), frappe.qb.DocType("Customer Credit Limit")
	return (
		frappe.qb.from_(customer)
		.left_join(limit)
		.on(limit.parent.isin([customer.name, customer.customer_group]) & (limit.credit_limit > 0))
		.where((customer.credit_hold == 1) | limit.name.isnotnull())
		.select(customer.name)
		.distinct()
		.run(pluck=True)
	)


def customers_who_prepay() -> list[str]:
	"""Customers of open orders whose terms ask for a prepayment."""
	order, terms = frappe.qb.DocType("Sales Order"), frappe.qb.DocType("Payment Terms Template")
	return (
		frappe.qb.from_(order)
		.join(terms)
		.on(terms.name == order.payment_terms_template)
		.where((terms.prepayment_percent > 0) & (order.docstatus == 1) & (order.status != "Closed"))
		.select(order.customer)
		.distinct()
		.run(pluck=True)
	)


# Step 12


def to_invoice() -> list[WorkList]:
	"""Shipped deliveries of which something is not billed."""
	if not frappe.has_permission("Sales Invoice", "create") or not frappe.has_permission("Delivery Note"):
		return []
	notes = frappe.get_list(
		"Delivery Note",
		filters={
			"docstatus": 1,
			"is_return": 0,
			"follows_process": 1,
			"per_billed": ("<", 100),
			"grand_total": (">", 0),
			"status": ("not in", ["Closed", "Completed", "Return Issued"]),
		},
		fields=["name", "customer_name"],
		order_by="creation",
		limit=0,
	)
	promised = promises("Delivery Note", [note.name for note in notes])
	rows = [
		Row("Delivery Note", note.name, note.customer_name or "", ship_date=promised.get(note.name))
		for note in notes
	]
	return [WorkList("invoice", _("Deliveries to Invoice"), rows, offer_invoice)]


def offer_invoice(rows: list[Row]) -> None:
	"""The draft invoice where there is one, else a new one."""
	line = frappe.qb.DocType("Sales Invoice Item")
	drafts = dict(
		frappe.qb.from_(line)
		.where(line.delivery_note.isin([row.name for row in rows]) & (line.docstatus == 0))
		.select(line.delivery_note, line.parent)
		.run()
	)
	readable = set()
	if drafts:
		names = ("in", list(set(drafts.values())))
		readable = set(frappe.get_list("Sales Invoice", {"name": names}, pluck="name", limit=0))
	for row in rows:
		draft = drafts.get(row.name)
		if draft and draft not in readable:
			row.note, row.actions = _("A draft of its invoice is there."), [open_action(_("Open"))]
		elif draft:
			row.note = _("Draft invoice {0}").format(draft)
			row.actions = [open_action(_("Open Invoice"), "Sales Invoice", draft), open_action(_("Open"))]
		else:
			make = "erpnext.stock.doctype.delivery_note.delivery_note.make_sales_invoice"
			row.actions = [make_action(_("Make Invoice"), make, row.name), open_action(_("Open"))]


# Steps 13-14


def overdue() -> list[WorkList]:
	"""Invoices that should have been paid."""
	if not frappe.has_permission("Payment Entry", "create") or not frappe.has_permission("Sales Invoice"):
		return []
	invoices = frappe.get_list(
		"Sales Invoice",
		filters={
			"docstatus": 1,
			"is_return": 0,
			"outstanding_amount": (">", 0),
			"due_date": ("<", getdate()),
		},
		fields=[
			"name",
			"customer_name",
			"po_no",
			"due_date",
			"posting_date",
			"outstanding_amount",
			"party_account_currency",
		],
		order_by="due_date",
		limit=0,
	)
	rows = [
		Row(
			"Sales Invoice",
			invoice.name,
			invoice.customer_name or "",
			invoice.po_no or "",
			invoice.due_date,
			note=_("{0} outstanding, due {1}").format(
				written_money(invoice.outstanding_amount, invoice.party_account_currency),
				written_day(invoice.due_date),
			),
			actions=[open_action(_("Open"))],
		)
		for invoice in invoices
	]
	return [WorkList("overdue", _("Overdue Invoices"), rows)]


def paid_but_open() -> list[WorkList]:
	"""Orders that are shipped, invoiced and paid and have not closed."""
	if not frappe.has_permission("Sales Invoice", "create") or not frappe.has_permission("Sales Order"):
		return []
	names = with_nothing_outstanding()
	orders = readable_orders(names)
	promised = promises("Sales Order", orders)
	rows = [
		Row(
			"Sales Order",
			name,
			order.customer_name or "",
			order.po_no or "",
			promised.get(name),
			actions=[open_action(_("Open"))],
		)
		for name, order in orders.items()
	]
	return [WorkList("open", _("Paid but Open"), rows, say_why_open)]


def with_nothing_outstanding() -> list[str]:
	"""Orders at the stage Invoiced of which no invoice has anything outstanding."""
	order, line, invoice = (
		frappe.qb.DocType(name) for name in ("Sales Order", "Sales Invoice Item", "Sales Invoice")
	)
	unpaid = (
		frappe.qb.from_(line)
		.join(invoice)
		.on(invoice.name == line.parent)
		.where(
			(line.sales_order == order.name) & (invoice.docstatus == 1) & (invoice.outstanding_amount != 0)
		)
		.select(line.name)
	)
	return (
		frappe.qb.from_(order)
		.where((order.order_stage == "Invoiced") & (order.docstatus == 1) & (order.status != "Closed"))
		.where(ExistsCriterion(unpaid).negate())
		.select(order.name)
		.run(pluck=True)
	)


def say_why_open(rows: list[Row]) -> None:
	for row, doc in load(rows):
		with reading(doc):
			row.missing = [
				point["message"]
				for entry in closing(doc)
				for point in entry["requirements"]
				if not point["met"] and not point["waived"]
			]
