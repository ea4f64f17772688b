"""Papers that customers fetch themselves: released documents of a shipment, and invoices.

Each endpoint checks who asks. What is not released, or of a delivery that has not shipped, does not
exist for them.
"""

from mimetypes import guess_type

import frappe
from frappe.core.doctype.access_log.access_log import make_access_log
from frappe.model.document import Document
from werkzeug.wrappers import Response

from metalcraft_workflow.access.customers import get_own, not_found
from metalcraft_workflow.access.limits import limited
from metalcraft_workflow.facts.documents import content_of, file_of, given_name, heats_of, title_of
from metalcraft_workflow.gates.input import checked
from metalcraft_workflow.outgoing import package
from metalcraft_workflow.outgoing.prints import print_pdf

# In an hour, by one person: a package is made anew each time
MOST_DOWNLOADS = 200

DOCUMENT_FIELDS = ("name", "document_type", "title", "file_name")


@frappe.whitelist(methods=["GET"])
@limited(MOST_DOWNLOADS)
@checked
def download_document(delivery_note: str, document: str) -> Response:
	"""Send one released document of a shipment; `document` is the `name` that the shipment lists."""
	delivery = get_own("Delivery Note", delivery_note)
	row = next((row for row in _released_rows(delivery) if row.name == document), None)
	file = row and _file_of(row)
	content = file and content_of(file)
	if not content:
		not_found("Shipment Document")
	return _file_response(delivery, given_name(file), content)


@frappe.whitelist(methods=["GET"])
@limited(MOST_DOWNLOADS)
@checked
def download_package(delivery_note: str) -> Response:
	"""Send the documents of a shipment in one PDF: the packing list, certificates and what was uploaded.

	Only when every document in it is released: there is no package of a shipment otherwise.
	"""
	delivery = get_own("Delivery Note", delivery_note)
	if not has_package(delivery):
		not_found("Shipment Document")
	return _file_response(delivery, package.file_name(delivery), package.package_pdf(delivery))


@frappe.whitelist(methods=["GET"])
@limited(MOST_DOWNLOADS)
@checked
def download_packing_list(delivery_note: str) -> Response:
	"""Send the packing list of a shipment as PDF."""
	delivery = get_own("Delivery Note", delivery_note)
	pdf = print_pdf(delivery, package.PACKING_LIST)
	return _file_response(delivery, package.packing_list_name(delivery), pdf)


@frappe.whitelist(methods=["GET"])
@limited(MOST_DOWNLOADS)
@checked
def download_invoice(invoice: str) -> Response:
	"""Send the PDF of an invoice, as Customer Support would mail it."""
	doc = get_own("Sales Invoice", invoice)
	pdf = print_pdf(doc, doc.meta.default_print_format or "Standard")
	return _file_response(doc, f"{doc.name}.pdf".replace("/", "-"), pdf)


def released_documents(delivery: Document) -> list[dict]:
	"""The released documents of a delivery that has shipped: DOCUMENT_FIELDS each.

	Whether the signed-in user may see the delivery is the caller's to check.
	"""
	found = [(row, _file_of(row)) for row in _released_rows(delivery)]
	heats = heats_of(delivery) if found else {}
	return [
		{
			"name": row.name,
			"document_type": row.document_type,
			"title": title_of(row.document_type, row.batch_no or "", heats),
			"file_name": given_name(file),
		}
		for row, file in found
		if file
	]


def has_package(delivery: Document) -> bool:
	"""Whether there is something in the package of a delivery, and nothing that was not released."""
	rows = package.rows_of(delivery)
	return bool(rows) and len(rows) == len(_released_rows(delivery))


def _released_rows(delivery) -> list:
	return [
		row
		for row in delivery.shipment_documents
		if row.file and row.accepted_on and row.status == "Accepted" and not row.dropped
	]


def _file_of(row):
	"""The File of a row of the documents, or None."""
	return file_of(frappe._dict(doctype=row.parenttype, name=row.parent), row.file)


def _file_response(doc, filename: str, content: bytes | str) -> Response:
	"""A file to save: a browser never opens it in the page, whatever is in it. Who took it is on record."""
	make_access_log(
		doctype=doc.doctype, document=doc.name, file_type=filename.rpartition(".")[2], method="Portal"
	)
	response = Response(content, mimetype=guess_type(filename)[0] or "application/octet-stream")
	response.headers.add("Content-Disposition", "attachment", filename=filename)
	response.headers["X-Content-Type-Options"] = "nosniff"
	response.headers["Cache-Control"] = "private, no-store"
	return response
