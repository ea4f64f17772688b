"""Whoever is not staff gets what is on the list, and nothing else, by whatever route and spelling."""

import json
from importlib import import_module
from pkgutil import walk_packages
from threading import Thread
from unittest.mock import patch
from urllib.parse import quote, urlencode

import frappe
from frappe.tests.utils import FrappeTestCase
from frappe.utils import add_to_date, get_test_client, get_url, now_datetime
from frappe.utils.password import update_password

from metalcraft_workflow.access import limits, requests
from metalcraft_workflow.portal import orders
from metalcraft_workflow.setup import portal
from metalcraft_workflow.tests.support import deliveries, door, factories, money, rest
from metalcraft_workflow.tests.support.cost import counted
from metalcraft_workflow.tests.support.factories import SUPPORT, as_user
from metalcraft_workflow.tests.support.marks import needs_list_pages

COUNT = "frappe.client.get_count"
# What a guess at the password of Administrator looks like
GUESS = {"doctype": "__Auth", "filters": json.dumps({"name": "Administrator", "password": ["like", "$%"]})}

# Whoever asks may call these; each group has its reason in `rules.requests`. A method of a new release that
# fits one of the patterns there is not open before it stands here too.
GUEST_METHODS = """
erpnext.templates.utils.send_message
frappe.core.api.user_invitation.accept_invitation
frappe.core.doctype.communication.email.mark_email_as_seen
frappe.core.doctype.user.user.reset_password
frappe.core.doctype.user.user.sign_up
frappe.core.doctype.user.user.test_password_strength
frappe.core.doctype.user.user.update_password
frappe.auth.get_logged_user
frappe.email.queue.unsubscribe
frappe.handler.logout
frappe.handler.web_logout
frappe.integrations.doctype.ldap_settings.ldap_settings.login
frappe.integrations.oauth2.approve
frappe.integrations.oauth2.authorize
frappe.integrations.oauth2.get_token
frappe.integrations.oauth2.introspect_token
frappe.integrations.oauth2.openid_configuration
frappe.integrations.oauth2.openid_profile
frappe.integrations.oauth2.register_client
frappe.integrations.oauth2.revoke_token
frappe.integrations.oauth2_logins.custom
frappe.integrations.oauth2_logins.login_via_facebook
frappe.integrations.oauth2_logins.login_via_fairlogin
frappe.integrations.oauth2_logins.login_via_frappe
frappe.integrations.oauth2_logins.login_via_github
frappe.integrations.oauth2_logins.login_via_google
frappe.integrations.oauth2_logins.login_via_keycloak
frappe.integrations.oauth2_logins.login_via_office365
frappe.integrations.oauth2_logins.login_via_salesforce
frappe.ping
frappe.push_notification.auth_webhook
frappe.realtime.get_user_info
frappe.search.web_search
frappe.translate.get_all_languages
frappe.utils.global_search.web_search
frappe.website.doctype.web_page_view.web_page_view.make_view_log
frappe.workflow.doctype.workflow_action.workflow_action.apply_action
frappe.workflow.doctype.workflow_action.workflow_action.confirm_action
frappe.www.contact.send_message
frappe.www.login.login_via_key
frappe.www.login.login_via_token
frappe.www.login.send_login_link
frappe.www.search.get_search_results
metalcraft_workflow.portal.documents.download_document
metalcraft_workflow.portal.documents.download_invoice
metalcraft_workflow.portal.documents.download_package
metalcraft_workflow.portal.documents.download_packing_list
metalcraft_workflow.portal.messages.ask
metalcraft_workflow.portal.messages.get_messages
metalcraft_workflow.portal.orders.get_order
metalcraft_workflow.portal.orders.list_orders
metalcraft_workflow.portal.purchase_order.accept_quotation
metalcraft_workflow.portal.purchase_order.get_quotation
metalcraft_workflow.portal.purchase_order.list_quotations
""".split()
SIGNED_IN_METHODS = """
frappe.core.api.file.get_max_file_size
frappe.handler.upload_file
frappe.www.third_party_apps.delete_client
""".split()


def website_user() -> str:
	"""A user of the website who belongs to no customer."""
	user = frappe.get_doc(
		{
			"doctype": "User",
			"email": f"{frappe.generate_hash(length=8)}@nobody.test",
			"first_name": "Nobody",
			"send_welcome_email": 0,
			"user_type": "Website User",
		}
	)
	user.flags.no_welcome_mail = True
	return user.insert().name


def whitelisted() -> list[str]:
	"""Addresses of all methods that the installed apps open to requests, but for those of documents."""
	for app in frappe.get_installed_apps():
		root = import_module(app)
		for module in walk_packages(root.__path__, f"{app}.", onerror=lambda name: None):
			if any(part in module.name for part in (".tests", ".test_", ".patches", ".commands")):
				continue
			try:
				import_module(module.name)
			except Exception:
				continue
	return sorted(
		{
			f"{function.__module__}.{function.__name__}"
			for function in frappe.whitelisted
			if "." not in function.__qualname__ and ".tests." not in function.__module__
		}
	)


class RequestsCase(FrappeTestCase):
	@classmethod
	def setUpClass(cls):
		super().setUpClass()
		factories.setup_world()
		cls.customer = factories.make_customer(f"Door {frappe.generate_hash(length=6)}")
		cls.other = factories.make_customer(f"Next Door {frappe.generate_hash(length=6)}")
		cls.user, cls.other_user = money.portal_user(cls.customer), money.portal_user(cls.other)
		cls.nobody = website_user()
		cls.order = deliveries.approved_order(
			(factories.make_item(), 4, 100), customer=cls.customer, po_no="PO-DOOR"
		)
		deliveries.bring(cls.order, 4)
		cls.shipped = deliveries.shipped(deliveries.packed(cls.order))
		cls.invoice = money.invoice(cls.shipped)
		frappe.db.commit()

	def setUp(self):
		frappe.set_user("Administrator")
		rest.forget_rate_limits()


