"""Settlement: what an order needs to close, as a story of events in any order."""

from dataclasses import replace
from datetime import date

from hypothesis import given
from hypothesis import strategies as st

from metalcraft_workflow.rules.closing import CLOSE, REOPEN, ClosingPolicy, decide, figures, requirements
from metalcraft_workflow.rules.orders import Advance, Delivery, Invoice, OrderFacts, OrderLine, Precision
from metalcraft_workflow.rules.requirement import unmet
from metalcraft_workflow.rules.stage import order_stage

TODAY = date(2026, 3, 10)
RATE = 100

# A small shop: what can happen to an order of one line
EVENTS = st.lists(
	st.one_of(
		st.tuples(st.just("deliver"), st.integers(1, 10)),
		st.tuples(st.just("return"), st.integers(1, 10)),
		st.tuples(st.just("bill"), st.integers(1, 10)),
		st.tuples(st.just("credit"), st.integers(1, 10)),
		st.tuples(st.just("pay"), st.integers(1, 1000)),
	),
	max_size=12,
)


def order_after(events, qty=10, **fields) -> OrderFacts:
	"""The facts of an order of `qty` pieces after `events`; each amount is on one invoice."""
	total = {
		kind: sum(n for k, n in events if k == kind)
		for kind in ("deliver", "return", "bill", "credit", "pay")
	}
	line = OrderLine(
		idx=1,
		item_code="CYL",
		qty=qty,
		amount=qty * RATE,
		delivered=total["deliver"] - total["return"],
		returned=total["return"],
		billed=(total["bill"] - total["credit"]) * RATE,
		billed_qty=total["bill"] - total["credit"],
		credited_qty=total["credit"],
		invoice_lines=len([k for k, _n in events if k in ("bill", "credit")]),
	)
	outstanding = (total["bill"] - total["credit"]) * RATE - total["pay"]
	return OrderFacts(
		name="SO-1",
		docstatus=1,
		gate="approve",
		lines=(line,),
		invoices=(Invoice("SI-1", draft=False, outstanding=outstanding),),
		**fields,
	)


POLICY = ClosingPolicy()


def open_points(order, policy=POLICY) -> list[str]:
	return [row.code for row in unmet(requirements(order, policy, TODAY))]


def what_to_do(order, policy=POLICY) -> str:
	return decide(order, requirements(order, policy, TODAY))


SETTLED = order_after([("deliver", 10), ("bill", 10), ("pay", 1000)])


@given(EVENTS, st.randoms())
def test_the_order_of_events_does_not_matter(events, random):
	shuffled = list(events)
	random.shuffle(shuffled)
	assert what_to_do(order_after(events)) == what_to_do(order_after(shuffled))


@given(EVENTS)
def test_nothing_closes_with_anything_outstanding(events):
	"""Told independently of the rule: who closes has delivered, billed and been paid for what was kept."""
	order = order_after(events)
	if what_to_do(order) != CLOSE:
		return
	count = {
		kind: sum(n for k, n in events if k == kind)
		for kind in ("deliver", "return", "bill", "credit", "pay")
	}
	kept = count["deliver"] - count["return"]
	assert kept > 0
	assert kept >= 10 - min(count["return"], count["credit"])
	assert count["bill"] - count["credit"] >= kept
	assert count["pay"] == (count["bill"] - count["credit"]) * RATE


@given(EVENTS)
def test_opening_again_and_settling_again_closes(events):
	"""Whatever a closed order goes through: once it is undone, it closes again."""
	closed = replace(
		order_after([("deliver", 10), ("bill", 10), ("pay", 1000), *events]),
		status="Closed",
		closed_by_workflow=True,
	)
	if what_to_do(closed) == REOPEN:
		opened = replace(closed, status="Completed", closed_by_workflow=False)
		assert what_to_do(opened) == ""
		assert what_to_do(replace(opened, lines=SETTLED.lines, invoices=SETTLED.invoices)) == CLOSE
	else:
		assert what_to_do(replace(closed, status="Completed", closed_by_workflow=False)) == CLOSE


@given(EVENTS)
def test_what_a_person_closed_stays_closed(events):
	assert what_to_do(order_after(events, status="Closed")) == ""


@given(st.booleans(), st.integers(0, 30), st.booleans())
def test_settings_and_drafts_open_nothing(automatic, days, draft):
	"""What opens an order is what was undone, never a setting, a draft or a day of grace."""
	closed = replace(SETTLED, status="Closed", closed_by_workflow=True, last_event=TODAY)
	if draft:
		closed = replace(
			closed,
			deliveries=(Delivery("DN-9", draft=True),),
			invoices=(*closed.invoices, Invoice("SI-9", draft=True, outstanding=5)),
		)
	assert what_to_do(closed, ClosingPolicy(automatic, days)) == ""


