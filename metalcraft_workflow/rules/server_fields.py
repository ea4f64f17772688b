"""The fields that the server alone writes: of the app, and what ERPNext works out from other documents. What a
client sends for them is not heard, whatever Customize Form says of `read_only`."""

FIELDS: dict[str, tuple[str, ...]] = {
	"Sales Order": (
		"order_stage",
		"per_final_pack",
		"closed_by_workflow",
		"closed_on",
		"follows_process",
		"process_id",
		"approval_requested_by",
		"approved_by",
		"approved_on",
		"approved_promise",
		"credit_hold_reason",
		"po_no_normalized",
		"quotation_differences",
		# ERPNext's; the customer's credit is judged by what is billed
		"per_delivered",
		"per_billed",
		"per_picked",
		"advance_paid",
	),
	"Sales Order Item": (
		"final_pack_qty",
		# ERPNext's; what a supplier delivers is known by them alone
		"delivered_qty",
		"returned_qty",
		"billed_amt",
		"ordered_qty",
		"planned_qty",
		"production_plan_qty",
		"work_order_qty",
		"produced_qty",
		"picked_qty",
		"stock_reserved_qty",
	),
	"Delivery Note": (
		"documents_required",
		"document_versions",
		"follows_process",
		"process_id",
		# ERPNext's
		"per_billed",
		"per_installed",
		"per_returned",
	),
	"Delivery Note Item": (
		"customer_po_no",
		# ERPNext's
		"billed_amt",
		"returned_qty",
		"installed_qty",
		"packed_qty",
		"received_qty",
	),
}
