"""Goods that come back (RMA): authorized first, received by Shipping, judged by Quality Assurance, and
then credited, replaced or reworked.

The authorization is made from an order or a delivery; the return and the credit note are made from the
authorization. What is to be shipped again goes the whole way of the order once more: to Final Pack,
packed, released, cleared and shipped.
"""

from collections.abc import Iterable
from dataclasses import replace
from typing import Annotated

import frappe
from frappe import _
from frappe.model.document import Document
from frappe.utils import escape_html, flt, get_link_to_form

from metalcraft_workflow import compat
from metalcraft_workflow.facts import delivery, final_pack, returns, traceability
from metalcraft_workflow.facts.orders import orders_of, total_of
from metalcraft_workflow.facts.returns import AUTHORIZATION, ROW
from metalcraft_workflow.gates.input import Each, LongText, Of, Sent, checked
from metalcraft_workflow.gates.message import in_words, refuse
from metalcraft_workflow.gates.notifications import notify_roles
from metalcraft_workflow.gates.numbers import written_qty
from metalcraft_workflow.rules import returns as rules
from metalcraft_workflow.rules.allocation import AllocationMove, free_sources
from metalcraft_workflow.rules.requirement import Listing, Phrase, _lt

# Making an authorization


@frappe.whitelist()
@checked
def make_for_order(source_name: str, target_doc: Annotated[Sent, Of(AUTHORIZATION)] = None) -> Document:
	"""A Return Authorization, not saved, of everything of an order that can come back.

	Raises PermissionError for who may not read the order or make authorizations, ValidationError when
	nothing can come back.
	"""
	order = frappe.get_doc("Sales Order", source_name)
	order.check_permission("read")
	names = frappe.get_all(
		"Delivery Note",
		filters=[
			["Delivery Note Item", "against_sales_order", "=", source_name],
			["Delivery Note", "docstatus", "=", 1],
			["Delivery Note", "is_return", "=", 0],
		],
		pluck="name",
		distinct=True,
		order_by="name",
	)
	return make(names, target_doc, only_order=source_name)


@frappe.whitelist()
@checked
def make_for_delivery(source_name: str, target_doc: Annotated[Sent, Of(AUTHORIZATION)] = None) -> Document:
	"""A Return Authorization, not saved, of everything of a delivery note that can come back; raises as
	`make_for_order` does."""
	frappe.get_doc("Delivery Note", source_name).check_permission("read")
	return make([source_name], target_doc)


def make(names: list[str], target_doc: dict | Document | None, only_order: str = "") -> Document:
	"""The rows of an authorization for the delivery notes `names`: one a line, or one a batch of it."""
	frappe.has_permission(AUTHORIZATION, "create", throw=True)
	doc = frappe.get_doc(target_doc) if target_doc else frappe.new_doc(AUTHORIZATION)
	doc.set("items", [row for row in doc.items if row.delivery_note_item])
	there = {row.delivery_note_item for row in doc.items}
	deliveries = [frappe.get_doc("Delivery Note", name) for name in names]
	lines = [
		line
		for note in deliveries
		if note.docstatus == 1 and not note.is_return and note.follows_process
		for line in note.items
		if line.so_detail and line.name not in there and only_order in ("", line.against_sales_order)
	]
	taken = returns.taken_of([line.name for line in lines])
	shipped = {}
	for note in deliveries:
		shipped |= returns.shipped_by(note)
	for line in lines:
		for source in sources_left(line, shipped[line.name], taken):
			doc.append(
				"items",
				{
					"delivery_note_item": line.name,
					"delivery_note": line.parent,
					"sales_order": line.against_sales_order,
					"so_detail": line.so_detail,
					"item_code": line.item_code,
					"item_name": line.item_name,
					"uom": line.uom,
					"qty": source.qty,
					"batch_no": source.batch_no or None,
					"serial_nos": "\n".join(source.serial_nos),
				},
			)
	if not doc.items:
		frappe.throw(
			_("Nothing of it can come back: nothing has shipped, or all of it is on a return already."),
			title=_("Nothing to Return"),
		)
	for note in deliveries[:1]:
		doc.update({"customer": note.customer, "customer_name": note.customer_name, "company": note.company})
	return doc


