"""A document that is a link, or is kept by another app outside of the site."""

from contextlib import contextmanager
from unittest.mock import patch

import frappe
from frappe.core.doctype.file.file import File

from metalcraft_workflow.demo.pdf import one_page
from metalcraft_workflow.gates.checklist import get_checklist
from metalcraft_workflow.outgoing.package import package_pdf
from metalcraft_workflow.steps.document_files import place_files, use_batch_certificates
from metalcraft_workflow.tests.support import deliveries, factories
from metalcraft_workflow.tests.support.cases import FinalPackCase
from metalcraft_workflow.tests.support.factories import PACKER, QA, SUPPORT, act, as_user
from metalcraft_workflow.tests.support.web_server import serve_assets

MILL = "Mill Certificate"
LINK = "https://drive.example.com/mill.pdf"
BUCKET = "https://bucket.example.com/"


@contextmanager
def storage(contents: dict[str, bytes]):
	"""The site keeps some files elsewhere: as an app does that has made File's own methods its own."""
	get_content, exists_on_disk = File.get_content, File.exists_on_disk

	def content(file, *args, **kwargs):
		if not (file.file_url or "").startswith(BUCKET):
			return get_content(file, *args, **kwargs)
		if file.file_url not in contents:
			raise RuntimeError("NoSuchKey")  # what its service raises is its own
		return contents[file.file_url]

	def exists(file):
		return file.file_url in contents or exists_on_disk(file)

	with patch.object(File, "get_content", content), patch.object(File, "exists_on_disk", exists):
		yield


def attached(doc, url: str, user: str = QA, **fields) -> str:
	"""A File with this address, attached to `doc`; gives its name."""
	with as_user(user):
		file = frappe.get_doc(
			{
				"doctype": "File",
				"file_url": url,
				"file_name": url.rsplit("/", 1)[-1],
				"attached_to_doctype": doc.doctype,
				"attached_to_name": doc.name,
				**fields,
			}
		).insert(ignore_permissions=True)
	return file.name


class TestDocumentsElsewhere(FinalPackCase):
	@classmethod
	def setUpClass(cls):
		super().setUpClass()
		serve_assets(cls)
		cls.customer = factories.make_customer("MT Elsewhere", required_documents=[{"document_type": MILL}])

	def setUp(self):
		frappe.set_user("Administrator")
		self.doc = act(deliveries.delivery(customer=self.customer), "Complete Packing", PACKER)

	def put(self, url: str):
		with as_user(QA):
			doc = frappe.get_doc("Delivery Note", self.doc.name)
			doc.shipment_documents[0].file = url
			doc.save()

	def test_a_link_is_answered_with_what_is_wanted(self):
		with self.assertRefused("Documents row 1", "is a link", "upload the file itself"):
			self.put(LINK)
		name = attached(self.doc, LINK)
		with self.assertRefused("Documents row 1", "mill.pdf is a link"):
			self.put(LINK)
		with as_user(QA):
			answer = place_files(self.doc.name, {name: MILL})
		self.assertIn("mill.pdf is a link", answer["refused"][0])

	def test_what_another_app_keeps_is_read_by_its_own_methods(self):
		url = f"{BUCKET}{self.doc.name}.pdf"
		attached(self.doc, url)
		with storage({url: one_page("Heat H48213 tensile")}):
			self.put(url)
			doc = act(self.doc, "Release Documents", QA)
			self.assertEqual(doc.workflow_state, "Awaiting Clearance")
			self.assertTrue(package_pdf(doc).startswith(b"%PDF"))
		# It is gone there
		with storage({}), self.assertRefused("Documents row 1", "is a link"):
			package_pdf(doc)

	def test_what_it_keeps_is_held_to_the_same_limits(self):
		url = f"{BUCKET}{self.doc.name}.pdf"
		attached(self.doc, url)
		with storage({url: b"MZ a program"}), self.assertRefused("Documents row 1", "not what its name says"):
			self.put(url)
		with storage({}), self.assertRefused("Documents row 1", "is a link"):
			self.put(url)

	def test_a_file_that_is_gone_from_disk_is_said_to_be(self):
		url = deliveries.upload(self.doc)
		frappe.get_doc("File", {"file_url": url}).delete_file_from_filesystem()
		with self.assertRefused("Documents row 1", "is no longer there. Upload it again."):
			self.put(url)

	def test_a_certificate_of_a_batch_comes_from_there_too(self):
		deliveries.each_batch(MILL)
		doc, (batch, _other) = deliveries.of_batches(customer=self.customer)
		url = f"{BUCKET}{batch}.pdf"
		kept = frappe.get_doc("Batch", batch)
		frappe.db.set_value("File", attached(kept, url, user="Administrator"), "is_private", 1)
		kept.append("certificates", {"document_type": MILL, "file": url})
		kept.save()
		with storage({}), as_user(QA):
			doc = act(doc, "Complete Packing", PACKER)
			self.assertEqual(use_batch_certificates(doc.name), 0)
		with storage({url: one_page("Heat H1")}), as_user(QA):
			self.assertEqual(use_batch_certificates(doc.name), 1)


class TestPurchaseOrderElsewhere(FinalPackCase):
	def point(self, order) -> dict:
		with as_user(SUPPORT):
			gates = get_checklist("Sales Order", order.name)
		return next(row for gate in gates for row in gate["requirements"] if row["code"] == "po_file")

	def test_a_link_is_asked_for_as_a_file(self):
		order = factories.make_order(with_file=False)
		attached(order, LINK, user=SUPPORT)
		for url in (LINK, "https://elsewhere.example.com/po.pdf"):
			with self.subTest(url):
				order.db_set("customer_po_file", url)
				point = self.point(order)
				self.assertFalse(point["met"])
				self.assertIn("is a link. Download the customer's purchase order", point["message"])

	def test_what_another_app_keeps_is_there(self):
		order = factories.make_order(with_file=False)
		url = f"{BUCKET}{order.name}.pdf"
		attached(order, url, user=SUPPORT)
		order.db_set("customer_po_file", url)
		with storage({url: one_page("PO")}):
			self.assertTrue(self.point(order)["met"])
			act(order, "Request Approval", SUPPORT)
		with storage({}):
			self.assertFalse(self.point(order)["met"])
