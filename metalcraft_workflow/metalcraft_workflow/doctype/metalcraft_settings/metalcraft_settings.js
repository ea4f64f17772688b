frappe.ui.form.on("Metalcraft Settings", {
	restore_default_workflows(frm) {
		frappe.confirm(
			__("Put both workflows back as they were installed? Your changes to them are lost."),
			() =>
				frm.call("restore_default_workflows").then(() =>
					frappe.show_alert({ message: __("Workflows restored"), indicator: "green" })
				)
		);
	},
});
