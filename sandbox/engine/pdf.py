"""Prints as PDF: the words, without the looks.

Frappe prints by wkhtmltopdf, which no registry of Python has. What a print says is here all the same,
on pages that every reader opens; how it looks, the HTML of the print view shows.
"""

import io
import re
import textwrap

from bs4 import BeautifulSoup
from pypdf import PdfWriter
from pypdf.generic import DecodedStreamObject, DictionaryObject, NameObject

WIDTH, HEIGHT, MARGIN, LEADING, COLUMNS = 595, 842, 48, 12, 92
LINES = (HEIGHT - 2 * MARGIN) // LEADING
ESCAPED = str.maketrans({"(": r"\(", ")": r"\)", "\\": r"\\"})


def get_pdf(html: str, options: dict | None = None, output: PdfWriter | None = None, **kwargs):
	"""The words of `html` on A4 pages, as bytes; or added to `output`."""
	writer = output if output is not None else PdfWriter()
	lines = [part for line in lines_of(html) for part in textwrap.wrap(line, COLUMNS) or [""]] or [""]
	for start in range(0, len(lines), LINES):
		add_page(writer, lines[start : start + LINES])
	if output is not None:
		return writer
	stream = io.BytesIO()
	writer.write(stream)
	return stream.getvalue()


def lines_of(html: str) -> list[str]:
	soup = BeautifulSoup(html or "", "html.parser")
	for element in [*soup(["style", "script", "head"]), *soup.select(".action-banner")]:
		element.decompose()
	for row in soup.find_all("tr"):
		for cell in row.find_all(["td", "th"], recursive=False):
			cell.append("   ")
		row.append("\x00")
	for element in soup.find_all(["p", "div", "br", "h1", "h2", "h3", "h4", "h5", "li", "table", "section"]):
		element.append("\x00") if element.name != "br" else element.insert_after("\x00")
	text = re.sub(r"\s+", " ", soup.get_text(" "))
	return [line.strip() for line in text.split("\x00") if line.strip()]


def add_page(writer: PdfWriter, lines: list[str]) -> None:
	page = writer.add_blank_page(width=WIDTH, height=HEIGHT)
	font = DictionaryObject(
		{
			NameObject("/Type"): NameObject("/Font"),
			NameObject("/Subtype"): NameObject("/Type1"),
			NameObject("/BaseFont"): NameObject("/Helvetica"),
			NameObject("/Encoding"): NameObject("/WinAnsiEncoding"),
		}
	)
	page[NameObject("/Resources")] = DictionaryObject(
		{NameObject("/Font"): DictionaryObject({NameObject("/F1"): font})}
	)
	words = "".join(
		f"({line.encode('cp1252', 'replace').decode('latin-1').translate(ESCAPED)}) Tj T* " for line in lines
	)
	content = DecodedStreamObject()
	content.set_data(
		f"BT /F1 9 Tf {LEADING} TL {MARGIN} {HEIGHT - MARGIN} Td {words}ET".encode("latin-1", "replace")
	)
	page[NameObject("/Contents")] = writer._add_object(content)


def is_wkhtmltopdf_valid() -> bool:
	return False
