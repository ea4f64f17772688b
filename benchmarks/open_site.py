"""A site for tests, opened as a request finds it."""

import frappe


def open_site(site: str) -> None:
	"""Connect to `site`, with the company, people and mail account that the tests stand on; committed."""
	frappe.init(site=site, sites_path=".")
	frappe.connect()
	from metalcraft_workflow.tests.support import factories, mail_account

	frappe.flags.in_test = True
	factories.setup_world()
	mail_account.make_account()
	frappe.flags.in_test = False  # from here on as in a request
	frappe.db.commit()
