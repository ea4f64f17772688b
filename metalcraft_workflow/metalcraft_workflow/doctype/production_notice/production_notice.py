"""What a production department was told about an order (step 6); see `outgoing.production_notices`."""

import frappe
from frappe import _
from frappe.model.document import Document

# The desk and REST call these by this address
from metalcraft_workflow.outgoing.production_notices import (
	acknowledge,
	deliver,
	finish,
	is_of_department,
	send_again,
)

__all__ = ["ProductionNotice", "acknowledge", "deliver", "finish", "on_doctype_update", "send_again"]


class ProductionNotice(Document):
	def before_insert(self):
		self.status, self.attempts = "Pending", 0

	def after_insert(self):
		# All lines in one query: an order may have hundreds, and several departments
		rows = [row.get_valid_dict(convert_dates_to_str=True, ignore_virtual=True) for row in self.items]
		if rows:
			values = [list(row.values()) for row in rows]
			frappe.db.bulk_insert("Production Notice Item", list(rows[0]), values)

	def validate(self):
		if not self.flags.by_process:
			frappe.throw(
				_("Production notices are written by the process. Acknowledge or finish this one instead."),
				frappe.PermissionError,
				title=_("Not Editable"),
			)

	def on_trash(self):
		frappe.throw(
			_(
				"A production notice is kept on record: it says what a department was told. Finish it instead."
			),
			frappe.PermissionError,
			title=_("Kept for Good"),
		)

	def onload(self):
		self.set_onload("may_act", is_of_department(self))


def on_doctype_update():
	"""One notice an order, department and revision: the database holds it, whoever writes."""
	frappe.db.add_unique("Production Notice", ["process_id", "department", "revision"])
