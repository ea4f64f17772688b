"""My Work: where everybody begins, and takes the next step without opening the document."""

from datetime import date, timedelta

import pytest
from playwright.sync_api import expect

REASON = "The price of line 1 is not what we quoted."
TOMORROW = str(date.today() + timedelta(days=1))


@pytest.fixture(params=[1400, 390], ids=["desktop", "phone"])
def width(request, support, approver):
	for desk in (support, approver):
		desk.page.set_viewport_size({"width": request.param, "height": 860})
	yield request.param
	for desk in (support, approver):
		desk.page.set_viewport_size({"width": 1280, "height": 860})


@pytest.fixture
def errors(support, approver) -> list[str]:
	found: list[str] = []

	def listen(message):
		if message.type == "error" and "socket.io" not in message.text and "ERR_FAILED" not in message.text:
			found.append(message.text)

	for desk in (support, approver):
		desk.page.on("console", listen)
		desk.page.on("pageerror", lambda error: found.append(str(error)))
	return found


def row(desk, name: str):
	return desk.page.locator(f'.my-work-row[data-name="{name}"]')


def test_the_desk_opens_with_it(support):
	page = support.page
	page.goto(support.home)
	expect(page.locator(".my-work")).to_be_visible()
	expect(page.locator(".page-head:visible .title-text")).to_have_text("My Work")


def test_steps_are_taken_from_the_row(support, approver, width, errors):
	name = support.new_order(
		delivery_date=TOMORROW,
		items=[{"item_code": "FD-EXT-ABC10", "qty": 2, "rate": 85, "delivery_date": TOMORROW}],
	)
	support.attach_po(name)
	support.open("my-work")
	row(support, name).get_by_role("button", name=f"Request Approval: {name}").click()
	expect(row(support, name)).to_have_count(0, timeout=20_000)

	page = approver.open("my-work")
	row(approver, name).get_by_role("button", name=f"More for {name}").click()
	row(approver, name).get_by_role("menuitem", name="Send Back").click()
	page.locator(".modal.show textarea").fill(REASON)
	page.locator(".modal.show .btn-primary", has_text="Send Back").click()
	expect(row(approver, name)).to_have_count(0, timeout=20_000)
	expect(page.locator("#freeze")).to_have_count(0, timeout=20_000)

	support.open("my-work")
	expect(row(support, name)).to_contain_text(REASON)
	expect(row(support, name)).to_contain_text("Priya Nair")
	assert not errors


def test_what_is_missing_is_said_in_the_row(support, width, errors):
	name = support.new_order(
		delivery_date=TOMORROW,
		items=[{"item_code": "FD-EXT-ABC10", "qty": 2, "rate": 85, "delivery_date": TOMORROW}],
	)
	support.open("my-work")
	expect(row(support, name).locator(".my-work-missing")).to_contain_text("purchase order")
	expect(row(support, name).get_by_role("button", name=f"Request Approval: {name}")).to_have_count(
		0, timeout=20_000
	)
	row(support, name).get_by_role("button", name=f"Open: {name}").click()
	expect(support.page.locator(".stations:visible .station.is-current")).to_contain_text("Approval")
	assert not errors
