"""The desk of the sandbox: what a browser asks for is there, and why there is none is said in a sentence."""

import json
import os
import re
import shutil
import unittest
from pathlib import Path
from unittest import mock

import frappe
from werkzeug.test import Client

from engine import CACHE, desk, serve, site
from metalcraft_workflow.tests.support import factories

STAFF, BUYER = "desk.support@example.com", "desk.buyer@example.com"
PASSWORD = "Quench-4711-Valve"


@unittest.skipUnless(desk.is_built(), "A desk that is built: ./sandbox/run --desk")
class TestDesk(unittest.TestCase):
	@classmethod
	def setUpClass(cls):
		from frappe.utils.password import update_password

		factories.setup_world()
		factories.make_user(STAFF, ["Customer Support"])
		factories.make_user(BUYER, ["Customer"])
		cls.order = factories.make_order().name
		for user in (STAFF, BUYER):
			update_password(user, PASSWORD)
		frappe.db.commit()
		cls.app = serve.application()

	@classmethod
	def tearDownClass(cls):
		site.open_site(Path.cwd())

	def sign_in(self, user: str) -> Client:
		client = Client(self.app)
		answer = client.post("/api/method/login", data={"usr": user, "pwd": PASSWORD})
		self.assertEqual(answer.status_code, 200, answer.text)
		return client

	def test_a_browser_finds_all_that_the_desk_names(self):
		client = self.sign_in(STAFF)
		page = client.get("/desk/sales-order")
		self.assertEqual(page.status_code, 200)
		# The name that the app's scripts have for the engine
		self.assertIn("window.monoframe = window.frappe = {}", page.text)
		named = re.findall(r'(?:src|href)="(/assets/[^"?]+\.(?:js|css))', page.text)
		self.assertGreater(len([name for name in named if ".bundle." in name]), 8)
		for name in [
			*named,
			"/assets/monoframe/icons/lucide/icons.svg",
			"/assets/monoframe/images/monoframe-favicon.svg",
		]:
			answer = client.get(name)
			self.assertEqual(answer.status_code, 200, name)
			answer.close()

	def test_a_form_comes_with_its_workflow_and_the_scripts_of_the_app(self):
		client = self.sign_in(STAFF)
		method = "/api/method/frappe.desk.form.load."
		answer = client.get(f"{method}getdoctype?doctype=Sales Order&with_parent=1").get_json()
		meta = next(doc for doc in answer["docs"] if doc["name"] == "Sales Order")
		self.assertIn("metalcraft_workflow.gate.refresh", meta["__js"])
		self.assertTrue([doc for doc in meta["__workflow_docs"] if doc["doctype"] == "Workflow"])
		answer = client.get(f"{method}getdoc?doctype=Sales Order&name={self.order}").get_json()
		self.assertEqual(answer["docs"][0]["name"], self.order)

	def test_a_link_is_searched_by_who_may_only_choose(self):
		answer = self.sign_in(STAFF).get(
			"/api/method/frappe.desk.search.search_link?doctype=UOM&txt=Nos&ignore_user_permissions=0"
			"&reference_doctype=Sales Order Item&link_fieldname=uom"
		)
		self.assertIn("Nos", [found["value"] for found in answer.get_json()["message"]])

	def test_the_way_to_the_desk(self):
		client = self.sign_in(STAFF)
		self.assertEqual(client.get("/app").location, desk.HOME)
		self.assertTrue(
			client.get(f"/app/sales-order/{self.order}").location.endswith(f"/desk/sales-order/{self.order}")
		)

	def test_a_customer_is_kept_out(self):
		self.assertEqual(self.sign_in(BUYER).get("/desk/sales-order").status_code, 403)


class TestNoDesk(unittest.TestCase):
	def test_who_comes_there_is_told_how_to_get_one(self):
		for path in ("/app/sales-order", "/desk", "/app"):
			answer = Client(serve.Front(None, with_desk=False)).get(path)
			self.assertIn("./sandbox/run --desk", answer.text, path)

	def why_not(self, **environment: str) -> str:
		with (
			mock.patch.object(desk, "folder", lambda: CACHE / "desk-not-built"),
			mock.patch.dict(os.environ, environment),
			self.assertRaises(desk.NotBuilt) as caught,
		):
			desk.build()
		return str(caught.exception)

	def test_without_npm(self):
		self.assertIn("apt-get install nodejs npm", self.why_not(PATH="/nowhere"))

	@unittest.skipUnless(shutil.which("npm"), "npm")
	def test_without_the_network(self):
		said = self.why_not(npm_config_registry="http://127.0.0.1:9", npm_config_fetch_retries="0")
		self.assertIn("registry could not be reached", said)

	def test_other_reasons(self):
		self.assertIn("disk is full", desk.why("npm error code ENOSPC"))
		self.assertIn("could not be built: error: no such file", desk.why("building\nerror: no such file\n"))


class TestWhatIsBuilt(unittest.TestCase):
	def test_every_package_is_pinned_and_has_its_hash(self):
		folder = Path(desk.SOURCES[0]).parent
		wanted = json.loads((folder / "package.json").read_text())["dependencies"]
		packages = json.loads((folder / "package-lock.json").read_text())["packages"]
		self.assertEqual(packages.pop("")["dependencies"], wanted)
		self.assertEqual([name for name, package in packages.items() if not package.get("integrity")], [])
		self.assertEqual({name: packages[f"node_modules/{name}"]["version"] for name in wanted}, wanted)
