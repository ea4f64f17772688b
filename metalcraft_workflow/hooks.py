"""What Frappe calls of the app, and when: the table of contents.

In this order: setting up, the process with its gates and document events, customers, the desk, what an
event missed. Where handlers share an event, they run in the order in which they stand; where that matters,
half a line says why. `docs/developers.md` follows one save of a delivery note through them.
"""

app_name = "metalcraft_workflow"
app_title = "Metalcraft Workflow"
app_publisher = "Metalcraft Workflow contributors"
app_description = "The sales process of a manufacturer in ERPNext, from Lead to Closed"
app_email = "maintainers@example.com"
app_license = "mit"
required_apps = ["frappe/erpnext"]

# Frappe takes every public name of this module for a hook, so what only abbreviates is private
_APP = "metalcraft_workflow"

_GUARD = f"{_APP}.gates.guard"
_LINES = f"{_APP}.gates.lines"
_CREDIT_LIMIT = f"{_APP}.facts.credit_limit"
_KEPT = f"{_APP}.files.kept"
_PRIVATE = f"{_APP}.files.private"

_ENQUIRY = f"{_APP}.steps.enquiry"  # 1-3
_PURCHASE_ORDER = f"{_APP}.steps.purchase_order"  # 4
_APPROVAL = f"{_APP}.steps.approval"  # 5
_CREDIT = f"{_APP}.steps.credit"  # 5
_PRODUCTION = f"{_APP}.steps.production"  # 6
_TRANSFER = f"{_APP}.steps.transfer"  # 7
_BATCHES = f"{_APP}.steps.batches"  # before 8
_FINAL_PACK = f"{_APP}.steps.final_pack"  # 8
_SCANNING = f"{_APP}.steps.scanning"  # 7-8
_TRACEABILITY = f"{_APP}.steps.traceability"  # 8
_QUALITY = f"{_APP}.steps.quality"  # 9
_DOCUMENT_FILES = f"{_APP}.steps.document_files"  # 9
_CONFORMANCE = f"{_APP}.steps.conformance"  # 9
_CLEARANCE = f"{_APP}.steps.clearance"  # 10
_SHIPPING = f"{_APP}.steps.shipping"  # 11
_INVOICING = f"{_APP}.steps.invoicing"  # 12
_EXCHANGE_DIFFERENCE = f"{_APP}.steps.exchange_difference"  # 12
_CLOSING = f"{_APP}.steps.closing"  # 13-14
_RETURNS = f"{_APP}.steps.returns"  # goods that come back
_TRACKING = f"{_APP}.steps.tracking"  # the stage, after every step

# ------------------------------------------------------------------------------------------ setting up

before_install = f"{_APP}.setup.install.before_install"
after_install = f"{_APP}.setup.install.after_install"
after_sync = f"{_APP}.setup.install.after_sync"
before_migrate = f"{_APP}.setup.install.before_migrate"
before_uninstall = f"{_APP}.setup.uninstall.before_uninstall"

# A site for tests is set up as ERPNext sets up its own
before_tests = "erpnext.setup.utils.before_tests"

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

# The log outlives what it is about
ignore_links_on_delete = ["Release Record", "Conformance Certificate", "Pack Scan"]

# ----------------------------------------------------------------------------------------- the process

# Which functions make up a gate. The gates themselves are in `rules.path`.
metalcraft_gates = {
	"request_approval": [f"{_PURCHASE_ORDER}.purchase_order_requirements", f"{_APPROVAL}.quantities"],
	"approve": [
		f"{_APPROVAL}.request_still_stands",
		f"{_PURCHASE_ORDER}.differences_requirement",
		f"{_CREDIT}.requirements",
		f"{_PRODUCTION}.routed_requirement",
	],
	"complete_packing": [f"{_FINAL_PACK}.requirements", f"{_TRACEABILITY}.requirements"],
	"release_documents": [f"{_QUALITY}.requirements"],
	"clear": [f"{_CLEARANCE}.requirements"],
	"ship": [f"{_SHIPPING}.requirements"],
	"receive_return": [f"{_SHIPPING}.return_requirements"],
	"close": [f"{_CLOSING}.requirements"],
}

