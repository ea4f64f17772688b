"""The review desk: an order beside its purchase order, decided on by buttons and by keys."""

import re
from datetime import date, timedelta

import pytest
from playwright.sync_api import expect

FILE = re.compile(r"^/private/files/po.*\.pdf$")
SOON = str(date.today() + timedelta(days=2))
LINE = {"item_code": "FD-EXT-ABC10", "qty": 2, "rate": 85, "delivery_date": SOON}


@pytest.fixture(params=[1400, 390], ids=["desktop", "phone"])
def width(request, approver):
	approver.page.set_viewport_size({"width": request.param, "height": 860})
	yield request.param
	approver.page.set_viewport_size({"width": 1280, "height": 860})


@pytest.fixture
def waiting(support) -> list[str]:
	"""Two orders that wait for their approval."""
	names = []
	for _number in range(2):
		name = support.new_order(delivery_date=SOON, items=[LINE])
		support.attach_po(name)
		support.open_order(name)
		support.act("Request Approval")
		support.expect_state("Pending Approval")
		names.append(name)
	return names


def state_of(desk, name: str) -> str:
	found = desk.call(
		"frappe.client.get_value", doctype="Sales Order", filters=name, fieldname="workflow_state"
	)
	return found["workflow_state"]


def test_is_reached_from_my_work_and_from_the_form(approver, waiting, width):
	page = approver.open("my-work")
	page.get_by_role("button", name="Review One by One: Orders to Approve").click()
	expect(page.locator(".review-desk .review-head")).to_be_visible()
	page = approver.open_order(waiting[0])
	if width > 600:
		page.get_by_role("button", name="Review", exact=True).click()
		expect(page.locator(".review-desk .review-head")).to_contain_text(waiting[0])


def test_the_file_stands_beside_the_lines_and_the_next_order_follows(approver, waiting, width):
	page = approver.open(f"review-desk/{waiting[0]}")
	expect(page.locator(".review-head")).to_contain_text(waiting[0])
	expect(page.get_by_role("link", name="Open po")).to_have_attribute("href", FILE)
	expect(page.locator(".review-lines")).to_contain_text("FD-EXT-ABC10")
	assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
	page.locator(".review-actions").get_by_role("button", name="Approve").click()
	expect(page.locator(".review-head")).not_to_contain_text(waiting[0])
	assert state_of(approver, waiting[0]) == "Approved"


def test_keys_send_back_and_go_on(approver, waiting):
	page = approver.open(f"review-desk/{waiting[0]}")
	expect(page.locator(".review-head")).to_contain_text(waiting[0])
	page.keyboard.press("Shift+ArrowRight")
	expect(page.locator(".review-head")).not_to_contain_text(waiting[0])
	page.keyboard.press("Shift+ArrowLeft")
	expect(page.locator(".review-head")).to_contain_text(waiting[0])
	page.keyboard.press("Control+Shift+B")
	page.locator(".modal.show textarea").fill("The date is too early.")
	page.locator(".modal.show .btn-primary", has_text="Send Back").click()
	expect(page.locator(".review-head")).not_to_contain_text(waiting[0])
	assert state_of(approver, waiting[0]) == "Sent Back"


def test_the_help_lists_the_keys(approver, waiting):
	page = approver.open(f"review-desk/{waiting[0]}")
	expect(page.locator(".review-head")).to_be_visible()
	page.keyboard.press("Shift+Slash")
	expect(page.locator(".modal.show")).to_contain_text("Send back, with a reason")
	page.keyboard.press("Escape")