class TestEveryMethod(RequestsCase):
	def test_each_method_is_allowed_by_name_or_refused(self):
		names = whitelisted()
		self.assertGreater(len(names), 100)
		everybody, signed_in = set(GUEST_METHODS), {*GUEST_METHODS, *SIGNED_IN_METHODS}
		for user, expected in (
			("Guest", everybody),
			(self.nobody, signed_in),
			(self.user, signed_in),
		):
			with as_user(user):
				let_in = {
					name
					for name in names
					for path in (f"/api/method/{name}", f"/api/v2/method/{name}")
					if not door.refusal(user, "POST", path)
				}
			self.assertEqual(let_in - expected, set(), f"open to {user}")
			self.assertEqual((expected & set(names)) - let_in, set(), f"closed to {user}")

	def test_methods_of_documents_are_refused(self):
		for doctype, name, method in (
			("Sales Order", self.order.name, "submit"),
			("User", self.user, "add_comment"),
			("Web Form", "edit-profile", "rename"),
		):
			for user in (self.user, self.nobody, "Guest"):
				calls = (
					("POST", "/api/method/run_doc_method", {"dt": doctype, "dn": name, "method": method}),
					(
						"POST",
						"/api/method/runserverobj",
						{"docs": json.dumps({"doctype": doctype}), "method": method},
					),
					("POST", f"/api/resource/{doctype}/{name}", {"run_method": method}),
					("GET", f"/api/resource/{doctype}/{name}?run_method={method}", None),
					("POST", f"/api/v2/document/{doctype}/{name}/method/{method}", None),
					(
						"POST",
						"/api/v2/method/run_doc_method",
						{"document": {"doctype": doctype}, "method": method},
					),
				)
				for verb, path, data in calls:
					self.assertTrue(door.refusal(user, verb, path, data), (user, verb, path))


