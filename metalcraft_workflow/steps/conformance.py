"""Step 9: Quality Assurance issues the certificate of conformance, and it is void when the delivery changes."""

import frappe
from frappe import _
from frappe.model.document import Document
from frappe.utils import cint, get_fullname, now_datetime, strip_html

from metalcraft_workflow.facts import documents
from metalcraft_workflow.gates import guard, record, separation
from metalcraft_workflow.gates.input import checked
from metalcraft_workflow.gates.message import refusal
from metalcraft_workflow.gates.names import names_of, readings
from metalcraft_workflow.gates.workflow import gate_of
from metalcraft_workflow.outgoing.contents import delivery_contents
from metalcraft_workflow.outgoing.prints import print_pdf
from metalcraft_workflow.rules import conformance as rules
from metalcraft_workflow.rules.contents import ContentsLine, ContentsSource
from metalcraft_workflow.rules.fingerprint import fingerprint
from metalcraft_workflow.rules.path import has_passed
from metalcraft_workflow.rules.requirement import unmet

CERTIFICATE = "Conformance Certificate"

# Whom a certificate speaks of, beside the goods
WHO = ("company", "customer", "shipping_address_name", "customer_address")


@frappe.whitelist(methods=["POST"])
@checked
def issue_certificate(delivery_note: str, document_type: str = "Certificate of Conformance") -> str:
	"""Issue a certificate of `document_type` for a delivery that waits for its documents, and attach its
	PDF to the row of that type; gives its number.

	The person who issues it is the one it names as having released the goods. One that was issued before
	is void and named as replaced. Raises PermissionError for who may not issue certificates or edit the
	delivery now, ValidationError with what to do where it cannot be issued.
	"""
	frappe.has_permission(CERTIFICATE, "create", throw=True)
	# Two people at once would issue two numbers for the same goods
	doc = frappe.get_doc("Delivery Note", delivery_note, for_update=True)
	doc.check_permission("write")
	check_issue(doc)
	doc_type = frappe.get_cached_doc("Shipment Document Type", document_type)
	if not doc_type.generated:
		frappe.throw(_("{0} is uploaded, not issued here.").format(frappe.bold(_(document_type))))
	earlier = last_certificate(doc, document_type)
	check_row(doc, document_type, earlier)
	certificate = write(doc, doc_type, earlier)
	if earlier and earlier.status == "Valid":
		make_void(earlier.name, _("Replaced by {0}.").format(certificate.name))
	documents.attach(doc, document_type, stored_print(certificate, doc, doc_type.print_format))
	doc.save()
	return certificate.name


def check_issue(doc: Document) -> None:
	"""Refuse a certificate for what is not packed, or by who packed it. Raises ValidationError."""
	gate = gate_of(doc)
	if doc.docstatus or doc.is_return or not doc.follows_process or not has_passed(gate, "complete_packing"):
		frappe.throw(
			_("A certificate is issued when the packing is complete, and before the delivery ships."),
			title=_("Not Now"),
		)
	if has_passed(gate, "release_documents"):
		frappe.throw(
			_("The documents of {0} are released. Return it to packing first.").format(doc.name),
			title=_("Not Now"),
		)
	# Who issues it releases the goods, so the same separation holds as for the release of the documents
	missing = unmet(separation.requirements("release_documents", doc))
	if missing:
		frappe.throw(refusal(missing, doc), guard.GateNotMet, title=_("Still Missing"))


def last_certificate(doc: Document, document_type: str) -> frappe._dict | None:
	"""The newest certificate of `doc`, or of the cancelled delivery that it amends."""
	amended = doc.amended_from and frappe.db.get_value(doc.doctype, doc.amended_from, "process_id")
	for process_id in filter(None, (doc.process_id, amended)):
		found = frappe.get_all(
			CERTIFICATE,
			filters={"process_id": process_id, "document_type": document_type},
			fields=["name", "status", "file"],
			# The one that holds, if one does, whatever the clock said
			order_by="status, creation desc",
			limit=1,
		)
		if found:
			return found[0]
	return None


def check_row(doc: Document, document_type: str, earlier: frappe._dict | None) -> None:
	"""Refuse to take the place of a file that a person has uploaded and nobody rejected. Raises
	ValidationError."""
	for row in doc.shipment_documents:
		if row.document_type == document_type and row.file and row.status != "Rejected":
			if not earlier or row.file != earlier.file:
				frappe.throw(
					_(
						"Documents row {0}: {1} has a file already. Take it out, then issue the certificate."
					).format(row.idx, frappe.bold(_(document_type))),
					title=_("There Is One Already"),
				)


def write(doc: Document, doc_type: Document, earlier: frappe._dict | None) -> Document:
	"""Write down what the certificate says, and by whom."""
	contents = delivery_contents(doc)
	certificate = frappe.get_doc(
		{
			"doctype": CERTIFICATE,
			"delivery_note": doc.name,
			"process_id": doc.process_id,
			"document_type": doc_type.name,
			"status": "Valid",
			"replaces": earlier and earlier.name,
			"issued_by": frappe.session.user,
			"issued_by_name": get_fullname(frappe.session.user),
			"position": position_of(frappe.session.user),
			"issued_on": now_datetime(),
			"statement": doc_type.statement,
			"company": doc.company,
			"company_address": plain(doc.company_address_display) or company_address(doc.company),
			"letter_head": doc.letter_head,
			"language": doc.language,
			"customer": doc.customer,
			"customer_name": doc.customer_name,
			"customer_address": plain(doc.shipping_address or doc.address_display),
			"items": [
				as_row(number, line, source)
				for number, line in enumerate(contents, 1)
				for source in line.sources or (None,)
			],
			"fingerprint": says(doc),
		}
	)
	certificate.flags.by_process = True
	# An item may have been disabled since; what the certificate says does not depend on it
	certificate.flags.ignore_links = True
	return certificate.insert(ignore_permissions=True)  # checked above: "create" alone opens no form


