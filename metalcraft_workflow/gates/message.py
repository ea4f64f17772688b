"""Requirements in words: translated, filled in, with a link to where they are mended."""

import frappe
from frappe import _
from frappe.utils import escape_html, get_link_to_form
from frappe.utils.html_utils import unescape_html

from metalcraft_workflow.rules.requirement import Requirement


def sentence(requirement: Requirement) -> str:
	"""What to do about `requirement`: translated plain text."""
	return _(requirement.message).format(**requirement.params)


def refusal(missing: list[Requirement]) -> str:
	"""HTML list of what is missing, as the server refuses with it."""
	rows = []
	for requirement in missing:
		text = escape_html(sentence(requirement))
		link = requirement.link
		if link and frappe.db.exists(link.doctype, link.name):
			text += " " + get_link_to_form(link.doctype, link.name, _("Open"))
		rows.append(f"<li>{text}</li>")
	return f"<ul>{''.join(rows)}</ul>"


def typed_text(text: str | None) -> str:
	"""HTML for text that somebody typed into a field, for mails and prints.

	Frappe stores such text escaped when it holds a "<" and as it is otherwise, so escaping alone would
	show entities.
	"""
	return escape_html(unescape_html(text or "")).replace("\n", "<br>")
