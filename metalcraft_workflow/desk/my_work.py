"""My Work: what waits for the person who is signed in, oldest promise first.

One method answers for the whole page. Lists are read in sets, as far as the person may read; what a document
lacks is asked of its gates, for the rows that are shown and no others.
"""

import frappe
from frappe import _
from frappe.utils import getdate

from metalcraft_workflow.desk import due, notices, releases
from metalcraft_workflow.desk.lists import FIRST, MORE, WorkList, dress
from metalcraft_workflow.gates.input import LongText, checked

PAGE = "my-work"

# Beginning of the keys of lists -> what gives the lists; in the order of the process
SOURCES = {
	"orders": releases.orders,
	"notices": notices.to_acknowledge,
	"transfers": notices.to_transfer,
	"pack": due.to_pack,
	"deliveries": releases.deliveries,
	"credit": due.held_by_accounts,
	"invoice": due.to_invoice,
	"overdue": due.overdue,
	"open": due.paid_but_open,
}


@frappe.whitelist(methods=["GET"])
@frappe.read_only()
@checked
def get_my_work(section: LongText = "", start: int = 0) -> dict:
	"""What waits for the signed-in person: `{sections: [{key, title, total, rows}], today}`.

	A section shows its first rows; with its key as `section` only that one is given, from row `start` on. A row
	is `{doctype, name, customer, po_no, ship_date, is_late, since, note, missing, actions}`. Gives nothing that
	the person may not read. Raises PermissionError for who may not open the page.
	"""
	if not is_permitted():
		frappe.throw(_("My Work is for people who take part in the process."), frappe.PermissionError)
	if not section:
		return {"sections": [shown(found, 0, FIRST) for found in lists()], "today": getdate()}
	source = SOURCES.get(section.split(":")[0])
	asked = [found for found in source() if found.key == section] if source else []
	return {"sections": [shown(found, max(0, start), MORE) for found in asked], "today": getdate()}


def is_permitted() -> bool:
	"""Whether the user may open the page."""
	return frappe.get_cached_doc("Page", PAGE).is_permitted()


def lists() -> list[WorkList]:
	"""What waits for the user, in the order of the process."""
	return [found for source in SOURCES.values() for found in source() if found.rows]


def shown(work: WorkList, start: int, count: int) -> dict:
	"""One section as the page draws it."""
	rows = work.rows[start : start + count]
	dress(rows)
	work.complete(rows)
	return {
		"key": work.key,
		"title": work.title,
		"total": len(work.rows),
		"rows": [row.as_sent() for row in rows],
	}
