import unittest

from hypothesis import given
from hypothesis import strategies as st

from metalcraft_workflow.rules import allocation
from metalcraft_workflow.rules.traceability import (
	Batch,
	Entry,
	Serial,
	Source,
	TracedLine,
	by_batch,
	chosen,
	fill,
	needs_of,
	needs_of_part,
	problems,
	too_many,
)


def line(**values) -> TracedLine:
	return TracedLine(**{"name": "L1", "row": 1, "item_code": "CYL", "qty": 5, **values})


def entry(**values) -> Entry:
	return Entry(**{"line": "L1", "item_code": "CYL", "qty": 5, "row": 1, "key": "0", **values})


def texts(lines, entries, batches, serials) -> list[str]:
	"""What is wrong, when `batches` and `serials` belong to those items."""
	batches = {name: Batch(item) if isinstance(item, str) else item for name, item in batches.items()}
	serials = {name: Serial(item) if isinstance(item, str) else item for name, item in serials.items()}
	return sentences(problems(lines, entries, batches, serials))


def sentences(found) -> list[str]:
	return [problem.message.format(**problem.params) for problem in found]


class TestNeeds(unittest.TestCase):
	def test_the_order_line_comes_before_the_item(self):
		self.assertEqual(needs_of("Batch", None), "Batch")
		self.assertEqual(needs_of("Batch", "Serial"), "Serial")
		self.assertEqual(needs_of("Batch", "None"), "")
		self.assertEqual(needs_of("None", ""), "")
		self.assertEqual(needs_of(None, None), "")

	def test_a_variant_needs_what_its_template_does(self):
		self.assertEqual(needs_of("", None, "Batch"), "Batch")
		self.assertEqual(needs_of("Heat", None, "Batch"), "Heat")
		self.assertEqual(needs_of("None", None, "Batch"), "")
		self.assertEqual(needs_of("", "None", "Batch"), "")

	def test_a_part_needs_what_its_own_item_does(self):
		self.assertEqual(needs_of_part("Batch", "Heat"), "Batch")
		self.assertEqual(needs_of_part("", "Heat"), "")
		self.assertEqual(needs_of_part("", None, "Batch"), "Batch")
		self.assertEqual(needs_of_part("Batch", "None"), "")


