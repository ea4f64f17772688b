"""Taking an order through the process, step by step, each as the person whose work it is.

Every step first looks whether it was taken, so that an interrupted demo goes on where it stopped.
What the desk would do, it does: ERPNext's and the app's own mappers, a save, a submit, a workflow
action. Nothing is written around the rules.
"""

from collections import Counter, defaultdict

import frappe
from frappe.model.document import Document
from frappe.model.workflow import apply_workflow
from frappe.utils import add_days, flt, nowdate
from frappe.utils.file_manager import save_file

from metalcraft_workflow.demo import people
from metalcraft_workflow.demo.company import COMPANY, COUNTRY, CURRENCY, SELLING
from metalcraft_workflow.demo.masters import code_of, customer_named, make_address
from metalcraft_workflow.demo.orders import Delivery, Story
from metalcraft_workflow.demo.pdf import one_page
from metalcraft_workflow.demo.people import Person, acting_as
from metalcraft_workflow.facts.final_pack import brought_parts

LEAD_TIME = 21  # days
CARRIER, TRACKING = "Redwood Freight", "RWF-{0}"


class Carrier:
	"""Takes one story through its steps. Each method gives whether there was something left to do."""

	def __init__(self, story: Story):
		self.story = story

	def take(self, step: str, delivery: int | None) -> bool:
		"""Take one step, of the delivery with that number when it has one."""
		method = getattr(self, step)
		return method() if delivery is None else method(delivery)

	# Steps 1-3: enquiry

	def lead(self) -> bool:
		if self.lead_name():
			return False
		enquiry = self.story.enquiry
		first_name, last_name = enquiry.buyer.split(" ", 1)
		with acting_as(people.SALES):
			frappe.get_doc(
				{
					"doctype": "Lead",
					"first_name": first_name,
					"last_name": last_name,
					"company_name": enquiry.company,
					"email_id": enquiry.email,
					"city": enquiry.city,
					"state": enquiry.state,
					"country": COUNTRY,
					"company": COMPANY,
				}
			).insert()
		return True

	def opportunity(self) -> bool:
		if self.opportunity_name():
			return False
		from erpnext.crm.doctype.lead.lead import make_opportunity

		with acting_as(people.SALES):
			doc = make_opportunity(self.lead_name())
			# ERPNext fills in a type by its English name, which a site in another language has not
			types = frappe.get_all("Opportunity Type", pluck="name", order_by="creation", limit=1)
			doc.update(
				{"company": COMPANY, "currency": CURRENCY, "opportunity_type": types[0] if types else None}
			)
			for item, qty in self.story.lines:
				doc.append("items", {"item_code": code_of(item), "qty": qty, "rate": item.price})
			doc.insert()
		return True

	def quotation(self) -> bool:
		if self.quotation_name():
			return False
		from erpnext.crm.doctype.lead import lead
		from erpnext.crm.doctype.opportunity import opportunity

		enquiry = self.opportunity_name()
		with acting_as(people.SALES):
			doc = opportunity.make_quotation(enquiry) if enquiry else lead.make_quotation(self.lead_name())
			doc.update(
				{
					"company": COMPANY,
					"currency": CURRENCY,
					"conversion_rate": 1,
					"selling_price_list": SELLING,
					"price_list_currency": CURRENCY,
					"plc_conversion_rate": 1,
					"customer_rfq_no": self.story.enquiry.rfq,
					"lead_time_days": LEAD_TIME,
					"valid_till": add_days(nowdate(), 30),
				}
			)
			doc.set("items", [])
			for item, qty in self.story.lines:
				doc.append("items", {"item_code": code_of(item), "qty": qty, "rate": item.price})
			doc.insert()
			doc.submit()
		return True

	# Step 4: the customer's purchase order

	def order(self) -> bool:
		if self.order_name():
			return False
		with acting_as(people.SUPPORT):
			doc = self.quoted_order() if self.story.enquiry else self.new_order()
			doc.update(
				{
					"po_no": self.story.po_no,
					"po_date": nowdate(),
					"delivery_date": add_days(nowdate(), LEAD_TIME),
					"production_notes": "Sample order of the demo.",
				}
			)
			for row in doc.items:
				row.delivery_date = doc.delivery_date
			for name in self.story.documents:
				doc.append("required_documents", {"document_type": name})
			doc.insert()
			doc.customer_po_file = attach(
				doc,
				"customer_po_file",
				f"Purchase order {self.story.po_no}",
				*self.ordered(doc.customer_name),
			)
			doc.save()
		return True

	def ordered(self, customer: str) -> list[str]:
		"""What the customer's purchase order says, line by line."""
		(first, qty), *others = self.story.lines
		lines = [(first, self.story.po_qty or qty), *others]
		return [
			f"from {customer} to {COMPANY}",
			"",
			*(f"{qty} x {item.code}  {item.name}, at {item.price:,.2f}" for item, qty in lines),
		]

	def quoted_order(self) -> Document:
		from erpnext.selling.doctype.quotation.quotation import make_sales_order

		doc = make_sales_order(self.quotation_name())
		# Now the lead is a customer, and goods can go to it
		make_address(doc.customer, self.story.enquiry.city, self.story.enquiry.state)
		return doc

	def new_order(self) -> Document:
		return frappe.get_doc(
			{
				"doctype": "Sales Order",
				"customer": customer_named(self.story.customer),
				"company": COMPANY,
				"currency": CURRENCY,
				"selling_price_list": SELLING,
				"transaction_date": nowdate(),
				"items": [
					{"item_code": code_of(item), "qty": qty, "rate": item.price}
					for item, qty in self.story.lines
				],
			}
		)

	# Step 5: approval

	def ask(self) -> bool:
		return self.act_on_order("Request Approval", people.SUPPORT)

	def release(self) -> bool:
		return self.act_on_order("Release Credit Hold", people.CREDIT)

	def send_back(self) -> bool:
		return self.act_on_order("Send Back", people.APPROVER, self.story.reason)

	def approve(self) -> bool:
		return self.act_on_order("Approve", people.APPROVER)

	def change(self) -> bool:
		"""The customer wants another quantity: "Update Items", as the form has it."""
		from erpnext.controllers.accounts_controller import update_child_qty_rate

		doc = self.get_order()
		first = doc.items[0]
		if flt(first.qty) == self.story.changed_qty:
			return False
		rows = [
			{
				"docname": row.name,
				"item_code": row.item_code,
				"qty": self.story.changed_qty if row is first else row.qty,
				"rate": row.rate,
				"uom": row.uom,
				"conversion_factor": row.conversion_factor,
				"delivery_date": str(row.delivery_date),
			}
			for row in doc.items
		]
		with acting_as(people.APPROVER):
			update_child_qty_rate(doc.doctype, frappe.as_json(rows), doc.name)
		return True

	# Step 6: production

	def acknowledge(self) -> bool:
		"""The first department acknowledges its notice."""
		from metalcraft_workflow.outgoing.production_notices import acknowledge

		notices = frappe.get_all(
			"Production Notice",
			filters={"sales_order": self.order_name()},
			fields=["name", "department", "acknowledged_by"],
			order_by="name",
		)
		if not notices or notices[0].acknowledged_by:
			return False
		with acting_as(head_of(notices[0].department)):
			acknowledge(notices[0].name)
		return True

	# Step 7: transfer to Final Pack

	def transfer(self, number: int) -> bool:
		"""Each department brings what it makes, as far as nobody has brought it."""
		from metalcraft_workflow.steps.transfer import make_transfer

		left = self.producers(number)
		for person in left:
			with acting_as(person):
				doc = make_transfer(self.order_name())
				keep_quantities(doc, quantities(self.story.deliveries[number]))
				doc.insert()
				take_batches_and_serials(doc)
				doc.save()
				doc.submit()
		return bool(left)

	def producers(self, number: int) -> list[Person]:
		"""Who has goods of a delivery to bring: a person of each department that makes some of them. Services are
		brought by nobody."""
		left = Counter()
		for delivery in self.story.deliveries[: number + 1]:
			left.update(quantities(delivery))
		for (_line, item_code), qty in brought_parts(self.order_name()).items():
			left[item_code] -= qty
		makers = [
			people.DEPARTMENTS[item.departments[0] if item.departments else item.group]
			for item, _qty in self.story.deliveries[number].lines
			if (item.stock or item.traceability == "Heat") and left[code_of(item)] > 0
		]
		return list(dict.fromkeys(makers))

	# Steps 8-11: packing, documents, clearance, shipping

	def pack(self, number: int) -> bool:
		if len(self.notes()) > number:
			return False
		from metalcraft_workflow.steps.final_pack import make_delivery_note

		with acting_as(people.PACKER):
			doc = make_delivery_note(self.order_name())
			keep_quantities(doc, quantities(self.story.deliveries[number]))
			# What came names its batches and serial numbers itself
			doc.update({"packages": 1 + number, "packing_notes": "On one pallet, strapped."})
			doc.insert()
		return True

	def scan(self, number: int) -> bool:
		"""All pieces but one are scanned, as Scan to Pack does it."""
		doc = self.get_note(number)
		if frappe.db.exists("Pack Scan", {"reference_name": doc.name}):
			return False
		from metalcraft_workflow.steps.scanning import send_scans

		*scanned, _last = (serial for row in doc.traceability for serial in row.serial_nos.split("\n"))
		with acting_as(people.PACKER):
			send_scans(
				doc.doctype,
				doc.name,
				[{"id": frappe.generate_hash(length=20), "code": serial, "qty": 1} for serial in scanned],
			)
		return True

	def finish(self, number: int) -> bool:
		return act(self.get_note(number), "Complete Packing", people.PACKER)

	def documents(self, number: int) -> bool:
		"""QA attaches what is missing and releases the documents."""
		doc = self.get_note(number)
		with acting_as(people.QUALITY):
			missing = [row for row in doc.shipment_documents if not row.file]
			for row in missing:
				row.file = attach(doc, None, f"{row.document_type} {doc.name}")
			if missing:
				doc.save()
		return act(self.get_note(number), "Release Documents", people.QUALITY)

	def clear(self, number: int) -> bool:
		return act(self.get_note(number), "Clear for Shipment", people.CLEARANCE)

	def ship(self, number: int) -> bool:
		doc = self.get_note(number)
		if doc.docstatus:
			return False
		with acting_as(people.SHIPPER):
			doc.update(
				{
					"carrier": CARRIER,
					"tracking_number": TRACKING.format(frappe.generate_hash(length=8).upper()),
					"ship_date": nowdate(),
				}
			)
			doc.save()
		return act(doc, "Ship", people.SHIPPER)

	# Steps 12-13: invoice and payment

	def invoice(self, number: int) -> bool:
		if self.invoices(number):
			return False
		from erpnext.stock.doctype.delivery_note.delivery_note import make_sales_invoice

		with acting_as(people.CLEARANCE):
			doc = make_sales_invoice(self.notes()[number])
			doc.insert()
			doc.submit()
		return True

	def pay(self, number: int) -> bool:
		invoice = self.invoices(number)[0]
		if paid_by("Sales Invoice", invoice):
			return False
		receive_payment("Sales Invoice", invoice)
		return True

	# Goods that come back

	def authorize_return(self, number: int) -> bool:
		"""One piece of the delivery is to come back and to be replaced."""
		if self.authorization(number):
			return False
		from metalcraft_workflow.steps.returns import make_for_delivery

		with acting_as(people.CLEARANCE):
			doc = make_for_delivery(self.notes()[number])
			doc.update({"reason": "Defective", "instructions": "Empty the extinguisher before you send it."})
			doc.set("items", doc.items[:1])
			row = doc.items[0]
			row.update({"qty": 1, "serial_nos": row.serial_nos.split("\n")[0], "disposition": "Replace"})
			doc.insert()
		with acting_as(people.SALES_MANAGER):
			frappe.get_doc(doc.doctype, doc.name).submit()
		return True

	def receive_return(self, number: int) -> bool:
		if self.returned(number):
			return False
		from metalcraft_workflow.steps.returns import make_return

		with acting_as(people.SHIPPER):
			doc = make_return(self.authorization(number)).insert()
		return act(doc, "Receive Return", people.SHIPPER)

	def judge_return(self, number: int) -> bool:
		doc = frappe.get_doc("Return Authorization", self.authorization(number))
		if doc.items[0].condition:
			return False
		from metalcraft_workflow.steps.returns import record_condition

		with acting_as(people.QUALITY):
			found = {"condition": "Defective", "findings": "The valve does not close."}
			record_condition(doc.name, [{"name": doc.items[0].name, **found}])
		return True

	def advance(self) -> bool:
		"""The customer pays half of the order before it is shipped."""
		order = self.get_order()
		if paid_by("Sales Order", order.name):
			return False
		receive_payment("Sales Order", order.name, flt(order.rounded_total or order.grand_total) / 2)
		return True

	# What there is already

	def lead_name(self) -> str | None:
		return self.story.enquiry and frappe.db.get_value("Lead", {"email_id": self.story.enquiry.email})

	def opportunity_name(self) -> str | None:
		lead = self.lead_name()
		return lead and frappe.db.get_value("Opportunity", {"opportunity_from": "Lead", "party_name": lead})

	def quotation_name(self) -> str | None:
		return self.story.enquiry and frappe.db.get_value(
			"Quotation",
			{"company": COMPANY, "customer_rfq_no": self.story.enquiry.rfq, "docstatus": ["<", 2]},
		)

	def order_name(self) -> str | None:
		return self.story.po_no and frappe.db.get_value(
			"Sales Order", {"company": COMPANY, "po_no": self.story.po_no, "docstatus": ["<", 2]}
		)

	def get_order(self) -> Document:
		return frappe.get_doc("Sales Order", self.order_name())

	def transfers(self) -> list[str]:
		return frappe.get_all(
			"Stock Entry",
			filters={"sales_order": self.order_name(), "docstatus": 1},
			pluck="name",
			order_by="creation",
		)

	def notes(self) -> list[str]:
		"""The order's delivery notes, oldest first."""
		names = frappe.get_all(
			"Delivery Note Item",
			filters={"against_sales_order": self.order_name(), "docstatus": ["<", 2]},
			pluck="parent",
			distinct=True,
			order_by=None,
		)
		return frappe.get_all(
			"Delivery Note",
			filters={"name": ["in", names], "is_return": 0},
			pluck="name",
			order_by="creation",
		)

	def get_note(self, number: int) -> Document:
		return frappe.get_doc("Delivery Note", self.notes()[number])

	def invoices(self, number: int) -> list[str]:
		return frappe.get_all(
			"Sales Invoice Item",
			filters={"delivery_note": self.notes()[number], "docstatus": 1},
			pluck="parent",
			distinct=True,
			order_by=None,
		)

	def authorization(self, number: int) -> str | None:
		"""The return authorization of a delivery."""
		return frappe.db.get_value(
			"Return Authorization Item", {"delivery_note": self.notes()[number], "docstatus": 1}, "parent"
		)

	def returned(self, number: int) -> str | None:
		"""The return of a delivery."""
		return frappe.db.get_value("Delivery Note", {"return_against": self.notes()[number], "docstatus": 1})

	def act_on_order(self, action: str, person: Person, reason: str | None = None) -> bool:
		return act(self.get_order(), action, person, reason)


