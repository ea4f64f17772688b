"""What a form's Connections show of the process, beside what ERPNext shows."""

from frappe import _


def sales_order(data: dict) -> dict:
	"""Add production notices (step 6), transfers (step 7) and release records to the Sales Order's."""
	return add_process(data, ["Production Notice", "Stock Entry", "Release Record"])


def delivery_note(data: dict) -> dict:
	"""Add release records to the Delivery Note's."""
	return add_process(data, ["Release Record"])


def add_process(data: dict, items: list[str]) -> dict:
	"""Add a group of connections to the dashboard `data` of a form."""
	data["transactions"].append({"label": _("Process"), "items": items})
	data.setdefault("non_standard_fieldnames", {})["Release Record"] = "reference_name"
	return data