# What passing it vouches for, so that a later change voids it. A record keeps which functions made its
# fingerprint: one that a release was made by is never changed, it gets a next version beside it.
metalcraft_fingerprints = {
	"approve": [f"{_APPROVAL}.approval_fingerprint_2"],
	"request_approval": [f"{_APPROVAL}.approval_fingerprint_2"],
	"complete_packing": [f"{_FINAL_PACK}.packing_fingerprint_2"],
	"release_documents": [f"{_QUALITY}.documents_fingerprint_1"],
	"clear": [
		f"{_FINAL_PACK}.packing_fingerprint_2",
		f"{_QUALITY}.documents_fingerprint_1",
		f"{_CLEARANCE}.clearance_fingerprint_2",
	],
	"close": [f"{_CLOSING}.accepted_figures_1"],
}
# Those of records from before they kept them
metalcraft_first_fingerprints = {
	"approve": [f"{_APPROVAL}.approval_fingerprint_1"],
	"request_approval": [f"{_APPROVAL}.approval_fingerprint_1"],
	"complete_packing": [f"{_FINAL_PACK}.packing_fingerprint_1"],
	"release_documents": [f"{_QUALITY}.documents_fingerprint_1"],
	"clear": [f"{_CLEARANCE}.clearance_fingerprint_1"],
}

# What passing it sets off.
metalcraft_effects = {
	"request_approval": [f"{_APPROVAL}.stamp_request"],
	"void_request_approval": [f"{_APPROVAL}.withdraw_request"],
	"approve": [
		f"{_APPROVAL}.stamp_approval",
		f"{_PRODUCTION}.notify_departments",
		f"{_APPROVAL}.acknowledge",
	],
	"void_approve": [f"{_APPROVAL}.withdraw_approval"],
	"release_documents": [f"{_QUALITY}.accept"],
	"void_complete_packing": [f"{_QUALITY}.withdraw_acceptance"],
	"void_release_documents": [f"{_QUALITY}.withdraw_acceptance"],
	"ship": [f"{_SHIPPING}.mail_shipment"],
	"waive_close": [f"{_CLOSING}.difference_accepted"],
}

# Who refuses that a file is deleted, moved or made public; asked before Frappe deletes its content, too
metalcraft_kept_files = [f"{_KEPT}.protect"]
delete_file_data_content = f"{_KEPT}.delete_content"

# How a notice reaches a production department: the last app that names a channel sends it
metalcraft_notice_channel = [f"{_APP}.outgoing.production_notices.by_mail"]

# What happens to a row that is written or deleted without its document
_ROW_EVENTS = ("validate", "before_update_after_submit", "before_cancel", "on_trash")


def _on_row_events(handler: str, *tables: str) -> dict[str, dict[str, list[str]]]:
	return {table: {event: [handler] for event in _ROW_EVENTS} for table in tables}


# A document that names a private file; of the many DocTypes that are not here, the File is asked itself
_NAMES_FILES = f"{_PRIVATE}.check_fields"

# What became of the mails to the customer, for the form
_MAILS = f"{_APP}.outgoing.sent_mails.show"
# Times as the form writes them, or it says "Not Saved" at once
_TIMES = f"{_APP}.desk.forms.write_times"

# Whatever may change the stage of a delivery's orders, or settle them
_DELIVERY_CHANGED = [f"{_TRACKING}.sync_delivery", f"{_CLOSING}.delivery_changed"]

