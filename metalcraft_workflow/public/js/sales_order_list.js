Object.assign(frappe.listview_settings["Sales Order"], {
	formatters: {
		...frappe.listview_settings["Sales Order"].formatters,

		order_stage(stage) {
			if (!stage) return "";
			const color =
				{
					Draft: "gray",
					"Pending Approval": "orange",
					"Credit Hold": "red",
					"Ready to Ship": "blue",
					"Partially Shipped": "blue",
					Shipped: "blue",
					Invoiced: "purple",
					Closed: "green",
					Cancelled: "gray",
				}[stage] || "yellow";
			return `<span class="indicator-pill ${color} filterable ellipsis"
				data-filter="order_stage,=,${stage}">${__(stage)}</span>`;
		},
	},
});
