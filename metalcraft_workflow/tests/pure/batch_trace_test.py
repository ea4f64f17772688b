import unittest
from collections import defaultdict
from itertools import count, pairwise

from hypothesis import given
from hypothesis import strategies as st

from metalcraft_workflow.rules.batch_trace import (
	BACKWARDS,
	CONSUMPTION,
	COUNT,
	FORWARDS,
	GOODS,
	ISSUE,
	PACKED,
	PRODUCTION,
	RECEIPT,
	RETURN,
	SHIPMENT,
	STOCK,
	SUPPLIER_RETURN,
	TRANSFER,
	LedgerLot,
	LedgerMove,
	Release,
	TraceRow,
	follow,
	goods,
	kind_of,
	rows,
	standing,
	without_echoes,
)


class Ledger:
	"""A stock ledger in a list, as the rules want to read it."""

	def __init__(self, moves=(), kin=()):
		self.moves, self.kin, self.levels = list(moves), dict(kin), 0

	def moves_of(self, lots):
		self.levels += 1
		return [move for move in self.moves if move.lot in lots]

	def moves_in(self, processes):
		return [move for move in self.moves if move.process in processes]

	def kin_of(self, lots, direction):
		pairs = {(batch, heat) for batch, heat in self.kin.items()}
		found = defaultdict(list)
		for batch, heat in pairs:
			one, other = (batch, heat) if direction == FORWARDS else (heat, batch)
			if one in lots:
				found[one].append(other)
		return found


def move(
	lot: str | LedgerLot, qty: float, name: str, doctype: str = "Stock Entry", when=0, made=False, **values
):
	lot = LedgerLot("ITEM", lot) if isinstance(lot, str) else lot
	process = (doctype, name) if made else None
	return LedgerMove(lot, qty, doctype, name, when, lot.item_code, "Stores", process, **values)


def told(ledger: Ledger, direction: str, *lots: str | LedgerLot) -> list[TraceRow]:
	lots = [LedgerLot("ITEM", lot) if isinstance(lot, str) else lot for lot in lots]
	return rows(follow(lots, direction, ledger), [TraceRow(GOODS, 0, (lot,)) for lot in lots])


def drawn(found: list[TraceRow]) -> list[str]:
	"""A tree as text, to read it in a test."""
	return [
		"  " * row.depth
		+ (", ".join(lot.batch_no or lot.heat_no for lot in row.lots) if row.kind == GOODS else row.kind)
		+ (f" {row.moves[0].name}" if row.kind not in (GOODS, STOCK) else "")
		+ ("" if row.qty is None else f" {row.qty:g}")
		+ (" again" if row.repeated else "")
		for row in found
	]


STEEL = [
	move("STEEL", 10, "PR", "Purchase Receipt", 1),
	move("STEEL", -6, "MADE", when=2, made=True),
	move("SHELL", 6, "MADE", when=2, made=True),
	move("SHELL", -4, "DN", "Delivery Note", 3),
	move("SHELL", 1, "DN-RET", "Delivery Note", 4),
]


