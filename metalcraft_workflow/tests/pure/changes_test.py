"""What differs of an order from what was approved."""

from metalcraft_workflow.rules.changes import ADDED, REMOVED, changes, taken
from metalcraft_workflow.rules.vouched import ORDER, ORDER_LINE, TERM


def order(*lines, terms=(), **fields):
	rows = [{"name": name, "idx": number, **values} for number, (name, values) in enumerate(lines, 1)]
	return taken({ORDER: [{"name": "SO-1", **fields}], ORDER_LINE: rows, TERM: list(terms)})


def said(old, new):
	return [(change.table, change.row, change.field, change.old, change.new) for change in changes(old, new)]


def test_nothing_is_no_change():
	assert said(order(("a", {"qty": 5})), order(("a", {"qty": 5.0, "customer_part_no": ""}))) == []


def test_what_a_line_says_comes_before_what_the_order_says():
	old = order(("a", {"item_code": "CYL", "qty": 5}), grand_total=500)
	new = order(("a", {"item_code": "CYL", "qty": 6}), grand_total=600)
	assert said(old, new) == [
		(ORDER_LINE, "1: CYL", "qty", 5, 6),
		(ORDER, "", "grand_total", 500, 600),
	]
	assert [change.is_of_price for change in changes(old, new)] == [False, True]


def test_a_line_that_came_and_one_that_went():
	old = order(("a", {"item_code": "CYL", "qty": 5}))
	new = order(("b", {"item_code": "ROD", "qty": 2}))
	assert said(old, new) == [
		(ORDER_LINE, "1: CYL", REMOVED, 5, None),
		(ORDER_LINE, "1: ROD", ADDED, None, 2),
	]


def test_terms_that_were_written_anew_are_those_of_before():
	old = order(terms=[{"name": "x", "idx": 1, "due_date": "2026-03-02", "invoice_portion": 100}])
	new = order(terms=[{"name": "y", "idx": 1, "due_date": "2026-03-02", "invoice_portion": 100}])
	assert said(old, new) == []
	later = order(terms=[{"name": "y", "idx": 1, "due_date": "2026-04-02", "invoice_portion": 100}])
	assert {change.is_of_price for change in changes(old, later)} == {True}
