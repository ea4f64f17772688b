"""Order Approver: sends back with a reason, then approves."""

import pytest
from playwright.sync_api import expect

REASON = "The price of line 1 is not what we quoted."


@pytest.fixture
def asked_for(support) -> str:
	"""An order that waits for approval."""
	name = support.new_order()
	support.attach_po(name)
	support.open_order(name)
	support.act("Request Approval")
	support.expect_state("Pending Approval")
	return name


def test_sends_back_with_a_reason_that_support_reads_first(approver, support, asked_for):
	page = approver.open_order(asked_for)
	approver.act("Send Back")
	dialog = page.locator(".modal.show")
	dialog.locator("textarea").fill(REASON)
	dialog.locator(".btn-primary", has_text="Send Back").click()
	approver.expect_state("Sent Back")

	page = support.open_order(asked_for)
	expect(page.locator(".gate-checklist").first).to_contain_text(REASON)
	expect(page.locator(".gate-checklist").first).to_contain_text("Priya Nair")


def test_may_think_again(approver, asked_for):
	page = approver.open_order(asked_for)
	approver.act("Send Back")
	page.locator(".modal.show .btn-modal-close").click()
	expect(page.locator("#freeze")).to_have_count(0)
	approver.expect_state("Pending Approval")
	approver.act("Approve")
	approver.expect_state("Approved")


def test_approved_orders_are_known_by_their_stage(approver, asked_for):
	page = approver.open_order(asked_for)
	approver.act("Approve")
	approver.expect_state("Approved")
	expect(page.locator(".page-head:visible .indicator-pill").first).to_have_text("In Production")
	expect(page.locator(".gate-checklist")).to_contain_text("Next: Production")
