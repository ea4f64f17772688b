"""The head of the chain of release records, mailed to where it is kept."""

import frappe
from frappe import _

from metalcraft_workflow.gates.registry import settings
from metalcraft_workflow.gates.seal import head
from metalcraft_workflow.outgoing.attempt import attempt

DAILY, WEEKLY = "Daily", "Weekly"


def mail_daily() -> None:
	"""Mail it where the settings want it every day. From the scheduler."""
	mail(DAILY)


def mail_weekly() -> None:
	"""Mail it where the settings want it every week. From the scheduler."""
	mail(WEEKLY)


def mail(how_often: str) -> None:
	"""Mail the head, if the settings want it this often. What goes wrong is logged."""
	to = settings().seal_mail_to
	if settings().seal_mail_every != how_often or not to:
		return
	last = head()
	text = _("Keep this. With it you can find out later whether the records up to here are as they were:")
	with attempt("seal_mail") as tried:
		frappe.sendmail(
			recipients=[to],
			subject=_("Release records of {0}, sealed up to {1}").format(frappe.local.site, last.number),
			message=f"<p>{text}</p><pre>{last.number}:{last.digest}</pre>",
			add_unsubscribe_link=0,
		)
	if tried.error:
		frappe.log_error(title="The head of the chain was not mailed", message=tried.traceback)
