"""Doing things side by side, in processes of their own, as two people at two desks do.

Run as a program, it is one of those people: `python -m metalcraft_workflow.tests.support.concurrency SITE
USER ACTION DOCTYPE NAME`. It gets ready, says so, and goes on with every line it is given.
"""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from unittest.mock import patch

import frappe
from frappe.model.workflow import apply_workflow

from metalcraft_workflow.tests.support.marks import needs_mariadb

ACTIONS = {
	"submit": lambda doc: doc.submit(),
	"cancel": lambda doc: doc.cancel(),
	"deliver": lambda notice: frappe.get_attr("metalcraft_workflow.outgoing.production_notices.deliver_one")(
		notice.name
	),
	"pack": lambda order: frappe.get_attr("metalcraft_workflow.steps.final_pack.make_delivery_note")(
		order.name
	).insert(),
	"name": lambda delivery: frappe.get_attr("metalcraft_workflow.tests.support.deliveries.name_noted")(
		delivery
	),
	"scan": lambda delivery: frappe.get_attr("metalcraft_workflow.tests.support.deliveries.scan_noted")(
		delivery
	),
	"credit instead": lambda rma: frappe.get_attr("metalcraft_workflow.tests.support.returns.credit_instead")(
		rma
	),
	"accept": lambda quotation: frappe.get_attr("metalcraft_workflow.tests.support.quotations.accept")(
		quotation
	),
	"make owed": lambda owed: frappe.get_attr("metalcraft_workflow.outgoing.owed_mails.make")(owed.name),
	"digest": lambda user: frappe.get_attr("metalcraft_workflow.desk.digest.send")(
		"2040-05-01", user.name, user.email
	),
	"mail": lambda invoice: frappe.get_attr("metalcraft_workflow.steps.invoicing.send_invoice")(invoice.name),
	**{
		action: partial(lambda doc, action: apply_workflow(doc.as_json(), action), action=action)
		for action in ("Approve", "Clear for Shipment", "Ship", "Receive Return")
	},
}


@needs_mariadb
def run(*tasks: tuple[str, str, "frappe.model.document.Document"], overlap: bool = True) -> list[str]:
	"""Do `tasks`, each (user, action, document), at the same time; gives what each said at the end.

	With `overlap` nobody commits before everybody has written. Without it (where they wait for each
	other's locks) they only start together.
	"""
	frappe.db.commit()
	people = [
		subprocess.Popen(
			[sys.executable, "-m", __name__, frappe.local.site, user, action, doc.doctype, doc.name],
			stdin=subprocess.PIPE,
			stdout=subprocess.PIPE,
			text=True,
			cwd=os.path.abspath(frappe.local.sites_path),
		)
		for user, action, doc in tasks
	]
	said = [""] * len(people)
	# ready, then written; each is let go when all have said so
	for wait in (True, overlap):
		if wait:
			said = [person.stdout.readline().strip() for person in people]
		for person, word in zip(people, said, strict=True):
			if word in ("ready", "written"):
				person.stdin.write("go\n")
				person.stdin.flush()
	for number, person in enumerate(people):
		rest = person.communicate(timeout=120)[0].strip().splitlines()
		said[number] = (rest or [said[number]])[-1]
	frappe.db.rollback()  # a new snapshot
	return said


def main(site: str, user: str, action: str, doctype: str, name: str) -> None:
	frappe.init(site=site)
	frappe.connect()
	frappe.set_user(user)
	doc = frappe.get_doc(doctype, name)
	say("ready")
	try:
		with worker():
			ACTIONS[action](doc)
			say("written")
			frappe.db.commit()
		print("done", flush=True)
	except Exception as error:
		frappe.db.rollback()
		print(f"failed: {type(error).__name__} {error}", flush=True)
	finally:
		frappe.destroy()


@contextmanager
def worker() -> Iterator[None]:
	"""What a worker does at once behind the step: look at orders that moved. Mails are left to the scheduler."""
	jobs, queue = [], frappe.enqueue

	def enqueue(method, *args, **given):
		if str(method).endswith(".settle_in_sets"):
			jobs.append((method, given))
		else:
			queue(method, *args, **given)

	with patch("frappe.enqueue", enqueue):
		yield
	for method, given in jobs:
		frappe.call(method, **given)


def say(word: str) -> None:
	print(word, flush=True)
	sys.stdin.readline()


if __name__ == "__main__":
	main(*sys.argv[1:])
