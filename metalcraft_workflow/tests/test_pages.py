"""Pictures and PDFs are opened with an end of memory and time, and what is too much is refused in a sentence."""

import io
import resource
from unittest.mock import patch

import frappe
from frappe.tests.utils import FrappeTestCase
from frappe.utils.file_manager import save_file
from PIL import Image
from pypdf import PdfReader

from metalcraft_workflow.demo.pdf import one_page
from metalcraft_workflow.facts import pages
from metalcraft_workflow.facts.documents import attach
from metalcraft_workflow.outgoing.package import package_pdf
from metalcraft_workflow.rules import files
from metalcraft_workflow.tests.support import deliveries, factories, hostile
from metalcraft_workflow.tests.support.cases import FinalPackCase
from metalcraft_workflow.tests.support.factories import PACKER, QA, act, as_user
from metalcraft_workflow.tests.support.web_server import serve_assets

PAPER = (595.0, 842.0)


def opened(content: bytes) -> pages.Pages:
	return pages.pages_of(content, files.kind(content), PAPER)


def why(content: bytes) -> str:
	"""What is said at the upload."""
	return pages.too_much(content, files.kind(content))


class TestPages(FrappeTestCase):
	def test_what_is_too_much_is_refused_at_once(self):
		for content, words in (
			(hostile.picture(20_000, 20_000), "20000 x 20000 pixels"),
			(hostile.frames(files.MOST_FRAMES + 1), "more than 100 pictures"),
			(hostile.many_pages(files.MOST_PAGES + 1), "more than 500 pages"),
			(hostile.many_pages(100_000), "more than 500 pages"),
			(hostile.doubled_pages(60), "more than 500 pages"),
			(hostile.ring_of_pages(), "more than 500 pages"),
			(hostile.blown_up(1200), "takes too much to open"),
		):
			with self.subTest(words, kb=len(content) // 1024):
				self.assertIn(words, why(content))
				with self.assertRaises(pages.NotOpened) as refused:
					opened(content)
				self.assertIn(words, str(refused.exception))

	def test_what_is_within_the_limits_opens(self):
		for content, number in (
			(hostile.many_pages(files.MOST_PAGES), files.MOST_PAGES),
			(hostile.frames(3), 3),
			(hostile.frames(3, "GIF"), 3),
			(hostile.picture_in_itself(), 1),
			(one_page("Heat H48213"), 1),
			(hostile.picture(3000, 3000, "JPEG", "RGB"), 1),
			(hostile.picture(3000, 300, "JPEG", "CMYK"), 1),
			(hostile.picture(30, 3000, "PNG", "I;16"), 1),
			(hostile.picture(300, 300, "PNG", "P", transparency=0), 1),
			(hostile.picture(300, 300, "PNG", "LA"), 1),
			(hostile.picture(300, 300, "WEBP", "RGB"), 1),
			(hostile.picture(1, 1, "PNG", "1"), 1),
		):
			with self.subTest(kind=files.kind(content), number=number):
				self.assertEqual(why(content), "")
				found = opened(content)
				self.assertEqual(
					(found.number, len(PdfReader(io.BytesIO(found.pdf)).pages)), (number, number)
				)

	def test_a_picture_stands_upright_on_white(self):
		photo = Image.new("RGBA", (400, 200), (0, 0, 0, 0))
		photo.paste((255, 0, 0, 255), (0, 0, 200, 200))
		stream = io.BytesIO()
		exif = Image.Exif()
		exif[0x0112] = 6  # to be turned clockwise
		photo.save(stream, "PNG", exif=exif)
		page = PdfReader(io.BytesIO(opened(stream.getvalue()).pdf)).pages[0]
		shown = page.images[0].image.convert("RGB")
		self.assertEqual(shown.size, (200, 400))
		self.assertEqual(shown.getpixel((100, 350)), (255, 255, 255))
		self.assertGreater(shown.getpixel((100, 50))[0], 200)
		self.assertLess(shown.getpixel((100, 50))[1], 60)

	def test_what_is_damaged_or_locked_is_said_when_it_is_opened(self):
		for content, words in (
			(b"%PDF-1.4 nothing", "damaged and cannot be opened"),
			(b"\x89PNG\r\n\x1a\n nothing", "damaged and cannot be shown"),
			(hostile.pdf(hostile.CATALOG, b"<< /Type /Pages /Count 0 /Kids [] >>"), "has no pages"),
		):
			with self.subTest(words):
				self.assertEqual(why(content), "")
				with self.assertRaises(pages.NotOpened) as refused:
					opened(content)
				self.assertIn(words, str(refused.exception))

	def test_the_worker_stays_small(self):
		content = hostile.picture(8000, 7900, "PNG", "RGBA")
		before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
		opened(content)
		grown = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) // 1024
		self.assertLess(grown, 60)  # megabytes; the picture has 250

	def test_what_never_ends_is_ended(self):
		with patch.dict(pages.ONE_FILE, seconds=1), self.assertRaises(pages.NotOpened) as refused:
			opened(hostile.picture(8000, 7900, "PNG", "RGBA"))
		self.assertIn("takes too much", str(refused.exception))

	def test_a_reader_that_is_broken_is_no_damaged_file(self):
		with patch.object(pages, "READER", "/nowhere"), self.assertRaises(RuntimeError):
			opened(one_page("x"))


class TestLimitsOfDocuments(FinalPackCase):
	@classmethod
	def setUpClass(cls):
		super().setUpClass()
		serve_assets(cls)
		customer = factories.make_customer(
			"MT Large Documents", required_documents=[{"document_type": "Mill Certificate"}]
		)
		cls.doc = act(deliveries.delivery(customer=customer), "Complete Packing", PACKER)

	def put(self, name: str, content: bytes):
		with as_user(QA):
			doc = frappe.get_doc("Delivery Note", self.doc.name)
			attach(
				doc,
				"Mill Certificate",
				save_file(name, content, doc.doctype, doc.name, is_private=1).file_url,
			)
			doc.save()

	def test_it_is_refused_at_the_upload_and_names_the_row(self):
		for name, content, words in (
			("scan.png", hostile.picture(20_000, 20_000), "20000 x 20000 pixels"),
			("mill.pdf", hostile.many_pages(600), "more than 500 pages"),
		):
			with self.assertRefused("Documents row 1", name, words):
				self.put(name, content)

	def test_what_came_before_the_limits_is_refused_in_the_package(self):
		with patch.dict(pages.LIMITS, pages=100_000):
			self.put("mill.pdf", hostile.many_pages(601))  # what was asked of 600 is remembered
		with self.assertRefused("Documents row 1", "mill.pdf", "more than 500 pages"):
			package_pdf(self.doc)
		with (
			patch.dict(pages.LIMITS, pages=100_000),
			patch("metalcraft_workflow.outgoing.package.MOST_PAGES", 500),
		):
			with self.assertRefused(self.doc.name, "more than 500 pages together"):
				package_pdf(self.doc)
