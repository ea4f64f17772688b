"""What happened to each order of the demo, read from the database: who took which step, on which
document, and which mails went out. So a second run shows the same as the first."""

import textwrap
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from email import message_from_string
from email.header import decode_header, make_header

import frappe
from frappe.utils import flt, fmt_money

from metalcraft_workflow.demo.carry import Carrier
from metalcraft_workflow.demo.orders import Story
from metalcraft_workflow.demo.people import PEOPLE
from metalcraft_workflow.gates.workflow import states_by_gate
from metalcraft_workflow.rules import path

# Width of each column: step, document, what happened, who
WIDTHS = (4, 19, 40, 31)
GAP = "  "
WIDTH = sum(WIDTHS) + len(GAP) * (len(WIDTHS) - 1)

AUTOMATIC = "automatic"


@dataclass(frozen=True, order=True)
class Event:
	"""One thing that happened, in the order of `when`. `step` is 0 for a mail."""

	when: datetime
	step: int
	document: str
	what: str
	who: str


class Report:
	"""What the database says about one story."""

	def __init__(self, story: Story):
		self.story = story
		self.carrier = Carrier(story)
		self.order = self.carrier.order_name()

	def title(self) -> str:
		name = self.story.enquiry.company if self.story.enquiry else self.story.customer.name
		return f"{name}, PO {self.story.po_no}" if self.story.po_no else name

	def stage(self) -> str:
		"""Where it stands: the stage of the order, with its workflow state where that says more; before
		there is an order, how far the enquiry is."""
		if self.order:
			stage, state = frappe.db.get_value("Sales Order", self.order, ["order_stage", "workflow_state"])
			says_more = states_by_gate("Sales Order").get(state) != "approve" and state != stage
			return f"{stage} ({state})" if says_more else stage
		if self.carrier.quotation_name():
			return "Quoted"
		if self.carrier.opportunity_name():
			return "Opportunity"
		return "Lead" if self.carrier.lead_name() else "Not begun"

	def events(self) -> list[Event]:
		"""Everything that happened, mails included, in the order in which it did."""
		found = [*self.enquiry(), *self.ordering(), *self.production(), *self.deliveries(), *self.money()]
		# What happens in the same moment stays in the order of the process
		return sorted([*found, *self.mails(found)], key=lambda event: event.when)

	def enquiry(self) -> Iterator[Event]:
		if not self.story.enquiry:
			return
		yield from made("Lead", self.carrier.lead_name(), 1, "Lead recorded")
		yield from made(
			"Opportunity", self.carrier.opportunity_name(), 2, "Interest recorded as an opportunity"
		)
		quotation = self.carrier.quotation_name()
		yield from made("Quotation", quotation, 3, f"Quoted for {self.story.enquiry.rfq}")
		customer = frappe.db.get_value("Customer", {"lead_name": self.carrier.lead_name()})
		if customer:
			yield from made("Customer", customer, 3, "Customer made of the lead", AUTOMATIC)

	def ordering(self) -> Iterator[Event]:
		yield from made("Sales Order", self.order, 4, f"Order entered for PO {self.story.po_no}")
		yield from self.passages("Sales Order", self.order)
		if self.order and frappe.db.get_value("Sales Order", self.order, "closed_by_workflow"):
			last = frappe.db.get_value("Sales Order", self.order, "modified")
			yield Event(last, 14, self.order, "Shipped and paid in full: closed", AUTOMATIC)

	def production(self) -> Iterator[Event]:
		for notice in frappe.get_all(
			"Production Notice",
			filters={"sales_order": self.order},
			fields=["name", "creation", "department", "kind", "acknowledged_by", "acknowledged_on"],
			order_by="name",
		):
			yield Event(
				notice.creation, 6, notice.name, f"{notice.kind} order: {notice.department} told", AUTOMATIC
			)
			if notice.acknowledged_by:
				yield Event(
					notice.acknowledged_on,
					6,
					notice.name,
					f"Acknowledged for {notice.department}",
					person(notice.acknowledged_by),
				)
		for entry in self.carrier.transfers() if self.order else []:
			rows = frappe.get_all(
				"Stock Entry Detail", {"parent": entry}, ["item_code", "qty"], order_by="idx"
			)
			yield from made("Stock Entry", entry, 7, f"To Final Pack: {items(rows)}")

	def deliveries(self) -> Iterator[Event]:
		for note in self.carrier.notes() if self.order else []:
			heats = frappe.get_all(
				"Traceability Entry",
				{"parent": note, "heat_no": ["is", "set"]},
				pluck="heat_no",
				order_by="idx",
			)
			rows = frappe.get_all(
				"Delivery Note Item", {"parent": note}, ["item_code", "qty"], order_by="idx"
			)
			traced = f"; heat {', '.join(dict.fromkeys(heats))}" if heats else ""
			yield from made("Delivery Note", note, 8, f"Packed: {items(rows)}{traced}")
			yield from self.passages("Delivery Note", note)

			yield from self.documents(note)
			yield from self.returns(note)

	def returns(self, note: str) -> Iterator[Event]:
		"""What came back of a delivery note, and by which authorization."""
		for row in frappe.get_all(
			"Return Authorization Item",
			filters={"delivery_note": note, "docstatus": 1},
			fields=["parent", "item_code", "qty", "disposition"],
			order_by="creation, idx",
		):
			what = f"To come back: {items([row])}; {row.disposition.lower()}"
			yield from made("Return Authorization", row.parent, 11, what)
		for back in frappe.get_all("Delivery Note", {"return_against": note}, pluck="name"):
			yield from self.passages("Delivery Note", back)

	def passages(self, doctype: str, name: str | None) -> Iterator[Event]:
		"""What the release records of a document say."""
		passed = ""
		for record in frappe.get_all(
			"Release Record",
			filters={"reference_doctype": doctype, "reference_name": name or ""},
			fields=["creation", "kind", "gate", "action", "to_state", "user", "reason", "requirement"],
			order_by="sequence",
		):
			what = {
				"Passage": f"{record.action}, to {record.to_state}",
				"Void": f"Taken to {record.to_state}",
				"Waiver": f"Waived on record: {record.requirement}",
			}[record.kind]
			if what == passed:
				continue  # one move through two gates
			passed = what
			gate = path.find(record.gate)
			step = gate.step if gate else 5 if doctype == "Sales Order" else 8
			yield Event(
				record.creation,
				step,
				name,
				f"{what}. {record.reason}" if record.reason else what,
				person(record.user),
			)

	def documents(self, note: str) -> Iterator[Event]:
		"""The documents that QA attached to a delivery note."""
		attached: dict[tuple, list[str]] = {}
		for row in frappe.get_all(
			"Shipment Document",
			filters={"parent": note, "file": ["is", "set"]},
			fields=["document_type", "uploaded_by", "uploaded_on"],
			order_by="idx",
		):
			attached.setdefault((row.uploaded_on, row.uploaded_by), []).append(row.document_type)
		for (when, user), names in attached.items():
			yield Event(when, 9, note, f"Attached: {', '.join(names)}", person(user))

	def money(self) -> Iterator[Event]:
		if not self.order:
			return
		documents = [("Sales Order", self.order)]
		for number in range(len(self.carrier.notes())):
			for invoice in self.carrier.invoices(number):
				documents.append(("Sales Invoice", invoice))
				yield from made("Sales Invoice", invoice, 12, f"Invoiced {money('Sales Invoice', invoice)}")
		for doctype, name in documents:
			for payment in frappe.get_all(
				"Payment Entry Reference",
				filters={"reference_doctype": doctype, "reference_name": name, "docstatus": 1},
				pluck="parent",
			):
				what = "Paid" if doctype == "Sales Invoice" else "Paid in advance"
				yield from made("Payment Entry", payment, 13, f"{what} {money('Payment Entry', payment)}")

	def mails(self, events: list[Event]) -> Iterator[Event]:
		"""The mails about the documents of `events`."""
		for mail in frappe.get_all(
			"Email Queue",
			filters={"reference_name": ["in", sorted({event.document for event in events})]},
			fields=["name", "creation", "status", "message"],
			order_by="creation, name",
		):
			recipients = frappe.get_all("Email Queue Recipient", {"parent": mail.name}, pluck="recipient")
			yield Event(
				mail.creation,
				0,
				f"Mail, {mail.status.lower()}",
				subject_of(mail.message),
				", ".join(recipients),
			)


