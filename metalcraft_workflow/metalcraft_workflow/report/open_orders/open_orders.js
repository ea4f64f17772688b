frappe.query_reports["Open Orders"] = {
	filters: [
		{
			fieldname: "company",
			label: __("Company"),
			fieldtype: "Link",
			options: "Company",
			default: frappe.defaults.get_user_default("Company"),
		},
		{
			fieldname: "stage",
			label: __("Stage"),
			fieldtype: "MultiSelectList",
			get_data: (text) =>
				new Promise((resolve) =>
					frappe.model.with_doctype("Sales Order", () => {
						const field = frappe.meta.get_docfield("Sales Order", "order_stage");
						const stages = field.options.split("\n").filter(Boolean);
						resolve(
							stages
								.map((value) => ({ value, label: __(value), description: "" }))
								.filter((row) =>
									row.label.toLowerCase().includes(text.toLowerCase())
								)
						);
					})
				),
		},
		{
			fieldname: "department",
			label: __("Production Department"),
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
			fieldname: "late_only",
			label: __("Late only"),
			fieldtype: "Check",
		},
	],

	onload(report) {
		report.page.add_inner_button(__("Order Board"), () => frappe.set_route("order-board"));
		// What the next gate still wants, asked of the server when somebody wants to know
		report.page.main.on("click", "[data-why]", ({ currentTarget }) => {
			const { doctype, why } = currentTarget.dataset;
			frappe.require("/assets/metalcraft_workflow/js/why.js", () =>
				metalcraft_workflow.show_why(doctype, why)
			);
		});
	},

	formatter(value, row, column, data, default_formatter) {
		if (!data) return default_formatter(value, row, column, data);
		if (column.fieldname === "days_late") {
			return value ? `<span class="indicator-pill red">${cint(value)}</span>` : "";
		}
		if (column.fieldname === "order_stage") return __(value || "");
		if (column.fieldname === "waiting") {
			return value
				? $('<button type="button" class="btn btn-link btn-xs"></button>')
						.attr({ "data-why": value, "data-doctype": data.waiting_doctype })
						.attr("aria-label", __("Why {0} waits", [value]))
						.text(__("Why"))
						.prop("outerHTML")
				: "";
		}
		const written = data[`written_${column.fieldname}`];
		if (written) return written;
		return default_formatter(value, row, column, data);
	},
};
