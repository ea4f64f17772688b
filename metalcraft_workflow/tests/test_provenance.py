"""Where batches come from: receipts, work orders, and what they consumed, over several levels."""

import frappe
from frappe.tests.utils import FrappeTestCase
from frappe.utils.file_manager import save_file

from metalcraft_workflow.facts.provenance import follow
from metalcraft_workflow.rules.provenance import Lot
from metalcraft_workflow.tests.support import deliveries, factories, sourcing
from metalcraft_workflow.tests.support.factories import COMPANY, QA, as_user
from metalcraft_workflow.tests.support.pdf import sample_pdf


class ProvenanceCase(FrappeTestCase):
	@classmethod
	def setUpClass(cls):
		super().setUpClass()
		factories.setup_world()
		frappe.set_user("Administrator")
		cls.steel = factories.make_item("MT-STEEL", has_batch_no=1)
		cls.shell = factories.make_item("MT-SHELL", has_batch_no=1)
		cls.cylinder = factories.make_item("MT-MADE-CYL", has_batch_no=1, traceability_required="Heat")
		cls.shell_bom = sourcing.make_bom(cls.shell, {cls.steel: 1})
		cls.cylinder_bom = sourcing.make_bom(cls.cylinder, {cls.shell: 1}, revision="C")


class TestReceipt(ProvenanceCase):
	def test_a_receipt_fills_its_batches(self):
		batch = deliveries.new_batch(self.steel, heat_no=None)
		receipt = sourcing.receive(self.steel, 4, batch_no=batch, heat_no=" H-77 ", supplier_lot="LOT-9")
		stored = frappe.get_doc("Batch", batch)
		self.assertEqual(
			(stored.heat_no, stored.supplier_lot, stored.supplier, stored.reference_name),
			("H-77", "LOT-9", sourcing.make_supplier(), receipt.name),
		)

	def test_batches_that_erpnext_makes_are_filled_too(self):
		item = factories.make_item(
			"MT-AUTO-BATCH", has_batch_no=1, create_new_batch=1, batch_number_series="MTA-.#####"
		)
		receipt = sourcing.receive(item, 3, heat_no="H-78")
		(batch,) = frappe.get_all(
			"Batch", {"reference_name": receipt.name}, ["item", "heat_no", "supplier"], as_list=True
		)
		self.assertEqual(batch, (item, "H-78", sourcing.make_supplier()))

	def test_a_batch_has_one_heat(self):
		batch = deliveries.new_batch(self.steel, heat_no="H-1")
		with self.assertRaisesRegex(frappe.ValidationError, f"Row 1: batch .*{batch}.* H-1 already.* H-2"):
			sourcing.receive(self.steel, 4, batch_no=batch, heat_no="H-2")

	def test_two_lines_of_a_receipt_give_a_batch_one_heat(self):
		batch = deliveries.new_batch(self.steel, heat_no=None)
		with self.assertRaisesRegex(frappe.ValidationError, f"Row 2: batch .*{batch}.* H-1 already.* H-2"):
			sourcing.receive(self.steel, 4, further=({"heat_no": "H-2"},), batch_no=batch, heat_no="H-1")

	def test_a_cancelled_receipt_takes_back_nothing_that_another_said(self):
		batch = deliveries.new_batch(self.steel, heat_no=None)
		first = sourcing.receive(self.steel, 4, batch_no=batch, heat_no="H-FIRST", supplier_lot="L")
		sourcing.receive(self.steel, 4, batch_no=batch, heat_no="H-FIRST").cancel()
		stored = frappe.get_doc("Batch", batch)
		self.assertEqual(
			(stored.heat_no, stored.supplier_lot, stored.reference_name), ("H-FIRST", "L", first.name)
		)

	def test_a_cancelled_receipt_takes_back_what_it_said(self):
		batch = deliveries.new_batch(self.steel, heat_no=None)
		receipt = sourcing.receive(self.steel, 4, batch_no=batch, heat_no="H-WRONG", supplier_lot="L")
		receipt.cancel()
		again = sourcing.receive(self.steel, 4, batch_no=batch, heat_no="H-RIGHT")
		stored = frappe.get_doc("Batch", batch)
		self.assertEqual(
			(stored.heat_no, stored.supplier_lot, stored.reference_name), ("H-RIGHT", None, again.name)
		)
		trail = follow([Lot(batch)])
		self.assertEqual([row.voucher_no for row in trail.receipts[Lot(batch)]], [again.name])


