"""Across all steps: which documents follow the process, and the stage of each order."""

from collections.abc import Iterable
from dataclasses import replace

import frappe
from frappe import _
from frappe.model.document import Document
from frappe.utils import cint, comma_and

from metalcraft_workflow.facts import delivery, returns
from metalcraft_workflow.facts.final_pack import figures_of, lock_process_orders, sync_figures
from metalcraft_workflow.facts.orders import orders_of, read_orders, sync_stage
from metalcraft_workflow.gates import record
from metalcraft_workflow.gates.workflow import gate_of, outside_state, set_fact
from metalcraft_workflow.rules.stage import order_stage, stage_of_head


def set_follows_process(doc: Document, method: str | None = None) -> None:
	"""Say of a new Sales Order or Delivery Note whether it follows the process, and give it its ID.

	Orders do. A delivery does, unless all its orders are from before the app was installed; and then no
	line of an order of the process may come onto it. Runs in `before_validate`, after the guard has put
	the server's fields back. Raises ValidationError.
	"""
	sync_waiting()  # of a submit that ended on its way
	if doc.is_new():
		doc.process_id = record.new_process_id()
		doc.follows_process = int(doc.doctype == "Sales Order" or _belongs(doc))
	elif doc.doctype == "Delivery Note" and not doc.follows_process:
		if orders := delivery.process_orders(doc):
			frappe.throw(
				_("Deliver {0} on a delivery note of its own. This one does not follow the process.").format(
					comma_and([order.name for order in orders], add_quotes=False)
				)
			)


def begin_records(doc: Document, method: str | None = None) -> None:
	"""Begin to count the records of a new document (`after_insert`)."""
	record.begin(doc)


def place_outside(doc: Document, method: str | None = None) -> None:
	"""Put a new delivery of orders from before the app into the state for it (`after_insert`).

	Frappe lets no document begin anywhere but in the first state of its workflow.
	"""
	if not doc.follows_process:
		doc.db_set("workflow_state", outside_state(doc.doctype), update_modified=False)


# The stage


def set_stage(doc: Document, method: str | None = None) -> None:
	"""Let a draft order carry its stage into the save: it follows from what the order says itself. The last
	handler of `validate`, when the guard has said where the order is."""
	if doc.follows_process and not doc.docstatus:
		set_fact(doc, "order_stage", _stage_of_head(doc))
		doc.flags.stage_known = doc.order_stage


def _stage_of_head(doc: Document) -> str | None:
	return stage_of_head(cint(doc.docstatus), gate_of(doc), doc.status)


def sync_order(doc: Document, method: str | None = None) -> None:
	"""Keep the stage of a Sales Order that changed (`on_change`).

	Not when it was known before the save, and when whoever changes the order derives it at the end: settling
	does, and a delivery or an invoice that is submitted or cancelled.
	"""
	if not doc.follows_process or doc.flags.by_process:
		return
	if doc.flags.stage_known and doc.flags.stage_known == _stage_of_head(doc):
		return
	if frappe.flags.stages_wait is not None:
		frappe.flags.stages_wait.add(doc.name)
	else:
		sync([doc.name])


def let_stages_wait(doc: Document, method: str | None = None) -> None:
	"""Derive the stages of the orders at the end of this submit or cancel, and not each time that ERPNext
	changes one of them on the way. `before_submit` and `before_cancel` of Delivery Note and Sales Invoice."""
	if frappe.flags.stages_wait is None:
		# The end may not come: then before the commit, or never
		frappe.db.before_commit.add(sync_waiting)
		frappe.db.after_rollback.add(_forget_waiting)
	frappe.flags.stages_wait = set()


def sync_waiting(orders: Iterable[str] = ()) -> None:
	"""Derive the stages that wait, and those of `orders`."""
	waiting = frappe.flags.stages_wait or set()
	_forget_waiting()
	sync(sorted({*waiting, *orders}))


def _forget_waiting() -> None:
	frappe.flags.stages_wait = None


def sync_delivery(doc: Document, method: str | None = None) -> None:
	"""Keep the stage of a Delivery Note's orders, also of those that are not on it any more."""
	if not doc.follows_process or (method == "on_update" and doc.docstatus):
		return  # on_submit follows
	before = doc.get_doc_before_save()
	if method != "on_update" or not before:
		sync_waiting(orders_of(doc))
	elif doc.workflow_state != before.workflow_state or orders_of(doc) != orders_of(before):
		sync_waiting([*orders_of(doc), *orders_of(before)])


def sync_invoice(doc: Document, method: str | None = None) -> None:
	"""Keep the stage of a Sales Invoice's orders. Credit notes do not always touch the order itself."""
	sync_waiting(orders_of(doc))


def sync_transfer(doc: Document, method: str | None = None) -> None:
	"""Keep the stage of the orders that a Stock Entry brings something to Final Pack for."""
	sync({doc.get("sales_order"), *(row.get("sales_order") for row in doc.items)} - {None, ""})


def sync(orders: Iterable[str]) -> None:
	"""Derive and write the stage of those of `orders` that follow the process, and where their returns
	stand."""
	for facts in read_orders(orders, in_process=True).values():
		sync_stage(facts)
		returns.sync(facts)


def recompute(orders: list[str]) -> list[dict]:
	"""Derive what the app keeps on `orders` again, from nothing, and write it where it differs; gives the
	differences as `differences` does."""
	found, wrong = _compare(orders)
	if wrong:
		sync_figures(*(order.name for order in lock_process_orders(wrong)))
		sync(wrong)
	return found


def differences(orders: list[str]) -> list[dict]:
	"""Where what is kept on `orders` is not what their documents say: `{sales_order, field, was, is}`. Read in
	sets; changes nothing."""
	return _compare(orders)[0]


def _compare(orders: list[str]) -> tuple[list[dict], list[str]]:
	"""The differences, and the orders that are to be written."""
	figures = figures_of(*orders)
	stored = {
		row.name: row
		for row in frappe.get_all(
			"Sales Order",
			filters={"name": ("in", orders)},
			fields=["name", "order_stage", "per_final_pack"],
			order_by="name",
		)
	}
	found, wrong = [], []
	for name, facts in read_orders(orders).items():
		percentage, brought, is_stored = figures.get(name, (0, {}, True))
		lines = tuple(replace(line, at_final_pack=brought.get(line.name, 0)) for line in facts.lines)
		derived = {
			"order_stage": order_stage(replace(facts, lines=lines)),
			"per_final_pack": percentage,
		}
		differing = [
			{"sales_order": name, "field": field, "was": stored[name][field], "is": value}
			for field, value in derived.items()
			if (stored[name][field] or "") != (value or "")
		]
		found += differing
		if differing or not is_stored:
			wrong.append(name)
	return found, wrong


def _belongs(doc: Document) -> bool:
	return not orders_of(doc) or bool(delivery.process_orders(doc)) or not outside_state(doc.doctype)