class TestTree(unittest.TestCase):
	def test_forwards_to_the_customer(self):
		self.assertEqual(
			drawn(told(Ledger(STEEL), FORWARDS, "STEEL")),
			[
				"STEEL",
				"  receipt PR 10",
				"  consumption MADE 6",
				"    SHELL 6",
				"      shipment DN 4",
				"      return DN-RET 1",
				"      stock 3",
				"  stock 4",
			],
		)

	def test_backwards_to_the_receipt(self):
		self.assertEqual(
			drawn(told(Ledger(STEEL), BACKWARDS, "SHELL")),
			[
				"SHELL",
				"  production MADE 6",
				"    STEEL 6",
				"      receipt PR 10",
				"  shipment DN 4",
				"  return DN-RET 1",
			],
		)

	def test_rework_in_a_ring_ends_and_is_told_once(self):
		ring = [
			move("A", 5, "PR", "Purchase Receipt", 1),
			move("A", -5, "ONE", when=2, made=True),
			move("B", 5, "ONE", when=2, made=True),
			move("B", -5, "TWO", when=3, made=True),
			move("A", 5, "TWO", when=3, made=True),
		]
		self.assertEqual(
			drawn(told(Ledger(ring), FORWARDS, "A")),
			[
				"A",
				"  receipt PR 5",
				"  consumption ONE 5",
				"    B 5",
				"      consumption TWO 5",
				"        A 5 again",
				"  production TWO 5",
				"  stock 5",
			],
		)

	def test_goods_that_nobody_can_tell_apart_are_named_and_not_followed(self):
		paint = LedgerLot("PAINT")
		moves = [move("CYL", 2, "MADE", made=True), move(paint, -1, "MADE", made=True)]
		found = told(Ledger(moves), BACKWARDS, "CYL")
		self.assertEqual([(row.kind, row.lots) for row in found][-1], (GOODS, (paint,)))

	def test_serial_numbers_of_one_document_stand_in_one_line(self):
		serials = [LedgerLot("CYL", "", f"S{number}") for number in range(3)]
		moves = [
			move("STEEL", -3, "MADE", when=1, made=True),
			*(move(lot, 1, "MADE", when=1, made=True, serial_nos=(lot.serial_no,)) for lot in serials),
			*(move(lot, -1, "DN", "Delivery Note", 2, serial_nos=(lot.serial_no,)) for lot in serials[:2]),
		]
		found = told(Ledger(moves), FORWARDS, "STEEL")
		self.assertEqual(
			[(row.kind, row.qty, row.serial_nos) for row in found if row.serial_nos],
			[(GOODS, 3, ("S0", "S1", "S2")), (SHIPMENT, 2, ("S0", "S1")), (STOCK, 1, ("S0", "S1", "S2"))],
		)

	def test_a_heat_that_was_typed_is_found_from_its_batch_and_leads_back_to_it(self):
		heat = LedgerLot(heat_no="H1")
		ledger = Ledger(
			[
				move("STEEL", 10, "PR", "Purchase Receipt"),
				move(heat, -4, "DN", "Delivery Note", typed=True),
			],
			{LedgerLot("ITEM", "STEEL"): heat},
		)
		self.assertEqual(
			drawn(told(ledger, FORWARDS, "STEEL")),
			["STEEL", "  receipt PR 10", "  stock 10", "  H1", "    shipment DN 4"],
		)
		self.assertEqual(
			drawn(told(ledger, BACKWARDS, heat)), ["H1", "  shipment DN 4", "  STEEL", "    receipt PR 10"]
		)

	def test_a_heat_beside_serial_numbers_is_told_only_where_the_ledger_does_not_lead_there(self):
		heat, serial = LedgerLot(heat_no="H1"), LedgerLot("CYL", "", "S1")
		shipped = [
			move(serial, -1, "DN", "Delivery Note", 2, serial_nos=("S1",)),
			move(heat, -1, "DN", "Delivery Note", 2, serial_nos=("S1",), typed=True),
		]
		made = [
			move("STEEL", -1, "MADE", when=1, made=True),
			move(serial, 1, "MADE", when=1, made=True, serial_nos=("S1",)),
		]
		kin = {LedgerLot("ITEM", "STEEL"): heat}

		def tree(ledger, direction, roots):
			lots = [lot for row in roots for lot in row.lots]
			return drawn(rows(*without_echoes(follow(lots, direction, ledger), roots)))

		steel = [TraceRow(GOODS, 0, (LedgerLot("ITEM", "STEEL"),))]
		self.assertEqual(
			[row for row in tree(Ledger(made + shipped, kin), FORWARDS, steel) if "shipment" in row],
			["      shipment DN 1"],
		)
		self.assertEqual(
			[row for row in tree(Ledger(shipped, kin), FORWARDS, steel) if "shipment" in row],
			["    shipment DN 1"],
		)
		delivery = goods(shipped, 1, ("Delivery Note", "DN"))
		self.assertNotIn("  H1 1", tree(Ledger(made + shipped, kin), BACKWARDS, delivery))
		self.assertIn("  H1 1", tree(Ledger(shipped, kin), BACKWARDS, delivery))

	def test_a_heat_that_no_delivery_names_is_no_line(self):
		ledger = Ledger(
			[move("STEEL", 10, "PR", "Purchase Receipt")],
			{LedgerLot("ITEM", "STEEL"): LedgerLot(heat_no="H1")},
		)
		self.assertEqual(drawn(told(ledger, FORWARDS, "STEEL")), ["STEEL", "  receipt PR 10", "  stock 10"])

	def test_more_levels_than_python_nests_calls(self):
		moves = []
		for level in range(600):
			made = f"MADE {level}"
			moves += [move(f"L{level}", -1, made, made=True), move(f"L{level + 1}", 1, made, made=True)]
		deepest = max(told(Ledger(moves), FORWARDS, "L0"), key=lambda row: row.depth)
		self.assertEqual(
			(deepest.kind, deepest.depth, deepest.lots), (STOCK, 1201, (LedgerLot("ITEM", "L600"),))
		)


class TestKinds(unittest.TestCase):
	def test_what_a_document_did(self):
		for expected, moves in (
			(RECEIPT, [move("A", 1, "X", "Purchase Receipt")]),
			(SUPPLIER_RETURN, [move("A", -1, "X", "Purchase Receipt")]),
			(SHIPMENT, [move("A", -1, "X", "Delivery Note")]),
			(PACKED, [move("A", -1, "X", "Delivery Note", is_open=True)]),
			(RETURN, [move("A", 1, "X", "Delivery Note")]),
			(SHIPMENT, [move("A", -1, "X", "Sales Invoice")]),
			(TRANSFER, [move("A", -1, "X"), move("A", 1, "X")]),
			(COUNT, [move("A", -5, "X", "Stock Reconciliation"), move("A", 4, "X", "Stock Reconciliation")]),
			(PRODUCTION, [move("A", 1, "X", made=True)]),
			(CONSUMPTION, [move("A", -1, "X", made=True)]),
			(RECEIPT, [move("A", 1, "X")]),
			(ISSUE, [move("A", -1, "X")]),
		):
			with self.subTest(expected):
				self.assertEqual(kind_of(moves), expected)


