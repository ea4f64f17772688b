"""What staff see without the desk: what waits for them, prints and REST."""

import re

from conftest import DESK, nothing_wrong
from playwright.sync_api import expect

APPROVER, QUALITY, SUPPORT = (
	f"{name}@fireline.example" for name in ("priya.nair", "henrik.dahl", "ben.hartley")
)


def test_the_front_page_signs_everybody_in(visit):
	one = visit()
	with nothing_wrong(one):
		page = one.open("/")
		people = page.locator(".cards a").evaluate_all("links => links.map(link => link.href)")
		assert len(people) > 15
		for address in people:
			page.goto(address)
			expect(page.locator("body")).not_to_contain_text("Traceback")
			assert page.url.rstrip("/") != address
			assert not page.url.endswith(":" + page.url.split(":")[-1].split("/")[0] + "/"), address


def test_a_step_is_taken_by_a_click(visit):
	one = visit()
	with nothing_wrong(one):
		page = one.sign_in(APPROVER, "/sandbox_work")
		row = page.locator("tr", has=page.get_by_role("button", name="Approve"))
		name = row.locator("a").inner_text()
		row.get_by_role("button", name="Approve").click()
		expect(page.get_by_role("link", name=name)).to_have_count(0)
	answer = one.context.request.get(f"/api/resource/Sales Order/{name}").json()["data"]
	assert answer["workflow_state"] == "Approved"


def test_prints_show_their_documents_with_styles(visit):
	one = visit()
	one.sign_in(SUPPORT, "/sandbox_work")
	with nothing_wrong(one):
		notes = one.context.request.get("/api/resource/Delivery Note").json()["data"]
		orders = one.context.request.get("/api/resource/Sales Order").json()["data"]
		assert notes and orders
		for doctype, name, format in (
			("Delivery Note", notes[0]["name"], "Packing List"),
			("Delivery Note", notes[0]["name"], "Standard"),
			("Sales Order", orders[0]["name"], "Work Order Traveller"),
		):
			page = one.open(f"/printview?doctype={doctype}&name={name}&format={format}")
			expect(page.locator(".print-format").first).to_contain_text(name)
			assert not re.search(r"Times|^serif", one.styles(".print-format", "fontFamily")), format
			assert "<br>" not in page.locator("body").inner_text(), format


def test_rest_gives_to_each_what_is_theirs(visit, customers):
	staff, customer, guest = visit(), visit(), visit()
	staff.sign_in(SUPPORT)
	customer.sign_in(customers[0][1])
	name = staff.context.request.get("/api/resource/Sales Order").json()["data"][0]["name"]
	address = f"/api/resource/Sales Order/{name}"
	assert staff.context.request.get(address).status == 200
	assert customer.context.request.get(address).status == 403
	assert guest.context.request.get(address).status == 403
	method = "/api/method/metalcraft_workflow.gates.checklist.get_checklist"
	asked = {"doctype": "Sales Order", "name": name}
	assert staff.context.request.get(method, params=asked).status == 200
	assert customer.context.request.get(method, params=asked).status == 403


def test_a_link_to_the_desk_says_how_to_get_one(visit):
	one = visit(DESK)
	one.sign_in(SUPPORT)
	page = one.open("/app/sales-order")
	if "/desk" not in page.url:
		expect(page.locator("body")).to_contain_text("./sandbox/run --desk")
