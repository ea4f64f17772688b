"""The fields that the app adds to ERPNext's documents, in the order of the process.

Created when missing; a change to one that exists takes a patch line (see patches.txt), so that an
administrator's own edits survive every ordinary migrate. A field that is `read_only` here is written
by the server alone: the guard puts back whatever a client sends for it.
"""

import frappe
from frappe.custom.doctype.custom_field.custom_field import create_custom_fields
from frappe.model.document import Document

from metalcraft_workflow.rules import path

MODULE = "Metalcraft Workflow"

TRACEABILITY = "\nNone\nBatch\nSerial\nHeat"

STAGES = (
	"Draft",
	"Pending Approval",
	"Credit Hold",
	"In Production",
	"Final Pack",
	"QA",
	"Awaiting Clearance",
	"Ready to Ship",
	"Partially Shipped",
	"Shipped",
	"Invoiced",
	"Closed",
	"Cancelled",
)


def get_custom_fields() -> dict[str, list[dict]]:
	"""DocType -> its fields. Everything here is made by install and removed by uninstall."""
	return {
		# What an administrator attaches gates and reasons with
		"Workflow Document State": [
			{
				"fieldname": "gate",
				"label": "Gate",
				"fieldtype": "Select",
				"options": "\n".join(("", *path.keys())),
				"insert_after": "doc_status",
				"in_list_view": 1,
				"description": "What must be met before a document enters this state",
			},
		],
		"Workflow Transition": [
			{
				"fieldname": "reason_required",
				"label": "Reason Required",
				"fieldtype": "Check",
				"insert_after": "allow_self_approval",
			},
		],
		# Steps 1-3: enquiry and quotation
		"Quotation": [
			{
				"fieldname": "customer_rfq_no",
				"label": "Customer's RFQ Number",
				"fieldtype": "Data",
				"insert_after": "valid_till",
			},
			{
				"fieldname": "lead_time_days",
				"label": "Lead Time in Days",
				"fieldtype": "Int",
				"non_negative": 1,
				"insert_after": "customer_rfq_no",
			},
		],
		"Quotation Item": [_customer_part_no()],
		# Step 4: the customer's purchase order
		"Sales Order": [
			{
				"fieldname": "customer_po_file",
				"label": "Customer's Purchase Order File",
				"fieldtype": "Attach",
				"insert_after": "po_date",
				"no_copy": 1,
			},
			{
				"fieldname": "po_reuse_confirmed",
				"label": "This Purchase Order Covers Several Orders",
				"fieldtype": "Check",
				"insert_after": "customer_po_file",
				"no_copy": 1,
			},
			{
				"fieldname": "process_tab",
				"label": "Process",
				"fieldtype": "Tab Break",
				"insert_after": "connections_tab",
			},
			{
				"fieldname": "order_stage",
				"label": "Order Stage",
				"fieldtype": "Select",
				"options": "\n".join(("", *STAGES)),
				"insert_after": "process_tab",
				"read_only": 1,
				"no_copy": 1,
				"allow_on_submit": 1,
				"in_standard_filter": 1,
				"search_index": 1,
			},
			{
				"fieldname": "per_final_pack",
				"label": "% At Final Pack",
				"fieldtype": "Percent",
				"insert_after": "order_stage",
				"read_only": 1,
				"no_copy": 1,
				"allow_on_submit": 1,
			},
			{
				"fieldname": "keep_open",
				"label": "Keep Open",
				"fieldtype": "Check",
				"insert_after": "per_final_pack",
				"no_copy": 1,
				"allow_on_submit": 1,
				"description": "Do not close this order by itself when it is shipped and paid",
			},
			{
				"fieldname": "closed_by_workflow",
				"label": "Closed by the Process",
				"fieldtype": "Check",
				"insert_after": "keep_open",
				"read_only": 1,
				"no_copy": 1,
				"allow_on_submit": 1,
			},
			{
				"fieldname": "closed_on",
				"label": "Closed On",
				"fieldtype": "Datetime",
				"insert_after": "closed_by_workflow",
				"read_only": 1,
				"no_copy": 1,
				"allow_on_submit": 1,
				"print_hide": 1,
				"depends_on": "closed_on",
			},
			{
				"fieldname": "follows_process",
				"label": "Follows the Process",
				"fieldtype": "Check",
				"insert_after": "closed_on",
				"read_only": 1,
				"no_copy": 1,
				"allow_on_submit": 1,
				"search_index": 1,
				"description": "Not set on orders from before the app was installed",
			},
			{"fieldname": "process_column", "fieldtype": "Column Break", "insert_after": "follows_process"},
			# Step 5: approval
			{
				"fieldname": "approval_requested_by",
				"label": "Approval Requested By",
				"fieldtype": "Link",
				"options": "User",
				"insert_after": "process_column",
				"read_only": 1,
				"no_copy": 1,
				"allow_on_submit": 1,
			},
			{
				"fieldname": "approved_by",
				"label": "Approved By",
				"fieldtype": "Link",
				"options": "User",
				"insert_after": "approval_requested_by",
				"read_only": 1,
				"no_copy": 1,
				"allow_on_submit": 1,
			},
			{
				"fieldname": "approved_on",
				"label": "Approved On",
				"fieldtype": "Datetime",
				"insert_after": "approved_by",
				"read_only": 1,
				"no_copy": 1,
				"allow_on_submit": 1,
			},
			{
				"fieldname": "credit_hold_reason",
				"label": "Credit Hold Reason",
				"fieldtype": "Small Text",
				"insert_after": "approved_on",
				"read_only": 1,
				"no_copy": 1,
				"allow_on_submit": 1,
				"description": "Empty when the customer's credit is good",
			},
			{
				"fieldname": "differences_section",
				"label": "Differences from the Quotation",
				"fieldtype": "Section Break",
				"insert_after": "credit_hold_reason",
				"depends_on": "quotation_differences",
			},
			{
				"fieldname": "quotation_differences",
				"label": "Differences",
				"fieldtype": "Long Text",
				"insert_after": "differences_section",
				"read_only": 1,
				"no_copy": 1,
				"allow_on_submit": 1,
			},
			{
				"fieldname": "differences_acknowledged",
				"label": "Differences Acknowledged",
				"fieldtype": "Check",
				"insert_after": "quotation_differences",
				"no_copy": 1,
				"allow_on_submit": 1,
				"description": "By whoever approves the order",
			},
			{
				"fieldname": "needs_section",
				"label": "What This Order Needs",
				"fieldtype": "Section Break",
				"insert_after": "differences_acknowledged",
			},
			{
				"fieldname": "production_notes",
				"label": "Notes for Production",
				"fieldtype": "Small Text",
				"insert_after": "needs_section",
				"allow_on_submit": 1,
			},
			{"fieldname": "needs_column", "fieldtype": "Column Break", "insert_after": "production_notes"},
			_required_documents("needs_column"),
			_workflow_state(),
		],
		"Sales Order Item": [
			_customer_part_no(),
			{
				"fieldname": "traceability_required",
				"label": "Traceability Required",
				"fieldtype": "Select",
				"options": TRACEABILITY,
				"insert_after": "customer_part_no",
				"allow_on_submit": 1,
				"description": "Empty: as the item says",
			},
			{
				"fieldname": "final_pack_qty",
				"label": "Quantity At Final Pack",
				"fieldtype": "Float",
				"insert_after": "delivered_qty",
				"read_only": 1,
				"no_copy": 1,
				"allow_on_submit": 1,
				"description": "Brought to Final Pack for this line so far",
			},
		],
		"Customer": [
			{
				"fieldname": "credit_hold",
				"label": "On Credit Hold",
				"fieldtype": "Check",
				"insert_after": "credit_limits",
			},
			{
				"fieldname": "credit_hold_reason",
				"label": "Credit Hold Reason",
				"fieldtype": "Small Text",
				"insert_after": "credit_hold",
				"depends_on": "credit_hold",
			},
			_required_documents("credit_hold_reason"),
		],
		"Payment Terms Template": [
			{
				"fieldname": "prepayment_percent",
				"label": "Prepayment before Shipment (%)",
				"fieldtype": "Percent",
				"non_negative": 1,
				"insert_after": "allocate_payment_based_on_payment_terms",
				"description": "Share of the order that must be paid before a delivery is cleared",
			},
		],
		# Step 6: production
		"Item Group": [
			_production_departments("item_group_defaults"),
			{
				**_required_documents("production_departments"),
				"description": "What every delivery of its items must carry, those of the groups below too",
			},
		],
		"Item": [
			_production_departments("item_group"),
			{
				"fieldname": "traceability_required",
				"label": "Traceability Required",
				"fieldtype": "Select",
				"options": TRACEABILITY,
				"insert_after": "serial_no_series",
				"description": "What a delivery of this item must name",
			},
			_required_documents("traceability_required"),
		],
		# Step 7: transfer to Final Pack
		"Stock Entry": [
			{
				"fieldname": "sales_order",
				"label": "For Sales Order",
				"fieldtype": "Link",
				"options": "Sales Order",
				"insert_after": "stock_entry_type",
				"search_index": 1,
			},
		],
		"Stock Entry Detail": [
			{
				"fieldname": "sales_order",
				"label": "Sales Order",
				"fieldtype": "Link",
				"options": "Sales Order",
				"insert_after": "item_code",
				"hidden": 1,
				"search_index": 1,
			},
			{
				"fieldname": "sales_order_item",
				"label": "Sales Order Line",
				"fieldtype": "Data",
				"insert_after": "sales_order",
				"hidden": 1,
				"search_index": 1,
			},
		],
		"Batch": [
			{
				"fieldname": "heat_no",
				"label": "Heat Number",
				"fieldtype": "Data",
				"insert_after": "supplier",
				"search_index": 1,
			},
			{
				"fieldname": "supplier_lot",
				"label": "Supplier's Lot",
				"fieldtype": "Data",
				"insert_after": "heat_no",
				"search_index": 1,
			},
			{
				"fieldname": "manufacturing_order",
				"label": "Manufacturing Order",
				"fieldtype": "Link",
				"options": "Work Order",
				"insert_after": "reference_name",
				"search_index": 1,
			},
			{
				"fieldname": "revision",
				"label": "Revision",
				"fieldtype": "Data",
				"insert_after": "manufacturing_order",
				"description": "Of the part, as it was when this batch was made",
			},
			{
				"fieldname": "certificates_section",
				"label": "Certificates",
				"fieldtype": "Section Break",
				"insert_after": "description",
			},
			{
				"fieldname": "certificates",
				"label": "Certificates",
				"fieldtype": "Table",
				"options": "Batch Certificate",
				"insert_after": "certificates_section",
				"description": "Offered to every delivery of this batch. Kept private.",
			},
		],
		# Where the data of a batch comes from: the goods receipt, or the bill of materials it was made by
		"Purchase Receipt Item": [
			{
				"fieldname": "heat_no",
				"label": "Heat Number",
				"fieldtype": "Data",
				"insert_after": "rejected_serial_and_batch_bundle",
				"description": "Written on the batches that this line receives",
			},
			{
				"fieldname": "supplier_lot",
				"label": "Supplier's Lot",
				"fieldtype": "Data",
				"insert_after": "heat_no",
				"description": "Written on the batches that this line receives",
			},
		],
		"BOM": [
			{
				"fieldname": "revision",
				"label": "Revision",
				"fieldtype": "Data",
				"insert_after": "quantity",
				"allow_on_submit": 1,
				"description": "Of the part, written on the batches that are made by this bill of materials",
			},
		],
		# Steps 8-11: packing, documents, clearance, shipping
		"Delivery Note": [
			{
				"fieldname": "process_tab",
				"label": "Packing and Release",
				"fieldtype": "Tab Break",
				"insert_after": "connections_tab",
			},
			{
				"fieldname": "scan_traceability",
				"label": "Scan Barcode",
				"fieldtype": "Data",
				"options": "Barcode",
				"insert_after": "process_tab",
				"depends_on": "eval:!doc.docstatus && !doc.is_return",
				"no_copy": 1,
				"print_hide": 1,
				"description": "A batch or a serial number: it goes into the rows below",
			},
			{
				"fieldname": "traceability",
				"label": "Traceability",
				"fieldtype": "Table",
				"options": "Traceability Entry",
				"insert_after": "scan_traceability",
				"no_copy": 1,
			},
			{
				"fieldname": "documents_section",
				"label": "Documents",
				"fieldtype": "Section Break",
				"insert_after": "traceability",
			},
			{
				"fieldname": "shipment_documents",
				"label": "Shipment Documents",
				"fieldtype": "Table",
				"options": "Shipment Document",
				"insert_after": "documents_section",
				"no_copy": 1,
			},
			{
				"fieldname": "documents_required",
				"label": "Documents Are Required",
				"fieldtype": "Check",
				"insert_after": "shipment_documents",
				"read_only": 1,
				"hidden": 1,
				"no_copy": 1,
			},
			{
				"fieldname": "document_versions_section",
				"label": "Earlier Versions of Documents",
				"fieldtype": "Section Break",
				"insert_after": "documents_required",
				"collapsible": 1,
				"depends_on": "eval:doc.document_versions && doc.document_versions.length",
			},
			{
				"fieldname": "document_versions",
				"label": "Earlier Versions",
				"fieldtype": "Table",
				"options": "Shipment Document Version",
				"insert_after": "document_versions_section",
				"read_only": 1,
				"no_copy": 1,
				"print_hide": 1,
				"description": "What was replaced, removed, or decided otherwise. Written by the server.",
			},
			{
				"fieldname": "shipping_section",
				"label": "Shipping",
				"fieldtype": "Section Break",
				"insert_after": "document_versions",
			},
			{
				"fieldname": "packages",
				"label": "Packages",
				"fieldtype": "Int",
				"non_negative": 1,
				"insert_after": "shipping_section",
				"no_copy": 1,
			},
			{
				"fieldname": "gross_weight",
				"label": "Gross Weight",
				"fieldtype": "Float",
				"non_negative": 1,
				"insert_after": "packages",
				"no_copy": 1,
			},
			{
				"fieldname": "gross_weight_uom",
				"label": "Gross Weight UOM",
				"fieldtype": "Link",
				"options": "UOM",
				"insert_after": "gross_weight",
				"no_copy": 1,
			},
			{
				"fieldname": "packing_notes",
				"label": "Packing Notes",
				"fieldtype": "Small Text",
				"insert_after": "gross_weight_uom",
				"no_copy": 1,
			},
			{"fieldname": "shipping_column", "fieldtype": "Column Break", "insert_after": "packing_notes"},
			{
				"fieldname": "carrier",
				"label": "Carrier",
				"fieldtype": "Data",
				"insert_after": "shipping_column",
				"no_copy": 1,
				"allow_on_submit": 1,
			},
			{
				"fieldname": "tracking_number",
				"label": "Tracking Number",
				"fieldtype": "Data",
				"insert_after": "carrier",
				"no_copy": 1,
				"allow_on_submit": 1,
				"in_global_search": 1,
			},
			{
				"fieldname": "tracking_url",
				"label": "Tracking Link",
				"fieldtype": "Data",
				"options": "URL",
				"insert_after": "tracking_number",
				"no_copy": 1,
				"allow_on_submit": 1,
			},
			{
				"fieldname": "ship_date",
				"label": "Ship Date",
				"fieldtype": "Date",
				"insert_after": "tracking_url",
				"no_copy": 1,
			},
			{
				"fieldname": "follows_process",
				"label": "Follows the Process",
				"fieldtype": "Check",
				"insert_after": "ship_date",
				"read_only": 1,
				"no_copy": 1,
				"allow_on_submit": 1,
			},
			# An amended return stays that of its authorization
			_return_authorization(no_copy=0),
			_workflow_state(),
		],
		"Delivery Note Item": [
			_customer_part_no(),
			{
				"fieldname": "return_authorization_item",
				"label": "Return Authorization Row",
				"fieldtype": "Data",
				"insert_after": "dn_detail",
				"hidden": 1,
				"print_hide": 1,
				"search_index": 1,
			},
			{
				"fieldname": "customer_po_no",
				"label": "Customer's Purchase Order",
				"fieldtype": "Data",
				"insert_after": "customer_part_no",
				"read_only": 1,
				"description": "Of the order of this line: one delivery may carry several",
			},
		],
		# Step 12: invoice
		"Sales Invoice": [
			_return_authorization(no_copy=1),
			{
				"fieldname": "tracking_number",
				"label": "Tracking Number",
				"fieldtype": "Small Text",
				"insert_after": "po_date",
				"read_only": 1,
				"no_copy": 1,
				"allow_on_submit": 1,
			},
			{
				"fieldname": "invoice_sent_on",
				"label": "Sent to Customer On",
				"fieldtype": "Datetime",
				"insert_after": "tracking_number",
				"read_only": 1,
				"no_copy": 1,
				"allow_on_submit": 1,
			},
		],
	}