doc_events = {
	# Steps 1-3
	"Quotation": {
		"validate": [f"{_ENQUIRY}.fill_customer_part_no"],
		"before_submit": [f"{_ENQUIRY}.make_customer_of_lead"],
		"on_submit": [f"{_ENQUIRY}.mark_lead_converted"],
	},
	# Steps 4-6, 13-14
	"Customer": {"validate": [f"{_CREDIT}.check_credit_terms", _NAMES_FILES]},
	"Customer Credit Limit": {event: [f"{_CREDIT}.check_credit_row"] for event in ("validate", "on_trash")},
	"Sales Order": {
		"onload": [_MAILS],
		"before_insert": [
			f"{_APP}.setup.custom_fields.clear_app_fields",
			f"{_CLOSING}.keep_open_by_default",  # one of the fields just cleared
		],
		"before_validate": [
			f"{_GUARD}.before_validate",  # first: it sees what the user sent
			f"{_TRACKING}.set_follows_process",
		],
		"validate": [
			_NAMES_FILES,
			f"{_ENQUIRY}.fill_customer_part_no",
			f"{_PURCHASE_ORDER}.normalize_number",
			f"{_PURCHASE_ORDER}.set_differences",  # here the lines are priced
			f"{_CREDIT}.set_hold_reason",  # and the total is known
			f"{_GUARD}.choose_branch",  # by what the two before have found
			f"{_GUARD}.check",  # of the document as it will be stored
			f"{_TRACKING}.set_stage",  # last: the guard has said where it is
		],
		"before_submit": [f"{_CREDIT_LIMIT}.lift_limit"],
		"before_update_after_submit": [
			f"{_GUARD}.check",  # first: there is no `before_validate` here
			_NAMES_FILES,
			f"{_PURCHASE_ORDER}.normalize_number",
			f"{_PURCHASE_ORDER}.set_differences",
			f"{_CREDIT_LIMIT}.lift_limit",
		],
		"before_cancel": [f"{_GUARD}.check"],
		"after_insert": [f"{_TRACKING}.begin_records"],
		"on_update": [
			f"{_CREDIT}.record_release",  # a waiver, which the passage then counts
			f"{_GUARD}.record_passage",
		],
		"on_submit": [
			f"{_CREDIT_LIMIT}.put_back_limit",  # first: ERPNext has checked it
			f"{_GUARD}.record_passage",
		],
		"on_update_after_submit": [
			f"{_CREDIT_LIMIT}.put_back_limit",  # as above
			f"{_APPROVAL}.record_further_change",  # before the passage is done with
			f"{_GUARD}.record_passage",
			f"{_PRODUCTION}.notify_of_notes",
			f"{_TRANSFER}.sync_figures_of_order",
		],
		"on_cancel": [
			f"{_GUARD}.record_passage",
			f"{_PRODUCTION}.notify_of_cancel",
		],
		"on_trash": [f"{_GUARD}.check_delete"],
		"before_change": [f"{_CLOSING}.check_status_change", f"{_CLOSING}.check_under_way"],
		"on_change": [
			f"{_TRACKING}.sync_order",
			f"{_CLOSING}.order_changed",
			f"{_CLOSING}.end_reservations",
		],
	},
	# "Update Items" writes the lines of a submitted order one by one
	"Sales Order Item": {
		"validate": [f"{_LINES}.check_row", f"{_CREDIT_LIMIT}.lift_limit_for_line"],
		"before_update_after_submit": [f"{_LINES}.check_row", f"{_CREDIT_LIMIT}.lift_limit_for_line"],
		"before_cancel": [
			f"{_LINES}.check_row",
			f"{_LINES}.check_not_under_way",
			f"{_CREDIT_LIMIT}.lift_limit_for_line",
		],
		"on_trash": [f"{_LINES}.check_row", f"{_LINES}.check_not_under_way"],
	},
	# Other tables of an order or a delivery, all of them
	**_on_row_events(
		f"{_LINES}.check_row",
		"Delivery Note Item",
		"Item Wise Tax Detail",  # from ERPNext 16 on
		"Packed Item",
		"Payment Schedule",
		"Pricing Rule Detail",
		"Required Document",
		"Sales Taxes and Charges",
		"Sales Team",
		"Traceability Entry",
	),
	# Tables whose document checks and stamps them
	**_on_row_events(
		f"{_LINES}.refuse_alone",
		"Shipment Document",
		"Shipment Document Version",
		"Batch Certificate",
		"Conformance Certificate Item",
		"Return Authorization Item",
	),
	# Step 7
	"Stock Entry": {
		"onload": [_TIMES, f"{_SCANNING}.set_offer"],
		"validate": [f"{_TRANSFER}.check"],
		"before_submit": [f"{_TRANSFER}.free_reserved"],
		"before_cancel": [
			f"{_TRANSFER}.lock",
			f"{_TRANSFER}.free_reserved",
		],
		"on_submit": [
			f"{_TRANSFER}.reserve_again",
			f"{_TRANSFER}.sync_figures",
			f"{_TRACKING}.sync_transfer",  # the stage follows from the figures
			f"{_CLOSING}.transfer_changed",
			f"{_BATCHES}.fill_from_work_order",
		],
		"on_cancel": [
			f"{_TRANSFER}.reserve_again",
			f"{_TRANSFER}.sync_figures",
			f"{_TRACKING}.sync_transfer",
			f"{_CLOSING}.transfer_changed",
		],
	},
	# Where the goods of step 8 come from
	"Purchase Receipt": {
		"onload": [_TIMES],
		"on_submit": [f"{_BATCHES}.fill_from_receipt"],
		"before_cancel": [f"{_BATCHES}.take_back_receipt"],
	},
	"Batch": {"validate": [f"{_BATCHES}.check_certificates", _NAMES_FILES]},
	# Steps 8-11
	"Delivery Note": {
		"onload": [f"{_DOCUMENT_FILES}.set_offers", _MAILS, _TIMES, f"{_SCANNING}.set_offer"],
		"before_insert": [
			f"{_APP}.setup.custom_fields.clear_app_fields",
			f"{_TRACEABILITY}.forget_bundles",
		],
		"before_validate": [
			f"{_GUARD}.before_validate",  # first: it sees what the user sent
			f"{_TRACKING}.set_follows_process",  # all that follow ask for it
			f"{_RETURNS}.prepare",
			f"{_FINAL_PACK}.prepare",  # locks the orders, which the next two rely on
			f"{_TRACEABILITY}.prepare",  # before ERPNext chooses batches of its own
			f"{_QUALITY}.prepare",  # by the batches just named
			f"{_GUARD}.choose_branch",  # by what the steps have found
			f"{_FINAL_PACK}.lift_stops",  # last: by where the delivery is going
		],
		"validate": [
			f"{_FINAL_PACK}.put_back_stops",  # first: ERPNext has looked
			f"{_ENQUIRY}.fill_customer_part_no",
			f"{_FINAL_PACK}.keep_parts",  # the next two look at them
			f"{_FINAL_PACK}.check_lines",
			f"{_TRACEABILITY}.fill_and_check",  # after ERPNext has chosen what nobody did
			f"{_RETURNS}.check_receipt",
			f"{_RETURNS}.name_parts",
			f"{_SHIPPING}.check_packages",
			f"{_GUARD}.check",  # last: of the document as it will be stored
		],
		"before_update_after_submit": [f"{_GUARD}.check"],
		"before_submit": [
			f"{_RETURNS}.count_as_return",
			f"{_CREDIT_LIMIT}.lift_limit",
			f"{_TRACKING}.let_stages_wait",
		],
		"before_cancel": [
			f"{_GUARD}.check",
			f"{_FINAL_PACK}.hold_bundles",
			f"{_RETURNS}.count_as_return",
			f"{_RETURNS}.prepare",
			f"{_TRACKING}.let_stages_wait",
			f"{_CLOSING}.reopen_before_cancel",  # or ERPNext refuses the cancel
		],
		"after_insert": [
			f"{_TRACKING}.begin_records",
			f"{_TRACKING}.place_outside",
			f"{_FINAL_PACK}.taken_up",
		],
		"on_update": [
			f"{_GUARD}.record_passage",
			f"{_CONFORMANCE}.void_outdated",  # asks where the passage has led to
			*_DELIVERY_CHANGED,
			f"{_RETURNS}.hold_parts",  # last: until ERPNext has chosen batches and serial numbers
		],
		"on_submit": [
			f"{_CREDIT_LIMIT}.put_back_limit",  # first: ERPNext has checked it
			f"{_RETURNS}.let_go_of_parts",  # as soon: it has chosen
			f"{_GUARD}.record_passage",
			f"{_RETURNS}.received",
			*_DELIVERY_CHANGED,
		],
		"on_update_after_submit": [f"{_GUARD}.record_passage", f"{_INVOICING}.pass_on_tracking"],
		"on_cancel": [
			f"{_GUARD}.record_passage",
			f"{_CONFORMANCE}.void_outdated",
			f"{_RETURNS}.received",
			*_DELIVERY_CHANGED,
		],
		"on_trash": [f"{_GUARD}.check_delete"],
		"after_delete": _DELIVERY_CHANGED,
		"before_change": [f"{_CLOSING}.check_status_change"],
	},
	"File": {
		"before_validate": [f"{_PRIVATE}.check", f"{_KEPT}.protect"],
		"on_trash": [
			f"{_KEPT}.protect",  # first: what is kept loses no row
			f"{_CONFORMANCE}.on_file_trash",
			f"{_DOCUMENT_FILES}.on_file_trash",
		],
	},
	# What says that a customer was told, and that it was once
	"Communication": {
		event: [f"{_APP}.outgoing.stamps.protect"]
		for event in ("validate", "before_change", "before_rename", "on_trash")
	},
	# Steps 12-14
	"Sales Invoice": {
		"onload": [_MAILS, _TIMES],
		"before_validate": [
			f"{_INVOICING}.fill_tracking",
			f"{_INVOICING}.drop_foreign_advances",
			f"{_INVOICING}.keep_prices",
		],
		"before_update_after_submit": [f"{_INVOICING}.fill_tracking"],
		"validate": [f"{_SHIPPING}.refuse_stock_invoice", f"{_RETURNS}.check_credit"],
		"before_submit": [
			f"{_CREDIT_LIMIT}.lift_limit",
			f"{_EXCHANGE_DIFFERENCE}.begin",
			f"{_TRACKING}.let_stages_wait",
		],
		"on_submit": [
			f"{_CREDIT_LIMIT}.put_back_limit",  # first: ERPNext has checked it
			f"{_EXCHANGE_DIFFERENCE}.end",  # and booked it
			f"{_TRACKING}.sync_invoice",
			f"{_INVOICING}.send_on_submit",
		],
		"before_cancel": [
			f"{_TRACKING}.let_stages_wait",
			f"{_CLOSING}.reopen_before_cancel",  # or ERPNext refuses the cancel
		],
		"on_cancel": [f"{_TRACKING}.sync_invoice"],
		# Whatever pays an invoice changes what is outstanding on it
		"on_change": [f"{_CLOSING}.invoice_changed"],
		"after_delete": [f"{_CLOSING}.invoice_changed"],
	},
	# Goods that come back, after any of the steps
	"Return Authorization": {
		"on_submit": [f"{_RETURNS}.authorized", f"{_CLOSING}.return_changed"],
		"on_update_after_submit": [f"{_RETURNS}.changed", f"{_CLOSING}.return_changed"],
		"on_cancel": [f"{_RETURNS}.changed", f"{_CLOSING}.return_changed"],
	},
	# Whose customers are
	"Contact": {"validate": [f"{_APP}.access.customers.check_links", _NAMES_FILES]},
	"Address": {"validate": [f"{_APP}.access.customers.check_links"]},
	**_on_row_events(
		f"{_APP}.access.customers.refuse_alone", "Dynamic Link", "Contact Email", "Contact Phone"
	),
	# Others that name a picture or a file, and that many people write
	**{
		doctype: {"validate": [_NAMES_FILES]}
		for doctype in ("User", "Issue", "Lead", "Supplier", "Item", "Employee", "Video")
	},
}

