"""Overriding one named requirement of one document, with a reason, on record."""

import frappe
from frappe import _

from metalcraft_workflow.gates import record, registry
from metalcraft_workflow.gates.input import KnownDocType, LongText, checked
from metalcraft_workflow.gates.workflow import states_by_gate
from metalcraft_workflow.rules.path import CLOSE, has_passed
from metalcraft_workflow.rules.requirement import unmet


@frappe.whitelist(methods=["POST"])
@checked
def waive(doctype: KnownDocType, name: str, gate: str, requirement: str, reason: LongText) -> str:
	"""Waive `requirement` (its code) of `gate` for one document; gives the name of the record.

	The waiver holds for the document as it is now and lapses when what the gate vouches for changes.
	Raises PermissionError for who may not, ValidationError when there is no reason or nothing to waive.
	"""
	# Who saves the document holds it before its place in the log, and so does who waives
	doc = frappe.get_doc(doctype, name, for_update=True)
	doc.check_permission("read")
	if not is_asked(doctype, gate):
		frappe.throw(
			_("There is nothing to waive: no active workflow takes a {0} past the gate {1}.").format(
				_(doctype), frappe.bold(frappe.utils.escape_html(gate))
			),
			title=_("Nothing to Waive"),
		)
	role = registry.waiver_role(gate, requirement)
	if not role or role not in frappe.get_roles():
		frappe.throw(
			_("You may not waive this. {0}").format(
				_("The settings name the role {0} for it.").format(_(role))
				if role
				else _("The settings name no role that may.")
			),
			frappe.PermissionError,
			title=_("Not Allowed to Waive"),
		)
	reason = (reason or "").strip()
	if not reason:
		frappe.throw(
			_("A waiver needs a reason. Say in a sentence why this requirement does not have to be met."),
			title=_("Reason Required"),
		)
	missing = {row.code: row for row in unmet(registry.requirements_of(gate, doc))}
	if requirement not in missing or not missing[requirement].waivable:
		frappe.throw(
			_("There is nothing to waive: this requirement is met, or cannot be waived."),
			title=_("Nothing to Waive"),
		)
	written = record.write(doc, "Waiver", gate=gate, requirement=requirement, role=role, reason=reason)
	doc.add_comment(
		"Info",
		_("waived: {0}. Reason: {1}").format(_(missing[requirement].label), frappe.utils.escape_html(reason)),
	)
	registry.run_effects(f"waive_{gate}", doc)
	return written.name


def is_asked(doctype: str, gate: str) -> bool:
	"""Whether documents of `doctype` meet `gate`: on their way through the active workflow, or an order at
	its end."""
	if gate == CLOSE:
		return doctype == "Sales Order"
	return any(has_passed(attached, gate) for attached in states_by_gate(doctype).values())
