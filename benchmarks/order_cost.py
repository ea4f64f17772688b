"""What the app adds to ERPNext's own cost, over the life of an order. See README.md."""

import argparse
import os
import platform
import statistics
import time
from collections import Counter, defaultdict

import frappe
from open_site import open_site

LINES = (1, 10, 120)
RUNS = 15
BEGIN, END = "<!-- order_cost -->", "<!-- /order_cost -->"


def main() -> None:
	parser = argparse.ArgumentParser(description=__doc__)
	parser.add_argument("site")
	parser.add_argument("--lines", type=int, nargs="*", default=LINES)
	parser.add_argument("--runs", type=int, default=RUNS, help="with the app and without it, by turns")
	parser.add_argument("--own", action="store_true", help="list the app's own queries, and who asks them")
	parser.add_argument("--write", metavar="FILE", help="write the tables into a file, between its marks")
	arguments = parser.parse_args()
	open_site(arguments.site)
	tables = []
	for lines in arguments.lines:
		if arguments.own:
			print_own(lines)
		tables.append(table(lines, measure(lines, arguments.runs)))
		print(tables[-1], flush=True)
	if arguments.write:
		write(arguments.write, "\n".join((machine(), "", *tables)))
	frappe.destroy()


def measure(lines: int, runs: int) -> dict[str, dict[bool, list[tuple[int, float]]]]:
	"""Step -> with the app or without it -> queries and seconds of each run."""
	from metalcraft_workflow.tests.support.cost import counted
	from metalcraft_workflow.tests.support.life import Life

	found = defaultdict(lambda: {True: [], False: []})
	for run in range(-1, runs):
		for with_app in (True, False):
			for step, act in Life(lines, with_app).steps():
				with counted() as queries:
					begin = time.perf_counter()
					act()
					seconds = time.perf_counter() - begin
				if run >= 0:  # the first warms the caches
					found[step][with_app].append((len(queries), seconds))
	return found


def table(lines: int, found: dict) -> str:
	"""The steps of an order of `lines` lines as a table of Markdown."""
	rows = [
		f"### {lines} lines" if lines > 1 else "### 1 line",
		"",
		"| Step | Queries without | with | ratio | Time without | with | ratio |",
		"| --- | ---: | ---: | ---: | ---: | ---: | ---: |",
	]
	total = [0.0] * 4
	for step, both in found.items():
		few, fast, many, slow = (
			statistics.median(column)
			for with_app in (False, True)
			for column in zip(*both[with_app], strict=True)
		)
		total = [sum(pair) for pair in zip(total, (few, fast, many, slow), strict=True)]
		rows.append(row(step, few, fast, many, slow))
	return "\n".join((*rows, row("**Whole life**", *total), ""))


def row(step: str, few: float, fast: float, many: float, slow: float) -> str:
	"""One line of the table."""
	return (
		f"| {step} | {few:.0f} | {many:.0f} | {many / few:.2f} |"
		f" {fast * 1000:.0f} ms | {slow * 1000:.0f} ms | {slow / fast:.2f} |"
	)


def print_own(lines: int) -> None:
	"""The app's own queries of each step: which handler asks, which function, and whether it is asked anew."""
	from metalcraft_workflow.tests.support.cost import traced
	from metalcraft_workflow.tests.support.life import Life

	for step, act in Life(lines).steps():
		with traced() as asked:
			act()
		own, times = [query for query in asked if query.by], Counter()
		print(f"\n{step}: {len(own)} of {len(asked)} queries are the app's own")
		for query in own:
			times[query.query] += 1
			again = "again" if times[query.query] > 1 else ""
			print(f"  {again:<6}{query.handler:<40}{query.by:<46}{query.query[:110]}")


def machine() -> str:
	"""What it was measured on."""
	versions = ", ".join(
		f"{title} {frappe.get_attr(f'{title.lower()}.__version__')}" for title in ("Frappe", "ERPNext")
	)
	database = frappe.db.sql("select version()")[0][0]
	return (
		f"{os.cpu_count()} cores ({processor()}), {memory():.0f} GB, {platform.system()}, Python"
		f" {platform.python_version()}, {versions}, {database}."
	)


def processor() -> str:
	with open("/proc/cpuinfo") as found:
		return next(
			(line.split(":")[1].strip() for line in found if line.startswith("model name")),
			platform.machine(),
		)


def memory() -> float:
	return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30


def write(path: str, text: str) -> None:
	"""Put `text` between the marks of a file."""
	with open(path) as found:
		before, rest = found.read().split(BEGIN)
	with open(path, "w") as found:
		found.write(f"{before}{BEGIN}\n\n{text}\n{END}{rest.split(END)[1]}")


if __name__ == "__main__":
	main()
