frappe.ui.form.on("Sales Order", {
	setup(frm) {
		metalcraft_workflow.gate.setup(frm);
		metalcraft_workflow.amounts.hide("Sales Order", "Sales Order Item", "Packed Item");
		// ERPNext adds its buttons after every `refresh` handler; this one runs after them.
		frm.cscript.custom_refresh = () => metalcraft_workflow.sales_order.set_buttons(frm);
	},

	refresh(frm) {
		metalcraft_workflow.gate.refresh(frm);
		metalcraft_workflow.customer_mails.show(frm);
		metalcraft_workflow.comparison.add_button(frm);
	},

	before_workflow_action: (frm) => metalcraft_workflow.gate.ask_reason(frm),
	after_workflow_action: (frm) => metalcraft_workflow.gate.after_action(frm),
});

metalcraft_workflow.sales_order = {
	/** Steps 7, 8 and 12: the ways on from here, in place of those that lead around the process. */
	set_buttons(frm) {
		const { docstatus, status, follows_process, skip_delivery_note } = frm.doc;
		if (!follows_process || docstatus !== 1) return;
		metalcraft_workflow.customer_mails.add_button(
			frm,
			"acknowledgement",
			"metalcraft_workflow.steps.approval.send_acknowledgement",
			__("Send Acknowledgement")
		);
		// ERPNext offers it to who may write, and refuses it to who may not submit
		if (!frm.has_perm("submit")) {
			metalcraft_workflow.gate.remove_button(frm, __("Update Items"));
		}
		if (skip_delivery_note) return;
		const create = __("Create");
		metalcraft_workflow.gate.remove_button(frm, __("Delivery Note"), create);
		metalcraft_workflow.gate.remove_button(frm, __("Pick List"), create);
		metalcraft_workflow.gate.remove_button(frm, __("Sales Invoice"), create); // made from the delivery, step 12
		if (!frappe.model.can_create("Payment Request")) {
			metalcraft_workflow.gate.remove_button(frm, __("Payment Request"), create);
		}
		if (flt(frm.doc.per_delivered) && frappe.model.can_create("Return Authorization")) {
			frm.add_custom_button(
				__("Return Authorization"),
				() => this.open(frm, "metalcraft_workflow.steps.returns.make_for_order"),
				create
			);
		}
		if (["Closed", "On Hold"].includes(status) || flt(frm.doc.per_delivered, 6) >= 100) return;

		if (flt(frm.doc.per_final_pack, 6) < 100 && frappe.model.can_create("Stock Entry")) {
			frm.add_custom_button(
				__("Transfer to Final Pack"),
				() => this.open(frm, "metalcraft_workflow.steps.transfer.make_transfer"),
				create
			);
		}
		if (frappe.model.can_create("Delivery Note")) {
			frm.add_custom_button(
				__("Delivery Note"),
				() => this.open(frm, "metalcraft_workflow.steps.final_pack.make_delivery_note"),
				create
			);
		}
	},

	open(frm, method) {
		frappe.model.open_mapped_doc({ method, frm });
	},
};
