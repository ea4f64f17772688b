"""Customers of the sample company who sign in to the portal."""

import frappe

PASSWORD = "Quench-4711-Valve"


def make_customers() -> list[str]:
	"""A user of the portal for the buyer of each sample customer; gives their addresses."""
	from frappe.utils.password import update_password

	found = []
	for customer in customers():
		contact = frappe.db.get_value(
			"Dynamic Link",
			{"link_doctype": "Customer", "link_name": customer.name, "parenttype": "Contact"},
			"parent",
		)
		email = contact and frappe.db.get_value("Contact", contact, "email_id")
		if not email:
			continue
		if not frappe.db.exists("User", email):
			first, last = frappe.db.get_value("Contact", contact, ["first_name", "last_name"])
			user = frappe.get_doc(
				{
					"doctype": "User",
					"email": email,
					"first_name": first,
					"last_name": last,
					"user_type": "Website User",
					"send_welcome_email": 0,
					"roles": [{"role": "Customer"}],
				}
			)
			user.flags.no_welcome_mail = True
			user.insert(ignore_permissions=True)
			frappe.db.set_value("Contact", contact, "user", email)
		update_password(email, PASSWORD)
		found.append(email)
	frappe.db.commit()
	return found


def of_the_portal() -> list[tuple[str, str, str]]:
	"""Customer, what it is called, and who of it signs in to the portal."""
	from metalcraft_workflow.access.customers import customers_of

	names = {row.name: row.customer_name for row in customers()}
	users = frappe.get_all("User", {"user_type": "Website User", "enabled": 1}, pluck="name", order_by="name")
	found = [(customer, user) for user in users for customer in customers_of(user) if customer in names]
	return sorted(((customer, names[customer], user) for customer, user in found), key=lambda row: row[1])


def customers() -> list[frappe._dict]:
	from metalcraft_workflow.demo.company import COMPANY

	names = frappe.get_all("Sales Order", {"company": COMPANY}, pluck="customer", distinct=True)
	leads = frappe.get_all("Quotation", {"company": COMPANY, "quotation_to": "Lead"}, pluck="party_name")
	names += frappe.get_all("Customer", {"lead_name": ["in", leads or [""]]}, pluck="name")
	return frappe.get_all(
		"Customer", {"name": ["in", names or [""]]}, ["name", "customer_name"], order_by="customer_name"
	)
