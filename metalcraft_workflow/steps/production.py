"""Step 6: an approved order goes to the production departments, and so does every change of it."""

from datetime import date

import frappe
from frappe import _
from frappe.model.document import Document
from frappe.utils import flt, getdate, strip_html

from metalcraft_workflow.gates import record
from metalcraft_workflow.gates.language import in_language
from metalcraft_workflow.gates.message import said, typed_text
from metalcraft_workflow.gates.numbers import written_qty
from metalcraft_workflow.gates.once import once
from metalcraft_workflow.gates.registry import settings
from metalcraft_workflow.gates.workflow import gate_of
from metalcraft_workflow.outgoing import production_notices
from metalcraft_workflow.rules import production_notices as rules
from metalcraft_workflow.rules import routing
from metalcraft_workflow.rules.requirement import Requirement

# Where the lines go


def routed_requirement(doc: Document) -> list[Requirement]:
	"""Every line goes to a department: gate `approve`."""
	return [routing.routed(routes_of(doc))]


def routes_of(doc: Document) -> list[routing.Route]:
	"""Which department makes which line of `doc`. Read once a save."""
	return once(doc, "routes", lambda: _read_routes(doc))


def _read_routes(doc: Document) -> list[routing.Route]:
	bundles = {}
	for row in doc.get("packed_items") or []:
		bundles.setdefault(row.parent_detail_docname, {})[row.item_code] = None
	lines = [
		routing.RoutedLine(
			name=row.name,
			idx=row.idx,
			item_code=row.item_code,
			parts=tuple(bundles.get(row.name, ())),
			by_supplier=bool(row.delivered_by_supplier),
		)
		for row in doc.items
		if row.item_code
	]
	codes = {code for line in lines for code in (line.item_code, *line.parts)}
	default = settings().default_production_department
	if default and not frappe.get_cached_value("Production Department", default, "active"):
		default = None
	return routing.routes(lines, items_of(codes), default)


def items_of(codes: set[str]) -> dict[str, routing.Item]:
	"""What routing has to know of each item, in three queries whatever the number of items."""
	if not codes:
		return {}
	rows = frappe.get_all(
		"Item",
		filters={"name": ["in", list(codes)]},
		fields=["name", "item_group", "is_stock_item", "variant_of"],
	)
	own = departments_of_items(
		{row.name for row in rows} | {row.variant_of for row in rows if row.variant_of}
	)
	groups = departments_of_groups({row.item_group for row in rows})
	return {
		row.name: routing.Item(
			item_code=row.name,
			own=own.get(row.name) or own.get(row.variant_of) or (),
			groups=groups.get(row.item_group, ()),
			is_made=bool(row.is_stock_item),
		)
		for row in rows
	}


def departments_of_items(codes: set[str]) -> dict[str, routing.Departments]:
	"""Item -> active departments that it names itself."""
	named, department = (
		frappe.qb.DocType("Item Production Department"),
		frappe.qb.DocType("Production Department"),
	)
	rows = (
		frappe.qb.from_(named)
		.join(department)
		.on(named.department == department.name)
		.where(named.parenttype == "Item")
		.where(named.parent.isin(list(codes)))
		.where(department.active == 1)
		.orderby(named.idx)
		.select(named.parent, named.department)
		.run()
	)
	found: dict[str, dict[str, None]] = {}
	for code, name in rows:
		found.setdefault(code, {})[name] = None
	return {code: tuple(names) for code, names in found.items()}


def departments_of_groups(groups: set[str]) -> dict[str, tuple[routing.Departments, ...]]:
	"""Item group -> active departments of itself and of each group above that names any, nearest first."""
	named, department = (
		frappe.qb.DocType("Item Production Department"),
		frappe.qb.DocType("Production Department"),
	)
	group, above = frappe.qb.DocType("Item Group"), frappe.qb.DocType("Item Group").as_("above")
	rows = (
		frappe.qb.from_(group)
		.join(above)
		.on((above.lft <= group.lft) & (above.rgt >= group.rgt))
		.join(named)
		.on((named.parent == above.name) & (named.parenttype == "Item Group"))
		.join(department)
		.on(named.department == department.name)
		.where(group.name.isin(list(groups)))
		.where(department.active == 1)
		.orderby(above.lft, order=frappe.qb.desc)
		.orderby(named.idx)
		.select(group.name, above.name, named.department)
		.run()
	)
	found: dict[str, dict[str, dict[str, None]]] = {}
	for name, ancestor, department_name in rows:
		found.setdefault(name, {}).setdefault(ancestor, {})[department_name] = None
	return {name: tuple(tuple(names) for names in chain.values()) for name, chain in found.items()}


