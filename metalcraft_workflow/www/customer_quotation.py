"""One quotation of a customer, and the form that accepts it with a purchase order."""

import frappe
from frappe import _
from frappe.utils import getdate, today

from metalcraft_workflow.portal import messages, page
from metalcraft_workflow.portal.purchase_order import get_quotation
from metalcraft_workflow.rules import acceptance, files

no_cache = 1
sitemap = 0


def get_context(context) -> None:
	"""What the page shows; a guest is sent to the sign-in, staff to the desk."""
	name = frappe.form_dict.get("name") or ""
	customers = page.open_for_customer(context, (_("Quotations"), "customer-quotations"))
	if not customers:
		page.send_staff_to_desk("Quotation", name)
	with page.not_there():
		context.quotation = get_quotation(name)
	context.update(
		{
			"title": _("Quotation {0}").format(name),
			"today": today(),
			"latest_day": acceptance.latest_day(getdate()),
			"max_file_mb": acceptance.MAX_FILE_MB,
			"max_number": acceptance.MAX_NUMBER,
			"file_types": ",".join(f".{extension}" for extension in files.EXTENSIONS),
			"max_note": messages.MOST_CHARACTERS,
		}
	)
