// An approved order is known by its stage, in the list and in the title of its form. Before that its
// workflow state says where it is, and orders from before the app keep ERPNext's own status.
{
	metalcraft_workflow.amounts.hide("Sales Order");
	const settings = frappe.listview_settings["Sales Order"];
	const erpnext_indicator = settings.get_indicator;
	const colors = {
		"In Production": "yellow",
		"Final Pack": "yellow",
		QA: "yellow",
		"Awaiting Clearance": "orange",
		"Ready to Ship": "blue",
		"Partially Shipped": "blue",
		Shipped: "light-blue",
		Invoiced: "purple",
		Closed: "green",
	};

	settings.add_fields = [...(settings.add_fields || []), "order_stage"];
	settings.get_indicator = (doc) =>
		doc.order_stage
			? [
					__(doc.order_stage),
					colors[doc.order_stage] || "gray",
					`order_stage,=,${doc.order_stage}`,
			  ]
			: erpnext_indicator(doc);

	// Workflow actions on many orders: see many.js
	const erpnext_onload = settings.onload;
	settings.onload = (listview) => {
		erpnext_onload?.(listview);
		metalcraft_workflow.lists.dress(listview, { po_no: __("PO Number") });
		metalcraft_workflow.many.take_over(listview);
		metalcraft_workflow.many.offer_when_submitted(
			listview,
			__("Sales Invoice"),
			__("Delivery Note"),
			__("Advance Payment")
		);
	};
}
