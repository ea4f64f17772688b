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
	"Delivery Note": ["public/js/gate.js", "public/js/delivery_note.js"],
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

# The process: which functions make up a gate ...

metalcraft_gates = {
	"request_approval": ["metalcraft_workflow.steps.purchase_order.purchase_order_requirements"],
	"approve": [
		"metalcraft_workflow.steps.approval.request_still_stands",
		"metalcraft_workflow.steps.purchase_order.differences_requirement",
		"metalcraft_workflow.steps.approval.credit_requirement",
		"metalcraft_workflow.steps.production.routed_requirement",
	],
	"complete_packing": ["metalcraft_workflow.steps.final_pack.requirements"],
	"release_documents": ["metalcraft_workflow.steps.quality.requirements"],
	"clear": ["metalcraft_workflow.steps.clearance.requirements"],
	"ship": ["metalcraft_workflow.steps.shipping.requirements"],
	"receive_return": ["metalcraft_workflow.steps.shipping.return_requirements"],
	"close": ["metalcraft_workflow.steps.closing.requirements"],
}

# ... what passing it vouches for, so that a later change voids it ...

metalcraft_fingerprints = {
	"approve": ["metalcraft_workflow.steps.approval.approval_fingerprint"],
	"request_approval": ["metalcraft_workflow.steps.approval.approval_fingerprint"],
	"complete_packing": ["metalcraft_workflow.steps.final_pack.packing_fingerprint"],
	"release_documents": ["metalcraft_workflow.steps.quality.documents_fingerprint"],
	"clear": ["metalcraft_workflow.steps.clearance.clearance_fingerprint"],
}

# ... and what passing it sets off.

metalcraft_effects = {
	"request_approval": ["metalcraft_workflow.steps.approval.stamp_request"],
	"void_request_approval": ["metalcraft_workflow.steps.approval.withdraw_request"],
	"approve": [
		"metalcraft_workflow.steps.approval.stamp_approval",
		"metalcraft_workflow.steps.production.notify_departments",
	],
	"void_approve": ["metalcraft_workflow.steps.approval.withdraw_approval"],
	"release_documents": ["metalcraft_workflow.steps.quality.accept"],
	"void_complete_packing": ["metalcraft_workflow.steps.quality.withdraw_acceptance"],
	"void_release_documents": ["metalcraft_workflow.steps.quality.withdraw_acceptance"],
	"ship": ["metalcraft_workflow.steps.shipping.tell_customer"],
}

# The documents' own events, in the order of the process. The guard comes first and last.

GUARD = "metalcraft_workflow.gates.guard"
CREDIT = "metalcraft_workflow.gates.credit"
LINES = "metalcraft_workflow.gates.lines"
TRANSFER = "metalcraft_workflow.steps.transfer"
TRACKING = "metalcraft_workflow.steps.tracking"
INVOICING = "metalcraft_workflow.steps.invoicing"
CLOSING = "metalcraft_workflow.steps.closing"
KEEP_DELIVERY = [f"{TRACKING}.keep_delivery", f"{CLOSING}.delivery_changed"]

# What happens to a line that is written or deleted without its document
LINE_EVENTS = ("validate", "before_update_after_submit", "before_cancel", "on_trash")

