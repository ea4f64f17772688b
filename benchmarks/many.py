"""Many at once: a thousand orders to close, one payment of 500 invoices, 5,000 open orders. See README.md."""

import argparse
import statistics
import time
from collections.abc import Callable

import frappe
from frappe.utils import create_batch
from growth import fill
from open_site import open_site

TO_CLOSE, CHUNK = 1_000, 50
INVOICES, RUNS = 500, 3
OPEN, LOOKS = 5_000, 5

# How far the open orders have come, a share of them each
STEPS = (
	"Order: insert",
	"Request approval",
	"Approve",
	"Transfer: insert, submit",
	"Delivery note: make, insert",
	"Complete packing",
	"Clear",
	"Ship",
	"Invoice: make, insert, submit",
)


def main() -> None:
	parts = {"sweep": sweep, "payment": payment, "desk": desk}
	parser = argparse.ArgumentParser(description=__doc__)
	parser.add_argument("site")
	parser.add_argument("parts", nargs="*", metavar="PART", help=", ".join(parts))
	arguments = parser.parse_args()
	open_site(arguments.site)
	for part in arguments.parts or parts:
		parts[part]()
	frappe.destroy()


# A sweep


def sweep() -> None:
	"""Find orders that are to be closed, and close them: against the bare questions, and a closing by hand."""
	from metalcraft_workflow.steps import closing
	from metalcraft_workflow.tests.support.cost import traced, without_the_app

	close_automatically(False)
	orders = copies(carried_to("Payment: insert, submit, close"), TO_CLOSE)
	close_automatically(True)

	def find() -> list[str]:
		return [
			name for batch in create_batch(orders, closing.BATCH) for name in closing.out_of_step(list(batch))
		]

	with traced() as asked:
		found = find()
	assert len(found) == TO_CLOSE, f"{len(found)} of {TO_CLOSE} are to be closed"
	bare = median(lambda: [frappe.db.sql(question.query) for question in asked])
	print(f"find {TO_CLOSE} orders to close: {ratio(bare, median(find))}, {len(asked)} questions", flush=True)

	by_hand, by_process = [], []
	for number, chunk in enumerate(create_batch(orders, CHUNK)):
		if number % 2:
			by_process.append(seconds(lambda chunk=chunk: closing.settle_in_sets(chunk)) / CHUNK)
		else:
			with without_the_app():
				by_hand.append(seconds(lambda chunk=chunk: [close(name) for name in chunk]) / CHUNK)
	left = frappe.db.count("Sales Order", {"name": ("in", orders), "status": ("!=", "Closed")})
	assert not left, f"{left} are open"
	print(
		f"close one of them: {ratio(statistics.median(by_hand), statistics.median(by_process))}", flush=True
	)


def close(order: str) -> None:
	frappe.get_doc("Sales Order", order).update_status("Closed")
	frappe.db.commit()


# One payment


def payment() -> None:
	"""Submit one payment of many invoices, each of another order: as it is, and with the orders that it closes."""
	close_automatically(True)
	orders = iter(create_batch(copies(carried_to(STEPS[-1]), INVOICES * RUNS * 4), INVOICES))
	for closes in (False, True):
		close_automatically(closes)
		taken = {True: [], False: []}
		for _run in range(RUNS):
			for with_app in (False, True):
				taken[with_app].append(pay(next(orders), with_app, closes))
		without, with_ = (statistics.median(taken[key]) for key in (False, True))
		what = "that closes their orders" if closes else "that closes nothing"
		print(f"one payment of {INVOICES} invoices, {what}: {ratio(without, with_)}", flush=True)
	close_automatically(True)


def pay(orders: list[str], with_app: bool, closes: bool) -> float:
	"""Seconds for the payment of all invoices of `orders`; without the app, they are closed by hand."""
	from contextlib import nullcontext

	from metalcraft_workflow.tests.support import money
	from metalcraft_workflow.tests.support.cost import without_the_app, without_workers

	names = frappe.get_all(
		"Sales Invoice Item",
		{"sales_order": ("in", orders)},
		pluck="parent",
		distinct=True,
		order_by="parent",
	)
	assert len(names) == len(orders), f"{len(names)} invoices of {len(orders)} orders"

	def act() -> None:
		entry.submit()
		frappe.db.commit()
		if closes and not with_app:
			for name in orders:
				close(name)

	with nullcontext() if with_app else without_the_app(), without_workers():
		entry = money.pay(*(frappe.get_doc("Sales Invoice", name) for name in names), submit=False)
		frappe.db.commit()
		taken = seconds(act)
	left = frappe.db.count("Sales Order", {"name": ("in", orders), "status": ("!=", "Closed")})
	assert left == (0 if closes else len(orders)), f"{left} are open"
	return taken


# The desk


def desk() -> None:
	"""What the pages of the desk take that read all open orders."""
	from metalcraft_workflow.desk.my_work import get_my_work
	from metalcraft_workflow.metalcraft_workflow.report.open_orders import open_orders
	from metalcraft_workflow.tests.support import factories

	for step in STEPS:
		copies(carried_to(step), OPEN // len(STEPS))
	there = frappe.db.count("Sales Order", {"status": ("!=", "Closed"), "docstatus": ("<", 2)})
	print(f"{there} open orders", flush=True)
	for person in factories.PEOPLE:
		with factories.as_user(person):
			taken, rows = median(get_my_work), sum(part["total"] for part in get_my_work()["sections"])
		print(f"My Work of {person}: {taken * 1000:.0f} ms, {rows} rows wait", flush=True)
	for title, act in (("Order Board", open_orders.board), ("Open Orders", open_orders.execute)):
		with factories.as_user(factories.MANAGER):
			print(f"{title}: {median(act) * 1000:.0f} ms", flush=True)


# What they share


def carried_to(step: str) -> str:
	"""An order of one line, taken as far as `step`."""
	from metalcraft_workflow.tests.support.life import Life

	for name, act in Life(1).steps():
		act()
		if name == step:
			return frappe.get_last_doc("Sales Order").name
	raise ValueError(step)


def copies(order: str, number: int) -> list[str]:
	"""`number` copies of an order, with all that belongs to it."""
	fill(order, frappe.db.count("Sales Order") + number)
	return frappe.get_all("Sales Order", {"name": ("like", f"{order}-%")}, pluck="name", order_by="name")


def close_automatically(on: bool) -> None:
	frappe.get_doc("Metalcraft Settings").update({"close_automatically": int(on)}).save()
	frappe.db.commit()


def seconds(act: Callable[[], object]) -> float:
	begin = time.perf_counter()
	act()
	return time.perf_counter() - begin


def median(act: Callable[[], object]) -> float:
	"""Seconds, of several times; the first only warms what is kept in memory."""
	return statistics.median([seconds(act) for _look in range(LOOKS + 1)][1:])


def ratio(without: float, with_: float) -> str:
	return f"{without * 1000:,.0f} ms, {with_ * 1000:,.0f} ms with the app: {with_ / without:.2f}"


if __name__ == "__main__":
	main()
