"""Customer Support: an order from draft to asked for."""

from playwright.sync_api import expect


def test_the_checklist_says_what_is_missing_before_the_button_is_pressed(support):
	page = support.open_order(support.new_order())
	checklist = page.locator(".gate-checklist", has_text="Next: Request Approval")
	expect(checklist).to_contain_text("1 missing")
	expect(checklist).to_contain_text("Your turn")
	expect(checklist.locator("[data-requirement=po_number]")).to_contain_text("Met")

	checklist.locator("[data-requirement=po_file] button", has_text="Show").press("Enter")
	expect(page.locator("[data-fieldname=customer_po_file]:visible").first).to_be_in_viewport()


def test_the_server_refuses_with_the_same_sentence(support):
	page = support.open_order(support.new_order())
	sentence = page.locator(".gate-missing .gate-text").first.evaluate("e => e.firstChild.textContent.trim()")
	support.act("Request Approval")
	expect(page.locator(".msgprint:visible")).to_contain_text(sentence)
	assert page.evaluate("cur_frm.doc.workflow_state") == "Draft"


def test_asks_for_approval_when_nothing_is_missing(support):
	name = support.new_order()
	support.attach_po(name)
	page = support.open_order(name)
	expect(page.locator(".gate-checklist")).to_contain_text("Nothing missing")
	support.act("Request Approval")
	support.expect_state("Pending Approval")
	# The next step is somebody else's, and the form says whose
	expect(page.locator(".gate-checklist", has_text="Next: Approve")).to_contain_text("by Order Approver")


def test_is_told_to_save_before_the_checklist_counts(support):
	page = support.open_order(support.new_order())
	expect(page.locator(".gate-stale")).to_be_hidden()
	page.evaluate("cur_frm.set_value('po_no', 'UI-changed')")
	expect(page.locator(".gate-stale")).to_be_visible()


def test_finds_the_order_on_the_board(support):
	name = support.new_order()
	page = support.open("query-report/Open Orders")
	expect(page.locator(".report-summary")).to_contain_text("Open Orders")
	rows = page.evaluate("frappe.query_report.data.map(row => row.name)")
	assert name in rows