class TestRoutes(RequestsCase):
	def test_no_spelling_of_a_method_that_is_closed_gets_through(self):
		text = json.dumps(GUESS["filters"])
		query = urlencode(GUESS)
		spellings = (
			("GET", f"/api/method/{COUNT}?{query}", None, None),
			("GET", f"/api/method/{COUNT}/?{query}", None, None),
			("GET", f"/api/method/{COUNT}/more/of/it?{query}", None, None),
			("GET", f"/api/method/frappe.client.get%5fcount?{query}", None, None),
			("GET", f"/api/method/%66rappe.client.get_count?{query}", None, None),
			("GET", f"//api/method/{COUNT}?{query}", None, None),
			("GET", f"/api//method/{COUNT}?{query}", None, None),
			("GET", f"/api/method//{COUNT}?{query}", None, None),
			("GET", f"/API/method/{COUNT}?{query}", None, None),
			("GET", f"/api/method/Frappe.Client.Get_Count?{query}", None, None),
			("GET", f"/api/./method/{COUNT}?{query}", None, None),
			("GET", f"/x/../api/method/{COUNT}?{query}", None, None),
			("GET", f"/api/v1/method/{COUNT}?{query}", None, None),
			("GET", f"/api/v2/method/{COUNT}?{query}", None, None),
			("GET", "/api/v2/doctype/User/count", None, None),
			("GET", "/api/v2/doctype/User/meta", None, None),
			("GET", f"/?cmd={COUNT}&{query}", None, None),
			("GET", f"/login?cmd={COUNT}&{query}", None, None),
			("GET", f"/api/method/ping?cmd={COUNT}&{query}", None, None),
			("GET", f"/files/x.png?cmd={COUNT}&{query}", None, None),
			("HEAD", f"/api/method/{COUNT}?{query}", None, None),
			("PUT", f"/api/method/{COUNT}", GUESS, None),
			("DELETE", f"/api/method/{COUNT}", GUESS, None),
			("POST", f"/api/method/{COUNT}", GUESS, None),
			("POST", f"/api/method/{COUNT}", None, GUESS),
			("POST", "/", {"cmd": COUNT, **GUESS}, None),
			("POST", "/", None, {"cmd": COUNT, **GUESS}),
			("POST", "/api/method/frappe.ping", {"cmd": COUNT, **GUESS}, None),
			("POST", "/api/method/login", {"cmd": COUNT, **GUESS}, None),
			("POST", "/", {"cmd": [COUNT], **GUESS}, None),
			("POST", "/", {"cmd": {"a": COUNT}, **GUESS}, None),
			("POST", "/", {"cmd": f" {COUNT}", **GUESS}, None),
			("POST", "/", {"cmd": f"{COUNT}\u0000", **GUESS}, None),
			("POST", "/api/resource/User", {"cmd": COUNT, **GUESS}, None),
			("PATCH", "/", {"cmd": COUNT, **GUESS}, None),
			# By the modules that happen to know it
			("POST", "/api/method/frappe.desk.reportview.get_count", GUESS, None),
			("POST", "/api/method/metalcraft_workflow.portal.calls.get_count", GUESS, None),
			("POST", "/api/method/frappe.api.v1.frappe.client.get_count", GUESS, None),
			("POST", "/api/method/frappe.handler.run_doc_method", {"dt": "User", "method": "submit"}, None),
			(
				"POST",
				"/api/method/metalcraft_workflow.portal.documents.get_own",
				{"doctype": "Sales Order"},
				None,
			),
			# In an argument of another one
			(
				"POST",
				"/api/method/frappe.desk.search.search_link",
				{"query": COUNT, "doctype": "User", "txt": text},
				None,
			),
			(
				"POST",
				"/api/method/frappe.model.mapper.make_mapped_doc",
				{"method": COUNT, "source_name": self.order.name},
				None,
			),
			(
				"POST",
				"/api/method/frappe.model.mapper.map_docs",
				{"method": COUNT, "source_names": "[]", "target_doc": "{}"},
				None,
			),
			(
				"POST",
				"/api/method/frappe.desk.treeview.get_all_nodes",
				{"tree_method": COUNT, "doctype": "Account"},
				None,
			),
			("POST", "/api/method/upload_file", None, {"method": COUNT, **GUESS}),
		)
		for user in (self.user, self.nobody, "Guest"):
			for verb, path, data, form in spellings:
				with self.subTest(user=user, verb=verb, path=path, data=data):
					answer = rest.request(user, verb, path, data, form)
					self.assertIn(answer.status, (401, 403, 404, 405), answer.text[:300])

	def test_documents_are_closed_by_every_api(self):
		order = quote(self.order.name)
		for user in (self.user, self.nobody, "Guest"):
			for verb, path, data in (
				("GET", "/api/resource/Sales Order", None),
				("GET", f"/api/resource/Sales Order/{order}", None),
				("GET", f"/api/resource/Sales%20Order/{order}/", None),
				("PUT", f"/api/resource/Sales Order/{order}", {"po_no": "X"}),
				("DELETE", f"/api/resource/Sales Order/{order}", None),
				("POST", "/api/resource/Contact", {"first_name": "X"}),
				("POST", "/api/resource/File", {"file_name": "x.txt", "content": "x"}),
				("GET", f"/api/v1/resource/Sales Order/{order}", None),
				("GET", f"/api/v2/document/Sales Order/{order}", None),
				("GET", f"/api/v2/document/Sales Order/{order}/copy", None),
				("PATCH", f"/api/v2/document/Sales Order/{order}", {"po_no": "X"}),
				("POST", "/api/method/frappe.client.get", {"doctype": "User", "name": self.user}),
				("POST", "/api/method/frappe.client.get_list", {"doctype": "Sales Order"}),
				("POST", "/api/method/frappe.client.insert", {"doc": {"doctype": "ToDo"}}),
				(
					"POST",
					"/api/method/frappe.client.set_value",
					{"doctype": "User", "name": self.user, "fieldname": "user_image", "value": "/private/x"},
				),
				("POST", "/api/method/frappe.desk.reportview.get", {"doctype": "Sales Order"}),
				("GET", "/private/files/anything.pdf", None),
				("GET", "/backups/anything.sql.gz", None),
				("GET", "/api/method/download_file?file_url=/private/files/anything.pdf", None),
				("GET", f"/printview?doctype=Sales+Order&name={order}", None),
				("GET", f"/printview.html?doctype=Sales+Order&name={order}", None),
				("GET", f"/_test/../printview?doctype=Sales+Order&name={order}", None),
				("GET", f"/Sales Order/{order}", None),
				("GET", f"/Sales%20Order/{order}/", None),
				("GET", "/list?doctype=Sales+Order", None),
				("GET", "/Sales Order", None),
				("GET", f"/order?doctype=Sales+Order&name={order}", None),
				(
					"GET",
					f"/api/method/frappe.utils.print_format.download_pdf?doctype=Sales+Order&name={order}",
					None,
				),
				("GET", "/api/method/frappe.www.list.get?doctype=Sales+Order", None),
				("GET", "/api/method/frappe.www.list.get_list_data?doctype=Sales+Order", None),
				(
					"GET",
					"/api/method/metalcraft_workflow.portal.standard_pages.get?doctype=Sales+Order",
					None,
				),
			):
				with self.subTest(user=user, verb=verb, path=path):
					answer = rest.request(user, verb, path, data)
					self.assertIn(answer.status, (403, 404), answer.text[:300])
					self.assertNotIn("PO-DOOR", answer.text)

	def test_the_doors_that_stood_open_are_closed(self):
		calls = (
			(
				"erpnext.crm.frappe_crm_api.create_customer",
				{
					"customer_name": self.other,
					"contacts": json.dumps([{"full_name": "X", "email": "x@y.test"}]),
					"lead_name": "CRM-LEAD",
				},
			),
			("erpnext.crm.frappe_crm_api.create_prospect_against_crm_deal", {"contacts": "[]"}),
			(
				"erpnext.accounts.doctype.payment_request.payment_request.make_payment_request",
				{"dt": "Sales Invoice", "dn": self.invoice.name, "submit_doc": 1},
			),
			(
				"erpnext.stock.doctype.serial_and_batch_bundle.serial_and_batch_bundle.create_serial_nos",
				{"item_code": "X", "serial_nos": "<script>"},
			),
			(
				"erpnext.stock.doctype.serial_and_batch_bundle.serial_and_batch_bundle.update_serial_or_batch",
				{"bundle_id": "X"},
			),
			("erpnext.accounts.utils.get_balance_on", {"party_type": "Customer", "party": self.other}),
			(
				"erpnext.controllers.stock_controller.show_accounting_ledger_preview",
				{"company": "X", "doctype": "Sales Invoice", "docname": self.invoice.name},
			),
			("erpnext.stock.get_item_details.get_valuation_rate", {"item_code": "X", "company": "Y"}),
			("frappe.core.doctype.communication.email.make", {"attachments": "[]"}),
			(
				"frappe.utils.file_manager.add_attachments",
				{"doctype": "User", "name": self.user, "attachments": "[]"},
			),
			("frappe.desk.form.utils.add_comment", {"reference_doctype": "Sales Order"}),
			("frappe.core.doctype.prepared_report.prepared_report.download_attachment", {"dn": "X"}),
			("erpnext.selling.doctype.sales_order.sales_order.update_status", {"name": self.order.name}),
		)
		counts = ("Payment Request", "Contact", "Customer", "Serial No", "Comment", "Communication")
		before = [frappe.db.count(doctype) for doctype in counts]
		for user in (self.user, self.nobody, "Guest"):
			for method, arguments in calls:
				with self.subTest(method, user=user):
					answer = rest.call(user, method, **arguments)
					self.assertEqual(answer.status, 403)
					self.assertTrue(answer.words)
		self.assertEqual([frappe.db.count(doctype) for doctype in counts], before)

	def test_oauth_meets_the_door_as_keys_do(self):
		client = frappe.get_doc(
			{
				"doctype": "OAuth Client",
				"app_name": "Door",
				"scopes": "all openid",
				"redirect_uris": "http://localhost",
				"default_redirect_uri": "http://localhost",
				"grant_type": "Authorization Code",
				"response_type": "Code",
			}
		).insert()
		token = frappe.get_doc(
			{
				"doctype": "OAuth Bearer Token",
				"client": client.name,
				"user": self.user,
				"scopes": "all openid",
				"access_token": frappe.generate_hash(length=20),
				"refresh_token": frappe.generate_hash(length=20),
				"expires_in": 3600,
				"expiration_time": add_to_date(now_datetime(), hours=2),
				"status": "Active",
			}
		).insert()
		for path, status in (
			(f"/api/method/{COUNT}?{urlencode(GUESS)}", 403),
			("/api/resource/User", 403),
			("/api/method/metalcraft_workflow.portal.orders.list_orders", 200),
		):
			answer = send([("GET", path, {"Authorization": f"Bearer {token.access_token}"}, None)])[0]
			self.assertEqual(answer.status_code, status, path)

	def test_a_header_does_not_make_another_request_of_it(self):
		key = f"token {rest.key_of(self.user)}"
		for header in ("X-HTTP-Method-Override", "X-Frappe-CMD", "X-Original-URL", "X-Rewrite-URL"):
			answer = send(
				[
					(
						"POST",
						f"/api/method/{COUNT}",
						{"Authorization": key, header: "frappe.ping", "X-HTTP-Method": "GET"},
						GUESS,
					)
				]
			)[0]
			self.assertEqual(answer.status_code, 403, header)


