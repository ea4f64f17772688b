"""Step 9: files come to the rows that their names tell, are what they say, and stay."""

import frappe
from frappe.utils.file_manager import save_file

from metalcraft_workflow.facts.documents import given_name
from metalcraft_workflow.steps.document_files import place_files, use_batch_certificates
from metalcraft_workflow.tests.support import deliveries, factories, rest
from metalcraft_workflow.tests.support.cases import FinalPackCase
from metalcraft_workflow.tests.support.factories import PACKER, QA, SHIPPER, act, as_user
from metalcraft_workflow.tests.support.pdf import sample_pdf

CONFORMANCE, MILL, PICTURES = "Certificate of Conformance", "Mill Certificate", "Pictures"
PNG = b"\x89PNG\r\n\x1a\n"


def picture() -> bytes:
	"""What begins like a picture, unlike any other, and is no text in any encoding: 16 would store it as such."""
	return PNG + b"\x81\x8d\x90\x9d" + frappe.generate_hash(length=12).encode()


def upload(doc, name: str, content: bytes | None = None, user: str = QA) -> str:
	"""Upload a file to a delivery note, as the dialog does; gives the name of the File."""
	content = content if content is not None else sample_pdf()
	with as_user(user):
		return save_file(name, content, doc.doctype, doc.name, is_private=1).name


def place(doc, *files: str, user: str = QA, **where: str) -> dict:
	with as_user(user):
		return place_files(doc.name, frappe.as_json({**dict.fromkeys(files, ""), **where}))