def act(doc: Document, action: str, person: Person, reason: str | None = None) -> bool:
	"""Take a workflow action as `person`, as the form's button does, unless it was taken."""
	if frappe.db.exists(
		"Release Record",
		{"process_id": doc.process_id, "kind": "Passage", "action": action},
	):
		return False
	with acting_as(person):
		apply_workflow(
			frappe.as_json({"doctype": doc.doctype, "name": doc.name, "transition_reason": reason}), action
		)
	return True


def head_of(department: str) -> Person:
	"""Who a department's notices go to."""
	user = frappe.db.get_value("Production Recipient", {"parent": department}, "user")
	return next(person for person in people.PEOPLE if person.email == user)


def attach(doc: Document, fieldname: str | None, title: str, *lines: str) -> str:
	"""Attach a page with that title and `lines` to `doc`, as a private file; gives its address."""
	return save_file(
		f"{title}.pdf",
		one_page(title, *(lines or [COMPANY])),
		doc.doctype,
		doc.name,
		is_private=1,
		df=fieldname,
	).file_url


def quantities(delivery: Delivery) -> dict[str, int]:
	"""Item code -> quantity."""
	return {code_of(item): qty for item, qty in delivery.lines}


def keep_quantities(doc: Document, wanted: dict[str, int]) -> None:
	"""Keep only what belongs to this delivery. A line may stand there in rows, one a batch."""
	left, rows = dict(wanted), []
	for row in doc.items:
		row.qty = min(flt(row.qty), left.get(row.item_code, 0))
		if row.qty > 0:
			left[row.item_code] -= row.qty
			rows.append(row)
	doc.set("items", rows)
	for number, row in enumerate(doc.items, 1):
		row.idx = number


