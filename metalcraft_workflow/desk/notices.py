"""What production departments have to see, and to bring to Final Pack (steps 6 and 7)."""

from collections.abc import Iterable
from datetime import date

import frappe
from frappe import _
from frappe.query_builder.functions import Count, Min
from frappe.utils import getdate

from metalcraft_workflow.desk.lists import Row, WorkList, call_action, make_action, open_action
from metalcraft_workflow.facts.departments import departments
from metalcraft_workflow.facts.orders import readable_orders
from metalcraft_workflow.gates.workflow import states_by_gate
from metalcraft_workflow.rules.path import has_passed
from metalcraft_workflow.rules.production_notices import CANCEL, CHANGE

NOTICES = "metalcraft_workflow.outgoing.production_notices"
UNSEEN = ("Pending", "Queued", "Sent", "Failed")


def to_acknowledge() -> list[WorkList]:
	"""Notices that nobody of the person's departments has seen yet."""
	return unseen(departments())


def unseen(of: Iterable[str]) -> list[WorkList]:
	"""Notices that nobody of the departments `of` has seen yet, as far as the person may read them."""
	mine = list(of)
	if not mine or not frappe.has_permission("Production Notice"):
		return []
	notices = frappe.get_list(
		"Production Notice",
		filters={"department": ("in", mine), "status": ("in", UNSEEN)},
		fields=[
			"name",
			"process_id",
			"sales_order",
			"department",
			"kind",
			"customer_name",
			"po_no",
			"ship_date",
			"what_changed",
			"creation",
		],
		order_by="creation",
		limit=0,
	)
	orders = readable_orders([notice.sales_order for notice in notices])
	rows = [
		as_row(notice)
		for notice in notices
		# the name may be that of another order by now
		if notice.sales_order in orders and orders[notice.sales_order].process_id == notice.process_id
	]
	return [WorkList("notices", _("Notices to Acknowledge"), rows)]


def as_row(notice: frappe._dict) -> Row:
	said = {CANCEL: _("Cancelled"), CHANGE: _("Changed")}.get(notice.kind)
	return Row(
		"Production Notice",
		notice.name,
		notice.customer_name or "",
		notice.po_no or "",
		notice.ship_date and getdate(notice.ship_date),
		since=notice.creation,
		note=" · ".join(
			part for part in (notice.department, notice.sales_order, said, notice.what_changed) if part
		),
		actions=[
			call_action(_("Acknowledge"), f"{NOTICES}.acknowledge", notice.name),
			open_action(_("Open")),
		],
	)


def to_transfer() -> list[WorkList]:
	"""Orders of which the department has seen the notice, and has something left to bring to Final Pack."""
	mine = departments()
	if not mine or not frappe.has_permission("Stock Entry", "create"):
		return []
	found = left_to_bring(mine)
	orders = readable_orders([order for order, _count, _day in found])
	rows = [
		Row(
			"Sales Order",
			order,
			orders[order].customer_name or "",
			orders[order].po_no or "",
			day and getdate(day),
			note=_("1 line to bring to Final Pack")
			if count == 1
			else _("{0} lines to bring to Final Pack").format(count),
			actions=[
				make_action(_("Transfer"), "metalcraft_workflow.steps.transfer.make_transfer", order),
				open_action(_("Open")),
			],
		)
		for order, count, day in found
		if order in orders
	]
	return [WorkList("transfers", _("Goods to Transfer to Final Pack"), rows)]


def left_to_bring(mine: list[str]) -> list[tuple[str, int, date | None]]:
	"""Order, number of lines that are not all at Final Pack, and the earliest date promised for one of them."""
	notice, told, line, order, item, part = (
		frappe.qb.DocType(name)
		for name in (
			"Production Notice",
			"Production Notice Item",
			"Sales Order Item",
			"Sales Order",
			"Item",
			"Packed Item",
		)
	)
	states = [state for state, gate in states_by_gate("Sales Order").items() if has_passed(gate, "approve")]
	return (
		frappe.qb.from_(notice)
		.join(told)
		.on(told.parent == notice.name)
		.join(line)
		.on(line.name == told.sales_order_item)
		.join(order)
		.on(order.name == line.parent)
		.join(item)
		.on(item.name == line.item_code)
		.left_join(part)
		.on(part.parent_detail_docname == line.name)
		.where((item.is_stock_item == 1) | part.name.isnotnull())
		.where(notice.department.isin(mine) & (notice.status == "Acknowledged") & (notice.kind != CANCEL))
		.where((order.docstatus == 1) & order.status.notin(["Closed", "On Hold"]))
		.where(order.workflow_state.isin(states or [""]))
		.where((line.final_pack_qty < line.qty) & (line.delivered_by_supplier == 0))
		.groupby(order.name)
		.select(order.name, Count(line.name).distinct(), Min(line.delivery_date))
		.run()
	)
