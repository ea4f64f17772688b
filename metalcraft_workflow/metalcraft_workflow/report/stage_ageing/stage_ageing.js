frappe.query_reports["Stage Ageing"] = {
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
			label: __("Left From"),
			fieldtype: "Date",
			default: frappe.datetime.add_months(frappe.datetime.get_today(), -6),
			reqd: 1,
		},
		{
			fieldname: "to_date",
			label: __("Left To"),
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
			fieldname: "stage",
			label: __("Stage"),
			fieldtype: "Select",
			options: [
				{ value: "", label: "" },
				{ value: "Draft", label: __("Draft") },
				{ value: "Pending Approval", label: __("Pending Approval") },
				{ value: "Credit Hold", label: __("Credit Hold") },
				{ value: "In Production", label: __("In Production") },
				{ value: "Final Pack", label: __("Final Pack") },
				{ value: "QA", label: __("QA") },
				{ value: "Awaiting Clearance", label: __("Awaiting Clearance") },
				{ value: "Ready to Ship", label: __("Ready to Ship") },
			],
		},
	],

	formatter(value, row, column, data, default_formatter) {
		if (!data) return default_formatter(value, row, column, data);
		if (column.fieldname === "stage") return __(value || "");
		return default_formatter(value, row, column, data);
	},
};