# Telling the departments


def notify_departments(doc: Document) -> None:
	"""Tell each department what is new for it. Effect of `approve`: a first approval, one of an amended
	order, and one of changes that were accepted."""
	if doc.follows_process:
		write_notices(doc, rules.notices(lines_by_department(doc), told(doc), doc.production_notes or ""))


def notify_of_notes(doc: Document, method: str | None = None) -> None:
	"""Tell the departments when the notes for production of an approved order change.

	In `on_update_after_submit`. Other changes wait until they are approved.
	"""
	before = doc.get_doc_before_save()
	if (
		before
		and doc.follows_process
		and (before.production_notes or "").strip() != (doc.production_notes or "").strip()
		and gate_of(doc) == "approve"
	):
		notify_departments(doc)


def notify_of_cancel(doc: Document, method: str | None = None) -> None:
	"""Tell every department that works on the order to stop. In `on_cancel`."""
	if doc.follows_process and (before := told(doc)):
		production_notices.leave_off_travellers(doc.process_id)
		write_notices(doc, rules.notices({}, before))


def lines_by_department(doc: Document) -> dict[str, list[rules.NoticeLine]]:
	"""Department -> what it has to make for `doc`."""
	lines = {row.name: row for row in doc.items}
	found: dict[str, list[rules.NoticeLine]] = {}
	for route in routes_of(doc):
		row = lines[route.line]
		line = (
			whole_line(doc, row) if route.item_code == row.item_code else part_line(doc, row, route.item_code)
		)
		for department in route.departments:
			found.setdefault(department, []).append(line)
	return found


def whole_line(doc: Document, row: Document) -> rules.NoticeLine:
	"""An order line as a department is told of it."""
	description = plain(row.description)
	return rules.NoticeLine(
		line=row.name,
		item_code=row.item_code,
		item_name=row.item_name or "",
		qty=flt(row.qty),
		uom=row.uom or "",
		ship_date=as_date(row.delivery_date or doc.delivery_date),
		description="" if description in (row.item_name, row.item_code) else description,
	)


def part_line(doc: Document, row: Document, item_code: str) -> rules.NoticeLine:
	"""One item in the product bundle of an order line, as a department is told of it."""
	parts = [
		part
		for part in doc.packed_items
		if part.parent_detail_docname == row.name and part.item_code == item_code
	]
	return rules.NoticeLine(
		line=row.name,
		item_code=item_code,
		item_name=parts[0].item_name or "",
		qty=sum(flt(part.qty) for part in parts),
		uom=parts[0].uom or "",
		ship_date=as_date(row.delivery_date or doc.delivery_date),
		description=part_of(row),
	)


def part_of(row: Document) -> str:
	"""What the item of a bundle is part of, in the language of the site: it is compared with what was told
	before."""
	with in_language(None):
		return _("Part of {0}").format(row.item_code)


def told(doc: Document) -> dict[str, rules.Told]:
	"""Department -> what the last notice about `doc`, or about an order that it amends, said."""
	own, *_amended = ids = predecessors(doc)
	latest: dict[str, frappe._dict] = {}
	for row in frappe.get_all(
		"Production Notice",
		filters={"process_id": ["in", ids]},
		fields=["name", "process_id", "department", "revision", "kind", "notes"],
		order_by="revision",
	):
		latest[row.department] = row
	lines: dict[str, list[rules.NoticeLine]] = {}
	for row in latest and frappe.get_all(
		"Production Notice Item",
		filters={"parent": ["in", [row.name for row in latest.values()]], "qty": [">", 0]},
		fields=[
			"parent",
			"sales_order_item",
			"item_code",
			"item_name",
			"qty",
			"uom",
			"delivery_date",
			"description",
		],
		order_by="parent, idx",
	):
		lines.setdefault(row.parent, []).append(
			rules.NoticeLine(
				line=row.sales_order_item,
				item_code=row.item_code,
				item_name=row.item_name or "",
				qty=row.qty,
				uom=row.uom or "",
				ship_date=row.delivery_date,
				description=row.description or "",
			)
		)
	return {
		row.department: rules.Told(
			lines=tuple(lines.get(row.name, ())),
			notes=row.notes or "",
			revision=row.revision,
			cancelled=row.kind == rules.CANCEL,
			replaced=row.process_id != own,
		)
		for row in latest.values()
	}


