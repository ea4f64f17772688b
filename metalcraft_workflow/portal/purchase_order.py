"""Quotations of a customer in the portal, and accepting one with a purchase order (step 4).

Accepting makes one draft Sales Order for Customer Support, who ask for its approval like for any other.
What is sent to the customer is listed here, field by field, and nothing else is.
"""

from collections import defaultdict
from contextlib import contextmanager
from datetime import date
from types import NoneType
from typing import Annotated

import frappe
from frappe import _
from frappe.model.document import Document
from frappe.query_builder.functions import Count, Sum
from frappe.utils import add_days, cint, flt, getdate

from metalcraft_workflow.access.customers import get_own, require_customers, visible
from metalcraft_workflow.access.limits import limited
from metalcraft_workflow.facts.days import latest_today
from metalcraft_workflow.facts.documents import keep
from metalcraft_workflow.facts.locks import lock
from metalcraft_workflow.gates import notifications
from metalcraft_workflow.gates.input import Each, LongText, checked
from metalcraft_workflow.gates.message import in_words, said, typed_text
from metalcraft_workflow.outgoing.attempt import without_messages
from metalcraft_workflow.portal import messages
from metalcraft_workflow.rules import acceptance as rules
from metalcraft_workflow.rules import quotation as quotation_rules
from metalcraft_workflow.rules.requirement import Phrase, Problem, _lt

PAGE = 20

# What a customer is sent, and no more
LIST_FIELDS = ("quotations", "page", "pages", "total")
QUOTATION_FIELDS = (
	"name",
	"customer_name",
	"rfq_no",
	"dated",
	"valid_till",
	"amount",
	"currency",
	"state",
)
DETAIL_FIELDS = (
	*QUOTATION_FIELDS,
	"closed_because",
	"orders",
	"lines",
	"wanted_on",
	"lead_time_days",
	"latest_today",
)
LINE_FIELDS = (
	"name",
	"idx",
	"item_code",
	"item_name",
	"customer_part_no",
	"uom",
	"qty",
	"left",
	"rate",
	"amount",
	"whole",
	"is_alternative",
)

OPEN, IN_REVIEW, ORDERED, EXPIRED, CLOSED = "Open", "Under Review", "Ordered", "Expired", "Closed"

_COLUMNS = (
	"name",
	"status",
	"customer_name",
	"customer_rfq_no",
	"transaction_date",
	"valid_till",
	"grand_total",
	"rounded_total",
	"currency",
	"lead_time_days",
)