def test_settled_closes():
	assert open_points(SETTLED) == []
	assert what_to_do(SETTLED) == CLOSE


def test_each_thing_that_is_missing_has_its_name():
	cases = {
		"delivered": order_after([("deliver", 9), ("bill", 10), ("pay", 1000)]),
		"returns": order_after([("deliver", 10), ("return", 2), ("bill", 10), ("pay", 1000)]),
		"billed": order_after([("deliver", 10), ("bill", 9), ("pay", 900)]),
		"paid": order_after([("deliver", 10), ("bill", 10), ("pay", 999)]),
		"kept": order_after([("deliver", 10), ("return", 10), ("bill", 10), ("credit", 10)]),
		"no_draft_deliveries": replace(SETTLED, deliveries=(Delivery("DN-2", draft=True),)),
		"no_draft_invoices": replace(SETTLED, invoices=(Invoice("SI-2", draft=True, outstanding=9),)),
		"approved": replace(SETTLED, gate="change_review"),
		"not_on_hold": replace(SETTLED, status="On Hold"),
		"keep_open": replace(SETTLED, keep_open=True),
	}
	for code, order in cases.items():
		assert open_points(order) == [code]
		assert what_to_do(order) == ""


def test_the_settings_hold_it_open():
	assert open_points(SETTLED, ClosingPolicy(automatic=False)) == ["automatic"]
	order = replace(SETTLED, last_event=date(2026, 3, 8))
	assert open_points(order, ClosingPolicy(days_of_grace=3)) == ["grace"]
	assert open_points(order, ClosingPolicy(days_of_grace=2)) == []


def test_a_credit_note_without_a_return_is_not_paid():
	order = order_after([("deliver", 10), ("bill", 10), ("credit", 10)])
	assert order.invoices[0].outstanding == 0
	assert open_points(order) == ["billed"]


def test_a_return_that_was_credited_is_settled():
	order = order_after([("deliver", 10), ("return", 4), ("bill", 10), ("credit", 4), ("pay", 600)])
	assert what_to_do(order) == CLOSE
	# sent again after all: that is to be billed
	again = order_after([("deliver", 14), ("return", 4), ("bill", 10), ("credit", 4), ("pay", 600)])
	assert open_points(again) == ["billed"]


def test_more_delivered_than_ordered_is_to_be_billed():
	assert open_points(order_after([("deliver", 11), ("bill", 10), ("pay", 1000)])) == ["billed"]
	assert what_to_do(order_after([("deliver", 11), ("bill", 11), ("pay", 1100)])) == CLOSE


def test_a_credit_note_that_waits_for_its_refund_keeps_it_open():
	order = replace(
		SETTLED, invoices=(*SETTLED.invoices, Invoice("CN-1", draft=False, outstanding=-50, is_return=True))
	)
	assert open_points(order) == ["paid"]


def test_cents_lost_in_rounding_are_nothing():
	"""Three invoices of a third each: a cent is lost, and nobody ever pays it."""
	line = OrderLine(
		idx=1, item_code="X", qty=3, amount=100, delivered=3, billed=99.99, billed_qty=3, invoice_lines=3
	)
	assert what_to_do(replace(SETTLED, lines=(line,))) == CLOSE
	assert open_points(replace(SETTLED, lines=(replace(line, billed=99.97),))) == ["billed"]
	assert open_points(replace(SETTLED, lines=(replace(line, delivered=2.999),))) == ["delivered"]
	assert what_to_do(replace(SETTLED, lines=(replace(line, delivered=2.9999),))) == CLOSE


def test_free_lines_are_delivered_and_not_billed():
	free = OrderLine(idx=2, item_code="GIFT", qty=1, amount=0)
	assert open_points(replace(SETTLED, lines=(*SETTLED.lines, free))) == ["delivered"]
	assert what_to_do(replace(SETTLED, lines=(*SETTLED.lines, replace(free, delivered=1)))) == CLOSE


def test_without_delivery_there_is_only_the_bill():
	line = OrderLine(
		idx=1, item_code="SERVICE", qty=1, amount=50, billed=50, billed_qty=1, needs_delivery=False
	)
	assert what_to_do(replace(SETTLED, lines=(line,))) == CLOSE
	assert open_points(replace(SETTLED, lines=(replace(line, billed=0, billed_qty=0),))) == ["billed"]


