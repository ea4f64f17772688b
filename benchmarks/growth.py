"""How the cost of each step, and the plan of each query, change with the number of orders. See README.md."""

import statistics
import sys
import time
from collections import defaultdict

import frappe
from open_site import open_site

SIZES = (1_000, 10_000, 100_000)
LINES, RUNS = 10, 3

# What belongs to an order that was carried to its end, and how it is found
FAMILY = (
	("Sales Order", "name", "order"),
	("Sales Order Item", "parent", "order"),
	("Release Record", "reference_name", "order"),
	("Production Notice", "sales_order", "order"),
	("Stock Entry", "sales_order", "order"),
	("Stock Entry Detail", "sales_order", "order"),
	("Delivery Note", "name", "note"),
	("Delivery Note Item", "parent", "note"),
	("Traceability Entry", "parent", "note"),
	("Release Record", "reference_name", "note"),
	("Sales Invoice", "name", "invoice"),
	("Sales Invoice Item", "parent", "invoice"),
	("Payment Entry Reference", "reference_name", "invoice"),
	("Payment Ledger Entry", "against_voucher_no", "invoice"),
	("GL Entry", "voucher_no", "invoice"),
)
# Columns that hold the name of something that is copied along, or have to differ
NAMES = {
	"name",
	"parent",
	"reference_name",
	"sales_order",
	"sales_order_item",
	"so_detail",
	"against_sales_order",
	"delivery_note",
	"delivery_note_item",
	"dn_detail",
	"po_no",
	"po_no_normalized",
	"voucher_no",
	"against_voucher_no",
	"process_id",
}


def main(site: str) -> None:
	open_site(site)
	from metalcraft_workflow.tests.support import factories
	from metalcraft_workflow.tests.support.life import Life

	set_limit(factories.make_customer(), factories.COMPANY)
	frappe.db.commit()
	for _step, act in Life(LINES).steps():
		act()
	order = frappe.get_last_doc("Sales Order")
	found = {}
	for size in SIZES:
		fill(order.name, size)
		print(f"{size} orders: {frappe.db.count('Sales Order')} are there", flush=True)
		found[size] = measure()
		print_plans()
	print(f"\n{'added by the app, in ms':<34}" + "".join(f"{size:>12,}" for size in SIZES))
	for step in found[SIZES[0]]:
		print(f"{step:<34}" + "".join(f"{found[size][step]:>12.0f}" for size in SIZES))
	frappe.destroy()


def set_limit(customer: str, company: str) -> None:
	"""Give the customer of all orders a credit limit: what they owe is added up then."""
	doc = frappe.get_doc("Customer", customer)
	if not doc.credit_limits:
		doc.append("credit_limits", {"company": company, "credit_limit": 10**9})
		doc.save()


def measure() -> dict[str, float]:
	"""Step -> milliseconds more with the app than without it."""
	from metalcraft_workflow.tests.support.life import Life

	times = defaultdict(lambda: {True: [], False: []})
	for run in range(-1, RUNS):
		for with_app in (True, False):
			for step, act in Life(LINES, with_app).steps():
				begin = time.perf_counter()
				act()
				if run >= 0:
					times[step][with_app].append((time.perf_counter() - begin) * 1000)
	return {
		step: statistics.median(both[True]) - statistics.median(both[False]) for step, both in times.items()
	}


def print_plans() -> None:
	"""The app's own queries that read a whole table or index, or more than a thousand rows."""
	from metalcraft_workflow.tests.support.cost import traced
	from metalcraft_workflow.tests.support.life import Life

	shown = set()
	for step, act in Life(LINES).steps():
		with traced() as asked:
			act()
		for query in asked:
			if not query.by or not query.query.lower().startswith("select"):
				continue
			for plan in frappe.db.sql(f"explain {query.query}", as_dict=True):
				kind, rows = (query.by, plan.table), estimated(plan.rows)
				reads_much = rows > 1000 or (plan.type in ("ALL", "index") and rows > 100)
				if reads_much and kind not in shown:
					shown.add(kind)
					print(
						f"  {step}: {query.by} reads {plan.table} by {plan.type} {plan.key}, {rows} rows",
						flush=True,
					)


def estimated(rows: str | int | None) -> int:
	"""The rows of a plan; MariaDB writes "12 (3%)" where it filters by a second index."""
	return int(str(rows or 0).split()[0])


def fill(order: str, size: int) -> None:
	"""Copy the finished order `order`, with all that belongs to it, until there are `size` orders."""
	there = frappe.db.count("Sales Order")
	if there >= size:
		return
	note = frappe.db.get_value("Delivery Note Item", {"against_sales_order": order}, "parent")
	invoice = frappe.db.get_value("Sales Invoice Item", {"sales_order": order}, "parent")
	named = {"order": order, "note": note, "invoice": invoice}
	for doctype, column, of in FAMILY:
		columns = frappe.db.get_table_columns(doctype)
		values = ", ".join(
			f"if({quoted} is null or {quoted} = '', {quoted}, concat({quoted}, '-', seq))"
			if name in NAMES
			else quoted
			for name in columns
			for quoted in [f"t.`{name}`"]
		)
		frappe.db.sql(
			f"insert into `tab{doctype}` ({', '.join(f'`{name}`' for name in columns)})"
			f" select {values} from `tab{doctype}` t join seq_{there}_to_{size - 1}"
			f" where t.`{column}` = %s",
			named[of],
		)
		frappe.db.commit()
	for doctype in {doctype for doctype, _column, _of in FAMILY}:
		frappe.db.sql(f"analyze table `tab{doctype}`")


if __name__ == "__main__":
	main(sys.argv[1])
