"""Which orders come to the review desk, and what is marked in their lines."""

from datetime import date

from metalcraft_workflow.rules.changes import changes, taken
from metalcraft_workflow.rules.quantity import Qty
from metalcraft_workflow.rules.quotation import OrderedLine, QuotedLine, differences
from metalcraft_workflow.rules.review import from_approval, from_quotation, is_reviewed
from metalcraft_workflow.rules.vouched import ORDER, ORDER_LINE


def quoted(name="q1", item="CYL", qty=10, rate=100, **fields):
	return QuotedLine(name, "QTN-1", item, qty, rate, currency="USD", **fields)


def ordered(idx=1, item="CYL", qty=10, rate=100, source="q1", **fields):
	return OrderedLine(idx, item, qty, rate, currency="USD", quoted=source, name=f"o{idx}", **fields)


def marks(order, quotation):
	return from_quotation(differences(order, quotation))


def test_decisions_are_the_approval_and_what_an_order_was_set_aside_for():
	for gate, next_gate in (
		("request_approval", "approve"),
		("credit_hold", "request_approval"),
		("change_review", "approve"),
		("", "approve"),  # a workflow without a request
	):
		assert is_reviewed(gate, next_gate)
	for gate, next_gate in (
		("", "request_approval"),
		("request_approval", ""),
		("complete_packing", "clear"),
	):
		assert not is_reviewed(gate, next_gate)


def test_an_order_as_quoted_has_no_marks():
	assert marks([ordered()], [quoted()]) == {}


def test_a_mark_says_what_was_quoted():
	assert marks([ordered(rate=90)], [quoted()]) == {"o1": {"rate": Qty(100)}}
	assert marks([ordered(qty=4)], [quoted()]) == {"o1": {"qty": Qty(10)}}
	due = date(2026, 5, 1)
	assert marks([ordered(delivery_date=date(2026, 4, 1))], [quoted(due=due)]) == {
		"o1": {"delivery_date": due}
	}


def test_what_no_cell_can_say_is_marked_without_a_value():
	assert marks([ordered(qty=4), ordered(2, qty=4)], [quoted()]) == {
		"o1": {"qty": None},
		"o2": {"qty": None},
	}
	assert marks([ordered(net_rate=90)], [quoted(net_rate=95)]) == {"o1": {"amount": None}}


def test_a_line_that_was_not_quoted_is_marked_whole_and_one_that_is_missing_nowhere():
	assert marks([ordered(2, "VALVE", source="")], [quoted()]) == {"o2": {"line": None}}


def test_prices_are_told_apart():
	found = differences([ordered(rate=90, qty=9), ordered(2, "VALVE", source="")], [quoted(), quoted("q2")])
	assert {row.kind: row.is_of_price for row in found} == {
		"price": True,
		"added": True,
		"quantity": False,
		"missing": False,
	}


def test_what_changed_since_the_approval():
	def order(*lines):
		return taken({ORDER: [{"name": "SO-1"}], ORDER_LINE: lines})

	old = order(
		{"name": "a", "idx": 1, "item_code": "CYL", "qty": 5, "rate": 10},
		{"name": "b", "idx": 2, "item_code": "ROD", "qty": 1},
	)
	new = order(
		{"name": "a", "idx": 1, "item_code": "CYL", "qty": 6, "rate": 10, "description": "Painted"},
		{"name": "c", "idx": 2, "item_code": "CAP", "qty": 1},
	)
	assert from_approval(changes(old, new)) == {"a": {"qty": 5, "item_code": None}, "c": {"line": None}}
