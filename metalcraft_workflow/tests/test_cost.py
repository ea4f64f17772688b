"""What the app's handlers cost, in queries: next to nothing on documents that are none of its
business, and a handful on those that are."""

import frappe
from frappe.tests.utils import FrappeTestCase
from frappe.utils import nowdate

from metalcraft_workflow.tests.support import factories
from metalcraft_workflow.tests.support.cost import counted, without_the_app
from metalcraft_workflow.tests.support.factories import COMPANY, FINAL_PACK, SUPPORT, as_user


class TestCost(FrappeTestCase):
	@classmethod
	def setUpClass(cls):
		super().setUpClass()
		factories.setup_world()

	def extra_queries(self, make, act) -> int:
		"""How many queries more `act(make())` runs with the app than without it."""
		for warm_up in (act, act):  # both ways with every cache warm
			warm_up(make())
		document = make()
		with counted() as with_app:
			act(document)
		document = make()
		with without_the_app(), counted() as without_app:
			act(document)
		return len(with_app) - len(without_app)

	def test_documents_of_others_cost_nothing(self):
		def todo():
			return frappe.get_doc({"doctype": "ToDo", "description": "Call back"}).insert()

		self.assertEqual(self.extra_queries(todo, lambda doc: doc.save()), 0)

	def test_a_stock_entry_of_no_order_costs_next_to_nothing(self):
		item = factories.make_item()

		def entry():
			return frappe.get_doc(
				{
					"doctype": "Stock Entry",
					"stock_entry_type": "Material Receipt",
					"company": COMPANY,
					"items": [{"item_code": item, "qty": 1, "t_warehouse": FINAL_PACK, "basic_rate": 10}],
				}
			).insert()

		self.assertLessEqual(self.extra_queries(entry, lambda doc: doc.submit()), 2)

	def test_an_invoice_of_no_order_costs_next_to_nothing(self):
		item, customer = factories.make_item(), factories.make_customer()

		def invoice():
			return frappe.get_doc(
				{
					"doctype": "Sales Invoice",
					"customer": customer,
					"company": COMPANY,
					"due_date": nowdate(),
					"items": [{"item_code": item, "qty": 1, "rate": 10}],
				}
			).insert()

		self.assertLessEqual(self.extra_queries(invoice, lambda doc: doc.submit()), 6)

	def test_a_file_that_belongs_to_no_delivery_costs_nothing(self):
		def file():
			return frappe.get_doc(
				{"doctype": "File", "file_name": f"{frappe.generate_hash(length=6)}.txt", "content": "x"}
			).insert()

		self.assertLessEqual(self.extra_queries(file, lambda doc: doc.delete()), 0)

	def test_saving_a_draft_order_costs_a_handful(self):
		def save(order):
			with as_user(SUPPORT):
				doc = frappe.get_doc("Sales Order", order.name)
				doc.production_notes = frappe.generate_hash(length=6)
				doc.save()

		extra = self.extra_queries(factories.make_order, save)
		self.assertLessEqual(extra, 12)

	def test_the_cost_of_an_order_does_not_grow_with_its_lines(self):
		item = factories.make_item()

		def save(order):
			with as_user(SUPPORT):
				doc = frappe.get_doc("Sales Order", order.name)
				doc.production_notes = frappe.generate_hash(length=6)
				doc.save()

		few = self.extra_queries(lambda: factories.make_order(*[(item, 1, 10)] * 2), save)
		many = self.extra_queries(lambda: factories.make_order(*[(item, 1, 10)] * 30), save)
		self.assertLessEqual(many - few, 2)
