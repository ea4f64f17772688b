"""Customers in the portal: their orders and nobody else's, on a desk, on a phone and by keyboard alone."""

import re
from pathlib import Path

import pytest
from axe import serious
from conftest import PASSWORD, URL
from playwright.sync_api import Page, expect

A, B = "Northgate Data Centers", "Atlas Aviation Support"
PEOPLE = {
	"a.browser@portal.example": [A],
	"b.browser@portal.example": [B],
	"both.browser@portal.example": [A, B],
}
USER_A, USER_B, USER_OF_BOTH = PEOPLE
PHONE = {"width": 390, "height": 844}
DESK = {"width": 1280, "height": 860}


class Portal:
	"""The portal of one signed-in user, or of a guest; keeps what the console complains of."""

	def __init__(self, browser, user: str | None, viewport: dict):
		self.context = browser.new_context(base_url=URL, viewport=viewport)
		self.context.set_default_timeout(20_000)
		if user:
			response = self.context.request.post("/api/method/login", form={"usr": user, "pwd": PASSWORD})
			assert response.ok, f"{user} cannot sign in: {response.text()}"
		self.page: Page = self.context.new_page()
		self.complaints: list[str] = []
		self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
		self.page.on(
			"console",
			lambda message: message.type == "error" and self.complaints.append(message.text),
		)

	def open(self, path: str) -> Page:
		self.page.goto(path)
		self.page.wait_for_load_state("networkidle")
		return self.page

	def orders(self, **asked) -> list[dict]:
		"""All of them, page by page."""
		found, pages = [], 1
		while pages > (page := len(found)):
			found.append(self.ask("list_orders", page=page + 1, **asked))
			pages = found[-1]["pages"]
		return [order for page in found for order in page["orders"]]

	def invoiced_order(self) -> dict:
		"""An order of which something has shipped and was invoiced."""
		orders = (self.ask("get_order", name=order["name"]) for order in self.orders())
		return next(order for order in orders if order["shipments"] and order["invoices"])

	def ask(self, method: str, **arguments) -> dict:
		path = f"/api/method/metalcraft_workflow.portal.orders.{method}"
		return self.context.request.get(path, params=arguments).json()["message"]


@pytest.fixture(scope="module")
def customers(admin):
	"""Users of the portal: one of each customer, and one of both."""
	if not admin.call("frappe.client.get_list", doctype="Customer", filters={"name": B}):
		pytest.fail(f"The demo has no customer {B}")
	for user, names in PEOPLE.items():
		if admin.call("frappe.client.get_list", doctype="User", filters={"name": user}):
			continue
		admin.call(
			"frappe.client.insert",
			doc={
				"doctype": "User",
				"email": user,
				"first_name": user.split(".")[0].title(),
				"user_type": "Website User",
				"send_welcome_email": 0,
				"new_password": PASSWORD,
				"roles": [{"role": "Customer"}],
			},
		)
		for name in names:
			customer = admin.call("frappe.client.get", doctype="Customer", name=name)
			customer.setdefault("portal_users", []).append({"user": user})
			admin.call("frappe.client.save", doc=customer)


@pytest.fixture
def portal(browser, customers):
	opened = []

	def sign_in(user: str | None, viewport: dict | None = None) -> Portal:
		opened.append(Portal(browser, user, viewport or DESK))
		return opened[-1]

	yield sign_in
	for one in opened:
		one.context.close()


def test_a_customer_finds_an_order_and_what_shipped_of_it(portal):
	customer = portal(USER_OF_BOTH)
	shipped = customer.invoiced_order()
	page = customer.open("/")  # where Frappe takes who has signed in; the menu is there on 15 and 16
	page.get_by_role("link", name="Order Tracking").first.click()
	page.get_by_label("Order, purchase order or item").fill(shipped["po_no"])
	page.get_by_role("button", name="Find").click()
	page.get_by_role("link", name=shipped["name"]).click()
	reached = page.locator(".progress-line li:is(.done, .partly)")
	expect(reached.filter(has_text="Shipped")).to_be_visible()
	expect(page.locator(".shipment").first).to_contain_text("Tracking")
	with page.expect_download() as download:
		page.locator("#invoices ~ table a").first.click()
	assert Path(download.value.path()).read_bytes().startswith(b"%PDF")
	assert customer.complaints == []


def test_customers_see_their_own_orders_and_no_others(portal):
	names = {
		user: {order["name"] for order in portal(user).orders()} for user in (USER_A, USER_B, USER_OF_BOTH)
	}
	assert names[USER_A] and names[USER_B]
	assert not names[USER_A] & names[USER_B]
	assert names[USER_OF_BOTH] == names[USER_A] | names[USER_B]
	page = portal(USER_B).open(f"/customer-orders/{sorted(names[USER_A])[0]}")
	expect(page.locator("body")).to_contain_text(re.compile("There's nothing here|Page not found"))
	both = portal(USER_OF_BOTH).open("/customer-orders")
	expect(both.locator("table")).to_contain_text(A)


def test_guests_sign_in_first_and_come_back(portal):
	name = portal(USER_A).orders()[0]["name"]
	page = portal(None).open(f"/customer-orders/{name}")
	# Frappe 15 adds which of its forms is open
	login = re.escape(f"{URL}/login?redirect-to=%2Fcustomer-orders%2F{name}")
	expect(page).to_have_url(re.compile(f"^{login}(#login)?$"))
	page.locator("#login_email").fill(USER_A)
	page.locator("#login_password").fill(PASSWORD)
	page.locator(".btn-login").first.click()
	expect(page).to_have_url(f"{URL}/customer-orders/{name}")


def test_staff_are_led_to_the_desk_and_have_no_orders_of_their_own(portal):
	name = portal(USER_A).orders()[0]["name"]
	staff = portal("lucia.moreno@fireline.example")
	page = staff.open("/customer-orders")
	expect(page.locator(".portal")).to_contain_text("No customer is linked to your account")
	page.goto(f"/customer-orders/{name}")
	expect(page).to_have_url(re.compile(f"^{re.escape(URL)}/(app|desk)/sales-order/{name}$"))


def test_the_keyboard_alone_leads_to_an_order(portal):
	customer = portal(USER_A)
	order = customer.orders()[0]
	page = customer.open("/customer-orders")
	page.get_by_label("Order, purchase order or item").focus()
	page.keyboard.type(order["name"])
	page.keyboard.press("Enter")
	page.wait_for_url("**search=*")
	page.locator("body").focus()
	for _stop in range(40):
		page.keyboard.press("Tab")
		if page.evaluate("document.activeElement.textContent.trim()") == order["name"]:
			break
	outline = page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
	assert outline == "solid"
	page.keyboard.press("Enter")
	expect(page.get_by_role("heading", level=1)).to_contain_text(order["name"])


@pytest.mark.parametrize("viewport", [DESK, PHONE], ids=["desk", "phone"])
def test_pages_are_accessible_and_fit(portal, viewport):
	customer = portal(USER_A, viewport)
	for path in (
		"/customer-orders",
		f"/customer-orders/{customer.orders(stage='Partly Shipped')[0]['name']}",
	):
		page = customer.open(path)
		assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0
		assert serious(page) == []
	assert customer.complaints == []
