"""The fields that the app adds to ERPNext's documents, in the order of the process.

Created when missing; a change to one that exists takes a patch line (see patches.txt), so that an
administrator's own edits survive every ordinary migrate. A field that is `read_only` here is written
by the server alone: the guard puts back whatever a client sends for it.
"""

import frappe
from frappe.custom.doctype.custom_field.custom_field import create_custom_fields
from frappe.model.document import Document

from metalcraft_workflow.rules import path
from metalcraft_workflow.rules.requirement import _lt

MODULE = "Metalcraft Workflow"

TRACEABILITY = "\n".join(("", _lt("None"), _lt("Batch"), _lt("Serial"), _lt("Heat")))

# What an amended document goes on with: the same goods are packed again
AMENDED = ("traceability",)

STAGES = (
	_lt("Draft"),
	_lt("Pending Approval"),
	_lt("Credit Hold"),
	_lt("In Production"),
	_lt("Final Pack"),
	_lt("QA"),
	_lt("Awaiting Clearance"),
	_lt("Ready to Ship"),
	_lt("Partially Shipped"),
	_lt("Shipped"),
	_lt("Invoiced"),
	_lt("Closed"),
	_lt("Cancelled"),
)


# Of the documents that customers get, what they may read in a print; the other fields are for our people
FOR_CUSTOMERS: dict[str, tuple[str, ...]] = {
	"Quotation": ("customer_rfq_no", "lead_time_days"),
	"Quotation Item": ("customer_part_no",),
	"Sales Order": (),
	"Sales Order Item": ("customer_part_no",),
	"Delivery Note": (
		"traceability",
		"packages",
		"gross_weight",
		"gross_weight_uom",
		"carrier",
		"tracking_number",
		"tracking_url",
		"ship_date",
	),
	"Delivery Note Item": ("customer_part_no", "customer_po_no"),
	"Sales Invoice": ("tracking_number",),
}


def get_custom_fields() -> dict[str, list[dict]]:
	"""DocType -> its fields. Everything here is made by install and removed by uninstall."""
	fields = _custom_fields()
	for doctype, shown in FOR_CUSTOMERS.items():
		for row in fields[doctype]:
			if row["fieldname"] not in shown:
				row["print_hide"] = 1
	return fields


def hide_from_prints() -> None:
	"""Keep the fields that are for our people off the prints, on a site that has them: a patch."""
	for doctype, rows in get_custom_fields().items():
		for row in rows:
			if doctype in FOR_CUSTOMERS and row.get("print_hide"):
				name = {"dt": doctype, "fieldname": row["fieldname"]}
				frappe.db.set_value("Custom Field", name, "print_hide", 1)
		frappe.clear_cache(doctype=doctype)


