"""Requirements and problems in words: translated, filled in, with a link to where they are mended."""

from collections.abc import Iterable, Mapping
from typing import Any

import frappe
from frappe import _
from frappe.model.document import Document
from frappe.utils import escape_html, get_link_to_form
from frappe.utils.html_utils import sanitize_html, unescape_html

from metalcraft_workflow.gates.numbers import written
from metalcraft_workflow.rules.requirement import Link, Listing, Phrase, Problem, Requirement, _lt


def sentence(requirement: Requirement) -> str:
	"""What to do about `requirement`: translated plain text."""
	return " ".join([said(requirement.message, requirement.params), *in_words(requirement.also)])


def said(message: str, params: Mapping[str, Any]) -> str:
	"""`message`, translated, with its placeholders filled in: numbers and dates as people write them."""
	text = _(message)
	# Names of states, too, may stand here: without values there is nothing to fill in
	return text.format(**{name: said_value(value) for name, value in params.items()}) if params else text


def said_value(value: Any) -> Any:
	"""What fills a placeholder, as people write it."""
	if isinstance(value, Phrase):
		return said(value.message, value.params)
	if isinstance(value, Listing):
		return ", ".join(said_value(row) for row in value.rows)
	return written(value)


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


def as_thrown(html: str) -> str:
	"""What was thrown or said, in its HTML; scripts in it, as in the name of an item, are taken out."""
	return sanitize_html(html, always_sanitize=True)


def in_words(problems: Iterable[Problem]) -> list[str]:
	"""`problems` as translated sentences: plain text."""
	return [said(problem.message, problem.params) for problem in problems]


def refuse(problems: Iterable[Problem], title: str) -> None:
	"""Raise a ValidationError that lists `problems`, if there are any."""
	if sentences := in_words(problems):
		frappe.throw("<br>".join(escape_html(sentence) for sentence in sentences), title=title)


def as_requirement(
	doc: Document,
	code: str,
	label: str,
	problems: Iterable[Problem],
	fieldname: str,
	waivable: bool = True,
	asked: bool = True,
) -> list[Requirement]:
	"""One requirement that says all of `problems`, to be mended in a field of `doc`; none when there are
	none and nothing has `asked` for it."""
	sentences = in_words(problems)
	if not asked and not sentences:
		return []
	return [
		Requirement(
			code=code,
			label=label,
			message=_lt("{problems}"),
			params={"problems": " ".join(sentences)},
			met=not sentences,
			link=Link(doc.doctype, doc.name, fieldname),
			waivable=waivable,
		)
	]


def typed_text(text: str | None) -> str:
	"""HTML for text that somebody typed into a field, for mails and prints.

	Frappe stores such text escaped when it holds a "<" and as it is otherwise, so escaping alone would
	show entities.
	"""
	return escape_html(unescape_html(text or "")).replace("\n", "<br>")
