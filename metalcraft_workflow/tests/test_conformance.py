from unittest.mock import patch

import frappe

from metalcraft_workflow.gates.guard import GateNotMet
from metalcraft_workflow.outgoing.prints import print_pdf
from metalcraft_workflow.steps.conformance import issue_certificate
from metalcraft_workflow.tests.support import deliveries, factories, rest
from metalcraft_workflow.tests.support.cases import FinalPackCase
from metalcraft_workflow.tests.support.factories import PACKER, QA, SUPPORT, act, as_user
from metalcraft_workflow.tests.support.pdf import text_of
from metalcraft_workflow.tests.support.web_server import serve_assets

CONFORMANCE = "Certificate of Conformance"


def stored(url: str) -> bytes:
	content = frappe.get_doc("File", {"file_url": url}).get_content()
	return content.encode() if isinstance(content, str) else content


class TestCertificate(FinalPackCase):
	@classmethod
	def setUpClass(cls):
		super().setUpClass()
		serve_assets(cls)

	def setUp(self):
		self.customer = factories.make_customer(
			"MT Certified Customer", required_documents=[{"document_type": CONFORMANCE}]
		)

	def at_quality(self):
		"""A delivery of two batches of one order line, packed; the batches."""
		batches = [deliveries.new_batch(), deliveries.new_batch()]
		order = deliveries.approved_order(("MT-BATCH-01", 10, 100), customer=self.customer)
		for batch in batches:
			deliveries.bring(order, 5, batch_no=batch, use_serial_batch_fields=1)
		return act(deliveries.packed(order), "Complete Packing", PACKER), batches

	def issue(self, doc, user: str = QA) -> str:
		with as_user(user):
			return issue_certificate(doc.name)

	def row(self, doc):
		return frappe.get_doc("Delivery Note", doc.name).shipment_documents[0]

	def status(self, name: str) -> tuple:
		return frappe.db.get_value("Conformance Certificate", name, ["status", "void_reason"])

	def test_it_says_what_ships_and_who_released_it(self):
		doc, batches = self.at_quality()
		name = self.issue(doc)
		row = self.row(doc)
		self.assertEqual((row.document_type, row.uploaded_by), (CONFORMANCE, QA))
		text = text_of(stored(row.file))
		order = frappe.get_doc("Sales Order", doc.items[0].against_sales_order)
		for said in (
			name,
			doc.company,
			doc.customer_name,
			order.po_no,
			"MT-BATCH-01",
			"10 Nos",
			*batches,
			*(f"HEAT-{batch}" for batch in batches),
			"We certify",
			"Released By Qa Position Quality Assurance",
		):
			self.assertIn(said, text)
		self.assertNotIn("VOID", text)
		act(doc, "Release Documents", QA)

	def test_only_quality_issues_it_and_only_when_packed(self):
		doc, _batches = self.at_quality()
		for user in (PACKER, SUPPORT, factories.SHIPPER, factories.MANAGER):
			with self.subTest(user), self.assertRaises(frappe.PermissionError):
				self.issue(doc, user)
		user = frappe.get_doc("User", QA)
		user.add_roles("Final Pack")
		self.addCleanup(user.remove_roles, "Final Pack")
		packed_by_qa = act(doc, "Return to Packing", QA, "Count again")
		with self.assertRefused("packing is complete"):
			self.issue(packed_by_qa)
		act(doc, "Complete Packing", QA)
		with self.assertRefused("colleague", exception=GateNotMet):
			self.issue(doc)
		self.assertFalse(frappe.db.exists("Conformance Certificate", {"delivery_note": doc.name}))

	def test_a_changed_delivery_voids_it_and_the_next_one_names_it(self):
		doc, _batches = self.at_quality()
		name = self.issue(doc)
		act(doc, "Release Documents", QA)
		elsewhere = factories.make_address(doc.customer, address_line1="Elsewhere 1")
		with as_user(SUPPORT):
			doc = frappe.get_doc("Delivery Note", doc.name)
			doc.shipping_address_name = elsewhere
			doc.save()
		self.assertEqual(self.status(name), ("Void", "The delivery was changed."))
		row = self.row(doc)
		self.assertFalse(row.file or row.uploaded_by)
		doc = frappe.get_doc("Delivery Note", doc.name)
		self.assertEqual(doc.workflow_state, "QA Review")
		with self.assertRefused(CONFORMANCE, exception=GateNotMet):
			act(doc, "Release Documents", QA)
		second = self.issue(doc)
		self.assertNotEqual(second, name)
		text = text_of(stored(self.row(doc).file))
		self.assertIn(f"replaces {name}", text)
		self.assertIn("Elsewhere 1", text)

		voided = frappe.get_doc("Conformance Certificate", name)
		self.assertNotIn("VOID", text_of(stored(voided.file)))
		with as_user(QA):
			html = frappe.get_print("Conformance Certificate", name, CONFORMANCE)
		self.assertIn(">VOID<", html)
		self.assertNotIn("OTHER-PART", html)

	def test_return_to_packing_and_cancelling_void_it(self):
		doc, _batches = self.at_quality()
		name = self.issue(doc)
		act(doc, "Return to Packing", QA, "Wrong box")
		self.assertEqual(self.status(name), ("Void", "The delivery went back to packing."))
		self.assertFalse(self.row(doc).file)

		doc = act(frappe.get_doc("Delivery Note", doc.name), "Complete Packing", PACKER)
		name = self.issue(doc)
		act(doc, "Release Documents", QA)
		doc = act(doc, "Clear for Shipment", SUPPORT)
		doc = act(deliveries.ready_to_ship(doc), "Ship", factories.SHIPPER)
		self.assertEqual(self.status(name)[0], "Valid")
		act(doc, "Cancel Delivery", factories.SHIPPER)
		self.assertEqual(self.status(name), ("Void", "The delivery was cancelled."))

	def test_issued_again_it_replaces_the_one_that_holds(self):
		doc, _batches = self.at_quality()
		first, second = self.issue(doc), self.issue(doc)
		self.assertEqual(self.status(first), ("Void", f"Replaced by {second}."))
		self.assertEqual(self.status(second)[0], "Valid")
		self.assertEqual(len(frappe.get_doc("Delivery Note", doc.name).shipment_documents), 1)

	def test_taking_it_out_voids_it(self):
		doc, _batches = self.at_quality()
		name = self.issue(doc)
		deliveries.document(doc, QA)
		self.assertEqual(self.status(name)[0], "Void")
		with self.assertRefused("has a file already"):
			self.issue(doc)
		with as_user(QA):
			doc = frappe.get_doc("Delivery Note", doc.name)
			doc.shipment_documents[0].file = None
			doc.save()
		name = self.issue(doc)
		row = self.row(doc)
		file = frappe.db.get_value("File", {"file_url": row.file, "attached_to_name": doc.name})
		with as_user(QA):
			frappe.delete_doc("File", file)
		self.assertEqual(self.status(name)[0], "Void")
		self.assertTrue(stored(row.file).startswith(b"%PDF"))

	def test_it_takes_the_place_of_a_rejected_file(self):
		doc, _batches = self.at_quality()
		deliveries.document(doc, QA)
		with as_user(QA):
			doc = frappe.get_doc("Delivery Note", doc.name)
			doc.shipment_documents[0].update({"status": "Rejected", "remark": "Of another order"})
			# That a document of another type is there is no reason to refuse
			doc.append("shipment_documents", {"document_type": "Pictures", "file": deliveries.upload(doc)})
			doc.save()
		self.assertEqual(self.status(self.issue(doc))[0], "Valid")

	def test_nobody_edits_or_deletes_one(self):
		doc, _batches = self.at_quality()
		name = self.issue(doc)
		for user in (QA, "Administrator"):
			with as_user(user):
				certificate = frappe.get_doc("Conformance Certificate", name)
				certificate.statement = "Something else"
				for act_on in (
					certificate.save,
					certificate.delete,
					lambda c=certificate: c.db_set("status", "Void"),
					lambda: frappe.get_doc("File", {"attached_to_name": name}).delete(),
					frappe.copy_doc(certificate).insert,
				):
					with self.subTest(user), self.assertRaises(frappe.PermissionError):
						act_on()
		self.assertEqual(self.status(name)[0], "Valid")

	def test_printing_commits_nothing(self):
		doc, _batches = self.at_quality()
		frappe.flags.in_test = False  # Frappe commits in no test
		try:
			with patch.object(frappe.db, "commit") as commit:
				print_pdf(doc, "Packing List")
		finally:
			frappe.flags.in_test = True
		commit.assert_not_called()

	def test_a_print_that_fails_says_where_to_look(self):
		doc, _batches = self.at_quality()
		failed = OSError("wkhtmltopdf reported an error:\nExit with code 1 due to network error: <Host>")
		with patch("frappe.get_print", side_effect=failed):
			with self.assertRefused("reaches that address", "network error: &lt;Host&gt;"):
				self.issue(doc)
		self.assertFalse(self.row(doc).file)

	def test_nobody_changes_its_rows_or_moves_its_file(self):
		doc, _batches = self.at_quality()
		name = self.issue(doc)
		rows = frappe.get_doc("Conformance Certificate", name).items
		table = "/api/resource/Conformance Certificate Item"
		new = {"parent": name, "parenttype": "Conformance Certificate", "parentfield": "items", "qty": 99}
		file = f"/api/resource/File/{frappe.db.get_value('File', {'attached_to_name': name})}"
		for method, path, values in (
			("POST", table, new),
			("PUT", f"{table}/{rows[0].name}", {"qty": 99}),
			("DELETE", f"{table}/{rows[0].name}", None),
			("PUT", file, {"is_private": 0}),
			("PUT", file, {"attached_to_doctype": "User", "attached_to_name": QA}),
			("DELETE", file, None),
		):
			with self.subTest(method + path):
				self.assertEqual(rest.request(QA, method, path, values).status, 403)
		kept = frappe.get_doc("Conformance Certificate", name)
		self.assertEqual([row.qty for row in kept.items], [row.qty for row in rows])
		self.assertTrue(stored(kept.file).startswith(b"%PDF"))

	def test_a_type_that_is_uploaded_is_not_issued(self):
		doc, _batches = self.at_quality()
		with as_user(QA), self.assertRefused("uploaded"):
			issue_certificate(doc.name, "Mill Certificate")


class TestCertificateOverRest(FinalPackCase):
	"""Apart from the others: a request commits what the test before it left."""

	def test_the_button_s_call(self):
		customer = factories.make_customer(
			"MT Certified Customer", required_documents=[{"document_type": CONFORMANCE}]
		)
		doc = act(deliveries.delivery(customer=customer), "Complete Packing", PACKER)
		serve_assets(type(self))
		method = "metalcraft_workflow.steps.conformance.issue_certificate"
		self.assertEqual(rest.call(SUPPORT, method, delivery_note=doc.name).status, 403)
		answer = rest.call(QA, method, delivery_note=doc.name)
		self.assertEqual(answer.status, 200, answer.words)
		self.assertTrue(frappe.db.exists("Conformance Certificate", {"delivery_note": doc.name}))
