"""Steps 13-14: shipped and paid in full, the order closes; and opens again when that is undone.

Whatever may settle an order (a payment, a delivery, a credit note) only notes its name. What is to
be done is decided after the commit, in a transaction of its own that locks the order first: there,
the later of two events side by side sees both. The sweep follows for what was missed.
"""

from collections.abc import Iterable, Iterator
from dataclasses import replace

import frappe
from frappe import _
from frappe.model.document import Document
from frappe.utils import comma_and, create_batch, get_link_to_form, getdate

from metalcraft_workflow.facts import final_pack, reservations, returns
from metalcraft_workflow.facts.advances import to_set_off
from metalcraft_workflow.facts.contacts import contact_email
from metalcraft_workflow.facts.locks import lock
from metalcraft_workflow.facts.orders import orders_of, read_order, read_orders, sync_stage
from metalcraft_workflow.gates import record, registry
from metalcraft_workflow.gates.background import is_at_once, later
from metalcraft_workflow.gates.once import once, reading
from metalcraft_workflow.gates.workflow import state_of
from metalcraft_workflow.outgoing import customer_mail
from metalcraft_workflow.outgoing.owed_mails import owe
from metalcraft_workflow.rules import closing
from metalcraft_workflow.rules.customer_mail import stamp
from metalcraft_workflow.rules.orders import OrderFacts
from metalcraft_workflow.rules.path import CLOSE, OUTSIDE
from metalcraft_workflow.rules.requirement import Requirement
from metalcraft_workflow.rules.stage import order_stage

GATE = CLOSE
TRIES = 3

# How many open orders the sweep reads at a time, and in one run at most
BATCH, MOST = 200, 4000
# How many are settled under one lock: it is held for a second or so
TOGETHER = 20
SWEEP_FROM = "metalcraft_workflow:sweep_from"


def requirements(order: Document) -> list[Requirement]:
	"""What closing asks of a Sales Order, met or not, as the database has it now: gate `close`.

	Nothing of an order that does not follow the process.
	"""
	facts = once(order, "closing", lambda: read_order(order.name))
	if facts.gate == OUTSIDE:
		return []
	if any(invoice.outstanding > 0 and not invoice.is_paid for invoice in facts.invoices):
		facts = replace(facts, advances=tuple(to_set_off(order)))
	return closing.requirements(facts, policy(), getdate())


def accepted_figures_1(order: Document) -> str:
	"""Digest of what a waiver of the gate `close` is for: it lapses when the figures change."""
	return closing.figures(read_order(order.name))


def policy() -> closing.ClosingPolicy:
	"""What the settings say about closing."""
	settings = registry.settings()
	return closing.ClosingPolicy(
		automatic=bool(settings.close_automatically), days_of_grace=settings.days_of_grace or 0
	)


# Events: what may settle an order, or unsettle it


def keep_open_by_default(doc: Document, method: str | None = None) -> None:
	"""Keep a new order open when the settings say so (`before_insert` of Sales Order)."""
	if registry.settings().keep_open_default:
		doc.keep_open = 1


def order_changed(doc: Document, method: str | None = None) -> None:
	"""Note an order that changed, and heed a person who opened it again (`on_change` of Sales Order)."""
	if not doc.follows_process or doc.docstatus != 1 or doc.flags.by_process:
		return
	if doc.closed_by_workflow and doc.status != "Closed":
		_respect_reopening(doc)
	before = doc.get_doc_before_save()
	if not before or before.docstatus:  # nothing of an order is delivered or billed when it is submitted
		settle_after_commit([doc.name])


def end_reservations(doc: Document, method: str | None = None) -> None:
	"""Keep no stock for an order that is closed, by whomever (`on_change` of Sales Order)."""
	if doc.follows_process and doc.status == "Closed" and reservations.is_on():
		reservations.end(doc.name)


def delivery_changed(doc: Document, method: str | None = None) -> None:
	"""Note the orders of a Delivery Note that was saved, submitted, cancelled or deleted.

	Of a draft that moved on, too: side by side with another delivery, each derives the stage without the other.
	"""
	if not doc.follows_process:
		return
	settle_after_commit(orders_concerned(doc, method))
	before = doc.get_doc_before_save()
	if not before or state_of(before) != state_of(doc):
		look_after_commit(orders_of(doc))


