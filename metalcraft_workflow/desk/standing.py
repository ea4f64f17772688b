"""Where an order or a delivery stands, in one answer for its form: the line of stations, what is missing for the
next step, what happens next, and what was changed of an order since it was approved."""

from collections.abc import Iterable

import frappe
from frappe import _
from frappe.model.document import Document
from frappe.query_builder.functions import Max
from frappe.utils import flt, get_fullname, strip_html

from metalcraft_workflow.desk.releases import hold_reason, waits_for_decision
from metalcraft_workflow.facts.changes import since_approval
from metalcraft_workflow.facts.final_pack import lines_of
from metalcraft_workflow.facts.orders import order_precision, read_order
from metalcraft_workflow.gates import message, record
from metalcraft_workflow.gates.checklist import arrival, closing, next_gates
from metalcraft_workflow.gates.input import KnownDocType, checked
from metalcraft_workflow.gates.numbers import written_day, written_money, written_price, written_qty
from metalcraft_workflow.gates.once import reading
from metalcraft_workflow.gates.workflow import gate_of, state_of, states_by_gate
from metalcraft_workflow.rules import changes as change_rules
from metalcraft_workflow.rules import stations as rules
from metalcraft_workflow.rules.path import OUTSIDE, has_passed
from metalcraft_workflow.rules.quantity import Qty
from metalcraft_workflow.rules.requirement import _lt
from metalcraft_workflow.rules.vouched import PART, TERM

# What the rows of an order are called that are none of its lines
ROWS = {
	PART: _lt("Part {0}"),
	TERM: _lt("Payment term {0}"),
	"Required Document": _lt("Required document {0}"),
}

# Of how many deliveries of an order it is said what they lack: each is asked for all that its next gate asks
ASKED = 3


@frappe.whitelist(methods=["GET"])
@checked
def get_standing(doctype: KnownDocType, name: str) -> dict:
	"""Where a Sales Order or a Delivery Note stands: `{line, next, changes, checklist, is_reviewed}`.

	`line` is a list of stations, `{key, label, state, by, on, parts, reason, links}`; `next` are sentences, each
	with what keeps it back; `changes` are `{what, old, new}`; `checklist` is what
	`gates.checklist.get_checklist` gives, without what is only said of an order that has shipped; `is_reviewed`
	says that the user decides on it, at the review desk. Raises PermissionError when the user may not read the
	document.
	"""
	doc = frappe.get_doc(doctype, name)
	doc.check_permission("read")
	with reading(doc):
		line, documents = stations_of(doc)
		came = arrival(doc)
		said = {entry["arrival"].reason for entry in came}
		return {
			"line": [
				# once is enough
				as_sent(
					station, documents.get(station.key, []), "" if station.reason in said else station.reason
				)
				for station in line
			],
			"next": what_is_next(doc, line, documents),
			"changes": changes_of(doc),
			"checklist": [*came, *next_gates(doc), *(closing(doc) if is_at_the_end(line) else [])],
			"is_reviewed": waits_for_decision(doc),
		}


def stations_of(doc: Document) -> tuple[tuple[rules.Station, ...], dict[str, list[tuple[str, str]]]]:
	"""The line of `doc`, and for its stations the documents that are there, as far as the user may read them."""
	if not doc.get("follows_process") or gate_of(doc) == OUTSIDE or doc.get("is_return"):
		return (), {}
	return of_order(doc) if doc.doctype == "Sales Order" else of_delivery(doc)


def is_at_the_end(line: Iterable[rules.Station]) -> bool:
	"""Whether what closing asks is of interest: everything has shipped."""
	return not line or any(station.key == "shipped" and station.state == rules.DONE for station in line)


def as_sent(station: rules.Station, documents: list[tuple[str, str]], reason: str) -> dict:
	return {
		"key": station.key,
		"label": _(station.label),
		"state": station.state,
		"by": get_fullname(station.mark.by) if station.mark.by else "",
		"on": station.mark.on,
		"parts": _("{0} of {1}").format(written_qty(station.done), written_qty(station.total))
		if station.is_in_parts
		else "",
		"reason": reason,
		"links": [{"doctype": doctype, "name": name} for doctype, name in documents],
	}


# The line of an order


def of_order(order: Document) -> tuple[tuple[rules.Station, ...], dict[str, list[tuple[str, str]]]]:
	facts, gate = read_order(order.name), gate_of(order)
	rows = delivery_lines(order.name)
	places = lines_of(order.name)
	# What a supplier ships itself is never here; what came back has to come by again
	aside = sum(line.qty for line in places if line.by_supplier) - sum(line.returned for line in facts.lines)
	passed: dict[str, float] = dict.fromkeys(rules.GATES, aside)
	for row in rows:
		for key, name in rules.GATES.items():
			if row.docstatus == 1 or has_passed(row.gate, name):
				passed[key] += flt(row.qty)
	notes = list({row.name: row for row in rows}.values())
	invoices = [invoice.name for invoice in facts.invoices]
	line = rules.of_order(
		facts,
		gate,
		passed,
		{
			**marks_of_order(order),
			**marks_of_deliveries([row.name for row in notes]),
			**marks_of_money(invoices),
		},
		not_brought={line.name for line in places if not line.parts},
		hold_reason=hold_reason(order),
		review_reason=review_reason(order),
	)
	documents = {
		"production": readable("Production Notice", {"process_id": record.process_id_of(order)}),
		"final_pack": [("Delivery Note", name) for name in may_read("Delivery Note", notes, "final_pack")],
		"quality": [("Delivery Note", name) for name in may_read("Delivery Note", notes, "quality")],
		"clearance": [("Delivery Note", name) for name in may_read("Delivery Note", notes, "clearance")],
		"shipped": [("Delivery Note", name) for name in may_read("Delivery Note", notes, "shipped")],
		"invoiced": readable("Sales Invoice", {"name": ("in", invoices)}) if invoices else [],
	}
	return line, documents


