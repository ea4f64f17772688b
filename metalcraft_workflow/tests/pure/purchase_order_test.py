"""What the customer's purchase order must bring."""

from dataclasses import replace
from datetime import date

from hypothesis import given
from hypothesis import strategies as st

from metalcraft_workflow.rules.purchase_order import (
	PurchaseOrder,
	comparable,
	requirements,
)

GOOD = PurchaseOrder(
	order="SO-1",
	number="PO 12",
	date=date(2026, 1, 2),
	today=date(2026, 1, 2),
	file_url="/private/files/po.pdf",
	file_exists=True,
)


def missing(**fields):
	return [row.code for row in requirements(replace(GOOD, **fields)) if not row.met]


def test_a_complete_purchase_order_misses_nothing():
	assert missing() == []


def test_each_part_is_missed_on_its_own():
	assert missing(number=" ") == ["po_number"]
	assert missing(date=None) == ["po_date"]
	assert missing(date=date(2026, 1, 3)) == ["po_date"]
	assert missing(file_url="", file_exists=False) == ["po_file"]
	assert missing(file_exists=False) == ["po_file"]


def test_a_number_used_before_wants_a_confirmed_choice():
	assert missing(other_orders=("SO-0",)) == ["po_reuse"]
	assert missing(other_orders=("SO-0",), reuse_confirmed=True) == []
	row = requirements(replace(GOOD, other_orders=("SO-0", "SO-9")))[-1]
	assert "PO 12 is already on SO-0, SO-9" in row.message.format(**row.params)


@given(st.text(alphabet="aB7-/", min_size=1), st.lists(st.integers(0, 6)))
def test_case_and_spaces_make_no_other_number(number, places):
	spaced = number
	for place in places:
		spaced = spaced[:place] + " " + spaced[place:]
	assert comparable(spaced.swapcase()) == comparable(number)