def transfer_changed(doc: Document, method: str | None = None) -> None:
	"""Note the orders that a Stock Entry brings something for, whose stage is derived without what is shipped at
	the same moment. In `on_submit` and `on_cancel`."""
	look_after_commit({doc.get("sales_order"), *orders_of(doc)} - {None, ""})


def invoice_changed(doc: Document, method: str | None = None) -> None:
	"""Note the orders of a Sales Invoice that changed or was deleted.

	Every payment, journal entry and reconciliation comes by here, because each sets what is
	outstanding on the invoice. It costs no query; whether the orders matter is looked up later.
	"""
	settle_after_commit(orders_concerned(doc, method))


def orders_concerned(doc: Document, method: str | None) -> set[str]:
	"""The orders that a change of a delivery or an invoice may settle or unsettle.

	A draft settles nothing and unsettles nothing. It only keeps its orders open: until it is deleted, or they
	are on it no more.
	"""
	now, before = set(orders_of(doc)), doc.get_doc_before_save()
	if doc.docstatus or method == "after_delete":
		return now
	return set(orders_of(before)) - now if before else set()


def difference_accepted(order: Document) -> None:
	"""Note an order of which somebody has accepted a difference (effect of a waiver of the gate `close`)."""
	settle_after_commit([order.name])


def return_changed(doc: Document, method: str | None = None) -> None:
	"""Note the orders of a Return Authorization that was submitted, changed or cancelled."""
	settle_after_commit(orders_of(doc))


def reopen_before_cancel(doc: Document, method: str | None = None) -> None:
	"""Open the orders again that the process closed, before what settled them is cancelled.

	ERPNext refuses to cancel a delivery or an invoice of a closed order. `before_cancel` of Delivery
	Note and Sales Invoice, in the same transaction.
	"""
	orders = orders_of(doc)
	if not orders:
		return
	closed = frappe.get_all(
		"Sales Order",
		filters={"name": ("in", orders), "status": "Closed", "closed_by_workflow": 1, "docstatus": 1},
		pluck="name",
		order_by="name",
	)
	for name in closed:
		reopen(name, _("{0} {1} is being cancelled.").format(_(doc.doctype), doc.name))


def check_status_change(doc: Document, method: str | None = None) -> None:
	"""Refuse to close, hold or open a document for somebody who may not submit it.

	ERPNext's own calls for it ask for no permission, so that any signed-in portal user could use them.
	`before_change` of Sales Order and Delivery Note. Raises PermissionError.
	"""
	before = doc.get_doc_before_save()
	if not before or before.status == doc.status or doc.docstatus != 1 or doc.flags.by_process:
		return
	by_hand = {"Closed", "On Hold"}
	if {before.status, doc.status} & by_hand and not doc.has_permission("submit"):
		frappe.throw(
			_("You may not close, hold or open {0} {1} again. Ask somebody who may submit it.").format(
				_(doc.doctype), doc.name
			),
			frappe.PermissionError,
			title=_("Not Permitted"),
		)


def check_under_way(doc: Document, method: str | None = None) -> None:
	"""Refuse to close an order by hand while a delivery of it is under way: nobody could go on with it.

	`before_change` of Sales Order. Raises ValidationError that names the deliveries.
	"""
	before = doc.get_doc_before_save()
	if not doc.follows_process or doc.status != "Closed" or not before or before.status == "Closed":
		return
	if doc.flags.by_process:  # the gate has asked
		return
	note, line = frappe.qb.DocType("Delivery Note"), frappe.qb.DocType("Delivery Note Item")
	under_way = (
		frappe.qb.from_(line)
		.join(note)
		.on(note.name == line.parent)
		.where(line.against_sales_order == doc.name)
		.where(note.docstatus == 0)
		.where(note.is_return == 0)  # what comes back comes back to a closed order too
		.orderby(note.name)
		.select(note.name, note.workflow_state)
		.distinct()
		.run()
	)
	if under_way:
		named = [
			f"{get_link_to_form('Delivery Note', name)} ({_(state or 'Draft')})" for name, state in under_way
		]
		frappe.throw(
			_(
				"{0} of {1} is under way. Ship it, or return it to packing and delete it; then close the order."
			).format(comma_and(named, add_quotes=False), doc.name),
			title=_("Delivery under Way"),
		)


# Settling


def settle_after_commit(orders: Iterable[str]) -> None:
	"""Have `orders` settled once this transaction is committed, each once however often it is noted."""
	orders = set(orders)
	if not orders:
		return
	noted: set = frappe.flags.setdefault("orders_to_settle", set())
	if not noted:
		frappe.db.after_commit.add(_settle_last)
		frappe.db.after_rollback.add(noted.clear)
	noted |= orders


