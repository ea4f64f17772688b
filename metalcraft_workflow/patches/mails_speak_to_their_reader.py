"""The mails to customers name the contact and begin as a letter does; the parts that an administrator has
written otherwise stay."""

import frappe

from metalcraft_workflow.setup.mails import TEMPLATES, TRANSLATIONS, name_in

EARLIER = {
	"Dear customer,": "Dear {{ contact }},",
	"your order was changed. This is": "Your order was changed. This is",
	"thank you for your order. We have": "Thank you for your order. We have",
	"we have shipped what is listed below.": "Your goods are on their way. This is what we have shipped:",
	"please find attached our invoice": "Please find attached our invoice",
	"your order is shipped and paid in full.": "Your order is shipped and paid in full.",
	"<p>Guten Tag,</p>": "<p>Guten Tag {{ contact }},</p>",
	"wir haben versandt, was hier aufgeführt ist.": "Ihre Ware ist unterwegs. Das haben wir versandt:",
}


def execute() -> None:
	names = [name for name, _subject, _text in TEMPLATES.values()]
	names += [name_in(name, language) for name in names for language in TRANSLATIONS]
	for row in frappe.get_all("Email Template", {"name": ["in", names]}, ["name", "response"]):
		text = row.response or ""
		for earlier, now in EARLIER.items():
			text = text.replace(earlier, now)
		if text != row.response:
			frappe.db.set_value("Email Template", row.name, "response", text)
