"""The bench commands of the app: `bench --site SITE metalcraft-...`."""

from collections.abc import Callable, Iterable
from contextlib import contextmanager

import click
import frappe
from frappe.commands import get_site, pass_context
from frappe.utils import create_batch

# How many orders are worked on at a time, and how many rows a report prints
SET = 500
MOST_ROWS = 1000


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
@click.option("--after", default="", help="Begin behind this order: where an earlier run was stopped.")
@pass_context
def recompute_stages(context, apply: bool = False, after: str = ""):
	"""Derive stage and percentages of every order again, from nothing, and report differences."""
	from metalcraft_workflow.steps import tracking

	with connected(get_site(context)):
		found = Rows()

		def look_at(names: list[str]) -> None:
			rows = tracking.recompute(names) if apply else tracking.differences(names)
			found.add(list(row.values()) for row in rows)
			# A bench command commits by itself; a report leaves nothing behind
			frappe.db.commit() if apply else frappe.db.rollback()  # nosemgrep: frappe-manual-commit

		in_sets({"follows_process": 1}, after, look_at)
		found.print(["Sales Order", "Field", "Was", "Is"])
		hint(found.shown, apply)


@click.command("metalcraft-adopt")
@click.option("--order", "orders", multiple=True, help="Name of a Sales Order; may be given several times.")
@click.option("--customer", help="All orders of a customer from before the app was installed.")
@click.option("--from-date", help="All such orders dated from this day on (YYYY-MM-DD).")
@click.option("--all", "everything", is_flag=True, help="All such orders.")
@click.option("--after", default="", help="Begin behind this order: where an earlier run was stopped.")
@click.option("--apply", is_flag=True, help="Do it. Without this it is only reported.")
@pass_context
def adopt(
	context, orders, customer, from_date, everything: bool = False, after: str = "", apply: bool = False
):
	"""Bring orders from before the app was installed into the process."""
	from metalcraft_workflow.setup import history
	from metalcraft_workflow.steps import closing

	if not (orders or customer or from_date or everything):
		raise click.UsageError("Choose orders: --order, --customer, --from-date, or --all.")
	with connected(get_site(context)):
		found = Rows()

		def bring_in(names: list[str]) -> None:
			adopted = {row["sales_order"]: row for row in history.adopt_all(names)}
			todo = closing.out_of_step(list(adopted))
			found.add(
				[*adopted[name].values(), todo.get(name, "")]
				if name in adopted
				else [name, "", "", f"{name} is no order from before the app was installed.", ""]
				for name in names
			)
			# The report is what would happen: it happens, and is taken back
			# A bench command commits by itself; a report leaves nothing behind
			frappe.db.commit() if apply else frappe.db.rollback()  # nosemgrep: frappe-manual-commit

		if orders:
			bring_in(list(orders))
		else:
			in_sets(history.outside(customer, from_date), after, bring_in)
		found.print(["Sales Order", "State", "Stage", "Deliveries", "The next sweep would"])
		hint(found.shown, apply)


def in_sets(filters: dict, after: str, work: Callable[[list[str]], None]) -> None:
	"""Have the orders that fit `filters` worked on, a set at a time, in the order of their names, from behind
	`after` on. Whoever stops it is told where to go on."""
	total = frappe.db.count("Sales Order", {**filters, "name": [">", after]})
	with click.progressbar(length=total, label=f"{total} orders") as bar:
		try:
			while names := frappe.get_all(
				"Sales Order", {**filters, "name": [">", after]}, pluck="name", order_by="name", limit=SET
			):
				work(names)
				after = names[-1]
				bar.update(len(names))
		except KeyboardInterrupt:
			frappe.db.rollback()
			raise click.ClickException(f'Stopped. Go on with --after "{after}".') from None


class Rows:
	"""Rows to print at the end: the first of them, however many there are."""

	def __init__(self):
		self.shown, self.count = [], 0

	def add(self, rows: Iterable[list]) -> None:
		for row in rows:
			self.count += 1
			if len(self.shown) < MOST_ROWS:
				self.shown.append(row)

	def print(self, head: list[str]) -> None:
		table(head, self.shown)
		if self.count > len(self.shown):
			click.echo(f"... and {self.count - len(self.shown)} more")


@click.command("metalcraft-verify")
@click.option("--head", is_flag=True, help="Only print the head of the chain, to be kept elsewhere.")
@click.option("--kept", metavar="NUMBER:DIGEST", help="A head that was kept: the chain has to have it still.")
@pass_context
def verify(context, head: bool = False, kept: str | None = None):
	"""Look whether every release record is as it was written, and that none is missing or was put in.

	Names those that are not, and exits with 1.
	"""
	from metalcraft_workflow.gates import seal
	from metalcraft_workflow.rules.chain import Chain

	with connected(get_site(context)):
		if head:
			last = seal.head()
			click.echo(f"{last.number}:{last.digest}")
			return
		chain, wrong = Chain(), 0
		for found in seal.verify(chain):
			wrong += 1
			click.echo(f"{found.name} {found.what}" + (f" ({found.about})" if found.about else ""))
		if kept and not is_kept(kept):
			wrong += 1
			click.echo(f"The chain does not have the head {kept}: it was written anew since that was kept.")
		click.echo(f"{chain.records} records looked at, the last seal is {chain.number}:{chain.digest}")
		click.echo(f"{wrong} findings" if wrong else "Everything is as it was written.")
	if wrong:
		raise SystemExit(1)


def is_kept(kept: str) -> bool:
	"""Whether the chain has the head that somebody kept, as `--head` has printed it."""
	from metalcraft_workflow.gates import seal

	number, _colon, digest = kept.strip().partition(":")
	if not number.isdigit() or not digest:
		raise click.UsageError("--kept takes a head as --head prints it: NUMBER:DIGEST")
	return seal.head(int(number)).digest == digest


@click.command("metalcraft-restored")
@click.option("--before", default="", metavar="TIME", help="Only mails from before, YYYY-MM-DD HH:MM:SS.")
@click.option("--apply", is_flag=True, help="Do it. Without this it is only reported.")
@pass_context
def restored(context, before: str = "", apply: bool = False):
	"""After a backup was restored: have the mails that waited in it, and the digests of today, not be sent a second
	time."""
	from metalcraft_workflow.desk import digest
	from metalcraft_workflow.outgoing import restored

	with connected(get_site(context)):
		found, digests = restored.waiting(before), digest.due()
		table(
			["Waits in", "Name", "About", "Since"],
			[*found, *((digest.LOG, reader.recipient, "", "today") for reader in digests)],
		)
		if apply:
			restored.count_as_sent(found)
			digest.count_as_made(digests)
			# A bench command commits by itself
			frappe.db.commit()  # nosemgrep: frappe-manual-commit
		hint([*found, *digests], apply)


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


commands = [demo, sweep, recompute_stages, adopt, verify, restored]
