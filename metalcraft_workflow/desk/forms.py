"""What a form is sent with its document, in `onload`."""

from datetime import timedelta

from frappe.model.document import Document
from frappe.utils import cint, get_time


def write_times(doc: Document, method: str | None = None) -> None:
	"""Send the times of a draft in whole minutes, with two digits an hour. Frappe's control of a time makes that of
	them, and the form would say "Not Saved" before anybody has touched it.

	What is submitted keeps its seconds: a form that sends it back without them is refused. So does a posting time
	that somebody has set: the goods would move before those of the same minute.
	"""
	if cint(doc.docstatus):
		return
	form = "%H:%M:%S" if doc.get("set_posting_time") else "%H:%M:00"
	for field in doc.meta.get("fields", {"fieldtype": "Time"}):
		if value := doc.get(field.fieldname):
			value = str(value) if isinstance(value, timedelta) else value
			doc.set(field.fieldname, get_time(value).strftime(form))
