"""What the app's handlers cost, in queries: next to nothing on documents that are none of its
business, a handful on those that are, and a tenth of ERPNext's own over the life of an order.

Counts, never times: those are in `benchmarks/`. A number here is what it costs today; whoever makes it dearer
has to say why.
"""

from typing import ClassVar

import frappe
from frappe.tests.utils import FrappeTestCase
from frappe.utils import nowdate

from metalcraft_workflow.gates.checklist import get_checklist
from metalcraft_workflow.steps.purchase_order import orders_with_same_po
from metalcraft_workflow.tests.support import deliveries, factories, mail_account, money
from metalcraft_workflow.tests.support.cost import counted, traced, without_the_app
from metalcraft_workflow.tests.support.factories import COMPANY, FINAL_PACK, PACKER, SUPPORT, as_user
from metalcraft_workflow.tests.support.life import Life
from metalcraft_workflow.tests.support.marks import needs_mariadb


class CostCase(FrappeTestCase):
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
		with without_the_app():
			act(document)
		document = make()
		with without_the_app(), counted() as without_app:
			act(document)
		return len(with_app) - len(without_app)

	def own_queries(self, act) -> list[str]:
		"""The queries that functions of the app ask when `act()` is done a second time."""
		act()
		with traced() as asked:
			act()
		return [f"{query.handler}: {query.query[:120]}" for query in asked if query.by]


class TestIndexes(CostCase):
	@needs_mariadb
	def test_what_is_asked_of_all_documents_has_an_index(self):
		for doctype, fields in (
			("Stock Entry", "docstatus_purpose"),  # transfers to be scanned
			("Stock Entry Detail", "item_code_docstatus"),  # who else names a serial number
		):
			self.assertTrue(frappe.db.has_index(f"tab{doctype}", f"{fields}_index"), doctype)


class TestDocumentsOfOthers(CostCase):
	def test_documents_of_others_cost_nothing(self):
		def todo():
			return frappe.get_doc({"doctype": "ToDo", "description": "Call back"}).insert()

		self.assertEqual(self.extra_queries(todo, lambda doc: doc.save()), 0)

	def test_a_stock_entry_of_no_order_costs_nothing(self):
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

		self.assertLessEqual(self.extra_queries(entry, lambda doc: doc.submit()), 0)

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

		self.assertLessEqual(self.extra_queries(invoice, lambda doc: doc.submit()), 2)

	def test_a_file_that_belongs_to_no_delivery_costs_nothing(self):
		def file():
			return frappe.get_doc(
				{"doctype": "File", "file_name": f"{frappe.generate_hash(length=6)}.txt", "content": "x"}
			).insert()

		self.assertLessEqual(self.extra_queries(file, lambda doc: doc.delete()), 0)


class TestSaves(CostCase):
	"""A save that moves nothing, and changes nothing that a gate vouches for."""

	MOST = 4

	def save(self, doc, user: str, fieldname: str):
		def act():
			with as_user(user):
				fresh = frappe.get_doc(doc.doctype, doc.name)
				fresh.set(fieldname, frappe.generate_hash(length=6))
				fresh.save()

		return act

	def test_a_draft_order(self):
		item = factories.make_item()
		for lines in (2, 30):
			order = factories.make_order(*[(item, 1, 10)] * lines)
			own = self.own_queries(self.save(order, SUPPORT, "production_notes"))
			self.assertLessEqual(len(own), self.MOST, own)

	def test_an_order_that_waits_for_its_approval(self):
		order = factories.make_order()
		factories.act(order, "Request Approval", SUPPORT)
		own = self.own_queries(self.save(order, factories.APPROVER, "production_notes"))
		self.assertLessEqual(len(own), self.MOST, own)

	def test_a_delivery_note_being_packed(self):
		item = factories.make_item()
		for lines in (2, 30):
			note = deliveries.delivery(*[(item, 1, 10)] * lines)
			own = self.own_queries(self.save(note, PACKER, "packing_notes"))
			self.assertLessEqual(len(own), self.MOST, own)

	def test_a_cleared_delivery_note(self):
		note = deliveries.cleared(deliveries.delivery())
		own = self.own_queries(self.save(note, factories.SHIPPER, "packing_notes"))
		self.assertLessEqual(len(own), self.MOST, own)

	def test_what_it_costs_beside_erpnext_does_not_grow_with_the_lines(self):
		item = factories.make_item()

		def save(order):
			with as_user(SUPPORT):
				doc = frappe.get_doc("Sales Order", order.name)
				doc.production_notes = frappe.generate_hash(length=6)
				doc.save()

		few = self.extra_queries(lambda: factories.make_order(*[(item, 1, 10)] * 2), save)
		many = self.extra_queries(lambda: factories.make_order(*[(item, 1, 10)] * 30), save)
		self.assertLessEqual(many - few, 0)