# What release records name, and what fingerprints are made of: a rename of it is no change
_NAMED = (
	"Address",
	"Batch",
	"Company",
	"Currency",
	"Customer",
	"Incoterm",
	"Item",
	"Payment Term",
	"Payment Terms Template",
	"Purchase Order",
	"Purchase Receipt",
	"Shipment Document Type",
	"Supplier",
	"UOM",
	"User",
	"Warehouse",
	"Workflow State",
)
for _doctype in _NAMED:
	doc_events.setdefault(_doctype, {})["after_rename"] = [f"{_APP}.gates.names.keep"]

# Documents of the process, which keep their names; certificates and records see to it themselves
for _doctype in (
	"Quotation",
	"Sales Order",
	"Production Notice",
	"Delivery Note",
	"Sales Invoice",
	"Return Authorization",
):
	doc_events.setdefault(_doctype, {})["before_rename"] = [f"{_GUARD}.refuse_rename"]

# What templates of mails and prints can call
jinja = {
	"methods": [
		f"{_PRODUCTION}.production_work",
		f"{_APP}.outgoing.contents.certified_contents",
		f"{_APP}.outgoing.contents.delivery_contents",
		f"{_APP}.outgoing.contents.billed_lines",
		f"{_APP}.facts.promise.is_under_review",
		f"{_APP}.gates.message.typed_text",
		f"{_APP}.gates.numbers.written_qty",
		f"{_APP}.gates.numbers.written_money",
		f"{_APP}.gates.numbers.written_price",
		f"{_APP}.gates.numbers.written_day",
		f"{_APP}.gates.numbers.written_time",
		f"{_APP}.gates.numbers.amount_form",
		f"{_APP}.outgoing.prints.qr_code",
		f"{_APP}.outgoing.prints.repeats_headings",
	]
}

