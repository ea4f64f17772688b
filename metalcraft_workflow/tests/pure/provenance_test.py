import unittest

from hypothesis import given
from hypothesis import strategies as st

from metalcraft_workflow.rules.provenance import BatchData, Component, Lot, Making, Origin, Receipt, Trail


def trail(parts: dict[str, str], heats: dict[str, str] | None = None, **receipts: Receipt) -> Trail:
	"""`parts` is batch -> the batches it was made of, one letter each."""
	return Trail(
		receipts={Lot(name): [receipt] for name, receipt in receipts.items()},
		makings={
			Lot(name): [
				Making("Stock Entry", name, 1, parts=tuple(Component(Lot(one), "I", 1) for one in made_of))
			]
			for name, made_of in parts.items()
		},
		batches={name: BatchData("I", heat_no=heat) for name, heat in (heats or {}).items()},
	)


class TestTrail(unittest.TestCase):
	def test_the_nearest_come_first(self):
		self.assertEqual(
			[lot.batch_no for lot in trail({"A": "BC", "B": "D", "D": "E"}).ancestors(Lot("A"))], list("BCDE")
		)

	def test_a_heat_of_its_own_stands_before_those_of_its_parts(self):
		heats = {"A": "H1", "B": "H2"}
		self.assertEqual(trail({"A": "B"}, heats).origin_of([Lot("A")]).heat_no, "H1")

	def test_all_heats_are_named_once(self):
		made = trail({"A": "BCD", "D": "BE"}, {"B": "H1", "C": "H2", "E": "H1"})
		self.assertEqual(made.origin_of([Lot("A")]).heat_no, "H1, H2")

	def test_what_differs_is_not_said(self):
		one, other = (
			Receipt("Purchase Receipt", f"R{number}", 1, "MILL", f"PO{number}") for number in (1, 2)
		)
		made = trail({"A": "BC"}, {"B": "H1", "C": "H2"}, B=one, C=other)
		self.assertEqual(made.origin_of([Lot("A")]), Origin("H1, H2", "", "MILL", "", ""))
		self.assertEqual(made.origin_of([Lot("B")]), Origin("H1", "", "MILL", "PO1", "R1"))

	@given(st.dictionaries(st.sampled_from("ABCDE"), st.text("ABCDE", max_size=3)))
	def test_rework_in_any_ring_ends_and_names_each_lot_once(self, parts):
		made = trail(parts, {name: f"H{name}" for name in "AB"})
		for name in "ABCDE":
			ancestors = made.ancestors(Lot(name))
			self.assertEqual(len(ancestors), len(set(ancestors)))
			self.assertNotIn(Lot(name), ancestors)
			self.assertLessEqual(set(made.steel_of(Lot(name))), {*ancestors, Lot(name)})
