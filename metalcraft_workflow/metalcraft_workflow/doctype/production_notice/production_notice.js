const METHODS = "metalcraft_workflow.outgoing.production_notices";

frappe.ui.form.on("Production Notice", {
	refresh(frm) {
		frm.disable_save();
		show_status(frm);
		add_actions(frm);
	},
});

function show_status(frm) {
	const { status, error, not_told } = frm.doc;
	if (status === "Failed") {
		frm.set_intro(
			__("The department was not told by mail yet: {0}", [
				frappe.utils.escape_html(error || ""),
			]),
			"red"
		);
	} else if (not_told) {
		frm.set_intro(
			__("Not told, because there is no valid address: {0}", [
				frappe.utils.escape_html(not_told.split("\n").join(", ")),
			]),
			"orange"
		);
	}
}

function add_actions(frm) {
	const { status } = frm.doc;
	if (frm.doc.__onload?.may_act && status !== "Done") {
		if (status !== "Acknowledged") {
			frm.add_custom_button(__("Acknowledge"), () => call(frm, "acknowledge")).addClass(
				"btn-primary"
			);
		}
		frm.add_custom_button(__("Finish"), () => call(frm, "finish")).toggleClass(
			"btn-primary",
			status === "Acknowledged"
		);
	}
	if (status === "Failed") {
		frm.add_custom_button(__("Send Again"), () => call(frm, "send_again"));
	}
}

async function call(frm, method) {
	await frappe.call({
		method: `${METHODS}.${method}`,
		args: { name: frm.doc.name },
		freeze: true,
	});
	frm.reload_doc();
}
