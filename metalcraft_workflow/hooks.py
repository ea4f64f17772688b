app_name = "metalcraft_workflow"
app_title = "Metalcraft Workflow"
app_publisher = "Metalcraft Workflow contributors"
app_description = "The sales process of a manufacturer in ERPNext, from Lead to Closed"
app_email = "maintainers@example.com"
app_license = "mit"
required_apps = ["frappe/erpnext"]

# Setting up

before_install = "metalcraft_workflow.setup.install.before_install"
after_install = "metalcraft_workflow.setup.install.after_install"
after_sync = "metalcraft_workflow.setup.install.after_sync"
before_migrate = "metalcraft_workflow.setup.install.before_migrate"
before_uninstall = "metalcraft_workflow.setup.uninstall.before_uninstall"

# The desk: what the forms and lists show of the process

app_include_css = "metalcraft_workflow.bundle.css"

doctype_js = {
	"Sales Order": ["public/js/gate.js", "public/js/sales_order.js"],
	"Delivery Note": [
		"public/js/gate.js",
		"public/js/shipment_documents.js",
		"public/js/delivery_note.js",
		"public/js/conformance.js",
		"public/js/traceability.js",
		"public/js/trace.js",
	],
	"Batch": "public/js/trace.js",
	"Serial No": "public/js/trace.js",
	"Sales Invoice": "public/js/sales_invoice.js",
}
doctype_list_js = {"Sales Order": "public/js/sales_order_list.js"}

override_doctype_dashboards = {
	"Sales Order": "metalcraft_workflow.setup.connections.sales_order",
	"Delivery Note": "metalcraft_workflow.setup.connections.delivery_note",
}

# Only what nobody edits: a fixture is deleted and inserted anew at every migrate.
fixtures = [
	{
		"dt": "Role",
		"filters": [
			[
				"name",
				"in",
				[
					"Customer Support",
					"Order Approver",
					"Production",
					"Final Pack",
					"Quality Assurance",
					"Shipping",
				],
			]
		],
	},
	{"dt": "Role Profile"},
	{"dt": "Workflow State"},
	{"dt": "Workflow Action Master"},
]

# A site for tests is set up as ERPNext sets up its own
before_tests = "erpnext.setup.utils.before_tests"

# Where the steps live, in the order of the process, and the mechanism that they share

ENQUIRY = "metalcraft_workflow.steps.enquiry"
PURCHASE_ORDER = "metalcraft_workflow.steps.purchase_order"
APPROVAL = "metalcraft_workflow.steps.approval"
PRODUCTION = "metalcraft_workflow.steps.production"
TRANSFER = "metalcraft_workflow.steps.transfer"
BATCHES = "metalcraft_workflow.steps.batches"
FINAL_PACK = "metalcraft_workflow.steps.final_pack"
TRACEABILITY = "metalcraft_workflow.steps.traceability"
QUALITY = "metalcraft_workflow.steps.quality"
DOCUMENT_FILES = "metalcraft_workflow.steps.document_files"
CONFORMANCE = "metalcraft_workflow.steps.conformance"
CLEARANCE = "metalcraft_workflow.steps.clearance"
SHIPPING = "metalcraft_workflow.steps.shipping"
INVOICING = "metalcraft_workflow.steps.invoicing"
CLOSING = "metalcraft_workflow.steps.closing"
RETURNS = "metalcraft_workflow.steps.returns"
TRACKING = "metalcraft_workflow.steps.tracking"

GUARD = "metalcraft_workflow.gates.guard"
LINES = "metalcraft_workflow.gates.lines"
CREDIT = "metalcraft_workflow.gates.credit"
FIELDS = "metalcraft_workflow.setup.custom_fields"
NOTICE = "metalcraft_workflow.metalcraft_workflow.doctype.production_notice.production_notice"

# The process: which functions make up a gate ...

metalcraft_gates = {
	"request_approval": [f"{PURCHASE_ORDER}.purchase_order_requirements"],
	"approve": [
		f"{APPROVAL}.request_still_stands",
		f"{PURCHASE_ORDER}.differences_requirement",
		f"{APPROVAL}.credit_requirement",
		f"{PRODUCTION}.routed_requirement",
	],
	"complete_packing": [f"{FINAL_PACK}.requirements", f"{TRACEABILITY}.requirements"],
	"release_documents": [f"{QUALITY}.requirements"],
	"clear": [f"{CLEARANCE}.requirements"],
	"ship": [f"{SHIPPING}.requirements"],
	"receive_return": [f"{SHIPPING}.return_requirements"],
	"close": [f"{CLOSING}.requirements"],
}

