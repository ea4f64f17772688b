frappe.ui.form.on("Metalcraft Settings", {
	setup(frm) {
		// What gates ask is the app's; which of it is demanded, and who may waive it, is yours.
		frm.set_df_property("gate_requirements", "cannot_add_rows", true);
		frm.set_df_property("gate_requirements", "cannot_delete_rows", true);
		frm.set_df_property("gate_requirements", "cannot_delete_all_rows", true);
		frappe.meta.get_docfield("Gate Requirement", "gate").formatter = (gate) =>
			__(frappe.unscrub(gate));
		frm.set_query("default_production_department", () => ({ filters: { active: 1 } }));
		for (const field of ["final_pack_warehouse", "shipping_warehouse"]) {
			frm.set_query(field, "warehouses", (doc, cdt, cdn) => ({
				filters: { company: locals[cdt][cdn].company, is_group: 0 },
			}));
		}
	},

	refresh(frm) {
		const used = (frm.doc.__onload && frm.doc.__onload.portals_in_use) || [];
		const note = used.length
			? __("In use on this site, and closed: {0}", [
					used.map(frappe.utils.escape_html).join(", "),
			  ])
			: "";
		frm.get_field("portals_in_use").$wrapper.html(`<p class="text-warning">${note}</p>`);
	},

	restore_default_workflows(frm) {
		frappe.confirm(
			__("Put both workflows back as they were installed? Your changes to them are lost."),
			() =>
				frm.call("restore_default_workflows").then(() =>
					frappe.show_alert({
						message: __("Workflows restored"),
						indicator: "green",
					})
				)
		);
	},
});
