frappe.query_reports["Bottlenecks"] = {
	filters: [
		{
			fieldname: "company",
			label: __("Company"),
			fieldtype: "Link",
			options: "Company",
			default: frappe.defaults.get_user_default("Company"),
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
				{ value: "Partially Shipped", label: __("Partially Shipped") },
				{ value: "Shipped", label: __("Shipped") },
				{ value: "Invoiced", label: __("Invoiced") },
			],
		},
		{
			fieldname: "each_document",
			label: __("Each document"),
			fieldtype: "Check",
		},
	],

	formatter(value, row, column, data, default_formatter) {
		if (!data) return default_formatter(value, row, column, data);
		if (column.fieldname === "late") {
			if (!value) return "";
			const shown = data.documents ? cint(value) : __("Late");
			return `<span class="indicator-pill red">${shown}</span>`;
		}
		if (["stage", "state"].includes(column.fieldname)) return __(value || "");
		return default_formatter(value, row, column, data);
	},
};