class TestWhatIsOpen(RequestsCase):
	def test_guests_have_the_website_and_the_sign_in(self):
		page = frappe.get_doc(
			{
				"doctype": "Web Page",
				"title": f"Door {frappe.generate_hash(length=6)}",
				"published": 1,
				"main_section": "Open to everybody",
			}
		).insert()
		self.addCleanup(frappe.db.commit)
		self.addCleanup(page.delete)
		for path, statuses in (
			("/", (200, 301, 302)),
			("/login", (200,)),
			("/update-password?key=x", (200,)),
			(f"/{page.route}", (200,)),
			("/contact", (200, 404)),
			("/robots.txt", (200, 404)),
			("/website_script.js", (200,)),
			("/app/sales-order", (301, 302, 403)),
			("/customer-orders", (302,)),
			("/not-there-at-all", (404,)),
			("/api/method/ping", (200,)),
			("/api/method/frappe.ping", (200,)),
			("/api/v2/method/ping", (200,)),
		):
			with self.subTest(path):
				self.assertIn(rest.request("Guest", "GET", path).status, statuses)

	def test_a_forgotten_password_is_set_anew(self):
		user = money.portal_user(self.customer)
		key = frappe.get_doc("User", user).reset_password().partition("key=")[2].partition("&")[0]
		answer = rest.call(
			"Guest",
			"frappe.core.doctype.user.user.update_password",
			new_password="Correct horse 7 battery",
			key=key,
		)
		self.assertEqual(answer.status, 200, answer.text[:300])

	def test_signed_in_people_keep_their_own_profile_and_nobody_else_s(self):
		def save(user: str, name: str | None, form=dict):
			data = json.dumps(form({"doctype": "User", "name": name, "first_name": "Renamed"}.items()))
			accept = "frappe.website.doctype.web_form.web_form.accept"
			return rest.call(user, accept, web_form="edit-profile", data=data)

		for user in (self.user, self.nobody):
			self.assertEqual(save(user, user).status, 200)
			self.assertEqual(frappe.db.get_value("User", user, "first_name"), "Renamed")
			self.assertEqual(save(user, self.other_user).status, 403)
			self.assertEqual(save(user, None).status, 403)
			self.assertEqual(save(user, self.other_user, form=list).status, 403)
			self.assertEqual(rest.request(user, "GET", f"/update-profile/{user}/edit").status, 200)
			self.assertEqual(rest.request(user, "GET", f"/update-profile/{self.other_user}").status, 403)
			self.assertEqual(rest.request(user, "GET", "/me").status, 200)
		self.assertEqual(save("Guest", self.user).status, 403)
		for arguments in (
			{"doctype": "Sales Order", "web_form_name": "edit-profile", "docname": self.order.name},
			{"doctype": "Address", "web_form_name": "addresses"},
		):
			answer = rest.call(
				self.user, "frappe.website.doctype.web_form.web_form.get_form_data", **arguments
			)
			self.assertEqual(answer.status, 403, arguments)

	def test_an_upload_brings_its_content_and_hangs_on_nothing_but_the_own_profile(self):
		path = "/api/method/upload_file"
		for form, refused in (
			({"file_url": "/private/files/x.pdf"}, True),
			({"library_file_name": "x"}, True),
			({"doctype": "Sales Order", "docname": self.order.name}, True),
			({"doctype": "User", "docname": self.other_user}, True),
			({"method": COUNT}, True),
			({"doctype": "User", "docname": self.user}, False),
			({}, False),
		):
			self.assertEqual(bool(door.refusal(self.user, "POST", path, form=form)), refused, form)
		self.assertTrue(door.refusal("Guest", "POST", path))

	def test_a_private_file_opens_to_whoever_alone_has_brought_it(self):
		with as_user(self.user):
			own = frappe.get_doc(
				{
					"doctype": "File",
					"file_name": f"{frappe.generate_hash(length=8)}.txt",
					"content": frappe.generate_hash(length=20),
					"is_private": 1,
				}
			).insert(ignore_permissions=True)
		self.assertEqual(rest.request(self.user, "GET", own.file_url).status, 200)
		for other in (self.other_user, self.nobody, "Guest"):
			self.assertEqual(rest.request(other, "GET", own.file_url).status, 403)
		# one that somebody of the house has too
		own.db_set("owner", SUPPORT)
		copy = frappe.copy_doc(own)
		copy.file_url = own.file_url
		copy.insert(ignore_permissions=True).db_set("owner", self.user)
		self.assertEqual(rest.request(self.user, "GET", own.file_url).status, 403)

	def test_invoices_are_shown_and_printed_to_whose_they_are_in_the_house_s_format(self):
		user = money.portal_user(self.customer)
		customer = frappe.get_doc("Customer", self.customer)
		customer.append("portal_users", {"user": user})
		customer.save()
		where = urlencode({"doctype": "Sales Invoice", "name": self.invoice.name})
		self.assertEqual(rest.request(user, "GET", f"/printview?{where}").status, 200)
		self.assertEqual(rest.request(user, "GET", f"/invoices/{self.invoice.name}").status, 200)
		other_format = f"/printview?{where}&format=Packing+List"
		self.assertEqual(rest.request(user, "GET", other_format).status, 403)
		# Theirs or not there: the answer is the same
		answers = [
			rest.request(self.other_user, "GET", f"{path}{name}")
			for path in ("/invoices/", "/printview?doctype=Sales+Invoice&name=")
			for name in (self.invoice.name, "ACC-SINV-NEVER")
		]
		self.assertEqual({answer.status for answer in answers}, {403})
		for one, other in (answers[:2], answers[2:]):
			self.assertEqual(
				one.text.replace(self.invoice.name, "X"), other.text.replace("ACC-SINV-NEVER", "X")
			)
		door.tick(self, portal_invoices=0)
		self.assertEqual(rest.request(user, "GET", f"/printview?{where}").status, 403)

	@needs_list_pages
	def test_invoices_are_listed_to_whose_they_are(self):
		user = money.portal_user(self.customer)
		customer = frappe.get_doc("Customer", self.customer)
		customer.append("portal_users", {"user": user})
		customer.save()
		self.assertEqual(rest.request(user, "GET", "/invoices").status, 200)

	def test_orders_of_others_are_not_there_and_take_as_long(self):
		other = deliveries.approved_order((factories.make_item(), 1, 1), customer=self.other, po_no="PO-X")
		asked = []
		for name in 2 * (other.name, f"{other.name}0"):
			with (
				as_user(self.user),
				counted() as queries,
				self.assertRaises(frappe.DoesNotExistError) as raised,
			):
				orders.get_order(name)
			asked.append((len(queries), str(raised.exception)))
		# The first two fill what is cached
		self.assertEqual(*asked[2:])
		answers = [
			rest.request(
				self.user, "GET", f"/api/method/metalcraft_workflow.portal.orders.get_order?name={name}"
			)
			for name in (other.name, f"{other.name}0")
		]
		self.assertEqual(*[(answer.status, answer.json["_server_messages"][:80]) for answer in answers])

	def test_portals_that_are_ticked_show_people_their_own(self):
		door.tick(self, portal_projects=1, portal_suppliers=1, portal_web_forms=1)
		page = "/api/method/erpnext.templates.pages.projects.get_task_html?project=X"
		self.assertTrue(door.refusal(self.user, "GET", page))
		supplier = website_user()
		frappe.get_doc("User", supplier).add_roles("Supplier")
		quote_for = (
			"erpnext.buying.doctype.request_for_quotation.request_for_quotation.create_supplier_quotation"
		)
		doc = {"doc": json.dumps({"supplier": "Somebody Else"})}
		self.assertTrue(door.refusal(supplier, "POST", f"/api/method/{quote_for}", doc))
		form = frappe.get_doc(
			{
				"doctype": "Web Form",
				"title": f"Ask {frappe.generate_hash(length=6)}",
				"doc_type": "Note",
				"module": "Website",
				"published": 1,
				"is_standard": 0,
				"web_form_fields": [{"fieldname": "title", "fieldtype": "Data", "label": "Title"}],
			}
		).insert()
		self.addCleanup(frappe.db.commit)
		self.addCleanup(form.delete)
		accept = "/api/method/frappe.website.doctype.web_form.web_form.accept"
		self.assertEqual(door.refusal("Guest", "POST", accept, {"web_form": form.name, "data": "{}"}), "")
		self.assertEqual(door.refusal("Guest", "GET", f"/{form.route}/new"), "")
		self.assertTrue(door.refusal("Guest", "POST", accept, {"web_form": "addresses", "data": "{}"}))

	def test_a_link_with_its_key_opens_the_print_it_was_made_for(self):
		key = frappe.get_doc("Sales Invoice", self.invoice.name).get_document_share_key()
		path = f"/printview?doctype=Sales+Invoice&name={self.invoice.name}"
		self.assertEqual(rest.request("Guest", "GET", f"{path}&key={key}").status, 200)
		for wrong in (f"{path}&key=wrong", path, f"{path.replace(self.invoice.name, 'X')}&key={key}"):
			self.assertEqual(rest.request("Guest", "GET", wrong).status, 403)

	def test_a_tick_lets_its_portal_in(self):
		list_of_issues = "/api/method/frappe.www.list.get_list_data?doctype=Issue"
		self.assertEqual(rest.request(self.user, "GET", list_of_issues).status, 403)
		door.tick(self, portal_issues=1)
		self.assertEqual(rest.request(self.user, "GET", list_of_issues).status, 200)
		self.assertEqual(rest.request("Guest", "GET", list_of_issues).status, 403)
		self.assertEqual(
			rest.request(self.user, "GET", "/api/method/frappe.www.list.get_list_data?doctype=Task").status,
			403,
		)

	def test_what_an_administrator_lists_is_open_to_the_role(self):
		count = f"/api/method/{COUNT}?doctype=Country"
		door.tick(
			self,
			allowed_requests=[
				{"request": "frappe.desk.desk_page.*", "role": "Customer"},
				{"request": "document:Country", "role": "All"},
			],
		)
		self.assertEqual(door.refusal(self.user, "GET", "/api/method/frappe.desk.desk_page.getpage"), "")
		self.assertTrue(door.refusal(self.nobody, "GET", "/api/method/frappe.desk.desk_page.getpage"))
		self.assertEqual(door.refusal(self.nobody, "GET", "/api/resource/Country"), "")
		self.assertTrue(door.refusal("Guest", "GET", "/api/resource/Country"))
		self.assertTrue(door.refusal(self.user, "GET", count))
		with self.assertRaises(frappe.ValidationError):
			frappe.get_doc("Metalcraft Settings").update(
				{"allowed_requests": [{"request": "*", "role": "Guest"}]}
			).save()

	def test_a_server_script_is_open_when_it_is_listed(self):
		scripts = {"_api": {"my_prices": "Prices", "static:x.y": "Odd", "frappe.ping": "Another"}}
		with patch("metalcraft_workflow.access.asked.get_server_script_map", return_value=scripts):
			for path in ("my_prices", "static:x.y", "frappe.ping"):
				self.assertTrue(door.refusal(self.user, "GET", f"/api/method/{path}"), path)
			door.open_to(self, "Customer", "script:my_prices")
			for path in ("/api/method/my_prices", "/api/v2/method/my_prices", "/?cmd=my_prices"):
				self.assertEqual(door.refusal(self.user, "GET", path), "", path)
				self.assertTrue(door.refusal("Guest", "GET", path), path)

	def test_no_method_is_called_by_a_name_of_another_kind(self):
		for cmd in ("static:x.y", "published:frappe.client.get", "/about.x", "missing:.", "login.x"):
			for user in (self.user, "Guest"):
				self.assertTrue(door.refusal(user, "POST", "/", {"cmd": cmd}), cmd)

	def test_a_pattern_lets_no_second_address_of_a_closed_method_in(self):
		door.tick(self, allowed_requests=[{"request": "frappe.www.*", "role": "All"}])
		# The module knows this method, and has not made it
		known = "frappe.www.printview.make_access_log"
		self.assertNotEqual(frappe.get_attr(known).__module__, "frappe.www.printview")
		self.assertTrue(door.refusal(self.user, "POST", f"/api/method/{known}"))
		self.assertEqual(
			door.refusal(self.user, "POST", "/api/method/frappe.www.printview.get_html_and_style"), ""
		)

	def test_another_app_adds_its_methods_by_a_hook(self):
		get_hooks = frappe.get_hooks

		def hooks(hook=None, *args, **kwargs):
			if hook == "metalcraft_portal_methods":
				return {"frappe.desk.desk_page.getpage": ["Customer"]}
			return get_hooks(hook, *args, **kwargs)

		with patch("frappe.get_hooks", hooks):
			self.assertEqual(door.refusal(self.user, "GET", "/api/method/frappe.desk.desk_page.getpage"), "")
			self.assertTrue(door.refusal(self.nobody, "GET", "/api/method/frappe.desk.desk_page.getpage"))

	def test_entries_of_the_menu_follow_the_ticks(self):
		def shown(route):
			return frappe.db.get_value("Portal Menu Item", {"route": route}, "enabled")

		self.assertEqual((shown("/issues"), shown("/invoices")), (0, 1))
		door.tick(self, portal_issues=1, portal_invoices=0)
		self.assertEqual((shown("/issues"), shown("/invoices")), (1, 0))
		frappe.db.set_value("Portal Menu Item", {"route": "/issues"}, "enabled", 0)
		portal.follow_ticks({"portal_issues": 1})
		self.assertEqual(shown("/issues"), 0)

	def test_install_says_what_is_in_use_and_closed(self):
		issue = frappe.get_doc({"doctype": "Issue", "subject": "Door"}).insert()
		issue.db_set("owner", self.user)
		self.addCleanup(issue.delete)
		self.assertIn("Issues", portal.in_use())
		door.tick(self, portal_issues=1)
		self.assertNotIn("Issues", portal.in_use())

	def test_a_refusal_is_kept_once_an_hour(self):
		frappe.cache.delete_keys("metalcraft_refused")
		with patch("frappe.log_error") as kept:
			for _each in range(3):
				self.assertTrue(door.refusal(self.user, "GET", f"/api/method/{COUNT}"))
			self.assertEqual(kept.call_count, 1)
			self.assertIn(COUNT, kept.call_args.kwargs["title"])
			for number in range(200):
				door.refusal(self.user, "GET", f"/api/method/x.{number}")
			self.assertLess(kept.call_count, 60)
		frappe.cache.delete_keys("metalcraft_refused")

	def test_users_of_a_user_type_of_the_site_come_in_when_ticked(self):
		worker = website_user()
		frappe.db.set_value("User", worker, "user_type", "Shop Floor")
		frappe.clear_cache(user=worker)
		self.assertTrue(door.refusal(worker, "GET", "/api/resource/ToDo"))
		door.tick(self, portal_user_types=1)
		self.assertEqual(door.refusal(worker, "GET", "/api/resource/ToDo"), "")
		self.assertTrue(door.refusal(self.nobody, "GET", "/api/resource/ToDo"))


