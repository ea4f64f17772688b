"""What customers see: every page with its styles, nothing that fails behind it, and nobody else's orders."""

from datetime import date, timedelta

import pytest
from conftest import DESK, PHONE, URL, nothing_wrong
from playwright.sync_api import expect

PDF = b"%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n2 0 obj<</Type/Pages/Kids[]/Count 0>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF"


def menu(page) -> list[str]:
	return page.locator(".web-sidebar a").evaluate_all(
		"links => links.map(link => link.getAttribute('href'))"
	)


@pytest.mark.parametrize("viewport", [DESK, PHONE], ids=["desk", "phone"])
def test_every_page_of_the_menu_is_there_with_its_styles(visit, customers, viewport):
	one = visit(viewport)
	with nothing_wrong(one):
		page = one.sign_in(customers[0][1])
		routes = menu(page)
		assert {"/customer-orders", "/customer-quotations", "/invoices", "/me"} <= set(routes)
		for route in routes:
			one.open(route)
			expect(page.locator("h1, h3").first).to_be_visible()
			assert "Inter" in one.styles("body", "fontFamily"), route
			assert one.styles(".navbar", "borderBottomStyle") == "solid", route
			assert one.overflow() <= 0, route
			assert "onoframe" not in page.locator("body").inner_text(), route


@pytest.mark.parametrize("viewport", [DESK, PHONE], ids=["desk", "phone"])
def test_an_order_shows_what_shipped_and_was_billed(visit, customers, viewport):
	one = visit(viewport)
	with nothing_wrong(one):
		page = one.sign_in(customers[0][1])
		page.locator("td.first a").first.click()
		expect(page.locator(".progress-line")).to_be_visible()
		expect(page.locator(".shipment").first).to_contain_text("Tracking")
		assert one.overflow() <= 0
		assert one.styles("form .btn-primary", "backgroundColor") == "rgb(23, 23, 23)"


def test_the_menu_of_a_phone_opens(visit, customers):
	page = visit(PHONE).sign_in(customers[0][1])
	link = page.locator(".navbar").get_by_role("link", name="Invoices")
	expect(link).to_be_hidden()
	page.locator(".navbar-toggler").click()
	link.click()
	expect(page.get_by_role("heading", name="Invoices")).to_be_visible()


def test_customers_see_their_own_orders_and_no_others(visit, customers):
	assert len(customers) > 1
	seen = []
	for _name, user in customers[:2]:
		page = visit().sign_in(user)
		seen.append(set(page.locator("td.first a").all_inner_texts()))
	assert seen[0] and seen[1] and not seen[0] & seen[1]
	page = visit().sign_in(customers[1][1])
	assert page.goto(f"/customer-orders/{min(seen[0])}").status == 404
	expect(page.locator("body")).not_to_contain_text(min(seen[0]))


def test_invoices_are_listed_and_open(visit, customers):
	for _name, user in customers:
		one = visit()
		one.sign_in(user)
		with nothing_wrong(one):
			page = one.open("/invoices")
			links = page.locator("td a")
			if links.count():
				name = links.first.inner_text()
				links.first.click()
				expect(page.locator("h1")).to_have_text(name)
				return
	pytest.fail("No customer has an invoice")


def test_a_question_is_sent(visit, customers):
	one = visit()
	with nothing_wrong(one):
		page = one.sign_in(customers[0][1])
		page.locator("td.first a").first.click()
		page.get_by_label("Your question about this order").fill("Is the pallet heat treated?")
		page.get_by_role("button", name="Send").click()
		expect(page.locator(".messages")).to_contain_text("Is the pallet heat treated?")


def test_a_quotation_is_accepted(visit):
	front = visit()
	cards = front.open("/").locator("h2:has-text('Customers') + ul a")
	for number in range(cards.count()):
		one = visit()
		with nothing_wrong(one):
			page = one.open(cards.nth(number).get_attribute("href"))
			one.open("/customer-quotations")
			links = page.locator("tr:has-text('Open') td.first a")
			if not links.count():
				continue
			links.first.click()
			page.get_by_label("Purchase order number").fill("PO-BROWSER-1")
			page.get_by_label("Goods wanted on").fill(str(date.today() + timedelta(days=30)))
			page.get_by_label("Purchase order file").set_input_files(
				{"name": "po.pdf", "mimeType": "application/pdf", "buffer": PDF}
			)
			page.get_by_role("button", name="Send purchase order").click()
			expect(page.locator(".notice")).to_contain_text("acknowledgement")
			return
	pytest.fail("No quotation is open")


def test_signing_in_and_out(visit, customers):
	user = customers[0][1]
	page = visit().open("/customer-orders")
	expect(page).to_have_url(f"{URL}/login?redirect-to=%2Fcustomer-orders")
	page.get_by_label("Email").fill(user)
	page.get_by_label("Password").fill("wrong")
	page.get_by_role("button", name="Login").click()
	expect(page.get_by_role("alert")).to_be_visible()
	page.get_by_label("Email").fill(user)
	page.get_by_label("Password").fill("Quench-4711-Valve")
	page.get_by_role("button", name="Login").click()
	expect(page).to_have_url(f"{URL}/customer-orders")
	page.locator(".nav-avatar").click()
	page.get_by_role("link", name="Log out").click()
	expect(page).to_have_url(f"{URL}/")
	page.goto("/customer-orders")
	expect(page.get_by_label("Password")).to_be_visible()


def test_no_sign_in_leads_out_of_the_site(visit, customers):
	for to in ("//elsewhere.example", "https://elsewhere.example"):
		page = visit().sign_in(customers[0][1], to)
		expect(page).to_have_url(f"{URL}/customer-orders")