def sources_left(line: Document, shipped: rules.Shipped, taken: list[rules.ReturnPart]) -> list[rules.Source]:
	"""What may come back of a delivery's line, in the line's unit: one for each of its batches, where
	those say how much there is."""
	left = rules.left_of(line.name, shipped, taken)
	if left <= 0:
		return []
	sources = [] if shipped.is_bundle else rules.left_sources(line.name, shipped, taken)
	if flt(sum(source.qty for source in sources) - left * shipped.factor, rules.PLACES):
		return [rules.Source(left)]
	return [
		rules.Source(source.qty / shipped.factor, source.batch_no, source.serial_nos) for source in sources
	]


# Authorized, closed, judged


def authorized(doc: Document, method: str | None = None) -> None:
	"""Say on the orders that something is to come back, and tell Shipping. `on_submit`."""
	doc.status = returns.sync_status(doc.name)
	for name in doc.orders():
		rows = [
			f"{written_qty(row.qty, row.uom)} {row.item_code} ({_(row.disposition)})"
			for row in doc.items
			if row.sales_order == name
		]
		frappe.get_doc("Sales Order", name).add_comment(
			"Info",
			_("Return authorized by {0}: {1}").format(
				get_link_to_form(AUTHORIZATION, doc.name), escape_html(", ".join(rows))
			),
		)
	notify_roles(
		{"Shipping"},
		doc,
		Phrase(
			_lt("{customer} may send goods back: {authorization}"),
			{"customer": doc.customer_name, "authorization": doc.name},
		),
	)


def changed(doc: Document, method: str | None = None) -> None:
	"""Keep where an authorization stands that was changed, closed or cancelled.

	`on_update_after_submit` and `on_cancel`. What its orders have to bring again changes with a disposition;
	that is kept when they are settled, because an authorization does not wait for orders: see `facts.locks`.
	"""
	doc.status = returns.sync_status(doc.name)


@frappe.whitelist(methods=["POST"])
@checked
def close(name: str, reason: LongText) -> str:
	"""Expect nothing more by an authorization; gives its status. What came back stays to be dealt with.

	Raises PermissionError for who may not authorize returns, ValidationError without a reason.
	"""
	doc = frappe.get_doc(AUTHORIZATION, name)
	doc.check_permission("submit")
	reason = (reason or "").strip()
	if doc.docstatus != 1 or doc.closed:
		frappe.throw(_("{0} waits for nothing.").format(name))
	if not reason:
		frappe.throw(_("Say in a sentence why nothing more is expected."), title=_("Reason Required"))
	doc.update({"closed": 1, "closed_reason": reason})
	doc.flags.by_process = True
	doc.save()
	return frappe.db.get_value(AUTHORIZATION, name, "status")


@frappe.whitelist(methods=["POST"])
@checked
def record_condition(name: str, rows: Annotated[list | str, Each(dict)]) -> str:
	"""Write down in what condition goods came back: `rows` are {name, condition, findings}; gives the
	status of the authorization.

	For who may write that field (Quality Assurance), and for what came back. Raises PermissionError
	and ValidationError.
	"""
	doc = frappe.get_doc(AUTHORIZATION, name)
	doc.check_permission("read")
	if not returns.judges(doc):
		frappe.throw(
			_("Quality Assurance judges the condition of what came back."),
			frappe.PermissionError,
			title=_("Not Permitted"),
		)
	found = {row.name: row for row in doc.items}
	for values in [frappe._dict(row) for row in rows]:
		row = found.get(values.name)
		if not row or not flt(row.received_qty):
			frappe.throw(_("Row {0} has not come back yet.").format(row.idx if row else values.name))
		row.update({"condition": values.condition, "findings": values.findings})
	doc.flags.ignore_permissions = True  # checked above; submitted documents want the right to submit
	doc.save()
	return frappe.db.get_value(AUTHORIZATION, name, "status")


