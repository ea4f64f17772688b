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


def sentence(requirement: Requirement, with_amounts: bool = False) -> str:
	"""What to do about `requirement`: translated plain text; amounts for those who may know them, or
	`with_amounts` for all."""
	message = wording(requirement, with_amounts)
	return " ".join(
		[said(message, requirement.params, with_amounts), *in_words(requirement.also, with_amounts)]
	)


def wording(phrase: Phrase | Requirement, with_amounts: bool = False) -> str:
	"""The message of `phrase` for the user: the discreet one for who may not know amounts."""
	return phrase.discreet if phrase.discreet and not (with_amounts or knows_amounts()) else phrase.message


def knows_amounts() -> bool:
	"""Whether prices and what customers owe are the user's business: that of whoever may read quotations or
	invoices, and not only one that was shared with them."""
	return any(
		frappe.has_permission(doctype, ignore_share_permissions=True)
		for doctype in ("Sales Invoice", "Quotation")
	)


def said(message: str, params: Mapping[str, Any], with_amounts: bool = False) -> str:
	"""`message`, translated, with its placeholders filled in: numbers and dates as people write them. What is
	kept is said `with_amounts`, whoever keeps it."""
	text = _(message)
	# Names of states, too, may stand here: without values there is nothing to fill in
	if not params:
		return text
	return text.format(**{name: said_value(value, with_amounts) for name, value in params.items()})


def said_value(value: Any, with_amounts: bool = False) -> Any:
	"""What fills a placeholder, as people write it."""
	if isinstance(value, Phrase):
		return said(wording(value, with_amounts), value.params, with_amounts)
	if isinstance(value, Listing):
		return ", ".join(said_value(row, with_amounts) for row in value.rows)
	return written(value)


def refusal(missing: list[Requirement], doc: Document) -> str:
	"""HTML list of what is missing of `doc`, as the server refuses with it. Whoever reads it has `doc` open, so
	links lead to other documents only."""
	rows = []
	for requirement, link in zip(missing, ways_to_mend(missing, doc), strict=True):
		text = escape_html(sentence(requirement))
		if link and not is_about(link, doc):
			text += " " + get_link_to_form(link.doctype, link.name, open_label(link))
		rows.append(f"<li>{text}</li>")
	return f"<ul>{''.join(rows)}</ul>"


def ways_to_mend(requirements: Iterable[Requirement], doc: Document) -> list[Link | None]:
	"""Where the user can mend each of `requirements` of `doc`: in a field of it, or in another document that they
	may read. None where that leads nowhere for them."""
	links = [requirement.link for requirement in requirements]
	others: dict[str, set[str]] = {}
	for link in links:
		if link and not is_about(link, doc):
			others.setdefault(link.doctype, set()).add(link.name)
	may_read = {(doctype, name) for doctype, names in others.items() for name in readable(doctype, names)}

	def leads_on(link: Link) -> bool:
		return bool(link.fieldname) if is_about(link, doc) else (link.doctype, link.name) in may_read

	return [link if link and leads_on(link) else None for link in links]


def readable(doctype: str, names: Iterable[str]) -> Iterable[str]:
	"""Those of the documents `names` that the user may read: a query, however many they are."""
	if not frappe.has_permission(doctype):
		return []
	if frappe.get_meta(doctype).issingle:
		return names
	return frappe.get_list(doctype, filters={"name": ("in", list(names))}, pluck="name", limit=0)


def is_about(link: Link, doc: Document) -> bool:
	return (link.doctype, link.name) == (doc.doctype, doc.name)


def open_label(link: Link) -> str:
	"""What a link to another document says."""
	return _("Open {0}").format(f"{_(link.doctype)} {link.name}")


def as_thrown(html: str) -> str:
	"""What was thrown or said, in its HTML; scripts in it, as in the name of an item, are taken out."""
	return sanitize_html(html, always_sanitize=True)


def in_words(problems: Iterable[Problem], with_amounts: bool = False) -> list[str]:
	"""`problems` as translated sentences: plain text."""
	return [said(wording(problem, with_amounts), problem.params, with_amounts) for problem in problems]


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
