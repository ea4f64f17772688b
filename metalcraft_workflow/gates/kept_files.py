"""Files that stay: each of them is asked about before Frappe deletes it.

Frappe deletes the content of a file before the app's handlers of `on_trash` run, and no rollback brings
it back. So those that refuse, named in the hook `metalcraft_kept_files`, are asked here as well.
"""

import frappe
from frappe.model.document import Document


def delete_content(file: Document, only_thumbnail: bool = False) -> None:
	"""Delete a file on disk, as Frappe does, unless it is kept. Raises what its keeper raises."""
	for keeper in frappe.get_hooks("metalcraft_kept_files"):
		frappe.get_attr(keeper)(file, "on_trash")
	file.delete_file_from_filesystem(only_thumbnail=only_thumbnail)
