import io
from pathlib import Path

import frappe
from frappe.utils.file_manager import save_file
from PIL import Image
from pypdf import PdfReader, PdfWriter

from metalcraft_workflow.demo.pdf import one_page
from metalcraft_workflow.facts.documents import attach
from metalcraft_workflow.outgoing.package import download_package, package_pdf
from metalcraft_workflow.tests.support import deliveries, factories
from metalcraft_workflow.tests.support.cases import FinalPackCase
from metalcraft_workflow.tests.support.factories import PACKER, QA, act, as_user
from metalcraft_workflow.tests.support.pdf import sample_pdf, text_of
from metalcraft_workflow.tests.support.web_server import serve_assets

MILL, PICTURES = "Mill Certificate", "Pictures"


def locked() -> bytes:
	"""A PDF that opens with a password only."""
	writer = PdfWriter(clone_from=io.BytesIO(one_page("secret")))
	writer.encrypt("x", algorithm="RC4-128")
	stream = io.BytesIO()
	writer.write(stream)
	return stream.getvalue()


def photo(width: int = 3000, height: int = 2000) -> bytes:
	stream = io.BytesIO()
	Image.new("RGB", (width, height), "navy").save(stream, "JPEG")
	return stream.getvalue()


def drawn_at(page) -> list[tuple]:
	"""Where the pictures of a PDF page lie on it: left, bottom, width, height, in points."""
	found = []

	def note(operator, _operands, matrix, _text_matrix):
		if operator == b"Do":
			found.append((matrix[4], matrix[5], matrix[0], matrix[3]))

	page.extract_text(visitor_operand_before=note)
	return found


class TestPackage(FinalPackCase):
	@classmethod
	def setUpClass(cls):
		super().setUpClass()
		serve_assets(cls)
		customer = factories.make_customer(
			"MT Package Customer", required_documents=[{"document_type": MILL}, {"document_type": PICTURES}]
		)
		frappe.set_user("Administrator")
		doc = deliveries.delivery((factories.make_item(), 3, 123.45), customer=customer)
		cls.doc = act(doc, "Complete Packing", PACKER)
		cls.put(MILL, "mill.pdf", one_page("Heat H48213 tensile"))
		cls.put(PICTURES, "crate.jpg", photo())

	@classmethod
	def put(cls, document_type: str, name: str, content: bytes) -> None:
		with as_user(QA):
			doc = frappe.get_doc("Delivery Note", cls.doc.name)
			file = save_file(name, content, doc.doctype, doc.name, is_private=1)
			attach(doc, document_type, file.file_url)
			doc.save()

	def test_it_holds_everything_in_order(self):
		with as_user(QA):
			download_package(self.doc.name)
		pdf = frappe.local.response.filecontent
		reader = PdfReader(io.BytesIO(pdf))
		self.assertEqual(
			[item.title for item in reader.outline], ["Contents", "Packing List", MILL, PICTURES]
		)
		pages = [" ".join(page.extract_text().split()) for page in reader.pages]
		self.assertEqual(len(pages), 4)
		self.assertIn("Documents of Your Delivery", pages[0])
		for number, title in enumerate(("Packing List", MILL, PICTURES), 2):
			self.assertRegex(pages[0], rf"{number - 1} {title}.* {number}\b")
		self.assertIn("Packing List", pages[1])
		self.assertIn("Heat H48213 tensile", pages[2])
		self.assertTrue(reader.pages[3].images)
		self.assertEqual(reader.pages[3].mediabox, reader.pages[1].mediabox)
		text = text_of(pdf)
		self.assertIn(self.doc.items[0].customer_po_no, text)
		self.assertNotIn("123.45", text)
		self.assertNotIn("370.35", text)

	def test_pictures_fill_their_page_and_stay_on_it(self):
		for size in ((3000, 2000), (400, 2800)):
			self.put(PICTURES, "crate.jpg", photo(*size))
			page = PdfReader(io.BytesIO(package_pdf(frappe.get_doc("Delivery Note", self.doc.name)))).pages[
				-1
			]
			with self.subTest(size):
				((left, bottom, width, height),) = drawn_at(page)
				room = float(page.mediabox.width), float(page.mediabox.height)
				self.assertAlmostEqual(width / height, size[0] / size[1], 1)
				for start, length, whole in ((left, width, room[0]), (bottom, height, room[1])):
					self.assertGreater(start, 10)
					self.assertAlmostEqual(start + length / 2, whole / 2, 0)
				self.assertTrue(width > room[0] * 0.8 or height > room[1] * 0.8)

	def test_who_may_not_read_the_delivery_gets_nothing(self):
		with as_user("Guest"), self.assertRaises(frappe.PermissionError):
			download_package(self.doc.name)

	def test_a_file_that_does_not_open_is_named(self):
		self.addCleanup(self.put, MILL, "mill.pdf", one_page("Heat H48213 tensile"))
		for content, word in ((locked(), "password"), (b"%PDF-1.4 nothing", "damaged")):
			self.put(MILL, "mill-report.pdf", sample_pdf())
			# After the upload: 16 opens what is uploaded
			(row,) = (
				row
				for row in frappe.get_doc("Delivery Note", self.doc.name).shipment_documents
				if row.document_type == MILL
			)
			Path(frappe.get_doc("File", {"file_url": row.file}).get_full_path()).write_bytes(content)
			with self.subTest(word), self.assertRefused("mill-report", MILL, word):
				package_pdf(self.doc)
