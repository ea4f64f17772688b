"""What an order was when it was approved: written down then, and read while a change of it is under review. The
portal shows what the customer was promised by it, the form what differs from it."""

import json
from collections.abc import Mapping

import frappe
from frappe.model.document import Document
from frappe.utils import flt, getdate

from metalcraft_workflow.gates.workflow import states_by_gate
from metalcraft_workflow.rules.changes import FIELDS, taken
from metalcraft_workflow.rules.promise import Promise, PromisedLine, as_json, from_json

# The field of the order that keeps it
FIELD = "approved_promise"


def written_promise(order: Document) -> str:
	"""What approving `order` as it is now promises, as its field keeps it; and, as `values`, what later changes
	are compared with."""
	promise = Promise(
		delivery_date=getdate(order.delivery_date) if order.delivery_date else None,
		amount=flt(order.rounded_total or order.grand_total),
		lines=tuple(
			PromisedLine(
				name=row.name,
				idx=row.idx,
				item_code=row.item_code or "",
				item_name=row.item_name or "",
				customer_part_no=row.customer_part_no or "",
				uom=row.uom or "",
				qty=flt(row.qty),
				amount=flt(row.amount),
			)
			for row in order.items
		),
	)
	return frappe.as_json({**as_json(promise), "values": values_of(order)}, indent=0)


def values_of(order: Document) -> dict[str, Mapping]:
	"""What changes of `order` are compared by, as JSON gives it back."""
	tables = {table: [order] if table == order.doctype else order.get_all_children(table) for table in FIELDS}
	return json.loads(frappe.as_json(taken(tables)))


def approved_values(order: Document) -> dict[str, Mapping] | None:
	"""The `values_of` the order when it was approved last; None when they were not written down."""
	return frappe.parse_json(order.get(FIELD)).get("values") if order.get(FIELD) else None


def promise_of(order: Document | frappe._dict) -> Promise | None:
	"""What was promised when `order` was approved last; None when nothing is written down."""
	return from_json(frappe.parse_json(order.get(FIELD))) if order.get(FIELD) else None


def is_under_review(order: Document | frappe._dict) -> bool:
	"""Whether a change of `order` waits for its review. A Jinja method too."""
	return order.docstatus == 1 and order.workflow_state in states_under_review()


def states_under_review() -> list[str]:
	"""The workflow states in which changes of orders wait for their review."""
	return [state for state, gate in states_by_gate("Sales Order").items() if gate == "change_review"]