def _custom_fields() -> dict[str, list[dict]]:
	return {
		# What an administrator attaches gates and reasons with
		"Workflow Document State": [
			{
				"fieldname": "gate",
				"label": _lt("Gate"),
				"fieldtype": "Select",
				"options": "\n".join(("", *path.keys())),
				"insert_after": "doc_status",
				"in_list_view": 1,
				"description": _lt("What must be met before a document enters this state"),
			},
		],
		"Workflow Transition": [
			{
				"fieldname": "reason_required",
				"label": _lt("Reason Required"),
				"fieldtype": "Check",
				"insert_after": "allow_self_approval",
			},
		],
		# Who is told that it is their turn
		"Notification Log": [
			{
				"fieldname": "process_bell",
				"label": _lt("Process Bell"),
				"fieldtype": "Data",
				"insert_after": "from_user",
				"read_only": 1,
				"hidden": 1,
				"description": _lt("What of the process it rings for, and since when; empty for all else"),
			},
		],
		# Steps 1-3: enquiry and quotation
		"Quotation": [
			{
				"fieldname": "customer_rfq_no",
				"label": _lt("Customer's RFQ Number"),
				"fieldtype": "Data",
				"insert_after": "valid_till",
			},
			{
				"fieldname": "lead_time_days",
				"label": _lt("Lead Time in Days"),
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
				"label": _lt("Customer's Purchase Order File"),
				"fieldtype": "Attach",
				"insert_after": "po_date",
				"no_copy": 1,
			},
			{
				"fieldname": "po_reuse_confirmed",
				"label": _lt("This Purchase Order Covers Several Orders"),
				"fieldtype": "Check",
				"insert_after": "customer_po_file",
				"no_copy": 1,
			},
			{
				"fieldname": "po_no_normalized",
				"label": _lt("Purchase Order Number to Compare"),
				"fieldtype": "Data",
				"insert_after": "po_reuse_confirmed",
				"hidden": 1,
				"print_hide": 1,
				"report_hide": 1,
				"read_only": 1,
				"no_copy": 1,
				"allow_on_submit": 1,
				"search_index": 1,
			},
			{
				"fieldname": "process_tab",
				"label": _lt("Process"),
				"fieldtype": "Tab Break",
				"insert_after": "connections_tab",
			},
			{
				"fieldname": "order_stage",
				"label": _lt("Order Stage"),
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
				"label": _lt("% At Final Pack"),
				"fieldtype": "Percent",
				"insert_after": "order_stage",
				"read_only": 1,
				"no_copy": 1,
				"allow_on_submit": 1,
			},
			{
				"fieldname": "keep_open",
				"label": _lt("Keep Open"),
				"fieldtype": "Check",
				"insert_after": "per_final_pack",
				"no_copy": 1,
				"allow_on_submit": 1,
				"description": _lt("Do not close this order by itself when it is shipped and paid"),
			},
			{
				"fieldname": "closed_by_workflow",
				"label": _lt("Closed by the Process"),
				"fieldtype": "Check",
				"insert_after": "keep_open",
				"read_only": 1,
				"no_copy": 1,
				"allow_on_submit": 1,
			},
			{
				"fieldname": "closed_on",
				"label": _lt("Closed On"),
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
				"label": _lt("Follows the Process"),
				"fieldtype": "Check",
				"depends_on": "eval:!doc.__islocal",  # known once it is saved
				"insert_after": "closed_on",
				"read_only": 1,
				"no_copy": 1,
				"allow_on_submit": 1,
				"search_index": 1,
				"description": _lt("Not set on orders from before the app was installed"),
			},
			_process_id(),
			{"fieldname": "process_column", "fieldtype": "Column Break", "insert_after": "process_id"},
			# Step 5: approval
			{
				"fieldname": "approval_requested_by",
				"label": _lt("Approval Requested By"),
				"fieldtype": "Link",
				"options": "User",
				"insert_after": "process_column",
				"read_only": 1,
				"no_copy": 1,
				"allow_on_submit": 1,
			},
			{
				"fieldname": "approved_by",
				"label": _lt("Approved By"),
				"fieldtype": "Link",
				"options": "User",
				"insert_after": "approval_requested_by",
				"read_only": 1,
				"no_copy": 1,
				"allow_on_submit": 1,
			},
			{
				"fieldname": "approved_on",
				"label": _lt("Approved On"),
				"fieldtype": "Datetime",
				"insert_after": "approved_by",
				"read_only": 1,
				"no_copy": 1,
				"allow_on_submit": 1,
			},
			{
				"fieldname": "approved_promise",
				"label": _lt("As It Was Approved"),
				"fieldtype": "Long Text",
				"insert_after": "approved_on",
				"read_only": 1,
				"hidden": 1,
				"no_copy": 1,
				"allow_on_submit": 1,
				"report_hide": 1,
			},
			{
				"fieldname": "credit_hold_reason",
				"label": _lt("Credit Hold Reason"),
				"fieldtype": "Small Text",
				"insert_after": "approved_promise",
				"read_only": 1,
				"no_copy": 1,
				"allow_on_submit": 1,
				"description": _lt("Empty when the customer's credit is good"),
			},
			{
				"fieldname": "differences_section",
				"label": _lt("Differences from the Quotation"),
				"fieldtype": "Section Break",
				"insert_after": "credit_hold_reason",
				"depends_on": "quotation_differences",
			},
			{
				"fieldname": "quotation_differences",
				"label": _lt("Differences"),
				"fieldtype": "Long Text",
				"insert_after": "differences_section",
				"read_only": 1,
				"no_copy": 1,
				"allow_on_submit": 1,
			},
			{
				"fieldname": "differences_acknowledged",
				"label": _lt("Differences Acknowledged"),
				"fieldtype": "Check",
				"insert_after": "quotation_differences",
				"no_copy": 1,
				"allow_on_submit": 1,
				"description": _lt("By whoever approves the order"),
			},
			{
				"fieldname": "needs_section",
				"label": _lt("What This Order Needs"),
				"fieldtype": "Section Break",
				"insert_after": "differences_acknowledged",
			},
			{
				"fieldname": "production_notes",
				"label": _lt("Notes for Production"),
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
				"label": _lt("Traceability Required"),
				"fieldtype": "Select",
				"options": TRACEABILITY,
				"insert_after": "customer_part_no",
				"allow_on_submit": 1,
				"description": _lt("Empty: as the item says"),
			},
			{
				"fieldname": "final_pack_qty",
				"label": _lt("Quantity At Final Pack"),
				"fieldtype": "Float",
				"insert_after": "delivered_qty",
				"read_only": 1,
				"no_copy": 1,
				"allow_on_submit": 1,
				"description": _lt("Brought to Final Pack for this line so far"),
			},
		],
		"Customer": [
			{
				"fieldname": "credit_hold",
				"label": _lt("On Credit Hold"),
				"fieldtype": "Check",
				"insert_after": "credit_limits",
			},
			{
				"fieldname": "credit_hold_reason",
				"label": _lt("Credit Hold Reason"),
				"fieldtype": "Small Text",
				"insert_after": "credit_hold",
				"depends_on": "credit_hold",
			},
			_required_documents("credit_hold_reason"),
		],
		"Payment Terms Template": [
			{
				"fieldname": "prepayment_percent",
				"label": _lt("Prepayment before Shipment (%)"),
				"fieldtype": "Percent",
				"non_negative": 1,
				"insert_after": "allocate_payment_based_on_payment_terms",
				"description": _lt("Share of the order that must be paid before a delivery is cleared"),
			},
		],
		# Step 6: production
		"Item Group": [
			_production_departments("item_group_defaults"),
			{
				**_required_documents("production_departments"),
				"description": _lt(
					"What every delivery of its items must carry, those of the groups below too"
				),
			},
		],
		"Item": [
			_production_departments("item_group"),
			{
				"fieldname": "traceability_required",
				"label": _lt("Traceability Required"),
				"fieldtype": "Select",
				"options": TRACEABILITY,
				"insert_after": "serial_no_series",
				"description": _lt("What a delivery of this item must name"),
			},
			_required_documents("traceability_required"),
		],
		# Step 7: transfer to Final Pack
		"Stock Entry": [
			{
				"fieldname": "sales_order",
				"label": _lt("For Sales Order"),
				"fieldtype": "Link",
				"options": "Sales Order",
				"insert_after": "stock_entry_type",
				"search_index": 1,
			},
		],
		"Stock Entry Detail": [
			{
				"fieldname": "sales_order",
				"label": _lt("Sales Order"),
				"fieldtype": "Link",
				"options": "Sales Order",
				"insert_after": "item_code",
				"hidden": 1,
				"search_index": 1,
			},
			{
				"fieldname": "sales_order_item",
				"label": _lt("Sales Order Line"),
				"fieldtype": "Data",
				"insert_after": "sales_order",
				"hidden": 1,
				"search_index": 1,
			},
		],
		"Batch": [
			{
				"fieldname": "heat_no",
				"label": _lt("Heat Number"),
				"fieldtype": "Data",
				"insert_after": "supplier",
				"search_index": 1,
			},
			{
				"fieldname": "supplier_lot",
				"label": _lt("Supplier's Lot"),
				"fieldtype": "Data",
				"insert_after": "heat_no",
				"search_index": 1,
			},
			{
				"fieldname": "manufacturing_order",
				"label": _lt("Manufacturing Order"),
				"fieldtype": "Link",
				"options": "Work Order",
				"insert_after": "reference_name",
				"search_index": 1,
			},
			{
				"fieldname": "revision",
				"label": _lt("Revision"),
				"fieldtype": "Data",
				"insert_after": "manufacturing_order",
				"description": _lt("Of the part, as it was when this batch was made"),
			},
			{
				"fieldname": "certificates_section",
				"label": _lt("Certificates"),
				"fieldtype": "Section Break",
				"insert_after": "description",
			},
			{
				"fieldname": "certificates",
				"label": _lt("Certificates"),
				"fieldtype": "Table",
				"options": "Batch Certificate",
				"insert_after": "certificates_section",
				"description": _lt("Offered to every delivery of this batch. Kept private."),
			},
		],
		# Where the data of a batch comes from: the goods receipt, or the bill of materials it was made by
		"Purchase Receipt Item": [
			{
				"fieldname": "heat_no",
				"label": _lt("Heat Number"),
				"fieldtype": "Data",
				"insert_after": "rejected_serial_and_batch_bundle",
				"description": _lt("Written on the batches that this line receives"),
			},
			{
				"fieldname": "supplier_lot",
				"label": _lt("Supplier's Lot"),
				"fieldtype": "Data",
				"insert_after": "heat_no",
				"description": _lt("Written on the batches that this line receives"),
			},
		],
		"BOM": [
			{
				"fieldname": "revision",
				"label": _lt("Revision"),
				"fieldtype": "Data",
				"insert_after": "quantity",
				"allow_on_submit": 1,
				"description": _lt(
					"Of the part, written on the batches that are made by this bill of materials"
				),
			},
		],
		# Steps 8-11: packing, documents, clearance, shipping
		"Delivery Note": [
			{
				"fieldname": "process_tab",
				"label": _lt("Packing and Release"),
				"fieldtype": "Tab Break",
				"insert_after": "connections_tab",
			},
			{
				"fieldname": "scan_traceability",
				"label": _lt("Scan Barcode"),
				"fieldtype": "Data",
				"options": "Barcode",
				"insert_after": "process_tab",
				"depends_on": "eval:!doc.docstatus && !doc.is_return",
				"no_copy": 1,
				"print_hide": 1,
				"description": _lt("A batch or a serial number: it goes into the rows below"),
			},
			{
				"fieldname": "traceability",
				"label": _lt("Traceability"),
				"fieldtype": "Table",
				"options": "Traceability Entry",
				"insert_after": "scan_traceability",
				"no_copy": 1,
			},
			{
				"fieldname": "documents_section",
				"label": _lt("Documents"),
				"fieldtype": "Section Break",
				"insert_after": "traceability",
			},
			{
				"fieldname": "shipment_documents",
				"label": _lt("Shipment Documents"),
				"fieldtype": "Table",
				"options": "Shipment Document",
				"insert_after": "documents_section",
				"no_copy": 1,
			},
			{
				"fieldname": "documents_required",
				"label": _lt("Documents Are Required"),
				"fieldtype": "Check",
				"insert_after": "shipment_documents",
				"read_only": 1,
				"hidden": 1,
				"no_copy": 1,
			},
			{
				"fieldname": "document_versions_section",
				"label": _lt("Earlier Versions of Documents"),
				"fieldtype": "Section Break",
				"insert_after": "documents_required",
				"collapsible": 1,
				"depends_on": "eval:doc.document_versions && doc.document_versions.length",
			},
			{
				"fieldname": "document_versions",
				"label": _lt("Earlier Versions"),
				"fieldtype": "Table",
				"options": "Shipment Document Version",
				"insert_after": "document_versions_section",
				"read_only": 1,
				"no_copy": 1,
				"print_hide": 1,
				"description": _lt(
					"What was replaced, removed, or decided otherwise. Written by the server."
				),
			},
			{
				"fieldname": "shipping_section",
				"label": _lt("Shipping"),
				"fieldtype": "Section Break",
				"insert_after": "document_versions",
			},
			{
				"fieldname": "packages",
				"label": _lt("Packages"),
				"fieldtype": "Int",
				"non_negative": 1,
				"insert_after": "shipping_section",
				"no_copy": 1,
			},
			{
				"fieldname": "gross_weight",
				"label": _lt("Gross Weight"),
				"fieldtype": "Float",
				"non_negative": 1,
				"insert_after": "packages",
				"no_copy": 1,
			},
			{
				"fieldname": "gross_weight_uom",
				"label": _lt("Gross Weight UOM"),
				"fieldtype": "Link",
				"options": "UOM",
				"insert_after": "gross_weight",
				"no_copy": 1,
			},
			{
				"fieldname": "packing_notes",
				"label": _lt("Packing Notes"),
				"fieldtype": "Small Text",
				"insert_after": "gross_weight_uom",
				"no_copy": 1,
			},
			{"fieldname": "shipping_column", "fieldtype": "Column Break", "insert_after": "packing_notes"},
			{
				"fieldname": "carrier",
				"label": _lt("Carrier"),
				"fieldtype": "Data",
				"insert_after": "shipping_column",
				"no_copy": 1,
				"allow_on_submit": 1,
			},
			{
				"fieldname": "tracking_number",
				"label": _lt("Tracking Number"),
				"fieldtype": "Data",
				"insert_after": "carrier",
				"no_copy": 1,
				"allow_on_submit": 1,
				"in_global_search": 1,
			},
			{
				"fieldname": "tracking_url",
				"label": _lt("Tracking Link"),
				"fieldtype": "Data",
				"options": "URL",
				"insert_after": "tracking_number",
				"no_copy": 1,
				"allow_on_submit": 1,
			},
			{
				"fieldname": "ship_date",
				"label": _lt("Ship Date"),
				"fieldtype": "Date",
				"insert_after": "tracking_url",
				"no_copy": 1,
			},
			{
				"fieldname": "follows_process",
				"label": _lt("Follows the Process"),
				"fieldtype": "Check",
				"depends_on": "eval:!doc.__islocal",  # known once it is saved
				"insert_after": "ship_date",
				"read_only": 1,
				"no_copy": 1,
				"allow_on_submit": 1,
			},
			_process_id(),
			# An amended return stays that of its authorization
			_return_authorization(no_copy=0),
			_workflow_state(),
		],
		"Delivery Note Item": [
			_customer_part_no(),
			{
				"fieldname": "return_authorization_item",
				"label": _lt("Return Authorization Row"),
				"fieldtype": "Data",
				"insert_after": "dn_detail",
				"hidden": 1,
				"print_hide": 1,
				"search_index": 1,
			},
			{
				"fieldname": "customer_po_no",
				"label": _lt("Customer's Purchase Order"),
				"fieldtype": "Data",
				"insert_after": "customer_part_no",
				"read_only": 1,
				"description": _lt("Of the order of this line: one delivery may carry several"),
			},
		],
		# Step 12: invoice
		"Sales Invoice": [
			_return_authorization(no_copy=1),
			{
				"fieldname": "tracking_number",
				"label": _lt("Tracking Number"),
				"fieldtype": "Small Text",
				"insert_after": "po_date",
				"read_only": 1,
				"no_copy": 1,
				"allow_on_submit": 1,
			},
			{
				"fieldname": "invoice_sent_on",
				"label": _lt("Sent to Customer On"),
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
	"""Clear the app's `no_copy` fields of a document that is being amended, but for what stays true of it.

	The desk's Amend copies them, although Duplicate does not. Runs in `before_insert`.
	"""
	if not doc.get("amended_from"):
		return
	for row in get_custom_fields().get(doc.doctype, []):
		if row.get("no_copy") and row["fieldname"] not in AMENDED:
			doc.set(row["fieldname"], None)


def _customer_part_no() -> dict:
	return {
		"fieldname": "customer_part_no",
		"label": _lt("Customer's Part Number"),
		"fieldtype": "Data",
		"insert_after": "item_name",
	}


def _process_id() -> dict:
	return {
		"fieldname": "process_id",
		"label": _lt("Process ID"),
		"fieldtype": "Data",
		"insert_after": "follows_process",
		"read_only": 1,
		"hidden": 1,
		"print_hide": 1,
		"report_hide": 1,
		"no_copy": 1,
		"allow_on_submit": 1,
		"description": _lt("What the records of this document are found by"),
	}


def _production_departments(insert_after: str) -> dict:
	return {
		"fieldname": "production_departments",
		"label": _lt("Production Departments"),
		"fieldtype": "Table MultiSelect",
		"options": "Item Production Department",
		"insert_after": insert_after,
		"description": _lt("Told about orders of these items. Empty: as the item group above says."),
	}


def _required_documents(insert_after: str) -> dict:
	return {
		"fieldname": "required_documents",
		"label": _lt("Required Documents"),
		"fieldtype": "Table MultiSelect",
		"options": "Required Document",
		"insert_after": insert_after,
		"description": _lt("What every delivery of it must carry"),
	}


def _return_authorization(no_copy: int) -> dict:
	return {
		"fieldname": "return_authorization",
		"label": _lt("Return Authorization"),
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
		"label": _lt("Workflow State"),
		"fieldtype": "Link",
		"options": "Workflow State",
		"hidden": 1,
		"no_copy": 1,
		"allow_on_submit": 1,
		"insert_after": "amended_from",
		"search_index": 1,
	}
