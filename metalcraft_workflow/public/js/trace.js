// The auditor's two questions, asked from the form of a batch, a serial number or a delivery note.
// Loaded with each of them, registered once.
frappe.provide("metalcraft_workflow");

if (!metalcraft_workflow.trace) {
	metalcraft_workflow.trace = {
		filters: { Batch: "batch_no", "Serial No": "serial_no", "Delivery Note": "delivery_note" },

		refresh(frm) {
			if (frm.is_new() || !frappe.boot.user.all_reports?.["Batch Trace"]) return;
			const add = (label, direction) =>
				frm.add_custom_button(label, () => this.open(frm, direction), __("Trace"));
			add(__("Where It Went"), "Forwards");
			add(__("Where It Came From"), "Backwards");
		},

		open(frm, direction) {
			const nothing = {
				batch_no: "",
				heat_no: "",
				supplier_lot: "",
				serial_no: "",
				delivery_note: "",
			};
			const asked = { [this.filters[frm.doctype]]: frm.doc.name };
			frappe.set_route("query-report", "Batch Trace", { ...nothing, ...asked, direction });
		},
	};

	Object.keys(metalcraft_workflow.trace.filters).forEach((doctype) =>
		frappe.ui.form.on(doctype, { refresh: (frm) => metalcraft_workflow.trace.refresh(frm) })
	);
}