class TestFill(unittest.TestCase):
	def test_nothing_needed_and_nothing_chosen_makes_no_row(self):
		self.assertEqual(fill([line()], []), [])

	def test_a_row_to_type_in(self):
		self.assertEqual([(row.qty, row.key) for row in fill([line(needs="Heat")], [])], [(5, "")])

	def test_a_chosen_batch_takes_the_row_that_waited(self):
		rows = fill([line(needs="Batch", sources=(Source(5, "B1"),))], [entry()])
		self.assertEqual([(row.batch_no, row.key) for row in rows], [("B1", "0")])

	def test_another_batch_takes_the_place_of_the_former(self):
		rows = fill(
			[line(sources=(Source(5, "B2"),), former_sources=(Source(5, "B1"),))], [entry(batch_no="B1")]
		)
		self.assertEqual([row.batch_no for row in rows], ["B2"])

	def test_a_batch_that_is_no_longer_chosen_goes(self):
		changed = line(needs="Batch", former_sources=(Source(5, "B1"),))
		self.assertEqual([row.batch_no for row in fill([changed], [entry(batch_no="B1")])], [""])

	def test_what_people_typed_stays(self):
		rows = fill([line(sources=(Source(5, "B1"),))], [entry(batch_no="B9", heat_no="H")])
		self.assertEqual([(row.batch_no, row.heat_no) for row in rows], [("B9", "H"), ("B1", "")])

	def test_quantity_follows_the_line_unless_it_is_split_by_hand(self):
		now = line(qty=7, sources=(Source(7, "B1"),))
		self.assertEqual([row.qty for row in fill([now], [entry(batch_no="B1")])], [7])
		split = [
			entry(batch_no="B1", qty=3, heat_no="H1"),
			entry(batch_no="B1", qty=4, heat_no="H2", key="1"),
		]
		self.assertEqual([row.qty for row in fill([now], split)], [3, 4])

	def test_what_no_row_names_yet_has_a_row_to_type_in(self):
		rows = fill([line(needs="Heat")], [entry(qty=2, heat_no="H1")])
		self.assertEqual([(row.qty, row.heat_no, row.key) for row in rows], [(2, "H1", "0"), (3, "", "")])
		waiting = [entry(qty=2, heat_no="H1"), entry(qty=5, key="1")]
		self.assertEqual(
			[(row.qty, row.key) for row in fill([line(needs="Heat")], waiting)], [(2, "0"), (3, "1")]
		)
		full = [entry(qty=5, heat_no="H1"), entry(qty=3, key="1")]
		self.assertEqual([row.qty for row in fill([line(needs="Heat")], full)], [5])

	def test_rows_that_wait_stay_split_as_they_are(self):
		split = [entry(qty=3), entry(qty=2, key="1")]
		self.assertEqual(fill([line(needs="Heat")], split), split)

	def test_rows_that_lead_are_not_put_back(self):
		one = line(
			needs="Batch", sources=(Source(5, "B1"),), former_sources=(Source(5, "B1"),), rows_lead=True
		)
		rows = fill([one], [entry(qty=2, batch_no="B2")])
		self.assertEqual([(row.batch_no, row.qty) for row in rows], [("B2", 2), ("", 3)])

	def test_serial_numbers_are_counted(self):
		rows = fill([line(needs="Serial")], [entry(qty=5, serial_nos=("S1", "S2"))])
		self.assertEqual([row.qty for row in rows], [2, 3])

	def test_rows_of_removed_lines_go(self):
		self.assertEqual(fill([line(name="L2")], [entry(heat_no="H")]), [])

	def test_parts_of_one_bundle_have_rows_of_their_own(self):
		parts = [
			line(item_code="KIT"),
			line(needs="Batch", sources=(Source(5, "B1"),)),
			line(item_code="HOSE", qty=10, needs="Heat"),
		]
		rows = fill(parts, [entry(item_code="HOSE", qty=10, heat_no="H")])
		self.assertEqual(
			[(row.line, row.item_code, row.qty, row.batch_no, row.heat_no) for row in rows],
			[("L1", "CYL", 5, "B1", ""), ("L1", "HOSE", 10, "", "H")],
		)

	def test_a_batch_that_is_taken_twice_is_one_source(self):
		sources = [Source(1, "B1", ("S1",)), Source(2, "B2"), Source(1, "B1", ("S2",))]
		self.assertEqual(by_batch(sources), (Source(2, "B1", ("S1", "S2")), Source(2, "B2")))

	@given(
		st.lists(
			st.builds(
				Source,
				st.integers(1, 9).map(float),
				st.sampled_from(["B1", "B2", "B3"]),
				st.just(()),
			),
			unique_by=lambda source: source.batch_no,
			max_size=3,
		),
		st.sampled_from(["", "Batch", "Heat"]),
	)
	def test_filling_twice_changes_nothing(self, sources, needs):
		one = line(qty=sum(source.qty for source in sources) or 5, needs=needs, sources=tuple(sources))
		once = fill([one], [])
		keyed = [
			Entry(**{**row.__dict__, "key": str(number), "row": number}) for number, row in enumerate(once)
		]
		self.assertEqual(fill([one], keyed), keyed)
		if needs == "Batch" and sources:
			items = {source.batch_no: "CYL" for source in sources}
			self.assertEqual(texts([one], keyed, items, {}), [])


