"""Jobs in the background, after the commit."""

from functools import partial

import frappe


def after_commit(method: str, **values) -> None:
	"""Have the job `method` done in the background, once this transaction is committed.

	Where it cannot be queued, because Redis is away, the step stands all the same: it is committed by then. What
	has to be done in any case is in the database as well, and the scheduler follows.
	"""
	frappe.db.after_commit.add(partial(_enqueue, method, values))


def _enqueue(method: str, values: dict) -> None:
	try:
		frappe.enqueue(method, **values)
	except Exception:
		frappe.logger("metalcraft_workflow").warning({"not queued": method}, exc_info=True)
