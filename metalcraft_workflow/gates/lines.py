"""Rows written without their document. The events of the document do not run then, so nobody can write a row
alone: of an order or a delivery of the process, every table is written through the document.

"Update Items" of ERPNext writes the lines of a submitted order one by one, and goes on working: a request
writes rows alone when it asks for that, and lines of that order only. So does server code that runs without a
request, unless a background job was asked for rows of the table. Then it is for the editor of the document, and
the server's fields of the row are put back.
"""

from collections.abc import Iterator

import frappe
from frappe import _
from frappe.model.document import Document
from frappe.utils import comma_and, comma_or, cstr, get_link_to_form

from metalcraft_workflow.gates.arguments import parsed
from metalcraft_workflow.gates.guard import restore
from metalcraft_workflow.gates.refusals import PassageRefused
from metalcraft_workflow.gates.workflow import process_workflow, state_rows
from metalcraft_workflow.rules.path import RELEASED_AT

# It is asked to change an order, whatever the rows in its arguments call themselves
UPDATE_ITEMS = "erpnext.controllers.accounts_controller.update_child_qty_rate"

# Frappe's own ways to write any document; others are found by the events of the rows
WRITERS = frozenset(
	(
		"run_doc_method",
		"runserverobj",
		"frappe.handler.run_doc_method",
		"frappe.handler.runserverobj",
		"frappe.client.save",
		"frappe.client.submit",
		"frappe.client.cancel",
		"frappe.client.bulk_update",
		"frappe.desk.calendar.update_event",
		"frappe.desk.doctype.bulk_update.bulk_update.submit_cancel_or_update_docs",
		"frappe.desk.form.save.cancel",
		"frappe.desk.form.save.discard",
		"frappe.desk.form.save.savedocs",
		"frappe.desk.reportview.delete_items",
		"frappe.model.rename_doc.update_document_title",
		"frappe.model.workflow.apply_workflow",
	)
)
RESOURCES = ("resource", "document")
NAMED_AS = ("doctype", "dt")


def check_row(row: Document, method: str | None = None) -> None:
	"""Refuse to write or delete a row of an order or a delivery by itself; let "Update Items" write it, while it
	is the user's turn to edit the document.

	Raises PassageRefused. The events of a row run only when it is saved by itself.
	"""
	document = _process_document(row.parenttype, row.parent)
	if not document:
		return
	if not may_write(row):
		refuse_alone(row)
	if method != "on_trash":
		restore(row, row.get_doc_before_save())
	check_editor(row, document.workflow_state)


def check_editor(row: Document, state: str | None) -> None:
	"""Refuse to write a row while it is another role's turn to edit its document. Raises PassageRefused."""
	workflow = process_workflow(row.parenttype)
	editors = {found.allow_edit for found in state_rows(workflow, state)} if workflow and state else set()
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


def check_not_under_way(row: Document, method: str | None = None) -> None:
	"""Refuse to take a line off an order that stands on a delivery note or an invoice which is still a draft:
	that could neither go on nor be deleted then. `before_cancel` and `on_trash` of Sales Order Item: "Update
	Items" cancels a line before it deletes it. Raises ValidationError."""
	under_way = [
		(doctype, name)
		for doctype in ("Delivery Note", "Sales Invoice")
		for name in frappe.get_all(
			f"{doctype} Item",
			filters={"so_detail": row.name, "docstatus": 0, "parenttype": doctype},
			pluck="parent",
			distinct=True,
			order_by="parent",
		)
	]
	if under_way:
		frappe.throw(
			_("Row #{0}: {1} stands on {2}. Take it off there first, or delete that.").format(
				row.idx,
				row.item_code,
				comma_and([get_link_to_form(*found) for found in under_way], add_quotes=False),
			),
			title=_("Under Way"),
		)


def refuse_alone(row: Document, method: str | None = None) -> None:
	"""Refuse to write or delete a row by itself, around the checks and stamps of its document. Raises
	PermissionError."""
	frappe.throw(
		_("Change this on {0} {1} itself.").format(_(cstr(row.parenttype)), cstr(row.parent)),
		PassageRefused,
		title=_("Not Row by Row"),
	)


def check_request() -> None:
	"""Refuse a request that writes rows of an order or a delivery alone, whatever their table: also those of
	tables that an administrator or another app has added, whose events are not known here. In `auth_hooks`.

	Raises PermissionError.
	"""
	if frappe.session.user == "Guest":
		return  # may write no row anyway
	for named in _named_for_writing():
		table = named.get("doctype")
		if not isinstance(table, str) or not frappe.is_table(table):
			continue
		for name in named.get("names") or [named.get("name")]:
			stored = name and frappe.db.get_value(table, name, ["parenttype", "parent"], as_dict=True)
			for row in filter(None, (stored, named)):
				if _process_document(row.get("parenttype"), row.get("parent")):
					refuse_alone(frappe._dict(row))


def may_write(row: Document) -> bool:
	"""Whether a row is written without its document by what may: "Update Items" of its order, or server code
	that nobody has asked for rows of this table."""
	if frappe.flags.in_import:
		return False
	if getattr(frappe.local, "request", None):
		return _address()[1] == UPDATE_ITEMS and row.parent == _arguments().get("parent_doctype_name")
	job = getattr(frappe.local, "job", None)
	table = row.doctype.casefold()
	return not any(
		str(named["doctype"]).casefold() == table for named in _documents((job and job.kwargs) or {})
	)


def _process_document(doctype: str | None, name: str | None) -> frappe._dict | None:
	"""The document of a row, when it is an order or a delivery of the process: its `workflow_state`."""
	if doctype not in RELEASED_AT or not name:
		return None
	found = frappe.db.get_value(doctype, name, ["follows_process", "workflow_state"], as_dict=True)
	return found if found and found.follows_process else None


def _named_for_writing() -> Iterator[dict]:
	"""What the request asks Frappe's own ways to write."""
	if not getattr(frappe.local, "request", None):
		return
	resource, called = _address()
	if resource:
		if frappe.request.method != "GET":
			yield {**_arguments(), **resource}
	elif called in WRITERS:
		yield from _documents(_arguments())


def _address() -> tuple[dict | None, str]:
	"""What a path of the REST API leads to, and the method that is called."""
	parts = [part for part in frappe.request.path.split("/") if part]
	for place, part in enumerate(parts[:3]):
		if parts[0] == "api" and part in RESOURCES and len(parts) > place + 1:
			return {"doctype": parts[place + 1], "name": next(iter(parts[place + 2 :]), None)}, ""
	called = "/".join(parts[parts.index("method") + 1 :]) if "method" in parts[:3] else ""
	return None, frappe.form_dict.get("cmd") or called


def _arguments() -> dict:
	return dict(frappe.local.form_dict)


def _documents(arguments: dict) -> Iterator[dict]:
	"""The documents that arguments of a call name: by their DocType, or as a whole, alone or in a list."""
	for name in NAMED_AS:
		if isinstance(arguments.get(name), str):
			names = parsed(arguments.get("items") or arguments.get("docnames"))
			yield {
				"name": arguments.get("name") or arguments.get("docname") or arguments.get("dn"),
				**arguments,
				"doctype": arguments[name],
				"names": names if isinstance(names, list) else None,
			}
	for value in map(parsed, arguments.values()):
		for each in value if isinstance(value, list) else [value]:
			if isinstance(each, dict) and each.get("doctype"):
				yield {"name": each.get("docname"), **each}
