import frappe

from metalcraft_workflow.gates.delivery import required_documents
from metalcraft_workflow.gates.guard import GateNotMet
from metalcraft_workflow.tests import deliveries, factories
from metalcraft_workflow.tests.factories import MANAGER, PACKER, QA, SHIPPER, SUPPORT, act, as_user
from metalcraft_workflow.tests.test_final_pack import FinalPackCase

CONFORMANCE, MILL, PICTURES = "Certificate of Conformance", "Mill Certificate", "Pictures"


def wants(*document_types: str) -> list[dict]:
	return [{"document_type": name} for name in document_types]


class TestDocuments(FinalPackCase):
	def setUp(self):
		self.item = factories.make_item("MT-DOC-01", required_documents=wants(CONFORMANCE, MILL))
		self.customer = factories.make_customer("MT Paper Customer", required_documents=wants(CONFORMANCE))

	def delivery(self):
		return deliveries.delivery((self.item, 2, 100), customer=self.customer)

	def at_quality(self):
		return act(self.delivery(), "Complete Packing", PACKER)

	def released(self):
		doc = self.at_quality()
		deliveries.document(doc, row=0)
		deliveries.document(doc, row=1)
		return act(doc, "Release Documents", QA)

	def state(self, doc) -> str:
		return frappe.db.get_value("Delivery Note", doc.name, "workflow_state")

	def test_documents_come_from_customer_item_and_order(self):
		order = factories.make_order(
			(self.item, 2, 100), customer=self.customer, required_documents=wants(PICTURES)
		)
		order = factories.approve(order)
		deliveries.bring(order)
		doc = deliveries.packed(order)
		self.assertEqual(
			[(row.document_type, row.reason) for row in doc.shipment_documents],
			[
				(CONFORMANCE, "Customer: MT Paper Customer; Item: MT-DOC-01"),
				(MILL, "Item: MT-DOC-01"),
				(PICTURES, f"Sales Order: {order.name}"),
			],
		)
		self.assertEqual(doc.documents_required, 1)

	def test_parts_of_a_bundle_and_templates_ask_too(self):
		part = factories.make_item("MT-Q-PART", required_documents=[{"document_type": MILL}])
		kit = factories.make_bundle("MT-Q-KIT", {part: 1})
		template = factories.make_item("MT-Q-TEMPLATE", required_documents=[{"document_type": MILL}])
		variant = factories.make_item("MT-Q-VARIANT")
		frappe.db.set_value("Item", variant, "variant_of", template)
		note = frappe.new_doc("Delivery Note")
		note.append("items", {"item_code": kit})
		note.append("packed_items", {"parent_item": kit, "item_code": part})
		self.assertEqual(required_documents(note), {MILL: {"Item": [part]}})
		note.set("packed_items", [])
		note.items[0].item_code = variant
		self.assertEqual(required_documents(note), {MILL: {"Item": [template]}})

	def test_quality_is_skipped_when_nothing_is_needed(self):
		doc = act(deliveries.delivery(), "Complete Packing", PACKER)
		self.assertFalse(doc.documents_required)
		self.assertEqual(doc.workflow_state, "Awaiting Clearance")

	def test_the_branch_is_chosen_by_what_is_needed_now(self):
		doc = deliveries.delivery()
		customer = frappe.get_doc("Customer", doc.customer)
		customer.append("required_documents", {"document_type": PICTURES})
		customer.save()
		self.addCleanup(lambda: (customer.reload(), customer.set("required_documents", []), customer.save()))
		self.assertEqual(act(doc, "Complete Packing", PACKER).workflow_state, "QA Review")

	def test_rows_nobody_needs_any_more_go_but_not_with_a_file(self):
		doc = self.at_quality()
		deliveries.document(doc, row=1)
		with as_user(QA):
			doc = frappe.get_doc("Delivery Note", doc.name)
			doc.append("shipment_documents", {"document_type": PICTURES})
			doc.save()
		item = frappe.get_doc("Item", self.item)
		item.set("required_documents", [])
		item.save()
		self.addCleanup(
			lambda: (item.reload(), item.set("required_documents", wants(CONFORMANCE, MILL)), item.save())
		)
		doc = deliveries.edit(doc, QA, packing_notes="seen")
		self.assertEqual(
			[(row.document_type, row.reason or "", bool(row.file)) for row in doc.shipment_documents],
			[
				(CONFORMANCE, "Customer: MT Paper Customer", False),
				(MILL, "", True),
				(PICTURES, "", False),
			],
		)

	def test_a_row_that_is_needed_comes_back(self):
		doc = self.at_quality()
		with as_user(QA):
			doc = frappe.get_doc("Delivery Note", doc.name)
			doc.set("shipment_documents", [])
			doc.save()
		self.assertEqual([row.document_type for row in doc.shipment_documents], [CONFORMANCE, MILL])

	def test_release_names_what_is_missing(self):
		doc = self.at_quality()
		deliveries.document(doc, row=0)
		with self.assertRefused(MILL, exception=GateNotMet):
			act(doc, "Release Documents", QA)
		deliveries.document(doc, row=1)
		self.assertEqual(act(doc, "Release Documents", QA).workflow_state, "Awaiting Clearance")

	def test_who_uploaded_and_who_accepted_is_written_by_the_server(self):
		doc = self.at_quality()
		url = deliveries.upload(doc)
		with as_user(QA):
			doc = frappe.get_doc("Delivery Note", doc.name)
			row = doc.shipment_documents[0]
			row.update(
				{
					"file": url,
					"uploaded_by": MANAGER,
					"accepted_by": MANAGER,
					"accepted_on": "2001-01-01",
					"reason": "mine",
				}
			)
			doc.save()
		row = frappe.get_doc("Delivery Note", doc.name).shipment_documents[0]
		self.assertEqual((row.uploaded_by, row.accepted_by, row.accepted_on), (QA, None, None))
		self.assertNotEqual(row.reason, "mine")
		self.assertIsNotNone(row.uploaded_on)
		uploaded_on = row.uploaded_on
		deliveries.document(doc, row=1)
		act(doc, "Release Documents", QA)
		row = frappe.get_doc("Delivery Note", doc.name).shipment_documents[0]
		self.assertEqual((row.uploaded_by, row.uploaded_on, row.accepted_by), (QA, uploaded_on, QA))

	def test_acceptance_ends_when_it_goes_back_to_packing(self):
		doc = act(self.released(), "Return to Packing", SUPPORT, "Wrong box")
		rows = frappe.get_doc("Delivery Note", doc.name).shipment_documents
		self.assertEqual({(bool(row.file), row.accepted_by) for row in rows}, {(True, None)})

	def test_public_files_are_refused(self):
		doc = self.at_quality()
		url = deliveries.upload(doc, is_private=0)
		with as_user(QA):
			doc = frappe.get_doc("Delivery Note", doc.name)
			doc.shipment_documents[0].file = url
			with self.assertRefused("row 1", "public"):
				doc.save()

	def test_files_of_elsewhere_are_refused(self):
		doc, other = self.at_quality(), self.at_quality()
		for url in (
			deliveries.upload(other),
			"https://example.com/certificate.pdf",
			"/private/files/none.pdf",
		):
			with as_user(QA):
				doc = frappe.get_doc("Delivery Note", doc.name)
				doc.shipment_documents[0].file = url
				with self.assertRefused("row 1", "not attached"):
					doc.save()

	def test_only_quality_attaches_in_review(self):
		doc = self.at_quality()
		for user in (PACKER, SUPPORT, SHIPPER):
			with self.subTest(user), self.assertRaises(frappe.PermissionError):
				deliveries.document(doc, user)

	def test_a_deleted_file_reopens_the_gate(self):
		doc = act(self.released(), "Clear for Shipment", SUPPORT)
		row = frappe.get_doc("Delivery Note", doc.name).shipment_documents[1]
		with as_user(QA):
			frappe.delete_doc("File", frappe.db.get_value("File", {"file_url": row.file}))
		doc = frappe.get_doc("Delivery Note", doc.name)
		self.assertEqual(doc.workflow_state, "QA Review")
		self.assertEqual([bool(row.file) for row in doc.shipment_documents], [True, False])
		self.assertEqual({row.accepted_by for row in doc.shipment_documents}, {None})
		void = frappe.get_last_doc("Release Record", {"reference_name": doc.name, "kind": "Void"})
		self.assertEqual((void.gate, void.user), ("release_documents", QA))
		with self.assertRefused(MILL, exception=GateNotMet):
			act(doc, "Release Documents", QA)

	def test_a_document_stays_private_and_where_it_is(self):
		doc = act(self.released(), "Clear for Shipment", SUPPORT)
		row = frappe.get_doc("Delivery Note", doc.name).shipment_documents[0]
		file = frappe.db.get_value("File", {"file_url": row.file})
		for fields in ({"is_private": 0}, {"attached_to_name": "Elsewhere"}):
			with as_user(QA), self.assertRefused(doc.name):
				frappe.get_doc("File", file).update(fields).save()
		self.assertTrue(frappe.get_doc("File", file).exists_on_disk())

	def test_a_shipped_delivery_keeps_its_documents(self):
		doc = deliveries.shipped(self.delivery())
		url = doc.shipment_documents[0].file
		for user in (QA, SHIPPER, "Administrator"):
			with as_user(user), self.assertRefused("cannot be deleted"):
				frappe.delete_doc("File", frappe.db.get_value("File", {"file_url": url}))
		self.assertTrue(frappe.get_doc("File", {"file_url": url}).get_content())

	def test_a_file_of_anything_else_costs_nothing(self):
		from metalcraft_workflow.steps.quality import on_file_trash

		file = frappe.new_doc("File", attached_to_doctype="Customer", file_url="/private/files/x.pdf")
		with self.assertQueryCount(0):
			on_file_trash(file)

	def test_deleting_a_draft_takes_its_files_along(self):
		doc = self.delivery()
		url = deliveries.upload(doc, PACKER)
		doc = frappe.get_doc("Delivery Note", doc.name)
		with as_user(PACKER):
			doc.shipment_documents[0].file = url
			doc.save()
			doc.delete()
		self.assertFalse(frappe.db.exists("File", {"file_url": url}))

	def test_a_changed_file_after_release_voids_it(self):
		doc = self.released()
		url = deliveries.upload(doc, SUPPORT)
		with as_user(SUPPORT):
			doc = frappe.get_doc("Delivery Note", doc.name)
			doc.shipment_documents[0].file = url
			doc.save()
		doc = frappe.get_doc("Delivery Note", doc.name)
		self.assertEqual(doc.workflow_state, "QA Review")
		self.assertEqual(doc.shipment_documents[0].uploaded_by, SUPPORT)

	def test_a_waived_document_need_not_be_waived_again_at_clearance(self):
		from metalcraft_workflow.gates.waiver import waive

		doc = self.at_quality()
		deliveries.document(doc, row=0)
		with as_user(MANAGER):
			waive("Delivery Note", doc.name, "release_documents", "documents", "Follows by post")
		act(doc, "Release Documents", QA)
		self.assertEqual(act(doc, "Clear for Shipment", SUPPORT).workflow_state, "Cleared")

	def test_who_packed_does_not_release(self):
		user = frappe.get_doc("User", QA)
		user.add_roles("Final Pack")
		self.addCleanup(user.remove_roles, "Final Pack")
		doc = act(self.delivery(), "Complete Packing", QA)
		deliveries.document(doc, row=0)
		deliveries.document(doc, row=1)
		with self.assertRefused("colleague", exception=GateNotMet):
			act(doc, "Release Documents", QA)

	def test_rows_are_not_written_by_themselves(self):
		doc = self.at_quality()
		with as_user(QA):
			row = frappe.get_doc("Shipment Document", doc.shipment_documents[0].name)
			row.accepted_by = QA
			with self.assertRaises(frappe.PermissionError):
				row.save()
			with self.assertRaises(frappe.PermissionError):
				row.delete()
		with as_user(SUPPORT), self.assertRaises(frappe.PermissionError):
			line = frappe.get_doc("Delivery Note Item", doc.items[0].name)
			line.qty = 1
			line.save()