@frappe.whitelist(methods=["GET"])
@frappe.read_only()
@checked
def list_quotations(page: int = 1) -> dict:
	"""A page of the quotations of the signed-in customer, newest first: LIST_FIELDS, QUOTATION_FIELDS
	each. Raises PermissionError to whom no customer is linked."""
	table = frappe.qb.DocType("Quotation")
	query = frappe.qb.from_(table).where(visible("Quotation", require_customers()))
	total = query.select(Count("*")).run(pluck=True)[0]
	pages = max(1, -(-total // PAGE))
	page = min(max(1, page), pages)
	rows = (
		query.select(*(table[field] for field in _COLUMNS))
		.orderby(table.transaction_date, table.name, order=frappe.qb.desc)
		.limit(PAGE)
		.offset((page - 1) * PAGE)
		.run(as_dict=True)
	)
	offers = read_offers(rows)
	return {
		"quotations": [_quotation(row, offers[row.name]) for row in rows],
		"page": page,
		"pages": pages,
		"total": total,
	}


@frappe.whitelist(methods=["GET"])
@checked
def get_quotation(name: str) -> dict:
	"""One quotation of the signed-in customer: DETAIL_FIELDS. Raises DoesNotExistError for one that is
	not there or not theirs."""
	doc = get_own("Quotation", name)
	offer = read_offers([doc])[name]
	problem = rules.why_closed(offer)
	lines = {line.name: line for line in offer.lines}
	return {
		**_quotation(doc, offer),
		"closed_because": problem and said(problem.message, problem.params),
		"orders": [{"name": order.name, "po_no": order.po_no} for order in offer.orders],
		"lines": [_line(row, lines[row.name]) for row in doc.items if row.name in lines],
		"wanted_on": add_days(offer.today, doc.lead_time_days) if doc.lead_time_days else None,
		"lead_time_days": cint(doc.lead_time_days),
		"latest_today": offer.latest_today,
	}


@frappe.whitelist(methods=["POST"])
@limited(60)
@checked
def accept_quotation(
	quotation: str,
	po_no: str,
	po_date: str,
	wanted_on: str,
	quantities: Annotated[dict | str, Each(int, float, str, NoneType)],
	note: LongText = "",
) -> dict:
	"""Order what a quotation offers, with the purchase order `po_file` that the request carries.

	`quantities`, name of the line -> quantity, comes as JSON. Gives `{"order": name}`. What was sent already
	makes no second order. Raises DoesNotExistError for a quotation that is not theirs, ValidationError
	with what is not right, RateLimitExceededError.
	"""
	file = frappe.request.files.get("po_file")
	return {
		"order": accept(
			quotation,
			rules.Acceptance(
				po_no=po_no.strip(),
				po_date=_date(po_date),
				wanted_on=_date(wanted_on),
				quantities=_numbers(quantities),
				filename=file.filename if file else "",
				# One byte more than allowed tells that it is too large
				content=file.stream.read(rules.MAX_FILE_MB * 1024 * 1024 + 1) if file else b"",
			),
			note.strip()[: messages.MOST_CHARACTERS],
		)
	}


def accept(quotation: str, acceptance: rules.Acceptance, note: str = "") -> str:
	"""Make the order of an acceptance, unless there is one already; gives its name. Raises as above."""
	get_own("Quotation", quotation)
	wait_for(quotation)
	doc = get_own("Quotation", quotation)
	offer = read_offers([doc])[quotation]
	if earlier := offer.order_with(acceptance.po_no):
		return earlier.name  # sent twice
	if problem := rules.why_closed(offer):
		refuse([problem])
	if found := rules.problems(offer, acceptance):
		refuse(found)
	order = make_order(doc, acceptance)
	attach(order, acceptance)
	if note:
		messages.post(order, note)
	notifications.notify_roles(
		{messages.ROLE},
		order,
		Phrase(
			_lt(
				"{customer} has accepted {quotation} with purchase order {po_no}: check {order} and ask for its"
				" approval"
			),
			{
				"customer": order.customer_name or order.customer,
				"quotation": doc.name,
				"po_no": typed_text(order.po_no),
				"order": order.name,
			},
		),
	)
	return order.name


def wait_for(quotation: str) -> None:
	"""Keep the quotation for this transaction alone; who comes second waits here."""
	# Nothing is written yet. What is read from here on is what was committed until the lock was ours,
	# and not what was there when the request began.
	frappe.db.rollback()
	lock("Quotation", [quotation])


def make_order(quotation: Document, acceptance: rules.Acceptance) -> Document:
	"""Insert the draft order, by ERPNext's own mapping: prices, taxes and terms are those quoted."""
	from erpnext.selling.doctype.quotation.quotation import _make_sales_order

	wanted = {name: qty for name, qty in acceptance.quantities.items() if qty > rules.QTY_ROUNDING}
	# Customers may not make orders by themselves. This one is theirs to make: the quotation is
	# their own, open, and locked.
	with chosen(quotation, wanted):
		order = _make_sales_order(quotation.name, ignore_permissions=True)
	order.update(
		{
			"po_no": acceptance.po_no,
			"po_date": acceptance.po_date,
			"delivery_date": acceptance.wanted_on,
			"contact_email": order.contact_email or frappe.session.user,
			"items": [row for row in order.items if row.is_free_item or row.quotation_item in wanted],
		}
	)
	for row in order.items:
		row.qty = wanted.get(row.quotation_item, row.qty)
		row.delivery_date = acceptance.wanted_on
	renew_payment_schedule(order)
	with without_messages():
		order.insert(ignore_permissions=True)
	return order


@contextmanager
def chosen(quotation: Document, wanted: dict[str, float]):
	"""Tell ERPNext's mapping which of alternative lines were chosen, when there are any."""
	before = frappe.flags.pop("args", None)
	if any(row.is_alternative for row in quotation.items):
		frappe.flags.args = frappe._dict(selected_items=[{"name": name} for name in wanted])
	try:
		yield
	finally:
		frappe.flags.pop("args", None)
		if before is not None:
			frappe.flags.args = before


def renew_payment_schedule(order: Document) -> None:
	"""Count the days of payment from the order: those of the quotation may be over."""
	if order.payment_terms_template:
		order.payment_schedule = []  # ERPNext makes it from the template
	for row in order.payment_schedule:
		row.due_date = max(getdate(row.due_date), getdate(order.transaction_date))


def attach(order: Document, acceptance: rules.Acceptance) -> None:
	"""Attach the customer's purchase order to the order that was made of it."""
	file = keep(rules.file_name(acceptance.filename), acceptance.content, order, "customer_po_file")
	order.db_set("customer_po_file", file.file_url, update_modified=False)


# Reading


def read_offers(quotations: list) -> dict[str, rules.Offer]:
	"""The rules' view of submitted quotations, by name."""
	names = [quotation.name for quotation in quotations]
	lines, orders, taken = _lines_of(names), _orders_of(names), _taken_of(names)
	return {
		quotation.name: rules.Offer(
			status=quotation.status,
			valid_till=quotation.valid_till and getdate(quotation.valid_till),
			today=getdate(),
			lines=_offered(lines[quotation.name], taken),
			orders=tuple(orders[quotation.name]),
			latest_today=latest_today(),
		)
		for quotation in quotations
	}


def _offered(rows: list[frappe._dict], taken: dict[str, float]) -> tuple[rules.OfferedLine, ...]:
	set_keys = quotation_rules.set_keys((row.parent, row.name, row.is_alternative) for row in rows)
	return tuple(
		rules.OfferedLine(
			name=row.name,
			idx=row.idx,
			item_code=row.item_code,
			qty=flt(row.qty),
			taken=flt(taken.get(row.name)),
			set_key=set_keys[row.name],
			whole=bool(row.must_be_whole_number),
		)
		for row in rows
	)


def _lines_of(quotations: list[str]) -> dict[str, list[frappe._dict]]:
	row, uom = frappe.qb.DocType("Quotation Item"), frappe.qb.DocType("UOM")
	rows = (
		frappe.qb.from_(row)
		.left_join(uom)
		.on(uom.name == row.uom)
		.where(row.parent.isin(quotations or [""]) & (row.is_free_item == 0))
		.select(
			row.name,
			row.parent,
			row.idx,
			row.item_code,
			row.qty,
			row.is_alternative,
			uom.must_be_whole_number,
		)
		.orderby(row.parent, row.idx)
		.run(as_dict=True)
	)
	return _by_quotation(rows, "parent")


def _orders_of(quotations: list[str]) -> dict[str, list[rules.EarlierOrder]]:
	row, order = frappe.qb.DocType("Sales Order Item"), frappe.qb.DocType("Sales Order")
	found = defaultdict(list)
	for each in (
		frappe.qb.from_(row)
		.join(order)
		.on(order.name == row.parent)
		.where(row.prevdoc_docname.isin(quotations or [""]) & (order.docstatus < 2))
		.select(row.prevdoc_docname, order.name, order.po_no, order.docstatus)
		.distinct()
		.orderby(order.name)
		.run(as_dict=True)
	):
		found[each.prevdoc_docname].append(
			rules.EarlierOrder(each.name, each.po_no or "", draft=each.docstatus == 0)
		)
	return found


def _taken_of(quotations: list[str]) -> dict[str, float]:
	"""Quotation line -> what orders have of it, drafts included."""
	row = frappe.qb.DocType("Sales Order Item")
	return dict(
		frappe.qb.from_(row)
		.where(row.prevdoc_docname.isin(quotations or [""]) & (row.docstatus < 2))
		.groupby(row.quotation_item)
		.select(row.quotation_item, Sum(row.qty))
		.run()
	)


def _by_quotation(rows: list[frappe._dict], key: str) -> dict[str, list[frappe._dict]]:
	found = defaultdict(list)
	for row in rows:
		found[row[key]].append(row)
	return found


# Sending


def refuse(problems: list[Problem]) -> None:
	"""Raise a ValidationError that lists `problems`."""
	frappe.throw(
		"<br>".join(typed_text(sentence) for sentence in in_words(problems)), title=_("Please Check")
	)


def _quotation(row, offer: rules.Offer) -> dict:
	return {
		"name": row.name,
		"customer_name": row.customer_name,
		"rfq_no": row.customer_rfq_no,
		"dated": row.transaction_date,
		"valid_till": row.valid_till,
		"amount": flt(row.rounded_total or row.grand_total),
		"currency": row.currency,
		"state": _state(offer),
	}


def _state(offer: rules.Offer) -> str:
	if offer.in_review:
		return IN_REVIEW
	if not rules.why_closed(offer):
		return OPEN
	if offer.orders:
		return ORDERED
	return EXPIRED if offer.is_expired else CLOSED


def _line(row: Document, line: rules.OfferedLine) -> dict:
	return {
		"name": row.name,
		"idx": row.idx,
		"item_code": row.item_code,
		"item_name": row.item_name,
		"customer_part_no": row.customer_part_no,
		"uom": row.uom,
		"qty": line.qty,
		"left": line.left,
		"rate": flt(row.rate),
		"amount": flt(row.amount),
		"whole": line.whole,
		"is_alternative": bool(row.is_alternative),
	}


def _date(text: str) -> date | None:
	try:
		return date.fromisoformat(text)
	except ValueError:
		return None


def _numbers(values: dict) -> dict[str, float]:
	"""The quantities as they came; what is no number fails the rules as one that is none."""
	found = {}
	for name, value in values.items():
		try:
			found[name] = float(value or 0)
		except ValueError:
			found[name] = float("nan")
	return found
