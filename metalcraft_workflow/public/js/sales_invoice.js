frappe.ui.form.on("Sales Invoice", {
	refresh(frm) {
		metalcraft_workflow.customer_mails.show(frm);
		// Step 12
		if (frm.doc.docstatus !== 1 || !frm.has_perm("submit") || !frm.has_perm("email")) return;
		const sent_on = frm.doc.invoice_sent_on;
		const send = async () => {
			const recipient = await frappe.xcall(
				"metalcraft_workflow.steps.invoicing.send_invoice",
				{
					name: frm.doc.name,
					// what is known here, so that pressing twice sends once
					sent_on: sent_on || "",
				}
			);
			frappe.show_alert({
				message: __("On its way to {0}", [recipient]),
				indicator: "green",
			});
			frm.reload_doc();
		};
		frm.add_custom_button(__("Send to Customer"), () =>
			sent_on
				? frappe.confirm(
						__("This invoice was sent on {0}. Send it again?", [
							frappe.datetime.str_to_user(sent_on),
						]),
						send
				  )
				: send()
		);
	},
});
