// Gates in words on the form of a workflow; what is stored is their key.
frappe.ui.form.on("Workflow", {
	setup() {
		const df = frappe.meta.get_docfield("Workflow Document State", "gate");
		if (!df || Array.isArray(df.options)) return;
		const words = (gate) => (gate ? __(frappe.unscrub(gate)) : "");
		df.formatter = words;
		df.options = df.options.split("\n").map((value) => ({ value, label: words(value) }));
	},
});