def make_custom_fields(update: bool = False) -> None:
	"""Create the fields that are missing; with `update`, put those that exist back as they are here."""
	fields = get_custom_fields()
	for rows in fields.values():
		for row in rows:
			row["module"] = MODULE
	create_custom_fields(fields, update=update)


def delete_custom_fields() -> None:
	"""Remove every field that the app made, for uninstall. Their values go with them."""
	for doctype, rows in get_custom_fields().items():
		for row in rows:
			name = frappe.db.exists("Custom Field", {"dt": doctype, "fieldname": row["fieldname"]})
			if name:
				frappe.delete_doc("Custom Field", name, force=True, delete_permanently=True)
		frappe.clear_cache(doctype=doctype)


def clear_app_fields(doc: Document, method: str | None = None) -> None:
	"""Clear the app's `no_copy` fields of a document that is being amended.

	The desk's Amend copies them, although Duplicate does not. Runs in `before_insert`.
	"""
	if not doc.get("amended_from"):
		return
	for row in get_custom_fields().get(doc.doctype, []):
		if row.get("no_copy"):
			doc.set(row["fieldname"], None)


def _customer_part_no() -> dict:
	return {
		"fieldname": "customer_part_no",
		"label": "Customer's Part Number",
		"fieldtype": "Data",
		"insert_after": "item_name",
	}


