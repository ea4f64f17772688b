"""Final Pack: a scanner at the packing table, which is a keyboard that types fast and presses Enter."""

import pytest
from conftest import ITEM, QTY
from playwright.sync_api import expect


def scan(page, fieldname: str, text: str) -> None:
	"""Scan `text` into a field, key by key."""
	field = page.locator(f"[data-fieldname={fieldname}] input:visible")
	field.click()
	page.keyboard.type(text, delay=4)
	page.keyboard.press("Enter")
	expect(field).to_have_value("")


def named(page) -> list:
	return page.evaluate(
		"cur_frm.doc.traceability.filter(row => row.serial_nos).map(row => [row.qty, row.serial_nos])"
	)


def shown(page, text: str) -> None:
	expect(page.locator("#alert-container .desk-alert", has_text=text).first).to_be_visible()


def test_what_is_scanned_goes_into_the_rows_and_leaves_stock(packer, note):
	page = packer.open(f"delivery-note/{note['name']}")
	page.locator(".form-tabs .nav-link", has_text="Packing and Release").click()
	for number, serial in enumerate(note["serials"], 1):
		scan(page, "scan_traceability", serial)
		shown(page, f"{serial}. {number} of {QTY} named")
		assert named(page) == [[number, "\n".join(note["serials"][:number])]]
	# a fourth, the same again, and goods of somebody else
	scan(page, "scan_traceability", note["serials"][0])
	shown(page, f"names {note['serials'][0]} already")
	page.keyboard.press("Control+s")
	page.wait_for_function("!cur_frm.is_dirty()")
	assert named(page) == [[QTY, "\n".join(note["serials"])]]
	assert page.evaluate("[cur_frm.doc.items[0].qty, cur_frm.doc.items[0].serial_no]") == [
		QTY,
		"\n".join(note["serials"]),
	]


def test_the_field_of_erpnext_does_the_same(packer, note):
	page = packer.open(f"delivery-note/{note['name']}")
	scan(page, "scan_barcode", note["serials"][0])
	shown(page, f"1 of {QTY} named")
	assert named(page) == [[1, note["serials"][0]]]
	# the quantity is the order's, and what is left waits in a row of its own
	assert page.evaluate("cur_frm.doc.items.map(row => row.qty)") == [QTY]
	page.keyboard.press("Control+s")
	page.wait_for_function("!cur_frm.is_dirty()")
	assert page.evaluate("cur_frm.doc.traceability.map(row => row.qty)") == [1, QTY - 1]


def test_what_is_not_known_or_not_wanted_changes_nothing(packer, note):
	page = packer.open(f"delivery-note/{note['name']}")
	scan(page, "scan_barcode", "NO-SUCH-SERIAL")
	shown(page, "Cannot find Item")
	scan(page, "scan_barcode", "FD-CYL-50-H48213")
	shown(page, "FD-CYL-50 is not on this delivery note")
	assert named(page) == []
	assert page.evaluate("cur_frm.doc.items.length") == 1


def test_a_line_that_ships_less_names_less(packer, note):
	page = packer.open(f"delivery-note/{note['name']}")
	for serial in note["serials"]:
		scan(page, "scan_barcode", serial)
		shown(page, serial)
	page.evaluate("frappe.model.set_value('Delivery Note Item', cur_frm.doc.items[0].name, 'qty', 2)")
	page.wait_for_function("cur_frm.doc.traceability[0].qty === 2")
	assert named(page) == [[2, "\n".join(note["serials"][:2])]]


# Scan to Pack

SEND = "**/api/method/metalcraft_workflow.steps.scanning.send_scans"


@pytest.fixture(params=[1400, 390], ids=["desktop", "phone"])
def width(request, packer):
	packer.page.set_viewport_size({"width": request.param, "height": 860})
	yield request.param
	packer.context.set_offline(False)
	packer.page.set_viewport_size({"width": 1280, "height": 860})


