"""Orders that come by Data Import go through the workflow like any other."""

import csv
import io

import frappe
from frappe.core.doctype.data_import.importer import INSERT, UPDATE, Importer
from frappe.tests.utils import FrappeTestCase
from frappe.utils import add_days, nowdate
from frappe.utils.file_manager import save_file

from metalcraft_workflow.tests.support import factories
from metalcraft_workflow.tests.support.factories import COMPANY, FINAL_PACK, MANAGER, SUPPORT, act, as_user

HEADER = (
	"Customer",
	"Company",
	"Date",
	"Delivery Date",
	"Customer's Purchase Order",
	"Item Code (Items)",
	"Quantity (Items)",
	"Rate (Items)",
	"Delivery Warehouse (Items)",
)


class TestOrderImport(FrappeTestCase):
	@classmethod
	def setUpClass(cls):
		super().setUpClass()
		factories.setup_world()
		factories.make_item()
		cls.customer = factories.bare_customer()
		frappe.db.commit()  # an import rolls back what fails

	def insert(self, extra: dict | None = None, submit: bool = False) -> tuple[str, list]:
		"""Import one order as Sales Manager, who may; gives its PO number and the log."""
		number = frappe.generate_hash(length=10)
		today, later = nowdate(), add_days(nowdate(), 14)
		values = (self.customer, COMPANY, today, later, number, "MT-CYL-01", 10, 100, FINAL_PACK)
		return number, run_import(
			INSERT, dict(zip(HEADER, values, strict=True)) | (extra or {}), submit=submit
		)

	def orders(self, number: str) -> list:
		return frappe.get_all("Sales Order", {"po_no": number}, ["workflow_state", "docstatus"])

	def test_an_imported_order_is_a_draft(self):
		number, log = self.insert()
		self.assertEqual([row.success for row in log], [1], log)
		self.assertEqual(self.orders(number), [{"workflow_state": "Draft", "docstatus": 0}])

	def test_an_import_does_not_submit(self):
		number, log = self.insert(submit=True)
		self.assertEqual([row.success for row in log], [0])
		self.assertEqual(self.orders(number), [])

	def test_an_import_does_not_bring_its_own_state(self):
		for state in ("Pending Approval", "Approved"):
			number, log = self.insert({"Workflow State": state})
			drafts = [{"workflow_state": "Draft", "docstatus": 0}]
			self.assertIn(self.orders(number), ([], drafts), log)

	def test_an_update_does_not_move_or_edit_out_of_turn(self):
		order = factories.make_order()
		act(order, "Request Approval", SUPPORT)
		frappe.db.commit()
		for values in ({"Workflow State": "Approved"}, {"Customer's Purchase Order": "changed"}):
			log = run_import(UPDATE, {"ID": order.name, **values})
			self.assertEqual([row.success for row in log], [0])
			stored = frappe.get_doc("Sales Order", order.name)
			self.assertEqual((stored.workflow_state, stored.po_no), ("Pending Approval", order.po_no))


def run_import(kind: str, values: dict, submit: bool = False) -> list:
	"""Import one row as Sales Manager; gives the log's rows."""
	with as_user("Administrator"):
		data_import = frappe.get_doc(
			{
				"doctype": "Data Import",
				"reference_doctype": "Sales Order",
				"import_type": kind,
				"submit_after_import": int(submit),
				"mute_emails": 1,
			}
		).insert()
		content = io.StringIO()
		writer = csv.DictWriter(content, values)
		writer.writeheader()
		writer.writerow(values)
		name = f"{data_import.name}.csv"
		file = save_file(
			name, content.getvalue().encode(), data_import.doctype, data_import.name, is_private=1
		)
	with as_user(MANAGER):
		Importer("Sales Order", data_import, file.file_url, kind).import_data()
	warnings = frappe.parse_json(data_import.template_warnings or "[]")
	assert not warnings, warnings
	return frappe.get_all(
		"Data Import Log", {"data_import": data_import.name}, ["success", "exception", "messages"]
	)
