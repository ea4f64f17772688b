"""The documents of a delivery in one PDF: packing list, certificates and what was uploaded, in order."""

import io
from dataclasses import dataclass

import frappe
from frappe import _
from frappe.model.document import Document
from frappe.utils.pdf import get_pdf
from frappe.www.printview import get_letter_head
from pypdf import PdfReader

from metalcraft_workflow.facts import documents, pages
from metalcraft_workflow.gates.input import checked
from metalcraft_workflow.gates.language import in_language, language_of_document
from metalcraft_workflow.outgoing.prints import failing_in_words, print_pdf
from metalcraft_workflow.rules import files
from metalcraft_workflow.rules.requirement import _lt

PACKING_LIST = _lt("Packing List")

# Pages of all documents together
MOST_PAGES = 2000


@dataclass
class PackagePart:
	"""One document of the package: its pages, or what is attached to the PDF when it has none."""

	title: str
	file_name: str = ""
	pdf: bytes = b""
	pages: int = 0
	attachment: bytes = b""


@frappe.whitelist(methods=["GET", "POST"])
@checked
def download_package(delivery_note: str) -> None:
	"""Answer with the documents of a delivery as one PDF.

	Raises PermissionError for who may not read and print it, ValidationError that names a file that
	cannot be opened.
	"""
	doc = frappe.get_doc("Delivery Note", delivery_note)
	doc.check_permission("read")
	doc.check_permission("print")
	frappe.local.response.filename = file_name(doc)
	frappe.local.response.filecontent = package_pdf(doc)
	frappe.local.response.type = "pdf"


def file_name(doc: Document) -> str:
	"""What the package of `doc` is called as a file."""
	with in_language(language_of_document(doc)):
		documents = _("Documents")
	return f"{doc.name} {documents}.pdf".replace("/", "-")


def packing_list_name(doc: Document) -> str:
	"""What the packing list of `doc` is called as a file."""
	with in_language(language_of_document(doc)):
		packing_list = _(PACKING_LIST)
	return f"{doc.name} {packing_list}.pdf".replace("/", "-")


def package_pdf(doc: Document) -> bytes:
	"""The documents of Delivery Note `doc` as one PDF: an index, the packing list, and the file of each
	row of its documents, in the order of the rows, each with a bookmark.

	Checks no permission: the caller knows who may have it. What a PDF cannot show as pages (an office
	document) is attached to it, and the index says so. Raises ValidationError that names the file that
	cannot be opened, and says what to do.
	"""
	doc = frappe.get_doc(doc.doctype, doc.name)  # printing changes the document it is given
	with in_language(language_of_document(doc)):
		packing_list = print_pdf(doc, PACKING_LIST)
		first, *others = PdfReader(io.BytesIO(packing_list)).pages
		paper = float(first.mediabox.width), float(first.mediabox.height)
		parts = [PackagePart(_(PACKING_LIST), pdf=packing_list, pages=1 + len(others))]
		heats = documents.heats_of(doc)
		for row in rows_of(doc):
			parts.append(part_of(doc, row, paper, heats))
			check_pages(doc, parts)
		return bound(doc, parts)


def rows_of(doc: Document) -> list[Document]:
	"""The rows of the documents of `doc` that hold a file which stands."""
	return [
		row
		for row in doc.shipment_documents
		if row.file and not row.get("dropped") and row.get("status") != "Rejected"
	]


def part_of(doc: Document, row: Document, paper: tuple[float, float], heats: dict[str, str]) -> PackagePart:
	"""The file of a row of the documents; pictures are laid on `paper`. Raises ValidationError when it cannot
	be opened."""
	title = documents.title_of(row.document_type, row.batch_no or "", heats)
	name, content = stored(doc, row)
	part = PackagePart(f"{title}, {row.item_code}" if row.get("item_code") else title, name)
	kind = files.kind(content)
	if kind not in files.OPENED:
		part.attachment = content
		return part
	try:
		found = pages.pages_of(content, kind, paper)
	except pages.NotOpened as why:
		refuse(row, name, str(why))
	part.pdf, part.pages = found.pdf, found.number
	return part


def stored(doc: Document, row: Document) -> tuple[str, bytes]:
	"""Name and content of the file of a row. Raises ValidationError when it cannot be read."""
	file = documents.file_of(doc, row.file)
	content = file and documents.content_of(file)
	if not content:
		refuse(row, row.file.rsplit("/", 1)[-1], documents.why_unread(row.file))
	return documents.given_name(file), content


def check_pages(doc: Document, parts: list[PackagePart]) -> None:
	"""Raise a ValidationError when the documents have too many pages together."""
	if sum(part.pages for part in parts) > MOST_PAGES:
		frappe.throw(
			_(
				"The documents of {0} have more than {1} pages together, which is too much for one PDF. Send them"
				" one by one."
			).format(doc.name, MOST_PAGES),
			title=_("Cannot Be Put Together"),
		)


def refuse(row: Document, name: str, why: str) -> None:
	"""Raise a ValidationError that names the row and the file, and says what to do."""
	frappe.throw(
		_("Documents row {0} ({1}): {2} {3}").format(
			row.idx, _(row.document_type), frappe.bold(frappe.utils.escape_html(name)), why
		),
		title=_("Cannot Be Put Together"),
	)


def bound(doc: Document, parts: list[PackagePart]) -> bytes:
	"""`parts` in one PDF with bookmarks, after an index that says on which page each begins. Raises
	ValidationError when they are too much for one."""
	first, number = index(doc, parts, of_pages=1)
	if number > 1:
		first, number = index(doc, parts, of_pages=number)
	try:
		return pages.bind(
			[
				pages.Part(_("Contents"), first),
				*(
					pages.Part(part.title, part.pdf)
					if part.pages
					else pages.Part(part.title, part.attachment, attached_as=part.file_name)
					for part in parts
				),
			],
			title=file_name(doc).removesuffix(".pdf"),
		)
	except pages.NotOpened:
		frappe.throw(
			_("The documents of {0} are too large for one PDF. Send them one by one.").format(doc.name),
			title=_("Cannot Be Put Together"),
		)


def index(doc: Document, parts: list[PackagePart], of_pages: int) -> tuple[bytes, int]:
	"""An index to `parts` that itself takes `of_pages`: a PDF, and how many pages it has."""
	begins, rows = of_pages + 1, []
	for part in parts:
		rows.append({"title": part.title, "file_name": part.file_name, "page": begins if part.pages else 0})
		begins += part.pages
	letter_head = get_letter_head(doc, no_letterhead=False).get("content") or ""
	html = frappe.render_template(
		"templates/prints/document_package.html",
		{
			"doc": doc,
			"rows": rows,
			"letter_head": frappe.render_template(letter_head, {"doc": doc.as_dict()}),
		},
	)
	with failing_in_words(_("Contents")):
		pdf = get_pdf(html)
	return pdf, len(PdfReader(io.BytesIO(pdf)).pages)