class TestChosen(unittest.TestCase):
	def test_a_line_takes_what_its_rows_name_of_all_of_it(self):
		leading = line(has_batch=True, rows_lead=True)
		rows = [entry(qty=2, batch_no="B1"), entry(qty=3, batch_no="B2")]
		self.assertEqual(chosen(leading, rows), (Source(2, "B1"), Source(3, "B2")))
		self.assertEqual(chosen(leading, rows[:1]), ())
		self.assertEqual(chosen(line(has_batch=True), rows), ())
		self.assertEqual(chosen(line(rows_lead=True), rows), ())

	def test_serial_numbers_are_named_one_by_one(self):
		leading = line(qty=2, has_batch=True, has_serial=True, rows_lead=True)
		self.assertEqual(
			chosen(leading, [entry(qty=1, batch_no="B1", serial_nos=("S1", "S2"))]),
			(Source(2, "B1", ("S1", "S2")),),
		)
		self.assertEqual(chosen(leading, [entry(qty=2, batch_no="B1")]), ())

	def test_it_takes_nothing_anew_that_it_has(self):
		leading = line(has_batch=True, rows_lead=True, sources=(Source(5, "B1"),))
		heats = [entry(qty=2, batch_no="B1", heat_no="H1"), entry(qty=3, batch_no="B1", heat_no="H2")]
		self.assertEqual(chosen(leading, heats), ())


class TestProblems(unittest.TestCase):
	def test_complete(self):
		self.assertEqual(texts([line(needs="Batch")], [entry(batch_no="B1")], {"B1": "CYL"}, {}), [])
		self.assertEqual(texts([line()], [], {}, {}), [])

	def test_batch_quantities_add_up(self):
		(text,) = texts([line(needs="Batch")], [entry(batch_no="B1", qty=3)], {"B1": "CYL"}, {})
		self.assertIn("Row 1", text)
		self.assertIn("3", text)

	def test_what_one_part_names_does_not_stand_for_another(self):
		parts = [line(needs="Batch"), line(item_code="HOSE", needs="Batch")]
		(text,) = texts(parts, [entry(batch_no="B1")], {"B1": "CYL"}, {})
		self.assertIn("Row 1", text)
		self.assertIn("5 of HOSE", text)

	def test_batch_of_another_item(self):
		(text,) = texts([line(needs="Batch")], [entry(batch_no="B1")], {"B1": "PUMP"}, {})
		self.assertIn("belongs to item PUMP", text)
		(text,) = texts([line(needs="Batch")], [entry(batch_no="B1")], {}, {})
		self.assertIn("no batch B1", text)

	def test_serial_numbers(self):
		serial = line(needs="Serial", qty=2)
		self.assertEqual(texts([serial], [entry(qty=2, serial_nos=("S1", "S2"))], {}, {}), [])
		(text,) = texts([serial], [entry(qty=2, serial_nos=("S1",))], {}, {})
		self.assertIn("1 are named", text)
		(text,) = texts([serial], [entry(qty=2, serial_nos=("S1", "S1"))], {}, {})
		self.assertIn("named 2 times", text)
		(text,) = texts([serial], [entry(qty=2, serial_nos=("S1", "S2"))], {}, {"S2": "PUMP"})
		self.assertIn("S2", text)

	def test_what_a_row_names_fits(self):
		known = {
			"OLD": Batch("CYL", expired_on="2026-01-01"),
			"OFF": Batch("CYL", disabled=True),
			"B1": Batch("CYL", heat_no="H1"),
		}
		for batch, word in (("OLD", "expired on 2026-01-01"), ("OFF", "disabled")):
			(text,) = texts([line()], [entry(row=3, batch_no=batch)], known, {})
			self.assertIn("Traceability row 3", text)
			self.assertIn(word, text)
		(text,) = texts([line()], [entry(batch_no="B1", heat_no="H2")], known, {})
		self.assertIn("is of heat H1, and the row says H2", text)
		(text,) = texts([line()], [entry(batch_no="B1", qty=0)], known, {})
		self.assertIn("above zero", text)
		one = line(qty=1, has_serial=True)
		(text,) = texts([one], [entry(qty=1, serial_nos=("S1",))], {}, {})
		self.assertIn("no serial number S1 of CYL", text)
		(text,) = texts(
			[one], [entry(qty=1, batch_no="B1", serial_nos=("S1",))], known, {"S1": Serial("CYL", "B2")}
		)
		self.assertIn("S1 is of batch B2, not of B1", text)

	def test_what_stock_keeps_apart_is_always_named(self):
		heats = [entry(heat_no="H1")]
		(text,) = texts([line(needs="Heat", has_batch=True)], heats, {}, {})
		self.assertIn("name the batch of all 5", text)
		self.assertEqual(texts([line(has_batch=True)], [], {}, {}), [])

	def test_rows_name_no_more_than_ships(self):
		rows = [entry(qty=4, batch_no="B1"), entry(qty=2, batch_no="B2")]
		(text,) = sentences(too_many([line()], rows))
		self.assertIn("Row 1: 5 of CYL are shipped, and its traceability rows name 6", text)
		self.assertEqual(too_many([line(qty=6)], rows), [])

	def test_heat_numbers_add_up(self):
		rows = [entry(qty=2, heat_no="H1"), entry(qty=2, heat_no="")]
		(text,) = texts([line(needs="Heat")], rows, {}, {})
		self.assertIn("named for 2", text)

	def test_rows_agree_with_what_the_line_takes(self):
		one = line(sources=(Source(5, "B1"),))
		found = texts([one], [entry(batch_no="B2")], {"B1": "CYL", "B2": "CYL"}, {})
		self.assertEqual(len(found), 2)
		self.assertIn("takes B1", found[0])
		self.assertIn("5 of batch B1", found[1])


