"""Lines written on their own: "Update Items" does it, and the REST API can. The events of their
document do not run then, so the one rule of the guard that would be passed by is kept here; and tables
that only their document may write are not written alone."""

import frappe
from frappe import _
from frappe.model.document import Document
from frappe.utils import comma_or, cstr

from metalcraft_workflow.gates.guard import PassageRefused
from metalcraft_workflow.gates.workflow import active_workflow, state_rows


def check_editor(row: Document, method: str | None = None) -> None:
	"""Refuse to write or delete a line while it is another role's turn to edit its document.

	Raises PassageRefused. The events of a line run only when it is saved by itself.
	"""
	workflow = active_workflow(row.parenttype)
	if not workflow:
		return
	state = frappe.db.get_value(row.parenttype, row.parent, workflow.workflow_state_field)
	editors = {found.allow_edit for found in state_rows(workflow, state)} if state else set()
	if editors and not editors & set(frappe.get_roles()):
		frappe.throw(
			_("{0} {1} is in state {2}: only {3} may change its lines.").format(
				_(row.parenttype),
				row.parent,
				frappe.bold(_(state)),
				comma_or([_(role) for role in sorted(editors)]),
			),
			PassageRefused,
			title=_("Not Your Turn"),
		)


def refuse_alone(row: Document, method: str | None = None) -> None:
	"""Refuse to write or delete a row by itself, around the checks and stamps of its document. Raises
	PermissionError."""
	frappe.throw(
		_("Change this on {0} {1} itself.").format(_(cstr(row.parenttype)), cstr(row.parent)),
		frappe.PermissionError,
		title=_("Not Row by Row"),
	)
