// What the app's forms ask of ERPNext's scripts, for the desk of the sandbox.

frappe.provide("erpnext.utils");

// A scan by hand or by reader: the server says what it is, and the rows are told.
erpnext.utils.BarcodeScanner = class {
	constructor({ frm, scan_field_name = "scan_barcode" }) {
		this.frm = frm;
		this.field = frm.fields_dict[scan_field_name];
	}

	async process_scan() {
		const search_value = this.field.value;
		if (!search_value) return;
		this.field.set_value("");
		const found = await frappe.xcall("erpnext.stock.utils.scan_barcode", { search_value });
		if (!found?.item_code) {
			this.show_alert(__("Cannot find Item with this Barcode"), "red");
			throw new Error(search_value);
		}
		return this.update_table(found);
	}

	update_table({ item_code }) {
		this.show_alert(
			__("The sandbox takes scans for goods of an order only: {0}", [item_code]),
			"red"
		);
		return Promise.reject();
	}

	show_alert(message, indicator, seconds = 3) {
		frappe.show_alert({ message, indicator }, seconds);
	}
};

// Choose documents, and take their rows over into the one that is open.
erpnext.utils.map_current_doc = ({
	method,
	source_doctype,
	target,
	setters,
	get_query_filters,
}) => {
	const dialog = new frappe.ui.form.MultiSelectDialog({
		doctype: source_doctype,
		target,
		setters: setters || {},
		get_query: () => ({ filters: get_query_filters }),
		async action(names) {
			if (!names.length) return;
			dialog.dialog.hide();
			const doc = await frappe.xcall("frappe.model.mapper.map_docs", {
				method,
				source_names: names,
				target_doc: target.doc,
			});
			frappe.model.sync(doc);
			target.dirty();
			target.refresh();
		},
	});
};

frappe.listview_settings["Sales Order"] = {
	add_fields: ["status"],
	get_indicator: ({ status }) => {
		const color =
			{ "On Hold": "orange", Closed: "green", Completed: "green" }[status] || "orange";
		return [__(status), color, `status,=,${status}`];
	},
};

// Date and time are the server's to set, until somebody says otherwise.
for (const doctype of ["Delivery Note", "Purchase Receipt", "Sales Invoice", "Stock Entry"]) {
	const lock = (frm) =>
		["posting_date", "posting_time"].forEach((field) =>
			frm.set_df_property(field, "read_only", frm.doc.set_posting_time ? 0 : 1)
		);
	frappe.ui.form.on(doctype, { onload: lock, refresh: lock, set_posting_time: lock });
}
