frappe.listview_settings["Production Notice"] = {
	hide_name_column: true,
	add_fields: ["status", "kind"],
	onload(listview) {
		// Those of a department who have not the role do it on the form, one at a time
		if (!frappe.user.has_role("Production")) return;
		const { many } = metalcraft_workflow;
		many.offer(
			listview,
			"Acknowledge",
			(row) => !["Acknowledged", "Done"].includes(row.status)
		);
		many.offer(listview, "Finish", (row) => row.status !== "Done");
	},
	get_indicator(doc) {
		const colors = {
			Pending: "gray",
			Queued: "orange",
			Sent: "blue",
			Failed: "red",
			Acknowledged: "yellow",
			Done: "green",
		};
		return [__(doc.status), colors[doc.status], `status,=,${doc.status}`];
	},
};
