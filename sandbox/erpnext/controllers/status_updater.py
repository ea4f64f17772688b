"""Statuses that follow from the figures of a document, and figures that follow from other documents."""

from typing import ClassVar

import frappe
from frappe import _
from frappe.model.document import Document
from frappe.query_builder.functions import Coalesce, Sum
from frappe.utils import flt


class OverAllowanceError(frappe.ValidationError):
	"""More is delivered or billed than was ordered."""


def submitted(doc) -> bool:
	return doc.docstatus == 1


# Status and when it holds, the last that holds first
STATUSES = {
	"Lead": [
		("Converted", lambda doc: frappe.db.exists("Customer", {"lead_name": doc.name})),
		("Quotation", lambda doc: doc.has_quotation()),
		("Opportunity", lambda doc: doc.has_opportunity()),
		("Lost Quotation", lambda doc: doc.has_lost_quotation()),
	],
	"Opportunity": [
		("Closed", lambda doc: doc.status == "Closed"),
		("Converted", lambda doc: doc.has_ordered_quotation()),
		("Quotation", lambda doc: doc.has_active_quotation()),
		("Lost", lambda doc: doc.status == "Lost" or doc.has_lost_quotation()),
	],
	"Quotation": [
		("Cancelled", lambda doc: doc.docstatus == 2),
		("Ordered", lambda doc: doc.ordered_status() == "Ordered"),
		("Partially Ordered", lambda doc: doc.ordered_status() == "Partially Ordered"),
		("Lost", lambda doc: doc.status == "Lost"),
		("Open", submitted),
		("Draft", lambda doc: True),
	],
	"Sales Order": [
		("On Hold", lambda doc: doc.status == "On Hold"),
		("Closed", lambda doc: doc.status == "Closed" and doc.docstatus != 2),
		("Cancelled", lambda doc: doc.docstatus == 2),
		("Completed", lambda doc: submitted(doc) and delivered(doc) and flt(doc.per_billed) >= 100),
		("To Deliver", lambda doc: submitted(doc) and not delivered(doc) and flt(doc.per_billed) >= 100),
		("To Bill", lambda doc: submitted(doc) and delivered(doc) and flt(doc.per_billed) < 100),
		("To Deliver and Bill", submitted),
		("Draft", lambda doc: True),
	],
	"Delivery Note": [
		("Closed", lambda doc: doc.status == "Closed" and doc.docstatus != 2),
		("Cancelled", lambda doc: doc.docstatus == 2),
		("Return Issued", lambda doc: submitted(doc) and flt(doc.per_returned) == 100),
		("Completed", lambda doc: submitted(doc) and flt(doc.per_billed) == 100),
		("To Bill", lambda doc: submitted(doc) and flt(doc.per_billed) < 100),
		("Draft", lambda doc: True),
	],
	"Purchase Order": [
		("Closed", lambda doc: doc.status == "Closed" and doc.docstatus != 2),
		("On Hold", lambda doc: doc.status == "On Hold"),
		("Cancelled", lambda doc: doc.docstatus == 2),
		("Delivered", lambda doc: doc.status == "Delivered"),
		("To Bill", lambda doc: submitted(doc) and flt(doc.per_received) >= 100),
		("To Receive and Bill", submitted),
		("Draft", lambda doc: True),
	],
	"Purchase Receipt": [
		("Cancelled", lambda doc: doc.docstatus == 2),
		("To Bill", submitted),
		("Draft", lambda doc: True),
	],
}


def delivered(doc) -> bool:
	return bool(flt(doc.per_delivered) >= 100 or doc.skip_delivery_note)