# Receiving


@frappe.whitelist()
@checked
def make_return(source_name: str, delivery_note: str | None = None) -> Document:
	"""The return delivery note, not saved, of what is still to come back by an authorization (of one of
	its deliveries, when there are several).

	Raises PermissionError as ERPNext's own mapper does, ValidationError when nothing is to come back
	or there is no warehouse for it.
	"""
	from erpnext.stock.doctype.delivery_note.delivery_note import make_sales_return
	from erpnext.stock.doctype.packed_item.packed_item import make_packing_list

	authorization = frappe.get_doc(AUTHORIZATION, source_name)
	authorization.check_permission("read")
	waiting = returns.expected(authorization)
	delivery_note = delivery_note or named_by_button("delivery_note")
	rows = [
		row
		for row in authorization.items
		if row.name in waiting and (not delivery_note or row.delivery_note == delivery_note)
	]
	if not rows:
		frappe.throw(
			_("{0} waits for nothing to come back.").format(source_name), title=_("Nothing to Receive")
		)
	warehouse = returns_warehouse(authorization.company)
	doc = make_sales_return(rows[0].delivery_note)
	lines = {line.dn_detail: line for line in doc.items}
	doc.return_authorization = authorization.name
	doc.set("items", [])
	doc.set("packed_items", [])
	for row in rows:
		if row.delivery_note != rows[0].delivery_note:
			continue
		part, line = waiting[row.name], frappe.copy_doc(lines[row.delivery_note_item])
		line.qty, line.stock_qty = -part.qty, -part.qty * flt(line.conversion_factor or 1)
		line.warehouse = warehouse
		line.return_authorization_item = row.name
		line.serial_and_batch_bundle = None
		tracked = frappe.get_cached_value("Item", row.item_code, ["has_batch_no", "has_serial_no"])
		line.batch_no = part.batch_no if tracked[0] else None
		line.serial_no = "\n".join(part.serial_nos) if tracked[1] else None
		line.use_serial_batch_fields = int(bool(line.batch_no or line.serial_no))
		doc.append("items", line)
	make_packing_list(doc)
	doc.run_method("calculate_taxes_and_totals")
	return doc


def named_by_button(argument: str) -> str | None:
	"""What a button of the form names besides the authorization: `make_mapped_doc` hands that over in a
	flag, and not as an argument."""
	named = frappe.flags.args.get(argument) if isinstance(frappe.flags.args, dict) else None
	return named if isinstance(named, str) else None


def returns_warehouse(company: str) -> str:
	"""Where goods come back to, apart from what is ready to ship. Raises ValidationError that says where
	to set it."""
	warehouse = frappe.get_cached_value("Company", company, "default_warehouse_for_sales_return")
	if not warehouse or warehouse in final_pack.warehouses(company):
		frappe.throw(
			_(
				"Set {0} of {1} to a warehouse that is not Final Pack's nor Shipping's: what comes back is kept"
				" apart until it is dealt with."
			).format(
				frappe.bold(_(frappe.get_meta("Company").get_label("default_warehouse_for_sales_return"))),
				get_link_to_form("Company", company),
			),
			title=_("No Warehouse for Returns"),
		)
	return warehouse


def count_as_return(doc: Document, method: str | None = None) -> None:
	"""Have ERPNext count goods that come back as such. It decides when a document is made what it will count, and
	one that is made with its name alone, as for a step of the workflow, is no return yet.

	`before_submit` and `before_cancel` of Delivery Note.
	"""
	if doc.follows_process and doc.is_return:
		doc.status_updater = frappe.get_doc({"doctype": doc.doctype, "is_return": 1}).status_updater


