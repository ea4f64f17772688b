"""My Work without the desk: what waits for the person who is signed in, with the steps that need no reason."""

import frappe

no_cache = 1


def get_context(context):
	from metalcraft_workflow.desk import my_work

	if frappe.session.user == "Guest":
		frappe.local.flags.redirect_location = "/login?redirect-to=/sandbox_work"
		raise frappe.Redirect(302)
	context.title = "My Work"
	context.full_name = frappe.utils.get_fullname()
	found = my_work.get_my_work()["sections"] if my_work.is_permitted() else []
	context.sections = found
	context.first = found[0]["rows"][0] if found else None
