"""How the guard refuses."""

import frappe

# What the server says no with; anything else is an error
REFUSALS = (frappe.ValidationError, frappe.PermissionError)


class GateNotMet(frappe.ValidationError):
	"""Something the gate asks for is missing."""


class PassageRefused(frappe.PermissionError):
	"""No transition of the workflow leads there for this user."""


class ReasonRequired(frappe.ValidationError):
	"""The transition wants a reason: the attribute `transition_reason` of the document."""
