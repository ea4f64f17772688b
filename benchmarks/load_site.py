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
	frappe.flags.in_import = True  # or Frappe throttles that many new users
	roles = ["Customer Support", "Sales User", "Sales Manager"]
	for number in range(DESK):
		update_password(factories.make_user(f"load-desk-{number}@metalcraft.test", roles), PASSWORD)
	customers = []
	for number in range(PORTAL):
		customer = factories.make_customer(f"Load {number}")
		update_password(money.portal_user(customer, f"load-buyer-{number}@customer.test"), PASSWORD)
		customers.append(customer)
	frappe.flags.in_import = False
	for number in range(ORDERS):
		order = factories.make_order(customer=customers[number % PORTAL], po_no=f"LOAD-{number}")
		if number // PORTAL % 2:
			factories.approve(order)
		frappe.db.commit()
	frappe.destroy()


if __name__ == "__main__":
	prepare(sys.argv[1])
