"""Shipping could not cancel a delivery of batches or serial numbers: ERPNext cancels their bundle with it."""

from metalcraft_workflow.setup.permissions import SUBMIT, extend


def execute() -> None:
	"""Give the right where an administrator has not changed what the app had granted."""
	extend("Serial and Batch Bundle", "Shipping", "cancel", had=SUBMIT)
