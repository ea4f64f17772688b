// What the menu Help offers on the pages of the process: the part of the docs that is about it.
frappe.provide("frappe.help.help_links");
{
	const docs = "https://github.com/metalcraft/metalcraft_workflow/blob/main/docs/";
	const link = (label, page) => ({ label, url: docs + page });
	const pages = {
		"my-work": [link("What to Do in Each Step", "staff.md")],
		"order-board": [link("What the Stage Means", "staff.md#what-the-stage-means")],
		"review-desk": [link("Approval", "roles/order-approver.md#step-5-approval")],
		"scan-to-pack": [
			link("Scan to Pack", "roles/final-pack.md#scan-to-pack-production-final-pack"),
		],
		"List/Sales Order": [
			link("Orders, Step by Step", "roles/customer-support.md#step-4-sales-order"),
			link("What the Stage Means", "staff.md#what-the-stage-means"),
		],
		"Form/Sales Order": [
			link("Orders, Step by Step", "roles/customer-support.md#step-4-sales-order"),
			link("Approval", "roles/order-approver.md#step-5-approval"),
			link("Waive a Requirement", "staff.md#waive-a-requirement"),
		],
		"List/Delivery Note": [link("Packing", "roles/final-pack.md#step-8-packing")],
		"Form/Delivery Note": [
			link("Packing", "roles/final-pack.md#step-8-packing"),
			link("Documents", "roles/quality-assurance.md#step-9-documents"),
			link("Clearance", "roles/customer-support.md#step-10-clearance"),
			link("Shipping", "roles/shipping.md#step-11-shipping"),
		],
		"List/Production Notice": [
			link("Production Notices", "roles/production.md#step-6-production-notice"),
		],
		"Form/Production Notice": [
			link("Production Notices", "roles/production.md#step-6-production-notice"),
		],
		"Form/Stock Entry": [
			link("Transfer to Final Pack", "roles/production.md#step-7-transfer-to-final-pack"),
		],
		"Form/Sales Invoice": [link("Invoices", "roles/customer-support.md#step-12-invoice")],
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