def test_erpnext_sums_that_lag_behind_are_seen():
	order = replace(
		SETTLED,
		lines=tuple(replace(line, recorded_delivered=10, recorded_billed=1000) for line in SETTLED.lines),
		per_delivered=100,
	)
	assert not order.is_delivery_behind and not order.is_billing_behind
	assert replace(order, per_delivered=50).is_delivery_behind
	lines = tuple(replace(line, recorded_delivered=5, recorded_billed=500) for line in order.lines)
	assert replace(order, lines=lines).is_delivery_behind
	assert replace(order, lines=lines).is_billing_behind
	# a credit note that leaves the order's sums alone
	credited = tuple(replace(line, billed=600) for line in order.lines)
	assert not replace(order, lines=credited).is_billing_behind


def test_each_amount_is_written_in_its_own_currency():
	"""What is billed is in that of the order, what is outstanding in that of the customer's account."""
	order = order_after([("deliver", 10), ("bill", 4)], currency="EUR")
	order = replace(order, invoices=(Invoice("SI-1", draft=False, outstanding=440, currency="USD"),))
	found = requirements(order, POLICY, TODAY)
	said = {row.code: row.message.format(**row.params) for row in unmet(found)}
	assert "1. CYL: 600.00 EUR" in said["billed"]
	assert "SI-1: 440.00 USD" in said["paid"]


# Quantity and amount, with both signs


def with_line(**fields):
	return replace(SETTLED, lines=(replace(SETTLED.lines[0], **fields),))


def billed(order):
	return next(row for row in requirements(order, POLICY, TODAY) if row.code == "billed")


def said(requirement) -> str:
	return " ".join(
		row.message.format(**row.params) for row in (requirement, *requirement.also) if row.message
	)


def test_another_quantity_or_price_on_the_invoices_can_be_accepted_and_what_is_not_billed_cannot():
	for fields, words, waivable in (
		({"billed_qty": 8}, "1. CYL: 8 / 10", True),
		({"billed_qty": 12}, "1. CYL: 12 / 10", True),
		({"billed": 900}, "another price than was ordered, which leaves: 1. CYL: 100.00", True),
		({"billed": 880, "billed_qty": 8}, "Still to be billed: 1. CYL: 120.00", False),
		({"billed_discount": 50}, "1. CYL: 50.00", True),
	):
		found = billed(with_line(**fields))
		assert not found.met and found.waivable is waivable
		assert words in said(found)
	# A discount of the order is one of its invoices
	assert billed(with_line(discount=50, billed_discount=50)).met
	# More than was asked for is ERPNext's to refuse
	assert billed(with_line(billed=1100)).met


def test_what_is_taken_off_for_a_trade_in_is_to_be_taken_off():
	trade_in = OrderLine(idx=2, item_code="OLD", qty=1, amount=-150, delivered=1, billed=-150, billed_qty=1)
	with_it = replace(SETTLED, lines=(*SETTLED.lines, trade_in))
	assert what_to_do(with_it) == CLOSE
	for fields, waivable in (
		({"billed": 0, "billed_qty": 0}, False),
		({"billed": -100}, True),
		({"billed": -200}, True),
	):
		found = billed(replace(SETTLED, lines=(*SETTLED.lines, replace(trade_in, **fields))))
		assert not found.met and found.waivable is waivable
	# the same, ordered as less than nothing
	taken = OrderLine(idx=2, item_code="OLD", qty=-1, amount=-150, billed=-150, billed_qty=-1)
	assert what_to_do(replace(SETTLED, lines=(*SETTLED.lines, taken))) == CLOSE
	left_out = replace(taken, billed=0, billed_qty=0)
	assert open_points(replace(SETTLED, lines=(*SETTLED.lines, left_out))) == ["billed"]


def test_a_difference_that_was_accepted_closes_the_order_until_the_figures_change():
	order = with_line(billed=900)
	found = requirements(order, POLICY, TODAY)
	assert decide(order, found) == ""
	assert decide(order, found, {"billed"}) == CLOSE
	closed = replace(order, status="Closed", closed_by_workflow=True)
	assert decide(closed, found, {"billed"}) == ""
	assert decide(closed, found) == REOPEN
	# only what may be accepted is
	unbilled = with_line(billed=0, billed_qty=0)
	assert decide(unbilled, requirements(unbilled, POLICY, TODAY), {"billed", "paid"}) == ""
	assert figures(order) == figures(replace(order, keep_open=True))
	assert figures(order) != figures(with_line(billed=890))


def test_every_credit_note_ever_says_nothing_only_what_is_credited_now():
	# billed, credited and billed again; then four come back
	order = with_line(delivered=6, returned=4, credited_qty=10)
	assert open_points(order) == ["returns"]
	credited = with_line(delivered=6, returned=4, credited_qty=14, billed_qty=6, billed=600)
	assert what_to_do(credited) == CLOSE