# ------------------------------------------------------------------------------------------- customers

# Before anything is called, be it by a session, API keys or OAuth
auth_hooks = [
	f"{_APP}.gates.input.check_guest",  # Frappe washes what guests send, which ends badly when it is deep
	f"{_APP}.access.requests.check",  # whoever is not staff gets what is on the list: `rules.requests`
	f"{_PRIVATE}.check_request",  # a private file opens by its own address, letter by letter
	f"{_LINES}.check_request",  # nobody writes a row of an order or a delivery alone
]
# And before that: what is entered as a signature leaves the arguments
before_request = [f"{_APP}.gates.signature.take_from_request"]

# The app's pages in ERPNext's portal, in place of its pages of the same documents
_STANDARD_PAGES = f"{_APP}.portal.standard_pages"
_CALLS = f"{_APP}.portal.calls"

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
	"Sales Order": f"{_STANDARD_PAGES}.refuse",
	"Delivery Note": f"{_STANDARD_PAGES}.refuse",
	"Sales Invoice": f"{_STANDARD_PAGES}.submitted_only",
	"Quotation": f"{_STANDARD_PAGES}.submitted_only",
}
has_permission = {
	"File": f"{_PRIVATE}.has_permission",
	"Journal Entry": f"{_EXCHANGE_DIFFERENCE}.has_permission",
	"Release Record": f"{_APP}.access.records.has_permission",
}
permission_query_conditions = {"Release Record": f"{_APP}.access.records.conditions"}
_ACTIONS = f"{_APP}.access.workflow_actions"
# Calls that do more than whoever makes them may; for all others a permission is enough: `rules.open_calls`
override_whitelisted_methods = {
	"frappe.workflow.doctype.workflow_action.workflow_action.apply_action": f"{_ACTIONS}.apply_action",
	"frappe.workflow.doctype.workflow_action.workflow_action.confirm_action": f"{_ACTIONS}.confirm_action",
	"frappe.model.workflow.bulk_workflow_approval": f"{_ACTIONS}.bulk_workflow_approval",
	"frappe.www.list.get": f"{_STANDARD_PAGES}.get",
	"frappe.www.list.get_list_data": f"{_STANDARD_PAGES}.get_list_data",
	"frappe.client.get_count": f"{_CALLS}.get_count",
	"frappe.templates.includes.comments.comments.add_comment": f"{_CALLS}.add_comment",
}

