// What has to be put right in the engine's scripts, once they are loaded.

// Before an action of a workflow they ask the server whether to confirm it, by reading the Workflow, which
// staff may not read. It came with the form.
{
	const get_value = frappe.db.get_value;
	frappe.db.get_value = function (doctype, filters, fieldname, ...rest) {
		return doctype === "Workflow" && fieldname === "enable_action_confirmation"
			? Promise.resolve({ message: frappe.workflow.workflows[filters.document_type] || {} })
			: get_value.call(this, doctype, filters, fieldname, ...rest);
	};
}

// Components of Vue kept the old name when everything else was renamed.
{
	const set_globals = window.SetVueGlobals;
	window.SetVueGlobals = (app) => {
		set_globals(app);
		app.config.globalProperties.frappe = frappe;
	};
}
