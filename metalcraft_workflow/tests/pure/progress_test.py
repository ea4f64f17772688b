"""What a customer is told of where an order stands."""

from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from metalcraft_workflow.rules import progress
from metalcraft_workflow.rules.orders import Invoice, OrderFacts, OrderLine
from metalcraft_workflow.rules.progress import CURRENT, DONE, OPEN, PARTLY, STEPS, customer_stage
from metalcraft_workflow.rules.stage import order_stage

LINE = OrderLine(idx=1, item_code="CYL", qty=10, amount=1000)
ORDER = OrderFacts(name="SO-1", docstatus=1, gate="approve", lines=(LINE,))
DAYS = {key: date(2026, 1, day) for day, key in enumerate(STEPS, start=1)}

INTERNAL = ("credit", "hold", "pending", "draft", "clearance", "rejected", "sent back", "review")


def line_of(order: OrderFacts, stage: str = "") -> dict[str, progress.Step]:
	stage = stage or customer_stage(order_stage(order), order.status)
	return {step.key: step for step in progress.progress(stage, order, DAYS)}


def states(order: OrderFacts, stage: str = "") -> str:
	return " ".join(step.state for step in line_of(order, stage).values())


def test_every_stage_of_an_order_has_a_word_and_none_tells_what_is_internal():
	from_the_app = (
		"Draft",
		"Pending Approval",
		"Credit Hold",
		"In Production",
		"Final Pack",
		"QA",
		"Awaiting Clearance",
		"Ready to Ship",
		"Partially Shipped",
		"Shipped",
		"Invoiced",
		"Closed",
		"Cancelled",
	)
	words = {customer_stage(stage) for stage in from_the_app}
	assert words == set(progress.STAGES)
	for word in (*words, *STEPS.values()):
		assert not any(internal in word.lower() for internal in INTERNAL)


def test_a_credit_hold_looks_like_any_order_that_has_just_come():
	held = replace(ORDER, docstatus=0, gate="credit_hold")
	asked = replace(ORDER, docstatus=0, gate="request_approval")
	assert line_of(held) == line_of(asked) == line_of(replace(ORDER, docstatus=0, gate=""))
	assert states(held) == "current open open open open open open open open open"


@pytest.mark.parametrize(
	("status", "word"),
	[
		("To Deliver and Bill", "In Production"),
		("On Hold", "In Production"),
		("To Bill", "Shipped"),
		("Completed", "Invoiced"),
		("Closed", "Closed"),
		("Cancelled", "Cancelled"),
	],
)
def test_an_order_from_before_the_app_is_told_by_its_status(status, word):
	assert customer_stage("", status) == word


def test_the_line_follows_the_order_through_the_process():
	assert states(ORDER) == "done done current open open open open open open open"
	at_final_pack = replace(ORDER, lines=(replace(LINE, at_final_pack=10),))
	assert states(at_final_pack) == "done done done current open open open open open open"
	shipped = replace(ORDER, lines=(replace(LINE, at_final_pack=10, delivered=10),))
	assert states(shipped) == "done done done done done done done open open open"
	billed = replace(LINE, at_final_pack=10, delivered=10, billed=1000, billed_qty=10, invoice_lines=1)
	owed = replace(ORDER, lines=(billed,), invoices=(Invoice("SI-1", draft=False, outstanding=1000),))
	assert states(owed) == "done done done done done done done done open open"
	paid = replace(owed, invoices=(Invoice("SI-1", draft=False, outstanding=0),))
	assert states(paid) == "done done done done done done done done done open"
	closed = replace(paid, status="Closed")
	assert states(closed) == " ".join([DONE] * 10)


def test_what_was_shipped_and_invoiced_in_part_says_so():
	half = replace(LINE, at_final_pack=5, delivered=5, billed=500, billed_qty=5, invoice_lines=1)
	order = replace(ORDER, lines=(half,), invoices=(Invoice("SI-1", draft=False, outstanding=0),))
	line = line_of(order)
	assert customer_stage(order_stage(order)) == "Partly Shipped"
	assert states(order) == "done done current partly partly partly partly partly partly open"
	assert line["final_pack"].on and not line["closed"].on


def test_a_draft_invoice_is_not_told():
	order = replace(ORDER, invoices=(Invoice("SI-1", draft=True, outstanding=0),))
	assert line_of(order)["invoiced"].state == OPEN
	assert line_of(order)["paid"].state == OPEN


def test_an_order_closed_by_hand_before_anything_shipped_is_not_called_shipped():
	assert states(replace(ORDER, status="Closed")) == "done done open open open open open open open done"


def test_a_cancelled_order_was_received_and_no_more():
	assert states(replace(ORDER, docstatus=2)) == "done open open open open open open open open open"


amounts = st.integers(min_value=0, max_value=10).map(float)


@given(
	docstatus=st.sampled_from([0, 1, 2]),
	gate=st.sampled_from(["", "request_approval", "credit_hold", "approve", "change_review", "outside"]),
	status=st.sampled_from(["", "Closed", "On Hold", "To Bill", "Completed"]),
	delivered=amounts,
	at_final_pack=amounts,
	billed=amounts,
	outstanding=st.lists(amounts, max_size=2),
)
def test_only_a_step_that_was_reached_has_a_day(
	docstatus, gate, status, delivered, at_final_pack, billed, outstanding
):
	order = replace(
		ORDER,
		docstatus=docstatus,
		gate=gate,
		status=status,
		lines=(
			replace(
				LINE,
				delivered=delivered,
				at_final_pack=at_final_pack,
				billed=billed * 100,
				billed_qty=billed,
				invoice_lines=1,
			),
		),
		invoices=tuple(
			Invoice(f"SI-{number}", draft=False, outstanding=amount)
			for number, amount in enumerate(outstanding)
		),
	)
	line = line_of(order)
	assert list(line) == list(STEPS)
	assert all((step.on is None) == (step.state == OPEN) for step in line.values())
	assert sum(step.state == CURRENT for step in line.values()) <= 1
	# the steps of the work are passed in order
	work = [
		line[key].state for key in ("received", "approved", "production", "final_pack", "quality", "ready")
	]
	assert work == sorted(work, key=[DONE, CURRENT, PARTLY, OPEN].index)
