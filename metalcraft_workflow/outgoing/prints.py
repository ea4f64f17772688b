"""Prints as PDF, for whoever has checked that the person may see them."""

import io
from collections.abc import Iterator
from contextlib import contextmanager

import frappe
from frappe import _
from frappe.model.document import Document
from frappe.utils import escape_html, get_url
from frappe.utils.pdf import is_wkhtmltopdf_valid
from pypdf import PageObject, PdfWriter
from pypdf.generic import DecodedStreamObject, DictionaryObject, NameObject

from metalcraft_workflow.gates.language import in_language, language_of_document


def print_pdf(doc: Document, print_format: str) -> bytes:
	"""`doc` in `print_format` as PDF, in its own language and on its letter head.

	Checks no permission: the caller knows who may have it. Raises ValidationError that says where to
	look when the program that makes PDFs fails.
	"""
	# wkhtmltopdf prints no page numbers in some builds, and miscounts the pages in others
	doc.flags.pages_are_numbered_later = True
	before = frappe.flags.ignore_print_permissions, frappe.flags.read_only
	frappe.flags.ignore_print_permissions = True
	# Frappe commits what is under way when it logs a print, unless the log is to be written later
	frappe.flags.read_only = True
	try:
		with in_language(language_of_document(doc)), failing_in_words(_(print_format)):
			pdf = frappe.get_print(doc.doctype, doc.name, print_format, doc=doc, as_pdf=True)
	finally:
		frappe.flags.ignore_print_permissions, frappe.flags.read_only = before
	with in_language(language_of_document(doc)):
		return with_page_numbers(pdf, doc.name)


@contextmanager
def failing_in_words(title: str) -> Iterator[None]:
	"""Print what is called `title`: when the program that makes PDFs fails, raise a ValidationError that says
	where to look."""
	try:
		yield
	except OSError as error:
		frappe.throw(
			_(
				"{0} could not be printed as PDF. The server fetches the styles of a print from {1}: an"
				" administrator has to see that it reaches that address, and that wkhtmltopdf is installed."
			).format(title, get_url())
			+ "<br>"
			+ escape_html(str(error).strip().split("\n")[-1]),
			title=_("Not Printed"),
		)


def with_page_numbers(pdf: bytes, name: str) -> bytes:
	"""`pdf`, with the `name` of its document and "Page x of y" at the foot of each page."""
	writer = PdfWriter(clone_from=io.BytesIO(pdf))
	for number, page in enumerate(writer.pages, 1):
		where = _("Page {0} of {1}").format(number, len(writer.pages))
		add_footer(page, f"{name} · {where}")
	return written(writer)


def add_footer(page: PageObject, text: str) -> None:
	"""Write `text` at the foot of a page, in a font that every reader has."""
	line = text.encode("latin-1", "replace").decode("latin-1").translate(ESCAPED)
	font = DictionaryObject(
		{
			NameObject("/Type"): NameObject("/Font"),
			NameObject("/Subtype"): NameObject("/Type1"),
			NameObject("/BaseFont"): NameObject("/Helvetica"),
			NameObject("/Encoding"): NameObject("/WinAnsiEncoding"),
		}
	)
	overlay = PageObject.create_blank_page(width=page.mediabox.width, height=page.mediabox.height)
	overlay[NameObject("/Resources")] = DictionaryObject(
		{NameObject("/Font"): DictionaryObject({NameObject("/Foot"): font})}
	)
	content = DecodedStreamObject()
	# Helvetica is about half as wide as it is high
	left = (float(page.mediabox.width) - len(text) * 4) / 2
	content.set_data(f"BT /Foot 8 Tf 0.35 g {left:.1f} 16 Td ({line}) Tj ET".encode("latin-1"))
	overlay[NameObject("/Contents")] = content
	page.merge_page(overlay)


ESCAPED = str.maketrans({"(": r"\(", ")": r"\)", "\\": r"\\"})


def written(writer: PdfWriter) -> bytes:
	"""The PDF that `writer` holds."""
	stream = io.BytesIO()
	writer.write(stream)
	return stream.getvalue()


def repeats_headings() -> bool:
	"""Whether wkhtmltopdf repeats the heading of a table on each page: a Jinja method."""
	return bool(is_wkhtmltopdf_valid())


def qr_code(text: str) -> str:
	"""Address of a picture of the QR code of `text`, for the `src` of an image: a Jinja method."""
	from pyqrcode import create

	code = create(text, error="M")
	size, border = 4, 2
	rows = [[0] * border + row + [0] * border for row in code.code]
	blank = [[0] * len(rows[0])] * border
	return picture([*blank, *rows, *blank], size)


def picture(rows: list[list[int]], size: int) -> str:
	"""Address of a black and white picture of `rows`, each point `size` pixels wide."""
	import base64

	from PIL import Image

	image = Image.new("1", (len(rows[0]), len(rows)), 1)
	image.putdata([0 if point else 1 for row in rows for point in row])
	stream = io.BytesIO()
	image.resize((image.width * size, image.height * size)).save(stream, "PNG")
	return f"data:image/png;base64,{base64.b64encode(stream.getvalue()).decode()}"
