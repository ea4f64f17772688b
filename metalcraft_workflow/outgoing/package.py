"""The documents of a delivery in one PDF: packing list, certificates and what was uploaded, in order."""

import io
from dataclasses import dataclass, field

import frappe
from frappe import _
from frappe.model.document import Document
from frappe.translate import print_language
from frappe.utils.pdf import get_pdf
from frappe.www.printview import get_letter_head
from PIL import Image, ImageOps, ImageSequence
from pypdf import PageObject, PdfReader, PdfWriter, Transformation
from pypdf.generic import RectangleObject

from metalcraft_workflow.facts.documents import given_name
from metalcraft_workflow.gates.input import checked
from metalcraft_workflow.outgoing.prints import pages_of, print_pdf, written
from metalcraft_workflow.rules import files
from metalcraft_workflow.rules.requirement import _lt

PACKING_LIST = _lt("Packing List")

# Pictures: white around them, and as many pixels as a print shows
MARGIN = 36
PIXELS = (2200, 2200)
PICTURES = ("png", "jpeg", "gif", "tiff", "webp")


@dataclass
class PackagePart:
	"""One document of the package: its pages, or what is attached to the PDF when it has none."""

	title: str
	file_name: str = ""
	pages: list[PageObject] = field(default_factory=list)
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
	documents = _("Documents")
	return f"{doc.name} {documents}.pdf".replace("/", "-")


def package_pdf(doc: Document) -> bytes:
	"""The documents of Delivery Note `doc` as one PDF: an index, the packing list, and the file of each
	row of its documents, in the order of the rows, each with a bookmark.

	Checks no permission: the caller knows who may have it. What a PDF cannot show as pages (an office
	document) is attached to it, and the index says so. Raises ValidationError that names the file that
	cannot be opened, and says what to do.
	"""
	doc = frappe.get_doc(doc.doctype, doc.name)  # printing changes the document it is given
	with print_language(doc.language or frappe.local.lang):
		packing_list = PackagePart(_(PACKING_LIST), pages=pages_of(print_pdf(doc, PACKING_LIST)))
		paper = packing_list.pages[0].mediabox
		return bound(doc, [packing_list, *(part_of(doc, row, paper) for row in rows_of(doc))])


def rows_of(doc: Document) -> list[Document]:
	"""The rows of the documents of `doc` that hold a file which stands."""
	return [
		row
		for row in doc.shipment_documents
		if row.file and not row.get("dropped") and row.get("status") != "Rejected"
	]


def part_of(doc: Document, row: Document, paper: RectangleObject) -> PackagePart:
	"""The file of a row of the documents; pictures are laid on `paper`."""
	about = ", ".join(said for said in (row.get("item_code"), row.get("batch_no")) if said)
	name, content = stored(doc, row)
	part = PackagePart(f"{_(row.document_type)} ({about})" if about else _(row.document_type), name)
	kind = files.kind(content)
	if kind == "pdf":
		part.pages = opened(content, row, name)
	elif kind in PICTURES:
		part.pages = [laid_on(paper, page) for page in as_pages(content, row, name)]
	else:
		part.attachment = content
	return part


def stored(doc: Document, row: Document) -> tuple[str, bytes]:
	"""Name and content of the file of a row. Raises ValidationError when it is not there."""
	name = frappe.db.get_value(
		"File", {"file_url": row.file, "attached_to_doctype": doc.doctype, "attached_to_name": doc.name}
	)
	try:
		file = frappe.get_doc("File", name)
		content = file.get_content()
	except (frappe.DoesNotExistError, OSError):
		frappe.clear_last_message()
		refuse(row, row.file.rsplit("/", 1)[-1], _("is no longer there. Upload it again."))
	return given_name(file), content.encode() if isinstance(content, str) else content


