"""Time and queries of saving an order, with the app's handlers and without them. See README.md."""

import statistics
import sys
import time

import frappe

RUNS = 7
LINES = (1, 12, 120)


def main(site: str) -> None:
	frappe.init(site=site, sites_path=".")
	frappe.connect()
	frappe.flags.in_test = True  # nothing goes to a worker
	from metalcraft_workflow.tests.support import factories

	factories.setup_world()
	item = factories.make_item()
	print(f"{'save of a draft order':<24}{'without':>20}{'with':>20}{'added':>22}")
	for lines in LINES:
		order = factories.make_order(*[(item, 1, 10)] * lines)
		results = {True: [], False: []}
		for run in range(2 * (RUNS + 1)):
			with_app = bool(run % 2)
			measured = save(order.name, with_app)
			if run > 1:  # the first of each warms the caches
				results[with_app].append(measured)
		(slow, many), (fast, few) = (
			[statistics.median(column) for column in zip(*results[with_app], strict=True)]
			for with_app in (True, False)
		)
		print(
			f"{f'{lines} lines':<24}{fast:>9.0f} ms {few:>4.0f} q.{slow:>9.0f} ms {many:>4.0f} q."
			f"{slow - fast:>11.0f} ms {many - few:>4.0f} q."
		)
	frappe.db.rollback()
	frappe.destroy()


def save(name: str, with_app: bool) -> tuple[float, int]:
	"""Milliseconds and queries of one save of the order."""
	from contextlib import nullcontext

	from metalcraft_workflow.tests.support.cost import counted, without_the_app
	from metalcraft_workflow.tests.support.factories import SUPPORT, as_user

	with as_user(SUPPORT):
		order = frappe.get_doc("Sales Order", name)
		order.production_notes = frappe.generate_hash(length=6)
		with nullcontext() if with_app else without_the_app(), counted() as queries:
			start = time.perf_counter()
			order.save()
			return (time.perf_counter() - start) * 1000, len(queries)


if __name__ == "__main__":
	main(sys.argv[1])