class TestCertificates(ProvenanceCase):
	def test_a_certificate_is_private_and_stays(self):
		batch = deliveries.new_batch(self.steel)
		with as_user(QA):
			public, private = (
				save_file(f"{name}.pdf", sample_pdf(name), "Batch", batch, is_private=number)
				for number, name in enumerate((f"public {batch}", f"private {batch}"))
			)
			doc = frappe.get_doc("Batch", batch)
			doc.append("certificates", {"document_type": "Mill Certificate", "file": public.file_url})
			with self.assertRaisesRegex(frappe.ValidationError, "Certificates row 1: .*private"):
				doc.save()
			doc = frappe.get_doc("Batch", batch)
			doc.append("certificates", {"document_type": "Mill Certificate", "file": private.file_url})
			doc.save()
			file = frappe.get_doc("File", private.name)
			file.is_private = 0
			with self.assertRaisesRegex(frappe.ValidationError, f"certificate of batch {batch}"):
				file.save()
			with self.assertRaisesRegex(frappe.ValidationError, f"certificate of batch {batch}"):
				frappe.delete_doc("File", private.name)
			doc.certificates = []
			doc.save()
			frappe.delete_doc("File", private.name)


class TestWorkOrder(ProvenanceCase):
	def test_a_made_batch_is_followed_back_over_all_levels(self):
		steel = [deliveries.new_batch(self.steel, heat_no=None) for _number in range(2)]
		receipts = [
			sourcing.receive(self.steel, 5, batch_no=batch, heat_no=f"H-{number}-{batch}", order=True)
			for number, batch in enumerate(steel)
		]
		shells = [deliveries.new_batch(self.shell, heat_no=None) for _number in range(2)]
		for shell, batch in zip(shells, steel, strict=True):
			sourcing.manufacture(self.shell_bom, 5, shell, {self.steel: {batch: 5}})
		made = deliveries.new_batch(self.cylinder, heat_no=None)
		entry = sourcing.manufacture(self.cylinder_bom, 6, made, {self.shell: {shells[0]: 5, shells[1]: 1}})
		batch = frappe.get_doc("Batch", made)
		self.assertEqual((batch.manufacturing_order, batch.revision), (entry.work_order, "C"))

		with self.assertQueryCount(11):
			trail = follow([Lot(made)])
		lot = Lot(made)
		(making,) = trail.makings[lot]
		self.assertEqual(
			(making.voucher_no, making.work_order, making.qty), (entry.name, entry.work_order, 6)
		)
		self.assertEqual(
			{(part.lot.batch_no, part.qty) for part in making.parts}, {(shells[0], 5), (shells[1], 1)}
		)
		self.assertEqual({one.batch_no for one in trail.ancestors(lot)}, {*shells, *steel})
		orders = {row.items[0].purchase_order for row in receipts}
		self.assertEqual({row.purchase_order for one in steel for row in trail.receipts[Lot(one)]}, orders)
		origin = trail.origin_of([lot])
		self.assertEqual(set(origin.heat_no.split(", ")), {f"H-{n}-{one}" for n, one in enumerate(steel)})
		self.assertEqual(origin.supplier, sourcing.make_supplier())
		self.assertEqual(origin.purchase_order, "")  # they differ
		# one shell alone says all
		origin = trail.origin_of([Lot(shells[0])])
		self.assertEqual(
			(origin.heat_no, origin.purchase_order, origin.purchase_receipt),
			(f"H-0-{steel[0]}", receipts[0].items[0].purchase_order, receipts[0].name),
		)

	def test_rework_in_a_ring_ends(self):
		steel = deliveries.new_batch(self.steel, heat_no="H-RING")
		one, other = (deliveries.new_batch(self.shell, heat_no=None) for _number in range(2))
		sourcing.stock(self.steel, 5, steel)
		sourcing.repack({self.steel: {steel: 5}}, self.shell, one, 5)
		sourcing.repack({self.shell: {one: 5}}, self.shell, other, 5)
		sourcing.repack({self.shell: {other: 3}}, self.shell, one, 3)
		trail = follow([Lot(one)])
		self.assertEqual({lot.batch_no for lot in trail.ancestors(Lot(one))}, {steel, other})
		self.assertEqual(trail.origin_of([Lot(one)]).heat_no, "H-RING")
		self.assertEqual(trail.origin_of([Lot(other)]).heat_no, "H-RING")

	def test_a_serial_number_is_followed_as_a_batch_is(self):
		item = factories.make_item("MT-MADE-SERIAL", has_serial_no=1)
		bom = sourcing.make_bom(item, {self.steel: 1})
		steel = deliveries.new_batch(self.steel, heat_no="H-SER")
		sourcing.stock(self.steel, 2, steel)
		serials = [deliveries.new_serial() for _number in range(2)]
		sourcing.manufacture(bom, 2, None, {self.steel: {steel: 2}}, serial_no="\n".join(serials))
		trail = follow([Lot("", serial) for serial in serials])
		self.assertEqual(trail.origin_of([Lot("", serials[1])]).heat_no, "H-SER")


class TestCompanyOfOthers(ProvenanceCase):
	def test_other_documents_cost_nothing(self):
		factories.make_stock(factories.make_item(), 1)
		entry = frappe.get_last_doc("Stock Entry", {"company": COMPANY})
		from metalcraft_workflow.steps.batches import fill_from_work_order

		with self.assertQueryCount(0):
			fill_from_work_order(entry)
