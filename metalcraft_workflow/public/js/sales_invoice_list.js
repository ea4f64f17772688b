{
	const settings = frappe.listview_settings["Sales Invoice"];
	const erpnext_onload = settings.onload;

	settings.onload = (listview) => {
		erpnext_onload?.(listview);
		metalcraft_workflow.lists.dress(listview);
	};
}
