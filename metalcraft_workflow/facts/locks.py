"""Documents that a transaction keeps to itself until it ends, always in one order, so that nobody waits in a
ring:

1. The document that is saved. Frappe locks its rows before any event of it.
2. Sales Orders, in the order of their names.
3. The Return Authorization that goods come back by.
4. Delivery Notes that goods come back of, batches, serial numbers: each in the order of their names.
5. The Customer and its credit limit.
6. The document's place in the log (`Record Chain`), which only who holds the document takes.

Somebody may hold rows of 1 and wait for 2. So who holds orders never waits for rows of what others save:
`final_pack.read` passes by what is locked. And a Return Authorization takes no order when it is saved, for
who holds an order may wait for it: what follows for its orders is done after its commit.
"""

from collections.abc import Iterable

import frappe


def lock(doctype: str, names: Iterable[str]) -> None:
	"""Keep the documents `names` to this transaction, so that of two people at the same moment one comes
	after the other. Always in the order of the names, so that nobody waits in a ring."""
	names = sorted(set(names) - {""})
	if names:
		table = frappe.qb.DocType(doctype)
		frappe.qb.from_(table).where(table.name.isin(names)).orderby(table.name).select(
			table.name
		).for_update().run()
