from dataclasses import replace
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
	most_to_bring,
	packable_qty,
	percentage,
	ready_qty,
	refusals,
	remaining,
	spread,
	totals,
	why_nothing_is_ready,
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
		self.assertEqual(str(found[0].params["possible"]), "4")
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


def sold(qty, factor, uom_whole=False, whole=False, places=3):
	"""A line in a unit of `factor` pieces or kilograms of its item."""
	part = FinalPackPart("X", qty * factor, "Nos", whole)
	return FinalPackLine("a", 1, "X", qty, (part,), uom="Box", whole=uom_whole, places=places)


units = st.builds(
	sold,
	st.integers(1, 20).map(float),
	st.sampled_from([0.453592, 0.5, 1.0, 3.0, 10.0, 12.0, 0.083333]),
	st.booleans(),
	st.booleans(),
	st.integers(0, 6),
)


class TestPackable(TestCase):
	def test_what_is_there_leads(self):
		for line, came, packable in (
			(sold(2, 10, uom_whole=True, whole=True), 15, 1),
			(sold(2, 10, uom_whole=True, whole=True), 20, 2),
			(sold(1, 12, uom_whole=True, whole=True), 7, 0),
			(sold(1, 12, whole=True), 7, 0.5),
			(sold(1, 12, whole=True, places=6), 7, 0.5),
			(sold(1, 3, whole=True), 2, 0),
			(sold(3, 3, whole=True), 7, 2),
			(sold(10, 0.453592), 2, 4.409),
			(sold(10, 0.453592), 4.536, 10),
			(sold(10, 0.453592), 4.535, 9.997),
			(sold(24, 0.083333, uom_whole=True, whole=True), 1, 12),
		):
			with self.subTest(line=line, came=came):
				self.assertEqual(packable_qty(line, {("a", "X"): came}), packable)

	def test_a_bundle_is_packed_whole_and_in_whole_pieces(self):
		parts = FinalPackPart("P", 6, whole=True), FinalPackPart("Q", 1.5)
		kit = FinalPackLine("a", 1, "KIT", 3, parts, whole=True, places=3)
		self.assertEqual(packable_qty(kit, {("a", "P"): 5.0, ("a", "Q"): 1.25}), 2)
		loose = replace(kit, whole=False)
		self.assertEqual(packable_qty(loose, {("a", "P"): 5.0, ("a", "Q"): 1.25}), 2.5)
		self.assertEqual(packable_qty(replace(loose, whole_stock=3), {("a", "P"): 5.0, ("a", "Q"): 1.25}), 2)

	def test_what_the_site_does_not_count_is_not_missing(self):
		line = sold(3, 0.453592)
		left = remaining(line, {})
		self.assertEqual(left, {"X": 1.361})
		self.assertEqual(refusals([line], {}, [TransferRow(1, "a", "X", 1.361)]), [])
		self.assertTrue(refusals([line], {}, [TransferRow(1, "a", "X", 1.362)]))
		self.assertEqual(percentage([line], {("a", "X"): 1.3605}), 100)
		self.assertEqual(remaining(line, {("a", "X"): 1.3605}), {})
		half_pieces = replace(line, parts=(FinalPackPart("X", 4.5, whole=True),))
		self.assertEqual(remaining(half_pieces, {("a", "X"): 2.0}), {"X": 3})

	@given(units, st.lists(st.integers(0, 5000).map(lambda n: n / 1000), min_size=1, max_size=4))
	def test_deliveries_never_take_more_than_came_and_the_last_closes(self, line, came):
		(part,) = line.parts
		there = packed = 0.0
		for more in (*came, part.needed):
			there = min(round(there + more, max(line.places, 3)), most_to_bring(line, part))
			packed += ready_qty(line, {("a", "X"): there}, packed)
			if packed < line.qty:
				self.assertLessEqual(packed * part.needed / line.qty, there + 2 * line.tolerance)
				self.assertTrue(not line.whole or float(packed).is_integer())
		self.assertEqual(round(packed, 6), line.qty)

	def test_what_nothing_is_ready_for(self):
		parts = FinalPackPart("P", 6, "Nos", True), FinalPackPart("Q", 3, "Nos", True)
		kit = FinalPackLine("a", 2, "KIT", 3, parts, whole=True, places=3)
		box = replace(sold(2, 10, uom_whole=True, whole=True), name="b")

		def said(there, packed=None):
			found = why_nothing_is_ready([kit, box], there, packed or {})
			return [problem.message.format(**problem.params) for problem in found]

		self.assertEqual(said({}), ["Nothing has come to Final Pack for it yet."])
		self.assertEqual(said({("a", "P"): 4.0}), ["Row #2: KIT waits for 2 Nos Q."])
		self.assertEqual(
			said({("a", "Q"): 1.0, ("b", "X"): 15.0}, {"b": 1}),
			[
				"Row #2: KIT waits for 2 Nos P.",
				"Row #1: 5 Nos of X are there, less than can be packed in Box.",
			],
		)
		self.assertEqual(
			said({("a", "P"): 2.0, ("a", "Q"): 1.0}, {"a": 1}),
			["All that is at Final Pack is on a delivery note."],
		)

	def test_a_bundle_of_one_thing_waits_for_it(self):
		kit = FinalPackLine("a", 1, "KIT", 3, (FinalPackPart("P", 12, "Nos", True),), whole=True, places=3)
		(problem,) = why_nothing_is_ready([kit], {("a", "P"): 3.0}, {})
		self.assertEqual(problem.message.format(**problem.params), "Row #1: KIT waits for 1 Nos P.")


class TestSpread(TestCase):
	def test_what_one_line_has_too_much_of_is_for_the_next(self):
		lines = [line("a"), line("b"), line("c", qty=5.0)]
		for came, kept in (
			({"a": 20}, {"a": 10, "b": 10, "c": 0}),
			({"a": 17, "c": 2}, {"a": 10, "b": 7, "c": 2}),
			({"a": 10, "b": -5}, {"a": 5, "b": 0, "c": 0}),
			({"b": 30}, {"a": 15, "b": 10, "c": 5}),
			({"a": 3, "b": 4}, {"a": 3, "b": 4}),
		):
			with self.subTest(came):
				there = {(name, "X"): float(qty) for name, qty in came.items()}
				self.assertEqual(
					{name: qty for (name, _item), qty in spread(lines, there).items() if qty or name in kept},
					kept,
				)

	@given(st.lists(st.integers(-5, 30).map(float), min_size=3, max_size=3))
	def test_nothing_is_lost(self, came):
		lines = [line(name, qty=10.0) for name in "abc"]
		there = {(name, "X"): qty for name, qty in zip("abc", came, strict=True)}
		found = spread(lines, there)
		self.assertEqual(spread(lines, found), found)
		self.assertEqual(sum(found.values()), max(0, sum(came)) if found != there else sum(came))
