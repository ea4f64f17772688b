import frappe
from frappe.utils.file_manager import save_file

from metalcraft_workflow.facts.documents import required_documents
from metalcraft_workflow.gates.guard import GateNotMet
from metalcraft_workflow.tests.support import deliveries, factories
from metalcraft_workflow.tests.support.cases import FinalPackCase
from metalcraft_workflow.tests.support.factories import MANAGER, PACKER, QA, SHIPPER, SUPPORT, act, as_user

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

	def item_asks_nothing(self):
		"""Until the end of the test."""
		item = frappe.get_doc("Item", self.item)
		item.set("required_documents", [])
		item.save()
		self.addCleanup(
			lambda: (item.reload(), item.set("required_documents", wants(CONFORMANCE, MILL)), item.save())
		)

	def edit_rows(self, doc, user: str, *rows: dict):
		"""Change the first rows of the documents as `user`, as the form does; gives it as stored then."""
		with as_user(user):
			doc = frappe.get_doc("Delivery Note", doc.name)
			for row, values in zip(doc.shipment_documents, rows, strict=False):
				row.update(values)
			doc.save()
		return frappe.get_doc("Delivery Note", doc.name)

	def versions(self, doc) -> list[tuple]:
		doc = frappe.get_doc("Delivery Note", doc.name)
		return [(row.document_type, row.event, row.status, row.changed_by) for row in doc.document_versions]

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
		self.assertEqual(required_documents(note), {(MILL, ""): {"Item": [part]}})
		note.set("packed_items", [])
		note.items[0].item_code = variant
		self.assertEqual(required_documents(note), {(MILL, ""): {"Item": [template]}})

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
		self.item_asks_nothing()
		doc = deliveries.edit(doc, QA, packing_notes="seen")
		self.assertEqual(
			[(row.document_type, row.reason or "", bool(row.file)) for row in doc.shipment_documents],
			[
				(CONFORMANCE, "Customer: MT Paper Customer", False),
				(MILL, "", True),
				(PICTURES, "", False),
			],
		)

	def test_a_row_without_a_file_goes_when_nobody_needs_it_any_more(self):
		doc = self.at_quality()
		self.item_asks_nothing()
		doc = deliveries.edit(doc, QA, packing_notes="seen")
		self.assertEqual([row.document_type for row in doc.shipment_documents], [CONFORMANCE])

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

	def test_public_files_are_made_private(self):
		doc = self.at_quality()
		url = deliveries.upload(doc, is_private=0)
		row = self.edit_rows(doc, QA, {"file": url}).shipment_documents[0]
		self.assertTrue(row.file.startswith("/private/files/"), row.file)
		file = frappe.get_doc("File", {"file_url": row.file})
		self.assertTrue(file.is_private and file.exists_on_disk())
		self.assertFalse(frappe.db.exists("File", {"file_url": url}))

	def test_a_file_that_is_public_elsewhere_is_refused(self):
		doc = self.at_quality()
		url = deliveries.upload(doc, is_private=0)
		content = frappe.get_doc("File", {"file_url": url}).get_content()
		save_file("brochure.pdf", content, "Customer", self.customer, is_private=0)
		with self.assertRefused("row 1", "public"):
			self.edit_rows(doc, QA, {"file": url})
		self.assertTrue(frappe.get_doc("File", {"file_url": url}).exists_on_disk())

	def test_files_of_elsewhere_are_refused(self):
		doc, other = self.at_quality(), self.at_quality()
		for url, said in (
			(deliveries.upload(other), "not attached"),
			("https://example.com/certificate.pdf", "is a link"),
			("/private/files/none.pdf", "not attached"),
		):
			with as_user(QA):
				doc = frappe.get_doc("Delivery Note", doc.name)
				doc.shipment_documents[0].file = url
				with self.assertRefused("row 1", said):
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
		from metalcraft_workflow.steps.document_files import on_file_trash

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

	# Decisions about a document

	def test_a_rejected_document_blocks_until_it_is_replaced(self):
		doc = self.at_quality()
		doc = self.edit_rows(
			doc,
			QA,
			{"file": deliveries.upload(doc), "status": "Accepted"},
			{"file": deliveries.upload(doc), "status": "Rejected", "remark": "Another heat"},
		)
		accepted, refused = doc.shipment_documents
		self.assertEqual((accepted.status, accepted.accepted_by), ("Accepted", QA))
		self.assertEqual((refused.status, refused.rejected_by, refused.accepted_by), ("Rejected", QA, None))
		with self.assertRefused(f"Rejected: {MILL}", exception=GateNotMet):
			act(doc, "Release Documents", QA)
		bad = refused.file
		doc = self.edit_rows(doc, QA, {}, {"file": deliveries.upload(doc)})
		row = doc.shipment_documents[1]
		self.assertEqual((row.status, row.remark, row.rejected_by), ("Pending", None, None))
		self.assertEqual(self.versions(doc), [(MILL, "Replaced", "Rejected", QA)])
		version = doc.document_versions[0]
		self.assertEqual((version.file, version.remark, version.decided_by), (bad, "Another heat", QA))
		# What was accepted by hand keeps its time, the rest is accepted by the release
		accepted_on = doc.shipment_documents[0].accepted_on
		act(doc, "Release Documents", QA)
		doc = frappe.get_doc("Delivery Note", doc.name)
		self.assertEqual([row.status for row in doc.shipment_documents], ["Accepted", "Accepted"])
		self.assertEqual(doc.shipment_documents[0].accepted_on, accepted_on)

	def test_a_rejected_document_stays_rejected_when_the_delivery_is_packed_again(self):
		doc = self.at_quality()
		refused = {"file": deliveries.upload(doc), "status": "Rejected", "remark": "Another heat"}
		doc = self.edit_rows(doc, QA, {}, refused)
		doc = act(doc, "Return to Packing", QA, "Wrong batch")
		self.assertEqual([row.status for row in doc.shipment_documents], ["Pending", "Rejected"])
		self.assertEqual(doc.shipment_documents[1].rejected_by, QA)

	def test_a_decision_says_why_and_is_taken_in_review(self):
		doc = self.delivery()

		def refused(user, values, said, exception=frappe.ValidationError):
			with self.subTest(said), self.assertRefused("row 1", said, exception=exception):
				self.edit_rows(doc, user, values)

		too_early = {"dropped": 1, "drop_reason": "No time"}
		refused(PACKER, too_early, "after the packing", frappe.PermissionError)
		doc = act(doc, "Complete Packing", PACKER)
		refused(QA, {"dropped": 1}, "why it is not needed")
		refused(QA, {"status": "Accepted"}, "no file yet")
		doc = self.edit_rows(doc, QA, *({"file": deliveries.upload(doc)} for _row in range(2)))
		refused(QA, {"status": "Rejected"}, "why it is rejected")
		doc = act(doc, "Release Documents", QA)
		too_late = {"status": "Rejected", "remark": "Changed my mind"}
		refused(SUPPORT, too_late, "after the packing", frappe.PermissionError)

	def test_a_dropped_document_stays_dropped_with_its_reason(self):
		doc = self.at_quality()
		reason = "Customer waived it by mail of 3 May"
		doc = self.edit_rows(
			doc, QA, *({"file": deliveries.upload(doc), "status": "Accepted"} for _row in range(2))
		)
		doc = self.edit_rows(doc, QA, {}, {"file": None, "dropped": 1, "drop_reason": reason})
		row = doc.shipment_documents[1]
		self.assertEqual((row.status, row.accepted_by, row.dropped_by), ("Pending", None, QA))
		dropped_on = row.dropped_on
		# Neither taking it away nor changing it, nor another derivation, loses it
		with as_user(QA):
			doc.remove(doc.shipment_documents[1])
			doc.save()
		doc = self.edit_rows(doc, QA, {}, {"drop_reason": "", "document_type": PICTURES, "dropped_by": None})
		row = doc.shipment_documents[1]
		self.assertEqual(len(doc.shipment_documents), 2)
		self.assertEqual(
			(row.document_type, row.drop_reason, row.dropped_by, row.dropped_on),
			(MILL, reason, QA, dropped_on),
		)
		self.assertEqual(act(doc, "Release Documents", QA).workflow_state, "Awaiting Clearance")
		doc = act(doc, "Return to Packing", SUPPORT, "Wrong box")
		doc = act(doc, "Complete Packing", PACKER)
		self.assertTrue(frappe.get_doc("Delivery Note", doc.name).shipment_documents[1].dropped)
		# Needed after all: that it was dropped stays on record
		doc = self.edit_rows(doc, QA, {}, {"dropped": 0})
		self.assertEqual(
			self.versions(doc), [(MILL, "Removed", "Accepted", QA), (MILL, "Needed Again", "Not Needed", QA)]
		)
		self.assertEqual(doc.document_versions[1].remark, reason)
		with self.assertRefused(MILL, exception=GateNotMet):
			act(doc, "Release Documents", QA)

	def test_earlier_versions_are_not_written_by_people(self):
		doc = self.at_quality()
		doc = self.edit_rows(doc, QA, {"file": deliveries.upload(doc)})
		first = doc.shipment_documents[0].file
		doc = self.edit_rows(doc, QA, {"file": deliveries.upload(doc)})
		with as_user(QA):
			doc.append("document_versions", {"document_type": MILL, "event": "Mine"})
			doc.document_versions[0].file = None
			doc.save()
			doc.reload()
			self.assertEqual([row.file for row in doc.document_versions], [first])
			doc.set("document_versions", [])
			doc.save()
			with self.assertRaises(frappe.PermissionError):
				frappe.get_doc("Shipment Document Version", {"parent": doc.name}).delete()
		for user in (QA, "Administrator"):
			with as_user(user), self.assertRefused("earlier version", exception=frappe.PermissionError):
				frappe.delete_doc("File", frappe.db.get_value("File", {"file_url": first}))
		self.assertTrue(frappe.get_doc("File", {"file_url": first}).get_content())

	def test_who_uploaded_does_not_accept_when_the_settings_say_so(self):
		frappe.db.set_single_value("Metalcraft Settings", "separate_upload_and_acceptance", 1)
		frappe.clear_document_cache("Metalcraft Settings", "Metalcraft Settings")
		self.addCleanup(frappe.clear_document_cache, "Metalcraft Settings", "Metalcraft Settings")
		doc = self.delivery()
		doc = self.edit_rows(doc, PACKER, {"file": deliveries.upload(doc, PACKER)})
		doc = act(doc, "Complete Packing", PACKER)
		with self.assertRefused("row 1", "colleague"):
			self.edit_rows(doc, QA, {"file": deliveries.upload(doc), "status": "Accepted"})
		doc = self.edit_rows(doc, QA, {"status": "Accepted"})
		with self.assertRefused("row 2", "colleague"):
			self.edit_rows(doc, QA, {}, {"file": deliveries.upload(doc), "status": "Accepted"})
		doc = self.edit_rows(doc, QA, {}, {"file": deliveries.upload(doc)})
		with self.assertRefused(MILL, "colleague", exception=GateNotMet):
			act(doc, "Release Documents", QA)

	# What is needed

	def test_item_groups_ask_down_the_tree(self):
		above = factories.make_item_group("MT Vessels", required_documents=wants(PICTURES))
		below = factories.make_item_group("MT Steel Vessels", above)
		item = factories.make_item("MT-VESSEL-01", item_group=below, required_documents=wants(MILL))
		note = frappe.new_doc("Delivery Note")
		note.append("items", {"item_code": item})
		self.assertEqual(
			required_documents(note),
			{(MILL, ""): {"Item": [item]}, (PICTURES, ""): {"Item Group": [above]}},
		)
		with self.assertQueryCount(6):
			required_documents(note)

	def test_a_type_of_each_batch_has_a_row_for_each_batch(self):
		deliveries.each_batch(MILL)
		other = factories.make_customer("MT Batch Customer", required_documents=wants(MILL, PICTURES))
		doc, batches = deliveries.of_batches(customer=other)
		self.assertEqual(
			[(row.document_type, row.batch_no) for row in doc.shipment_documents],
			[*((MILL, batch) for batch in sorted(batches)), (PICTURES, None)],
		)
		doc = act(doc, "Complete Packing", PACKER)
		with self.assertRefused(f"{MILL} (batch {batches[0]})", exception=GateNotMet):
			act(doc, "Release Documents", QA)
