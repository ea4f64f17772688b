"""A customer in the portal: a quotation is accepted with a purchase order, and a question is asked."""

import uuid

import pytest
from conftest import COMPANY, PASSWORD, Desk
from playwright.sync_api import expect

from metalcraft_workflow.demo.pdf import one_page

CUSTOMER = "Northgate Data Centers"
BUYER = "buyer.browser@northgate.example"
PDF = {"name": "po.pdf", "mimeType": "application/pdf", "buffer": one_page("purchase order")}
ACCEPT = "metalcraft_workflow.portal.purchase_order.accept_quotation"


@pytest.fixture(scope="module")
def buyer(browser, admin):
	"""The portal, signed in as somebody of the customer."""
	if not admin.call("frappe.client.get_list", doctype="User", filters={"name": BUYER}):
		admin.call(
			"frappe.client.insert",
			doc={
				"doctype": "User",
				"email": BUYER,
				"first_name": "Buyer",
				"user_type": "Website User",
				"send_welcome_email": 0,
				"new_password": PASSWORD,
				"roles": [{"role": "Customer"}],
			},
		)
		admin.call(
			"frappe.client.insert",
			doc={
				"doctype": "Contact",
				"first_name": "Buyer",
				"user": BUYER,
				"email_ids": [{"email_id": BUYER, "is_primary": 1}],
				"links": [{"link_doctype": "Customer", "link_name": CUSTOMER}],
			},
		)
	portal = Desk(browser, BUYER, PASSWORD)
	portal.errors = []
	portal.page.on("pageerror", lambda error: portal.errors.append(str(error)))
	return portal


@pytest.fixture
def quotation(support) -> str:
	"""A submitted quotation of the customer; gives its name."""
	line = {"item_code": "FD-EXT-ABC10", "qty": 4, "rate": 85}
	doc = support.call(
		"frappe.client.insert",
		doc={
			"doctype": "Quotation",
			"quotation_to": "Customer",
			"party_name": CUSTOMER,
			"company": COMPANY,
			"valid_till": "2099-12-31",
			"lead_time_days": 20,
			"items": [line],
		},
	)
	return support.call("frappe.client.submit", doc=doc)["name"]


def open_quotation(buyer, name: str):
	buyer.page.goto(f"/customer-quotations/{name}")
	expect(buyer.page.get_by_role("button", name="Send purchase order")).to_be_enabled()
	return buyer.page


def test_is_found_in_the_menu(buyer, quotation):
	page = buyer.page
	page.goto("/customer-orders")
	page.get_by_role("link", name="Quotations to Order").click()
	page.get_by_role("link", name=quotation).click()
	expect(page.get_by_role("heading", name=f"Quotation {quotation}")).to_be_visible()


def test_is_refused_beside_the_form_and_nothing_is_lost(buyer, quotation):
	page = open_quotation(buyer, quotation)
	page.get_by_label("Purchase order number").fill("LOST-1")
	page.get_by_label("Purchase order file").set_input_files({**PDF, "buffer": b"<html>"})
	page.get_by_role("button", name="Send purchase order").click()
	expect(page.get_by_role("alert")).to_contain_text("no PDF")
	expect(page.get_by_role("alert")).to_be_focused()
	expect(page.get_by_label("Purchase order number")).to_have_value("LOST-1")
	expect(page.get_by_role("button", name="Send purchase order")).to_be_enabled()


def test_is_accepted_once_however_often_it_is_pressed(buyer, quotation, support):
	number = f"UI-{uuid.uuid4().hex[:8]}"
	page = open_quotation(buyer, quotation)
	sent = []
	page.on("request", lambda request: sent.append(request.url) if ACCEPT in request.url else None)
	page.get_by_label("Quantity of FD-EXT-ABC10").fill("3")
	expect(page.locator("#goods")).to_contain_text("255")
	page.get_by_label("Purchase order number").fill(number)
	page.get_by_label("Purchase order file").set_input_files(PDF)
	page.get_by_role("button", name="Send purchase order").dblclick()
	expect(page.get_by_role("status")).to_contain_text("under review")
	assert len(sent) == 1
	(order,) = support.call(
		"frappe.client.get_list",
		doctype="Sales Order",
		filters={"po_no": number},
		fields=["name", "workflow_state", "quotation_differences"],
	)
	assert order["workflow_state"] == "Draft"
	assert "quantity 3 instead of 4" in order["quotation_differences"]


def test_is_accepted_with_the_keyboard_alone(buyer, quotation):
	page = open_quotation(buyer, quotation)
	page.get_by_label("Purchase order file").set_input_files(PDF)
	page.get_by_label("Quantity of FD-EXT-ABC10").focus()
	page.keyboard.press("Tab")
	page.keyboard.type(f"UI-{uuid.uuid4().hex[:8]}")
	page.keyboard.press("Enter")
	expect(page.get_by_role("status")).to_contain_text("under review")


def test_a_question_stands_in_the_conversation(buyer, support):
	order = support.new_order(customer=CUSTOMER)
	page = buyer.page
	page.goto(f"/customer-orders/{order}")
	page.get_by_label("Your question about this order").fill("When does it ship?\n<b>Soon?</b>")
	page.get_by_role("button", name="Send").click()
	expect(page.locator(".messages li").last).to_contain_text("<b>Soon?</b>")


def test_no_script_failed(buyer):
	assert buyer.errors == []
