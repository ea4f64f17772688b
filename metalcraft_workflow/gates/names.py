"""What things were called: a rename is no change of what was released.

ERPNext renames items, customers and addresses every day, and Frappe rewrites every link to them. A
fingerprint is made of what each was called first, so it stays the same. For that every rename is kept, in
`Name Change`, when it is done.

Merging two records says that two are one. Where that puts other goods in place (an item, a batch, a unit) it
is a change; two customers, addresses or warehouses that are merged were the same all along.
"""

from collections.abc import Iterable, Iterator, Mapping
from itertools import islice, product
from typing import Any

import frappe
from frappe.model.document import Document
from frappe.utils import cint

from metalcraft_workflow.gates.append_only import append
from metalcraft_workflow.gates.once import once
from metalcraft_workflow.rules.vouched import vouched

CHANGE = "Name Change"

# Merging two of these puts other goods in place
GOODS = ("Item", "Batch", "Serial No", "UOM")

# How many ways to read the names of a document are tried: each merged name doubles them
MOST_READINGS = 32

Name = tuple[str, str]  # DocType and name


def keep(doc: Document, method: str, old: str, new: str, merge: bool = False) -> None:
	"""Keep that a record was renamed, or merged into another. In `after_rename` of what a fingerprint or a
	release record names."""
	if not frappe.db.table_exists(CHANGE):
		return  # renamed by a patch, before the update that brings this table
	append(
		{
			"doctype": CHANGE,
			"document_type": doc.doctype,
			"old_name": old,
			"new_name": new,
			"merged": cint(merge),
			"origin": first_names({(doc.doctype, old)})[doc.doctype, old],
			"user": frappe.session.user,
		}
	)


def first_names(names: Iterable[Name]) -> dict[Name, str]:
	"""What each of `names`, as they are called now, was called first.

	A name that somebody gave up and somebody else has now is told apart from the one before.
	"""
	names = {name for name in names if all(name)}
	return _first_names(names, changes_of(names))


def _first_names(names: set[Name], changes: Iterable[frappe._dict]) -> dict[Name, str]:
	latest: dict[Name, frappe._dict] = {}
	for row in changes:
		if not row.merged:
			latest[row.document_type, row.new_name] = row
		latest[row.document_type, row.old_name] = row
	return {name: _first(name[1], latest.get(name)) for name in names}


def _first(name: str, change: frappe._dict | None) -> str:
	if not change:
		return name
	return change.origin if change.new_name == name else f"{name} #{change.name}"


def changes_of(names: set[Name]) -> list[frappe._dict]:
	"""The changes from or to one of `names`, the oldest first."""
	if not names:
		return []
	change = frappe.qb.DocType(CHANGE)
	called = sorted({name for _doctype, name in names})
	return (
		frappe.qb.from_(change)
		.where(change.old_name.isin(called) | change.new_name.isin(called))
		.where(change.document_type.isin(sorted({doctype for doctype, _name in names})))
		.select(
			change.name,
			change.document_type,
			change.old_name,
			change.new_name,
			change.merged,
			change.origin,
		)
		.orderby(change.name)
		.run(as_dict=True)
	)


def former(doctype: str, name: str) -> set[str]:
	"""`name`, and everything that it, and what was merged into it, was called before."""
	found, asked = {name}, {name}
	while asked:
		older = {
			row.old_name for row in changes_of({(doctype, each) for each in asked}) if row.new_name in asked
		}
		asked = older - found
		found |= older
	return found


def is_among(doctype: str, name: str, recorded: set[str]) -> bool:
	"""Whether one of the names that are on record is `name`, or what it was called before."""
	return name in recorded or bool(recorded and former(doctype, name) & recorded)


