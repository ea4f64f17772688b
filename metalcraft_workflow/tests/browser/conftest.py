"""A signed-in desk for each person of the demo, and what the tests do in it."""

import os
import uuid
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

from metalcraft_workflow.demo.pdf import one_page

URL = os.environ.get("METALCRAFT_URL", "").rstrip("/")
PASSWORD = os.environ.get("METALCRAFT_PASSWORD", "")
ADMIN_PASSWORD = os.environ.get("METALCRAFT_ADMIN_PASSWORD", "admin")
CHROMIUM = os.environ.get("METALCRAFT_CHROMIUM") or None
COMPANY = "Fireline Demo"
ITEM, QTY = "FD-EXT-ABC10", 3  # what is to be packed


def pytest_collection_modifyitems(items):
	if not URL:
		for item in items:
			item.add_marker(pytest.mark.skip(reason="METALCRAFT_URL is not set"))


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
	with sync_playwright() as playwright:
		browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"])
		yield browser
		browser.close()


class Desk:
	"""The desk of one signed-in person."""

	def __init__(self, browser: Browser, user: str, password: str = PASSWORD, **screen):
		screen = {"viewport": {"width": 1280, "height": 860}, **screen}
		self.context = browser.new_context(base_url=URL, **screen)
		self.context.set_default_timeout(60_000)  # a slow machine is no fault of what is tried
		response = self.context.request.post("/api/method/login", form={"usr": user, "pwd": password})
		assert response.ok, f"{user} cannot sign in: {response.text()}"
		self.home: str = response.json()["home_page"]
		self.page: Page = self.context.new_page()
		self.page.route("**/socket.io/**", lambda route: route.abort())  # the tests need no realtime

	def open(self, path: str) -> Page:
		self.page.goto(f"/app/{path}")
		self.page.wait_for_load_state("networkidle")
		return self.page

	def open_order(self, name: str) -> Page:
		page = self.open(f"sales-order/{name}")
		expect(page.locator(".gate-checklist").first).to_be_visible()
		return page

	def act(self, action: str) -> None:
		"""Choose a workflow action, as the Actions menu offers it."""
		self.page.locator(".actions-btn-group button:visible").click()
		self.page.locator(".actions-btn-group .dropdown-menu.show a", has_text=action).click()

	def expect_state(self, state: str) -> None:
		"""Wait until the form shows the order in `state`, and can be worked with again."""
		self.page.wait_for_function(
			"state => cur_frm.doc.workflow_state === state && !document.querySelector('#freeze')", arg=state
		)

	def call(self, method: str, **args) -> dict:
		"""Call a whitelisted method as this person."""
		if self.page.url == "about:blank":
			self.open("metalcraft")
		return self.page.evaluate(
			"""([method, args]) => new Promise((resolve, reject) =>
				frappe.call({ method, args, type: "POST", always: (answer) =>
					answer?.exc || answer?.exc_type ? reject(new Error(JSON.stringify(answer))) : resolve(answer.message) })
			)""",
			[method, args],
		)

	def new_order(self, **fields) -> str:
		"""A draft order of the demo company; gives its name. Without a PO file unless given."""
		order = {
			"doctype": "Sales Order",
			"company": COMPANY,
			"customer": "Northgate Data Centers",
			"po_no": f"UI-{uuid.uuid4().hex[:8]}",
			"po_date": "2026-01-15",
			"delivery_date": "2099-12-31",
			"items": [{"item_code": "FD-EXT-ABC10", "qty": 2, "rate": 85, "delivery_date": "2099-12-31"}],
			**fields,
		}
		return self.call("frappe.client.insert", doc=order)["name"]

	def attach_po(self, name: str) -> None:
		"""Upload the customer's purchase order to the order and save it."""
		headers = {"X-Frappe-CSRF-Token": self.page.evaluate("frappe.csrf_token")}
		response = self.context.request.post(
			"/api/method/upload_file",
			headers=headers,
			multipart={
				"file": {
					"name": "po.pdf",
					"mimeType": "application/pdf",
					"buffer": one_page(name),
				},
				"is_private": "1",
				"doctype": "Sales Order",
				"docname": name,
				"fieldname": "customer_po_file",
			},
		)
		assert response.ok, response.text()
		self.call(
			"frappe.client.set_value",
			doctype="Sales Order",
			name=name,
			fieldname="customer_po_file",
			value=response.json()["message"]["file_url"],
		)


def desk_of(user: str, password: str = PASSWORD):
	@pytest.fixture(scope="session")
	def desk(browser) -> Desk:
		return Desk(browser, user, password)

	return desk


support = desk_of("lucia.moreno@fireline.example")
approver = desk_of("priya.nair@fireline.example")
producer = desk_of("wei.zhang@fireline.example")
packer = desk_of("marta.kowalska@fireline.example")
quality = desk_of("henrik.dahl@fireline.example")
admin = desk_of("Administrator", ADMIN_PASSWORD)


@pytest.fixture
def at_final_pack(support, approver, producer, packer):
	"""Carries a new order of ITEM until its goods are at Final Pack; gives the delivery note to be made of it."""

	def in_stock(warehouse: str, qty: int) -> str:
		"""Serial numbers of ITEM that the producer brings, one a line."""
		there = {"item_code": ITEM, "warehouse": warehouse}
		rows = producer.call(
			"frappe.client.get_list", doctype="Serial No", filters=there, limit_page_length=qty
		)
		assert len(rows) == qty, f"{len(rows)} of {qty} are left in {warehouse}: give the site a new demo"
		return "\n".join(row["name"] for row in rows)

	def carry(qty: int, **fields) -> dict:
		line = {"item_code": ITEM, "qty": qty, "rate": 68, "delivery_date": "2099-12-31"}
		name = support.new_order(items=[line], **fields)
		support.attach_po(name)
		for desk, action in ((support, "Request Approval"), (approver, "Approve")):
			order = desk.call("frappe.client.get", doctype="Sales Order", name=name)
			desk.call("frappe.model.workflow.apply_workflow", doc=order, action=action)
		transfer = producer.call("metalcraft_workflow.steps.transfer.make_transfer", source_name=name)
		for row in transfer["items"]:
			row.update(use_serial_batch_fields=1, serial_no=in_stock(row["s_warehouse"], qty))
		producer.call("frappe.client.submit", doc=producer.call("frappe.client.insert", doc=transfer))
		return packer.call("metalcraft_workflow.steps.final_pack.make_delivery_note", source_name=name)

	return carry


@pytest.fixture
def note(at_final_pack, packer) -> dict:
	"""A delivery note whose rows name nothing yet. `serials` are those that came for it."""
	doc = at_final_pack(QTY)
	serials = "\n".join(row["serial_nos"] for row in doc["traceability"]).split("\n")
	doc = packer.call("frappe.client.insert", doc={**doc, "traceability": []})
	return {"name": doc["name"], "serials": serials}
