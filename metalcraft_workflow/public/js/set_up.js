// Check Set-Up, in the settings: the server says what is missing, and where to mend it.
frappe.ui.form.on("Metalcraft Settings", {
	refresh(frm) {
		frm.add_custom_button(__("Check Set-Up"), async () => {
			const { message: points } = await frappe.call({
				method: "metalcraft_workflow.desk.set_up.check_set_up",
				type: "GET",
				freeze: true,
			});
			const missing = points.filter(({ met }) => !met);
			const dialog = new frappe.ui.Dialog({
				title: missing.length
					? __("{0} missing", [missing.length])
					: __("Nothing missing"),
				size: "large",
			});
			const list = $('<ul class="list-unstyled"></ul>').appendTo(dialog.body);
			[...missing, ...points.filter(({ met }) => met)].forEach((point) =>
				list.append(draw(point))
			);
			dialog.$wrapper.on("click", "a", () => dialog.hide());
			dialog.show();
		});
	},
});

function draw({ label, met, message, doctype, name }) {
	const text = $('<span class="gate-text"></span>').append(
		$("<strong></strong>").text(`${label} `),
		$("<span></span>").text(message)
	);
	if (!met) {
		$("<a></a>")
			.attr(
				"href",
				name
					? frappe.utils.get_form_link(doctype, name)
					: frappe.utils.generate_route({ type: "DocType", name: doctype })
			)
			.text(__("Open"))
			.appendTo(text.append(" "));
	}
	return $('<li class="gate-row"></li>').append(
		metalcraft_workflow.gate.icon(
			met ? "tick" : "solid-error",
			met ? __("Met") : __("Missing")
		),
		text
	);
}
