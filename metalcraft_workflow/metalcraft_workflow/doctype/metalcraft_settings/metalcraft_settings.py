import frappe
from frappe import _
from frappe.model.document import Document
from frappe.utils import cint

from metalcraft_workflow.gates import record
from metalcraft_workflow.gates.input import checked
from metalcraft_workflow.gates.without_workflow import SETTINGS
from metalcraft_workflow.rules.requests import PORTALS
from metalcraft_workflow.setup import portal

# What a record says of documents that may go on without their workflow, or no longer
ACTIONS = ("Needs Its Workflow", "Goes On Without Its Workflow")


class MetalcraftSettings(Document):
	def onload(self):
		self.set_onload("portals_in_use", portal.in_use())

	def validate(self):
		self.validate_warehouses()
		self.validate_signatures()
		self.validate_allowed_requests()
		self.validate_digests()
		self.take_reason()

	def on_update(self):
		self.record_without_workflow()
		self.follow_portals()

	def follow_portals(self):
		"""Entries of the portal's menu follow the ticks that were set or taken away."""
		before = self.get_doc_before_save()
		changed = {
			each.field: self.get(each.field)
			for each in PORTALS
			if before and before.get(each.field) != self.get(each.field)
		}
		if changed:
			portal.follow_ticks(changed)

	def validate_allowed_requests(self):
		"""A row allows something in particular: what stands for everything is no list."""
		for row in self.allowed_requests:
			row.request = row.request.strip()
			if not row.request.strip("*/.: "):
				frappe.throw(
					_("Row #{0}: name what is allowed. {1} would allow everything.").format(
						row.idx, row.request
					)
				)

	def validate_warehouses(self):
		"""One row a company, with warehouses of that company that can hold stock."""
		seen = set()
		for row in self.warehouses:
			if row.company in seen:
				frappe.throw(
					_("Row #{0}: {1} already has a row. Keep one row a company.").format(row.idx, row.company)
				)
			seen.add(row.company)
			for fieldname in ("final_pack_warehouse", "shipping_warehouse"):
				warehouse = row.get(fieldname)
				if not warehouse:
					continue
				company, is_group = frappe.get_cached_value("Warehouse", warehouse, ["company", "is_group"])
				if company != row.company or is_group:
					frappe.throw(
						_("Row #{0}: choose a warehouse of {1} that is not a group; {2} is not one.").format(
							row.idx, row.company, warehouse
						)
					)

	def validate_signatures(self):
		"""One row a gate."""
		gates = [row.gate for row in self.signatures]
		twice = next((row for row in self.signatures if gates.count(row.gate) > 1), None)
		if twice:
			frappe.throw(_("Gates That Are Signed: {0} is there twice.").format(twice.gate))

	def validate_digests(self):
		"""Each row names a department or a role, each of them once."""
		seen = set()
		for row in self.digests:
			if bool(row.production_department) == bool(row.role):
				frappe.throw(
					_("Daily Digest, row #{0}: choose a production department, or a role.").format(row.idx)
				)
			named = (row.production_department, row.role)
			if named in seen:
				frappe.throw(
					_("Daily Digest, row #{0}: {1} is there twice.").format(
						row.idx, row.production_department or _(row.role)
					)
				)
			seen.add(named)

	def take_reason(self):
		"""Whoever lets documents go on without their workflow, or no longer, says why. It is for that one
		change, so it is not kept here."""
		before = self.get_doc_before_save()
		changed = {
			doctype: cint(self.get(field))
			for doctype, field in SETTINGS.items()
			if cint(self.get(field)) != cint(before and before.get(field))
		}
		reason = (self.without_workflow_reason or "").strip()
		if changed and not reason:
			frappe.throw(
				_(
					"Say why documents go on without their workflow, or why they no longer do: it is kept on record."
				),
				title=_("Reason Required"),
			)
		self.without_workflow_reason = None
		self.flags.without_workflow = (changed, reason)

	def record_without_workflow(self):
		"""Keep on record who has changed it, and why."""
		changed, reason = self.flags.pop("without_workflow", None) or ({}, "")
		if changed:
			record.write_all(
				# The settings have no ID, and never another name
				frappe._dict(
					doctype=self.doctype, name=self.name, process_id=self.name, flags=frappe._dict()
				),
				[
					{"kind": "Setting", "action": f"{doctype}: {ACTIONS[value]}", "reason": reason}
					for doctype, value in changed.items()
				],
			)

	@frappe.whitelist()
	@checked
	def restore_default_workflows(self) -> None:
		"""Put both workflows back as the app ships them. Raises PermissionError without write access."""
		from metalcraft_workflow.setup.workflows import restore_workflows

		self.check_permission("write")
		restore_workflows()
