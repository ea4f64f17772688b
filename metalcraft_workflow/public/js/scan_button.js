// The way from a delivery note or a transfer to Scan to Pack, while it can be scanned: the server says so.
{
	const KIND = { "Delivery Note": "delivery", "Stock Entry": "transfer" };

	const offer = {
		refresh(frm) {
			if (frm.is_new() || !frm.doc.__onload?.can_scan) return;
			frm.add_custom_button(__("Scan"), async () => {
				if (frm.is_dirty()) await frm.save();
				frappe.route_options = { [KIND[frm.doctype]]: frm.doc.name };
				frappe.set_route("scan-to-pack");
			});
		},
	};

	Object.keys(KIND).forEach((doctype) => frappe.ui.form.on(doctype, offer));
}
