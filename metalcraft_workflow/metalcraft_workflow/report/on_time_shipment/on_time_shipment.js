frappe.query_reports["On-Time Shipment"] = {
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
			label: __("Promised From"),
			fieldtype: "Date",
			default: frappe.datetime.add_months(frappe.datetime.get_today(), -3),
			reqd: 1,
		},
		{
			fieldname: "to_date",
			label: __("Promised To"),
			fieldtype: "Date",
			default: frappe.datetime.get_today(),
			reqd: 1,
		},
		{
			fieldname: "customer",
			label: __("Customer"),
			fieldtype: "Link",
			options: "Customer",
		},
		{
			fieldname: "outcome",
			label: __("Outcome"),
			fieldtype: "Select",
			options: [
				{ value: "", label: "" },
				{ value: "On Time", label: __("On Time") },
				{ value: "Late", label: __("Late") },
				{ value: "Overdue", label: __("Overdue") },
				{ value: "Due", label: __("Due") },
				{ value: "Closed Short", label: __("Closed Short") },
			],
		},
		{
			fieldname: "chart",
			label: __("Chart"),
			fieldtype: "Select",
			options: [
				{ value: "Months", label: __("Months") },
				{ value: "Late Reasons", label: __("Late Reasons") },
			],
			default: "Months",
		},
	],

	formatter(value, row, column, data, default_formatter) {
		if (!data) return default_formatter(value, row, column, data);
		if (column.fieldname === "outcome" && value) {
			const colors = { "On Time": "green", Late: "orange", Overdue: "red", Due: "blue" };
			return `<span class="indicator-pill ${colors[value] || "gray"}">${__(value)}</span>`;
		}
		if (column.fieldname === "days_late" && !value) return "";
		if (column.fieldname === "late_in") return __(value || "");
		const written = data[`written_${column.fieldname}`];
		if (written) return written;
		return default_formatter(value, row, column, data);
	},
};
