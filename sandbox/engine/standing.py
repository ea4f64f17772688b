"""Where the sample orders stand, what changed since the last start, and whose turn it is."""

import json
from pathlib import Path

import frappe

from engine import front_page

# DocType -> the field that says where a document stands
STANDS = {
	"Lead": "status",
	"Opportunity": "status",
	"Quotation": "status",
	"Sales Order": "order_stage",
	"Delivery Note": "workflow_state",
	"Sales Invoice": "status",
	"Payment Entry": "status",
	"Production Notice": "status",
}
SHOWN = 20


def now() -> dict[str, str]:
	"""Document -> where it stands."""
	return {
		row.name: row[field] or ""
		for doctype, field in STANDS.items()
		for row in frappe.get_all(doctype, fields=["name", field], order_by="name")
	}


def keep(folder: Path) -> None:
	"""Remember it for the next start."""
	(folder / "standing.json").write_text(json.dumps(now()))


def since(folder: Path) -> list[str]:
	"""What changed since the last start, a line each."""
	file = folder / "standing.json"
	if not file.exists():
		return []
	before, after = json.loads(file.read_text()), now()
	lines = [
		f"  {name:<22} {f'{before[name]} -> {state}' if name in before else f'new, {state}'}"
		for name, state in after.items()
		if before.get(name) != state
	]
	lines += [f"  {name:<22} gone" for name in before if name not in after]
	if not lines:
		return ["Nothing has changed since the last start."]
	more = [f"  and {len(lines) - SHOWN} more"] if len(lines) > SHOWN else []
	return ["Since the last start:", *lines[:SHOWN], *more]


def turns(url: str) -> list[str]:
	"""Whose turn it is, with the address that signs in as them."""
	return [
		f"{person.name}, {person.title}, can {words} {name}: {url}{front_page.sign_in(person.email)}"
		for person, words, _doctype, name in front_page.whose_turn()
	]
