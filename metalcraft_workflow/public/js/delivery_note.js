frappe.ui.form.on("Delivery Note", {
	setup(frm) {
		metalcraft_workflow.gate.setup(frm);
	},

	refresh(frm) {
		metalcraft_workflow.gate.refresh(frm);
	},

	before_workflow_action: (frm) => metalcraft_workflow.gate.ask_reason(frm),
	after_workflow_action: (frm) => metalcraft_workflow.gate.after_action(frm),
});
