// What keeps a document where it is, in a window: the checklist of its form, asked of the server.

frappe.provide("metalcraft_workflow");

metalcraft_workflow.show_why = async (doctype, name) => {
	const entries = await frappe.xcall("metalcraft_workflow.gates.checklist.get_checklist", {
		doctype,
		name,
	});
	const body = $("<div></div>");
	// What an order needs to close is of interest where no other step is next
	const steps = (entries || []).some((entry) => entry.action);
	for (const { action, role, arrival, requirements } of entries || []) {
		if (steps && !action && !arrival) continue;
		if (arrival) {
			$("<p></p>").text(arrival.reason).appendTo(body);
			continue;
		}
		const open = requirements.filter((row) => !row.met && !row.waived);
		const heading = action ? __("Next: {0}", [__(action)]) : __("Still open because");
		$("<h5></h5>")
			.text(role ? `${heading} (${__(role)})` : heading)
			.appendTo(body);
		const list = $("<ul></ul>").appendTo(body);
		open.forEach((row) =>
			$("<li></li>")
				.text(row.message || row.label)
				.appendTo(list)
		);
		if (!open.length) $("<li></li>").text(__("Nothing missing")).appendTo(list);
	}
	if (!body.children().length)
		$("<p></p>").text(__("Nothing is asked for here.")).appendTo(body);
	const dialog = new frappe.ui.Dialog({
		title: __("Why {0} waits", [name]),
		primary_action_label: __("Open"),
		primary_action: () => {
			dialog.hide();
			frappe.set_route("Form", doctype, name);
		},
	});
	dialog.$body.append(body);
	dialog.show();
};
