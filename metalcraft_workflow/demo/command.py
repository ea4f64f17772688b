"""`bench --site SITE metalcraft-demo`: the demo at the command line."""

import logging

import click
import frappe

from metalcraft_workflow.demo import report, runner
from metalcraft_workflow.demo.company import COMPANY
from metalcraft_workflow.demo.orders import STORIES
from metalcraft_workflow.demo.people import DOMAIN, PEOPLE


def run(password: str | None = None) -> bool:
	"""Run the demo and print what happened; gives whether every order got where it should."""
	# Frappe puts styles into mails by a library that complains about half of them
	logging.getLogger("CSSUTILS").setLevel(logging.CRITICAL)
	with click.progressbar(length=runner.total_steps(), label=f"{COMPANY:<16}", width=30, item_show_func=str) as bar:

		def progress(label: str) -> None:
			bar.update(1, label)

		outcome = runner.run(progress, password)
		bar.finish()
	click.echo()
	print_table()
	return print_summary(outcome, password)


def print_table() -> None:
	"""Each order with the steps taken, who took them, and the mails."""
	for line in report.heading():
		click.echo(line)
	for story in STORIES:
		title, *rest = report.lines_of(story)
		click.echo()
		click.secho(title, bold=True)
		for line in rest:
			click.echo(line)
	click.echo()


def print_summary(outcome: runner.Outcome, password: str | None) -> bool:
	"""What this run did, beside what was there; and which orders did not get where they should."""
	if outcome.taken and outcome.found:
		click.echo(f"Went on where it had stopped: {outcome.found} steps were done, {outcome.taken} are new.")
	elif outcome.taken:
		click.echo(f"{outcome.taken} steps taken.")
	else:
		click.echo(f"Nothing to do: all {outcome.found} steps were done by an earlier run.")
	click.echo(
		f"{len(PEOPLE)} people work at {COMPANY}, with addresses that end in @{DOMAIN}. "
		+ ("They sign in with the password you gave." if password else "To sign in as them, give --password.")
	)
	if frappe.are_emails_muted():
		click.echo("Mails wait in the queue: this site is set not to send any.")
	for title, why in outcome.stopped.items():
		click.secho(f"Stopped: {title}. {why}", fg="red")
	return not outcome.stopped
