"""Signing a passage: whoever passes a gate enters their password again, where the settings ask for it.

What is entered comes with the document, as `transition_password` or `transition_otp`. It is no field. It is
taken out of the request before anything else reads that, and of the document before it is saved, so that no
log and no version of the document can hold it; nothing but Frappe's own check sees it.
"""

from collections.abc import Container
from typing import Any

import frappe
import pyotp
from frappe import _, twofactor
from frappe.auth import get_login_attempt_tracker
from frappe.model.document import Document
from frappe.utils.password import Auth, check_password

from metalcraft_workflow.gates.arguments import parsed
from metalcraft_workflow.gates.input import KnownDocType, checked
from metalcraft_workflow.gates.registry import settings
from metalcraft_workflow.gates.workflow import gate_of_state, process_workflow, state_of
from metalcraft_workflow.rules.path import gates_between

PASSWORD, OTP = "transition_password", "transition_otp"

# What the record says
WITH_PASSWORD, WITH_OTP = "Password", "One-time password"

# Who signs in by one of these does it here
OWN_PROVIDER = "frappe"


class SignatureRequired(frappe.ValidationError):
	"""The gate is passed with a signature, and there is none or a wrong one."""


# Taking it out of the way


def take_from_request() -> None:
	"""Keep what a request brings as a signature for as long as it lasts, and take it out of the arguments.

	In `before_request`: what fails later is logged with them.
	"""
	arguments = frappe.local.form_dict
	given = _pop(arguments)
	for name, value in arguments.items():
		if isinstance(value, str) and (PASSWORD in value or OTP in value):
			said = parsed(value)
			if found := _pop(said):
				given |= found
				arguments[name] = frappe.as_json(said, indent=None)
	if given:
		frappe.flags.signature = given
		if "/resource/" in frappe.request.path and arguments.get("data") is None:
			# The REST API would read the body again
			arguments["data"] = frappe._dict(arguments)


def take_from_document(doc: Document) -> None:
	"""Take it out of a document that is saved. The first thing that is done with it."""
	given = {name: doc.__dict__.pop(name) for name in (PASSWORD, OTP) if name in doc.__dict__}
	if given:
		doc.flags.signature = given


def _pop(value: Any) -> dict[str, str]:
	found = {}
	if isinstance(value, dict):
		found = {name: value.pop(name) for name in (PASSWORD, OTP) if name in value}
		value = value.values()
	elif not isinstance(value, list):
		return found
	for each in value:
		found |= _pop(each)
	return found


# Asking for it


@frappe.whitelist()
@checked
def wanted(doctype: KnownDocType, name: str, action: str) -> str | None:
	"""How the user signs `action` on a document: the attribute to send, or None when no gate asks for it.

	Raises PermissionError when the user may not read the document.
	"""
	doc = frappe.get_doc(doctype, name)
	doc.check_permission("read")
	workflow = process_workflow(doctype)
	if not workflow:
		return None
	return asked_for(workflow, action, {state_of(doc)})


def asked_for(workflow: Document, action: str, states: Container[str]) -> str | None:
	"""How the user signs `action` on a document in one of `states`: the attribute to send, or None when no
	gate asks for it."""
	for row in workflow.transitions:
		if row.state in states and row.action == action:
			gates = gates_between(gate_of_state(workflow, row.state), gate_of_state(workflow, row.next_state))
			if is_asked(gates):
				return OTP if signs_in_elsewhere(frappe.session.user) else PASSWORD
	return None


def is_asked(gates: list[str]) -> bool:
	"""Whether one of `gates` is passed with a signature."""
	return bool(gates) and any(row.gate in gates for row in settings().get("signatures") or [])


def sign(doc: Document, gates: list[str]) -> str:
	"""How the user has signed that `doc` passes `gates`; empty when none of them asks for it.

	Raises SignatureRequired, with what to do.
	"""
	if not is_asked(gates):
		return ""
	given = doc.flags.signature or frappe.flags.signature or {}
	user = frappe.session.user
	if given.get(OTP):
		check(user, has_second_factor(user) and is_current(user, given[OTP]))
		return WITH_OTP
	if given.get(PASSWORD):
		check(user, is_password_of(user, given[PASSWORD]))
		return WITH_PASSWORD
	refuse(
		_("Sign this: enter your password again.")
		if not signs_in_elsewhere(user)
		else _("Sign this: enter the code that your authenticator app shows.")
		if has_second_factor(user)
		else _(
			"This has to be signed. You sign in through another service, so there is nothing here to sign with."
			' Ask your administrator for a second factor, or set a password by "Forgot Password".'
		)
	)


def check(user: str, is_right: bool) -> None:
	"""Refuse a wrong signature, and after a few of them every one for a while, as Frappe does at the login."""
	tracker = get_login_attempt_tracker(f"signature of {user}", raise_locked_exception=False)
	if not tracker.is_user_allowed():
		refuse(_("There were too many wrong signatures. Wait some minutes, then try again."))
	if not is_right:
		tracker.add_failure_attempt()
		refuse(_("That is not right, so this was not signed. Try again."))
	tracker.add_success_attempt()


def refuse(text: str) -> None:
	"""Raise SignatureRequired with `text`."""
	frappe.throw(text, SignatureRequired, title=_("Signature Required"))


def is_password_of(user: str, password: str) -> bool:
	"""Whether `password` is the user's own."""
	try:
		return bool(check_password(user, password, delete_tracker_cache=False))
	except frappe.AuthenticationError:
		return False


def is_current(user: str, code: str) -> bool:
	"""Whether `code` is what the user's authenticator app shows, or showed a moment ago, when they typed it."""
	return pyotp.TOTP(twofactor.get_otpsecret_for_(user)).verify(str(code).strip(), valid_window=1)


def signs_in_elsewhere(user: str) -> bool:
	"""Whether the user signs in through another service, or has no password here."""
	others = {"parent": user, "parenttype": "User", "provider": ["!=", OWN_PROVIDER]}
	return bool(frappe.db.exists("User Social Login", others)) or not has_password(user)


def has_password(user: str) -> bool:
	"""Whether the user has a password here."""
	return bool(
		frappe.qb.from_(Auth)
		.where((Auth.doctype == "User") & (Auth.name == user))
		.where((Auth.fieldname == "password") & (Auth.encrypted == 0))
		.select(Auth.name)
		.limit(1)
		.run()
	)


def has_second_factor(user: str) -> bool:
	"""Whether the site asks this user for the code of an authenticator app, and they have set it up."""
	return bool(
		twofactor.two_factor_is_enabled(user)
		and twofactor.get_verification_method() == "OTP App"
		and twofactor.get_default(f"{user}_otpsecret")
	)
