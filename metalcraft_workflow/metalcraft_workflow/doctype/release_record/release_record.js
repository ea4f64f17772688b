frappe.ui.form.on("Release Record", {
	refresh(frm) {
		// What the record names is text, so that no rename rewrites it
		const { reference_doctype, reference_name } = frm.doc;
		frm.add_custom_button(__("Open {0}", [`${__(reference_doctype)} ${reference_name}`]), () =>
			frappe.set_route("Form", reference_doctype, reference_name)
		);
	},
});
