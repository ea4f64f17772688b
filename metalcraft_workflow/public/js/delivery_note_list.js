// Workflow actions on many delivery notes: see many.js.
{
	metalcraft_workflow.amounts.hide("Delivery Note");
	const settings = frappe.listview_settings["Delivery Note"];
	const erpnext_onload = settings.onload;

	settings.onload = (listview) => {
		erpnext_onload?.(listview);
		metalcraft_workflow.lists.dress(listview, { po_no: __("PO Number") });
		metalcraft_workflow.many.take_over(listview);
		metalcraft_workflow.many.offer_when_submitted(
			listview,
			__("Sales Invoice"),
			__("Create Delivery Trip")
		);
	};
}