# ... what passing it vouches for, so that a later change voids it ...

metalcraft_fingerprints = {
	"approve": [f"{APPROVAL}.approval_fingerprint"],
	"request_approval": [f"{APPROVAL}.approval_fingerprint"],
	"complete_packing": [f"{FINAL_PACK}.packing_fingerprint"],
	"release_documents": [f"{QUALITY}.documents_fingerprint"],
	"clear": [f"{CLEARANCE}.clearance_fingerprint"],
}

# ... and what passing it sets off.

metalcraft_effects = {
	"request_approval": [f"{APPROVAL}.stamp_request"],
	"void_request_approval": [f"{APPROVAL}.withdraw_request"],
	"approve": [
		f"{APPROVAL}.stamp_approval",
		f"{PRODUCTION}.notify_departments",
		f"{APPROVAL}.acknowledge",
	],
	"void_approve": [f"{APPROVAL}.withdraw_approval"],
	"release_documents": [f"{QUALITY}.accept"],
	"void_complete_packing": [f"{QUALITY}.withdraw_acceptance"],
	"void_release_documents": [f"{QUALITY}.withdraw_acceptance"],
	"ship": [f"{SHIPPING}.tell_customer"],
}

# The log outlives what it is about

ignore_links_on_delete = ["Release Record", "Conformance Certificate"]

# What customers see: the app's pages in ERPNext's portal, in place of its pages of the same documents

STANDARD_PAGES = "metalcraft_workflow.portal.standard_pages"
CALLS = "metalcraft_workflow.portal.calls"
ACCESS = "metalcraft_workflow.portal.access"

website_route_rules = [
	{"from_route": "/customer-orders/<path:name>", "to_route": "customer-order"},
	{"from_route": "/customer-quotations/<path:name>", "to_route": "customer-quotation"},
]
website_redirects = [
	{"source": r"/orders", "target": r"/customer-orders", "redirect_http_status": 302},
	{"source": r"/orders/(.+)", "target": r"/customer-orders/\1", "redirect_http_status": 302},
	{"source": r"/shipments(/.*)?", "target": r"/customer-orders", "redirect_http_status": 302},
	{"source": r"/quotations", "target": r"/customer-quotations", "redirect_http_status": 302},
	{
		"source": r"/quotations/(.+)",
		"target": r"/customer-quotations/\1",
		"redirect_http_status": 302,
	},
]
standard_portal_menu_items = [
	{
		"title": "Order Tracking",
		"route": "/customer-orders",
		"reference_doctype": "Sales Order",
		"role": "Customer",
	},
	{
		"title": "Quotations to Order",
		"route": "/customer-quotations",
		"reference_doctype": "Quotation",
		"role": "Customer",
	},
]
has_website_permission = {
	"Sales Order": f"{STANDARD_PAGES}.refuse",
	"Delivery Note": f"{STANDARD_PAGES}.refuse",
	"Sales Invoice": f"{STANDARD_PAGES}.submitted_only",
	"Quotation": f"{STANDARD_PAGES}.submitted_only",
}
has_permission = {"File": "metalcraft_workflow.gates.private_files.has_permission"}
override_whitelisted_methods = {
	"frappe.www.list.get": f"{STANDARD_PAGES}.get",
	"frappe.www.list.get_list_data": f"{STANDARD_PAGES}.get_list_data",
	"frappe.templates.includes.comments.comments.add_comment": f"{CALLS}.add_comment",
	"erpnext.selling.doctype.sales_order.sales_order.update_status": f"{CALLS}.update_order_status",
	"erpnext.stock.doctype.delivery_note.delivery_note.update_delivery_note_status": (
		f"{CALLS}.update_delivery_status"
	),
	"erpnext.accounts.doctype.sales_invoice.sales_invoice.create_invoice_discounting": (
		f"{CALLS}.create_invoice_discounting"
	),
}

# The documents' own events, in the order of the process. The guard comes first and last.

KEEP_DELIVERY = [f"{TRACKING}.keep_delivery", f"{CLOSING}.delivery_changed"]

# Who keeps files from being deleted
KEEP_FILES = [
	f"{CONFORMANCE}.keep_file",
	f"{DOCUMENT_FILES}.keep_earlier_version",
	f"{BATCHES}.keep_certificate",
]

# What happens to a line that is written or deleted without its document
LINE_EVENTS = ("validate", "before_update_after_submit", "before_cancel", "on_trash")

