from datetime import date

from hypothesis import given
from hypothesis import strategies as st

from metalcraft_workflow.rules import closing
from metalcraft_workflow.rules import returns as rules
from metalcraft_workflow.rules.orders import Invoice, OrderFacts, OrderLine, Precision, ReturnRow
from metalcraft_workflow.rules.returns import Progress, ReturnMove, ReturnPart, Shipped, owed
from metalcraft_workflow.rules.traceability import Source

QTY = st.integers(min_value=1, max_value=20)
MOVES = st.lists(st.builds(ReturnMove, qty=QTY, came_back=st.booleans()), max_size=12)


@given(MOVES)
def test_no_more_is_owed_than_came_back_and_no_less_than_was_not_shipped_since(moves):
	came = sum(move.qty for move in moves if move.came_back)
	went = sum(move.qty for move in moves if not move.came_back)
	assert max(0, came - went) <= owed(moves) <= came


@given(MOVES, QTY)
def test_what_comes_back_is_owed_and_what_then_ships_makes_good_for_it(moves, qty):
	assert owed([*moves, ReturnMove(qty, came_back=True), ReturnMove(qty)]) == owed(moves)


@given(st.lists(QTY, min_size=1, max_size=5), st.data())
def test_parts_are_allowed_one_after_the_other_until_all_came_back(parts, data):
	"""Whatever the parts that a line comes back in, all of them may, and not one piece more."""
	shipped = {"line": Shipped(sum(parts), "ITEM")}
	taken = []
	for qty in data.draw(st.permutations(parts)):
		part = ReturnPart("line", qty, row=1)
		assert not rules.problems([part], shipped, taken)
		taken.append(part)
	assert rules.left_of("line", shipped["line"], taken) == 0
	assert rules.problems([ReturnPart("line", 1, row=1)], shipped, taken)
	# all together are as good as one after the other
	assert not rules.problems(taken, shipped, [])
	assert rules.problems([*taken, ReturnPart("line", 1, row=2)], shipped, [])


@given(st.sets(st.sampled_from("ABCDEFGH"), min_size=1), st.data())
def test_a_serial_number_comes_back_once(names, data):
	back = data.draw(st.sets(st.sampled_from(sorted(names)), min_size=1))
	shipped = {"line": Shipped(len(names), "ITEM", sources=(Source(len(names), "", tuple(sorted(names))),))}
	first = ReturnPart("line", len(back), serial_nos=tuple(sorted(back)), row=1, source="RMA-1")
	assert not rules.problems([first], shipped, [])
	again = ReturnPart("line", 1, serial_nos=(min(back),), row=1)
	assert "RMA-1" in _words(rules.problems([again], shipped, [first]))
	left = rules.left_sources("line", shipped["line"], [first])
	assert {name for source in left for name in source.serial_nos} == names - back


def test_each_refusal_says_which_row_and_what():
	shipped = {
		"batched": Shipped(10, "ITEM", sources=(Source(6, "B1"), Source(4, "B2"))),
		"serial": Shipped(2, "PART", sources=(Source(1, "B1", ("S1",)), Source(1, "B2", ("S2",)))),
		"plain": Shipped(3, "BOLT"),
		"kit": Shipped(2, "KIT", sources=(Source(4, "B1"),), is_bundle=True),
	}
	for part, words in (
		(ReturnPart("batched", 1, "B3", row=4), "Row 4: batch B3 of ITEM was not shipped"),
		(ReturnPart("batched", 5, "B2", row=2), "Row 2: 5 of batch B2 cannot come back; 4 of it"),
		(
			ReturnPart("batched", 1, row=1),
			"choose the batch of ITEM that comes back; this delivery shipped B1, B2",
		),
		(ReturnPart("serial", 1, "B1", ("S2",), row=1), "serial number S2 of PART is not of batch B1"),
		(ReturnPart("serial", 1, "", ("S9",), row=1), "serial number S9 of PART was not shipped"),
		(ReturnPart("serial", 2, "", ("S1", "S1"), row=1), "S1 is named twice"),
		(ReturnPart("serial", 2, "", ("S1",), row=1), "each of 2 of PART that come back; 1 are named"),
		(ReturnPart("plain", 1, "B1", row=1), "names no batch of BOLT"),
		(ReturnPart("plain", 0, row=3), "Row 3: enter how many of BOLT"),
		(ReturnPart("plain", float("nan"), row=3), "Row 3: enter how many of BOLT"),
	):
		assert words in _words(rules.problems([part], shipped, [])), words
	for fine in (
		ReturnPart("kit", 1, row=1),
		ReturnPart("serial", 1, "", ("S1",), row=1),
		ReturnPart("batched", 4, "B2", row=1),
	):
		assert not rules.problems([fine], shipped, [])
	# a draft may leave out what it will have to name
	assert not rules.problems([ReturnPart("batched", 1, row=1)], shipped, [], complete=False)


