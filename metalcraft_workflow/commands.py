"""The bench commands of the app: `bench --site SITE metalcraft-...`."""

from contextlib import contextmanager

import click
import frappe
from frappe.commands import get_site, pass_context


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
	if not done:
		raise SystemExit(1)


commands = [demo]