# -------------------------------------------------------------------------------------------- the desk

app_include_css = "metalcraft_workflow.bundle.css"
# Small, and not in a bundle: it has to be there before the first page is
app_include_js = "/assets/metalcraft_workflow/js/help_links.js"

# The page one lands on, that where orders are decided on, and that of the phone and the hand scanner
page_js = {
	"my-work": ["public/js/gate.js", "public/js/my_work.js"],
	"review-desk": [
		"public/js/gate.js",
		"public/js/line.js",
		"public/js/comparison.js",
		"public/js/review_desk.js",
	],
	"scan-to-pack": ["public/js/numbers.js", "public/js/scan_queue.js", "public/js/scan_to_pack.js"],
}
boot_session = [f"{_APP}.setup.desk.land_on_my_work", f"{_APP}.setup.desk.hide_amounts"]
get_website_user_home_page = f"{_APP}.setup.desk.home_page"

add_to_apps_screen = [
	{
		"name": "metalcraft_workflow",
		"logo": "/assets/metalcraft_workflow/images/metalcraft.svg",
		"title": "Metalcraft",
		"route": "/app/metalcraft",  # 16 leads on to /desk/metalcraft
		"has_permission": f"{_APP}.setup.desk.has_app_permission",
	}
]

doctype_js = {
	"Sales Order": [
		"public/js/gate.js",
		"public/js/amounts.js",
		"public/js/line.js",
		"public/js/customer_mails.js",
		"public/js/comparison.js",
		"public/js/sales_order.js",
	],
	"Delivery Note": [
		"public/js/numbers.js",
		"public/js/gate.js",
		"public/js/amounts.js",
		"public/js/line.js",
		"public/js/customer_mails.js",
		"public/js/shipment_documents.js",
		"public/js/delivery_note.js",
		"public/js/conformance.js",
		"public/js/traceability.js",
		"public/js/scan_button.js",
		"public/js/trace.js",
	],
	"Workflow": "public/js/workflow.js",
	"Stock Entry": ["public/js/amounts.js", "public/js/stock_entry.js", "public/js/scan_button.js"],
	"Batch": "public/js/trace.js",
	"Serial No": "public/js/trace.js",
	"Sales Invoice": ["public/js/customer_mails.js", "public/js/sales_invoice.js"],
	"Metalcraft Settings": ["public/js/gate.js", "public/js/set_up.js"],
}
doctype_list_js = {
	"Sales Order": [
		"public/js/gate.js",
		"public/js/amounts.js",
		"public/js/lists.js",
		"public/js/many.js",
		"public/js/sales_order_list.js",
	],
	"Delivery Note": [
		"public/js/gate.js",
		"public/js/amounts.js",
		"public/js/lists.js",
		"public/js/many.js",
		"public/js/delivery_note_list.js",
	],
	"Sales Invoice": ["public/js/lists.js", "public/js/sales_invoice_list.js"],
	"Production Notice": "public/js/many.js",
}

