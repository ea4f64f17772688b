"""Nobody opens a private file by putting its address somewhere, whatever route takes it there."""

import io
import json
import os

import frappe
from frappe.utils.file_manager import save_file
from PIL import Image

from metalcraft_workflow.facts.documents import attach
from metalcraft_workflow.tests.support import deliveries, door, factories, money, rest
from metalcraft_workflow.tests.support.cases import FinalPackCase
from metalcraft_workflow.tests.support.factories import PACKER, QA, SUPPORT, act, as_user
from metalcraft_workflow.tests.support.pdf import sample_pdf


def new_file(url: str, **fields):
	return frappe.get_doc({"doctype": "File", "file_url": url, "is_private": 1, **fields})


class TestPrivateFiles(FinalPackCase):
	@classmethod
	def setUpClass(cls):
		super().setUpClass()
		customer = factories.make_customer(f"MT Naming {frappe.generate_hash(length=6)}")
		cls.doc = deliveries.delivery(customer=customer)
		cls.kept = frappe.get_doc("File", {"file_url": deliveries.upload(cls.doc)})
		with as_user(SUPPORT):
			cls.alone = save_file(
				f"{frappe.generate_hash()}.txt", b"prices " + os.urandom(8), None, None, is_private=1
			)
		cls.portal = money.portal_user(factories.make_customer(f"MT Other {frappe.generate_hash(length=6)}"))
		cls.stranger = factories.make_user("no-role@metalcraft.test", [])
		cls.outsider = cls.website_user()
		cls.people = (cls.portal, cls.outsider, cls.stranger)
		frappe.db.commit()

	@staticmethod
	def website_user() -> str:
		"""Somebody who signed up, and is no customer's."""
		email = f"{frappe.generate_hash(length=8)}@outside.test"
		frappe.get_doc(
			{
				"doctype": "User",
				"email": email,
				"first_name": "Outsider",
				"user_type": "Website User",
				"send_welcome_email": 0,
			}
		).insert()
		return email

	def routes(self, user: str, file) -> list[tuple]:
		"""Every way known to put the address of `file` somewhere, as requests of `user`."""
		url, name = file.file_url, file.name
		return [
			("POST", "/api/resource/File", {"file_url": url, "is_private": 1}),
			("POST", "/api/resource/File", {"file_url": url, "content": "x"}),
			("POST", "/api/resource/File", {"file_name": url.rsplit("/", 1)[-1], "is_private": 1}),
			("POST", "/api/method/upload_file", {"file_url": url, "is_private": 1}),
			("POST", "/api/method/upload_file", {"library_file_name": name}),
			("PUT", f"/api/resource/User/{user}", {"user_image": url}),
			("PUT", f"/api/resource/User/{user}", {"banner_image": url}),
			(
				"POST",
				"/api/method/frappe.desk.page.user_profile.user_profile.update_profile_info",
				{"profile_info": json.dumps({"user_image": url})},
			),
			(
				"POST",
				"/api/method/frappe.website.doctype.web_form.web_form.accept",
				{
					"web_form": "edit-profile",
					"data": json.dumps({"name": user, "first_name": "X", "user_image": url}),
				},
			),
			("POST", "/api/resource/Contact", {"first_name": frappe.generate_hash(), "image": url}),
			(
				"POST",
				"/api/resource/Contact",
				{
					"first_name": frappe.generate_hash(),
					"image": url,
					"__temporary_name": file.attached_to_name or "x",
				},
			),
			(
				"POST",
				"/api/method/frappe.core.doctype.communication.email.make",
				{"recipients": user, "subject": "x", "content": "x", "attachments": json.dumps([name])},
			),
			(
				"POST",
				"/api/method/frappe.client.insert",
				{"doc": {"doctype": "File", "file_url": url, "is_private": 1}},
			),
		]

	def reaches(self, user: str, file) -> bool:
		"""Whether `user` has come to what `file` holds: by its address, by a File, or by a mail."""
		opened = rest.request(user, "GET", file.file_url).status == 200
		by_call = (
			rest.request(user, "GET", f"/api/method/download_file?file_url={file.file_url}").status == 200
		)
		own = frappe.get_all("File", {"file_url": file.file_url, "owner": user, "name": ["!=", file.name]})
		return opened or by_call or bool(own)

	def test_no_route_opens_it(self):
		for user in self.people:
			for file in (self.kept, self.alone):
				for verb, path, data in self.routes(user, file):
					with self.subTest(user=user, file=file.file_name, path=path, data=data):
						answer = rest.request(user, verb, path, data)
						self.assertFalse(self.reaches(user, file), answer.text[:500])
						self.assertLess(answer.status, 500, answer.text[-800:])
						file.reload()

	def test_a_refusal_says_why_and_the_same_for_what_is_not_there(self):
		door.open_to(self, "Customer", "document:User")
		there = rest.request(
			self.portal, "PUT", f"/api/resource/User/{self.portal}", {"user_image": self.kept.file_url}
		)
		never = rest.request(
			self.portal,
			"PUT",
			f"/api/resource/User/{self.portal}",
			{"user_image": "/private/files/never.pdf"},
		)
		self.assertEqual((there.status, never.status), (403, 403))
		for answer in (there, never):
			self.assertIn("is a private file that you may not open", answer.words)

	def test_a_document_of_any_other_type_gets_no_file_either(self):
		for file in (self.kept, self.alone):
			with self.subTest(file.file_name), as_user(self.stranger):
				brand = frappe.get_doc(
					{"doctype": "Brand", "brand": frappe.generate_hash(), "image": file.file_url}
				).insert(ignore_permissions=True)
				self.assertFalse(frappe.db.exists("File", {"attached_to_name": brand.name}))
				self.assertFalse(frappe.get_doc("File", file.name).has_permission("read"))
				self.assertEqual(
					frappe.db.get_value("File", file.name, ["attached_to_name", "owner"]),
					(file.attached_to_name, file.owner),
				)

	def test_whoever_may_open_it_may_name_it(self):
		with as_user(QA):
			new_file(self.kept.file_url, attached_to_doctype="User", attached_to_name=QA).insert()
			user = frappe.get_doc("User", QA)
			user.user_image = self.kept.file_url
			user.save(ignore_permissions=True)
			self.assertTrue(
				frappe.db.exists("File", {"file_url": self.kept.file_url, "attached_to_field": "user_image"})
			)
		with as_user(SUPPORT):
			brand = frappe.get_doc(
				{"doctype": "Brand", "brand": frappe.generate_hash(), "image": self.alone.file_url}
			).insert(ignore_permissions=True)
			self.assertTrue(frappe.db.exists("File", {"attached_to_name": brand.name}))

	def test_who_brings_the_same_content_opens_nothing_new(self):
		content = self.kept.get_content()
		with as_user(self.stranger):
			own = frappe.get_doc(
				{"doctype": "File", "file_name": "mine.pdf", "content": content, "is_private": 1}
			).insert()
			self.assertEqual(own.file_url, self.kept.file_url)
			# The digest alone is no content
			guessed = frappe.get_doc(
				{
					"doctype": "File",
					"file_name": "guess.pdf",
					"is_private": 1,
					"content_hash": frappe.db.get_value("File", self.alone.name, "content_hash"),
				}
			)
			with self.assertRaises(frappe.PermissionError):
				guessed.insert(ignore_permissions=True)

	def test_a_private_file_elsewhere_is_named_by_nobody_else(self):
		url = f"https://bucket.test/{frappe.generate_hash()}.pdf"
		stored = frappe.get_doc(
			{
				"doctype": "File",
				"file_url": url,
				"attached_to_doctype": "Delivery Note",
				"attached_to_name": self.doc.name,
			}
		).insert()
		with as_user(self.stranger):
			new_file(url).insert()  # a link like any other, as long as nobody says that it is private
		frappe.db.delete("File", {"owner": self.stranger, "file_url": url})
		stored.db_set("is_private", 1)
		with as_user(self.stranger), self.assertRaises(frappe.PermissionError):
			new_file(url).insert()

	def test_an_address_in_other_letters_is_another_address(self):
		here = self.kept.file_url
		folder, _slash, name = here.rpartition("/")
		stem, _dot, ending = name.rpartition(".")
		for other in (f"{stem}.{ending.swapcase()}", f"{stem.swapcase()}.{ending}", f"{name} "):
			for user in (self.portal, self.outsider):
				with self.subTest(other, user=user):
					with as_user(user):
						own = frappe.get_doc(
							{
								"doctype": "File",
								"file_name": other,
								"content": sample_pdf(),
								"is_private": 1,
							}
						).insert(ignore_permissions=True)
						own.db_set("file_url", f"{folder}/{other}")
					self.assertEqual(rest.request(user, "GET", here).status, 403)
					self.assertEqual(rest.request(user, "GET", f"{here}?fid={own.name}").status, 403)
					with as_user(user), self.assertRaises(frappe.PermissionError):
						new_file(here).insert(ignore_permissions=True)
					frappe.delete_doc("File", own.name)
		# Who may open it, may go on
		self.assertEqual(rest.request(QA, "GET", here).status, 200)

	def test_a_client_cannot_say_that_the_server_copies(self):
		answer = rest.request(
			self.portal,
			"POST",
			"/api/resource/File",
			{"file_url": self.kept.file_url, "is_private": 1, "flags": {"by_process": True}},
		)
		self.assertEqual(answer.status, 403)


