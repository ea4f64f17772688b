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
			// Frappe has the columns of each document anew, also of one that has just got its name
			const drawn = `${frm.doc.name} ${is_transfer}`;
			if (grid.drawn_columns === drawn || (!is_transfer && !grid.drawn_columns)) return;
			grid.drawn_columns = drawn;
			Object.entries(columns).forEach(([name, [for_order, otherwise]]) => {
				const width = is_transfer ? for_order : otherwise;
				grid.update_docfield_property(name, "in_list_view", cint(width > 0));
				grid.update_docfield_property(name, "columns", width);
			});
			grid.reset_grid();
		},
	});
}
