"""What customers see in the portal, and that they see nothing of each other: over real requests."""

import inspect
import json
from contextlib import contextmanager
from importlib import import_module
from pkgutil import walk_packages
from threading import Thread
from unittest.mock import patch
from urllib.parse import quote, urlencode

import frappe
import frappe.www.list
from erpnext.selling.doctype.sales_order.sales_order import make_sales_invoice
from frappe.deferred_insert import save_to_db
from frappe.tests.utils import FrappeTestCase
from frappe.utils import get_test_client

from metalcraft_workflow.access import customers
from metalcraft_workflow.facts.contacts import contact_email, linked
from metalcraft_workflow.outgoing.customer_mail import customer_addresses, order_addresses
from metalcraft_workflow.portal import messages, orders
from metalcraft_workflow.portal.documents import DOCUMENT_FIELDS
from metalcraft_workflow.tests.support import deliveries, door, factories, money, rest
from metalcraft_workflow.tests.support.factories import SUPPORT, as_user
from metalcraft_workflow.tests.support.mail_account import make_account
from metalcraft_workflow.tests.support.quotations import make_quotation, send
from metalcraft_workflow.tests.support.rest import key_of

CERTIFICATE = "Certificate of Conformance"
DOCTYPES = ("Sales Order", "Delivery Note", "Sales Invoice", "Quotation")

# What a caller might hang on a document, and where it says on which
HANGING = {
	"File": "attached_to_name",
	"Comment": "reference_name",
	"Communication": "reference_name",
	"Email Queue": "reference_name",
	"ToDo": "reference_name",
	"DocShare": "share_name",
	"Document Follow": "ref_docname",
	"Document Share Key": "reference_docname",
	"Payment Request": "reference_name",
	"Sales Order Item": "prevdoc_docname",
}

# Modules whose whitelisted methods the crawl calls, beside those of the app
CRAWLED = (
	"frappe.client",
	"frappe.www.list",
	"frappe.www.printview",
	"frappe.utils.print_format",
	"frappe.desk.form.load",
	"frappe.desk.form.utils",
	"frappe.desk.form.linked_with",
	"frappe.desk.reportview",
	"frappe.desk.search",
	"frappe.desk.query_report",
	"frappe.core.doctype.file.file",
	"frappe.core.api.file",
	"frappe.handler",
	"frappe.templates.includes.comments.comments",
	"frappe.model.mapper",
	"frappe.model.workflow",
	"frappe.website.doctype.web_form.web_form",
	"erpnext.selling.doctype.sales_order.sales_order",
	"erpnext.selling.doctype.quotation.quotation",
	"erpnext.stock.doctype.delivery_note.delivery_note",
	"erpnext.accounts.doctype.sales_invoice.sales_invoice",
	"erpnext.accounts.doctype.payment_request.payment_request",
	"erpnext.controllers.accounts_controller",
)


class Browser:
	"""Requests of one user, in a thread with transactions of its own."""

	def __init__(self, user: str):
		self.user = user

	def get(self, path: str):
		return self.send([("GET", path, None)])[0]

	def send(self, requests: list[tuple]) -> list:
		"""Answers to `requests` of (method, path, JSON), in their order."""
		headers = {} if self.user == "Guest" else {"Authorization": f"token {key_of(self.user)}"}
		frappe.db.commit()
		site, answers = frappe.local.site, []

		def run():
			with patch("frappe.app.get_site_name", return_value=site):
				client = get_test_client(use_cookies=False)
				for method, path, data in requests:
					response = client.open(path, method=method, json=data, headers=headers)
					response.body = response.get_data()
					answers.append(response)

		thread = Thread(target=run)
		thread.start()
		thread.join()
		frappe.db.rollback()
		return answers


def method(path: str, /, **arguments) -> str:
	return f"/api/method/metalcraft_workflow.portal.{path}?{urlencode(arguments)}"


def page(order) -> str:
	return f"/customer-orders/{quote(order.name)}"


@contextmanager
def as_in_use():
	"""Who took what is kept on record at once in 15. In 16 it is kept a little later; and in a test with the
	request, which gives it up when it has only read."""
	if frappe.__version__.startswith("15."):
		yield
	else:
		with patch.object(frappe, "in_test", False):
			yield


