"""Return Authorization (RMA): what a customer may send back, of which deliveries, and what becomes of it.

Customer Support writes it, a Sales Manager authorizes it by submitting it. What was received and
settled, and the status, follow from delivery notes and invoices and are written by `facts.returns`.
"""

import frappe
from frappe import _
from frappe.model.document import Document
from frappe.utils import flt, get_link_to_form, now_datetime

from metalcraft_workflow.facts import returns, traceability
from metalcraft_workflow.facts.locks import lock
from metalcraft_workflow.gates.message import refuse
from metalcraft_workflow.gates.numbers import written_qty
from metalcraft_workflow.rules import returns as rules

# What the server alone writes, once the authorization is submitted
SERVER_FIELDS = ("status", "closed", "closed_reason")
SERVER_FIELDS_OF_ROWS = ("received_qty", "settled_qty")


class ReturnAuthorization(Document):
	"""An RMA. Raises ValidationError for what no delivery has shipped, or what came back already."""

	def onload(self):
		"""Tell the form what can be made from here."""
		self.set_onload("to_receive", self.deliveries_to_receive())
		self.set_onload("to_credit", sorted(returns.creditable(self)))
		self.set_onload("may_judge", returns.judges(self))

	def before_insert(self):
		# The desk's Amend copies fields that are not to be copied
		for row in self.items:
			row.update({"received_qty": 0, "settled_qty": 0, "condition": None, "findings": None})

	def validate(self):
		authorized = self.docstatus == 1
		if authorized:
			# Two people who authorize returns of one delivery come one after the other
			lock("Delivery Note", self.deliveries())
		self.update({"status": "Draft", "closed": 0, "closed_reason": None})
		self.update({"authorized_by": None, "authorized_on": None})
		deliveries = [frappe.get_doc("Delivery Note", name) for name in self.find_deliveries()]
		self.fill_rows(deliveries)
		self.check_rows(deliveries, authorized)

	def before_submit(self):
		undecided = [str(row.idx) for row in self.items if not row.disposition]
		if undecided:
			frappe.throw(
				_("Rows {0}: choose the disposition, Credit, Replace or Rework.").format(
					", ".join(undecided)
				),
				title=_("Not Decided"),
			)
		self.check_orders_open(self.items)
		self.update({"authorized_by": frappe.session.user, "authorized_on": now_datetime()})

	def before_update_after_submit(self):
		before = self.get_doc_before_save()
		for field in SERVER_FIELDS:
			if not self.flags.by_process:
				self.set(field, before.get(field))
		stored = {row.name: row for row in before.items}
		for row in self.items:
			if row.name not in stored:
				continue  # Frappe itself refuses a new row, after this
			for field in SERVER_FIELDS_OF_ROWS:
				row.set(field, stored[row.name].get(field))
			if row.disposition != stored[row.name].disposition:
				self.check_new_disposition(row)
				self.check_orders_open([row])

	def before_cancel(self):
		drafts = frappe.get_all(
			"Delivery Note", {"return_authorization": self.name, "docstatus": 0}, pluck="name"
		)
		if drafts:
			frappe.throw(
				_("Delete {0} first: it is about to receive these goods.").format(
					", ".join(get_link_to_form("Delivery Note", name) for name in drafts)
				)
			)

	# The deliveries

	def deliveries(self) -> list[str]:
		"""The delivery notes of the rows, sorted."""
		return sorted({row.delivery_note for row in self.items if row.delivery_note})

	def orders(self) -> list[str]:
		"""The orders of the rows, sorted."""
		return sorted({row.sales_order for row in self.items if row.sales_order})

	def deliveries_to_receive(self) -> list[str]:
		"""The delivery notes of which something is still to come back."""
		waiting = returns.expected(self) if self.docstatus == 1 else {}
		return sorted({row.delivery_note for row in self.items if row.name in waiting})

	def find_deliveries(self) -> list[str]:
		"""The delivery notes of the rows, looked up by their lines: what a client says is not heard."""
		if not self.items:
			# Frappe asks for rows only after `validate`
			frappe.throw(_("Add what comes back: make the rows from an order or a delivery note."))
		lines = [row.delivery_note_item for row in self.items if row.delivery_note_item]
		found = dict(
			frappe.get_all(
				"Delivery Note Item", {"name": ["in", lines or [""]]}, ["name", "parent"], as_list=True
			)
		)
		for row in self.items:
			row.delivery_note = found.get(row.delivery_note_item)
			if not row.delivery_note:
				frappe.throw(
					_("Row {0}: there is no such line on a delivery note. Make the row from one.").format(
						row.idx
					)
				)
		return self.deliveries()

	def fill_rows(self, deliveries: list[Document]) -> None:
		"""Write on each row what its delivery says, and on the authorization whose they are.

		Raises ValidationError for a delivery that did not ship, has no order, or is another customer's.
		"""
		first = deliveries[0]
		self.update(
			{"customer": first.customer, "customer_name": first.customer_name, "company": first.company}
		)
		lines = {}
		for delivery in deliveries:
			if delivery.docstatus != 1 or delivery.is_return or not delivery.follows_process:
				frappe.throw(
					_("{0} has shipped nothing by this process that could come back.").format(delivery.name)
				)
			if (delivery.customer, delivery.company) != (first.customer, first.company):
				frappe.throw(
					_("{0} went to {1} and {2} to {3}. Make an authorization for each.").format(
						first.name, first.customer_name, delivery.name, delivery.customer_name
					)
				)
			lines |= {line.name: line for line in delivery.items}
		for row in self.items:
			line = lines[row.delivery_note_item]
			if not line.so_detail:
				frappe.throw(
					_("Row {0}: {1} was delivered for no order. Make the return from {2} itself.").format(
						row.idx, line.item_code, row.delivery_note
					)
				)
			row.update(
				{
					"item_code": line.item_code,
					"item_name": line.item_name,
					"uom": line.uom,
					"sales_order": line.against_sales_order,
					"so_detail": line.so_detail,
				}
			)

	def check_rows(self, deliveries: list[Document], complete: bool) -> None:
		"""Refuse what was not shipped, came back, or is on another authorization."""
		shipped = {}
		for delivery in deliveries:
			shipped |= returns.shipped_by(delivery)
		for row in self.items:
			batches = shipped[row.delivery_note_item].batches
			if not row.batch_no and len(batches) == 1 and not shipped[row.delivery_note_item].is_bundle:
				row.batch_no = next(iter(batches))
			row.serial_nos = "\n".join(traceability.serial_numbers(row.serial_nos))
		problems = rules.problems(
			[
				rules.ReturnPart(
					line=row.delivery_note_item,
					qty=flt(row.qty),
					batch_no=row.batch_no or "",
					serial_nos=traceability.serial_numbers(row.serial_nos),
					row=row.idx,
				)
				for row in self.items
			],
			shipped,
			returns.taken_of(
				{row.delivery_note_item for row in self.items}, without=self.name or "", for_update=complete
			),
			complete,
		)
		refuse(problems, _("Cannot Come Back"))

	# Decisions

	def check_orders_open(self, rows: list[Document]) -> None:
		"""Refuse to promise goods for an order that a person closed: nothing can be delivered for it."""
		again = sorted({row.sales_order for row in rows if row.disposition != rules.CREDIT})
		closed = again and frappe.get_all(
			"Sales Order",
			{"name": ["in", again], "status": "Closed", "closed_by_workflow": 0},
			pluck="name",
			order_by="name",
		)
		if closed:
			frappe.throw(
				_(
					"Somebody closed {0}, so that nothing can be shipped again for it. Open it first, or choose"
					" Credit."
				).format(", ".join(get_link_to_form("Sales Order", name) for name in closed)),
				title=_("Order Is Closed"),
			)

	def check_new_disposition(self, row: Document) -> None:
		"""Refuse another disposition for what is credited or shipped again already."""
		if not row.disposition or flt(row.settled_qty):
			frappe.throw(
				_("Row {0}: {1} of {2} are credited or shipped again. The disposition stays.").format(
					row.idx, written_qty(row.settled_qty, row.uom), row.item_code
				)
				if row.disposition
				else _("Row {0}: choose a disposition.").format(row.idx)
			)
