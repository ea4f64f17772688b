app_name = "erpnext"
app_title = "ERPNext, a stand-in"
app_publisher = "Metalcraft Workflow contributors"
app_description = "What the sandbox has in the place of ERPNext"
app_email = "maintainers@example.com"
app_license = "mit"

after_install = "erpnext.setup.install.after_install"
setup_wizard_complete = "erpnext.setup.install.setup_complete"

app_include_js = "/assets/erpnext/js/erpnext.js"

doc_events = {
	"User": {"validate": ["erpnext.setup.portal.give_customer_role"]},
}

standard_portal_menu_items = [
	{"title": "Orders", "route": "/orders", "reference_doctype": "Sales Order", "role": "Customer"},
	{"title": "Invoices", "route": "/invoices", "reference_doctype": "Sales Invoice", "role": "Customer"},
	{"title": "Shipments", "route": "/shipments", "reference_doctype": "Delivery Note", "role": "Customer"},
	{"title": "Issues", "route": "/issues", "reference_doctype": "Issue", "role": "Customer"},
]

has_website_permission = {
	doctype: "erpnext.controllers.website_list_for_contact.has_website_permission"
	for doctype in ("Sales Order", "Quotation", "Sales Invoice", "Delivery Note")
} | {"Issue": "erpnext.support.doctype.issue.issue.has_website_permission"}

website_route_rules = [
	{"from_route": "/invoices", "to_route": "list", "defaults": {"doctype": "Sales Invoice"}},
] + [
	{
		"from_route": f"/{route}/<path:name>",
		"to_route": "order",
		"defaults": {"doctype": doctype, "parents": [{"label": route.title(), "route": route}]},
	}
	for route, doctype in (
		("orders", "Sales Order"),
		("invoices", "Sales Invoice"),
		("shipments", "Delivery Note"),
		("quotations", "Quotation"),
	)
]