doc_events = {
	# Steps 1-3
	"Quotation": {
		"validate": ["metalcraft_workflow.steps.enquiry.fill_customer_part_no"],
		"before_submit": ["metalcraft_workflow.steps.enquiry.make_customer_of_lead"],
		"on_submit": ["metalcraft_workflow.steps.enquiry.mark_lead_converted"],
	},
	# Steps 4-5
	"Customer": {"validate": ["metalcraft_workflow.steps.approval.check_credit_terms"]},
	"Sales Order": {
		"before_insert": [
			"metalcraft_workflow.setup.custom_fields.clear_app_fields",
			f"{CLOSING}.keep_open_by_default",
		],
		"before_validate": [f"{GUARD}.before_validate", f"{TRACKING}.mark"],
		# Here the lines are priced, so the branch is chosen by what the order really comes to
		"validate": [
			"metalcraft_workflow.steps.enquiry.fill_customer_part_no",
			"metalcraft_workflow.steps.purchase_order.set_differences",
			"metalcraft_workflow.steps.approval.set_credit_hold_reason",
			f"{GUARD}.choose_branch",
			f"{GUARD}.check",
		],
		"before_submit": [f"{CREDIT}.lift_limit"],
		"before_update_after_submit": [
			f"{GUARD}.check",
			"metalcraft_workflow.steps.purchase_order.set_differences",
			f"{CREDIT}.lift_limit",
		],
		"before_cancel": [f"{GUARD}.check"],
		"on_update": ["metalcraft_workflow.steps.approval.release_credit", f"{GUARD}.record_passage"],
		"on_submit": [f"{CREDIT}.put_back_limit", f"{GUARD}.record_passage"],
		"on_update_after_submit": [
			f"{CREDIT}.put_back_limit",
			"metalcraft_workflow.steps.approval.record_further_change",
			f"{GUARD}.record_passage",
			"metalcraft_workflow.steps.production.notify_of_notes",
			f"{TRANSFER}.keep_figures_of_order",
		],
		"on_cancel": [
			f"{GUARD}.record_passage",
			"metalcraft_workflow.steps.production.notify_of_cancel",
		],
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
	# Step 7
	"Stock Entry": {
		"validate": [f"{TRANSFER}.check"],
		"before_cancel": [f"{TRANSFER}.lock"],
		"on_submit": [f"{TRANSFER}.keep_figures", f"{TRACKING}.keep_transfer"],
		"on_cancel": [f"{TRANSFER}.keep_figures", f"{TRACKING}.keep_transfer"],
	},
	"Delivery Note": {
		"before_insert": ["metalcraft_workflow.setup.custom_fields.clear_app_fields"],
		"before_validate": [
			f"{GUARD}.before_validate",
			f"{TRACKING}.mark",
			"metalcraft_workflow.steps.final_pack.prepare",
			"metalcraft_workflow.steps.quality.prepare",
			f"{GUARD}.choose_branch",
		],
		"validate": [
			"metalcraft_workflow.steps.enquiry.fill_customer_part_no",
			"metalcraft_workflow.steps.final_pack.fill_traceability",
			"metalcraft_workflow.steps.final_pack.check_lines",
			f"{GUARD}.check",
		],
		"before_update_after_submit": [f"{GUARD}.check"],
		"before_cancel": [f"{GUARD}.check", f"{CLOSING}.reopen_before_cancel"],
		"before_submit": [f"{CREDIT}.lift_limit"],
		"after_insert": [f"{TRACKING}.place_outside"],
		"on_update": [f"{GUARD}.record_passage", *KEEP_DELIVERY],
		"on_submit": [f"{CREDIT}.put_back_limit", f"{GUARD}.record_passage", *KEEP_DELIVERY],
		"on_update_after_submit": [f"{GUARD}.record_passage", f"{INVOICING}.pass_on_tracking"],
		"on_cancel": [f"{GUARD}.record_passage", *KEEP_DELIVERY],
		"after_delete": KEEP_DELIVERY,
		"before_change": [f"{CLOSING}.check_status_change"],
	},
	"Delivery Note Item": {event: [f"{LINES}.check_editor"] for event in LINE_EVENTS},
	"Traceability Entry": {event: [f"{LINES}.check_editor"] for event in LINE_EVENTS},
	"Shipment Document": {event: ["metalcraft_workflow.steps.quality.refuse_alone"] for event in LINE_EVENTS},
	"File": {"on_trash": ["metalcraft_workflow.steps.quality.on_file_trash"]},
	# Step 12
	"Sales Invoice": {
		"before_validate": [f"{INVOICING}.fill_tracking"],
		"before_update_after_submit": [f"{INVOICING}.fill_tracking"],
		"validate": ["metalcraft_workflow.steps.shipping.refuse_stock_invoice"],
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
}

# What templates can call

jinja = {"methods": ["metalcraft_workflow.steps.production.production_work"]}

# What an event missed

scheduler_events = {
	"all": ["metalcraft_workflow.metalcraft_workflow.doctype.production_notice.production_notice.deliver"],
	"hourly_long": ["metalcraft_workflow.steps.closing.sweep"],
}