class TestKeptFiles(FinalPackCase):
	"""What is on record stays as it is, by whichever File it is reached."""

	def setUp(self):
		frappe.set_user("Administrator")
		self.doc = with_a_picture()
		self.row = self.doc.shipment_documents[0]
		self.file = frappe.get_doc("File", {"file_url": self.row.file, "attached_to_name": self.doc.name})
		self.path = self.file.get_full_path()
		with open(self.path, "rb") as found:
			self.content = found.read()
		frappe.db.commit()

	def assertKept(self):
		with open(self.path, "rb") as found:
			self.assertEqual(found.read(), self.content)
		self.assertEqual(frappe.db.get_value("File", self.file.name, "file_url"), self.row.file)

	def test_a_document_is_not_optimised_away(self):
		for verb in ("GET", "POST"):
			with self.subTest(verb):
				query = f"dt=File&dn={self.file.name}&method=optimize_file"
				answer = rest.request(QA, verb, f"/api/method/run_doc_method?{query}")
				self.assertIn(answer.status, (403, 417), answer.text[:500])
				self.assertKept()

	def test_another_file_with_the_same_content_opens_or_deletes_nothing(self):
		with as_user(QA):
			own = new_file(self.row.file).insert()
		frappe.db.commit()
		for fields in ({"is_private": 0}, {"content_hash": "0" * 32, "thumbnail_url": self.row.file}):
			rest.request(QA, "PUT", f"/api/resource/File/{own.name}", fields)
			self.assertKept()
		rest.request(QA, "DELETE", f"/api/resource/File/{own.name}")
		self.assertKept()


def with_a_picture():
	"""A delivery with a picture among its documents, which waits for clearance."""
	customer = factories.make_customer("MT Pictures", required_documents=[{"document_type": "Pictures"}])
	doc = act(deliveries.delivery(customer=customer), "Complete Packing", PACKER)
	stream = io.BytesIO()
	Image.effect_noise((1600, 1200), 90).save(stream, "PNG")
	with as_user(QA):
		file = save_file(f"{doc.name}.png", stream.getvalue(), doc.doctype, doc.name, is_private=1)
		attach(doc, "Pictures", file.file_url)
		doc.save()
	return act(doc, "Release Documents", QA)
