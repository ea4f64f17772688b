"""A site for load.py: people of the desk, customers, orders. See README.md."""

import sys

import frappe
from frappe.utils.password import update_password

DESK, PORTAL, ORDERS = 20, 50, 400
PASSWORD = "load-test-7391"


def prepare(site: str) -> None:
	"""People, customers, and orders that are approved and drafts, on a site that has the app."""
	frappe.init(site=site, sites_path=".")
	frappe.connect()
	from metalcraft_workflow.tests.support import factories, money

	factories.setup_world()
	frappe.conf.throttle_user_limit = 2 * (DESK + PORTAL)  # of new users an hour
	roles = ["Customer Support", "Sales User", "Sales Manager"]
	for number in range(DESK):
		update_password(factories.make_user(f"load-desk-{number}@metalcraft.test", roles), PASSWORD)
	customers = []
	for number in range(PORTAL):
		customer = factories.make_customer(f"Load {number}")
		buyer = money.portal_user(customer, f"load-buyer-{number}@customer.test")
		update_password(buyer, PASSWORD)
		# ERPNext's own portal goes by this table
		doc = frappe.get_doc("Customer", customer)
		doc.append("portal_users", {"user": buyer})
		doc.save()
		customers.append(customer)
	for number in range(ORDERS):
		order = factories.make_order(customer=customers[number % PORTAL], po_no=f"LOAD-{number}")
		if number // PORTAL % 2:
			factories.approve(order)
		frappe.db.commit()
	frappe.destroy()


if __name__ == "__main__":
	prepare(sys.argv[1])