def prepare(doc: Document, method: str | None = None) -> None:
	"""Take the locks before anything is written, and name the row of the authorization on each line.

	`before_validate` and `before_cancel` of Delivery Note.
	"""
	if doc.is_new() and doc.get("is_return"):
		remember_parts(doc)
	if not doc.get("return_authorization"):
		for line in doc.items:
			line.return_authorization_item = None
		return
	if not doc.is_return:
		frappe.throw(
			_("Only a return is made from a return authorization. Take {0} out.").format(
				doc.return_authorization
			)
		)
	delivery.lock_orders_of(doc)
	frappe.db.get_value(AUTHORIZATION, doc.return_authorization, "name", for_update=True)
	if method == "before_cancel":
		return
	rows = frappe.get_all(
		ROW,
		{"parent": doc.return_authorization},
		["name", "delivery_note_item"],
		order_by="idx",
	)
	for line in doc.items:
		if line.return_authorization_item not in {row.name for row in rows}:
			fitting = [row.name for row in rows if row.delivery_note_item == line.dn_detail]
			line.return_authorization_item = fitting[0] if len(fitting) == 1 else None


def check_receipt(doc: Document, method: str | None = None) -> None:
	"""Refuse a return that takes more than its authorization says, or something else, or takes it to
	where goods are packed. `validate` of Delivery Note, after ERPNext has written the parts of bundles."""
	if not doc.get("return_authorization"):
		return
	problems = receipt_problems(doc)
	if problems:
		frappe.throw("<br>".join(escape_html(problem) for problem in problems), title=_("Not Authorized"))


def remember_parts(doc: Document) -> None:
	"""Note what a new return says of the parts of its bundles. ERPNext makes their rows anew when it is
	stored first, because the lines have other names then."""
	doc.flags.named_parts = {}
	for part in doc.packed_items:
		key = (part.parent_item, part.item_code)
		doc.flags.named_parts.setdefault(key, []).append((part.batch_no, part.serial_no))


def recall_parts(doc: Document) -> None:
	"""Write on the parts of bundles what `remember_parts` has noted."""
	for part in doc.packed_items:
		noted = (doc.flags.named_parts or {}).get((part.parent_item, part.item_code))
		batch_no, serial_no = noted.pop(0) if noted else (None, None)
		if (batch_no or serial_no) and not (part.batch_no or part.serial_no or part.serial_and_batch_bundle):
			part.update({"batch_no": batch_no, "serial_no": serial_no, "use_serial_batch_fields": 1})


def name_parts(doc: Document, method: str | None = None) -> None:
	"""Say on the parts of bundles that come back which batches and serial numbers they are of, where nobody
	did and it is no guess.

	`validate` of Delivery Note, after ERPNext has written the parts. Raises ValidationError where somebody has
	to say it, and for what did not leave with the delivery.
	"""
	if not (doc.get("is_return") and doc.follows_process and doc.return_against and doc.packed_items):
		return
	recall_parts(doc)
	authorized_rows = {
		row.name: row
		for row in frappe.get_all(
			ROW, {"parent": doc.return_authorization or ""}, ["name", "batch_no", "serial_nos"]
		)
	}
	moves = returns.parts_left(frappe.get_doc("Delivery Note", doc.return_against), without=doc.name)
	named, found = traceability.sources_by_line(doc), []
	for line, part in traceability.goods_of(doc):
		if part is line or not any(
			frappe.get_cached_value("Item", part.item_code, ["has_batch_no", "has_serial_no"])
		):
			continue
		left = free_sources(moves).get((line.dn_detail, part.item_code), [])
		taken = named.get((line.name, part.item_code), ())
		if part.serial_and_batch_bundle and flt(sum(source.qty for source in taken) + part.qty, rules.PLACES):
			taken = ()  # of another quantity than comes back now
		if not taken:
			row = authorized_rows.get(line.return_authorization_item, frappe._dict())
			taken = rules.part_sources(
				-part.qty, left, row.batch_no or "", traceability.serial_numbers(row.serial_nos)
			)
			if not taken:
				found.append(rules.part_unnamed(line.idx, part.item_code, -part.qty, left))
				continue
			traceability.take_from_stock(doc, part, taken)
		taken = [replace(source, qty=abs(source.qty)) for source in taken]
		found += rules.part_problems(line.idx, part.item_code, taken, left)
		moves += [
			AllocationMove(
				line.dn_detail, part.item_code, -1 if serial_no else -source.qty, source.batch_no, serial_no
			)
			for source in taken
			for serial_no in (source.serial_nos or ("",))
		]
	refuse(found, _("Which Ones?"))