class TestPortal(FrappeTestCase):
	@classmethod
	def setUpClass(cls):
		super().setUpClass()
		factories.setup_world()
		cls.mark = f"MARK{frappe.generate_hash(length=10).upper()}"
		cls.customer = factories.make_customer(f"{cls.mark} Works")
		cls.other = factories.make_customer(f"Other {frappe.generate_hash(length=6)}")
		cls.user, cls.other_user, cls.stranger = (
			money.portal_user(cls.customer),
			money.portal_user(cls.other),
			money.portal_user(cls.other),
		)
		cls.both = money.portal_user(cls.customer)
		cls.add_portal_user(cls.other, cls.both)
		cls.make_orders()
		frappe.db.commit()

	@classmethod
	def make_orders(cls):
		line = (factories.make_item(), 10, 100)
		cls.order = deliveries.approved_order(
			line,
			customer=cls.customer,
			po_no=f"{cls.mark}-1",
			production_notes=f"{cls.mark} secret of production",
			required_documents=[{"document_type": CERTIFICATE}],
		)
		deliveries.bring(cls.order, 4)
		packed = deliveries.packed(cls.order, packing_notes=f"{cls.mark} secret of packing")
		cls.shipped = deliveries.shipped(packed)
		cls.shipped.db_set("tracking_url", "javascript:alert(1)", update_modified=False)
		cls.invoice = money.invoice(cls.shipped)
		deliveries.bring(cls.order, 3)
		# Cleared with its documents released, and still in the house
		cls.unshipped = deliveries.cleared(deliveries.packed(cls.order))
		cls.draft = factories.make_order(line, customer=cls.customer, po_no=f"{cls.mark}-2")
		cls.other_order = factories.make_order(line, customer=cls.other)

	@staticmethod
	def add_portal_user(customer: str, user: str):
		doc = frappe.get_doc("Customer", customer)
		doc.append("portal_users", {"user": user})
		doc.save()

	# Who acts for whom

	def test_users_act_for_the_customers_that_they_are_linked_with(self):
		self.assertEqual(customers.customers_of(self.user), [self.customer])
		self.assertEqual(customers.customers_of(self.both), sorted([self.customer, self.other]))
		users = customers.users_of(self.customer)
		self.assertLessEqual({self.user, self.both}, set(users))
		self.assertNotIn(self.other_user, users)
		self.assertEqual(customers.users_of(self.other), sorted([self.other_user, self.stranger, self.both]))
		for nobody in ("Guest", SUPPORT, "Administrator"):
			self.assertEqual(customers.customers_of(nobody), [])

	def test_nobody_lets_themselves_in_by_a_contact_of_their_own_making(self):
		link = {"link_doctype": "Customer", "link_name": self.customer}
		made = [
			frappe.get_doc(
				{
					"doctype": "Contact",
					"first_name": "Climber",
					"user": user,
					"is_billing_contact": 1,
					"email_ids": [{"email_id": "climber@customer.test", "is_primary": 1}],
					"links": [link],
				}
			)
			for user in (self.other_user, self.stranger)
		]
		row = {"doctype": "Dynamic Link", "parenttype": "Contact", "parentfield": "links", **link}
		made += [
			frappe.get_doc({**row, "parent": frappe.db.get_value("Contact", {"user": user})})
			for user in (self.other_user, self.stranger)
		]
		for doc in made:
			# As it may be there from before
			doc.insert()
			for row in (doc, *doc.get_all_children()):
				row.db_set("owner", self.other_user)
		self.assertEqual(customers.customers_of(self.other_user), [self.other])
		self.assertEqual(customers.customers_of(self.stranger), [self.other])
		# nor do they get its mails, or make an address of ours one of its own
		self.assertNotIn("climber@customer.test", str(customer_addresses(self.customer)))
		self.assertNotIn("climber@customer.test", messages.addresses_of(self.order))
		frappe.db.rollback()

	def test_no_mail_goes_to_a_contact_that_a_stranger_has_made_or_linked(self):
		def contact(**values):
			links = [{"link_doctype": "Customer", "link_name": self.customer}]
			emails = [{"email_id": f"{frappe.generate_hash(length=6)}@buyer.test", "is_primary": 1}]
			doc = {"doctype": "Contact", "first_name": "Buyer", "email_ids": emails, "links": links, **values}
			return frappe.get_doc(doc).insert()

		ours, made, joined = contact(), contact(), contact(is_billing_contact=1)
		made.db_set("owner", self.other_user)
		joined.links[0].db_set("owner", self.other_user)
		for person, mailed in ((ours, True), (made, False), (joined, False)):
			self.order.db_set({"contact_person": person.name, "contact_email": person.email_id})
			address = person.email_id if mailed else None
			self.assertEqual(contact_email(self.order), address)
			self.assertEqual(order_addresses([self.order.name]), [address])
			self.assertEqual(person.email_id in messages.addresses_of(self.order), mailed)
		frappe.db.set_value(
			"Customer", self.customer, {"customer_primary_contact": made.name, "email_id": made.email_id}
		)
		for stranger in (made, joined):
			self.assertNotIn(stranger.email_id, str(customer_addresses(self.customer)))
		# nor does a lead that becomes a customer bring one along
		self.assertNotIn(linked("Contact", "Customer", self.customer), (made.name, joined.name))
		# nor to an address that a stranger has added to a contact of ours
		joined.links[0].db_set("owner", "Administrator")
		self.assertIn(joined.email_id, customer_addresses(self.customer)[0])
		joined.email_ids[0].db_set("owner", self.other_user)
		self.assertNotIn(joined.email_id, str(customer_addresses(self.customer)))
		frappe.db.rollback()

	def test_nobody_is_a_portal_user_by_a_row_of_their_own(self):
		self.add_portal_user(self.customer, self.other_user)
		row = {"parent": self.customer, "user": self.other_user}
		frappe.db.set_value("Portal User", row, "owner", self.other_user)
		self.assertEqual(customers.customers_of(self.other_user), [self.other])
		# whoever registers in a web shop has made the customer too
		frappe.db.set_value("Customer", self.customer, "owner", self.other_user)
		self.assertIn(self.customer, customers.customers_of(self.other_user))
		frappe.db.rollback()

	def test_server_code_links_nobody_with_a_customer_of_others_either(self):
		link = {"link_doctype": "Customer", "link_name": self.customer}
		own = {"link_doctype": "Customer", "link_name": self.other}
		with as_user(self.other_user):
			doc = frappe.get_doc({"doctype": "Contact", "first_name": "Climber", "links": [link]})
			with self.assertRaises(frappe.PermissionError):
				doc.insert(ignore_permissions=True)
			doc = frappe.get_doc({"doctype": "Contact", "first_name": "Colleague", "links": [own]})
			doc.insert(ignore_permissions=True)
			doc.links[0].link_name = self.customer
			with self.assertRaises(frappe.PermissionError):
				doc.save(ignore_permissions=True)
		# what the house has linked stays, whoever saves it
		shared = frappe.get_doc({"doctype": "Contact", "first_name": "Shared", "links": [link, own]}).insert()
		with as_user(self.other_user):
			shared.first_name = "Renamed"
			shared.save(ignore_permissions=True)
		frappe.db.rollback()

	def test_nobody_gives_a_customer_of_others_a_contact_or_an_address(self):
		# Also where a site lets its customers make some by the REST API
		rows = ("Contact", "Address", "Dynamic Link", "Contact Email")
		door.open_to(self, "Customer", *(f"document:{doctype}" for doctype in rows))
		link = {"link_doctype": "Customer", "link_name": self.customer}
		own = {"link_doctype": "Customer", "link_name": self.other}
		contact = frappe.db.get_value("Contact", {"user": self.other_user})
		row = {"parent": contact, "parenttype": "Contact"}
		address = {
			"address_title": "Climber",
			"address_line1": "1 Street",
			"city": "Pune",
			"country": "India",
		}
		for status, doctype, values in (
			(403, "Dynamic Link", {**row, "parentfield": "links", **link}),
			(403, "Contact Email", {**row, "parentfield": "email_ids", "email_id": "x@customer.test"}),
			(403, "Contact", {"first_name": "Climber", "links": [link]}),
			(403, "Address", {**address, "is_shipping_address": 1, "links": [link]}),
			(200, "Contact", {"first_name": "Colleague", "links": [own]}),
			(200, "Address", {**address, "links": [own]}),
		):
			with self.subTest(doctype, status=status):
				answer = rest.request(self.other_user, "POST", f"/api/resource/{doctype}", values)
				self.assertEqual(answer.status, status, answer.words)

	def test_nobody_opens_a_private_file_by_naming_it(self):
		# Also where a site lets its customers make files
		door.open_to(self, "Customer", "document:File", "file:private")
		url = self.shipped.shipment_documents[0].file
		name = url.rsplit("/", 1)[-1]
		browser = Browser(self.other_user)
		own = {"file_name": "own.txt", "content": frappe.generate_hash(length=8), "is_private": 1}
		(answer,) = browser.send([("POST", "/api/resource/File", own)])
		self.assertEqual(answer.status_code, 200)
		mine = json.loads(answer.body)["data"]["name"]
		addresses = (
			url,
			name,
			f"/private/files//{name}",
			f"/files/../../private/files/{name}",
			f"/private/files/{name.replace('c', '%63', 1)}",
			frappe.utils.get_url(url),
		)
		asked = [
			("POST", "/api/resource/File", {"file_url": address, "is_private": 1}) for address in addresses
		]
		asked.append(("POST", "/api/resource/File", {"file_url": url, "is_private": 1, "content": "x"}))
		asked.append(("POST", "/api/resource/File", {"file_name": name, "is_private": 1}))
		asked += [("PUT", f"/api/resource/File/{mine}", {"file_url": address}) for address in addresses]
		for request, answer in zip(asked, browser.send(asked), strict=True):
			with self.subTest(str(request)):
				self.assertEqual(answer.status_code, 403)
		self.assertEqual(browser.get(url).status_code, 403)
		# whoever may open it, may name it
		with as_user(factories.QA):
			frappe.get_doc({"doctype": "File", "file_url": url, "is_private": 1}).insert()
		frappe.db.rollback()

	def test_only_the_house_comments_on_documents_of_the_process(self):
		make_account()
		# Also where readers of the website comment
		door.tick(self, portal_comments=1)
		site = frappe.get_doc(
			{
				"doctype": "Web Page",
				"title": f"News {frappe.generate_hash(length=6)}",
				"published": 1,
				"enable_comments": 1,
				"main_section": "News",
			}
		).insert()
		quotation = make_quotation(self.customer)

		def comment(user: str, doc, words: str = "Not from the house"):
			answer = rest.call(
				user,
				"frappe.templates.includes.comments.comments.add_comment",
				comment=words,
				comment_email="boss@metalcraft.test",
				comment_by="The Boss",
				reference_doctype=doc.doctype,
				reference_name=doc.name,
				route="",
			)
			there = {"reference_doctype": doc.doctype, "reference_name": doc.name, "content": words}
			return answer.status, frappe.db.count("Comment", there)

		for doc in (self.order, self.shipped, quotation, frappe.get_doc("Customer", self.customer)):
			for user in (self.other_user, self.user):
				with self.subTest(doc.doctype, user=user):
					self.assertEqual(comment(user, doc), (403, 0))
			with self.subTest(doc.doctype, user="Guest"):
				self.assertEqual(comment("Guest", doc), (403, 0))
			self.assertFalse(frappe.db.count("Email Queue", {"reference_name": doc.name}))
		# the house, and everybody on a page of the website, as before
		self.assertEqual(comment(SUPPORT, self.order, "From the house"), (200, 1))
		self.assertEqual(comment(self.other_user, site), (200, 1))
		self.assertEqual(
			frappe.db.get_value("Comment", {"reference_name": site.name}, "comment_email"), self.other_user
		)

	def test_disabled_users_and_customers_have_no_access(self):
		frappe.db.set_value("Customer", self.other, "disabled", 1)
		self.assertEqual(customers.customers_of(self.both), [self.customer])
		frappe.db.set_value("User", self.both, "enabled", 0)
		self.assertEqual(customers.customers_of(self.both), [])
		frappe.db.rollback()

	# What they see

	def test_the_list_sends_a_short_list_of_fields(self):
		with as_user(self.user):
			found = orders.list_orders()
		self.assertEqual(tuple(found), orders.LIST_FIELDS)
		self.assertEqual({row["name"] for row in found["orders"]}, {self.order.name, self.draft.name})
		for row in found["orders"]:
			self.assertEqual(tuple(row), orders.ORDER_FIELDS)
		with as_user(self.both):
			names = {row["name"] for row in orders.list_orders()["orders"]}
		self.assertEqual(names, {self.order.name, self.draft.name, self.other_order.name})

	def test_search_and_stage_narrow_the_list(self):
		def names(**asked):
			with as_user(self.user):
				return {row["name"] for row in orders.list_orders(**asked)["orders"]}

		self.assertEqual(names(search=f"{self.mark}-2"), {self.draft.name})
		self.assertEqual(names(search=self.order.name[-5:]), {self.order.name})
		self.assertEqual(names(search="mt-cyl"), {self.order.name, self.draft.name})
		self.assertEqual(names(search="%"), set())
		self.assertEqual(names(search="' OR 1=1 -- "), set())
		self.assertEqual(names(stage="Received"), {self.draft.name})
		self.assertEqual(names(stage="Ready to Ship"), {self.order.name})
		self.assertEqual(names(page=99), {self.order.name, self.draft.name})

	def test_an_order_sends_a_short_list_of_fields(self):
		with as_user(self.user):
			sent = orders.get_order(self.order.name)
		self.assertEqual(tuple(sent), orders.DETAIL_FIELDS)
		for rows, fields in (
			(sent["progress"], orders.STEP_FIELDS),
			(sent["lines"], orders.LINE_FIELDS),
			(sent["shipments"], orders.SHIPMENT_FIELDS),
			(sent["shipments"][0]["lines"], orders.SHIPMENT_LINE_FIELDS),
			(sent["shipments"][0]["documents"], DOCUMENT_FIELDS),
			(sent["invoices"], orders.INVOICE_FIELDS),
		):
			self.assertTrue(rows)
			for row in rows:
				self.assertEqual(tuple(row), fields)
		line = sent["lines"][0]
		self.assertEqual((line["ordered"], line["packed"], line["shipped"]), (10, 7, 4))
		# what has not shipped is not there, nor a link that runs a script
		self.assertEqual([row["name"] for row in sent["shipments"]], [self.shipped.name])
		self.assertIsNone(sent["shipments"][0]["tracking_url"])
		self.assertEqual(sent["invoices"][0]["outstanding"], 400)
		self.assertNotIn("secret", frappe.as_json(sent))

	def test_before_approval_nothing_is_promised_and_a_credit_hold_is_not_told(self):
		frappe.db.set_value("Sales Order", self.draft.name, "order_stage", "Credit Hold")
		with as_user(self.user):
			sent = orders.get_order(self.draft.name)
		self.assertEqual((sent["stage"], sent["amount"], sent["promised_on"]), ("Received", None, None))
		self.assertIsNone(sent["lines"][0]["amount"])
		self.assertNotIn("redit", frappe.as_json(sent))
		frappe.db.rollback()

	def test_a_draft_without_a_purchase_order_is_the_house_s_own(self):
		self.draft.db_set("po_no", "")
		with as_user(self.user), self.assertRaises(frappe.DoesNotExistError):
			orders.get_order(self.draft.name)
		frappe.db.rollback()

	def test_closed_orders_say_when(self):
		frappe.db.set_value("Sales Order", self.order.name, "status", "Closed")
		from metalcraft_workflow.facts.orders import read_order, sync_stage

		sync_stage(read_order(self.order.name))
		with as_user(self.user):
			sent = orders.get_order(self.order.name)
		self.assertEqual(sent["stage"], "Closed")
		self.assertTrue(sent["progress"][-1]["on"])
		frappe.db.rollback()

	def test_pages_are_shown_to_those_they_are_for(self):
		for user in (self.user, self.both):
			with self.subTest(user=user):
				answer = Browser(user).get(page(self.order))
				self.assertEqual(answer.status_code, 200)
				self.assertIn(self.mark.encode(), answer.body)
				self.assertNotIn(b"secret", answer.body)
				self.assertNotIn(b"javascript:alert", answer.body)
		guest = Browser("Guest").get(page(self.order))
		self.assertEqual(guest.status_code, 302)
		self.assertIn("/login?redirect-to=%2Fcustomer-orders%2F", guest.headers["Location"])
		staff = Browser(SUPPORT).get(page(self.order))
		self.assertEqual(staff.headers["Location"], f"/app/sales-order/{self.order.name}")
		self.assertNotIn(self.mark.encode(), Browser(SUPPORT).get("/customer-orders").body)

	def test_a_page_that_was_not_found_for_one_is_found_for_the_other(self):
		self.assertEqual(Browser(self.other_user).get(page(self.order)).status_code, 404)
		self.assertEqual(Browser(self.user).get(page(self.order)).status_code, 200)

	def test_addresses_of_erpnext_lead_to_the_pages_of_the_app(self):
		answer = Browser(self.user).get(f"/orders/{self.order.name}")
		self.assertEqual((answer.status_code, answer.headers["Location"]), (302, page(self.order)))

	# Documents

	def document(self, delivery, user: str, row: str | None = None):
		name = row or frappe.get_doc("Delivery Note", delivery.name).shipment_documents[0].name
		arguments = {"delivery_note": delivery.name, "document": name}
		return Browser(user).get(method("documents.download_document", **arguments))

	def test_released_documents_of_what_shipped_can_be_fetched(self):
		for user in (self.user, self.both):
			with as_in_use():
				answer = self.document(self.shipped, user)
			self.assertEqual(answer.status_code, 200)
			self.assertTrue(answer.body.startswith(b"%PDF"))
			self.assertIn("attachment", answer.headers["Content-Disposition"])
			self.assertEqual(answer.headers["X-Content-Type-Options"], "nosniff")
		save_to_db()
		self.assertTrue(
			frappe.db.exists("Access Log", {"user": self.user, "reference_document": self.shipped.name})
		)

	def test_the_package_is_there_when_all_of_it_is_released(self):
		def package(delivery, user):
			return Browser(user).get(method("documents.download_package", delivery_note=delivery.name))

		with as_user(self.user):
			self.assertTrue(orders.get_order(self.order.name)["shipments"][0]["has_package"])
		with patch("metalcraft_workflow.outgoing.package.package_pdf", return_value=b"%PDF-1.4 all of it"):
			answer = package(self.shipped, self.user)
			self.assertEqual((answer.status_code, answer.body), (200, b"%PDF-1.4 all of it"))
			for delivery, user in ((self.unshipped, self.user), (self.shipped, self.other_user)):
				self.assertEqual(package(delivery, user).status_code, 404)
			row = frappe.get_doc("Delivery Note", self.shipped.name).shipment_documents[0]
			frappe.db.set_value("Shipment Document", row.name, "accepted_on", None)
			self.assertEqual(package(self.shipped, self.user).status_code, 404)
			frappe.db.set_value("Shipment Document", row.name, "accepted_on", row.accepted_on)
			frappe.db.commit()

	def test_what_is_not_released_or_has_not_shipped_does_not_exist(self):
		never = self.document(self.shipped, self.user, row="never-was")
		for answer in (
			self.document(self.unshipped, self.user),
			self.document(self.shipped, self.other_user),
			self.document(frappe._dict(name="MAT-DN-NEVER"), self.user, row="never-was"),
		):
			self.assertEqual(answer.status_code, 404)
			self.assertEqual(answer.get_json()["exc_type"], never.get_json()["exc_type"])
		row = frappe.get_doc("Delivery Note", self.shipped.name).shipment_documents[0]
		for change in ({"accepted_on": None}, {"status": "Rejected"}, {"dropped": 1}):
			frappe.db.set_value("Shipment Document", row.name, change)
			with as_user(self.user):
				self.assertEqual(orders.get_order(self.order.name)["shipments"][0]["documents"], [])
			self.assertEqual(self.document(self.shipped, self.user).status_code, 404)
			before = {field: row.get(field) for field in ("accepted_on", "status", "dropped")}
			frappe.db.set_value("Shipment Document", row.name, before)
		frappe.db.commit()

	def test_guests_are_refused(self):
		for name, arguments in (
			("orders.list_orders", {}),
			("orders.get_order", {"name": self.order.name}),
			("documents.download_invoice", {"invoice": self.invoice.name}),
		):
			self.assertEqual(Browser("Guest").get(method(name, **arguments)).status_code, 403)

	# ERPNext's own pages and lists

	def test_erpnext_s_pages_give_a_customer_nothing_that_is_internal(self):
		user = money.portal_user(self.customer)
		self.add_portal_user(self.customer, user)  # what ERPNext itself goes by
		with as_user(SUPPORT):
			draft = make_sales_invoice(self.order.name).insert()
		browser = Browser(user)
		for doctype, name in (
			("Sales Order", self.order.name),
			("Sales Order", self.draft.name),
			("Delivery Note", self.shipped.name),
			("Delivery Note", self.unshipped.name),
			("Sales Invoice", draft.name),
		):
			with self.subTest(doctype=doctype, name=name):
				answer = browser.get(f"/printview?{urlencode({'doctype': doctype, 'name': name})}")
				self.assertEqual(answer.status_code, 403)
		submitted = urlencode({"doctype": "Sales Invoice", "name": self.invoice.name})
		self.assertEqual(browser.get(f"/printview?{submitted}").status_code, 200)
		self.assertEqual(browser.get(f"/invoices/{draft.name}").status_code, 403)
		for doctype in ("Sales Order", "Delivery Note", "Sales Invoice"):
			for call in ("get_list_data", "get"):
				answer = browser.get(f"/api/method/frappe.www.list.{call}?doctype={quote(doctype)}")
				theirs = 200 if hasattr(frappe.www.list, call) else 404
				self.assertEqual(answer.status_code, theirs if doctype == "Sales Invoice" else 403)
				for internal in (b"valuation_rate", b"gross_profit", b"secret", b"incoming_rate", b"owner"):
					self.assertNotIn(internal, answer.body)
		draft.delete()
		frappe.db.commit()

	# The crawl

	def quotations(self) -> list[str]:
		"""An open quotation, one that the customer has ordered with file and note, and a draft."""
		marked = {"customer_rfq_no": f"{self.mark} request"}
		offered, ordered = (make_quotation(self.customer, **marked) for _each in range(2))
		draft = make_quotation(self.customer, submit=False, **marked)
		rest.forget_rate_limits()
		answer = send(self.user, ordered, po_no=f"{self.mark}-3", note=f"{self.mark} note")
		self.assertEqual(answer.status, 200, answer.words)
		return [offered.name, ordered.name, draft.name]

	def test_a_customer_reaches_nothing_of_another_by_any_route(self):
		quotations = self.quotations()
		ordered = frappe.get_all("Sales Order", {"po_no": f"{self.mark}-3"}, pluck="name")
		self.assertEqual(len(ordered), 1)
		self.addCleanup(frappe.db.commit)
		self.addCleanup(frappe.delete_doc, "Sales Order", ordered[0])
		names = {
			"Sales Order": [self.order.name, self.draft.name, *ordered],
			"Delivery Note": [self.shipped.name, self.unshipped.name],
			"Sales Invoice": [self.invoice.name],
			"Quotation": quotations,
		}
		everywhere = [*routes(names), *files(names)]
		before = self.versions(names)

		# The crawl finds what there is to find: as the customer, by the routes that are theirs
		answers = Browser(self.user).send(routes(names))
		self.assertTrue(any(self.mark.encode() in answer.body for answer in answers))
		for page in (f"/customer-quotations/{name}" for name in quotations[:2]):
			self.assertIn(self.mark.encode(), Browser(self.user).get(page).body)

		for user, called in ((self.other_user, frappe.whitelisted), ("Guest", frappe.guest_methods)):
			requests = [*everywhere, *calls(names, called)]
			self.assertGreater(len(requests), 150)
			for request, answer in zip(requests, Browser(user).send(requests), strict=True):
				with self.subTest(user=user, request=request):
					self.assertNotIn(self.mark.encode(), answer.body)
					self.assertFalse(answer.body.startswith(b"%PDF"))
		self.assertEqual(self.versions(names), before)

	def versions(self, names: dict) -> dict:
		"""When each of the documents was changed last, and how much hangs on it: the crawl changes nothing
		either."""

		def hanging(name: str) -> dict[str, int]:
			return {
				doctype: frappe.db.count(doctype, {field: name})
				for doctype, field in HANGING.items()
				if frappe.db.exists("DocType", doctype)
			}

		return {
			(doctype, name): (
				frappe.db.get_value(doctype, name, ["modified", "docstatus", "status"]),
				hanging(name),
			)
			for doctype, found in names.items()
			for name in found
		}