class Names:
	"""First names of what a document links to, as its fingerprints are made of them."""

	def __init__(self, doc: Document, merged: Mapping[Name, str] | None = None):
		self.first: dict[Name, str] = {}
		# Those that something else was renamed to, or merged into
		self.taken: set[Name] = set()
		# Names that are read as those of what was merged into them
		self.merged = merged or {}
		self.doc: Document | None = doc

	def learn(self, names: Iterable[Name]) -> None:
		"""Look up those of `names` that are not known yet, and with the first of them whatever is likely to be
		asked for next: all at once."""
		unknown = {name for name in names if all(name)} - self.first.keys()
		if not unknown:
			return
		if self.doc:
			unknown |= names_in(self.doc)
			self.doc = None
		changes = changes_of(unknown)
		self.first |= _first_names(unknown, changes)
		self.first |= {name: first for name, first in self.merged.items() if name in unknown}
		self.taken |= {(row.document_type, row.new_name) for row in changes}

	def is_among(self, doctype: str, name: str, recorded: set[str]) -> bool:
		"""As the function `is_among`."""
		if name in recorded or not recorded:
			return name in recorded
		self.learn([(doctype, name)])
		return (doctype, name) in self.taken and is_among(doctype, name, recorded)

	def of(self, doctype: str, name: str | None) -> str:
		"""What `name` was called first."""
		if not name:
			return ""
		self.learn([(doctype, name)])
		return self.first[doctype, name]

	def tables(self, doc: Document, fields: Mapping[str, Iterable[str]]) -> dict[str, list[dict]]:
		"""Table -> its rows of `doc` (`doc` itself under its own DocType), with the `fields` of that table."""
		tables = {table: [doc] if table == doc.doctype else doc.get_all_children(table) for table in fields}
		# All at once
		self.learn(
			(df.options, row.get(df.fieldname))
			for rows in tables.values()
			for row in rows
			for df in row.meta.get_link_fields()
			if df.fieldname in fields[row.doctype]
		)
		return {table: self.rows(rows, fields[table]) for table, rows in tables.items()}

	def rows(
		self,
		rows: Iterable[Mapping[str, Any]],
		fields: Iterable[str],
		kinds: Mapping[str, str] | None = None,
	) -> list[dict]:
		"""The `fields` of `rows`, with first names in the place of links.

		Which fields are links the rows know themselves when they are documents; `kinds` says it (field ->
		DocType) when they are not.
		"""
		rows, fields = list(rows), tuple(fields)
		links = [kinds if kinds is not None else links_of(row.meta) for row in rows]
		self.learn(
			(doctype, row.get(field))
			for row, of_row in zip(rows, links, strict=True)
			for field, doctype in of_row.items()
			if field in fields
		)
		return [
			{
				field: self.of(of_row[field], row.get(field)) if field in of_row else row.get(field)
				for field in fields
			}
			for row, of_row in zip(rows, links, strict=True)
		]


def links_of(meta) -> dict[str, str]:
	"""Field -> DocType, of the links in `meta`."""
	return {df.fieldname: df.options for df in meta.get_link_fields()}


def names_of(doc: Document) -> Names:
	"""The first names of what `doc` links to; looked up once for all fingerprints of a save."""
	return doc.flags.names or once(doc, "names", lambda: Names(doc))


def names_in(doc: Document) -> set[Name]:
	"""Whoever is at work, and what gates vouch for on `doc` by its name."""
	found = {("User", frappe.session.user)}
	for table, fields in vouched().items():
		for row in [doc] if table == doc.doctype else doc.get_all_children(table):
			found |= {
				(doctype, row.get(field)) for field, doctype in links_of(row.meta).items() if field in fields
			}
	return {name for name in found if all(name)}


def readings(doc: Document) -> Iterator[None]:
	"""Read the names of `doc` as they are, and then as they were before two records were merged that are
	one: in each turn, `names_of` reads them so."""
	doc.flags.names = as_they_are = names_of(doc)
	try:
		yield
		known = as_they_are.first
		choices: dict[Name, list[str]] = {}
		for row in changes_of({name for name in known if name[0] not in GOODS}):
			name = (row.document_type, row.new_name)
			if row.merged and name in known:
				choices.setdefault(name, [known[name]]).append(row.origin)
		for chosen in islice(product(*choices.values()), 1, MOST_READINGS):
			doc.flags.names = Names(doc, dict(zip(choices, chosen, strict=True)))
			yield
	finally:
		doc.flags.names = None
