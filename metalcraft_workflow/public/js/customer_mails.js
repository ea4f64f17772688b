// What became of the mails to the customer, and sending one again. The server says both.
frappe.provide("metalcraft_workflow");

metalcraft_workflow.customer_mails = {
	/** Say on top of the form which mails have not arrived. Call in `refresh`. */
	show(frm) {
		for (const { problem, recipients } of Object.values(this.of(frm))) {
			if (!problem) continue;
			const words = __("The customer has not got our mail to {0}. {1}", [
				recipients,
				problem,
			]);
			frm.dashboard.add_comment(frappe.utils.escape_html(words), "red", true);
		}
	},

	/** Let Customer Support send the mail of a kind by `method`, which takes the last one that is known
	 * here: who presses twice sends once. */
	add_button(frm, kind, method, label) {
		if (frm.is_new() || !frappe.user.has_role("Customer Support")) return;
		const last = this.of(frm)[kind];
		const send = async () => {
			const recipients = await frappe.xcall(method, {
				name: frm.doc.name,
				known: last?.name || "",
			});
			frappe.show_alert({
				message: __("On its way to {0}", [frappe.utils.escape_html(recipients)]),
				indicator: "green",
			});
			frm.reload_doc();
		};
		frm.add_custom_button(label, () => {
			if (!last) return send();
			const words = __("It was sent on {0} to {1}. Send it again?", [
				frappe.datetime.str_to_user(last.sent_on),
				last.recipients,
			]);
			frappe.confirm(frappe.utils.escape_html(words), send);
		});
	},

	of(frm) {
		return frm.doc.__onload?.customer_mails || {};
	},
};