def look_after_commit(orders: Iterable[str]) -> None:
	"""Have `orders` settled by a job, once this transaction is committed: what happened settles none of them, but
	another document may have moved at the same moment, and each has derived the stage without the other."""
	if is_at_once():
		settle_after_commit(orders)
	elif names := sorted(set(orders)):
		later("steps.closing.settle_in_sets", orders=names)


def _settle_last() -> None:
	"""Let what else waits for the commit go first: a rollback in settling would take it away."""
	frappe.db.after_commit.add(_settle_noted)


def _settle_noted() -> None:
	noted: set = frappe.flags.setdefault("orders_to_settle", set())
	orders = sorted(noted)
	noted.clear()
	try:
		settle_in_sets(orders)
	except Exception:
		# What called for it is committed: an error is not theirs, and the sweep tries again
		frappe.db.rollback()
		_log(orders[0])


def settle_safely(names: list[str]) -> list[str]:
	"""Settle a few orders in a transaction of their own; gives what was done. Never raises.

	The event that called for it is saved already, so an error here is logged, not shown; the sweep
	tries again. Where they cannot be settled together, each is by itself.
	"""
	for attempt in range(1, TRIES + 1):
		# A transaction of its own: the lock comes first, then what is read is what was committed last
		frappe.db.commit()  # nosemgrep: frappe-manual-commit
		try:
			done = settle(*names)
			# What settling changed itself wants no settling
			frappe.flags.setdefault("orders_to_settle", set()).clear()
			frappe.db.commit()  # nosemgrep: frappe-manual-commit
			return done
		except Exception as error:
			frappe.db.rollback()
			if len(names) > 1:
				return [done for name in names for done in settle_safely([name])]
			if attempt == TRIES or not isinstance(error, frappe.QueryDeadlockError):
				_log(names[0])
				break
	return []


def settle(*names: str) -> list[str]:
	"""Close each order when it is settled, open it again when it no longer is; gives what was done.

	The orders are locked until the transaction ends. Mends ERPNext's sums, the stage and what is still to be
	brought to Final Pack on the way.
	"""
	lock("Sales Order", names)
	return [_settle(facts) for facts in read_orders(names).values()]


def _settle(facts: OrderFacts) -> str:
	name = facts.name
	if facts.returns:
		# With another disposition, other goods are to be brought to Final Pack again
		final_pack.sync_figures(name)
		facts = read_order(name)
	todo = ""
	if facts.docstatus == 1 and facts.gate != OUTSIDE:
		if repair_totals(facts):
			facts = read_order(name)
		todo = _decide(facts)
	if todo == closing.REOPEN:
		reopen(name, _("It is no longer shipped and paid in full."))
		facts = read_order(name)
	elif todo == closing.CLOSE:
		order = frappe.get_doc("Sales Order", name)
		todo = _decide(facts, order)  # what other apps ask too, who want the document
		if todo:
			close(order, facts)
	if todo != closing.CLOSE:
		sync_stage(facts)
	returns.sync(facts)
	return todo


def _decide(facts: OrderFacts, order: Document | None = None) -> str:
	"""What is to be done with an order of which `facts` are known; by what the app asks, or with `order` by
	all that the gate asks. Waivers are looked up only where they make a difference."""
	if not order:
		found = registry.demanded(GATE, closing.requirements(facts, policy(), getdate()))
		return _with_waivers(facts, found)
	with reading(order):
		once(order, "closing", lambda: facts)
		return _with_waivers(facts, registry.requirements_of(GATE, order))


def _with_waivers(facts: OrderFacts, found: list[Requirement]) -> str:
	todo = closing.decide(facts, found)
	if todo == closing.decide(facts, found, {row.code for row in found if row.waivable}):
		return todo
	return closing.decide(facts, found, record.waived_codes(frappe.get_doc("Sales Order", facts.name), GATE))


def close(order: Document, facts: OrderFacts) -> None:
	"""Close a freshly read order for the process."""
	order.flags.by_process = True
	order.update_status("Closed")
	sync_stage(replace(facts, status="Closed"), closed_by_workflow=1)
	order.add_comment("Info", _("Closed by the process: shipped and paid in full."))
	say_thanks(order)