# What a list does with many documents beside the actions of its workflow: a function of a document's name
metalcraft_list_actions = {
	"Production Notice": {
		"Acknowledge": f"{_APP}.outgoing.production_notices.acknowledge",
		"Finish": f"{_APP}.outgoing.production_notices.finish",
	},
}

override_doctype_dashboards = {
	"Sales Order": f"{_APP}.setup.connections.sales_order",
	"Delivery Note": f"{_APP}.setup.connections.delivery_note",
}

# ----------------------------------------------------------------------------- what an event has missed
# and what has its hour

scheduler_events = {
	"all": [
		f"{_APP}.outgoing.production_notices.deliver",
		f"{_APP}.outgoing.owed_mails.make_owed",
		f"{_APP}.outgoing.mail_package.add_packages",
		f"{_APP}.outgoing.sent_mails.start_again",
		f"{_APP}.outgoing.sent_mails.report_failures",
	],
	"hourly_long": [f"{_CLOSING}.sweep", f"{_APP}.gates.seal.seal", f"{_APP}.desk.digest.send_due"],
	"daily_long": [f"{_APP}.outgoing.seal_mail.mail_daily"],
	"weekly_long": [f"{_APP}.outgoing.seal_mail.mail_weekly"],
}

# Who was looked up for the daily digest, for how many days it is kept; see Log Settings
default_log_clearing_doctypes = {"Work Digest": 30}