def take_batches_and_serials(doc: Document) -> None:
	"""Say which batches and serial numbers go into the boxes, oldest first, as the selector does."""
	from erpnext.stock.doctype.serial_and_batch_bundle.serial_and_batch_bundle import (
		add_serial_batch_ledgers,
	)

	promised = promised_elsewhere(doc)
	for row in doc.items:
		if row.batch_no or row.serial_no:
			continue
		place = row.get("s_warehouse") or row.warehouse
		entries = free_entries(row, place, promised)
		if entries:
			bundle = add_serial_batch_ledgers(entries, row.as_dict(), doc.as_dict(), place)
			row.update({"serial_and_batch_bundle": bundle.name, "use_serial_batch_fields": 0})
			row.update({"batch_no": None, "serial_no": None})


def free_entries(row: Document, place: str, promised: dict[str, float]) -> list[dict]:
	"""Batches with quantities, or serial numbers, in warehouse `place` that make up the quantity of `row`."""
	from erpnext.stock.doctype.serial_and_batch_bundle.serial_and_batch_bundle import get_auto_data

	item = frappe.get_cached_doc("Item", row.item_code)
	if not (item.has_batch_no or item.has_serial_no):
		return []
	entries, left = [], flt(row.qty)
	for found in get_auto_data(
		item_code=row.item_code,
		warehouse=place,
		has_serial_no=item.has_serial_no,
		has_batch_no=item.has_batch_no,
		based_on="FIFO",
	):
		name = found.get("serial_no") or found.get("batch_no")
		there = 1 if found.get("serial_no") else flt(found.qty)
		qty = min(left, there - promised[name])
		if qty > 0:
			entries.append(
				{"serial_no": found.get("serial_no"), "batch_no": found.get("batch_no"), "qty": qty}
			)
			left -= qty
	return entries


