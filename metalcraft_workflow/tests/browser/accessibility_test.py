"""What the app draws in the desk, read by axe: nothing serious, on a desktop and on a phone.

Frappe's own header, menus and fields are left out: a page is judged by the part that is the app's.
"""

import pytest
from axe import serious
from conftest import Desk
from playwright.sync_api import expect

SUPPORT = "lucia.moreno@fireline.example"
APPROVER = "priya.nair@fireline.example"
PACKER = "marta.kowalska@fireline.example"
QUALITY = "henrik.dahl@fireline.example"

# A page, who opens it, and what of it the app draws
PAGES = [
	("my-work", SUPPORT, ".my-work"),
	("my-work", APPROVER, ".my-work"),
	("my-work", QUALITY, ".my-work"),
	("order-board", SUPPORT, ".order-board"),
	("review-desk", APPROVER, ".review-desk"),
	("scan-to-pack", PACKER, ".scan-page"),
]
# An order and a delivery as the demo leaves them
FORMS = [("Sales Order", SUPPORT), ("Delivery Note", QUALITY)]


@pytest.fixture(scope="module", params=[1400, 390], ids=["desktop", "phone"])
def desk_of(request, browser):
	desks: dict[str, Desk] = {}

	def sign_in(user: str) -> Desk:
		if user not in desks:
			desks[user] = Desk(browser, user, viewport={"width": request.param, "height": 860})
			desks[user].context.set_default_timeout(60_000)
		return desks[user]

	yield sign_in
	for desk in desks.values():
		desk.context.close()


@pytest.mark.parametrize(("path", "user", "part"), PAGES, ids=[f"{p}-{u.split('.')[0]}" for p, u, _ in PAGES])
def test_pages(desk_of, path, user, part):
	page = desk_of(user).open(path)
	expect(page.locator(f"{part}:visible")).to_be_visible()
	page.wait_for_load_state("networkidle")
	assert serious(page, part) == []


@pytest.mark.parametrize(("doctype", "user"), FORMS, ids=[doctype for doctype, _ in FORMS])
def test_forms(desk_of, doctype, user):
	desk = desk_of(user)
	for row in desk.call(
		"frappe.client.get_list", doctype=doctype, order_by="modified desc", limit_page_length=4
	):
		page = desk.open(f"{doctype.lower().replace(' ', '-')}/{row['name']}")
		expect(page.locator(".gate-checklists:visible > *").first).to_be_visible()
		assert serious(page, ".gate-checklists") == []


def test_a_delivery_that_is_scanned(desk_of, note):
	page = desk_of(PACKER).open(f"scan-to-pack?delivery={note['name']}")
	for code, shown in ((note["serials"][0], ".scan-total strong"), ("NO-SUCH-SERIAL", ".scan-refusal")):
		page.keyboard.type(code, delay=4)
		page.keyboard.press("Enter")
		expect(page.locator(shown)).to_contain_text("1 of" if shown.startswith(".scan-total") else code)
	assert serious(page, ".scan-page") == []
