"""What a customer was promised when an order was approved: written down then, and read by the portal while a
change of the order is under review."""

import frappe
from frappe.model.document import Document
from frappe.utils import flt, getdate

from metalcraft_workflow.gates.workflow import states_by_gate
from metalcraft_workflow.rules.promise import Promise, PromisedLine, as_json, from_json

# The field of the order that keeps it
FIELD = "approved_promise"


def written_promise(order: Document) -> str:
	"""What approving `order` as it is now promises, as its field keeps it."""
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
	return frappe.as_json(as_json(promise), indent=0)


def promise_of(order: Document | frappe._dict) -> Promise | None:
	"""What was promised when `order` was approved last; None when nothing is written down."""
	return from_json(frappe.parse_json(order.get(FIELD))) if order.get(FIELD) else None


def is_under_review(order: Document | frappe._dict) -> bool:
	"""Whether a change of `order` waits for its review. A Jinja method too."""
	return order.docstatus == 1 and order.workflow_state in states_under_review()


def states_under_review() -> list[str]:
	"""The workflow states in which changes of orders wait for their review."""
	return [state for state, gate in states_by_gate("Sales Order").items() if gate == "change_review"]
