frappe.query_reports["Release History"] = {
	filters: [
		{
			fieldname: "sales_order",
			label: __("Sales Order"),
			fieldtype: "Link",
			options: "Sales Order",
			reqd: 1,
		},
	],
};
