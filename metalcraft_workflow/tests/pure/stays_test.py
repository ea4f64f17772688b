"""How long documents stay where, and whether what was promised left in time."""

import unittest
from datetime import date, datetime, timedelta
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from metalcraft_workflow.rules import on_time, stays
from metalcraft_workflow.rules.on_time import Shipped, outcome
from metalcraft_workflow.rules.stays import Move, Stay

BEGUN = datetime(2026, 3, 2, 8)
STAGES = ("Draft", "Pending Approval", "In Production", "")

some_moves = st.lists(
	st.tuples(st.integers(0, 10_000), st.sampled_from(STAGES)).map(
		lambda row: Move(BEGUN + timedelta(minutes=row[0]), row[1])
	),
	max_size=8,
).map(lambda moves: sorted(moves, key=lambda move: move.at))


def after(days: float) -> datetime:
	return BEGUN + timedelta(days=days)


class TestStays(unittest.TestCase):
	def test_one_after_the_other(self):
		found = stays.stays(
			BEGUN, "Draft", [Move(after(1), "Pending Approval"), Move(after(3), "In Production")]
		)
		self.assertEqual(
			found,
			(
				Stay("Draft", BEGUN, after(1)),
				Stay("Pending Approval", after(1), after(3)),
				Stay("In Production", after(3)),
			),
		)
		self.assertEqual([stay.days(after(10)) for stay in found], [1, 2, 7])

	def test_a_hold_within_a_stage_is_no_other_stay(self):
		found = stays.stays(BEGUN, "QA", [Move(after(1), "QA", "held"), Move(after(2), "")])
		self.assertEqual(found, (Stay("QA", BEGUN, after(2)),))

	@given(some_moves)
	def test_they_follow_each_other_without_overlap(self, moves):
		found = stays.stays(BEGUN, "Draft", moves)
		for earlier, later in pairwise(found):
			self.assertLessEqual(earlier.until, later.since)
		self.assertTrue(all(stay.stage for stay in found))
		self.assertLessEqual(sum(stay.until is None for stay in found), 1)

	@given(some_moves, st.integers(0, 10_000))
	def test_nothing_is_cut_before_it_begins(self, moves, minutes):
		moment = BEGUN + timedelta(minutes=minutes)
		for stay in stays.cut(stays.stays(BEGUN, "Draft", moves), "In Production", moment):
			self.assertGreaterEqual(stay.days(stay.until or moment + timedelta(days=99)), 0)
			if stay.stage == "In Production":
				self.assertLessEqual(stay.until, moment)

	def test_where_it_was_at_a_moment(self):
		found = stays.stays(BEGUN, "Draft", [Move(after(1), "QA"), Move(after(2), "")])
		self.assertIsNone(stays.at(found, after(-1)))
		self.assertEqual(stays.at(found, after(0.5)).stage, "Draft")
		self.assertEqual(stays.at(found, after(1)).stage, "QA")
		self.assertIsNone(stays.at(found, after(5)))


class TestPercentile(unittest.TestCase):
	def test_of_few(self):
		self.assertEqual(stays.percentile([], 0.5), 0)
		self.assertEqual(stays.percentile([4], 0.9), 4)
		self.assertEqual(stays.percentile([3, 1, 2], 0.5), 2)
		self.assertAlmostEqual(stays.percentile([0, 10], 0.9), 9)

	@given(st.lists(st.floats(0, 1e6), min_size=1), st.floats(0, 1))
	def test_lies_among_them_and_grows_with_the_share(self, values, share):
		found = stays.percentile(values, share)
		self.assertLessEqual(min(values) - 1e-6, found)
		self.assertLessEqual(found, max(values) + 1e-6)
		self.assertLessEqual(found, stays.percentile(values, 1) + 1e-6)


class TestOutcome(unittest.TestCase):
	PROMISED, TODAY = date(2026, 3, 10), date(2026, 3, 20)

	def outcome(self, *shipments, qty=10.0, promised=PROMISED, closed=False):
		rows = [Shipped(self.PROMISED + timedelta(days=days), qty) for days, qty in shipments]
		return outcome(promised, qty, rows, self.TODAY, closed, 0.0005)

	def test_on_the_day_is_in_time(self):
		found = self.outcome((-3, 4), (0, 6))
		self.assertEqual(
			(found.what, found.complete_on, found.days_late), (on_time.ON_TIME, self.PROMISED, 0)
		)
		self.assertEqual(found.in_time, 10)

	def test_the_last_part_decides(self):
		found = self.outcome((-3, 4), (2, 6))
		self.assertEqual((found.what, found.days_late, found.in_time), (on_time.LATE, 2, 4))

	def test_what_ships_again_after_a_return_does_not_make_it_late(self):
		self.assertEqual(self.outcome((0, 10), (9, 2)).what, on_time.ON_TIME)

	def test_what_has_not_left(self):
		self.assertEqual(self.outcome((0, 4)).what, on_time.OVERDUE)
		self.assertEqual(self.outcome((0, 4)).days_late, 10)
		self.assertEqual(self.outcome(promised=date(2026, 3, 20)).what, on_time.DUE)
		self.assertEqual(self.outcome(closed=True).what, on_time.CLOSED_SHORT)

	def test_a_rounded_rest_is_none(self):
		self.assertEqual(self.outcome((0, 3.3333), (0, 3.3333), (0, 3.3333)).what, on_time.ON_TIME)