class TestSessions(RequestsCase):
	@classmethod
	def setUpClass(cls):
		super().setUpClass()
		update_password(cls.user, "Correct horse 7 battery")
		frappe.db.commit()

	def browse(self, *sent):
		"""Answers to what one browser has sent after it has signed in."""
		login = ("POST", "/api/method/login", {}, {"usr": self.user, "pwd": "Correct horse 7 battery"})
		# In a test Frappe keeps no token with a session; 16 looks here, 15 in what is the request's own
		with patch.object(frappe, "in_test", False, create=True):
			first, *answers = send([login, *sent], use_cookies=True)
		self.assertEqual(first.status_code, 200)
		return answers

	def test_what_changes_something_brings_the_token_of_a_page(self):
		ask = ("POST", "/api/method/metalcraft_workflow.portal.messages.ask")
		body = {"order": self.order.name, "text": "Where is it?"}
		# A session that has opened no page has none to send, and a forged request has none either
		(answer,) = self.browse((*ask, {}, body))
		self.assertEqual(answer.status_code, 400)

		def with_token(answers):
			page = answers[1].get_data(as_text=True)  # after the sign-in
			token = page.partition('frappe.csrf_token = "')[2].partition('"')[0]
			return (*ask, {"X-Frappe-CSRF-Token": token}, body)

		page, no_token, wrong, right = self.browse(
			("GET", "/customer-orders", {}, None),
			(*ask, {}, body),
			(*ask, {"X-Frappe-CSRF-Token": "wrong"}, body),
			with_token,
		)
		self.assertEqual(
			[answer.status_code for answer in (page, no_token, wrong, right)], [200, 400, 400, 200]
		)

	def test_a_sign_in_calls_nothing_besides(self):
		credentials = {"usr": self.user, "pwd": "Correct horse 7 battery"}
		(answer,) = send([("POST", "/api/method/login", {}, {**credentials, "cmd": COUNT, **GUESS})])
		self.assertEqual(answer.status_code, 403)

	def test_nobody_asks_too_often_and_no_header_hides_them(self):
		body = {"order": self.order.name, "text": "Again?"}
		with patch("metalcraft_workflow.portal.messages.post"):
			answers = [
				rest.call(self.user, "metalcraft_workflow.portal.messages.ask", **body) for _ in range(31)
			]
			self.assertEqual({answer.status for answer in answers[:30]}, {200})
			self.assertEqual(answers[30].status, 429)
			for forged in ("1.2.3.4", "5.6.7.8, 9.9.9.9"):
				key = f"token {rest.key_of(self.user)}"
				answer = send(
					[
						(
							"POST",
							"/api/method/metalcraft_workflow.portal.messages.ask",
							{"Authorization": key, "X-Forwarded-For": forged},
							body,
						)
					]
				)[0]
				self.assertEqual(answer.status_code, 429)

	def test_the_address_is_what_the_last_proxy_has_seen(self):
		def seen(connected, forwarded, **conf):
			headers = {"X-Forwarded-For": forwarded} if forwarded else {}
			with door.request("Guest", "GET", "/", headers=headers, address=connected):
				with patch.dict(frappe.local.conf, conf):
					return limits.client_address()

		for connected, forwarded, conf, address in (
			("127.0.0.1", "", {}, "127.0.0.1"),
			("127.0.0.1", "203.0.113.9", {}, "203.0.113.9"),
			("127.0.0.1", "6.6.6.6, 203.0.113.9", {}, "203.0.113.9"),
			("10.0.0.3", "6.6.6.6, 203.0.113.9", {}, "203.0.113.9"),
			("8.8.8.8", "6.6.6.6", {}, "8.8.8.8"),
			("127.0.0.1", "6.6.6.6, 203.0.113.9, 198.51.100.2", {"metalcraft_proxies": 2}, "203.0.113.9"),
			("127.0.0.1", "203.0.113.9", {"metalcraft_proxies": 5}, "203.0.113.9"),
			("203.0.113.9", "6.6.6.6", {"metalcraft_proxies": 0}, "203.0.113.9"),
		):
			self.assertEqual(seen(connected, forwarded, **conf), address, (connected, forwarded, conf))

	def test_guests_share_the_limit_of_their_address(self):
		answers = []
		path = "/api/method/frappe.core.doctype.user.user.reset_password"
		for number in range(22):
			forwarded = {"X-Forwarded-For": f"6.6.6.{number}, 203.0.113.77"}
			with door.request("Guest", "POST", path, headers=forwarded):
				try:
					requests.check()
					answers.append(True)
				except frappe.RateLimitExceededError:
					answers.append(False)
		self.assertEqual(answers, [True] * 20 + [False] * 2)


