"""How an order differs from what was quoted."""

from dataclasses import replace
from datetime import date

from hypothesis import given
from hypothesis import strategies as st

from metalcraft_workflow.rules.quotation import (
	OrderedLine,
	QuotedLine,
	differences,
	requirement,
	set_keys,
)


def quoted(name="q1", item="CYL", qty=10, rate=100, **fields):
	return QuotedLine(
		name=name,
		quotation="QTN-1",
		item_code=item,
		qty=qty,
		rate=rate,
		currency="USD",
		**fields,
	)


def ordered(idx=1, item="CYL", qty=10, rate=100, source="q1", **fields):
	return OrderedLine(
		idx=idx,
		item_code=item,
		qty=qty,
		rate=rate,
		currency="USD",
		quoted=source,
		**fields,
	)


def kinds(order, quotation):
	return [difference.kind for difference in differences(order, quotation)]


def words(order, quotation):
	return [difference.message.format(**difference.params) for difference in differences(order, quotation)]


def test_an_order_as_quoted_has_none():
	assert kinds([ordered()], [quoted()]) == []


def test_an_order_without_quotation_has_none():
	assert kinds([ordered(source="")], []) == []


def test_price_quantity_added_and_missing():
	lines = [ordered(rate=95.5), ordered(idx=2, item="VALVE", qty=3, source="")]
	quotation = [quoted(qty=12), quoted("q2", "HOSE", 4)]
	assert words(lines, quotation) == [
		"Row 1, CYL: price 95.5 instead of 100 in QTN-1",
		"Row 2, VALVE: 3 at 100, not quoted",
		"#1, CYL: quantity 10 instead of 12 in QTN-1",
		"HOSE: 4 in QTN-1, not ordered",
	]


def test_a_discount_on_the_whole_counts_as_a_price():
	assert kinds([ordered(net_rate=90)], [quoted(net_rate=100)]) == ["discount"]
	assert kinds([ordered(net_rate=99.995)], [quoted(net_rate=100)]) == []


def test_another_currency_is_one_difference_not_a_price():
	assert kinds([replace(ordered(), currency="EUR")], [quoted()]) == ["currency"]


def test_a_line_split_over_two_deliveries_is_compared_as_a_whole():
	assert kinds([ordered(qty=4), ordered(idx=2, qty=6)], [quoted()]) == []
	assert kinds([ordered(qty=4), ordered(idx=2, qty=7)], [quoted()]) == ["quantity"]


def test_a_second_order_is_compared_with_what_is_left():
	assert kinds([ordered(qty=4)], [quoted(ordered_qty=6)]) == []
	assert kinds([ordered(qty=10)], [quoted(ordered_qty=6)]) == ["quantity"]
	assert kinds([ordered()], [quoted(), quoted("q2", "HOSE", ordered_qty=10)]) == []


def test_one_of_several_alternatives_is_enough():
	alternatives = [quoted("q1", set_key="q1"), quoted("q2", "CYL-B", set_key="q1")]
	assert kinds([ordered()], alternatives) == []
	assert kinds([ordered(item="CYL-B", source="q2")], alternatives) == []
	other = quoted("q3", "HOSE", set_key="q3")
	assert kinds([ordered(item="HOSE", source="q3")], [*alternatives, other]) == ["missing"]


def test_an_alternative_is_one_to_the_line_before_it_of_the_same_quotation():
	lines = (("Q1", "a", 0), ("Q1", "b", 1), ("Q1", "c", 1), ("Q1", "d", 0), ("Q2", "e", 1), ("Q2", "f", 0))
	assert set_keys(lines) == {"a": "a", "b": "a", "c": "a", "d": "d", "e": "e", "f": "f"}


def test_a_date_before_the_quoted_lead_time_is_a_difference():
	early, late = date(2026, 1, 5), date(2026, 2, 1)
	assert kinds([ordered(delivery_date=early)], [quoted(due=late)]) == ["delivery"]
	assert kinds([ordered(delivery_date=late)], [quoted(due=late)]) == []


def test_the_acknowledgement_is_asked_for_only_where_there_are_differences():
	assert requirement(False, False, "SO-1").met
	assert requirement(True, True, "SO-1").met
	assert not requirement(True, False, "SO-1").met


lines_of_a_quotation = st.lists(
	st.tuples(st.floats(0.001, 1e6), st.floats(0, 1e6)), min_size=1, max_size=8
).map(lambda rows: [quoted(f"q{i}", f"ITEM-{i}", qty, rate) for i, (qty, rate) in enumerate(rows)])


@given(lines_of_a_quotation)
def test_ordering_all_of_it_never_differs(quotation):
	order = [
		ordered(i, line.item_code, line.qty, line.rate, line.name) for i, line in enumerate(quotation, 1)
	]
	assert kinds(order, quotation) == []


@given(lines_of_a_quotation, st.data())
def test_every_line_left_out_is_named_once(quotation, data):
	kept = data.draw(st.lists(st.sampled_from(quotation), unique=True, min_size=0))
	order = [ordered(i, line.item_code, line.qty, line.rate, line.name) for i, line in enumerate(kept, 1)]
	found = differences(order, quotation)
	assert {difference.kind for difference in found} <= {"missing"}
	assert sorted(difference.params["item"] for difference in found) == sorted(
		line.item_code for line in quotation if line not in kept
	)
