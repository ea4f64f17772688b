"""`bench --site SITE metalcraft-demo`: the demo at the command line."""

import logging
from urllib.parse import quote

import click
import cssutils
import frappe
from frappe.utils import get_url
from frappe.utils.background_jobs import get_redis_conn
from redis.exceptions import ConnectionError

from metalcraft_workflow.demo import mailbox, report, runner
from metalcraft_workflow.demo.company import COMPANY
from metalcraft_workflow.demo.masters import CUSTOMERS
from metalcraft_workflow.demo.orders import STORIES
from metalcraft_workflow.demo.people import DOMAIN, PEOPLE


def run(password: str | None = None) -> bool:
	"""Run the demo and print what happened; gives whether every order got where it should.

	Raises ClickException when it cannot begin: no Redis, a password that the site finds too weak.
	"""
	check_redis()
	# Frappe puts styles into mails by a library that complains about half of them
	cssutils.log.setLevel(logging.CRITICAL)
	with click.progressbar(
		length=runner.total_steps(), label=COMPANY, width=30, item_show_func=lambda label: label
	) as bar:
		try:
			outcome = runner.run(lambda label: bar.update(1, label), password)
		except frappe.ValidationError as error:
			raise click.ClickException(runner.plain(error)) from error
	click.echo()
	print_table()
	print_overview()
	return print_summary(outcome)


def check_redis() -> None:
	"""Say so at once when the queue that people are notified by is not there."""
	try:
		get_redis_conn().ping()
	except ConnectionError as error:
		raise click.ClickException(
			"The demo needs the bench's Redis queue. Start the bench (`bench start`), then run it again."
		) from error


def print_table() -> None:
	"""Each order with the steps taken, who took them, and the mails."""
	for line in report.heading():
		click.secho(line, bold=True)
	for story in STORIES:
		title, *rest = report.lines_of(story)
		click.echo()
		click.secho(title, bold=True)
		for line in rest:
			click.echo(line)
	click.echo()


def print_overview() -> None:
	"""Where each order stands, a line each."""
	for line in report.overview(STORIES):
		click.echo(line)
	click.echo()


def print_summary(outcome: runner.Outcome) -> bool:
	"""What this run did, beside what was there; and which orders did not get where they should."""
	if outcome.taken and outcome.found:
		click.echo(f"Went on where it had stopped: {outcome.found} steps were done, {outcome.taken} are new.")
	elif outcome.taken:
		click.echo(f"{outcome.taken} steps taken.")
	else:
		click.echo(f"Nothing to do: all {outcome.found} steps were done by an earlier run.")
	print_mails(outcome)
	click.echo(f"{len(PEOPLE)} people work at {COMPANY}, with addresses that end in @{DOMAIN}.")
	click.echo(f"Buyers of its customers see the portal, {CUSTOMERS[0].email} for one.")
	for title, why in outcome.stopped.items():
		click.secho(f"Stopped: {title}. {why}", fg="red")
	return not outcome.stopped


def print_mails(outcome: runner.Outcome) -> None:
	"""What became of the mails."""
	counts = mailbox.counts()
	if frappe.are_emails_muted():
		click.echo(f"{sum(counts.values())} mails wait in the queue: this site is set not to send any.")
		return
	told = ", ".join(f"{count} {status.lower()}" for status, count in sorted(counts.items()))
	click.echo(f"Mails: {told}. The demo's own mailbox took them in; none left this machine.")
	if outcome.without_print:
		click.echo(
			f"{outcome.without_print} went without their print: {get_url()} was not reached to make it."
		)


def print_way_in(password: str | None) -> None:
	"""How to sign in as one of the people, and where their orders are."""
	click.echo(
		"They sign in with the password you gave."
		if password
		else "To sign in as one of them, give --password."
	)
	click.echo(f"Orders: {get_url('/app/sales-order?company=' + quote(COMPANY))}")
