"""Time of a page of the portal with many orders of one customer. See README.md."""

import statistics
import sys
import time

import frappe

RUNS = 7
ORDERS = 10_000


def main(site: str) -> None:
	frappe.init(site=site, sites_path=".")
	frappe.connect()
	from metalcraft_workflow.portal.orders import get_order, list_orders
	from metalcraft_workflow.tests.support import factories, money

	factories.setup_world()
	customer = factories.make_customer(f"Portal Bench {frappe.generate_hash(length=6)}")
	user = money.portal_user(customer)
	order = factories.approve(factories.make_order(customer=customer))
	copy(order, ORDERS - 1)
	frappe.set_user(user)
	for title, call in (
		("first page", list_orders),
		("page 250", lambda: list_orders(page=250)),
		("one stage", lambda: list_orders(stage="In Production")),
		("search, one found", lambda: list_orders(search=f"{order.name}-9999")),
		("search, none found", lambda: list_orders(search="not there")),
		("one order", lambda: get_order(order.name)),
	):
		print(f"{title:<24}{measured(call):>8.0f} ms")
	print(f"{'the page itself':<24}{measured(whole_page):>8.0f} ms")
	frappe.db.rollback()
	frappe.destroy()


def copy(order, number: int) -> None:
	"""Rows of `number` orders like `order`, straight into the tables: what is measured is reading them."""
	for doctype, name in (("Sales Order", order.name), ("Sales Order Item", order.items[0].name)):
		row = frappe.db.get_value(doctype, name, "*", as_dict=True)
		columns = list(row)
		for begin in range(0, number, 1000):
			values = []
			for i in range(begin, min(begin + 1000, number)):
				new = {**row, "name": f"{name}-{i + 1}"}
				if doctype == "Sales Order":
					new["po_no"] = f"PO-{i + 1}"
				else:
					new["parent"] = f"{order.name}-{i + 1}"
				values.append([new[column] for column in columns])
			frappe.db.bulk_insert(doctype, columns, values)


def whole_page() -> None:
	"""The list as a browser gets it, without its request."""
	from frappe.website.serve import get_response
	from werkzeug.test import EnvironBuilder
	from werkzeug.wrappers import Request

	frappe.local.request = Request(EnvironBuilder(path="/customer-orders").get_environ())
	frappe.local.form_dict = frappe._dict()
	response = get_response("customer-orders")
	assert response.status_code == 200, response.status_code
	assert b"SAL-ORD" in response.data


def measured(call) -> float:
	"""Median of the milliseconds of several calls, with the caches warm."""
	times = []
	for _run in range(RUNS + 1):
		start = time.perf_counter()
		call()
		times.append((time.perf_counter() - start) * 1000)
	return statistics.median(times[1:])


if __name__ == "__main__":
	main(sys.argv[1])
