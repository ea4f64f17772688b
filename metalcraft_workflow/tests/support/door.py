"""Requests as the door sees them, without sending them: it is asked before anything of them runs."""

from contextlib import contextmanager

import frappe
from frappe.app import make_form_dict
from werkzeug.test import EnvironBuilder
from werkzeug.wrappers import Request

from metalcraft_workflow.access import requests
from metalcraft_workflow.tests.support.factories import as_user


@contextmanager
def request(
	user: str,
	method: str,
	path: str,
	data=None,
	form: dict | None = None,
	headers: dict | None = None,
	address: str = "127.0.0.1",
):
	"""`user` has sent a request from `address`, with `data` as JSON or `form` as a form, by an API key."""
	path, _question, query = path.partition("?")
	builder = EnvironBuilder(
		path=path,
		query_string=query,
		method=method,
		json=data,
		data=form,
		headers=headers or {},
		environ_base={"REMOTE_ADDR": address},
	)
	before = {key: getattr(frappe.local, key, None) for key in ("request", "form_dict", "login_manager")}
	with as_user(user):
		frappe.local.request = Request(builder.get_environ())
		frappe.local.login_manager = frappe._dict(user="Guest")
		make_form_dict(frappe.local.request)
		try:
			yield
		finally:
			for key, value in before.items():
				setattr(frappe.local, key, value)
			frappe.clear_messages()


def refusal(user: str, method: str, path: str, data=None, form: dict | None = None) -> str:
	"""Why a request of `user` is refused; empty when it is let in."""
	with request(user, method, path, data, form):
		try:
			requests.check()
		except (frappe.PermissionError, frappe.RateLimitExceededError) as error:
			return str(error) or type(error).__name__
	return ""


def tick(case, **values) -> None:
	"""Set `values` of the settings until the test of `case` is over."""

	def put(values):
		frappe.set_user("Administrator")
		settings = frappe.get_doc("Metalcraft Settings")
		settings.update(values)
		settings.save()
		frappe.db.commit()

	settings = frappe.get_doc("Metalcraft Settings")
	before = {field: settings.get(field) for field in values}
	case.addCleanup(put, before)
	put(values)


def open_to(case, role: str, *names: str) -> None:
	"""Let people with `role` ask for `names` until the test of `case` is over, as an administrator does."""
	tick(case, allowed_requests=[{"request": name, "role": role} for name in names])
