"""What nobody has to wait for: done in the background, after the commit.

What a step tells others (a colleague by a bell, a department of its work, the customer of a shipment) is no part
of it: whoever approves twenty orders waits for twenty approvals, not for forty mails, and who pays fifty invoices
not for the thanks. A rollback takes it away with the step. An invoice is mailed within its submit, which is what it
is submitted for.

A job can get lost: the process that took the step dies before it is queued, Redis or a worker dies with it. So
what has to be done in any case stands in the database as well, written with the step (Production Notice, Owed
Mail), and the scheduler does what no job has done.
"""

from functools import partial

import frappe


def is_at_once() -> bool:
	"""Whether nothing is put off: in tests, and where a command has set `frappe.flags.mails_at_once`."""
	return bool(frappe.flags.in_test or frappe.flags.mails_at_once)


def later(method: str, **values) -> None:
	"""Have the job `method` of the app done in the background, once this transaction is committed; at once where
	nothing is put off.

	Where it cannot be queued, because Redis is away, the step stands all the same: it is committed by then.
	"""
	method = f"metalcraft_workflow.{method}"
	if is_at_once():
		frappe.enqueue(method, now=True, **values)
	else:
		frappe.db.after_commit.add(partial(_enqueue, method, values))


def _enqueue(method: str, values: dict) -> None:
	try:
		frappe.enqueue(method, **values)
	except Exception:
		frappe.logger("metalcraft_workflow").warning({"not queued": method}, exc_info=True)
