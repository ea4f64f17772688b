"""Which production departments somebody works in, and which lines of an order are a department's (steps 6 and
7)."""

from collections.abc import Iterable

import frappe

ROLE = "Production"


def departments() -> list[str]:
	"""The departments of the user: those that list them, or whose role they have. Who is with Production also
	works in those that name nobody, and in all of them while none names them."""
	row, department = frappe.qb.DocType("Production Recipient"), frappe.qb.DocType("Production Department")
	found = (
		frappe.qb.from_(department)
		.left_join(row)
		.on((row.parent == department.name) & (row.parenttype == "Production Department"))
		.select(department.name, department.role, row.user)
		.run(as_dict=True)
	)
	roles = set(frappe.get_roles())
	mine = {each.name for each in found if each.user == frappe.session.user or each.role in roles}
	if ROLE in roles:
		named = {each.name for each in found if each.user or each.role}
		mine |= {each.name for each in found} - (named if mine else set())
	return sorted(mine)


def told(process_id: str) -> dict[str, set[tuple[str, str]]]:
	"""Department -> lines of an order that it was told of, each with the item that it makes for it."""
	notice, line = frappe.qb.DocType("Production Notice"), frappe.qb.DocType("Production Notice Item")
	found: dict[str, set[tuple[str, str]]] = {}
	for department, name, item_code in (
		frappe.qb.from_(notice)
		.join(line)
		.on(line.parent == notice.name)
		.where((notice.process_id == process_id) & (notice.kind != "Cancel"))
		.select(notice.department, line.sales_order_item, line.item_code)
		.run()
	):
		found.setdefault(department, set()).add((name, item_code))
	return found


def is_of(line: str, items: Iterable[str], lines: set[tuple[str, str]]) -> bool:
	"""Whether any of `items`, made for an order line, is among `lines` that a department was told of: a part of
	a bundle by itself, or with the whole bundle."""
	return any((line, item_code) in lines for item_code in items)