def as_row(number: int, line: ContentsLine, source: ContentsSource | None) -> dict:
	"""One source of a line, as the certificate keeps it."""
	row = {
		"line": number,
		"customer_po_no": line.po_no,
		"sales_order": line.order,
		"order_line": line.order_line,
		"item_code": line.item_code,
		"item_name": line.item_name,
		"customer_part_no": line.customer_part_no,
		"qty": line.qty,
		"uom": line.uom,
	}
	if source:
		row |= {
			"part": source.item_code,
			"revision": source.revision,
			"source_qty": source.qty,
			"source_uom": source.uom,
			"batch_no": source.batch_no,
			"heat_no": source.heat_no,
			"serial_nos": "\n".join(source.serial_nos),
		}
	return row


def says(doc: Document) -> str:
	"""Digest of what a certificate says of `doc`: it holds as long as this stays the same."""
	rows = [
		as_row(0, line, source)
		for line in delivery_contents(doc)
		for source in sorted(line.sources, key=str) or (None,)
	]
	names = names_of(doc)
	who = names.rows([doc], WHO)
	fields = tuple(as_row(0, ContentsLine("", 0), ContentsSource(0)))
	what = names.rows(rows, fields, {"item_code": "Item", "part": "Item", "batch_no": "Batch"})
	return fingerprint([*who, *what], (*WHO, *fields))


def position_of(user: str) -> str:
	"""What the certificate calls the person: the designation of their Employee, else their department."""
	return (
		frappe.db.get_value("Employee", {"user_id": user, "status": "Active"}, "designation")
		or "Quality Assurance"
	)


def company_address(company: str) -> str:
	"""The company's own address, for deliveries that name none."""
	from frappe.contacts.doctype.address.address import get_address_display, get_default_address

	name = get_default_address("Company", company)
	return plain(get_address_display(name)) if name else ""


def plain(html: str | None) -> str:
	"""An address as ERPNext keeps it, as plain lines."""
	text = (html or "").replace("<br>", "\n").replace("<br/>", "\n").replace("<br />", "\n")
	return "\n".join(line.strip() for line in strip_html(text).split("\n") if line.strip())


def stored_print(certificate: Document, doc: Document, print_format: str) -> str:
	"""Print the certificate, keep the PDF with it and attach it to the delivery; gives its address.

	The certificate keeps its own: what happens to the delivery's attachments does not touch the record.
	"""
	kept = documents.keep(f"{certificate.name}.pdf", print_pdf(certificate, print_format), certificate)
	certificate.db_set("file", kept.file_url, update_modified=False)
	copy = frappe.get_doc(
		{
			"doctype": "File",
			"file_name": kept.file_name,
			"file_url": kept.file_url,
			"is_private": 1,
			"attached_to_doctype": doc.doctype,
			"attached_to_name": doc.name,
		}
	)
	copy.flags.by_process = True
	copy.insert(ignore_permissions=True)  # who may write the delivery was checked
	return kept.file_url


# What becomes of it


def void_outdated(doc: Document, method: str | None = None) -> None:
	"""Void the certificates of `doc` that hold no longer, and take them out of its documents.

	After the save, when the guard has said where the delivery is now. What has shipped stays as it is;
	ERPNext fills in more of it then.
	"""
	if doc.docstatus == 1 or not doc.follows_process or doc.is_return or not had_documents(doc):
		return
	valid = valid_certificates(doc)
	if not valid:
		return
	now = rules.Delivery(
		packed=has_passed(gate_of(doc), "complete_packing"),
		cancelled=cint(doc.docstatus) == 2,
		says=frozenset(says(doc) for _reading in readings(doc)),
		files=frozenset(row.file for row in doc.shipment_documents if row.file),
	)
	void = {row.file: reason for row in valid if (reason := rules.why_void(row.fingerprint, row.file, now))}
	for row in valid:
		if row.file in void:
			make_void(row.name, void[row.file])
	if now.cancelled or not void:
		return
	for row in doc.shipment_documents:
		if row.file in void:
			row.db_set(documents.no_file(), update_modified=False)  # the File itself stays
	guard.void_if_changed(doc)


def had_documents(doc: Document) -> bool:
	"""Whether `doc` has documents, or had some before this save: others cost no query."""
	before = doc.get_doc_before_save()
	return bool(doc.shipment_documents or (before and before.shipment_documents))


def valid_certificates(doc: Document) -> list[frappe._dict]:
	"""The certificates of `doc` that hold."""
	return frappe.get_all(
		CERTIFICATE,
		filters={"process_id": record.process_id_of(doc), "status": "Valid", "file": ["is", "set"]},
		fields=["name", "file", "fingerprint"],
	)


def make_void(name: str, reason: str) -> None:
	"""Mark a certificate as void: it stays on record, with why, who and when."""
	certificate = frappe.get_doc(CERTIFICATE, name)
	certificate.flags.by_process = True
	certificate.db_set(
		{
			"status": "Void",
			"void_reason": reason,
			"voided_by": frappe.session.user,
			"voided_on": now_datetime(),
		}
	)


def on_file_trash(file: Document, method: str | None = None) -> None:
	"""Void a certificate that is deleted out of a delivery."""
	if file.attached_to_doctype != "Delivery Note" or not file.file_url:
		return
	for name in frappe.get_all(
		CERTIFICATE,
		filters={"delivery_note": file.attached_to_name, "file": file.file_url, "status": "Valid"},
		pluck="name",
	):
		make_void(name, rules.TAKEN_OUT)