class StatusUpdater(Document):
	# Figures on lines of other documents that lines of this one add up to
	status_updater: ClassVar[list] = []

	def set_status(self, update=False, status=None, update_modified=True):
		"""Set the status that fits; with `update` at once in the database, where `status` says what was
		decided by hand."""
		if self.is_new():
			if self.get("amended_from"):
				self.status = "Draft"
			return
		before = self.status
		if status and update:
			self.db_set("status", status)
		for name, holds in STATUSES.get(self.doctype, ()):
			if holds(self):
				self.status = name
				break
		if self.status != before and self.status not in ("Cancelled", "Partially Ordered", "Ordered"):
			self.add_comment("Label", _(self.status))
		if update:
			self.db_set("status", self.status, update_modified=update_modified)

	def updates(self) -> list[dict]:
		"""What this document adds up to. Each: the field of the `line` that names the `target` line, the
		`field` there, what of it (`of`, times `sign`), and the percentage of the document it belongs to."""
		return []

	def update_prevdoc_status(self):
		self.update_qty()
		self.validate_qty()

	def update_qty(self, update_modified=True):
		for update in self.updates():
			for row in self.items:
				if name := row.get(update["line"]):
					value = sum(added_up(source, name) for source in update["sources"])
					frappe.db.set_value(update["target"], name, update["field"], value, update_modified=False)
			if update.get("percent"):
				named = {row.get(update["document"]) for row in self.items}
				if update["document"] == "return_against":
					named = {self.return_against}
				for name in sorted(named - {None, ""}):
					update_percentage(update, name, update_modified)

	def validate_qty(self):
		for update in self.updates():
			if not update.get("limit"):
				continue
			for row in self.items:
				if flt(row.qty) < 0 and not self.get("is_return"):
					frappe.throw(_("The quantity of {0} has to be above zero.").format(row.item_code))
				name = row.get(update["line"])
				if not name:
					continue
				is_, most = frappe.db.get_value(update["target"], name, [update["field"], update["limit"]])
				if flt(most) and (flt(is_) - flt(most)) / flt(most) * 100 > 0.01:
					frappe.throw(
						_(
							"{0}: {1} too much of {2} on this {3}. Is there another one of the same {4}?"
						).format(
							_(update["limit"].title()),
							frappe.bold(flt(is_) - flt(most)),
							frappe.bold(row.item_code),
							frappe.bold(_(self.doctype)),
							frappe.bold(_(update["target"])),
						),
						OverAllowanceError,
						title=_("Limit Crossed"),
					)


def added_up(source: dict, name: str) -> float:
	"""The sum of a field over the submitted lines that name the line `name`."""
	parent, line = frappe.qb.DocType(source["doctype"]), frappe.qb.DocType(f"{source['doctype']} Item")
	query = (
		frappe.qb.from_(line)
		.join(parent)
		.on(parent.name == line.parent)
		.where(line[source["line"]] == name)
		.where(parent.docstatus == 1)
		.select(Coalesce(Sum(line[source["of"]]), 0))
	)
	for field, value in source.get("only", {}).items():
		query = query.where(parent[field] == value)
	return flt(query.run()[0][0]) * source.get("sign", 1)


def update_percentage(update: dict, name: str, update_modified=True) -> None:
	"""Work out a percentage of the document `name`, and what its status is then."""
	doctype = update["target"].removesuffix(" Item")
	most, field = update["limit"], update["field"]
	rows = frappe.get_all(
		update["target"], filters={"parent": name, "parenttype": doctype}, fields=[most, field]
	)
	total = sum(abs(flt(row[most])) for row in rows)
	reached = sum(min(abs(flt(row[most])), abs(flt(row[field]))) for row in rows)
	percentage = round(reached / total * 100, 6) if total else 0
	values = {update["percent"]: percentage}
	if word := update.get("word"):
		how = "Not" if percentage < 0.001 else "Fully" if percentage >= 99.999999 else "Partly"
		values[f"{update['status']}"] = f"{how} {word}"
	frappe.db.set_value(doctype, name, values, update_modified=update_modified)
	if update_modified:
		target = frappe.get_doc(doctype, name)
		target.set_status(update=True)
		target.notify_update()
