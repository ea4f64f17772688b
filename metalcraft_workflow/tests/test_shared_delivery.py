"""One shipment of several orders: purchase order, requirements and closing stay right per line."""

import frappe

from metalcraft_workflow.gates.guard import GateNotMet
from metalcraft_workflow.outgoing.contents import delivery_contents
from metalcraft_workflow.steps.final_pack import make_delivery_note
from metalcraft_workflow.tests.support import deliveries, factories, money
from metalcraft_workflow.tests.support.cases import ClosingCase
from metalcraft_workflow.tests.support.factories import PACKER, act, as_user

CERTIFICATE = "Mill Certificate"


class TestSharedDelivery(ClosingCase):
	def setUp(self):
		super().setUp()
		customer = factories.make_customer(f"MT Shared {frappe.generate_hash(length=6)}")
		item = factories.make_item()
		# of the same item: the first has to name heats, the second has to carry a document
		heats = factories.make_order((item, 4, 100), customer=customer)
		heats.items[0].traceability_required = "Heat"
		heats.save()
		papers = factories.make_order(
			(item, 10, 100), customer=customer, required_documents=[{"document_type": CERTIFICATE}]
		)
		self.heats, self.papers = factories.approve(heats), factories.approve(papers)
		deliveries.bring(self.heats)
		deliveries.bring(self.papers, 3)
		with as_user(PACKER):
			doc = make_delivery_note(self.papers.name, frappe.as_json(make_delivery_note(self.heats.name)))
			self.note = doc.insert()

	def test_each_line_keeps_its_own(self):
		doc = self.note
		self.assertEqual(
			[(row.qty, row.against_sales_order, row.customer_po_no) for row in doc.items],
			[(4, self.heats.name, self.heats.po_no), (3, self.papers.name, self.papers.po_no)],
		)
		# only the first line asks for heats
		self.assertEqual([(row.line_no, row.qty) for row in doc.traceability], [(1, 4)])
		self.assertEqual(
			[(row.document_type, row.reason) for row in doc.shipment_documents],
			[(CERTIFICATE, f"Sales Order: {self.papers.name}")],
		)
		with self.assertRaisesRegex(GateNotMet, "Row 1: name the heat number of all 4"):
			act(doc, "Complete Packing", PACKER)

	def test_on_paper_the_lines_of_one_purchase_order_stay_apart_by_order(self):
		for row in self.note.items:
			row.customer_po_no = "PO-OF-THE-YEAR"
		self.assertEqual(
			[(line.order, line.qty) for line in delivery_contents(self.note)],
			[(self.heats.name, 4), (self.papers.name, 3)],
		)

	def test_a_change_of_one_order_stops_the_shipment_and_names_it(self):
		factories.change_quantity(self.papers, 12)
		self.name_heat()
		with self.assertRaisesRegex(GateNotMet, self.papers.name) as refused:
			act(self.note, "Complete Packing", PACKER)
		self.assertNotIn(self.heats.name, str(refused.exception))

	def test_each_order_closes_by_itself(self):
		self.name_heat()
		shipped = deliveries.shipped(self.note)
		self.assertEqual(frappe.db.get_value("Sales Order", self.heats.name, "per_delivered"), 100)
		self.assertEqual(frappe.db.get_value("Sales Order", self.papers.name, "per_delivered"), 30)
		invoice = money.invoice(shipped)
		self.assertEqual({row.sales_order for row in invoice.items}, {self.heats.name, self.papers.name})
		money.pay(invoice)
		money.commit()
		self.assertClosed(self.heats)
		self.assertOpen(self.papers, "delivered", "billed")

		deliveries.bring(self.papers, 7)
		rest = deliveries.shipped(deliveries.packed(self.papers))
		money.pay(money.invoice(rest))
		money.commit()
		self.assertClosed(self.papers)

	def name_heat(self):
		with as_user(PACKER):
			self.note.traceability[0].heat_no = "H-SHARED"
			self.note.save()