class TestPacking(unittest.TestCase):
	def test_rows_of_one_order_line_count_together(self):
		rows = [allocation.DeliveryLine(number, "CYL", "O1", "SO-1", 3, "Nos") for number in (1, 2)]
		self.assertEqual(allocation.too_much(rows, {"O1": 6}), [])
		(problem,) = allocation.too_much(rows, {"O1": 5})
		self.assertEqual(
			(problem.params["row"], str(problem.params["qty"]), str(problem.params["there"])),
			(2, "6 Nos", "5 Nos"),
		)
		(problem,) = allocation.too_much(rows, {})
		self.assertEqual(str(problem.params["there"]), "0 Nos")

	def test_a_batch_has_one_taker(self):
		mine = [allocation.Promise(1, "CYL", "FP", 5, "B1")]
		others = [allocation.Promise(0, "CYL", "FP", 3, "B1", delivery="DN-2")]
		self.assertEqual(allocation.promised_twice(mine, others, {("B1", "FP"): 8}, {}), [])
		(problem,) = allocation.promised_twice(mine, others, {("B1", "FP"): 7}, {})
		self.assertEqual((str(problem.params["free"]), problem.params["deliveries"]), ("4", "DN-2"))
		self.assertEqual(allocation.promised_twice(mine, others, {}, {}), [])

	def test_a_serial_number_has_one_taker_and_is_there(self):
		mine = [allocation.Promise(1, "CYL", "FP", 1, serial_nos=("S1",))]
		others = [allocation.Promise(0, "CYL", "FP", 1, serial_nos=("S1",), delivery="DN-2")]
		self.assertEqual(allocation.promised_twice(mine, [], {}, {"S1": "FP"}), [])
		self.assertEqual(allocation.promised_twice(mine, [], {}, {}), [])
		(problem,) = allocation.promised_twice(mine, others, {}, {"S1": "FP"})
		self.assertEqual(problem.params["delivery"], "DN-2")
		for place, gone, words in (
			("Stores", {}, "S1 is in Stores, not in FP"),
			("", {"S1": "DN-9"}, "S1 has left with Delivery Note DN-9"),
			("", {}, "S1 is not in stock"),
		):
			(text,) = sentences(allocation.promised_twice(mine, [], {}, {"S1": place}, gone))
			self.assertIn(words, text)

	def test_what_is_free_is_what_came_less_what_went(self):
		moves = [
			allocation.AllocationMove("O1", "CYL", 5, "B1"),
			allocation.AllocationMove("O1", "CYL", 5, "B2"),
			allocation.AllocationMove("O1", "HOSE", 4, "B3"),
			allocation.AllocationMove("O1", "CYL", -5, "B1"),
			allocation.AllocationMove("O1", "CYL", -2, "B2"),
			allocation.AllocationMove("O2", "CYL", 1, "", "S1"),
			allocation.AllocationMove("O2", "CYL", 1, "", "S2"),
			allocation.AllocationMove("O2", "CYL", -1, "", "S1"),
		]
		self.assertEqual(
			allocation.free_sources(moves),
			{
				("O1", "CYL"): [Source(3, "B2")],
				("O1", "HOSE"): [Source(4, "B3")],
				("O2", "CYL"): [Source(1, "", ("S2",))],
			},
		)

	def test_a_line_has_what_came_for_it_first_and_then_what_came_for_others(self):
		moves = [
			allocation.AllocationMove("O1", "CYL", 20, "B1"),
			allocation.AllocationMove("O2", "CYL", 2, "B2"),
			allocation.AllocationMove("O1", "HOSE", 9, "B3"),
			# packed for the second line already, of what came for the first
			allocation.AllocationMove("O2", "CYL", -3, "B1"),
		]
		sources = allocation.free_sources(moves)
		self.assertEqual(sources["O1", "CYL"], [Source(17, "B1")])
		self.assertEqual(allocation.draw(sources, "O2", "CYL", 6), [Source(2, "B2"), Source(4, "B1")])
		self.assertEqual(allocation.draw(sources, "O1", "CYL", 20), [Source(13, "B1")])
		self.assertEqual(sources["O1", "HOSE"], [Source(9, "B3")])

	def test_goods_that_are_not_enough_or_elsewhere(self):
		goods = [
			allocation.Promise(1, "CYL", "FP", 4),
			allocation.Promise(2, "CYL", "FP", 3),
			allocation.Promise(3, "HOSE", "Stores", 1),
		]
		there = {("CYL", "FP"): 7.0, ("HOSE", "Stores"): 1.0}
		self.assertEqual(allocation.too_little(goods, there), [])
		(text,) = sentences(allocation.too_little(goods, {**there, ("CYL", "FP"): 6.0}))
		self.assertIn("Row 1: 7 of CYL are wanted, and 6 are free at FP", text)
		self.assertEqual(allocation.too_little(goods, {**there, ("CYL", "FP"): 6.9996}, 0.0005), [])
		(text,) = sentences(allocation.taken_elsewhere(goods, {"FP", "Shipping"}, "FP"))
		self.assertEqual(text, "Row 3: HOSE leaves from Stores, and was brought to FP. Choose FP.")

	@given(
		st.lists(st.integers(1, 20).map(float), max_size=4),
		st.lists(st.builds(Source, st.integers(1, 20).map(float), st.text("AB", min_size=1)), max_size=5),
	)
	def test_what_is_shared_out_is_what_there_is(self, quantities, sources):
		shares = allocation.share(sources, quantities)
		self.assertEqual(len(shares), len(quantities))
		there = sum(source.qty for source in sources)
		self.assertEqual(sum(one.qty for taken in shares for one in taken), min(there, sum(quantities)))
		for qty, taken in zip(quantities, shares, strict=True):
			self.assertLessEqual(sum(one.qty for one in taken), qty)

	def test_serial_numbers_are_shared_out_one_by_one(self):
		self.assertEqual(
			allocation.share([Source(3, "B1", ("S1", "S2", "S3"))], [2, 2]),
			[[Source(2, "B1", ("S1", "S2"))], [Source(1, "B1", ("S3",))]],
		)