def _words(problems):
	return " ".join(problem.message.format(**problem.params) for problem in problems)


# An order through any sequence of authorized returns, credit notes and further deliveries


EVENTS = st.lists(st.tuples(st.sampled_from(["credit", "replace"]), QTY, st.booleans()), max_size=5)


@given(EVENTS)
def test_an_order_closes_exactly_when_all_its_returns_are_answered(events):
	ordered = 20
	kept, to_credit, credited, moves, rows = ordered, 0, 0, [ReturnMove(ordered)], []
	answered = True
	for number, (kind, qty, done) in enumerate(events):
		qty = min(qty, kept)
		if not qty:
			continue
		rows.append(
			ReturnRow(
				f"row{number}", "RMA", number, "line", "ITEM", qty, qty, credit=kind == "credit", judged=True
			)
		)
		answered = answered and done
		if kind == "credit":
			kept -= qty
			to_credit += qty
			credited += qty if done else 0
		else:
			moves.append(ReturnMove(qty, came_back=True))
			if done:
				moves.append(ReturnMove(qty))
			else:
				kept -= qty
	to_replace = sum(move.qty for move in moves if move.came_back)
	line = OrderLine(
		idx=1,
		item_code="ITEM",
		qty=ordered,
		amount=ordered * 100,
		name="line",
		delivered=kept,
		returned=to_credit + to_replace,
		to_credit=to_credit,
		to_replace=to_replace,
		owed=owed(moves),
		billed=(ordered - credited) * 100,
		billed_qty=ordered - credited,
		credited_qty=credited,
		invoice_lines=1,
	)
	order = OrderFacts(
		"SO", 1, "approve", lines=(line,), invoices=(Invoice("SI", False),), returns=tuple(rows)
	)
	open_points = {
		requirement.code
		for requirement in closing.requirements(order, closing.ClosingPolicy(), date(2026, 1, 1))
		if not requirement.met
	}
	answers = {rules.CREDITED, rules.REPLACED}
	# a later shipment makes good for an earlier return first, so it is the sums that have to agree
	open_sums = bool(to_credit - credited) or bool(owed(moves))
	assert bool(open_points & answers) == open_sums
	assert open_points <= answers
	assert (answered and not open_points) or not answered
	settled = rules.settled(order)
	assert sum(settled.values()) == credited + to_replace - owed(moves)
	assert all(0 <= settled[row.name] <= row.received for row in rows)


# The status


ROWS = st.lists(
	st.tuples(QTY, QTY, QTY, st.booleans()).map(
		lambda row: Progress(row[0], min(row[0], row[1] - 1), min(row[0], row[1] - 1, row[2] - 1), row[3])
	),
	min_size=1,
	max_size=4,
)


@given(ROWS, st.booleans())
def test_settled_is_said_of_what_is_done_and_of_nothing_else(rows, closed):
	status = rules.status(1, closed, rows, Precision())
	came = [row for row in rows if row.received]
	all_came = closed or all(row.received == row.qty for row in rows)
	done = all(row.judged and row.settled == row.received for row in came)
	assert (status == "Settled") == bool(came and all_came and done)
	assert (status in ("Authorized", "Closed")) == (not came)
	assert (status == "Partly Received") == bool(came and not all_came)


def test_drafts_and_cancelled_ones_are_just_that():
	assert rules.status(0, False, [], Precision()) == "Draft"
	assert rules.status(2, True, [Progress(1, 1, 1, True)], Precision()) == "Cancelled"