doc_events = {
	# Whose customers are
	"Contact": {"validate": [f"{ACCESS}.check_links"]},
	"Address": {"validate": [f"{ACCESS}.check_links"]},
	**{
		table: {event: [f"{ACCESS}.refuse_alone"] for event in LINE_EVENTS}
		for table in ("Dynamic Link", "Contact Email", "Contact Phone")
	},
	# Steps 1-3
	"Quotation": {
		"validate": [f"{ENQUIRY}.fill_customer_part_no"],
		"before_submit": [f"{ENQUIRY}.make_customer_of_lead"],
		"on_submit": [f"{ENQUIRY}.mark_lead_converted"],
	},
	# Steps 4-5
	"Customer": {"validate": [f"{APPROVAL}.check_credit_terms"]},
	"Customer Credit Limit": {event: [f"{APPROVAL}.check_credit_row"] for event in ("validate", "on_trash")},
	"Sales Order": {
		"before_insert": [
			f"{FIELDS}.clear_app_fields",
			f"{CLOSING}.keep_open_by_default",
		],
		"before_validate": [f"{GUARD}.before_validate", f"{TRACKING}.mark"],
		# Here the lines are priced, so the branch is chosen by what the order really comes to
		"validate": [
			f"{ENQUIRY}.fill_customer_part_no",
			f"{PURCHASE_ORDER}.set_differences",
			f"{APPROVAL}.set_credit_hold_reason",
			f"{GUARD}.choose_branch",
			f"{GUARD}.check",
		],
		"before_submit": [f"{CREDIT}.lift_limit"],
		"before_update_after_submit": [
			f"{GUARD}.check",
			f"{PURCHASE_ORDER}.set_differences",
			f"{CREDIT}.lift_limit",
		],
		"before_cancel": [f"{GUARD}.check"],
		"on_update": [f"{APPROVAL}.release_credit", f"{GUARD}.record_passage"],
		"on_submit": [f"{CREDIT}.put_back_limit", f"{GUARD}.record_passage"],
		"on_update_after_submit": [
			f"{CREDIT}.put_back_limit",
			f"{APPROVAL}.record_further_change",
			f"{GUARD}.record_passage",
			f"{PRODUCTION}.notify_of_notes",
			f"{TRANSFER}.keep_figures_of_order",
		],
		"on_cancel": [
			f"{GUARD}.record_passage",
			f"{PRODUCTION}.notify_of_cancel",
		],
		"on_trash": [f"{GUARD}.check_delete"],
		"before_change": [f"{CLOSING}.check_status_change"],
		"on_change": [f"{TRACKING}.keep_order", f"{CLOSING}.order_changed"],
	},
	# Lines that are written on their own, as "Update Items" does with those of a submitted order
	"Sales Order Item": {
		"validate": [f"{LINES}.check_editor", f"{CREDIT}.lift_limit_for_line"],
		"before_update_after_submit": [f"{LINES}.check_editor", f"{CREDIT}.lift_limit_for_line"],
		"before_cancel": [f"{LINES}.check_editor", f"{CREDIT}.lift_limit_for_line"],
		"on_trash": [f"{LINES}.check_editor"],
	},
	# Other tables of an order or a delivery
	**{
		table: {event: [f"{LINES}.check_editor"] for event in LINE_EVENTS}
		for table in ("Sales Taxes and Charges", "Payment Schedule", "Packed Item", "Required Document")
	},
	# Step 7
	"Stock Entry": {
		"validate": [f"{TRANSFER}.check"],
		"before_cancel": [f"{TRANSFER}.lock"],
		"on_submit": [
			f"{TRANSFER}.keep_figures",
			f"{TRACKING}.keep_transfer",
			f"{BATCHES}.fill_from_work_order",
		],
		"on_cancel": [f"{TRANSFER}.keep_figures", f"{TRACKING}.keep_transfer"],
	},
	# Where the goods of step 8 come from
	"Purchase Receipt": {
		"on_submit": [f"{BATCHES}.fill_from_receipt"],
		"before_cancel": [f"{BATCHES}.take_back_receipt"],
	},
	"Batch": {"validate": [f"{BATCHES}.check_certificates"]},
	# Steps 8-11
	"Delivery Note": {
		"onload": [f"{DOCUMENT_FILES}.tell_offers"],
		"before_insert": [f"{FIELDS}.clear_app_fields"],
		"before_validate": [
			f"{GUARD}.before_validate",
			f"{TRACKING}.mark",
			f"{RETURNS}.prepare",
			f"{FINAL_PACK}.prepare",
			f"{TRACEABILITY}.prepare",
			f"{QUALITY}.prepare",
			f"{GUARD}.choose_branch",
		],
		"validate": [
			f"{ENQUIRY}.fill_customer_part_no",
			f"{FINAL_PACK}.check_lines",
			f"{TRACEABILITY}.fill_and_check",
			f"{RETURNS}.check_receipt",
			f"{GUARD}.check",
		],
		"before_update_after_submit": [f"{GUARD}.check"],
		"before_submit": [f"{CREDIT}.lift_limit"],
		"before_cancel": [f"{GUARD}.check", f"{RETURNS}.prepare", f"{CLOSING}.reopen_before_cancel"],
		"after_insert": [f"{TRACKING}.place_outside"],
		"on_update": [f"{GUARD}.record_passage", f"{CONFORMANCE}.keep", *KEEP_DELIVERY],
		"on_submit": [
			f"{CREDIT}.put_back_limit",
			f"{GUARD}.record_passage",
			f"{RETURNS}.received",
			*KEEP_DELIVERY,
		],
		"on_update_after_submit": [f"{GUARD}.record_passage", f"{INVOICING}.pass_on_tracking"],
		"on_cancel": [
			f"{GUARD}.record_passage",
			f"{CONFORMANCE}.keep",
			f"{RETURNS}.received",
			*KEEP_DELIVERY,
		],
		"on_trash": [f"{GUARD}.check_delete"],
		"after_delete": KEEP_DELIVERY,
		"before_change": [f"{CLOSING}.check_status_change"],
	},
	"Delivery Note Item": {event: [f"{LINES}.check_editor"] for event in LINE_EVENTS},
	"Traceability Entry": {event: [f"{LINES}.check_editor"] for event in LINE_EVENTS},
	**{
		table: {event: [f"{LINES}.refuse_alone"] for event in LINE_EVENTS}
		for table in (
			"Shipment Document",
			"Shipment Document Version",
			"Batch Certificate",
			"Conformance Certificate Item",
			"Return Authorization Item",
		)
	},
	"File": {
		"before_validate": [
			f"{DOCUMENT_FILES}.keep_file",
			f"{BATCHES}.keep_certificate",
			f"{CONFORMANCE}.keep_file",
		],
		"on_trash": [*KEEP_FILES, f"{CONFORMANCE}.on_file_trash", f"{DOCUMENT_FILES}.on_file_trash"],
	},
	# Step 12
	"Sales Invoice": {
		"before_validate": [f"{INVOICING}.fill_tracking"],
		"before_update_after_submit": [f"{INVOICING}.fill_tracking"],
		"validate": [f"{SHIPPING}.refuse_stock_invoice", f"{RETURNS}.check_credit"],
		"before_submit": [f"{CREDIT}.lift_limit"],
		"on_submit": [
			f"{CREDIT}.put_back_limit",
			f"{TRACKING}.keep_invoice",
			f"{INVOICING}.send_on_submit",
		],
		"before_cancel": [f"{CLOSING}.reopen_before_cancel"],
		"on_cancel": [f"{TRACKING}.keep_invoice"],
		# Steps 13-14: whatever pays an invoice changes what is outstanding on it
		"on_change": [f"{CLOSING}.invoice_changed"],
		"after_delete": [f"{CLOSING}.invoice_changed"],
	},
	# Goods that come back, after any of the steps
	"Return Authorization": {
		"on_submit": [f"{RETURNS}.authorized", f"{CLOSING}.return_changed"],
		"on_update_after_submit": [f"{RETURNS}.changed", f"{CLOSING}.return_changed"],
		"on_cancel": [f"{RETURNS}.changed", f"{CLOSING}.return_changed"],
	},
}

# Files that stay are asked about before Frappe deletes their content, too

metalcraft_kept_files = KEEP_FILES
delete_file_data_content = "metalcraft_workflow.gates.kept_files.delete_content"

# What templates can call

jinja = {
	"methods": [
		f"{PRODUCTION}.production_work",
		"metalcraft_workflow.gates.contents.certified_contents",
		"metalcraft_workflow.gates.contents.delivery_contents",
		"metalcraft_workflow.gates.message.typed_text",
		"metalcraft_workflow.gates.prints.qr_code",
		"metalcraft_workflow.gates.prints.repeats_headings",
	]
}

# What an event missed

scheduler_events = {
	"all": [f"{NOTICE}.deliver", "metalcraft_workflow.gates.mail_package.add_packages"],
	"hourly_long": [f"{CLOSING}.sweep"],
}
