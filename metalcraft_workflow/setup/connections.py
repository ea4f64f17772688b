"""What a form's Connections show of the process, beside what ERPNext shows."""

from frappe import _


def sales_order(data: dict) -> dict:
	"""Add production notices (step 6), transfers (step 7), returns and release records to the Sales
	Order's."""
	data.setdefault("non_standard_fieldnames", {})["Return Authorization"] = "sales_order"
	return add_process(data, ["Production Notice", "Stock Entry", "Return Authorization", "Release Record"])


def delivery_note(data: dict) -> dict:
	"""Add certificates, returns and release records to the Delivery Note's."""
	data.setdefault("non_standard_fieldnames", {})["Return Authorization"] = "delivery_note"
	return add_process(data, ["Conformance Certificate", "Return Authorization", "Release Record"])


def add_process(data: dict, items: list[str]) -> dict:
	"""Add a group of connections to the dashboard `data` of a form."""
	data["transactions"].append({"label": _("Process"), "items": items})
	data.setdefault("non_standard_fieldnames", {})["Release Record"] = "reference_name"
	return data
