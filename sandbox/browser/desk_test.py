"""The desk, where it is built: the ways on from one document to the next, and what lists show."""

import pytest
from conftest import nothing_wrong
from playwright.sync_api import expect

SUPPORT, ACCOUNTS, SALES, APPROVER = (
	f"{name}@fireline.example" for name in ("ben.hartley", "yuki.tanaka", "grace.okafor", "priya.nair")
)


@pytest.fixture
def desk(visit):
	"""Opens a page of the desk as somebody."""

	def open_as(user: str, path: str):
		one = visit()
		one.page.route("**/socket.io/**", lambda route: route.abort())
		page = one.sign_in(user, f"/desk/{path}")
		if "There is no desk" in page.locator("body").inner_text():
			pytest.skip("A desk that is built: ./sandbox/run --desk")
		page.wait_for_load_state("networkidle")
		return one, page

	return open_as


def names(one, doctype: str, **filters) -> list[str]:
	answer = one.context.request.get(
		f"/api/resource/{doctype}",
		params={"filters": str([[k, "=", v] for k, v in filters.items()]).replace("'", '"')},
	)
	return [row["name"] for row in answer.json()["data"]]


def ways_on(page) -> list[str]:
	group = page.locator(".inner-group-button:visible", has_text="Create")
	group.locator("button").click()
	return [text.strip() for text in group.locator(".dropdown-item").all_inner_texts()]


@pytest.mark.parametrize(
	"user, doctype, filters, expected",
	[
		(SALES, "Lead", {}, {"Opportunity", "Quotation"}),
		(SUPPORT, "Quotation", {"status": "Open"}, {"Sales Order"}),
		(SUPPORT, "Delivery Note", {"status": "To Bill"}, {"Sales Invoice"}),
		(ACCOUNTS, "Sales Invoice", {"status": "Unpaid"}, {"Payment"}),
	],
)
def test_each_document_leads_to_the_next(desk, user, doctype, filters, expected):
	one, page = desk(user, "metalcraft")
	name = names(one, doctype, **filters)[0]
	one.open(f"/desk/{doctype.lower().replace(' ', '-')}/{name}")
	assert expected <= set(ways_on(page))


def test_a_payment_is_made_by_a_click(desk):
	one, page = desk(ACCOUNTS, "metalcraft")
	name = names(one, "Sales Invoice", status="Unpaid")[0]
	one.open(f"/desk/sales-invoice/{name}")
	ways_on(page)
	page.locator(".dropdown-item:visible", has_text="Payment").click()
	page.wait_for_url("**/payment-entry/new*")
	expect(page.locator("[data-fieldname=references] .grid-body .grid-row").first).to_contain_text(name)


def test_an_approved_order_is_changed_by_update_items(desk):
	one, page = desk(SUPPORT, "metalcraft")
	name = names(one, "Sales Order", workflow_state="Approved", status="To Deliver and Bill")[0]
	one.open(f"/desk/sales-order/{name}")
	expect(page.get_by_text("Send Acknowledgement").first).to_be_attached()
	expect(page.get_by_role("button", name="Update Items")).to_have_count(0)
	one, page = desk(APPROVER, f"sales-order/{name}")
	page.get_by_role("button", name="Update Items").click()
	dialog = page.locator(".modal.show")
	dialog.locator(".grid-row[data-idx='1'] .data-row [data-fieldname=qty]").click()
	field = dialog.locator(".grid-row[data-idx='1'] [data-fieldname=qty] input:visible")
	changed = float(page.evaluate("cur_frm.doc.items[0].qty")) + 1
	field.fill(str(changed))
	field.blur()
	dialog.locator(".btn-primary:visible", has_text="Update").click()
	page.wait_for_function("cur_frm.doc.workflow_state === 'Change Review'")
	assert page.evaluate("cur_frm.doc.items[0].qty") == changed


def test_serial_numbers_say_of_what_they_are_and_where(desk):
	_one, page = desk("marta.kowalska@fireline.example", "serial-no")
	head = page.locator(".list-row-head")
	expect(head).to_contain_text("Item Code")
	expect(head).to_contain_text("Warehouse")


def test_addresses_are_written_in_lines(desk):
	one, page = desk(SUPPORT, "metalcraft")
	with nothing_wrong(one):
		name = names(one, "Sales Order", docstatus=1)[0]
		one.open(f"/desk/sales-order/{name}")
		expect(page.locator("body")).not_to_contain_text("<br>")
