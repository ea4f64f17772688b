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

for (const doctype of ["Sales Order", "Delivery Note", "Sales Invoice"]) {
	frappe.listview_settings[doctype] = {
		add_fields: ["status"],
		get_indicator: ({ status }) => {
			const done = ["Closed", "Completed", "Paid"].includes(status);
			const color = done ? "green" : status === "Overdue" ? "red" : "orange";
			return [__(status), color, `status,=,${status}`];
		},
	};
}

// Date and time are the server's to set, until somebody says otherwise.
for (const doctype of ["Delivery Note", "Purchase Receipt", "Sales Invoice", "Stock Entry"]) {
	const lock = (frm) =>
		["posting_date", "posting_time"].forEach((field) =>
			frm.set_df_property(field, "read_only", frm.doc.set_posting_time ? 0 : 1)
		);
	frappe.ui.form.on(doctype, { onload: lock, refresh: lock, set_posting_time: lock });
}

// What the server fills in on saving a document with lines, filled in before a form asks for what is mandatory;
// and what an item says of its line at once.
for (const doctype of ["Quotation", "Sales Order", "Delivery Note", "Sales Invoice"]) {
	frappe.ui.form.on(doctype, {
		before_save: (frm) =>
			frm.doc.items?.length && frm.call({ doc: frm.doc, method: "set_missing_values" }),
	});
	frappe.ui.form.on(`${doctype} Item`, {
		async item_code(frm, row_type, row_name) {
			const { item_code } = locals[row_type][row_name];
			if (!item_code) return;
			const fields = ["item_name", "description", "stock_uom"];
			const { message: item } = await frappe.db.get_value("Item", item_code, fields);
			await frappe.model.set_value(row_type, row_name, {
				...item,
				uom: item.stock_uom,
				conversion_factor: 1,
				qty: locals[row_type][row_name].qty || 1,
			});
		},
	});
}

// Addresses and contacts of whom they belong to, with the buttons that make more of them.
frappe.ui.form.on("Lead", {
	refresh(frm) {
		if (frm.is_new()) frappe.contacts.clear_address_and_contact(frm);
		else frappe.contacts.render_address_and_contact(frm);
	},
});

// The ways on from a document, in the menu that ERPNext has them in: what is made of it, by which of ERPNext's
// functions, and when.
const MODULES = {
	Lead: "erpnext.crm.doctype.lead.lead",
	Opportunity: "erpnext.crm.doctype.opportunity.opportunity",
	Quotation: "erpnext.selling.doctype.quotation.quotation",
	"Sales Order": "erpnext.selling.doctype.sales_order.sales_order",
	"Delivery Note": "erpnext.stock.doctype.delivery_note.delivery_note",
	"Sales Invoice": "erpnext.accounts.doctype.sales_invoice.sales_invoice",
};
const is_open = ({ status }) => !["Closed", "On Hold"].includes(status);
const WAYS_ON = [
	["Lead", "Customer", "make_customer", ({ status }) => status !== "Converted"],
	["Lead", "Opportunity", "make_opportunity"],
	["Lead", "Quotation", "make_quotation"],
	["Opportunity", "Quotation", "make_quotation", ({ status }) => status !== "Lost"],
	[
		"Quotation",
		"Sales Order",
		"make_sales_order",
		({ status }) => !["Lost", "Ordered"].includes(status),
	],
	[
		"Sales Order",
		"Delivery Note",
		"make_delivery_note",
		(doc) => is_open(doc) && doc.per_delivered < 100,
	],
	[
		"Sales Order",
		"Sales Invoice",
		"make_sales_invoice",
		(doc) => is_open(doc) && doc.per_billed < 100,
	],
	[
		"Delivery Note",
		"Sales Invoice",
		"make_sales_invoice",
		(doc) => is_open(doc) && doc.per_billed < 100,
	],
	[
		"Delivery Note",
		"Delivery Note",
		"make_sales_return",
		({ is_return }) => !is_return,
		"Sales Return",
	],
	[
		"Sales Invoice",
		"Sales Invoice",
		"make_sales_return",
		({ is_return }) => !is_return,
		"Return / Credit Note",
	],
];

