"""The bench commands of the app: `bench --site SITE metalcraft-...`."""

from contextlib import contextmanager

import click
import frappe
from frappe.commands import get_site, pass_context
from frappe.utils import create_batch


@contextmanager
def connected(site: str):
	"""A connection to `site` for a command."""
	frappe.init(site=site)
	frappe.connect()
	try:
		yield
	finally:
		frappe.destroy()


@click.command("metalcraft-demo")
@click.option("--password", help="Let all people of the demo sign in with this password.")
@pass_context
def demo(context, password: str | None = None):
	"""Make a sample company and carry its orders through the process."""
	from metalcraft_workflow.demo import command

	with connected(get_site(context)):
		done = command.run(password)
		command.print_way_in(password)
	if not done:
		raise SystemExit(1)


@click.command("metalcraft-sweep")
@click.option("--apply", is_flag=True, help="Do it. Without this it is only reported.")
@pass_context
def sweep(context, apply: bool = False):
	"""Close and open the orders that an event missed, and mend their sums and stages."""
	from metalcraft_workflow.steps import closing

	with connected(get_site(context)):
		found = [
			(name, todo)
			for batch in create_batch(list(closing.orders_in_doubt()), closing.BATCH)
			for name, todo in closing.out_of_step(batch).items()
		]
		table(["Sales Order", "To do"], found)
		if apply:
			click.echo(closing.settle_in_sets(name for name, _todo in found))
		hint(found, apply)


@click.command("metalcraft-recompute-stages")
@click.option("--apply", is_flag=True, help="Write the differences. Without this they are only reported.")
@pass_context
def recompute_stages(context, apply: bool = False):
	"""Derive stage and percentages of every order again, from nothing, and report differences."""
	from metalcraft_workflow.steps import tracking

	with connected(get_site(context)):
		names = frappe.get_all("Sales Order", {"follows_process": 1}, pluck="name", order_by="name")
		found = []
		with click.progressbar(list(create_batch(names, 100)), label=f"{len(names)} orders") as batches:
			for batch in batches:
				found += tracking.recompute(batch)
				# A bench command commits by itself; a report leaves nothing behind
				frappe.db.commit() if apply else frappe.db.rollback()  # nosemgrep: frappe-manual-commit
		table(["Sales Order", "Field", "Was", "Is"], [list(row.values()) for row in found])
		hint(found, apply)


@click.command("metalcraft-adopt")
@click.option("--order", "orders", multiple=True, help="Name of a Sales Order; may be given several times.")
@click.option("--customer", help="All orders of a customer from before the app was installed.")
@click.option("--from-date", help="All such orders dated from this day on (YYYY-MM-DD).")
@click.option("--all", "everything", is_flag=True, help="All such orders.")
@click.option("--apply", is_flag=True, help="Do it. Without this it is only reported.")
@pass_context
def adopt(context, orders, customer, from_date, everything: bool = False, apply: bool = False):
	"""Bring orders from before the app was installed into the process."""
	from metalcraft_workflow.setup import history
	from metalcraft_workflow.steps import closing

	if not (orders or customer or from_date or everything):
		raise click.UsageError("Choose orders: --order, --customer, --from-date, or --all.")
	with connected(get_site(context)):
		names = list(orders) or history.orders_outside(customer, from_date)
		rows = []
		with click.progressbar(names, label=f"{len(names)} orders") as bar:
			for name in bar:
				try:
					row = list(history.adopt(name).values())
					rows.append([*row, closing.out_of_step([name]).get(name, "")])
				except frappe.ValidationError as error:
					rows.append([name, "", "", str(error), ""])
				# The report is what would happen: it happens, and is taken back
				# A bench command commits by itself; a report leaves nothing behind
				frappe.db.commit() if apply else frappe.db.rollback()  # nosemgrep: frappe-manual-commit
		table(["Sales Order", "State", "Stage", "Deliveries", "The next sweep would"], rows)
		hint(rows, apply)


def table(head: list[str], rows: list) -> None:
	"""Print `rows` under `head`, or that there are none."""
	from frappe.utils.commands import render_table

	if rows:
		render_table([head, *[[str(cell) for cell in row] for row in rows]])
	else:
		click.echo("Nothing to do.")


def hint(rows: list, apply: bool) -> None:
	"""Say that nothing was changed, when it was only a report."""
	if rows and not apply:
		click.echo("Nothing was changed. Run it again with --apply to do this.")


commands = [demo, sweep, recompute_stages, adopt]