class TestLife(CostCase):
	"""The life of an order of ten lines, from draft to closed, with its mails."""

	# Major of Frappe -> step: how many queries more than without the app. Of each passage three are for its records: two for their
	# place in the log, one for what things were called. Two of a transfer come and go: ERPNext asks for later
	# entries of the ledger at times.
	ADDED: ClassVar = {
		15: {
			"Order: insert": 6,
			"Request approval": 28,
			"Approve": 34,
			"Transfer: insert, submit": 49,
			"Delivery note: make, insert": 31,
			"Complete packing": 40,
			"Clear": 34,
			"Ship": 56,
			"Invoice: make, insert, submit": 70,
			"Payment: insert, submit, close": 25,
		},
		16: {
			"Order: insert": 6,
			"Request approval": 22,
			"Approve": 28,
			"Transfer: insert, submit": 28,
			"Delivery note: make, insert": 31,
			"Complete packing": 37,
			"Clear": 32,
			"Ship": 41,
			"Invoice: make, insert, submit": 71,
			"Payment: insert, submit, close": 24,
		},
	}
	# And of the whole, as a multiple of what it asks without the app
	WHOLE: ClassVar = {15: 1.10, 16: 1.10}

	def life(self, lines: int) -> dict[str, tuple[int, int]]:
		"""Step -> queries with the app, and without it."""
		found = {}
		for with_app in (True, False):
			for warm in (False, True):
				for step, act in Life(lines, with_app).steps():
					with counted() as queries:
						act()
					if warm:
						found.setdefault(step, []).append(len(queries))
		return found

	@needs_mariadb
	def test_no_step_costs_more_than_it_did(self):
		mail_account.make_account()
		found, major = self.life(10), int(frappe.__version__.split(".")[0])
		added = {step: with_app - without for step, (with_app, without) in found.items()}
		dearer = {step: queries for step, queries in added.items() if queries > self.ADDED[major][step]}
		self.assertEqual(dearer, {}, added)
		with_app, without = (sum(column) for column in zip(*found.values(), strict=True))
		self.assertLessEqual(with_app / without, self.WHOLE[major], found)


class TestSets(CostCase):
	"""What is many is read in one go."""

	def own_of_a_payment(self, invoices: int) -> list[str]:
		"""What the app asks when one payment pays invoices of as many orders, that have something left to
		deliver."""
		customer, item = (
			factories.make_customer(f"Payer {frappe.generate_hash(length=6)}"),
			factories.make_item(),
		)
		orders = [
			deliveries.approved_order((item, 10, 100), customer=customer) for _number in range(invoices)
		]
		paid = [money.invoice(money.ship(order, 5)) for order in orders]
		money.commit()
		with traced() as asked:
			money.pay(*paid)
			money.commit()
		return [f"{query.by}: {query.query[:100]}" for query in asked if query.by]

	@needs_mariadb
	def test_settling_many_orders_reads_them_in_one_go(self):
		one, four = self.own_of_a_payment(1), self.own_of_a_payment(4)
		self.assertEqual(len(one), len(four), four)

	def test_the_checklist_of_a_delivery(self):
		note = deliveries.delivery(*[(factories.make_item(), 1, 10)] * 10)
		get_checklist("Delivery Note", note.name)
		with as_user(PACKER), counted() as queries:
			get_checklist("Delivery Note", note.name)
		self.assertLessEqual(len(queries), 30, queries)

	def test_the_checklist_of_an_order(self):
		order = deliveries.approved_order(*[(factories.make_item(), 1, 10)] * 10)
		get_checklist("Sales Order", order.name)
		with as_user(SUPPORT), counted() as queries:
			get_checklist("Sales Order", order.name)
		self.assertLessEqual(len(queries), 30, queries)

	@needs_mariadb
	def test_a_purchase_order_number_is_found_by_an_index(self):
		order = factories.make_order()
		with counted() as queries:
			orders_with_same_po(order)
		(plan,) = frappe.db.sql(f"explain {queries[-1]}", as_dict=True)
		self.assertIn("po_no_normalized", plan.possible_keys)