def predecessors(doc: Document) -> list[str]:
	"""The process IDs of `doc` and of the orders that it amends, newest first."""
	ids, amended = [record.process_id_of(doc)], doc.amended_from
	while amended:
		process_id, amended = frappe.db.get_value(doc.doctype, amended, ["process_id", "amended_from"])
		ids.append(process_id or record.NOBODY)
	return ids


def write_notices(doc: Document, notices: list[rules.Notice]) -> None:
	"""Write the notices, in the transaction of the order; their mails follow."""
	production_notices.hand_over([write_notice(doc, notice) for notice in notices])


def write_notice(doc: Document, notice: rules.Notice) -> Document:
	"""Write a notice: its department is told by it."""
	written = frappe.get_doc(
		{
			"doctype": "Production Notice",
			"sales_order": doc.name,
			"company": doc.company,
			"process_id": doc.process_id,
			"department": notice.department,
			"revision": notice.revision,
			"kind": notice.kind,
			"customer": doc.customer,
			"customer_name": doc.customer_name,
			"po_no": doc.po_no,
			"ship_date": min(
				(line.ship_date for line in notice.lines if line.qty and line.ship_date), default=None
			),
			"what_changed": what_changed(doc, notice),
			"notes": doc.production_notes,
			"items": [
				{
					"sales_order_item": line.line,
					"item_code": line.item_code,
					"item_name": line.item_name,
					"qty": line.qty,
					"uom": line.uom,
					"delivery_date": line.ship_date,
					"description": line.description,
					"change": "; ".join(in_words(change) for change in line.changes),
				}
				for line in notice.lines
			],
		}
	)
	written.flags.by_process = True
	# An item may have been disabled or renamed since; what a department is told does not depend on it.
	written.flags.ignore_links = True
	return written.insert(ignore_permissions=True)  # nobody has a permission to write notices


def what_changed(doc: Document, notice: rules.Notice) -> str:
	"""What is different for the department, beside its lines; in the language of the site."""
	if notice.kind != rules.CHANGE:
		return ""
	sentences = []
	with in_language(None):
		if doc.amended_from and not any(line.changes for line in notice.lines):
			sentences.append(_("Replaces order {0}. Nothing changed for you.").format(doc.amended_from))
		elif doc.amended_from:
			sentences.append(_("Replaces order {0}.").format(doc.amended_from))
		if notice.notes_changed:
			sentences.append(_("The notes changed."))
	return " ".join(sentences)


def in_words(change: rules.Change) -> str:
	"""A change as a phrase in the language of the site."""
	with in_language(None):
		return said(change.text, {name: value or _("none") for name, value in change.params.items()})


def as_date(value) -> date | None:
	"""A date as the rules want it, whether it came from the form or from the database."""
	return getdate(value) if value else None


def plain(html: str | None) -> str:
	"""Text of a description, in one line."""
	return " ".join(strip_html(html or "").split())


# The traveller


def production_work(doc: Document) -> dict:
	"""Who makes what of `doc`, for the traveller: a Jinja method.

	Gives `departments`, everybody who has work, the `notes` as HTML, and for each line its `departments`
	and the `parts` of its bundle in words.
	"""
	work = {row.name: {"departments": [], "parts": []} for row in doc.items}
	for route in routes_of(doc):
		names = work[route.line]["departments"]
		names += [department for department in route.departments if department not in names]
	for row in doc.get("packed_items") or []:
		if row.parent_detail_docname in work:
			work[row.parent_detail_docname]["parts"].append(
				f"{written_qty(row.qty, row.uom)} x {row.item_code}"
			)
	everybody = dict.fromkeys(name for row in doc.items for name in work[row.name]["departments"])
	return {**work, "departments": list(everybody), "notes": typed_text(doc.production_notes)}