def opened(content: bytes, row: Document, name: str) -> list[PageObject]:
	"""The pages of an uploaded PDF. Raises ValidationError when it is locked or damaged."""
	try:
		reader = PdfReader(io.BytesIO(content))
		# Many are locked against changes only, and open without a password
		locked = reader.is_encrypted and not reader.decrypt("")
		pages = [] if locked else through(reader)
	except Exception:
		# pypdf raises whatever a damaged file makes it stumble over
		refuse(row, name, _("is damaged and cannot be opened. Print it to a new PDF and upload that."))
	if locked:
		refuse(row, name, _("is locked with a password. Upload it without one."))
	if not pages:
		refuse(row, name, _("has no pages. Upload it again."))
	return pages


def through(reader: PdfReader) -> list[PageObject]:
	"""The pages of `reader`, written out and read back: what is broken in them shows here."""
	writer = PdfWriter()
	writer.append(reader, import_outline=False)
	return pages_of(written(writer))


def as_pages(content: bytes, row: Document, name: str) -> list[PageObject]:
	"""A picture as pages of a PDF. Raises ValidationError when it cannot be shown."""
	try:
		frames = [picture(frame) for frame in ImageSequence.Iterator(Image.open(io.BytesIO(content)))]
		stream = io.BytesIO()
		frames[0].save(stream, "PDF", save_all=True, append_images=frames[1:], resolution=72)
		return pages_of(stream.getvalue())
	except Exception:
		# As above, of Pillow
		refuse(row, name, _("is damaged and cannot be shown. Save the picture anew and upload that."))


def laid_on(paper: RectangleObject, picture: PageObject) -> PageObject:
	"""A page of the size of `paper` with `picture` in its middle, as large as it fits."""
	page = PageObject.create_blank_page(width=paper.width, height=paper.height)
	width, height = float(picture.mediabox.width), float(picture.mediabox.height)
	room = float(paper.width) - 2 * MARGIN, float(paper.height) - 2 * MARGIN
	scale = min(room[0] / width, room[1] / height)
	place = (
		Transformation()
		.scale(scale)
		.translate(MARGIN + (room[0] - width * scale) / 2, MARGIN + (room[1] - height * scale) / 2)
	)
	page.merge_transformed_page(picture, place)
	return page


def picture(frame: Image.Image) -> Image.Image:
	"""A picture the right way up, without transparency, as small as a print allows."""
	upright = ImageOps.exif_transpose(frame).convert("RGBA")
	upright.thumbnail(PIXELS)
	paper = Image.new("RGB", upright.size, "white")
	paper.paste(upright, mask=upright.getchannel("A"))
	return paper


def refuse(row: Document, name: str, why: str) -> None:
	"""Raise a ValidationError that names the row and the file, and says what to do."""
	frappe.throw(
		_("Documents row {0} ({1}): {2} {3}").format(
			row.idx, _(row.document_type), frappe.bold(frappe.utils.escape_html(name)), why
		),
		title=_("Cannot Be Put Together"),
	)


def bound(doc: Document, parts: list[PackagePart]) -> bytes:
	"""`parts` in one PDF with bookmarks, after an index that says on which page each begins."""
	first = index(doc, parts, of_pages=1)
	if len(first) > 1:
		first = index(doc, parts, of_pages=len(first))
	writer = PdfWriter()
	for part in [PackagePart(_("Index"), pages=first), *parts]:
		if part.pages:
			begins = len(writer.pages)
			for page in part.pages:
				writer.add_page(page)
			writer.add_outline_item(part.title, begins)
		else:
			writer.add_attachment(part.file_name, part.attachment)
	writer.add_metadata({"/Title": file_name(doc).removesuffix(".pdf")})
	return written(writer)


def index(doc: Document, parts: list[PackagePart], of_pages: int) -> list[PageObject]:
	"""The pages of an index to `parts` that itself takes `of_pages`."""
	begins, rows = of_pages + 1, []
	for part in parts:
		rows.append({"title": part.title, "file_name": part.file_name, "page": begins if part.pages else 0})
		begins += len(part.pages)
	letter_head = get_letter_head(doc, no_letterhead=False).get("content") or ""
	html = frappe.render_template(
		"templates/prints/document_package.html",
		{
			"doc": doc,
			"rows": rows,
			"letter_head": frappe.render_template(letter_head, {"doc": doc.as_dict()}),
		},
	)
	return pages_of(get_pdf(html))
