from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from metalcraft_workflow.rules.orders import Delivery, OrderFacts, OrderLine
from metalcraft_workflow.rules.stage import order_stage

LINE = OrderLine(idx=1, item_code="CYL", qty=10, amount=1000)
ORDER = OrderFacts(name="SO-1", docstatus=1, gate="approve", lines=(LINE,))
PACKING, QA, WAITING, HELD, CLEARED = (
	Delivery(gate or "DN", draft=True, gate=gate)
	for gate in ("", "complete_packing", "release_documents", "hold", "clear")
)
SHIPPED = Delivery("DN-S", draft=False, gate="ship")


def with_line(**fields) -> OrderFacts:
	return replace(ORDER, lines=(replace(LINE, **fields),))


@pytest.mark.parametrize(
	"order, stage",
	[
		(replace(ORDER, docstatus=0, gate=""), "Draft"),
		(replace(ORDER, docstatus=0, gate="request_approval"), "Pending Approval"),
		(replace(ORDER, docstatus=0, gate="credit_hold"), "Credit Hold"),
		(replace(ORDER, docstatus=2, gate=""), "Cancelled"),
		(replace(ORDER, gate="outside"), ""),
		(ORDER, "In Production"),
		(with_line(at_final_pack=1), "Final Pack"),
		(replace(ORDER, deliveries=(PACKING,)), "Final Pack"),
		(replace(ORDER, deliveries=(QA,)), "QA"),
		(replace(ORDER, deliveries=(WAITING,)), "Awaiting Clearance"),
		(replace(ORDER, deliveries=(HELD,)), "Awaiting Clearance"),
		(replace(ORDER, deliveries=(CLEARED,)), "Ready to Ship"),
		(replace(with_line(delivered=4, at_final_pack=10), deliveries=(SHIPPED,)), "Partially Shipped"),
		(replace(with_line(delivered=4), deliveries=(SHIPPED, QA)), "QA"),
		(with_line(delivered=10), "Shipped"),
		(with_line(delivered=10, billed=400, billed_qty=4), "Shipped"),
		(with_line(delivered=10, billed=1000, billed_qty=10), "Invoiced"),
		(with_line(billed=1000, billed_qty=10), "In Production"),
		(replace(ORDER, status="Closed"), "Closed"),
		(replace(with_line(delivered=4), gate="change_review"), "Pending Approval"),
		(replace(with_line(delivered=10), gate="change_review"), "Shipped"),
		(with_line(delivered=6, returned=4, billed=1000, billed_qty=10), "Partially Shipped"),
		(with_line(delivered=6, returned=4, billed=600, billed_qty=6, credited_qty=4), "Invoiced"),
		(with_line(delivered=0, returned=10, billed=1000, billed_qty=10), "In Production"),
		(
			replace(with_line(delivered=4), deliveries=(replace(PACKING, is_return=True),)),
			"Partially Shipped",
		),
		(with_line(needs_delivery=False), "In Production"),
		(with_line(needs_delivery=False, billed=1000, billed_qty=10), "Invoiced"),
	],
)
def test_stage(order, stage):
	assert order_stage(order) == stage


FURTHEST_FIRST = [CLEARED, WAITING, QA, PACKING]


@given(st.lists(st.sampled_from([*FURTHEST_FIRST, HELD, SHIPPED]), min_size=1), st.randoms())
def test_the_furthest_delivery_decides_in_whatever_order_they_are_read(deliveries, random):
	shuffled = list(deliveries)
	random.shuffle(shuffled)
	stage = order_stage(replace(ORDER, deliveries=tuple(deliveries)))
	assert stage == order_stage(replace(ORDER, deliveries=tuple(shuffled)))
	furthest = next(
		(row for row in FURTHEST_FIRST if row in deliveries or (row is WAITING and HELD in deliveries)), None
	)
	if furthest:
		assert stage == order_stage(replace(ORDER, deliveries=(furthest,)))
