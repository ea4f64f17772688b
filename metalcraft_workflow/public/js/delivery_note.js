frappe.ui.form.on("Delivery Note", {
	setup(frm) {
		metalcraft_workflow.gate.setup(frm);
		metalcraft_workflow.amounts.hide("Delivery Note", "Delivery Note Item", "Packed Item");
	},

	refresh(frm) {
		metalcraft_workflow.gate.refresh(frm);
		metalcraft_workflow.documents.refresh(frm);
		metalcraft_workflow.customer_mails.show(frm);
		const { docstatus, is_return, follows_process } = frm.doc;
		if (docstatus !== 1 || is_return || !follows_process) return;
		metalcraft_workflow.customer_mails.add_button(
			frm,
			"shipped",
			"metalcraft_workflow.steps.shipping.send_shipment",
			__("Send Notice of Shipment")
		);
		if (frappe.model.can_create("Return Authorization")) {
			frm.add_custom_button(
				__("Return Authorization"),
				() =>
					frappe.model.open_mapped_doc({
						method: "metalcraft_workflow.steps.returns.make_for_delivery",
						frm,
					}),
				__("Create")
			);
		}
	},

	before_workflow_action: (frm) => metalcraft_workflow.gate.ask_reason(frm),
	after_workflow_action: (frm) => metalcraft_workflow.gate.after_action(frm),
});