for (const doctype of Object.keys(MODULES)) {
	frappe.ui.form.on(doctype, {
		refresh(frm) {
			if (frm.is_new() || frm.doc.docstatus !== (frm.meta.is_submittable ? 1 : 0)) return;
			for (const [from, to, name, when, label] of WAYS_ON) {
				if (from !== doctype || !frappe.model.can_create(to) || (when && !when(frm.doc)))
					continue;
				const method = `${MODULES[doctype]}.${name}`;
				const make = () => frappe.model.open_mapped_doc({ method, frm });
				frm.add_custom_button(
					__(label || to),
					from === "Lead" && to === "Opportunity" ? () => ask_first(make) : make,
					__("Create")
				);
			}
			if (doctype === "Sales Order") add_update_items(frm);
			if (["Sales Order", "Sales Invoice"].includes(doctype)) add_payment(frm);
		},
	});
}

// ERPNext asks here whether to make a prospect as well.
function ask_first(make) {
	const sentence = __("The sandbox has no prospects: only the opportunity is made.");
	const dialog = new frappe.ui.Dialog({
		title: __("Create Opportunity"),
		fields: [{ fieldname: "said", fieldtype: "HTML", options: `<p>${sentence}</p>` }],
		primary_action_label: __("Create"),
		primary_action() {
			dialog.hide();
			make();
		},
	});
	dialog.show();
}

function add_payment(frm) {
	const owed = frm.doc.outstanding_amount ?? frm.doc.grand_total - frm.doc.advance_paid;
	if (!owed || !is_open(frm.doc) || !frappe.model.can_create("Payment Entry")) return;
	frm.add_custom_button(
		__("Payment"),
		async () => {
			const entry = await frappe.xcall(
				"erpnext.accounts.doctype.payment_entry.payment_entry.get_payment_entry",
				{ dt: frm.doc.doctype, dn: frm.doc.name }
			);
			const [doc] = frappe.model.sync(entry);
			frappe.set_route("Form", doc.doctype, doc.name);
		},
		__("Create")
	);
}

function add_update_items(frm) {
	if (!is_open(frm.doc) || frm.doc.per_delivered >= 100 || !frm.has_perm("write")) return;
	frm.add_custom_button(__("Update Items"), () => {
		const shown = { in_list_view: 1, columns: 2 };
		const kept = "item_code qty rate uom conversion_factor delivery_date".split(" ");
		const pick = (row, fields) =>
			Object.fromEntries(fields.map((field) => [field, row[field]]));
		const dialog = new frappe.ui.Dialog({
			title: __("Update Items"),
			size: "extra-large",
			fields: [
				{
					fieldname: "items",
					fieldtype: "Table",
					data: frm.doc.items.map((row) => ({ docname: row.name, ...pick(row, kept) })),
					fields: [
						{
							fieldname: "item_code",
							fieldtype: "Link",
							options: "Item",
							label: __("Item Code"),
							...shown,
						},
						{
							fieldname: "delivery_date",
							fieldtype: "Date",
							label: __("Delivery Date"),
							...shown,
						},
						{ fieldname: "qty", fieldtype: "Float", label: __("Qty"), ...shown },
						{ fieldname: "rate", fieldtype: "Currency", label: __("Rate"), ...shown },
					],
				},
			],
			primary_action_label: __("Update"),
			async primary_action({ items }) {
				const rows = items.map((row) => pick(row, ["docname", ...kept]));
				await frappe.xcall(
					"erpnext.controllers.accounts_controller.update_child_qty_rate",
					{
						parent_doctype: frm.doc.doctype,
						trans_items: JSON.stringify(rows),
						parent_doctype_name: frm.doc.name,
						child_docname: "items",
					}
				);
				dialog.hide();
				frm.reload_doc();
			},
		});
		dialog.show();
	});
}