def promised_elsewhere(doc: Document) -> dict[str, float]:
	"""Batch or serial number -> quantity that other open delivery notes have."""
	promised: dict[str, float] = defaultdict(float)
	for row in frappe.get_all(
		"Traceability Entry",
		filters={"docstatus": 0, "parenttype": "Delivery Note", "parent": ["!=", doc.name]},
		fields=["batch_no", "serial_nos", "qty"],
	):
		for name in [row.batch_no] if row.batch_no else (row.serial_nos or "").split("\n"):
			promised[name] += row.qty if row.batch_no else 1
	return promised


def paid_by(doctype: str, name: str) -> bool:
	"""Whether a payment entry stands against a document."""
	return bool(
		frappe.db.exists(
			"Payment Entry Reference",
			{"reference_doctype": doctype, "reference_name": name, "docstatus": 1},
		)
	)


def receive_payment(doctype: str, name: str, amount: float | None = None) -> None:
	"""Book what the customer paid, in full when no amount is given."""
	from erpnext.accounts.doctype.payment_entry.payment_entry import get_payment_entry

	with acting_as(people.ACCOUNTS):
		entry = get_payment_entry(doctype, name, party_amount=amount)
		entry.update({"reference_no": f"WIRE {name}", "reference_date": nowdate()})
		entry.insert()
		entry.submit()
