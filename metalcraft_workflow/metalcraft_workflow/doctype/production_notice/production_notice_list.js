frappe.listview_settings["Production Notice"] = {
	hide_name_column: true,
	add_fields: ["status", "kind"],
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
