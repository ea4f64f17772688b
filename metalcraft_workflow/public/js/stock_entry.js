// Step 7 in ERPNext's own form: a transfer to Final Pack shows what is brought, and which of it.
{
	// Columns of the table, with their widths, in a transfer for an order and in others; 0: not among them
	const columns = {
		s_warehouse: [2, 2],
		t_warehouse: [0, 2], // always Final Pack
		item_code: [3, 2],
		qty: [1, 2],
		basic_rate: [0, 2],
		serial_no: [2, 0],
		batch_no: [2, 0],
	};

	frappe.ui.form.on("Stock Entry", {
		setup() {
			metalcraft_workflow.amounts.hide("Stock Entry", "Stock Entry Detail");
		},

		refresh(frm) {
			const { grid } = frm.fields_dict.items;
			const is_transfer = Boolean(frm.doc.sales_order);
			if (Boolean(grid.is_transfer) === is_transfer) return;
			grid.is_transfer = is_transfer;
			Object.entries(columns).forEach(([name, [for_order, otherwise]]) => {
				const width = is_transfer ? for_order : otherwise;
				grid.update_docfield_property(name, "in_list_view", cint(width > 0));
				grid.update_docfield_property(name, "columns", width);
			});
			grid.reset_grid();
		},
	});
}
