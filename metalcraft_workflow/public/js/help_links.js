// What the menu Help offers on the pages of the process: the part of the docs that is about it.
frappe.provide("frappe.help.help_links");
{
	const docs = "https://github.com/metalcraft/metalcraft_workflow/blob/main/docs/";
	const link = (label, page) => ({ label, url: docs + page });
	const pages = {
		"my-work": [link("What to Do in Each Step", "staff.md")],
		"order-board": [link("What the Stage Means", "staff.md#what-the-stage-means")],
		"List/Sales Order": [
			link("Orders, Step by Step", "staff.md#step-4-sales-order-customer-support"),
			link("What the Stage Means", "staff.md#what-the-stage-means"),
		],
		"Form/Sales Order": [
			link("Orders, Step by Step", "staff.md#step-4-sales-order-customer-support"),
			link("Approval", "staff.md#step-5-approval-order-approver"),
			link("Waive a Requirement", "staff.md#waive-a-requirement"),
		],
		"List/Delivery Note": [link("Packing", "staff.md#step-8-packing-final-pack")],
		"Form/Delivery Note": [
			link("Packing", "staff.md#step-8-packing-final-pack"),
			link("Documents", "staff.md#step-9-documents-quality-assurance"),
			link("Clearance and Shipping", "staff.md#step-10-clearance-customer-support"),
		],
		"List/Production Notice": [
			link("Production Notices", "staff.md#step-6-production-notice-production"),
		],
		"Form/Production Notice": [
			link("Production Notices", "staff.md#step-6-production-notice-production"),
		],
		"Form/Stock Entry": [
			link("Transfer to Final Pack", "staff.md#step-7-transfer-to-final-pack-production"),
		],
		"Form/Sales Invoice": [link("Invoices", "staff.md#step-12-invoice-customer-support")],
		"Form/Workflow": [link("Gates and Workflows", "administrators.md#workflows")],
		"Form/Metalcraft Settings": [
			link(
				"Set Up in a Quarter of an Hour",
				"administrators.md#the-first-quarter-of-an-hour"
			),
			link("Gates and Waivers", "administrators.md#what-gates-demand-and-who-may-waive-it"),
		],
		Workspaces: [link("What to Do in Each Step", "staff.md")],
	};
	for (const [route, links] of Object.entries(pages)) {
		frappe.help.help_links[route] = [...links, ...(frappe.help.help_links[route] || [])];
	}
	// In the words of whoever reads it, which are there by now
	for (const links of Object.values(pages))
		links.forEach((each) => (each.label = __(each.label)));
}