def test_what_came_back_and_was_never_billed_is_not_asked_to_be_credited():
	order = with_line(delivered=6, returned=4, billed_qty=6, billed=600)
	assert open_points(order) == ["returns"]
	returned = next(row for row in requirements(order, POLICY, TODAY) if row.code == "returns")
	assert "never billed: 1. CYL: 4" in said(returned) and "credit note" not in said(returned)
	both = with_line(delivered=4, returned=6, billed_qty=6, billed=600)
	returned = next(row for row in requirements(both, POLICY, TODAY) if row.code == "returns")
	assert "Came back: 1. CYL: 2." in said(returned) and "never billed: 1. CYL: 4" in said(returned)


def test_the_smallest_amount_is_that_of_the_currency():
	"""Yen have no decimals, dinars three."""
	for rounding, nothing, something in ((0.5, 0.4, 1), (0.005, 0.004, 0.01), (0.0005, 0.0004, 0.001)):
		for amount in (nothing, -nothing):
			invoice = Invoice("SI-1", draft=False, outstanding=amount, rounding=rounding)
			assert open_points(replace(SETTLED, invoices=(invoice,))) == []
		for amount in (something, -something):
			invoice = Invoice("SI-1", draft=False, outstanding=amount, rounding=rounding)
			assert open_points(replace(SETTLED, invoices=(invoice,))) == ["paid"]
	thirds = OrderLine(
		idx=1, item_code="X", qty=3, amount=400, delivered=3, billed=399, billed_qty=3, invoice_lines=3
	)
	assert open_points(replace(SETTLED, lines=(thirds,))) == ["billed"]
	yen = replace(SETTLED, lines=(thirds,), precision=Precision(money=0.5))
	assert open_points(yen) == []
	assert open_points(replace(yen, lines=(replace(thirds, billed=390),))) == ["billed"]


def test_an_advance_is_named_where_something_is_outstanding():
	advance = Advance("ACC-PAY-1", 700, "USD")
	order = replace(SETTLED, invoices=(Invoice("SI-1", draft=False, outstanding=700),), advances=(advance,))
	paid = next(row for row in requirements(order, POLICY, TODAY) if row.code == "paid")
	assert "ACC-PAY-1: 700.00 USD" in said(paid)
	refund = replace(order, invoices=(Invoice("CN-1", draft=False, outstanding=-70, is_return=True),))
	paid = next(row for row in requirements(refund, POLICY, TODAY) if row.code == "paid")
	assert "ACC-PAY-1" not in said(paid)


# What net means, told another way: somebody can say of every piece what became of it


PIECES = st.integers(0, 12)


@given(
	sent=PIECES,
	back=PIECES,
	to_credit=PIECES,
	billed=PIECES,
	credited=PIECES,
	by_authorization=PIECES,
	by_delivery=st.booleans(),
)
def test_it_closes_exactly_when_every_piece_is_accounted_for(
	sent, back, to_credit, billed, credited, by_authorization, by_delivery
):
	"""Of ten pieces, some number of those that came back without an authorization is credited; with it,
	everything is delivered or given up, and billed is what is due."""
	back, to_credit = min(back, sent), min(to_credit, sent - min(back, sent))
	held = sent - back - to_credit
	# A credit note that an authorization asked for is for what came back by it
	by_authorization = min(by_authorization, to_credit, credited)
	line = OrderLine(
		idx=1,
		item_code="CYL",
		qty=10,
		amount=1000,
		delivered=held,
		returned=back + to_credit,
		to_credit=to_credit,
		billed=billed * 100,
		billed_qty=billed,
		billed_by_delivery=billed if by_delivery else 0,
		credited_qty=credited,
		credited_by_authorization=by_authorization,
	)
	accounted_for = any(
		held + to_credit + given_up >= 10 and billed == max(10 - to_credit - given_up, held)
		for given_up in range(min(back, credited - by_authorization) + 1)
	)
	precision = Precision()
	settled = (
		not line.missing(precision) and line.billing(precision).is_done and not line.uncredited(precision)
	)
	assert settled == accounted_for
	assert line.given_up <= line.returned


def test_a_line_without_a_quantity_keeps_the_order_open_and_opens_no_closed_one():
	blanket = OrderLine(idx=2, item_code="BLANKET", qty=0, amount=0)
	order = replace(SETTLED, lines=(*SETTLED.lines, blanket))
	assert open_points(order) == ["quantities"]
	assert order_stage(order) == "Partially Shipped"
	assert order_stage(replace(order, lines=(blanket,))) == "In Production"
	closed = replace(order, status="Closed", closed_by_workflow=True)
	assert what_to_do(closed) == ""
