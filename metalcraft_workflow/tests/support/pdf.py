"""Reading PDFs as their reader does."""

import io
import unicodedata

import frappe
from pypdf import PdfReader

from metalcraft_workflow.demo.pdf import one_page


def text_of(pdf: bytes) -> str:
	"""What a PDF says, with its line breaks as spaces and its ligatures as letters."""
	text = " ".join(page.extract_text() for page in PdfReader(io.BytesIO(pdf)).pages)
	return " ".join(unicodedata.normalize("NFKC", text).replace("-\n", "-").split())


def sample_pdf(text: str = "") -> bytes:
	"""A PDF that opens, unlike any other: Frappe keeps files with the same content once."""
	return one_page(text or frappe.generate_hash(length=12))