def say_thanks(order: Document) -> None:
	"""Thank the customer for an order that is shipped and paid: once, also when it opens and closes again."""
	if customer_mail.is_wanted("closed"):
		owe("closed", order)


def mail_thanks(order: str) -> None:
	"""Mail the thanks for `order`, unless it was done. A background job; harmless when it runs twice."""
	doc = frappe.get_doc("Sales Order", order)

	def write() -> customer_mail.Letter:
		_billing, primary = customer_mail.customer_addresses(doc.customer)
		return customer_mail.Letter([contact_email(doc), *primary], lambda: thanks(doc))

	customer_mail.mail_customer("closed", stamp("closed", customer_mail.original(doc)), doc, write)


def thanks(order: Document) -> dict:
	"""What the thanks for an order can name."""
	context = customer_mail.common_context(order, [order.name])
	details = customer_mail.details(
		(_("Your purchase order"), context["po_no"]), (_("Our order"), context["order"])
	)
	return {**context, "details": details}


def reopen(name: str, reason: str) -> None:
	"""Open an order again that the process closed.

	Not by ERPNext's `update_status`, which checks the credit limit: that must not keep anybody from
	cancelling a payment of a customer who is over it.
	"""
	frappe.db.set_value("Sales Order", name, "closed_by_workflow", 0, update_modified=False)
	order = frappe.get_doc("Sales Order", name)
	order.flags.by_process = True
	order.set_status(update=True, status="Draft")
	order.update_reserved_qty()
	order.notify_update()
	order.add_comment("Info", _("Opened again by the process. {0}").format(reason))


def repair_totals(facts: OrderFacts) -> bool:
	"""Let ERPNext sum up again what two documents, submitted side by side, counted without each other.

	Gives whether there was anything to mend.
	"""
	if facts.is_delivery_behind:
		_sum_up_again("Delivery Note", "against_sales_order", facts.name)
		if any(line.by_supplier for line in facts.lines):
			_write_drop_shipments(facts)
	if facts.is_billing_behind:
		_sum_up_again("Sales Invoice", "sales_order", facts.name)
	return facts.is_delivery_behind or facts.is_billing_behind


def _sum_up_again(doctype: str, field: str, order: str) -> None:
	lines = frappe.get_all(
		f"{doctype} Item",
		filters={field: order, "docstatus": 1, "parenttype": doctype},
		fields=["so_detail", "parent"],
		order_by="parent",
	)
	# One document a line is enough: it sums up all documents of that line
	for name in sorted(set({row.so_detail: row.parent for row in lines}.values())):
		frappe.get_doc(doctype, name).update_qty()


def _write_drop_shipments(facts: OrderFacts) -> None:
	"""Write what suppliers have delivered of an order: ERPNext takes the quantity of the purchase order for
	it, whatever its unit, and whatever was received."""
	for line in facts.lines:
		if line.by_supplier and line.recorded_delivered != line.delivered:
			frappe.db.set_value(
				"Sales Order Item", line.name, "delivered_qty", line.delivered, update_modified=False
			)
	order = frappe.get_doc("Sales Order", facts.name)
	order.flags.by_process = True
	order.db_set("per_delivered", facts.delivered_percent, update_modified=False)
	order.set_status(update=True)


def _respect_reopening(order: Document) -> None:
	values = {"closed_by_workflow": 0, "keep_open": 1}
	order.update(values)
	frappe.db.set_value("Sales Order", order.name, values, update_modified=False)
	frappe.msgprint(
		_("The order had closed by itself. It is now kept open: untick {0} to let it close again.").format(
			frappe.bold(_("Keep Open"))
		),
		indicator="blue",
		alert=True,
	)


def _log(name: str) -> None:
	frappe.log_error(title="Order could not be settled", reference_doctype="Sales Order", reference_name=name)
	# The transaction is our own
	frappe.db.commit()  # nosemgrep: frappe-manual-commit


# The sweep


def sweep() -> dict[str, int]:
	"""Settle the orders that an event missed; gives how many were looked at, closed and opened. Hourly.

	Also ends days of grace, and mends sums and stages that two events side by side left behind. Looks at
	MOST open orders a run; the next run goes on where this one ended.
	"""
	open_orders = _open_orders(frappe.cache.get_value(SWEEP_FROM) or "")
	frappe.cache.set_value(SWEEP_FROM, open_orders[-1] if len(open_orders) == MOST else "")
	counts = settle_in_sets([*open_orders, *closed_in_doubt()])
	frappe.logger("metalcraft_workflow").info({"sweep": counts})
	return counts


