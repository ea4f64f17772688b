"""How many open orders are in which stage, for the chart of the workspace."""

import frappe
from frappe import _

from metalcraft_workflow import compat
from metalcraft_workflow.gates.input import checked
from metalcraft_workflow.setup.custom_fields import STAGES


@frappe.whitelist()
@frappe.read_only()
@checked
def get() -> dict | None:
	"""The stages in the order of the process, as a chart draws them, without those in which no order is; None
	where there is no open order. Counts what the user may read."""
	rows = frappe.get_list(
		"Sales Order",
		filters={"follows_process": 1, "docstatus": ("<", 2), "status": ("!=", "Closed")},
		fields=["order_stage", compat.count_as("orders")],
		group_by="order_stage",
		order_by=None,
		limit=0,
	)
	orders = {row.order_stage: row.orders for row in rows}
	stages = [stage for stage in STAGES if stage in orders]
	if not stages:
		return None
	return {
		"labels": [_(stage) for stage in stages],
		"datasets": [{"name": _("Orders"), "values": [orders[stage] for stage in stages]}],
	}
