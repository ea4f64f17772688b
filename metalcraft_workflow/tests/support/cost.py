"""Counting queries, with the app and without it."""

from contextlib import contextmanager
from unittest.mock import patch

import frappe


@contextmanager
def counted():
	"""Counts the queries that are run inside: `with counted() as queries: ...; len(queries)`."""
	queries, run = [], frappe.db.sql

	def sql(*args, **kwargs):
		result = run(*args, **kwargs)
		queries.append(str(frappe.db.last_query))
		return result

	with patch.object(frappe.db, "sql", sql):
		yield queries


@contextmanager
def without_the_app():
	"""Document events of every other app, as if this one were not installed."""
	hooks = frappe.get_doc_hooks()
	others = {
		doctype: {
			event: [handler for handler in handlers if not handler.startswith("metalcraft_workflow.")]
			for event, handlers in events.items()
		}
		for doctype, events in hooks.items()
	}
	with patch.object(frappe.local, "doc_events_hooks", others):
		yield
