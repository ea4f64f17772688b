"""The Email Templates of the mails to customers. Made once; after that they are the administrator's."""

import frappe
from frappe.model.document import Document

# kind: name, subject, text. What a template can name is listed in docs/administrators.md.
TEMPLATES = {
	"acknowledgement": (
		"Metalcraft Order Acknowledgement",
		"{% if changed %}Changed order{% else %}Your order{% endif %} {{ po_no or order }}: acknowledgement",
		"""<p>Dear {{ contact }},</p>
<p>{% if changed %}your order was changed. This is how it stands now. It takes the place of our earlier \
acknowledgement.{% else %}thank you for your order. We have accepted it as follows.{% endif %}</p>
<p>{{ details }}</p>
<p>{{ lines }}</p>
<p>Please tell us soon if anything is not as you ordered it. You can follow the order here: {{ portal }}</p>
<p>Kind regards<br>{{ company }}</p>""",
	),
	"shipped": (
		"Metalcraft Shipment",
		"Your order {{ po_no or order }} is on its way",
		"""<p>Dear {{ contact }},</p>
<p>we have shipped what is listed below.</p>
<p>{{ details }}</p>
<p>{{ lines }}</p>
<p>The shipment and its documents are also here: {{ portal }}</p>
<p>Kind regards<br>{{ company }}</p>""",
	),
	"invoice": (
		"Metalcraft Invoice",
		"Invoice {{ invoice }} from {{ company }}",
		"""<p>Dear customer,</p>
<p>please find attached our invoice {{ invoice }} of {{ date }} over {{ total }}, due on {{ due_date }}.</p>
<p>{{ details }}</p>
<p>Your invoices are also here: {{ portal }}</p>
<p>Thank you for your business.<br>{{ company }}</p>""",
	),
	"closed": (
		"Metalcraft Order Closed",
		"Thank you: your order {{ po_no or order }} is complete",
		"""<p>Dear {{ contact }},</p>
<p>your order is shipped and paid in full. Thank you for your business.</p>
<p>{{ details }}</p>
<p>Its documents stay available here: {{ portal }}</p>
<p>Kind regards<br>{{ company }}</p>""",
	),
}


def add_mail_templates() -> None:
	"""Give each kind of mail a template where the settings name none, and switch it on where nobody has
	said anything about it yet."""
	settings = frappe.get_doc("Metalcraft Settings")
	stored = frappe.db.get_singles_dict("Metalcraft Settings")
	missing = [kind for kind in TEMPLATES if not settings.get(f"template_{kind}")]
	for kind in missing:
		settings.set(f"template_{kind}", make_template(*TEMPLATES[kind]))
		if stored.get(f"mail_{kind}") is None:
			settings.set(f"mail_{kind}", 1)
	if missing:
		settings.flags.ignore_permissions = True  # install runs as whoever installs
		settings.save()


def make_template(name: str, subject: str, text: str) -> str:
	"""Make the Email Template `name` when it is missing; gives the name."""
	if not frappe.db.exists("Email Template", name):
		template: Document = frappe.get_doc(
			{"doctype": "Email Template", "subject": subject, "response": text}
		)
		# install runs as whoever installs
		template.insert(ignore_permissions=True, set_name=name)
	return name


def delete_mail_templates() -> None:
	"""Remove the templates that the app made, for uninstall, which runs as whoever uninstalls."""
	for name, _subject, _text in TEMPLATES.values():
		frappe.delete_doc("Email Template", name, force=True, ignore_missing=True, ignore_permissions=True)