class TestStaff(RequestsCase):
	@classmethod
	def setUpClass(cls):
		super().setUpClass()
		# A seat in the desk and a role that has nothing to do with the process
		cls.clerk = factories.make_user("clerk@metalcraft.test", ["Newsletter Manager"])
		frappe.db.commit()

	def test_the_desk_is_theirs(self):
		for path in ("/api/resource/ToDo", "/api/method/frappe.desk.desktop.get_workspace_sidebar_items"):
			self.assertEqual(rest.request(self.clerk, "GET", path).status, 200)

	def test_counting_follows_what_they_may_read(self):
		self.assertEqual(rest.call(self.clerk, COUNT, **GUESS).status, 403)
		for doctype in ("Sales Order", "Sales Order Item"):
			self.assertEqual(rest.call(self.clerk, COUNT, doctype=doctype).status, 403)
		answer = rest.call(SUPPORT, COUNT, doctype="Sales Order", filters={"name": self.order.name})
		self.assertEqual((answer.status, answer.data), (200, 1))

	def test_what_asks_for_no_permission_is_refused_without_one(self):
		bundle = "erpnext.stock.doctype.serial_and_batch_bundle.serial_and_batch_bundle"
		order = self.order.name
		for method, arguments in (
			(f"{bundle}.create_serial_nos", {"item_code": "X", "serial_nos": "<script>"}),
			(f"{bundle}.update_serial_or_batch", {"bundle_id": "X", "batch_no": "Y"}),
			(f"{bundle}.get_serial_batch_ledgers", {"item_code": "X"}),
			("erpnext.crm.frappe_crm_api.create_customer", {"customer_name": self.customer}),
			(
				"erpnext.accounts.doctype.payment_request.payment_request.make_payment_request",
				{"dt": "Sales Invoice", "dn": self.invoice.name},
			),
			("erpnext.accounts.utils.get_balance_on", {"party_type": "Customer", "party": self.customer}),
			("erpnext.stock.utils.get_incoming_rate", {"args": "{}"}),
			("erpnext.stock.get_item_details.get_valuation_rate", {"item_code": "X", "company": "Y"}),
			(
				"erpnext.controllers.stock_controller.show_accounting_ledger_preview",
				{"company": "X", "doctype": "Sales Invoice", "docname": self.invoice.name},
			),
			(
				"erpnext.selling.doctype.sales_order.sales_order.update_status",
				{"status": "Closed", "name": order},
			),
			(
				"frappe.model.mapper.make_mapped_doc",
				{
					"method": "erpnext.accounts.doctype.sales_invoice.sales_invoice.create_invoice_discounting",
					"source_name": self.invoice.name,
				},
			),
			(
				"frappe.desk.search.search_widget",
				{"query": "erpnext.controllers.queries.get_account_list", "doctype": "Account", "txt": ""},
			),
			("frappe.desk.doctype.tag.tag.add_tag", {"tag": "X", "dt": "Sales Order", "dn": order}),
			("frappe.desk.like.toggle_like", {"doctype": "Sales Order", "name": order, "add": "Yes"}),
		):
			with self.subTest(method):
				answer = rest.request(self.clerk, "POST", f"/api/method/{method}", arguments)
				self.assertEqual(answer.status, 403, answer.text[:300])
				self.assertTrue(answer.words)
		self.assertFalse(frappe.db.exists("Serial No", "<script>"))

	def test_a_bundle_of_what_has_shipped_stays_as_it_is(self):
		bundle = "erpnext.stock.doctype.serial_and_batch_bundle.serial_and_batch_bundle"
		shipped = deliveries.shipped(deliveries.batched()[0])
		name = frappe.get_doc("Delivery Note", shipped.name).items[0].serial_and_batch_bundle
		entry = frappe.get_all("Serial and Batch Entry", {"parent": name}, ["batch_no", "qty"])[0]
		answer = rest.call(
			factories.SHIPPER, f"{bundle}.update_serial_or_batch", bundle_id=name, batch_no=entry.batch_no
		)
		self.assertEqual(answer.status, 403)
		self.assertIn("submitted", answer.words)
		self.assertEqual(
			frappe.get_all("Serial and Batch Entry", {"parent": name}, ["batch_no", "qty"])[0], entry
		)

	def test_people_of_the_process_do_what_their_forms_do(self):
		for user, method in (
			(SUPPORT, "erpnext.stock.get_item_details.get_item_details"),
			(SUPPORT, "erpnext.accounts.party.get_party_details"),
			(SUPPORT, "erpnext.controllers.accounts_controller.get_payment_terms"),
			(SUPPORT, "erpnext.selling.doctype.sales_order.sales_order.make_delivery_note"),
			(factories.PACKER, "erpnext.stock.doctype.batch.batch.get_batch_qty"),
			(
				factories.PACKER,
				"erpnext.stock.doctype.serial_and_batch_bundle.serial_and_batch_bundle.get_auto_data",
			),
			(factories.PRODUCER, "erpnext.stock.utils.get_incoming_rate"),
			(factories.PRODUCER, "erpnext.stock.doctype.stock_entry.stock_entry.get_warehouse_details"),
			(factories.SHIPPER, "erpnext.stock.doctype.delivery_note.delivery_note.make_sales_invoice"),
			(factories.ACCOUNTS, "erpnext.accounts.doctype.payment_entry.payment_entry.get_party_details"),
			(factories.ACCOUNTS, "erpnext.accounts.utils.get_balance_on"),
			(factories.QA, "frappe.desk.like.toggle_like"),
		):
			with self.subTest(method, user=user):
				self.assertEqual(door.refusal(user, "POST", f"/api/method/{method}"), "")

	def test_a_method_that_was_replaced_has_no_second_address(self):
		# The module has the desk's count under this name, and Frappe's beside it
		second = "frappe.www.list.get_list_data"
		self.assertEqual(door.refusal(SUPPORT, "GET", f"/api/method/{second}"), "")
		with patch("frappe.handler.lent", frappe.client.get_count, create=True):
			self.assertTrue(door.refusal(SUPPORT, "GET", "/api/method/frappe.handler.lent"))


def send(requests: list, use_cookies: bool = False) -> list:
	"""Answers to requests of (method, path, headers, JSON) of one client, in their order; a function in place
	of one makes it from the answers before."""
	frappe.db.commit()
	site, address, answers = frappe.local.site, get_url(), []

	def run():
		with patch("frappe.app.get_site_name", return_value=site):
			client = get_test_client(use_cookies=use_cookies)
			for each in requests:
				method, path, headers, data = each(answers) if callable(each) else each
				answers.append(client.open(path, address, method=method, json=data, headers=headers))

	thread = Thread(target=run)
	thread.start()
	thread.join()
	frappe.db.rollback()
	return answers
