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
before_uninstall = "metalcraft_workflow.setup.uninstall.before_uninstall"

# The desk: what the forms and lists show of the process

app_include_css = "metalcraft_workflow.bundle.css"

doctype_js = {
	"Sales Order": ["public/js/gate.js", "public/js/sales_order.js"],
	"Delivery Note": ["public/js/gate.js", "public/js/delivery_note.js"],
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

metalcraft_gates = {}

# ... what passing it vouches for, so that a later change voids it ...

metalcraft_fingerprints = {}

# ... and what passing it sets off.

metalcraft_effects = {}

# The documents' own events, in the order of the process. The guard comes first and last.

GUARD = "metalcraft_workflow.gates.guard"

doc_events = {
	"Sales Order": {
		"before_insert": ["metalcraft_workflow.setup.custom_fields.clear_app_fields"],
		"before_validate": [f"{GUARD}.before_validate", f"{GUARD}.choose_branch"],
		"validate": [f"{GUARD}.check"],
		"before_update_after_submit": [f"{GUARD}.check"],
		"before_cancel": [f"{GUARD}.check"],
		"on_update": [f"{GUARD}.record_passage"],
		"on_submit": [f"{GUARD}.record_passage"],
		"on_update_after_submit": [f"{GUARD}.record_passage"],
		"on_cancel": [f"{GUARD}.record_passage"],
	},
	"Delivery Note": {
		"before_insert": ["metalcraft_workflow.setup.custom_fields.clear_app_fields"],
		"before_validate": [f"{GUARD}.before_validate", f"{GUARD}.choose_branch"],
		"validate": [f"{GUARD}.check"],
		"before_update_after_submit": [f"{GUARD}.check"],
		"before_cancel": [f"{GUARD}.check"],
		"on_update": [f"{GUARD}.record_passage"],
		"on_submit": [f"{GUARD}.record_passage"],
		"on_update_after_submit": [f"{GUARD}.record_passage"],
		"on_cancel": [f"{GUARD}.record_passage"],
	},
}
