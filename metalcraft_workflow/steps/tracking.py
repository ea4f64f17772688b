"""Across all steps: which documents follow the process, and the stage of each order."""

import frappe
from frappe import _
from frappe.model.document import Document
from frappe.utils import comma_and

from metalcraft_workflow.facts import returns
from metalcraft_workflow.facts.final_pack import lock_process_orders, sync_figures
from metalcraft_workflow.facts.orders import orders_of, read_orders, sync_stage
from metalcraft_workflow.gates.workflow import outside_state


def set_follows_process(doc: Document, method: str | None = None) -> None:
	"""Say of a new Sales Order or Delivery Note whether it follows the process.

	Orders do. A delivery does, unless all its orders are from before the app was installed; and then no
	line of an order of the process may come onto it. Runs in `before_validate`, after the guard has put
	the server's fields back. Raises ValidationError.
	"""
	if doc.is_new():
		doc.follows_process = int(doc.doctype == "Sales Order" or _belongs(doc))
	elif doc.doctype == "Delivery Note" and not doc.follows_process:
		if orders := _in_process(orders_of(doc)):
			frappe.throw(
				_("Deliver {0} on a delivery note of its own. This one does not follow the process.").format(
					comma_and(orders, add_quotes=False)
				)
			)


def place_outside(doc: Document, method: str | None = None) -> None:
	"""Put a new delivery of orders from before the app into the state for it (`after_insert`).

	Frappe lets no document begin anywhere but in the first state of its workflow.
	"""
	if not doc.follows_process:
		doc.db_set("workflow_state", outside_state(doc.doctype), update_modified=False)


def sync_order(doc: Document, method: str | None = None) -> None:
	"""Keep the stage of a Sales Order that changed (`on_change`)."""
	if doc.follows_process:
		sync([doc.name])


def sync_delivery(doc: Document, method: str | None = None) -> None:
	"""Keep the stage of a Delivery Note's orders."""
	if doc.follows_process:
		sync(orders_of(doc))


def sync_invoice(doc: Document, method: str | None = None) -> None:
	"""Keep the stage of a Sales Invoice's orders. Credit notes do not always touch the order itself."""
	sync(_in_process(orders_of(doc)))


def sync_transfer(doc: Document, method: str | None = None) -> None:
	"""Keep the stage of the orders that a Stock Entry brings something to Final Pack for."""
	orders = {doc.get("sales_order"), *(row.get("sales_order") for row in doc.items)} - {None, ""}
	sync(_in_process(sorted(orders)))


def sync(orders: list[str]) -> None:
	"""Derive and write the stage of `orders`, and where their returns stand."""
	for facts in read_orders(orders).values():
		sync_stage(facts)
		returns.sync(facts)


def recompute(orders: list[str]) -> list[dict]:
	"""Derive what the app keeps on `orders` again, from nothing, and write it; gives the differences.

	A difference is `{sales_order, field, was, is}`. Figures first: the stage follows from them.
	"""
	before = _derived(orders)
	for order in lock_process_orders(orders):
		sync_figures(order.name)
	sync(orders)
	after = _derived(orders)
	return [
		{"sales_order": name, "field": field, "was": before[name][field], "is": value}
		for name, values in after.items()
		for field, value in values.items()
		if field != "name" and value != before[name][field]
	]


def _derived(orders: list[str]) -> dict[str, dict]:
	return {
		row.name: row
		for row in frappe.get_all(
			"Sales Order",
			filters={"name": ("in", orders)},
			fields=["name", "order_stage", "per_final_pack"],
			order_by="name",
		)
	}


def _belongs(delivery: Document) -> bool:
	orders = orders_of(delivery)
	return not orders or bool(_in_process(orders)) or not outside_state(delivery.doctype)


def _in_process(orders: list[str]) -> list[str]:
	if not orders:
		return []
	return frappe.get_all(
		"Sales Order", filters={"name": ("in", orders), "follows_process": 1}, pluck="name", order_by="name"
	)
