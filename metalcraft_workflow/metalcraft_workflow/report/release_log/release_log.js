frappe.query_reports["Release Log"] = {
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
			label: __("From"),
			fieldtype: "Date",
			default: frappe.datetime.add_months(frappe.datetime.get_today(), -1),
			reqd: 1,
		},
		{
			fieldname: "to_date",
			label: __("To"),
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
			fieldname: "doctype",
			label: __("Documents"),
			fieldtype: "Select",
			options: [
				{ value: "", label: "" },
				{ value: "Sales Order", label: __("Sales Order") },
				{ value: "Delivery Note", label: __("Delivery Note") },
			],
		},
		{
			fieldname: "kind",
			label: __("Kind"),
			fieldtype: "Select",
			options: [
				{ value: "", label: "" },
				{ value: "Passage", label: __("Passages") },
				{ value: "Waiver", label: __("Waivers") },
				{ value: "Void", label: __("Taken Back") },
			],
		},
		{
			fieldname: "who",
			label: __("Who"),
			fieldtype: "Data",
		},
		{
			fieldname: "with_reason",
			label: __("With a reason only"),
			fieldtype: "Check",
		},
	],

	formatter(value, row, column, data, default_formatter) {
		if (!data) return default_formatter(value, row, column, data);
		if (["from_state", "to_state", "role"].includes(column.fieldname)) return __(value || "");
		return default_formatter(value, row, column, data);
	},
};