def routes(names: dict) -> list[tuple]:
	"""Every address at which this site shows documents, with the names put in."""
	found = []
	all_names = [name for rows in names.values() for name in rows]
	for rule in frappe.get_hooks("website_route_rules"):
		path = rule["from_route"]
		if "<" in path:
			found += [path[: path.index("<")] + quote(name) for name in all_names]
		else:
			found.append(path)
	for item in frappe.get_hooks("standard_portal_menu_items"):
		found.append(item["route"])
	formats = frappe.get_all(
		"Print Format", filters={"doc_type": ("in", DOCTYPES)}, fields=["name", "doc_type"]
	)
	for doctype, rows in names.items():
		for name in rows:
			where = urlencode({"doctype": doctype, "name": name})
			found += [
				f"/{quote(doctype)}/{quote(name)}",
				f"/app/{frappe.scrub(doctype).replace('_', '-')}/{name}",
				f"/printview?{where}",
				f"/api/method/frappe.utils.print_format.download_pdf?{where}",
				f"/api/resource/{quote(doctype)}/{quote(name)}",
				f"/api/v2/document/{quote(doctype)}/{quote(name)}",
			]
			found += [
				f"/printview?{where}&{urlencode({'format': row.name})}"
				for row in formats
				if row.doc_type == doctype
			]
	tables = {df.options for doctype in names for df in frappe.get_meta(doctype).get_table_fields()} | {
		"Release Record",
		"Production Notice",
		"Communication",
		"Comment",
		"File",
		"Version",
		"Customer",
	}
	for doctype in (*names, *sorted(tables)):
		fields = urlencode({"fields": '["*"]', "limit_page_length": 0})
		found += [
			f"/api/resource/{quote(doctype)}?{fields}",
			f"/api/v2/document/{quote(doctype)}?{fields}",
			f"/api/method/frappe.www.list.get?doctype={quote(doctype)}",
			f"/api/method/frappe.www.list.get_list_data?doctype={quote(doctype)}",
		]
	return [("GET", path, None) for path in found]


