// The lists of the process: columns that say what they are, and room for names.
frappe.provide("metalcraft_workflow");

metalcraft_workflow.lists = {
	/** Call in `onload` of a list; `labels` are shorter words for columns than those of the form. */
	dress(listview, labels = {}) {
		$(listview.page.wrapper).addClass("metalcraft-list");
		listview.columns.forEach((column) => {
			const label = labels[column.df?.fieldname];
			if (label) column.df = { ...column.df, label };
		});
		listview.render_header(true);
	},
};
