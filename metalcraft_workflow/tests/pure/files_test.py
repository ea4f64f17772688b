import io
import unittest
import zipfile

from hypothesis import given
from hypothesis import strategies as st

from metalcraft_workflow.rules import files

OLD_OFFICE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"


def archive(names: dict[str, bytes]) -> bytes:
	buffer = io.BytesIO()
	with zipfile.ZipFile(buffer, "w") as found:
		for name, content in names.items():
			found.writestr(name, content)
	return buffer.getvalue()


def locked(content: bytes) -> bytes:
	"""An archive whose files say that they open with a password only."""
	content = bytearray(content)
	for mark, place in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
		content[content.index(mark) + place] |= 1
	return bytes(content)


DOCX = archive({"[Content_Types].xml": b"<Types/>", "word/document.xml": b"<w/>"})
XLSX = archive({"[Content_Types].xml": b"<Types/>", "xl/workbook.xml": b"<x/>"})
MACROS = archive({"[Content_Types].xml": b"", "word/document.xml": b"", "word/vbaProject.bin": b""})
ODT = archive({"mimetype": b"application/vnd.oasis.opendocument.text"})

GOOD = [
	("po.pdf", b"%PDF-1.7\n"),
	("PO.2026.PDF", b"\n\n%PDF-1.4"),
	("scan.png", b"\x89PNG\r\n\x1a\n..."),
	("scan.jpeg", b"\xff\xd8\xff\xe0"),
	("fax.tif", b"II*\x00.."),
	("photo.webp", b"RIFF\x00\x00\x00\x00WEBPVP8 "),
	("po.doc", OLD_OFFICE),
	("po.docx", DOCX),
	("po.xlsx", XLSX),
	("po.odt", ODT),
]
BAD = [
	("po.pdf", b"<html><script>alert(1)</script>"),
	("po.pdf", b"MZ\x90\x00"),
	("po.pdf", b""),
	("po.svg", b"<svg onload='x'/>"),
	("po.html", b"%PDF-1.4"),
	("po.exe", b"MZ"),
	("po", b"%PDF-1.4"),
	("po.docx", XLSX),
	("po.docx", archive({"a": b"b"})),
	("po.docx", DOCX[:40]),
	("po.odt", locked(ODT)),
	("po.docx", MACROS),
	("po.docm", MACROS),
	("po.xls", OLD_OFFICE + "_VBA_PROJECT".encode("utf-16-le")),
]


class TestFiles(unittest.TestCase):
	def test_a_file_is_what_its_content_says(self):
		for filename, content in GOOD:
			with self.subTest(filename):
				self.assertTrue(files.is_what_it_says(filename, content))
		for filename, content in BAD:
			with self.subTest(filename):
				self.assertFalse(files.is_what_it_says(filename, content))

	@given(st.text(max_size=20), st.binary(max_size=64) | st.binary(max_size=64).map(b"PK\x03\x04".__add__))
	def test_whatever_comes_gets_an_answer(self, filename, content):
		if files.is_what_it_says(filename, content):
			self.assertEqual(files.kind(content), files.EXTENSIONS[files.extension(filename)])