def _production_departments(insert_after: str) -> dict:
	return {
		"fieldname": "production_departments",
		"label": "Production Departments",
		"fieldtype": "Table MultiSelect",
		"options": "Item Production Department",
		"insert_after": insert_after,
		"description": "Told about orders of these items. Empty: as the item group above says.",
	}


def _required_documents(insert_after: str) -> dict:
	return {
		"fieldname": "required_documents",
		"label": "Required Documents",
		"fieldtype": "Table MultiSelect",
		"options": "Required Document",
		"insert_after": insert_after,
		"description": "What every delivery of it must carry",
	}


def _return_authorization(no_copy: int) -> dict:
	return {
		"fieldname": "return_authorization",
		"label": "Return Authorization",
		"fieldtype": "Link",
		"options": "Return Authorization",
		"insert_after": "return_against",
		"depends_on": "return_authorization",
		"set_only_once": 1,
		"no_copy": no_copy,
		"search_index": 1,
	}


def _workflow_state() -> dict:
	return {
		"fieldname": "workflow_state",
		"label": "Workflow State",
		"fieldtype": "Link",
		"options": "Workflow State",
		"hidden": 1,
		"no_copy": 1,
		"allow_on_submit": 1,
		"insert_after": "amended_from",
		"search_index": 1,
	}
