"""Counting queries, with the app and without it."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import NamedTuple
from unittest.mock import patch

import frappe
import frappe.model.meta
from frappe.model.meta import Meta

import metalcraft_workflow

APP = os.path.dirname(metalcraft_workflow.__file__)
MODULE = "Metalcraft Workflow"
WORKFLOWS = ("Sales Order", "Delivery Note")


@contextmanager
def counted() -> Iterator[list[str]]:
	"""Counts the queries that are run inside: `with counted() as queries: ...; len(queries)`. Those of a
	second connection count too."""
	# Of the class itself, where `assertQueryCount` leaves a `sql` of its own
	database = type(frappe.local.db)
	queries, run = [], database.sql

	def sql(self, *args, **kwargs):
		result = run(self, *args, **kwargs)
		if kwargs.get("run", True):
			queries.append(str(self.last_query))
		return result

	with patch.object(database, "sql", sql):
		yield queries


class Asked(NamedTuple):
	"""A query, and who of the app asked for it: the handler, and the function; both empty for others."""

	query: str
	handler: str = ""
	by: str = ""


@contextmanager
def traced() -> Iterator[list[Asked]]:
	"""As `counted`, with who asks."""
	database = type(frappe.local.db)
	asked, run = [], database.sql

	def sql(self, *args, **kwargs):
		result = run(self, *args, **kwargs)
		if kwargs.get("run", True):
			functions = list(_functions_of_the_app())
			asked.append(Asked(" ".join(str(self.last_query).split()), *functions[-1:], *functions[:1]))
		return result

	with patch.object(database, "sql", sql):
		yield asked


def _functions_of_the_app() -> Iterator[str]:
	"""Functions of the app that are being run, the innermost first."""
	frame = sys._getframe(2)
	while frame:
		path = frame.f_code.co_filename
		if path.startswith(APP) and not path.startswith(os.path.join(APP, "tests")):
			module = os.path.relpath(path, APP)[: -len(".py")].replace(os.sep, ".")
			yield f"{module}.{frame.f_code.co_name}"
		frame = frame.f_back


@contextmanager
def without_the_app() -> Iterator[None]:
	"""As if this app were not installed: none of its document events, workflows, fields and tables."""
	hooks = frappe.get_doc_hooks()
	others = {
		doctype: {
			event: [handler for handler in handlers if not handler.startswith("metalcraft_workflow.")]
			for event, handlers in events.items()
		}
		for doctype, events in hooks.items()
	}
	with patch.object(frappe.local, "doc_events_hooks", others), _without_workflows(), _without_fields():
		yield


@contextmanager
def _without_workflows() -> Iterator[None]:
	# Of this process only: what is kept for all would outlive a test that is stopped
	kept = frappe.local.cache.setdefault(frappe.cache.make_key("workflow"), {})
	before = {doctype: kept.pop(doctype) for doctype in WORKFLOWS if doctype in kept}
	kept.update(dict.fromkeys(WORKFLOWS, ""))
	try:
		yield
	finally:
		for doctype in WORKFLOWS:
			kept.pop(doctype, None)
		kept.update(before)


_plain_metas: dict[str, Meta] = {}


@contextmanager
def _without_fields() -> Iterator[None]:
	add_custom_fields = Meta.add_custom_fields

	def add_others(meta: Meta) -> None:
		add_custom_fields(meta)
		meta.fields = [df for df in meta.fields if df.get("module") != MODULE]

	get_meta = frappe.model.meta.get_meta

	def get_plain_meta(doctype, cached=True):
		name = get_meta(doctype, cached).name  # as slow as it is with the app
		if name not in _plain_metas:
			_plain_metas[name] = Meta(doctype)
		return _plain_metas[name]

	with (
		patch.object(Meta, "add_custom_fields", add_others),
		patch("frappe.model.meta.get_meta", get_plain_meta),
	):
		yield


@contextmanager
def as_in_use() -> Iterator[None]:
	"""As a request that is no test: in one ERPNext posts anew at once what it else leaves to a worker."""
	# 15 looks into the flags, 16 here
	with patch.dict(frappe.flags, in_test=False), patch.object(frappe, "in_test", False, create=True):
		yield


@contextmanager
def without_workers() -> Iterator[None]:
	"""What goes to a background worker is not done, and not counted: a request only hands it over."""

	def enqueue(*args, **kwargs) -> None:
		pass

	# `frappe.enqueue` calls the other in 15, and is the other in 16
	with patch("frappe.enqueue", enqueue), patch("frappe.utils.background_jobs.enqueue", enqueue):
		yield