def files(names: dict) -> list[tuple]:
	"""The addresses of every file attached to the documents."""
	urls = [
		url
		for doctype, rows in names.items()
		for url in frappe.get_all(
			"File",
			filters={"attached_to_doctype": doctype, "attached_to_name": ("in", rows)},
			pluck="file_url",
		)
	]
	paths = [*urls, *(f"/api/method/download_file?{urlencode({'file_url': url})}" for url in urls)]
	return [("GET", path, None) for path in paths]


def calls(names: dict, called: set) -> list[tuple]:
	"""Calls of those of `called` that are the app's, or give out documents in Frappe and ERPNext, with the
	names in whatever argument may take one."""
	for module in (*CRAWLED, *app_modules()):
		import_module(module)
	prefixes = (*(f"{module}." for module in CRAWLED), "metalcraft_workflow.")
	found = []
	for function in called:
		path = f"{function.__module__}.{function.__qualname__}"
		if not path.startswith(prefixes) or path.startswith("metalcraft_workflow.tests"):
			continue
		# What a GET writes is rolled back
		verb = "POST" if "POST" in frappe.allowed_http_methods_for_whitelisted_func[function] else "GET"
		for doctype, rows in names.items():
			arguments = {
				name: argument(name, doctype, rows[0])
				for name, parameter in inspect.signature(function).parameters.items()
				if parameter.kind not in (parameter.VAR_KEYWORD, parameter.VAR_POSITIONAL)
			}
			arguments = {name: value for name, value in arguments.items() if value is not None}
			if verb == "GET":
				query = {
					name: value if isinstance(value, str) else json.dumps(value)
					for name, value in arguments.items()
				}
				found.append(("GET", f"/api/method/{path}?{urlencode(query)}", None))
			else:
				found.append(("POST", f"/api/method/{path}", arguments))
	return found


