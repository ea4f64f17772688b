"""Where an order stands, in one word that people can filter by. Derived from facts, never set by hand."""

from metalcraft_workflow.rules import path
from metalcraft_workflow.rules.orders import OrderFacts


def order_stage(order: OrderFacts) -> str:
	"""The stage of `order`: one of `setup.custom_fields.STAGES`; empty when it is outside the process.

	The first of these that holds:

	1. Cancelled; Closed, whoever closed it.
	2. Before it is approved: Credit Hold, Pending Approval, or Draft (sent back and rejected too).
	3. Everything delivered: Invoiced when everything is billed, else Shipped.
	4. Changed after approval and not yet reviewed: Pending Approval, for nothing can ship until then.
	5. A delivery note is under way: where the furthest of them stands (Ready to Ship, Awaiting
	   Clearance, QA, Final Pack). It comes before Partially Shipped, because that is where somebody has
	   work with it now.
	6. Something was delivered: Partially Shipped.
	7. Something is at Final Pack: Final Pack.
	8. In Production.

	What came back counts as not delivered, unless it was credited. Returns under way are no delivery.
	"""
	stage = stage_of_head(order.docstatus, order.gate, order.status)
	if stage is not None:
		return stage
	if order.is_delivered and any(line.needs_delivery for line in order.lines):
		return "Invoiced" if order.is_billed else "Shipped"
	if order.gate == "change_review":
		return path.stage_of(order.gate)
	return _open_stage(order)


def stage_of_head(docstatus: int, gate: str, status: str) -> str | None:
	"""The stage of an order by what it says itself (points 1 and 2, or outside the process), or None: its
	lines, deliveries and invoices tell."""
	if gate == path.OUTSIDE:
		return ""
	if docstatus == 2:
		return "Cancelled"
	if docstatus == 0:
		return path.stage_of(gate) or "Draft"
	return "Closed" if status == "Closed" else None


def _open_stage(order: OrderFacts) -> str:
	"""Stage of an approved order that has something left to deliver, or that asks for no delivery."""
	under_way = {delivery.gate for delivery in order.deliveries if delivery.draft and not delivery.is_return}
	if under_way:
		# A state without a gate is where notes are packed
		return path.stage_of(path.furthest(under_way)) or "Final Pack"
	if any(line.delivered > order.precision.qty for line in order.lines):
		return "Partially Shipped"
	if any(line.is_at_final_pack(order.precision) for line in order.lines):
		return "Final Pack"
	nothing_to_deliver = not any(line.needs_delivery for line in order.lines)
	return "Invoiced" if nothing_to_deliver and order.is_billed else "In Production"
