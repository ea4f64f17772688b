"""The door: whoever is not staff gets what is on the list, and nothing else.

`check` runs for each request, before anything else does and after Frappe has found out who asks, be it by a
session, by API keys or by OAuth. What is on the list is in `rules.requests`; what a request asks for is
worked out in `access.asked`. SECURITY.md says how the two go together.
"""

import frappe
from frappe import _
from frappe.sessions import get_csrf_token

from metalcraft_workflow.access import asked, limits, open_calls
from metalcraft_workflow.access.customers import SHOWN, get_own
from metalcraft_workflow.gates.registry import settings
from metalcraft_workflow.rules import requests as rules
from metalcraft_workflow.rules.requests import PROFILE, Allowed

UNSAFE = ("POST", "PUT", "PATCH", "DELETE")

# A refusal is kept once an hour for each person and thing, and so many at most
MOST_KEPT = 50
HOUR = 60 * 60


def check() -> None:
	"""Refuse the request under way, unless it is allowed to whoever sends it (`auth_hooks`). Raises
	PermissionError, CSRFTokenError or RateLimitExceededError."""
	request = getattr(frappe.local, "request", None)
	if not request or request.method == "OPTIONS":
		return
	if is_staff(frappe.session.user):
		open_calls.check()
		return
	check_token()
	rows, roles = allowed(), frappe.get_roles(frappe.session.user)
	for names in asked.asked():
		name, row = _find(rows, names, roles)
		_check_arguments(name)
		if row.an_hour:
			limits.count(name, row.an_hour)


def is_staff(user: str) -> bool:
	"""Whether `user` works in the desk: what they may do there, their permissions say."""
	kind = frappe.get_cached_value("User", user, "user_type")
	if kind in ("System User", "Website User", None):
		return kind == "System User"
	# A User Type that this site has made: people with a part of the desk
	return bool(settings().get("portal_user_types"))


def allowed() -> tuple[Allowed, ...]:
	"""What is allowed on this site: the app's list, what is ticked in the settings, what other apps add by the
	hook `metalcraft_portal_methods` (name to role), and what administrators add in the settings."""
	chosen = settings()
	rows = rules.allowed_by(portal.field for portal in rules.PORTALS if chosen.get(portal.field))
	added = [
		(name, role)
		for name, roles in (frappe.get_hooks("metalcraft_portal_methods") or {}).items()
		for role in roles
	]
	added += [(row.request, row.role) for row in chosen.get("allowed_requests") or ()]
	return rows + tuple(Allowed("Added on this site", role, (name,)) for name, role in added)


def check_token() -> None:
	"""See to it that a session of the portal has a token against forged requests, and that what changes
	something brings it. Frappe compares it where a session has one, and gives one to sessions of the desk
	alone. Raises CSRFTokenError."""
	manager = frappe.local.login_manager
	by_cookie = manager.user not in (None, "", "Guest") and getattr(manager, "resume", False)
	if not by_cookie or frappe.conf.ignore_csrf or frappe.session.data.csrf_token:
		return
	if frappe.request.method in UNSAFE:
		frappe.flags.disable_traceback = True
		frappe.throw(_("Load the page again and repeat what you did."), frappe.CSRFTokenError)
	if not frappe.request.path.startswith("/api/"):
		get_csrf_token()  # the page that is shown now carries it


def refuse(name: str) -> None:
	"""Raise the PermissionError for what is not open to whoever asks."""
	_keep(name)
	frappe.flags.disable_traceback = True  # it would tell how this is done
	if frappe.session.user == "Guest":
		frappe.throw(_("Sign in first: this is not open to everybody."), frappe.PermissionError)
	frappe.throw(
		_("This is not open to users of the portal. Ask us when you need it."), frappe.PermissionError
	)


def _find(rows: tuple[Allowed, ...], names: asked.Names, roles: list[str]) -> tuple[str, Allowed]:
	"""The first of the names that is allowed, and by what. Refuses when none is."""
	first = None
	for name in names:
		first = first or name
		row = rules.find(rows, name, roles)
		if row and _is_itself(name):
			return name, row
	refuse(first or "")


