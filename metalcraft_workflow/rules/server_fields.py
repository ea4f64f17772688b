"""The app's fields that the server alone writes. What a client sends for them is not heard, whatever
Customize Form says of `read_only`."""

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
		"credit_hold_reason",
		"quotation_differences",
	),
	"Sales Order Item": ("final_pack_qty",),
	"Delivery Note": ("documents_required", "document_versions", "follows_process", "process_id"),
	"Delivery Note Item": ("customer_po_no",),
	"Sales Invoice": ("tracking_number", "invoice_sent_on"),
}