def hold_parts(doc: Document, method: str | None = None) -> None:
	"""Have the parts of bundles come back by what their rows name: ERPNext leaves those alone whose line has a
	Serial and Batch Bundle. Last `on_update` of Delivery Note; `let_go_of_parts` takes it away again."""
	if not (doc.docstatus == 1 and doc.get("is_return") and compat.chooses_parts(doc)):
		return
	named = {
		part.parent_detail_docname
		for part in doc.packed_items
		if part.batch_no or part.serial_no or part.serial_and_batch_bundle
	}
	for line in doc.items:
		if line.name in named and not line.serial_and_batch_bundle:
			# Stored, as ERPNext reads the document anew before it looks; its own name stands for any bundle
			line.db_set("serial_and_batch_bundle", line.name, update_modified=False)


def let_go_of_parts(doc: Document, method: str | None = None) -> None:
	"""See `hold_parts`. First `on_submit` of Delivery Note."""
	for line in doc.items:
		if line.serial_and_batch_bundle == line.name:
			line.db_set("serial_and_batch_bundle", None, update_modified=False)


def receipt_problems(doc: Document) -> list[str]:
	"""What is wrong with a return that is made from an authorization, in sentences."""
	authorization = frappe.get_doc(AUTHORIZATION, doc.return_authorization, for_update=True)
	if authorization.docstatus != 1 or authorization.closed:
		return [
			_("{0} is {1}: nothing comes back by it.").format(authorization.name, _(authorization.status))
		]
	sources = traceability.sources_by_line(doc)
	rows, places, found = [], final_pack.warehouses(doc.company), []
	for line in doc.items:
		taken = sources.get((line.name, line.item_code), ())
		rows.append(
			(
				line.return_authorization_item or "",
				rules.ReturnPart(
					line=line.dn_detail or "",
					qty=-flt(line.qty),
					batch_no=next((source.batch_no for source in taken if source.batch_no), ""),
					serial_nos=tuple(name for source in taken for name in source.serial_nos),
					row=line.idx,
					source=line.item_code,
				),
			)
		)
		if line.warehouse in places:
			found.append(
				_("Row {0}: {1} is where goods are packed. Receive returns in another warehouse.").format(
					line.idx, line.warehouse
				)
			)
	waiting = returns.expected(authorization, without=doc.name, for_update=True)
	waiting = {name: only_in_stock(part) for name, part in waiting.items()}
	factors = {line.dn_detail: flt(line.conversion_factor or 1) for line in doc.items}
	return found + in_words(rules.receipt_problems(rows, waiting, factors))


def only_in_stock(part: rules.ReturnPart) -> rules.ReturnPart:
	"""`part` without the numbers that stock does not keep for its item, or keeps for the parts of a bundle."""
	batch, serial = frappe.get_cached_value("Item", part.source, ["has_batch_no", "has_serial_no"])
	return replace(
		part, batch_no=part.batch_no if batch else "", serial_nos=part.serial_nos if serial else ()
	)


