"""Methods of Frappe and ERPNext that ask for no permission, and which permission people need for them.

Any person with a seat in the desk can call them, whatever their roles. Each row says which documents
somebody must be able to read (or write, ...) to have the figures, or to do the thing: one of them is enough,
because several forms call the same method. The first row that fits decides; the last rows are for whole
parts of ERPNext, so that a method that is new there is not open to people who have nothing to do with it.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from metalcraft_workflow.rules.requests import matches


@dataclass(frozen=True)
class Needs:
	"""What a caller of `methods` needs.

	doctypes    one of them, with the permission
	named       the argument that names the document, when the permission is asked for that one too
	doctype_in  the argument that says of which DocType it is; else it is of the first of `doctypes`
	draft       the document that is named has to be a draft
	"""

	methods: tuple[str, ...]
	doctypes: tuple[str, ...] = ()
	permission: str = "read"
	named: str = ""
	doctype_in: str = ""
	draft: bool = False


def needs_of(names: Iterable[str]) -> Needs | None:
	"""The first row for a method by any of its `names`, or None when the method asks by itself."""
	names = tuple(names)
	return next(
		(row for row in OPEN_CALLS if any(matches(each, name) for each in row.methods for name in names)),
		None,
	)


_SELLING = "erpnext.selling.doctype"
_STOCK = "erpnext.stock.doctype"
_ACCOUNTS = "erpnext.accounts.doctype"
_BUNDLE = f"{_STOCK}.serial_and_batch_bundle.serial_and_batch_bundle"

# Who keeps the books, who moves goods, and who sells, buys and makes them
BOOKS = ("GL Entry", "Journal Entry", "Payment Entry", "Account", "Bank Account", "Bank Transaction")
GOODS = (
	"Stock Ledger Entry",
	"Stock Entry",
	"Stock Reconciliation",
	"Purchase Receipt",
	"Delivery Note",
	"Pick List",
	"POS Invoice",
	"Work Order",
	"Subcontracting Receipt",
	"Asset Repair",
	"Asset Capitalization",
)
TRADE = (
	"Item",
	"Quotation",
	"Sales Order",
	"Delivery Note",
	"Sales Invoice",
	"POS Invoice",
	"Blanket Order",
	"Material Request",
	"Request for Quotation",
	"Supplier Quotation",
	"Purchase Order",
	"Purchase Receipt",
	"Purchase Invoice",
	"Stock Entry",
	"Pick List",
	"BOM",
	"Work Order",
	"Job Card",
	"Production Plan",
	"Subcontracting Order",
)
MONEY = (
	*BOOKS,
	*TRADE,
	"Customer",
	"Supplier",
	"Subscription",
	"Budget",
	"Asset",
	"Expense Claim",
	"Timesheet",
)

OPEN_CALLS: tuple[Needs, ...] = (
	# Forms of every kind ask for these, and they tell nothing of anybody
	Needs(
		(
			f"{_ACCOUNTS}.accounting_dimension.accounting_dimension.get_dimensions",
			"erpnext.accounts.utils.get_company_default",
			"erpnext.accounts.utils.get_fiscal_year",
			"erpnext.accounts.utils.get_fiscal_year_filter_field",
		)
	),
	# What changes a document without asking whether its reader may
	Needs((f"{_SELLING}.sales_order.sales_order.update_status",), ("Sales Order",), "submit", "name"),
	Needs(
		(f"{_STOCK}.delivery_note.delivery_note.update_delivery_note_status",),
		("Delivery Note",),
		"submit",
		"docname",
	),
	Needs(
		(f"{_STOCK}.purchase_receipt.purchase_receipt.update_purchase_receipt_status",),
		("Purchase Receipt",),
		"submit",
		"docname",
	),
	Needs(
		("erpnext.buying.doctype.purchase_order.purchase_order.update_status",),
		("Purchase Order",),
		"submit",
		"name",
	),
	Needs(
		(
			"erpnext.subcontracting.doctype.subcontracting_order.subcontracting_order"
			".update_subcontracting_order_status",
		),
		("Subcontracting Order",),
		"submit",
		"sco",
	),
	Needs(
		(
			f"{_ACCOUNTS}.purchase_invoice.purchase_invoice.block_invoice",
			f"{_ACCOUNTS}.purchase_invoice.purchase_invoice.change_release_date",
			f"{_ACCOUNTS}.purchase_invoice.purchase_invoice.unblock_invoice",
		),
		("Purchase Invoice",),
		"write",
		"name",
	),
	Needs(
		(f"{_ACCOUNTS}.sales_invoice.sales_invoice.create_invoice_discounting",),
		("Sales Invoice",),
		"read",
		"source_name",
	),
	Needs(("erpnext.support.doctype.issue.issue.set_status",), ("Issue",), "write", "name"),
	Needs(("erpnext.support.doctype.issue.issue.set_multiple_status",), ("Issue",), "write"),
	Needs(("erpnext.crm.doctype.opportunity.opportunity.set_multiple_status",), ("Opportunity",), "write"),
	Needs(("erpnext.projects.doctype.task.task.set_multiple_status",), ("Task",), "write"),
	Needs(
		(
			f"{_ACCOUNTS}.account.account.merge_account",
			f"{_ACCOUNTS}.account.account.update_account_number",
			"erpnext.accounts.utils.add_ac",
		),
		("Account",),
		"write",
	),
	Needs(
		("erpnext.accounts.utils.add_cc", "erpnext.accounts.utils.update_cost_center"),
		("Cost Center",),
		"write",
	),
	# A payment request submits itself, and then stands in the way of cancelling the invoice
	Needs(
		(f"{_ACCOUNTS}.payment_request.payment_request.make_payment_request",),
		("Payment Request",),
		"create",
		"dn",
		"dt",
	),
	Needs(
		(f"{_ACCOUNTS}.payment_request.payment_request.resend_payment_email",),
		("Payment Request",),
		"write",
		"docname",
	),
	# A customer or a prospect with contacts and addresses, also one that is there already
	Needs(("erpnext.crm.frappe_crm_api.create_customer",), ("Customer",), "create"),
	Needs(("erpnext.crm.frappe_crm_api.create_prospect_against_crm_deal",), ("Prospect",), "create"),
	Needs((f"{_SELLING}.customer.customer.send_emails",), ("Customer",), "write"),
	Needs(
		("erpnext.buying.doctype.request_for_quotation.request_for_quotation.send_supplier_emails",),
		("Request for Quotation",),
		"write",
		"rfq_name",
	),
	Needs(
		(f"{_STOCK}.delivery_trip.delivery_trip.notify_customers",),
		("Delivery Trip",),
		"write",
		"delivery_trip",
	),
	Needs(
		(f"{_ACCOUNTS}.process_statement_of_accounts.process_statement_of_accounts.*",),
		("Process Statement Of Accounts",),
	),
	# Batches and serial numbers: a name with a script in it runs in the desk of a colleague
	Needs(
		(f"{_BUNDLE}.update_serial_or_batch",),
		("Serial and Batch Bundle",),
		"write",
		"bundle_id",
		draft=True,
	),
	Needs((f"{_BUNDLE}.add_serial_batch_ledgers",), ("Serial and Batch Bundle",), "create"),
	Needs(
		(
			f"{_BUNDLE}.create_serial_nos",
			f"{_BUNDLE}.is_serial_batch_no_exists",
			f"{_BUNDLE}.upload_csv_file",
		),
		("Serial and Batch Bundle", "Serial No", "Batch"),
		"create",
	),
	Needs((f"{_BUNDLE}.*",), ("Serial and Batch Bundle", "Serial No", "Batch")),
	Needs((f"{_STOCK}.batch.batch.split_batch",), ("Batch",), "create"),
	Needs((f"{_STOCK}.batch.batch.*", f"{_STOCK}.serial_no.serial_no.*"), ("Batch", "Serial No", "Item")),
	Needs(
		("erpnext.stock.report.incorrect_serial_and_batch_bundle.*",), ("Serial and Batch Bundle",), "write"
	),
	Needs((f"{_STOCK}.stock_entry.stock_entry_utils.make_stock_entry",), ("Stock Entry",), "create"),
	Needs(
		(f"{_STOCK}.stock_entry.stock_entry.move_sample_to_retention_warehouse",), ("Stock Entry",), "create"
	),
	Needs(
		(
			"erpnext.stock.report.stock_and_account_value_comparison.*",
			"erpnext.stock.report.stock_ledger_invariant_check.*",
			f"{_STOCK}.repost_item_valuation.*",
		),
		("Repost Item Valuation",),
		"create",
	),
	Needs(
		(
			f"{_STOCK}.material_request.material_request.raise_work_orders",
			f"{_SELLING}.sales_order.sales_order.make_work_orders",
		),
		("Work Order",),
		"create",
	),
	Needs(("erpnext.controllers.item_variant.*",), ("Item",), "create"),
	Needs(
		("erpnext.controllers.stock_controller.make_quality_inspections",), ("Quality Inspection",), "create"
	),
	Needs((f"{_STOCK}.warehouse.warehouse.convert_to_group_or_ledger",), ("Warehouse",), "write", "docname"),
	Needs(
		(f"{_STOCK}.inventory_dimension.inventory_dimension.delete_dimension",),
		("Inventory Dimension",),
		"delete",
	),
	Needs(
		("erpnext.manufacturing.doctype.bom_update_tool.*",), ("BOM Update Tool", "BOM Update Log"), "create"
	),
	Needs(("erpnext.setup.doctype.employee.employee.create_user",), ("User",), "create"),
	Needs(
		("erpnext.setup.doctype.company.company.create_transaction_deletion_request",), ("Company",), "write"
	),
	# Previews of what a document would book: the ledgers of goods and money
	Needs(
		("erpnext.controllers.stock_controller.show_accounting_ledger_preview",),
		("GL Entry",),
		"read",
		"docname",
		"doctype",
	),
	Needs(
		("erpnext.controllers.stock_controller.show_stock_ledger_preview",),
		("Stock Ledger Entry",),
		"read",
		"docname",
		"doctype",
	),
	# Who may choose an account is not told its balance
	Needs((f"{_ACCOUNTS}.payment_entry.payment_entry.get_account_details",), ("Account",), "read", "account"),
	# Balances, ledgers and what is owed
	Needs(
		(
			"erpnext.accounts.dashboard_chart_source.*",
			"erpnext.accounts.report.*",
			"erpnext.accounts.utils.get_account_balances",
			"erpnext.accounts.utils.get_balance_on",
			"erpnext.accounts.utils.get_children",
			"erpnext.accounts.utils.get_coa",
			f"{_ACCOUNTS}.account.*",
			f"{_ACCOUNTS}.bank_reconciliation_tool.*",
			f"{_ACCOUNTS}.bank_statement_import.*",
			f"{_ACCOUNTS}.bank_transaction.*",
			f"{_ACCOUNTS}.chart_of_accounts_importer.*",
			f"{_ACCOUNTS}.exchange_rate_revaluation.*",
			f"{_ACCOUNTS}.invoice_discounting.*",
			f"{_ACCOUNTS}.ledger_merge.*",
			f"{_ACCOUNTS}.payment_entry.*",
			f"{_ACCOUNTS}.payment_order.*",
			f"{_ACCOUNTS}.payment_reconciliation.*",
			f"{_ACCOUNTS}.period_closing_voucher.*",
			f"{_ACCOUNTS}.process_payment_reconciliation.*",
			f"{_ACCOUNTS}.repost_accounting_ledger.*",
			f"{_ACCOUNTS}.repost_payment_ledger.*",
			f"{_ACCOUNTS}.share_transfer.*",
			"erpnext.erpnext_integrations.*",
			"erpnext.regional.*",
		),
		BOOKS,
	),
	# What goods cost, and where they lie
	Needs(
		(
			"erpnext.stock.dashboard.*",
			"erpnext.stock.dashboard_chart_source.*",
			"erpnext.stock.get_item_details.get_valuation_rate",
			"erpnext.stock.utils.get_incoming_rate",
			f"{_STOCK}.quick_stock_balance.*",
			f"{_STOCK}.stock_reconciliation.*",
		),
		GOODS,
	),
	Needs(
		("erpnext.projects.doctype.timesheet.timesheet.get_activity_cost",), ("Timesheet", "Activity Cost")
	),
	Needs(("erpnext.selling.page.sales_funnel.*",), ("Lead", "Opportunity", "Quotation", "Sales Order")),
	Needs(("erpnext.startup.leaderboard.*",), ("Sales Order", "Sales Invoice", "Purchase Order")),
	# Whole parts of ERPNext
	Needs(("erpnext.accounts.*",), MONEY),
	Needs(
		(
			"erpnext.buying.*",
			"erpnext.manufacturing.*",
			"erpnext.selling.*",
			"erpnext.stock.*",
			"erpnext.subcontracting.*",
			"erpnext.controllers.accounts_controller.*",
			"erpnext.controllers.sales_and_purchase_return.*",
			"erpnext.controllers.stock_controller.*",
			"erpnext.controllers.subcontracting_controller.*",
			"erpnext.controllers.queries.get_account_list",
			"erpnext.controllers.queries.get_batch_no",
			"erpnext.controllers.queries.get_batch_numbers",
			"erpnext.controllers.queries.get_blanket_orders",
			"erpnext.controllers.queries.get_purchase_invoices",
			"erpnext.controllers.queries.get_purchase_receipts",
			"erpnext.utilities.bulk_transaction.*",
		),
		MONEY,
	),
	Needs(("erpnext.assets.*",), ("Asset", "Asset Category", "Asset Maintenance", "Location", *BOOKS)),
	Needs(
		("erpnext.crm.*",),
		("Lead", "Opportunity", "Prospect", "Customer", "Contract", "Campaign", "Appointment", *TRADE),
	),
	Needs(("erpnext.maintenance.*",), ("Maintenance Schedule", "Maintenance Visit", *TRADE)),
	Needs(("erpnext.projects.*",), ("Project", "Task", "Timesheet", *TRADE)),
	Needs(("erpnext.support.*",), ("Issue", "Warranty Claim", "Service Level Agreement", *TRADE)),
	# Frappe's own, on a document of any kind
	Needs(
		("frappe.desk.doctype.tag.tag.add_tag", "frappe.desk.doctype.tag.tag.remove_tag"),
		named="dn",
		doctype_in="dt",
	),
	Needs(("frappe.desk.like.toggle_like",), named="name", doctype_in="doctype"),
	Needs(("frappe.desk.form.document_follow.get_follow_users",), named="doc_name", doctype_in="doctype"),
	Needs(("frappe.share.get_users",), named="name", doctype_in="doctype"),
	Needs(
		("frappe.utils.file_manager.add_attachments",), permission="write", named="name", doctype_in="doctype"
	),
	Needs(("frappe.email.relink", "frappe.email.inbox.*"), ("Communication",), "write"),
)