def settle_in_sets(orders: Iterable[str]) -> dict[str, int]:
	"""Settle those of `orders` that are out of step; gives how many, and what was done."""
	counts = {"looked_at": 0, "out_of_step": 0, closing.CLOSE: 0, closing.REOPEN: 0}
	for batch in create_batch(sorted(set(orders)), BATCH):
		# A transaction a batch: each sees what was committed until then, by whoever committed before us too
		frappe.db.commit()  # nosemgrep: frappe-manual-commit
		counts["looked_at"] += len(batch)
		names = list(out_of_step(list(batch)))
		counts["out_of_step"] += len(names)
		for few in create_batch(names, TOGETHER):
			for done in filter(None, settle_safely(list(few))):
				counts[done] += 1
	return counts


def orders_in_doubt() -> Iterator[str]:
	"""Every order that a sweep may have something to do with, in sets of MOST."""
	last = ""
	while names := _open_orders(last):
		yield from names
		last = names[-1]
	yield from closed_in_doubt()


def out_of_step(orders: list[str]) -> dict[str, str]:
	"""Those of `orders` that settling would change, with what it would do: read in sets, changes nothing."""
	found, with_returns = {}, []
	for name, facts in read_orders(orders, in_process=True).items():
		if facts.returns:
			with_returns.append(name)
		if todo := _decide(facts):
			found[name] = todo
		elif facts.docstatus == 1 and (facts.is_delivery_behind or facts.is_billing_behind):
			found[name] = "mend sums"
		elif order_stage(facts) != facts.recorded_stage:
			found[name] = "mend stage"
		elif returns.figures_of(facts):
			found[name] = "mend returns"
	# With another disposition, other goods are to be brought to Final Pack again
	for name, figures in final_pack.figures_of(*with_returns).items() if with_returns else ():
		if not figures.is_stored:
			found.setdefault(name, "mend returns")
	return found


def closed_in_doubt() -> list[str]:
	"""Orders that the process closed and that look as if they should be open."""
	return [*_unsettled_but_closed(), *_contradicting_themselves(), *_awaiting_returns()]


def _awaiting_returns() -> list[str]:
	"""Orders that the process closed, of which something is authorized to come back."""
	order, head, row = (
		frappe.qb.DocType(name)
		for name in ("Sales Order", "Return Authorization", "Return Authorization Item")
	)
	return (
		frappe.qb.from_(head)
		.join(row)
		.on(row.parent == head.name)
		.join(order)
		.on(order.name == row.sales_order)
		.where(head.docstatus == 1)
		.where(head.status.notin(["Settled", "Closed"]))
		.where(order.status == "Closed")
		.where(order.closed_by_workflow == 1)
		.select(order.name)
		.distinct()
		.limit(MOST)
		.run(pluck=True)
	)


def _open_orders(after: str) -> list[str]:
	return frappe.get_all(
		"Sales Order",
		filters={
			"follows_process": 1,
			"docstatus": ("<", 2),
			"status": ("!=", "Closed"),
			"name": (">", after),
		},
		pluck="name",
		order_by="name",
		limit=MOST,
	)


def _unsettled_but_closed() -> list[str]:
	"""Orders that the process closed, of which an invoice has something outstanding again."""
	order, invoice, line = (
		frappe.qb.DocType(name) for name in ("Sales Order", "Sales Invoice", "Sales Invoice Item")
	)
	return (
		frappe.qb.from_(invoice)
		.join(line)
		.on(line.parent == invoice.name)
		.join(order)
		.on(order.name == line.sales_order)
		.where(invoice.docstatus == 1)
		.where(invoice.outstanding_amount != 0)
		.where(order.status == "Closed")
		.where(order.closed_by_workflow == 1)
		.select(order.name)
		.distinct()
		.limit(MOST)
		.run(pluck=True)
	)


def _contradicting_themselves() -> list[str]:
	"""Orders that the process closed, whose own fields say that they are not settled; or not the stage."""
	order = frappe.qb.DocType("Sales Order")
	return (
		frappe.qb.from_(order)
		.where(order.follows_process == 1)
		.where(order.status == "Closed")
		.where(
			((order.closed_by_workflow == 1) & ((order.per_delivered < 100) | (order.keep_open == 1)))
			| (order.order_stage != "Closed")
		)
		.select(order.name)
		.limit(MOST)
		.run(pluck=True)
	)
