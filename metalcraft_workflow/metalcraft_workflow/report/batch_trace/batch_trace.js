// The filters of which one says what to trace: filling in one clears the others.
const TRACED = ["batch_no", "heat_no", "supplier_lot", "serial_no", "delivery_note"];

function traced(fieldname, label, fieldtype, options) {
	return {
		fieldname,
		label,
		fieldtype,
		options,
		on_change(report) {
			const others = TRACED.filter((other) => other !== fieldname);
			const filled = others.filter((other) => report.get_filter_value(other));
			if (report.get_filter_value(fieldname) && filled.length) {
				report.set_filter_value(Object.fromEntries(filled.map((other) => [other, ""])));
			} else {
				report.refresh();
			}
		},
	};
}

frappe.query_reports["Batch Trace"] = {
	filters: [
		{
			fieldname: "direction",
			label: __("Direction"),
			fieldtype: "Select",
			options: [
				{ value: "Forwards", label: __("Forwards: where it went") },
				{ value: "Backwards", label: __("Backwards: where it came from") },
			],
			default: "Forwards",
			reqd: 1,
		},
		traced("batch_no", __("Batch"), "Link", "Batch"),
		traced("heat_no", __("Heat Number"), "Data"),
		traced("supplier_lot", __("Supplier's Lot"), "Data"),
		traced("serial_no", __("Serial Number"), "Data"),
		traced("delivery_note", __("Delivery Note"), "Link", "Delivery Note"),
	],

	formatter(value, row, column, data, default_formatter) {
		if (column.fieldname === "qty") return (data && data.written_qty) || "";
		const shown = default_formatter(value, row, column, data);
		if (!data) return shown;
		if (["document", "date"].includes(column.fieldname) && shown) {
			return `<span style="white-space: nowrap">${shown}</span>`; // for the print
		}
		if (column.fieldname === "what" && data.bold) return `<b>${shown}</b>`;
		if (column.fieldname === "remark" && data.file) {
			const address = frappe.utils.escape_html(encodeURI(data.file));
			return `<a href="${address}" target="_blank">${shown}</a>`;
		}
		return shown;
	},
};
