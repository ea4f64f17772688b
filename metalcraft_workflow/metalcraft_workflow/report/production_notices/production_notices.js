frappe.query_reports["Production Notices"] = {
	filters: [
		{
			fieldname: "company",
			label: __("Company"),
			fieldtype: "Link",
			options: "Company",
			default: frappe.defaults.get_user_default("Company"),
		},
		{
			fieldname: "from_date",
			label: __("Written From"),
			fieldtype: "Date",
			default: frappe.datetime.add_months(frappe.datetime.get_today(), -1),
			reqd: 1,
		},
		{
			fieldname: "to_date",
			label: __("Written To"),
			fieldtype: "Date",
			default: frappe.datetime.get_today(),
			reqd: 1,
		},
		{
			fieldname: "department",
			label: __("Department"),
			fieldtype: "Link",
			options: "Production Department",
		},
		{
			fieldname: "customer",
			label: __("Customer"),
			fieldtype: "Link",
			options: "Customer",
		},
		{
			fieldname: "status",
			label: __("Status"),
			fieldtype: "Select",
			options: [
				{ value: "", label: "" },
				{ value: "Pending", label: __("Pending") },
				{ value: "Queued", label: __("Queued") },
				{ value: "Sent", label: __("Sent") },
				{ value: "Failed", label: __("Failed") },
				{ value: "Acknowledged", label: __("Acknowledged") },
				{ value: "Done", label: __("Done") },
			],
		},
		{
			fieldname: "kind",
			label: __("Kind"),
			fieldtype: "Select",
			options: [
				{ value: "", label: "" },
				{ value: "New", label: __("New") },
				{ value: "Change", label: __("Change") },
				{ value: "Cancel", label: __("Cancel") },
			],
		},
		{
			fieldname: "open_only",
			label: __("Not acknowledged only"),
			fieldtype: "Check",
		},
	],

	formatter(value, row, column, data, default_formatter) {
		if (!data) return default_formatter(value, row, column, data);
		if (column.fieldname === "status" && value) {
			const colors = {
				Pending: "gray",
				Queued: "orange",
				Sent: "blue",
				Failed: "red",
				Acknowledged: "yellow",
				Done: "green",
			};
			return `<span class="indicator-pill ${colors[value]}">${__(value)}</span>`;
		}
		if (column.fieldname === "ship_date" && data.late) {
			const shown = default_formatter(value, row, column, data);
			return `${shown} <span class="indicator-pill red">${__("Late")}</span>`;
		}
		if (column.fieldname === "kind") return __(value || "");
		if (
			["hours_to_send", "hours_to_acknowledge", "days_to_finish"].includes(
				column.fieldname
			) &&
			value == null
		) {
			return "";
		}
		return default_formatter(value, row, column, data);
	},
};