class TestDocumentFiles(FinalPackCase):
	@classmethod
	def setUpClass(cls):
		super().setUpClass()
		deliveries.each_batch(MILL)
		frappe.db.set_value("Shipment Document Type", CONFORMANCE, "keywords", "coc, c of c")
		cls.customer = factories.make_customer(
			"MT Files Customer",
			required_documents=[{"document_type": name} for name in (CONFORMANCE, MILL, PICTURES)],
		)

	def at_quality(self):
		doc, batches = deliveries.of_batches(customer=self.customer)
		return act(doc, "Complete Packing", PACKER), batches

	def rows(self, doc) -> dict:
		"""Document type and batch -> names of the files in its rows."""
		found = {}
		for row in frappe.get_doc("Delivery Note", doc.name).shipment_documents:
			name = given_name(frappe.get_doc("File", {"file_url": row.file})) if row.file else ""
			found.setdefault((row.document_type, row.batch_no or ""), []).append(name)
		return found

	def test_many_files_find_their_rows_and_the_rest_is_asked(self):
		doc, (first, second) = self.at_quality()
		heat = frappe.db.get_value("Batch", second, "heat_no")
		files = {
			"coc": upload(doc, "CoC.pdf"),
			"mill": upload(doc, f"mill cert {first}.pdf"),
			"heat": upload(doc, f"{heat}.pdf"),
			"one": upload(doc, "picture 1.png", picture()),
			"two": upload(doc, "picture 2.png", picture()),
			"scan": upload(doc, "scan.pdf"),
		}
		answer = place(doc, *files.values())
		self.assertEqual((len(answer["placed"]), answer["refused"]), (5, []))
		self.assertEqual([(row["file"], row["suggestion"]) for row in answer["asked"]], [(files["scan"], "")])
		placed = self.rows(doc)
		self.assertEqual(placed[CONFORMANCE, ""], ["CoC.pdf"])
		self.assertIn(first, placed[MILL, first][0])
		self.assertIn(heat, placed[MILL, second][0])
		self.assertEqual(placed[PICTURES, ""], ["picture 1.png", "picture 2.png"])
		# A person says where the rest goes: in place of a file, or to a row of its own
		choices = {choice["label"]: choice["value"] for choice in answer["choices"]}
		again = upload(doc, "coc again.pdf")
		self.assertEqual(place(doc, again)["placed"], [])  # there is one already, that nobody rejected
		answer = place(
			doc,
			**{
				again: choices[f"{CONFORMANCE}, in place of its file"],
				files["scan"]: choices["A new row: Declaration of Conformity"],
			},
		)
		self.assertEqual((len(answer["placed"]), answer["asked"]), (2, []))
		placed = self.rows(doc)
		self.assertEqual(placed[CONFORMANCE, ""], ["coc again.pdf"])
		self.assertEqual(placed["Declaration of Conformity", ""], ["scan.pdf"])
		doc = frappe.get_doc("Delivery Note", doc.name)
		self.assertEqual(
			[(row.file_name, row.event) for row in doc.document_versions], [("CoC.pdf", "Replaced")]
		)
		self.assertEqual({row.uploaded_by for row in doc.shipment_documents}, {QA})
		self.assertEqual(act(doc, "Release Documents", QA).workflow_state, "Awaiting Clearance")

	def test_a_file_that_is_not_what_it_says_is_refused_and_the_others_stay(self):
		doc, _batches = self.at_quality()
		bad = upload(doc, "CoC.docx", b"MZ\x90 a program")  # of PDFs 16 says so itself
		good = upload(doc, "picture.png", picture())
		answer = place(doc, bad, good)
		self.assertEqual(answer["placed"], [PICTURES])
		self.assertIn("CoC.docx is not what its name says", answer["refused"][0])
		self.assertFalse(frappe.db.exists("File", bad))
		# The form's own field is refused in the same words, and nothing is saved
		url = frappe.db.get_value("File", upload(doc, "coc.docx", picture()), "file_url")
		with as_user(QA):
			doc = frappe.get_doc("Delivery Note", doc.name)
			doc.shipment_documents[0].file = url
			with self.assertRefused("row 1", "not what its name says"):
				doc.save()

	def test_a_refused_file_leaves_its_row_to_the_next(self):
		doc, _batches = self.at_quality()
		answer = place(doc, upload(doc, "coc 1.docx", b"MZ\x90 a program"), upload(doc, "coc 2.pdf"))
		self.assertEqual((answer["placed"], len(answer["refused"]), answer["asked"]), ([CONFORMANCE], 1, []))
		self.assertEqual(self.rows(doc)[CONFORMANCE, ""], ["coc 2.pdf"])

	def test_one_row_is_not_chosen_for_two_files(self):
		doc, _batches = self.at_quality()
		row = next(row for row in doc.shipment_documents if row.document_type == CONFORMANCE)
		both = [upload(doc, "one.pdf"), upload(doc, "two.pdf")]
		with self.assertRefused(f"Row {row.idx}", "takes one file"):
			place(doc, **dict.fromkeys(both, row.name))
		self.assertEqual(self.rows(doc)[CONFORMANCE, ""], [""])

	def test_a_type_has_its_own_formats_and_size(self):
		kind = frappe.get_doc("Shipment Document Type", PICTURES)
		kind.update({"allowed_extensions": "png", "max_size_mb": 0.001}).save()
		doc, _batches = self.at_quality()
		answer = place(doc, upload(doc, "picture.pdf"), upload(doc, "photo pictures.png", PNG + bytes(2000)))
		self.assertEqual(answer["placed"], [])
		self.assertIn("larger than 0.001 MB", answer["refused"][0])
		self.assertIn("Allowed are: png", answer["refused"][1])

	def test_only_whose_turn_it_is_and_only_files_of_the_delivery(self):
		doc, _batches = self.at_quality()
		mine = upload(doc, "coc.pdf")
		for user in (PACKER, SHIPPER):
			with self.subTest(user), self.assertRaises(frappe.PermissionError):
				place(doc, mine, user=user)
		with self.assertRaises(frappe.PermissionError):
			place(doc, mine, user=factories.PRODUCER)  # may read it, and not write
		elsewhere = save_file("coc.pdf", sample_pdf("x"), "Customer", self.customer, is_private=1).name
		with self.assertRefused("not a file of"):
			place(doc, elsewhere)
		self.assertEqual(self.rows(doc)[CONFORMANCE, ""], [""])

	def test_what_a_batch_has_is_not_asked_for_again(self):
		doc, (first, second) = deliveries.of_batches(customer=self.customer)
		self.keep_certificate(first)
		doc = act(doc, "Complete Packing", PACKER)
		placed = self.rows(doc)
		self.assertEqual((placed[MILL, first], placed[MILL, second]), ([f"{first}.pdf"], [""]))
		# One that comes to the batch later is offered
		self.keep_certificate(second)
		with as_user(QA):
			note = frappe.get_doc("Delivery Note", doc.name)
			note.run_method("onload")
			self.assertEqual(note.get_onload("batch_certificates"), 1)
			self.assertEqual(use_batch_certificates(doc.name), 1)
		placed = self.rows(doc)
		self.assertEqual(placed[MILL, second], [f"{second}.pdf"])
		# It is a file of the delivery: it stays when the batch loses its own
		row = next(
			row
			for row in frappe.get_doc("Delivery Note", doc.name).shipment_documents
			if row.batch_no == second
		)
		self.assertEqual(row.remark, f"From batch {second}")
		batch = frappe.get_doc("Batch", second)
		own = frappe.get_doc("File", {"attached_to_name": second})
		with self.assertRefused("certificate of batch"):
			frappe.delete_doc("File", own.name)
		self.assertTrue(own.exists_on_disk())
		own.folder = "Home"  # which is nobody's loss
		own.save()
		batch.set("certificates", [])
		batch.save()
		frappe.delete_doc("File", own.name)
		with as_user(SHIPPER):
			file = frappe.get_doc("File", {"file_url": row.file, "attached_to_name": doc.name})
			self.assertTrue(file.has_permission("read") and file.get_content())

	def keep_certificate(self, batch: str) -> None:
		doc = frappe.get_doc("Batch", batch)
		content = sample_pdf(batch)
		file = save_file(f"{batch}.pdf", content, "Batch", batch, is_private=1)
		doc.append("certificates", {"document_type": MILL, "file": file.file_url})
		doc.save()

	def test_a_deleted_file_leaves_a_trace(self):
		doc, _batches = self.at_quality()
		coc = upload(doc, "coc.pdf")
		place(doc, coc)
		with as_user(QA):
			frappe.delete_doc("File", coc)
		version = frappe.get_doc("Delivery Note", doc.name).document_versions[0]
		self.assertEqual(
			(
				version.document_type,
				version.file_name,
				version.event,
				version.changed_by,
				version.uploaded_by,
			),
			(CONFORMANCE, "coc.pdf", "Deleted", QA, QA),
		)


class TestBadRequests(FinalPackCase):
	"""Apart from the others: a request commits what the test before it left."""

	def test_what_names_no_files_is_refused_in_a_sentence(self):
		doc = deliveries.delivery()
		for files in ("[]", "{", "null", '"coc"', "5"):
			answer = rest.call(
				QA,
				"metalcraft_workflow.steps.document_files.place_files",
				delivery_note=doc.name,
				files=files,
			)
			with self.subTest(files):
				self.assertEqual(answer.status, 417)
				self.assertIn("the name of each file", answer.words)
