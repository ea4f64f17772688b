import frappe
from frappe.custom.doctype.custom_field.custom_field import create_custom_field
from frappe.tests.utils import FrappeTestCase
from frappe.utils import nowdate

from metalcraft_workflow.gates import lines
from metalcraft_workflow.tests.support import deliveries, factories
from metalcraft_workflow.tests.support.factories import APPROVER, PACKER, act, as_user
from metalcraft_workflow.tests.support.rest import call, request

SALES_TEAM, TAXES = "Sales Team", "Sales Taxes and Charges"
# A table that an administrator has added
CUSTOM_TABLE, CUSTOM_FIELD = "MT Order Remark", "mt_remarks"


class TestRowsAlone(FrappeTestCase):
	"""Every table of an order or a delivery is written through the document."""

	@classmethod
	def setUpClass(cls):
		super().setUpClass()
		factories.setup_world()
		make_custom_table()
		frappe.db.commit()

	@classmethod
	def tearDownClass(cls):
		# Others look at all tables of an order
		frappe.delete_doc("Custom Field", f"Sales Order-{CUSTOM_FIELD}")
		frappe.db.commit()
		super().tearDownClass()

	def approved_order(self):
		order = factories.make_order(
			sales_team=[{"sales_person": "Sales Team", "allocated_percentage": 100}],
			mt_remarks=[{"remark": "Handle with care"}],
		)
		return factories.approve(order)

	def assertRefused(self, answer):
		self.assertEqual(answer.status, 403, answer.text)
		self.assertIn("itself", answer.words)

	def test_every_table_is_covered(self):
		events = frappe.get_hooks("doc_events", app_name="metalcraft_workflow")
		checked = {
			table
			for table, handlers in events.items()
			if {"metalcraft_workflow.gates.lines.check_row", "metalcraft_workflow.gates.lines.refuse_alone"}
			& set(handlers.get("on_trash", ()))
		}
		for doctype in ("Sales Order", "Delivery Note"):
			for df in frappe.get_meta(doctype).get_table_fields():
				if df.options != CUSTOM_TABLE:
					self.assertIn(df.options, checked, f"{doctype}.{df.fieldname}")

	def test_no_row_of_an_approved_order_is_written_alone(self):
		order = self.approved_order()
		rows = {
			"Sales Order Item": (order.items[0].name, {"qty": 1, "final_pack_qty": 10}),
			"Payment Schedule": (order.payment_schedule[0].name, {"invoice_portion": 50}),
			SALES_TEAM: (order.sales_team[0].name, {"allocated_percentage": 50}),
			CUSTOM_TABLE: (order.get(CUSTOM_FIELD)[0].name, {"remark": "Throw it"}),
		}
		for user in (APPROVER, "Administrator"):
			for table, (name, values) in rows.items():
				with self.subTest(user=user, table=table):
					path = f"/api/resource/{table}/{name}"
					self.assertRefused(request(user, "DELETE", path))
					self.assertRefused(request(user, "PUT", path, values))
					place = {"parent": order.name, "parenttype": "Sales Order", "parentfield": "items"}
					self.assertRefused(request(user, "POST", f"/api/resource/{table}", {**place, **values}))
		stored = frappe.get_doc("Sales Order", order.name)
		self.assertEqual((stored.items[0].qty, stored.items[0].final_pack_qty), (10, 0))
		self.assertEqual(stored.get(CUSTOM_FIELD)[0].remark, "Handle with care")
		self.assertEqual(stored.workflow_state, "Approved")

	def test_nor_by_any_other_way_to_write_a_document(self):
		order = self.approved_order()
		for row in (order.items[0], order.get(CUSTOM_FIELD)[0]):
			values = {**row.as_dict(convert_dates_to_str=True), "idx": 7}
			for method, arguments in {
				"frappe.client.save": {"doc": values},
				"frappe.client.submit": {"doc": " " + frappe.as_json(values)},
				"frappe.client.bulk_update": {
					"docs": frappe.as_json([{"doctype": row.doctype, "docname": row.name, "idx": 7}])
				},
				"frappe.desk.form.save.savedocs": {"doc": frappe.as_json(values), "action": "Save"},
				"frappe.handler.runserverobj": {"docs": frappe.as_json(values), "method": "save"},
				"frappe.desk.calendar.update_event": {
					"args": frappe.as_json({"doctype": row.doctype, "name": row.name, "idx": 7}),
					"field_map": frappe.as_json({"start": "idx", "end": "idx"}),
				},
				"frappe.desk.reportview.delete_items": {
					"doctype": row.doctype,
					"items": frappe.as_json([row.name]),
				},
			}.items():
				with self.subTest(table=row.doctype, method=method):
					answer = request(APPROVER, "POST", f"/api/method/{method}", arguments)
					self.assertNotIn(answer.status, range(500, 600), answer.text)
					self.assertEqual(
						frappe.db.get_value(row.doctype, row.name, ["idx", "docstatus"]), (1, 1), method
					)

	def test_nor_by_a_tool_that_is_asked_for_it_in_other_words(self):
		order = factories.make_order()
		tool = {
			"doctype": "Bulk Update",
			"document_type": "Sales Order Item",
			"field": "qty",
			"update_value": "1",
			"condition": f"name = '{order.items[0].name}'",
			"limit": 1,
		}
		arguments = {"docs": frappe.as_json(tool), "method": "bulk_update"}
		request("Administrator", "POST", "/api/method/run_doc_method", arguments)
		self.assertEqual(frappe.db.get_value("Sales Order Item", order.items[0].name, "qty"), 10)

	def test_nor_of_a_delivery(self):
		doc = deliveries.cleared(deliveries.delivery((factories.make_item(), 10, 100)))
		for user in (PACKER, "Administrator"):
			path = f"/api/resource/Delivery Note Item/{doc.items[0].name}"
			self.assertRefused(request(user, "PUT", path, {"qty": 1}))
			self.assertRefused(request(user, "DELETE", path))

	def test_an_import_writes_no_row_alone(self):
		order = self.approved_order()
		frappe.flags.in_import = True
		self.addCleanup(frappe.flags.pop, "in_import", None)
		row = frappe.get_doc("Sales Order Item", order.items[0].name)
		with self.assertRaises(frappe.PermissionError):
			row.save()

	def test_a_background_job_that_was_asked_for_rows_deletes_none(self):
		order = self.approved_order()
		frappe.local.job = frappe._dict(
			kwargs={"doctype": "Sales Order Item", "items": [order.items[0].name]}
		)
		self.addCleanup(delattr, frappe.local, "job")
		with self.assertRaises(frappe.PermissionError):
			frappe.delete_doc("Sales Order Item", order.items[0].name)

	def update_items(self, order, *rows):
		"""Set the quantity of lines to 8, as the form's "Update Items" does."""
		return call(
			APPROVER,
			lines.UPDATE_ITEMS,
			parent_doctype="Sales Order",
			parent_doctype_name=order.name,
			trans_items=frappe.as_json(
				[
					{
						"doctype": "Sales Order Item",  # whatever a row calls itself
						"docname": row.name,
						"item_code": row.item_code,
						"qty": 8,
						"rate": row.rate,
						"uom": row.uom,
						"conversion_factor": row.conversion_factor,
						"delivery_date": str(row.delivery_date),
						"final_pack_qty": 10,
					}
					for row in rows
				]
			),
		)

	def test_update_items_changes_no_line_of_another_order(self):
		order, other = self.approved_order(), self.approved_order()
		self.assertRefused(self.update_items(order, *order.items, *other.items))
		self.assertEqual(frappe.db.get_value("Sales Order Item", other.items[0].name, "qty"), 10)

	def test_update_items_goes_on_working(self):
		order = self.approved_order()
		answer = self.update_items(order, *order.items)
		self.assertEqual(answer.status, 200, answer.text)
		stored = frappe.get_doc("Sales Order", order.name)
		self.assertEqual((stored.items[0].qty, stored.items[0].final_pack_qty), (8, 0))
		self.assertEqual(stored.workflow_state, "Change Review")

	def test_rows_are_written_through_their_document(self):
		order = act(self.approved_order(), "Review Changes", APPROVER, "Who sells it")
		doc = frappe.get_doc("Sales Order", order.name).as_dict(convert_dates_to_str=True)
		doc["sales_team"][0]["incentives"] = 5
		answer = request(
			APPROVER, "PUT", f"/api/resource/Sales Order/{order.name}", {"sales_team": doc["sales_team"]}
		)
		self.assertEqual(answer.status, 200, answer.text)

	def test_rows_of_other_documents_are_not_our_business(self):
		customer = factories.make_customer()
		with as_user("Administrator"):
			invoice = frappe.get_doc(
				{
					"doctype": "Sales Invoice",
					"customer": customer,
					"company": factories.COMPANY,
					"due_date": nowdate(),
					"items": [{"item_code": factories.make_item(), "qty": 1, "rate": 10}],
					"sales_team": [{"sales_person": "Sales Team", "allocated_percentage": 100}],
				}
			).insert()
		path = f"/api/resource/{SALES_TEAM}/{invoice.sales_team[0].name}"
		self.assertEqual(request("Administrator", "PUT", path, {"incentives": 5}).status, 200)

	def test_reading_rows_is_reading(self):
		order = self.approved_order()
		for path in (
			f"/api/resource/Sales Order Item/{order.items[0].name}",
			f"/api/resource/{CUSTOM_TABLE}/{order.get(CUSTOM_FIELD)[0].name}",
		):
			self.assertEqual(request("Administrator", "GET", path).status, 200)
		answer = call(
			APPROVER,
			"frappe.client.get_list",
			doctype="Sales Order Item",
			parent="Sales Order",
			filters={"parent": order.name},
		)
		self.assertEqual(len(answer.data), 1)


def make_custom_table() -> None:
	"""A table of an administrator's own on Sales Order."""
	if not frappe.db.exists("DocType", CUSTOM_TABLE):
		frappe.get_doc(
			{
				"doctype": "DocType",
				"name": CUSTOM_TABLE,
				"module": "Selling",
				"custom": 1,
				"istable": 1,
				"fields": [
					{"fieldname": "remark", "fieldtype": "Data", "label": "Remark", "allow_on_submit": 1}
				],
			}
		).insert()
	if not frappe.get_meta("Sales Order").has_field(CUSTOM_FIELD):
		create_custom_field(
			"Sales Order",
			{
				"fieldname": CUSTOM_FIELD,
				"fieldtype": "Table",
				"label": "Remarks",
				"options": CUSTOM_TABLE,
				"insert_after": "items",
				"allow_on_submit": 1,
			},
		)
