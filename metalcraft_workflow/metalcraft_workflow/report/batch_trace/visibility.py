"""What the user of this request may read, asked for many documents at once."""

from collections import defaultdict
from collections.abc import Iterable, Mapping

import frappe
from frappe.model.db_query import DatabaseQuery

from metalcraft_workflow.metalcraft_workflow.report.batch_trace import ledger
from metalcraft_workflow.rules.batch_trace import LedgerLot, LedgerMove, Process

NOTHING, NARROWED, ALL = "nothing", "narrowed", "all"


class Visibility:
	"""Asks once for each document, and keeps in mind what had to be left out.

	hidden         documents that were left out, as (doctype, name)
	partly_hidden  lots of which something was
	"""

	def __init__(self):
		self.known: dict[str, dict[str, bool]] = defaultdict(dict)
		self.scopes: dict[str, str] = {}
		self.hidden: set[tuple[str, str]] = set()
		self.partly_hidden: set[LedgerLot] = set()

	def may_read(self, doctype: str, names: Iterable[str | None]) -> set[str]:
		"""Those of `names` that the user may read: by role, user permissions and shares."""
		known = self.known[doctype]
		names = set(names) - {None, ""}
		if new := names - known.keys():
			readable = self.readable(doctype, new)
			known |= {name: name in readable for name in new}
		return {name for name in names if known[name]}

	def readable(self, doctype: str, names: set[str]) -> set[str]:
		"""Those of `names` that the user may read, asked of the database."""
		if self.scope(doctype) == NARROWED:
			return set(frappe.get_list(doctype, {"name": ["in", list(names)]}, pluck="name", limit=0))
		return names if self.scope(doctype) == ALL else set()

	def scope(self, doctype: str) -> str:
		"""How much of `doctype` the user reads."""
		if doctype not in self.scopes:
			if not frappe.has_permission(doctype):
				self.scopes[doctype] = NOTHING
			else:
				narrowed = DatabaseQuery(doctype).build_match_conditions()
				self.scopes[doctype] = NARROWED if narrowed else ALL
		return self.scopes[doctype]

	def may_name(self, doctype: str, names: Iterable[str | None]) -> set[str]:
		"""Those of the masters `names` that the user may see the name of. Who reads a document reads what it
		names, whatever their roles; user permissions still keep apart what is not for this person."""
		names = set(names) - {None, ""}
		return names if self.scope(doctype) == NOTHING else self.may_read(doctype, names)

	def only(self, moves: Iterable[LedgerMove]) -> list[LedgerMove]:
		"""`moves` without those by documents, or of goods, that are not for this user."""
		moves = list(moves)
		documents, items, batches = defaultdict(set), set(), set()
		for move in moves:
			documents[move.doctype].add(move.name)
			items.add(move.item_code)
			batches.add(move.lot.batch_no)
		documents = {doctype: self.may_read(doctype, names) for doctype, names in documents.items()}
		items = self.may_name("Item", items)
		batches = self.may_name("Batch", batches) | {""}
		seen = []
		for move in moves:
			readable = move.name in documents[move.doctype]
			if readable and move.item_code in items and move.lot.batch_no in batches:
				seen.append(move)
			else:
				self.hidden.add((move.doctype, move.name))
				self.partly_hidden.add(move.lot)
		return seen

	def only_lots(self, lots: Iterable[LedgerLot]) -> list[LedgerLot]:
		"""`lots` without those that are not for this user."""
		lots = list(lots)
		items = self.may_name("Item", {lot.item_code for lot in lots}) | {""}
		batches = self.may_name("Batch", {lot.batch_no for lot in lots}) | {""}
		return [lot for lot in lots if lot.item_code in items and lot.batch_no in batches]


class VisibleLedger:
	"""The moves of lots as far as the user may see them: a `rules.batch_trace.LedgerSource`. What lies behind a
	document that is not for this user is not reached through it."""

	def __init__(self, visibility: Visibility):
		self.visibility = visibility

	def moves_of(self, lots: set[LedgerLot]) -> list[LedgerMove]:
		"""As `ledger.moves_of`."""
		return self.visibility.only(ledger.moves_of(lots))

	def moves_in(self, processes: set[Process]) -> list[LedgerMove]:
		"""As `ledger.moves_in`."""
		return self.visibility.only(ledger.moves_in(processes))

	def kin_of(self, lots: set[LedgerLot], direction: str) -> Mapping[LedgerLot, list[LedgerLot]]:
		"""As `ledger.kin_of`."""
		return {of: self.visibility.only_lots(kin) for of, kin in ledger.kin_of(lots, direction).items()}
