"""Reading PDFs as their reader does."""

import io
import unicodedata

from pypdf import PdfReader


def text_of(pdf: bytes) -> str:
	"""What a PDF says, with its line breaks as spaces and its ligatures as letters."""
	text = " ".join(page.extract_text() for page in PdfReader(io.BytesIO(pdf)).pages)
	return " ".join(unicodedata.normalize("NFKC", text).replace("-\n", "-").split())
