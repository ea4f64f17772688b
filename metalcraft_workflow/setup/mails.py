"""The Email Templates of the mails to customers. Made once; after that they are the administrator's."""

import frappe
from frappe.model.document import Document

# kind: name, subject, text. What a template can name is listed in docs/administrators.md.
TEMPLATES = {
	"acknowledgement": (
		"Metalcraft Order Acknowledgement",
		"{% if changed %}Changed order{% else %}Your order{% endif %} {{ po_no or order }}: acknowledgement",
		"""<p>Dear {{ contact }},</p>
<p>{% if changed %}Your order was changed. This is how it stands now. It takes the place of our earlier \
acknowledgement.{% else %}Thank you for your order. We have accepted it as follows.{% endif %}</p>
<p>{{ details }}</p>
<p>{{ lines }}</p>
<p>Please tell us soon if anything is not as you ordered it. You can follow the order here: {{ portal }}</p>
<p>Kind regards<br>{{ company }}</p>""",
	),
	"shipped": (
		"Metalcraft Shipment",
		"Your order {{ po_no or order }} is on its way",
		"""<p>Dear {{ contact }},</p>
<p>Your goods are on their way. This is what we have shipped:</p>
<p>{{ details }}</p>
<p>{{ lines }}</p>
<p>The shipment and its documents are also here: {{ portal }}</p>
<p>Kind regards<br>{{ company }}</p>""",
	),
	"invoice": (
		"Metalcraft Invoice",
		"Invoice {{ invoice }} from {{ company }}",
		"""<p>Dear {{ contact }},</p>
<p>Please find attached our invoice {{ invoice }} of {{ date }} over {{ total }}, due on {{ due_date }}.</p>
<p>{{ details }}</p>
<p>Your invoices are also here: {{ portal }}</p>
<p>Thank you for your business.<br>{{ company }}</p>""",
	),
	"closed": (
		"Metalcraft Order Closed",
		"Thank you: your order {{ po_no or order }} is complete",
		"""<p>Dear {{ contact }},</p>
<p>Your order is shipped and paid in full. Thank you for your business.</p>
<p>{{ details }}</p>
<p>Its documents stay available here: {{ portal }}</p>
<p>Kind regards<br>{{ company }}</p>""",
	),
}

# The same in other languages: language, kind, subject, text. A mail in one of them goes by the template of
# the same name with the language in brackets.
TRANSLATIONS = {
	"de": {
		"acknowledgement": (
			"{% if changed %}Geänderter Auftrag{% else %}Ihr Auftrag{% endif %} {{ po_no or order }}: Bestätigung",
			"""<p>Guten Tag {{ contact }},</p>
<p>{% if changed %}Ihr Auftrag wurde geändert. So steht er jetzt; diese Bestätigung tritt an die Stelle unserer \
früheren.{% else %}vielen Dank für Ihren Auftrag. Wir haben ihn wie folgt angenommen.{% endif %}</p>
<p>{{ details }}</p>
<p>{{ lines }}</p>
<p>Bitte sagen Sie uns bald, wenn etwas nicht so ist, wie Sie es bestellt haben. Hier können Sie den Auftrag \
verfolgen: {{ portal }}</p>
<p>Mit freundlichen Grüßen<br>{{ company }}</p>""",
		),
		"shipped": (
			"Ihr Auftrag {{ po_no or order }} ist unterwegs",
			"""<p>Guten Tag {{ contact }},</p>
<p>Ihre Ware ist unterwegs. Das haben wir versandt:</p>
<p>{{ details }}</p>
<p>{{ lines }}</p>
<p>Die Lieferung und ihre Dokumente finden Sie auch hier: {{ portal }}</p>
<p>Mit freundlichen Grüßen<br>{{ company }}</p>""",
		),
		"invoice": (
			"Rechnung {{ invoice }} von {{ company }}",
			"""<p>Guten Tag {{ contact }},</p>
<p>anbei erhalten Sie unsere Rechnung {{ invoice }} vom {{ date }} über {{ total }}, fällig am \
{{ due_date }}.</p>
<p>{{ details }}</p>
<p>Ihre Rechnungen finden Sie auch hier: {{ portal }}</p>
<p>Vielen Dank für Ihren Auftrag.<br>{{ company }}</p>""",
		),
		"closed": (
			"Vielen Dank: Ihr Auftrag {{ po_no or order }} ist abgeschlossen",
			"""<p>Guten Tag {{ contact }},</p>
<p>Ihr Auftrag ist vollständig geliefert und bezahlt. Vielen Dank dafür.</p>
<p>{{ details }}</p>
<p>Seine Dokumente finden Sie weiterhin hier: {{ portal }}</p>
<p>Mit freundlichen Grüßen<br>{{ company }}</p>""",
		),
	},
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


def add_translated_templates() -> None:
	"""Make the templates in other languages that are missing. Once, at install or by a patch: afterwards
	they are the administrator's."""
	for language, kinds in TRANSLATIONS.items():
		for kind, (subject, text) in kinds.items():
			make_template(name_in(TEMPLATES[kind][0], language), subject, text)


def name_in(name: str, language: str) -> str:
	"""What the template `name` is called in another language."""
	return f"{name} ({language})"


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
	names = [name for name, _subject, _text in TEMPLATES.values()]
	for name in [*names, *(name_in(name, language) for name in names for language in TRANSLATIONS)]:
		frappe.delete_doc("Email Template", name, force=True, ignore_missing=True, ignore_permissions=True)