def type_as_scanner(page, text: str) -> None:
	"""A scanner types, wherever the cursor is."""
	page.keyboard.type(text, delay=4)
	page.keyboard.press("Enter")


def total(page):
	return page.locator(".scan-total strong")


def test_the_page_counts_what_is_scanned_and_refuses_the_rest(packer, note, width):
	page = packer.open(f"delivery-note/{note['name']}")
	page.locator("button:visible", has_text="Scan").first.click() if width > 600 else packer.open(
		f"scan-to-pack?delivery={note['name']}"
	)
	expect(total(page)).to_have_text(f"0 of {QTY}")
	type_as_scanner(page, note["serials"][0])
	expect(total(page)).to_have_text(f"1 of {QTY}")
	expect(page.locator(".scan-result")).to_contain_text(f"1 of {QTY} {ITEM}")
	for code, words in (
		(note["serials"][0], "scanned already"),
		("NO-SUCH-SERIAL", "no serial number"),
		("FD-CYL-50-H48213", f"not on {note['name']}"),
	):
		type_as_scanner(page, code)
		expect(page.locator(".scan-refusal.scan-refused")).to_contain_text(words)
	expect(page.locator(".scan-refusal")).to_have_count(3)
	expect(total(page)).to_have_text(f"1 of {QTY}")
	page.reload()
	page.wait_for_load_state("networkidle")  # what is kept is drawn, and then again with what the server says
	expect(page.locator(".scan-refusal")).to_have_count(3)
	for left in (2, 1, 0):
		page.get_by_role("button", name="Seen").first.click()
		expect(page.locator(".scan-refusal")).to_have_count(left)
	page.reload()
	expect(total(page)).to_have_text(f"1 of {QTY}")
	expect(page.locator(".scan-refusal")).to_have_count(0)


def test_an_error_with_one_document_does_not_keep_the_others_waiting(packer, note, width):
	broken = "DN-BROKEN"
	page = packer.open(f"scan-to-pack?delivery={note['name']}")
	page.route(
		SEND,
		lambda route: (
			route.fulfill(status=500, body="{}") if broken in route.request.post_data else route.continue_()
		),
	)
	page.evaluate(
		"""name => localStorage.setItem(`metalcraft-scan|${frappe.session.user}|broken-0001`, JSON.stringify(
			{doctype: "Delivery Note", name, order: 1, scan: {id: "broken-0001", code: "X", qty: 1}}
		))""",
		broken,
	)
	type_as_scanner(page, note["serials"][0])
	expect(total(page)).to_have_text(f"1 of {QTY}", timeout=15_000)
	expect(page.locator(".scan-waiting")).to_contain_text(broken)
	page.goto(f"/app/scan-to-pack?delivery={broken}")
	page.get_by_role("button", name="Discard").click()
	page.locator(".modal.show .btn-primary").click()
	expect(page.locator(".scan-waiting")).to_be_hidden()
	page.unroute(SEND)


def test_without_a_connection_nothing_is_lost(packer, note, width):
	page = packer.open(f"scan-to-pack?delivery={note['name']}")
	expect(total(page)).to_have_text(f"0 of {QTY}")
	page.route(SEND, lambda route: route.abort())
	for serial in note["serials"]:
		type_as_scanner(page, serial)
	expect(page.locator(".scan-waiting")).to_contain_text(f"{QTY} scans wait to be sent")
	page.reload()
	expect(page.locator(".scan-waiting")).to_contain_text(f"{QTY} scans wait to be sent")
	expect(total(page)).to_have_text(f"0 of {QTY}")
	page.unroute(SEND)
	page.get_by_role("button", name="Try Again").click()
	expect(page.locator(".scan-all")).to_have_text("All is scanned.")
	expect(page.locator(".scan-waiting")).to_be_hidden()
	page.get_by_role("button", name="Open Delivery Note").click()
	page.wait_for_function("window.cur_frm && cur_frm.doc && cur_frm.doc.traceability")
	assert named(page) == [[QTY, "\n".join(note["serials"])]]