def _is_itself(name: str) -> bool:
	"""Whether a name that is allowed is no second address of a method that is not."""
	if ":" in name or name.startswith("/") or name == "login":
		return True
	return asked.replaced(name) != name or asked.own_address(name) == name


# What an allowed request may say


def _check_arguments(name: str) -> None:
	kind, _colon, which = name.partition(":")
	if kind in ("form", "own form"):
		_check_form(which)
	elif kind == "upload":
		_check_upload(which)
	elif kind in ("record", "print"):
		_check_document(kind, which)
	elif name.startswith("erpnext.templates.pages.projects."):
		_check_project(name)
	elif name.endswith(".create_supplier_quotation"):
		_check_supplier(name)


def _check_form(form: str) -> None:
	"""A form reads documents of its own DocType; people change their own profile and no other."""
	arguments = frappe.form_dict
	doctype = arguments.get("doctype")
	if doctype and doctype != frappe.db.get_value("Web Form", form, "doc_type"):
		refuse(f"form:{form} of {doctype}")
	if form != PROFILE:
		return
	named = [arguments[key] for key in ("name", "docname") if arguments.get(key)]
	if "data" in arguments:
		named.append(asked.said(arguments.data).get("name"))
	if any(each != frappe.session.user for each in named):
		refuse(f"form:{form} of somebody else")


def _check_upload(doctype: str) -> None:
	"""What is uploaded brings its content along, and hangs on one's own profile where that is named."""
	arguments = frappe.form_dict
	if arguments.get("library_file_name") or arguments.get("file_url"):
		refuse("upload: by address")
	if doctype == "User" and arguments.get("docname") != frappe.session.user:
		refuse("upload:User of somebody else")


def _check_document(kind: str, doctype: str) -> None:
	"""One document of those that this app shows too: it is the customer's own, in the format that the house
	has chosen. The answer is the same for what is not there."""
	name, format_name = frappe.form_dict.get("name"), frappe.form_dict.get("format")
	if not isinstance(name, str) or frappe.form_dict.get("doc"):
		refuse(f"{kind}:{doctype} without a name")
	if doctype in SHOWN:
		try:
			get_own(doctype, name)
		except (frappe.DoesNotExistError, frappe.PermissionError):
			frappe.clear_last_message()
			refuse(f"{kind}:{doctype} of somebody else")
	if kind == "print" and format_name:
		chosen = frappe.get_meta(doctype).default_print_format or "Standard"
		if format_name != chosen:
			refuse(f"print:{doctype} in another format")


def _check_project(name: str) -> None:
	"""ERPNext's page of a project asks who belongs to it; what it loads later does not."""
	user = {"parent": str(frappe.form_dict.get("project")), "user": frappe.session.user}
	if not frappe.db.exists("Project User", user):
		refuse(f"{name} of somebody else")


def _check_supplier(name: str) -> None:
	"""A supplier answers in the name of their own company; ERPNext takes the name that is sent."""
	from erpnext.controllers.website_list_for_contact import get_customers_suppliers

	_customers, suppliers = get_customers_suppliers("Supplier Quotation", frappe.session.user)
	if asked.said(frappe.form_dict.get("doc")).get("supplier") not in (suppliers or ()):
		refuse(f"{name} of somebody else")


# Keeping refusals


def _keep(name: str) -> None:
	"""Keep a refusal in the Error Log, where administrators find what they may want to allow."""
	user, name = frappe.session.user, " ".join(name.split())
	if not _is_first(f"{user}:{name}", 1) or not _is_first("all", MOST_KEPT):
		return
	frappe.log_error(
		title=f"Refused: {name}"[:140],
		message=f"{user} asked for {name} ({frappe.request.method} {frappe.request.path}) and was refused.",
		defer_insert=True,
	)


def _is_first(what: str, most: int) -> bool:
	"""Whether `what` happened no more than `most` times in this hour."""
	key = frappe.cache.make_key(f"metalcraft_refused:{what}")
	frappe.cache.set(key, 0, ex=HOUR, nx=True)
	return frappe.cache.incrby(key, 1) <= most
