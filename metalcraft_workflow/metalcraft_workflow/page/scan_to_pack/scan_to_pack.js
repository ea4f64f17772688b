// What is on the page is drawn by public/js/scan_to_pack.js.
frappe.pages["scan-to-pack"].on_page_load = (wrapper) => {
	wrapper.scan_to_pack = new metalcraft_workflow.ScanToPack(wrapper);
};

frappe.pages["scan-to-pack"].on_page_show = (wrapper) => wrapper.scan_to_pack?.show();
