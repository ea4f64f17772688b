"""`frappe.tests.utils`: what the tests of an app stand on, as Frappe 15 has it."""

import contextlib
import copy
import sys
import unittest

import frappe


class FrappeTestCase(unittest.TestCase):
	maxDiff = 10_000

	@classmethod
	def setUpClass(cls):
		cls.TEST_SITE = frappe.local.site
		frappe.db.commit()
		cls.addClassCleanup(restore, copy.deepcopy(frappe.local.flags))
		cls.addClassCleanup(roll_back)
		super().setUpClass()

	@contextlib.contextmanager
	def assertQueryCount(self, count):
		"""No more than `count` queries."""
		queries = []
		kind = frappe.db.__class__
		real = kind.sql

		def counted(db, *args, **kwargs):
			found = real(db, *args, **kwargs)
			queries.append(str(args[0] if args else kwargs.get("query")))
			return found

		kind.sql = counted
		try:
			yield
		finally:
			kind.sql = real
		self.assertLessEqual(len(queries), count, "Queries executed:\n" + "\n\n".join(queries))

	@contextlib.contextmanager
	def freeze_time(self, time_to_freeze):
		"""The clock of the site stands still at this time; that of Python goes on."""
		from unittest.mock import patch

		from frappe.utils import data, get_datetime

		real, frozen = data.now_datetime, get_datetime(time_to_freeze)
		with contextlib.ExitStack() as stack:
			for module in list(sys.modules.values()):
				if getattr(module, "__dict__", {}).get("now_datetime") is real:
					stack.enter_context(patch.object(module, "now_datetime", lambda: frozen))
			yield

	@contextlib.contextmanager
	def set_user(self, user):
		before = frappe.session.user
		frappe.set_user(user)
		try:
			yield
		finally:
			frappe.set_user(before)


def roll_back():
	frappe.db.value_cache.clear()
	frappe.db.rollback()


def restore(flags):
	frappe.local.flags = flags
	frappe.local.error_log, frappe.local.message_log, frappe.local.debug_log = [], [], []
	frappe.local.cache = {}
	frappe.local.lang = "en"
	frappe.local.preload_assets = {"style": [], "script": [], "icons": []}
	if getattr(frappe.local, "request", None):
		frappe.local.request = None


@contextlib.contextmanager
def change_settings(doctype, settings_dict=None, /, commit=False, **settings):
	"""Other settings for a while."""
	wanted = settings if settings_dict is None else settings_dict
	doc = frappe.get_doc(doctype)
	before = {key: getattr(doc, key) for key in wanted}
	try:
		write(doctype, wanted, commit)
		yield
	finally:
		write(doctype, before, commit)


def write(doctype, values, commit):
	doc = frappe.get_doc(doctype)
	doc.update(values)
	doc.save(ignore_permissions=True)
	frappe.db.value_cache.clear()
	if commit:
		frappe.db.commit()


@contextlib.contextmanager
def patch_hooks(overridden):
	"""Other hooks for a while."""
	from unittest.mock import patch

	real = frappe.get_hooks

	def hooks(hook=None, default="_KEEP_DEFAULT_LIST", app_name=None):
		return overridden[hook] if hook in overridden else real(hook, default, app_name)

	with patch.object(frappe, "get_hooks", hooks):
		yield


def timeout(*args, **kwargs):
	return args[0] if args and callable(args[0]) else lambda function: function
