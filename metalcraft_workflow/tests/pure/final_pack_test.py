from unittest import TestCase

from hypothesis import given
from hypothesis import strategies as st

from metalcraft_workflow.rules.final_pack import (
	FinalPackLine,
	FinalPackPart,
	Transferred,
	TransferRow,
	brought_qty,
	line_for,
	percentage,
	ready_qty,
	refusals,
	remaining,
	totals,
)

quantities = st.integers(1, 50).map(float)


def line(name="a", qty=10.0, idx=1, **parts):
	return FinalPackLine(
		name,
		idx,
		"X",
		qty,
		tuple(FinalPackPart(code, needed) for code, needed in (parts or {"X": qty}).items()),
	)


kits = st.builds(
	lambda qty, each: line(qty=qty, **{code: qty * n for code, n in each.items()}),
	quantities,
	st.dictionaries(st.sampled_from(["P", "Q"]), st.integers(1, 4), min_size=1),
)
moves = st.lists(
	st.builds(Transferred, st.just("a"), st.sampled_from(["P", "Q"]), st.integers(-5, 20).map(float))
)


class TestTransfer(TestCase):
	def test_bundle_is_as_many_as_are_complete(self):
		kit = line(qty=5.0, P=10.0, Q=5.0)
		there = {("a", "P"): 8.0, ("a", "Q"): 1.0}
		self.assertEqual(brought_qty(kit, there), 1)
		self.assertEqual(remaining(kit, there), {"P": 2, "Q": 4})

	def test_percentage_counts_a_line_once(self):
		lines = [line("a", 10.0), line("b", 4.0)]
		there = {("a", "X"): 25.0, ("b", "X"): 2.0}
		self.assertEqual(percentage(lines, there), round(12 / 14 * 100, 6))
		self.assertEqual(percentage([FinalPackLine("s", 1, "S", 3)], {}), 0)

	def test_ready(self):
		there = {("a", "X"): 6.0}
		self.assertEqual(ready_qty(line(), there, 2), 4)
		self.assertEqual(ready_qty(line(), there, 9), 0)
		self.assertEqual(ready_qty(FinalPackLine("s", 1, "S", 3), {}, 1), 2)
		self.assertEqual(ready_qty(FinalPackLine("d", 1, "D", 3, by_supplier=True), {}, 0), 0)

	def test_refusals_name_the_row(self):
		rows = [
			TransferRow(1, "a", "X", 6),
			TransferRow(2, "a", "X", 5),
			TransferRow(3, "a", "Y", 1),
			TransferRow(4, "b", "X", 1),
		]
		found = refusals([line()], {}, rows)
		self.assertEqual([refusal.params["idx"] for refusal in found], [2, 3, 4])
		self.assertEqual(found[0].params["possible"], "4")
		for refusal in found:
			self.assertIn(f"Row #{refusal.params['idx']}", refusal.message.format(**refusal.params))

	def test_what_was_produced_is_never_too_much(self):
		self.assertEqual(refusals([line()], {}, [TransferRow(1, "a", "X", 99, counts=False)]), [])

	def test_line_for_an_item_nobody_named_a_line_for(self):
		lines = [line("a"), line("b")]
		self.assertEqual(line_for("X", lines, {("a", "X"): 10.0}).name, "b")
		self.assertEqual(line_for("X", lines, {("a", "X"): 10.0, ("b", "X"): 10.0}).name, "a")
		self.assertIsNone(line_for("Y", lines, {}))

	@given(kits, moves, st.randoms())
	def test_order_of_the_moves_does_not_matter(self, kit, found, random):
		shuffled = list(found)
		random.shuffle(shuffled)
		self.assertEqual(totals(found), totals(shuffled))
		self.assertTrue(0 <= percentage([kit], totals(found)) <= 100)

	@given(kits, moves)
	def test_bringing_what_remains_is_allowed_and_completes(self, kit, found):
		there = totals(found)
		left = remaining(kit, there)
		rows = [
			TransferRow(number, kit.name, code, qty) for number, (code, qty) in enumerate(left.items(), 1)
		]
		self.assertEqual(refusals([kit], there, rows), [])
		there = totals([*found, *(Transferred(row.line, row.item_code, row.qty) for row in rows)])
		self.assertEqual(percentage([kit], there), 100)
		self.assertEqual(remaining(kit, there), {})

	@given(kits, moves, quantities)
	def test_more_than_remains_is_refused(self, kit, found, more):
		there = totals(found)
		for code in (part.item_code for part in kit.parts):
			qty = max(0, remaining(kit, there).get(code, 0)) + more
			self.assertTrue(refusals([kit], there, [TransferRow(1, kit.name, code, qty)]))

	@given(kits, moves)
	def test_taking_a_move_back_gives_back(self, kit, found):
		back = [Transferred(move.line, move.item_code, -move.qty) for move in found]
		self.assertEqual(brought_qty(kit, totals([*found, *back])), 0)