def delivery_lines(order: str) -> list[frappe._dict]:
	"""Lines of delivery notes of `order`, drafts too, returns not; each with the gate of its note."""
	note, line = frappe.qb.DocType("Delivery Note"), frappe.qb.DocType("Delivery Note Item")
	rows = (
		frappe.qb.from_(line)
		.join(note)
		.on(note.name == line.parent)
		.where((line.against_sales_order == order) & (note.docstatus < 2) & (note.is_return == 0))
		.select(note.name, note.docstatus, note.workflow_state, line.qty)
		.orderby(note.creation)
		.run(as_dict=True)
	)
	gates = states_by_gate("Delivery Note")
	for row in rows:
		row.gate = gates.get(row.workflow_state, "")
	return rows


def stands_at(row: frappe._dict) -> str:
	"""The station at which a delivery is: the first whose gate it has not passed, or where it shipped."""
	if row.docstatus == 1:
		return "shipped"
	return next(key for key, gate in rules.GATES.items() if not has_passed(row.gate, gate))


def may_read(doctype: str, notes: list[frappe._dict], station: str) -> list[str]:
	names = [row.name for row in notes if stands_at(row) == station]
	return [name for _doctype, name in readable(doctype, {"name": ("in", names)})] if names else []


def readable(doctype: str, filters: dict) -> list[tuple[str, str]]:
	"""Documents that the user may read."""
	if not frappe.has_permission(doctype):
		return []
	names = frappe.get_list(doctype, filters=filters, pluck="name", order_by="creation", limit=0)
	return [(doctype, name) for name in names]


def review_reason(order: Document) -> str:
	return next((row.reason for row in record.voids_since_passage(order, "approve") if row.reason), "")


# Who was there


def marks_of_order(order: Document) -> dict[str, rules.Mark]:
	marks = {"received": rules.Mark(order.creation, order.owner)}
	if approval := record.last_passage(order, "approve"):
		marks["approved"] = rules.Mark(approval.creation, approval.user)
	released = [row for row in record.about(order, "Waiver", "approve") if row.requirement == "credit"]
	if released:
		marks["credit_hold"] = rules.Mark(released[0].creation, released[0].user)
	if order.get("closed_on"):
		marks["closed"] = rules.Mark(order.closed_on, "" if order.closed_by_workflow else order.modified_by)
	entry, line = frappe.qb.DocType("Stock Entry"), frappe.qb.DocType("Stock Entry Detail")
	transfers = (
		frappe.qb.from_(line)
		.join(entry)
		.on(entry.name == line.parent)
		.where((line.sales_order == order.name) & (entry.docstatus == 1))
		.orderby(entry.modified, order=frappe.qb.desc)
		.limit(1)
		.select(entry.modified, entry.modified_by)
		.run()
	)
	if transfers:
		marks["production"] = rules.Mark(*transfers[0])
	return marks


def marks_of_deliveries(names: list[str]) -> dict[str, rules.Mark]:
	"""Station -> who took one of these deliveries past it last."""
	if not names:
		return {}
	stations, marks, last = {gate: key for key, gate in rules.GATES.items()}, {}, None
	passage, note = frappe.qb.DocType(record.RECORD), frappe.qb.DocType("Delivery Note")
	for row in (
		frappe.qb.from_(passage)
		.join(note)
		.on(passage.process_id == note.process_id)  # not the name, which a deleted draft may have had
		.where(note.name.isin(names))
		.where((passage.kind == "Passage") & passage.gate.isin(list(stations)))
		.orderby(passage.creation)
		.orderby(passage.sequence)
		.select(
			passage.process_id,
			passage.gate,
			passage.user,
			passage.creation,
			passage.action,
			passage.from_state,
		)
		.run(as_dict=True)
	):
		move = (row.process_id, row.user, row.action, row.from_state)
		if move != last:  # who went past a station in one go with the one before was not there
			marks[stations[row.gate]] = rules.Mark(row.creation, row.user)
		last = move
	return marks


