// Step 9: issue the certificates that the app makes itself, and take all documents as one PDF.

frappe.ui.form.on("Delivery Note", {
	async refresh(frm) {
		const { docstatus, name, is_return, follows_process } = frm.doc;
		if (frm.is_new() || is_return || !follows_process) return;
		if (frm.has_perm("print")) {
			frm.add_custom_button(
				__("Document Package"),
				() =>
					open_url_post(
						"/api/method/metalcraft_workflow.outgoing.package.download_package",
						{ delivery_note: name },
						true
					),
				__("Create")
			);
		}
		// Who may, and whose turn it is; the server decides
		const may_issue = frappe.boot.user.in_create.includes("Conformance Certificate");
		if (docstatus !== 0 || !may_issue || frappe.workflow.is_read_only(frm.doctype, name))
			return;
		const types = await frappe.db.get_list("Shipment Document Type", {
			filters: { generated: 1 },
			pluck: "name",
		});
		if (frm.doc.name !== name) return;
		types.forEach((type) =>
			frm.add_custom_button(
				__(type),
				() => metalcraft_workflow.issue(frm, type),
				__("Create")
			)
		);
	},
});

/** Issue a certificate; one that holds already is replaced only when that is meant. */
metalcraft_workflow.issue = async function (frm, document_type) {
	if (frm.is_dirty()) await frm.save();
	const issue = async () => {
		const number = await frappe.xcall(
			"metalcraft_workflow.steps.conformance.issue_certificate",
			{ delivery_note: frm.doc.name, document_type }
		);
		frappe.show_alert({ message: __("{0} is issued", [number]), indicator: "green" });
		frm.reload_doc();
	};
	const [valid] = await frappe.db.get_list("Conformance Certificate", {
		filters: { delivery_note: frm.doc.name, document_type, status: "Valid" },
		pluck: "name",
	});
	if (!valid) return issue();
	frappe.confirm(__("{0} is void then, and replaced by a new number. Go on?", [valid]), issue);
};
