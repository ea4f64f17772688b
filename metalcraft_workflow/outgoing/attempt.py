"""Trying what may fail without taking the step along that set it off."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import frappe


@dataclass
class Attempt:
	"""What became of it: the error that was caught, and its traceback; neither when all went well."""

	error: Exception | None = None
	traceback: str = ""


@contextmanager
def attempt(
	savepoint: str, catch: type[Exception] | tuple[type[Exception], ...] = Exception
) -> Iterator[Attempt]:
	"""Do something in a savepoint, and keep an error that is one of `catch` instead of raising it: what was
	written is taken back, and what Frappe would have shown of it is not shown.

	Raises a deadlock or a lock that was waited for too long: the database has given up the whole transaction
	then, and there is nothing to go back to.
	"""
	tried = Attempt()
	frappe.db.savepoint(savepoint)
	shown = len(frappe.local.message_log)
	try:
		yield tried
	except (frappe.QueryDeadlockError, frappe.QueryTimeoutError):
		raise
	except catch as error:
		tried.error, tried.traceback = error, frappe.get_traceback()
		frappe.db.rollback(save_point=savepoint)
		del frappe.local.message_log[shown:]


@contextmanager
def without_messages() -> Iterator[None]:
	"""Keep what is said on the way from whoever acts: hints for somebody who does this in the desk."""
	shown = len(frappe.local.message_log)
	yield
	del frappe.local.message_log[shown:]