def marks_of_money(invoices: list[str]) -> dict[str, rules.Mark]:
	"""Who made the last invoice, and when the last payment came."""
	if not invoices:
		return {}
	marks = {}
	issued = frappe.get_all(
		"Sales Invoice",
		filters={"name": ("in", invoices), "docstatus": 1},
		fields=["posting_date", "owner"],
		order_by="posting_date desc, creation desc",
		limit=1,
	)
	if issued:
		marks["invoiced"] = rules.Mark(issued[0].posting_date, issued[0].owner)
	entry = frappe.qb.DocType("Payment Ledger Entry")
	paid_on = (
		frappe.qb.from_(entry)
		.where((entry.against_voucher_type == "Sales Invoice") & entry.against_voucher_no.isin(invoices))
		.where((entry.delinked == 0) & (entry.voucher_type != "Sales Invoice"))
		.select(Max(entry.posting_date))
		.run(pluck=True)[0]
	)
	if paid_on:
		marks["paid"] = rules.Mark(paid_on)
	return marks


# The line of a delivery


def of_delivery(note: Document) -> tuple[tuple[rules.Station, ...], dict[str, list[tuple[str, str]]]]:
	row, invoice = frappe.qb.DocType("Sales Invoice Item"), frappe.qb.DocType("Sales Invoice")
	paid = {
		name: abs(flt(outstanding)) <= order_precision(currency).money + 1e-9
		for name, outstanding, currency in frappe.qb.from_(row)
		.join(invoice)
		.on(invoice.name == row.parent)
		.where((row.delivery_note == note.name) & (invoice.docstatus == 1))
		.select(invoice.name, invoice.outstanding_amount, invoice.party_account_currency)
		.run()
	}
	invoices = sorted(paid)
	last = record.last_move(note)
	line = rules.of_delivery(
		note.docstatus,
		gate_of(note),
		min(1, flt(note.per_billed, 6) / 100),
		tuple(paid[name] for name in invoices),
		{**marks_of_deliveries([note.name]), **marks_of_money(invoices)},
		reason=(last and last.reason) or "",
	)
	return line, {"invoiced": readable("Sales Invoice", {"name": ("in", invoices)}) if invoices else []}


# What happens next


def what_is_next(doc: Document, line: tuple[rules.Station, ...], documents: dict) -> list[dict]:
	"""A sentence for each station where there is work, with what keeps it back there. Before the approval, and
	where something has to be decided first, the checklist says it."""
	said = []
	if doc.docstatus != 1 or any(station.state == rules.BLOCKED for station in line):
		return said
	for station in rules.current(line):
		text = rules.NEXT.get(station.key)
		if not text or (doc.doctype == "Delivery Note" and station.key not in ("invoiced", "paid")):
			continue
		said.append(
			{
				"key": station.key,
				"label": _(station.label),
				"text": message.said(
					text,
					{
						"done": Qty(station.done),
						"total": Qty(station.total),
						"ready": Qty(station.ready),
					},
				),
				"blocked": [],
			}
		)
	if doc.doctype == "Sales Order":
		say_what_blocks(said, documents)
	return said


def say_what_blocks(said: list[dict], documents: dict) -> None:
	"""Say of the deliveries under way what their next gate misses."""
	left = ASKED
	for entry in said:
		for _doctype, name in documents.get(entry["key"], ()) if entry["key"] in rules.GATES else ():
			note = frappe.get_doc("Delivery Note", name)
			if note.docstatus or not left:
				continue
			left -= 1
			with reading(note):
				missing = [
					row["message"] or row["label"]
					for gate in next_gates(note)[:1]
					for row in gate["requirements"]
					if not row["met"] and not row["waived"]
				]
				entry["blocked"].append({"name": name, "state": _(state_of(note)), "missing": missing})


# What was changed


def changes_of(doc: Document) -> list[dict]:
	"""What differs from what was approved, of an order under review: prices for who knows amounts."""
	if doc.doctype != "Sales Order" or gate_of(doc) != "change_review":
		return []
	with_prices = message.knows_amounts()
	return [
		in_words(doc, change) for change in since_approval(doc) or [] if with_prices or not change.is_of_price
	]


def in_words(order: Document, change: change_rules.Change) -> dict:
	"""A change as the form shows it."""
	whole_row = {change_rules.ADDED: _("Added"), change_rules.REMOVED: _("Removed")}.get(change.field)
	named = change_rules.measure(change.table) if whole_row else change.field
	field = frappe.get_meta(change.table).get_field(named)
	label = whole_row or _(field.label)
	row = _(ROWS[change.table]).format(change.row) if change.table in ROWS else change.row
	return {
		"what": f"{row} · {label}" if row else label,
		"old": shown(change.old, field, order),
		"new": shown(change.new, field, order),
	}


def shown(value, field, order: Document) -> str:
	"""A value as people read it; nothing for none."""
	if value in (None, ""):
		return ""
	if field.fieldtype == "Check":
		return _("Yes") if value else _("No")
	if field.fieldtype == "Currency":
		write = written_price if field.fieldname == "rate" else written_money
		return write(value, order.currency)
	if field.fieldtype == "Date":
		return written_day(value)
	if field.fieldtype in ("Float", "Percent"):
		return written_qty(value) + (" %" if field.fieldtype == "Percent" else "")
	return strip_html(str(value))
