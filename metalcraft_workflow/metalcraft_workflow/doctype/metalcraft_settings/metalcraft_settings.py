import frappe
from frappe import _
from frappe.model.document import Document


class MetalcraftSettings(Document):
	def validate(self):
		self.validate_warehouses()

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

	@frappe.whitelist()
	def restore_default_workflows(self) -> None:
		"""Put both workflows back as the app ships them. Raises PermissionError without write access."""
		from metalcraft_workflow.setup.workflows import restore_workflows

		self.check_permission("write")
		restore_workflows()