NAMES = st.sampled_from("ABCDEF")


@st.composite
def ledgers(draw) -> Ledger:
	"""Receipts, productions (of anything out of anything, rings included), transfers and deliveries."""
	numbers, moves = count(1), []
	for kind in draw(
		st.lists(st.sampled_from(["receive", "make", "transfer", "ship", "return"]), max_size=14)
	):
		number = next(numbers)
		name, when = f"{kind} {number}", draw(st.integers(0, 5))
		qty = draw(st.integers(1, 9))
		if kind == "make":
			used = draw(st.sets(NAMES, min_size=1, max_size=3))
			made = draw(st.sets(NAMES, min_size=1, max_size=2))
			moves += [move(lot, -qty, name, when=when, made=True) for lot in sorted(used)]
			moves += [move(lot, qty, name, when=when, made=True) for lot in sorted(made)]
			continue
		lot = draw(NAMES)
		if kind == "transfer":
			moves += [move(lot, -qty, name, when=when), move(lot, qty, name, when=when)]
		else:
			doctype = "Purchase Receipt" if kind == "receive" else "Delivery Note"
			moves.append(move(lot, -qty if kind == "ship" else qty, name, doctype, when))
	return Ledger(moves)


class TestProperties(unittest.TestCase):
	@given(ledgers(), NAMES)
	def test_forwards_tells_each_move_of_each_lot_once_and_what_is_left_adds_up(self, ledger, name):
		found = told(ledger, FORWARDS, name)
		lots = {lot for row in found if row.kind == GOODS for lot in row.lots}
		expected = sorted(str(one) for one in ledger.moves if one.lot in lots)
		shown = [one for row in found if not row.repeated for one in row.moves]
		self.assertEqual(sorted(map(str, shown)), expected)
		for lot in lots:
			left = sum(row.left for row in found if row.kind == STOCK and lot in row.lots)
			self.assertEqual(left, sum(one.qty for one in ledger.moves if one.lot == lot))

	@given(ledgers(), NAMES, st.sampled_from([FORWARDS, BACKWARDS]))
	def test_each_lot_is_told_once_and_read_once(self, ledger, name, direction):
		found = told(ledger, direction, name)
		lots = [lot for row in found if row.kind == GOODS and not row.repeated for lot in row.lots]
		self.assertEqual(len(lots), len(set(lots)))
		self.assertLessEqual(ledger.levels, len(set(lots)))

	@given(ledgers())
	def test_forwards_and_backwards_agree(self, ledger):
		def reached(direction, name):
			return {lot for row in told(ledger, direction, name) if row.kind == GOODS for lot in row.lots}

		for one in "ABCDEF":
			for other in reached(FORWARDS, one):
				self.assertIn(LedgerLot("ITEM", one), reached(BACKWARDS, other.batch_no))
			for other in reached(BACKWARDS, one):
				self.assertIn(LedgerLot("ITEM", one), reached(FORWARDS, other.batch_no))

	@given(ledgers(), NAMES)
	def test_every_line_but_the_first_stands_below_one_that_is_one_step_up(self, ledger, name):
		for direction in (FORWARDS, BACKWARDS):
			depths = [row.depth for row in told(ledger, direction, name)]
			self.assertEqual(depths[0], 0)
			for above, below in pairwise(depths):
				self.assertLessEqual(1, below)
				self.assertLessEqual(below, above + 1)


class TestReleases(unittest.TestCase):
	def test_what_was_voided_does_not_stand_and_the_last_passage_counts(self):
		def record(gate, kind, when):
			return Release(("Delivery Note", "DN"), gate, kind, when)

		first, waiver, void = (
			record("clear", "Passage", 2),
			record("clear", "Waiver", 1),
			record("clear", "Void", 3),
		)
		again, new_waiver = record("clear", "Passage", 5), record("clear", "Waiver", 4)
		pack = record("complete_packing", "Passage", 0)
		self.assertEqual(standing([first, waiver, pack]), [pack, waiver, first])
		self.assertEqual(standing([void, first, waiver, pack]), [pack])
		self.assertEqual(standing([first, waiver, void, new_waiver, again, pack]), [pack, new_waiver, again])
		self.assertEqual(standing([first, again]), [again])


if __name__ == "__main__":
	unittest.main()