def app_modules() -> list[str]:
	"""The modules of the app that may hold whitelisted methods."""
	import metalcraft_workflow.gates
	import metalcraft_workflow.metalcraft_workflow.doctype
	import metalcraft_workflow.portal
	import metalcraft_workflow.steps

	return [
		module.name
		for package in (
			metalcraft_workflow.portal,
			metalcraft_workflow.gates,
			metalcraft_workflow.steps,
			metalcraft_workflow.metalcraft_workflow.doctype,
		)
		for module in walk_packages(package.__path__, f"{package.__name__}.")
	]


def argument(name: str, doctype: str, document: str):
	"""What a caller who is after `document` puts into an argument of that name; None to leave it out."""
	if name in ("doctype", "dt", "reference_doctype", "parent", "link_doctype", "doctype_name", "dn_type"):
		return doctype
	if name in ("filters", "or_filters"):
		return [["name", "=", document]] if name == "filters" else None
	if name in ("fields", "fieldname"):
		return ["*"] if name == "fields" else "customer_name"
	if name in ("doc", "docs"):
		return {"doctype": doctype, "name": document}
	if name in ("txt", "search"):
		return document
	if name in ("names", "source_names", "selected_docs"):
		return [document]
	if name in ("page", "limit", "start", "page_length", "limit_start", "limit_page_length"):
		return None
	return document
