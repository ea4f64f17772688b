"""Customers in the portal."""

import frappe


def give_customer_role(doc, method=None):
	"""Whoever belongs to a customer, and to nobody else, gets the role Customer."""
	if doc.flags.in_insert or doc.user_type == "System User":
		return
	if frappe.db.exists("Portal User", {"user": doc.name, "parenttype": "Customer"}) and not any(
		row.role == "Customer" for row in doc.roles
	):
		doc.append("roles", {"role": "Customer"})