def received(doc: Document, method: str | None = None) -> None:
	"""Bring up to date what is to be brought to Final Pack again, and tell Quality Assurance.

	`on_submit` and `on_cancel` of Delivery Note.
	"""
	if not doc.is_return or not doc.follows_process:
		return
	final_pack.sync_figures(*(order.name for order in final_pack.lock_process_orders(orders_of(doc))))
	if doc.docstatus == 1 and doc.get("return_authorization"):
		notify_roles(
			{"Quality Assurance"},
			frappe.get_doc(AUTHORIZATION, doc.return_authorization),
			Phrase(
				_lt("Came back from {customer} and is to be looked at: {items}"),
				{
					"customer": doc.customer_name,
					"items": Listing(tuple(line.item_code for line in doc.items)),
				},
			),
		)


# Crediting


@frappe.whitelist()
@checked
def make_credit_note(source_name: str, invoice: str | None = None) -> Document:
	"""The credit note, not saved, of what came back to be credited and was billed (with one of its
	invoices, when there are several).

	Raises PermissionError as ERPNext's own mapper does, ValidationError when nothing is to be credited.
	"""
	from erpnext.accounts.doctype.sales_invoice.sales_invoice import make_sales_return

	authorization = frappe.get_doc(AUTHORIZATION, source_name)
	authorization.check_permission("read")
	to_credit = returns.creditable(authorization)
	invoice = invoice or named_by_button("invoice") or next(iter(sorted(to_credit)), None)
	if invoice not in to_credit:
		frappe.throw(
			_("Nothing that came back by {0} is billed and to be credited.").format(source_name),
			title=_("Nothing to Credit"),
		)
	refuse_unjudged(authorization, to_credit[invoice], to_credit[invoice])
	doc = make_sales_return(invoice)
	doc.return_authorization = authorization.name
	doc.set("items", [line for line in doc.items if line.sales_invoice_item in to_credit[invoice]])
	for number, line in enumerate(doc.items, 1):
		line.idx = number
		line.qty = -to_credit[invoice][line.sales_invoice_item][1]
		line.stock_qty = line.qty * flt(line.conversion_factor or 1)
	doc.run_method("calculate_taxes_and_totals")
	# What is still to be paid becomes less; what is paid becomes a credit of the customer
	outstanding, account_currency = frappe.db.get_value(
		"Sales Invoice", invoice, ["outstanding_amount", "party_account_currency"]
	)
	doc.update_outstanding_for_self = int(flt(outstanding) < abs(total_of(doc, account_currency)))
	return doc


def refuse_unjudged(authorization: Document, to_credit: dict, lines: Iterable[str]) -> None:
	"""Raise a ValidationError when something that `lines` of an invoice credit has not been looked at."""
	names = {name for line in lines if line in to_credit for name in to_credit[line][0]}
	unjudged = [str(row.idx) for row in authorization.items if row.name in names and not row.condition]
	if unjudged:
		frappe.throw(
			_("Rows {0}: Quality Assurance records the condition first, then it is credited.").format(
				", ".join(unjudged)
			),
			title=_("Not Looked At Yet"),
		)


def check_credit(doc: Document, method: str | None = None) -> None:
	"""Refuse a credit note that credits more than came back by its authorization, or what nobody has looked
	at. `validate` of Sales Invoice."""
	if not doc.get("return_authorization"):
		return
	delivery.lock_orders_of(doc)  # before the authorization, as who receives by it does
	authorization = frappe.get_doc(AUTHORIZATION, doc.return_authorization, for_update=True)
	to_credit = returns.creditable(authorization, for_update=True).get(doc.return_against, {})
	refuse_unjudged(authorization, to_credit, [line.sales_invoice_item for line in doc.items])
	open_qty = {name: qty for name, (_rows, qty) in to_credit.items()}
	for line in doc.items:
		left = open_qty.get(line.sales_invoice_item, 0)
		if not doc.is_return or flt(-flt(line.qty) - left, rules.PLACES) > 0:
			frappe.throw(
				_("Row {0}: {1} of {2} came back by {3} and are not credited yet.").format(
					line.idx, written_qty(left, line.uom), line.item_code, authorization.name
				),
				title=_("Not Authorized"),
			)
		open_qty[line.sales_invoice_item] = left + flt(line.qty)  # credited below zero
