"""An administrator: the workspace, the settings, and the workflow that is theirs."""

import json
import re

from playwright.sync_api import expect

WORKFLOW = "Sales Order Approval"


def workflow_rows(admin) -> list[str]:
	"""What an administrator can set in the workflow, in a form to compare."""
	workflow = admin.call("frappe.client.get", doctype="Workflow", name=WORKFLOW)
	names = (
		"state",
		"doc_status",
		"allow_edit",
		"gate",
		"action",
		"next_state",
		"allowed",
		"condition",
		"reason_required",
	)
	return [
		json.dumps({name: row.get(name) for name in names if row.get(name)}, sort_keys=True)
		for row in workflow["states"] + workflow["transitions"]
	]


def test_the_workspace_counts_whose_turn_it_is(admin):
	page = admin.open("metalcraft")
	for title in ("Orders to Approve", "Deliveries to Ship", "Late Orders"):
		card = page.locator(".number-widget-box", has_text=title)
		expect(card.locator(".number")).to_have_text(re.compile(r"^\s*\d+\s*$"))
	expect(page.locator(".links-widget-box", has_text="Order and Approval")).to_be_visible()


def test_requirements_can_be_switched_but_not_added(admin):
	page = admin.open("metalcraft-settings")
	page.locator(".form-tabs a", has_text="Gates").click()
	grid = page.locator("[data-fieldname=gate_requirements]")
	expect(grid).to_contain_text("Request Approval")
	expect(grid.locator(".grid-add-row")).to_be_hidden()


def test_saving_in_the_workflow_builder_loses_no_gate_and_no_reason(admin):
	before = workflow_rows(admin)
	page = admin.open(f"workflow-builder/{WORKFLOW}")
	expect(page.locator(".vue-flow__node-state").first).to_be_visible()
	page.locator(".vue-flow__node-state", has_text="Pending Approval").first.click()
	expect(page.locator(".properties [data-fieldname=gate] select").first).to_have_value("request_approval")
	page.get_by_role("button", name="Save", exact=True).click()
	expect(page.get_by_text("Workflow updated successfully")).to_be_visible()
	assert workflow_rows(admin) == before
