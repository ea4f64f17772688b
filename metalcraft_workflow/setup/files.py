"""Private files that belong to no document, on sites that had some before the app: see files.private."""

import frappe


def keep_private_files() -> None:
	"""Have Frappe not give them to the first document that names one."""
	_mark(of_nobody=None, as_what="")


def release_private_files() -> None:
	"""Take that back, for uninstall."""
	_mark(of_nobody="", as_what=None)


def _mark(of_nobody: str | None, as_what: str | None) -> None:
	file = frappe.qb.DocType("File")
	field = file.attached_to_field
	(
		frappe.qb.update(file)
		.set(field, as_what)
		.where((file.is_private == 1) & (file.is_folder == 0) & file.attached_to_doctype.isnull())
		.where(field.isnull() if of_nobody is None else field == of_nobody)
	).run()