def made(doctype: str, name: str | None, step: int, what: str, who: str = "") -> Iterator[Event]:
	"""That a document was made, by its owner; nothing when there is none."""
	if name:
		made_on, owner = frappe.db.get_value(doctype, name, ["creation", "owner"])
		yield Event(made_on, step, name, what, who or person(owner))


def person(user: str) -> str:
	"""Name and work of a sample user."""
	return next((f"{found.name}, {found.title}" for found in PEOPLE if found.email == user), user)


def items(rows: list[frappe._dict]) -> str:
	"""Quantities of items, in words: "12 FD-CYL-100, 1 FD-PNL-4Z"."""
	totals: Counter[str] = Counter()
	for row in rows:
		totals[row.item_code] += flt(row.qty)
	return ", ".join(f"{qty:g} {item_code}" for item_code, qty in totals.items())


def money(doctype: str, name: str) -> str:
	field = "paid_amount" if doctype == "Payment Entry" else "grand_total"
	currency = "paid_from_account_currency" if doctype == "Payment Entry" else "currency"
	return fmt_money(
		frappe.db.get_value(doctype, name, field), currency=frappe.db.get_value(doctype, name, currency)
	)


def subject_of(message: str) -> str:
	"""The subject of a mail in the queue."""
	return " ".join(str(make_header(decode_header(message_from_string(message)["Subject"]))).split())


# As text


def lines_of(story: Story) -> Iterator[str]:
	"""One story as lines of text, the heading first."""
	report = Report(story)
	title, stage = report.title(), report.stage()
	yield f"{title}{stage:>{WIDTH - len(title)}}"
	yield "-" * WIDTH
	for event in report.events():
		yield from row(str(event.step or ""), event.document, event.what, event.who)


def overview(stories: tuple[Story, ...]) -> Iterator[str]:
	"""Where each story stands, a line each."""
	for story in stories:
		report = Report(story)
		yield f"{report.stage():<33}{report.order or '':<{WIDTHS[1]}}{GAP}{report.title()}"


def heading() -> Iterator[str]:
	yield from row("Step", "Document", "What happened", "Who, or to whom")


def row(step: str, *cells: str) -> Iterator[str]:
	"""One row of the table; what does not fit its column goes on below it."""
	columns = [[f"{step:>{WIDTHS[0]}}"]]
	columns += [
		textwrap.wrap(cell, width, break_on_hyphens=False) or [""]
		for cell, width in zip(cells, WIDTHS[1:], strict=True)
	]
	for number in range(max(len(column) for column in columns)):
		yield GAP.join(
			f"{column[number] if number < len(column) else '':<{width}}"
			for column, width in zip(columns, WIDTHS, strict=True)
		).rstrip()
