"""A production notice names the company of its order, so that user permissions keep companies apart."""

import frappe


def execute() -> None:
	"""Name it on the notices that are there."""
	notice, order = frappe.qb.DocType("Production Notice"), frappe.qb.DocType("Sales Order")
	for name, company in (
		frappe.qb.from_(notice)
		.join(order)
		.on(order.name == notice.sales_order)
		.where(notice.company.isnull() | (notice.company == ""))
		.select(notice.name, order.company)
		.run()
	):
		frappe.db.set_value("Production Notice", name, "company", company, update_modified=False)
