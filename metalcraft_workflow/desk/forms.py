"""What a form is sent with its document, in `onload`."""

from datetime import timedelta

from frappe.model.document import Document
from frappe.utils import cint, get_time


def write_times(doc: Document, method: str | None = None) -> None:
	"""Send the times of a draft in whole minutes, with two digits an hour. Frappe's control of a time makes that of
	them, and the form would say "Not Saved" before anybody has touched it.

	What is submitted keeps its seconds: a form that sends it back without them is refused.
	"""
	if cint(doc.docstatus):
		return
	for field in doc.meta.get("fields", {"fieldtype": "Time"}):
		if value := doc.get(field.fieldname):
			value = str(value) if isinstance(value, timedelta) else value
			doc.set(field.fieldname, f"{get_time(value):%H:%M}:00")
