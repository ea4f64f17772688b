const STEPS = "metalcraft_workflow.steps.returns";

frappe.ui.form.on("Return Authorization", {
	setup(frm) {
		frm.set_df_property("items", "cannot_add_rows", true);
		frm.custom_make_buttons = {
			"Delivery Note": __("Return Delivery"),
			"Sales Invoice": __("Credit Note"),
		};
		frm.set_query("batch_no", "items", (_doc, cdt, cdn) => ({
			filters: { item: locals[cdt][cdn].item_code },
		}));
	},

	refresh(frm) {
		frm.set_intro(); // a form that is drawn again keeps the former one
		frm.set_intro(next_step(frm), "blue");
		if (frm.doc.docstatus === 1) add_actions(frm);
	},
});

/** What is to be done next, and by whom. */
function next_step({ doc }) {
	if (doc.docstatus === 0) {
		return doc.items?.length
			? __("Keep the lines that come back. A Sales Manager authorizes it by submitting it.")
			: __("Make it from the order or the delivery note: Create, Return Authorization.");
	}
	if (doc.docstatus === 2) return "";
	const came = doc.items.filter((row) => row.received_qty);
	const to_judge = came.filter((row) => !row.condition);
	const open = came.filter((row) => row.received_qty > row.settled_qty && row.condition);
	const words = [];
	if (doc.__onload?.to_receive?.length) {
		words.push(__("Shipping receives what comes back."));
	}
	if (to_judge.length) {
		words.push(__("Quality Assurance records the condition of what came back."));
	}
	if (open.some((row) => row.disposition === "Credit")) {
		words.push(__("Customer Support makes the credit note."));
	}
	if (open.some((row) => row.disposition !== "Credit")) {
		words.push(
			__("Production brings the goods to Final Pack again, and they ship once more.")
		);
	}
	return words.join(" ");
}

function add_actions(frm) {
	const { to_receive = [], to_credit = [], may_judge } = frm.doc.__onload || {};
	if (frappe.model.can_create("Delivery Note")) {
		add_makers(frm, to_receive, "delivery_note", "make_return", __("Return Delivery"));
	}
	if (frappe.model.can_create("Sales Invoice")) {
		add_makers(frm, to_credit, "invoice", "make_credit_note", __("Credit Note"));
	}
	if (may_judge && frm.doc.items.some((row) => row.received_qty)) {
		frm.add_custom_button(__("Record Condition"), () => record_condition(frm));
	}
	if (to_receive.length && frm.perm[0]?.submit) {
		frm.add_custom_button(__("Close"), () => close(frm));
	}
}

/** A button for each of the documents that something can be made from; just one when there is one. */
function add_makers(frm, names, argument, method, label) {
	for (const name of names) {
		frm.add_custom_button(
			names.length > 1 ? `${label}: ${name}` : label,
			() =>
				frappe.model.open_mapped_doc({
					method: `${STEPS}.${method}`,
					frm,
					args: { [argument]: name },
				}),
			__("Create")
		);
	}
}

function close(frm) {
	frappe.prompt(
		{
			fieldname: "reason",
			fieldtype: "Small Text",
			label: __("Why is nothing more expected?"),
			reqd: 1,
		},
		({ reason }) => call(frm, "close", { reason }),
		__("Close {0}", [frm.doc.name]),
		__("Close")
	);
}

function record_condition(frm) {
	const condition = frappe.meta.get_docfield("Return Authorization Item", "condition");
	const dialog = new frappe.ui.Dialog({
		title: __("Condition of What Came Back"),
		size: "large",
		fields: [
			{
				fieldname: "rows",
				fieldtype: "Table",
				label: __("Rows"),
				cannot_add_rows: true,
				cannot_delete_rows: true,
				in_place_edit: true,
				data: frm.doc.items
					.filter((row) => row.received_qty)
					.map((row) => ({
						row_name: row.name,
						item_code: row.item_code,
						received: row.received_qty,
						source: [row.batch_no, row.serial_nos].filter(Boolean).join("\n"),
						condition: row.condition,
						findings: row.findings,
					})),
				fields: [
					{
						fieldname: "item_code",
						fieldtype: "Data",
						label: __("Item"),
						read_only: 1,
						in_list_view: 1,
						columns: 2,
					},
					{
						fieldname: "received",
						fieldtype: "Float",
						label: __("Quantity"),
						read_only: 1,
						in_list_view: 1,
						columns: 2,
					},
					{
						fieldname: "source",
						fieldtype: "Small Text",
						label: __("Batch, Serial"),
						read_only: 1,
						in_list_view: 1,
						columns: 2,
					},
					{
						fieldname: "condition",
						fieldtype: "Select",
						options: condition.options,
						label: __("Condition"),
						in_list_view: 1,
						columns: 2,
					},
					{
						fieldname: "findings",
						fieldtype: "Data",
						label: __("Findings"),
						in_list_view: 1,
						columns: 2,
					},
				],
			},
		],
		primary_action_label: __("Save"),
		async primary_action({ rows }) {
			await call(frm, "record_condition", {
				rows: rows.map(({ row_name, condition, findings }) => ({
					name: row_name,
					condition,
					findings,
				})),
			});
			dialog.hide();
		},
	});
	dialog.show();
}

async function call(frm, method, args) {
	await frappe.call({
		method: `${STEPS}.${method}`,
		args: { name: frm.doc.name, ...args },
		freeze: true,
	});
	frm.reload_doc();
}
