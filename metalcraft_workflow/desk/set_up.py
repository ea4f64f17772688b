"""Check Set-Up: what the process still needs on this site, each point with the place where it is mended."""

from collections.abc import Iterator
from shutil import which

import frappe
from frappe import _
from frappe.utils import comma_or, get_fullname
from frappe.utils.scheduler import is_scheduler_disabled

from metalcraft_workflow.gates.input import checked
from metalcraft_workflow.gates.notifications import users_with_roles
from metalcraft_workflow.gates.registry import settings
from metalcraft_workflow.gates.workflow import active_workflow, gate_of_state
from metalcraft_workflow.rules import path
from metalcraft_workflow.rules import set_up as rules

SETTINGS = ("Metalcraft Settings", "Metalcraft Settings")


@frappe.whitelist(methods=["GET"])
@checked
def check_set_up() -> list[dict]:
	"""What the process needs, met or not: `{label, met, message, doctype, name}`, where `doctype` and `name` lead
	to where it is mended; no name: to the list. Raises PermissionError for who may not write the settings."""
	frappe.has_permission("Metalcraft Settings", "write", throw=True)
	return [
		*workflows(),
		*people(),
		*warehouses(),
		*departments(),
		*mail(),
		*server(),
	]


def point(label: str, problem: str, doctype: str, name: str = "") -> dict:
	"""One point; without a problem it is met."""
	return {"label": label, "met": not problem, "message": problem, "doctype": doctype, "name": name}


def workflows() -> Iterator[dict]:
	for doctype in ("Sales Order", "Delivery Note"):
		workflow = active_workflow(doctype)
		problem = ""
		if not workflow:
			problem = _("No workflow is active. Restore the default workflows in the settings.")
		yield point(
			_("Workflow of {0}").format(_(doctype)), problem, "Workflow", workflow.name if workflow else ""
		)


def people() -> Iterator[dict]:
	"""Somebody for each step, and for two steps that nobody may take both."""
	roles: dict[str, set[str]] = {}
	actions: dict[str, str] = {}
	for doctype in ("Sales Order", "Delivery Note"):
		workflow = active_workflow(doctype)
		for transition in workflow.transitions if workflow else ():
			passed = path.gates_between(
				gate_of_state(workflow, transition.state), gate_of_state(workflow, transition.next_state)
			)
			if len(passed) == 1:
				actions.setdefault(passed[0], _(transition.action))
			for gate in passed:
				roles.setdefault(gate, set()).add(transition.allowed)
	users = {
		gate: [user for user in users_with_roles(names) if user != "Administrator"]
		for gate, names in roles.items()
	}
	demanded = {gate.separate: bool(settings().get(gate.separate)) for gate in path.gates() if gate.separate}
	for step in rules.steps(users, demanded):
		if step.gate not in roles:
			continue  # no state carries the gate
		text = rules.problem(step)
		yield point(
			_("People for “{0}”").format(actions.get(step.gate) or _(path.find(step.gate).passed)),
			_(text).format(
				roles=comma_or([_(role) for role in sorted(roles[step.gate])]),
				person=get_fullname(next(iter(step.people), "")),
			)
			if text
			else "",
			"User",
		)


def warehouses() -> Iterator[dict]:
	named = {row.company for row in settings().warehouses if row.final_pack_warehouse}
	for company in frappe.get_all("Company", filters={"is_group": 0}, pluck="name", order_by="name"):
		yield point(
			_("Final Pack warehouse of {0}").format(company),
			"" if company in named else _("Name the warehouse, or nothing of this company can be packed."),
			*SETTINGS,
		)


def departments() -> Iterator[dict]:
	found = frappe.get_all("Production Department", filters={"active": 1}, pluck="name", order_by="name")
	if not found:
		problem = _("There is none. Make one for each department that produces.")
		yield point(_("Production departments"), problem, "Production Department")
	for name in found:
		addresses, left_out = frappe.get_doc("Production Department", name).addresses()
		problem = ""
		if not addresses:
			problem = _("It has nobody to tell. Add recipients with an address.")
		elif left_out:
			problem = _("These cannot be told: {0}.").format(", ".join(left_out))
		yield point(_("Recipients of {0}").format(name), problem, "Production Department", name)
	default = settings().default_production_department
	yield point(
		_("Default production department"),
		"" if default else _("Lines whose item names no department cannot be approved."),
		*SETTINGS,
	)


def outgoing_account() -> str | None:
	"""The account that mails leave by."""
	return frappe.db.exists("Email Account", {"enable_outgoing": 1, "default_outgoing": 1})


def can_mail() -> bool:
	"""Whether mails can leave the site."""
	return bool(outgoing_account() or frappe.conf.get("mail_server"))


def mail() -> Iterator[dict]:
	yield point(
		_("Outgoing mail"),
		"" if can_mail() else _("Set up an account for outgoing mail, or nobody is told anything by mail."),
		"Email Account",
		outgoing_account() or "",
	)


def server() -> Iterator[dict]:
	problem = _("It is off: mails, notices and orders to close wait. Ask whoever runs the server.")
	yield point(
		_("Scheduler"), problem if is_scheduler_disabled() else "", "System Settings", "System Settings"
	)
	problem = _(
		"wkhtmltopdf is not installed: mails leave without their prints. Ask whoever runs the server."
	)
	yield point(
		_("Prints as PDF"), "" if which("wkhtmltopdf") else problem, "Print Settings", "Print Settings"
	)
