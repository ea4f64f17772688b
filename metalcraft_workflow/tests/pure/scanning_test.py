"""Scan to pack: what a code is taken for, and what the document names then."""

from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from metalcraft_workflow.rules.requirement import Problem
from metalcraft_workflow.rules.scanning import (
	BATCH,
	ITEM,
	SERIAL,
	Code,
	Scan,
	ScanLine,
	Unit,
	are_same,
	displaced,
	named_then,
	next_to,
	pieces,
	room,
	rows_then,
	scanned,
	taken_for,
	total,
)
from metalcraft_workflow.rules.traceability import Entry, Source

SERIALS = ("S1", "S2", "S3")
PIECES = ScanLine("a", 1, "CYL", 3, "FP", has_serial=True, named=(Source(3, "", SERIALS),))
GOODS = ScanLine("b", 2, "POWDER", 10, "FP", has_batch=True, named=(Source(6, "B1"), Source(4, "B2")))
BOXES = ScanLine("c", 3, "BOX", 4, "FP", whole=True)
LINES = [PIECES, GOODS, BOXES]


def piece(name: str, **fields) -> Code:
	return Code(name, SERIAL, "CYL", serial_no=name, **{"place": "FP", **fields})


def goods(name: str, free: float = 100, **fields) -> Code:
	return Code(name, BATCH, "POWDER", batch_no=name, available={"FP": free}, **fields)


def taken(code: Code, times: float = 1, scans=(), lines=LINES):
	return taken_for(code, times, lines, scans, "DN-1")


def of(name: str) -> Scan:
	return Scan("a", "CYL", 1, "", name)


@pytest.mark.parametrize(
	"code, words",
	[
		(Code("X"), "no serial number, batch or item"),
		(Code("X", SERIAL, "OTHER", serial_no="X"), "not on DN-1"),
		(Code("OTHER", ITEM, "OTHER"), "OTHER is not on DN-1"),
		(Code("CYL", ITEM, "CYL"), "Scan the serial number of each CYL"),
		(Code("B", BATCH, "CYL", "B"), "Scan the serial number of each CYL"),
		(Code("POWDER", ITEM, "POWDER"), "Scan the batch of POWDER"),
		(piece("S9", place="Hall"), "in Hall, not in FP"),
		(piece("S1", place="Hall"), "in Hall, not in FP"),
		(piece("S9", place="", gone="DN-0"), "left with Delivery Note DN-0"),
		(piece("S9", place=""), "not in stock"),
		(piece("S9", taken_by="DN-2"), "on DN-2 already"),
		(piece("S9", brought_for=("SO-2",)), "another order: SO-2"),
		(piece("S1", batch_no="B", expired_on=date(2026, 1, 2)), "has expired"),
		(goods("B1", expired_on=date(2026, 1, 2)), "has expired"),
		(goods("B1", disabled=True), "is disabled"),
		(goods("B9", brought_for=("SO-2",)), "another order: SO-2"),
		(goods("B9", free=0), "Batch B9 is not in FP"),
	],
)
def test_why_a_code_is_refused(code, words):
	problem = taken(code)
	assert isinstance(problem, Problem)
	assert words in str(problem)


def test_what_is_named_is_taken_whoever_else_it_came_for():
	"""Packing may have named goods of another order, where its own were not enough."""
	assert taken(piece("S2", brought_for=("SO-2",))) == [of("S2")]
	assert taken(goods("B2", brought_for=("SO-2",)), 4) == [Scan("b", "POWDER", 4, "B2")]
	assert isinstance(taken(goods("B2", brought_for=("SO-2",)), 5), Problem)


def test_a_serial_number_counts_once():
	assert "scanned already" in str(taken(piece("S1"), scans=[of("S1")]))
	assert taken(piece("S9"), scans=[of("S1"), of("S2")]) == [of("S9")]
	full = replace(PIECES, named=(Source(3, "", ("S1", "S2", "S3")),))
	assert "All 3 of CYL" in str(taken(piece("S9"), scans=map(of, SERIALS), lines=[full]))


def test_a_quantity_goes_to_the_lines_that_name_it_first():
	first, second = (
		replace(GOODS, key="x", qty=5, named=()),
		replace(GOODS, key="y", named=(Source(4, "B1"),)),
	)
	found = taken(goods("B1"), 6, lines=[first, second])
	assert found == [Scan("x", "POWDER", 2, "B1"), Scan("y", "POWDER", 4, "B1")]
	assert "15 are still" in str(taken(goods("B1"), 16, lines=[first, second]))
	assert "3 of batch B1 are free" in str(taken(goods("B1", free=3), 4, lines=[first, second]))


def test_goods_that_nobody_tracks_are_counted():
	box = Code("4006", ITEM, "BOX", each=2)
	assert taken(box) == [Scan("c", "BOX", 2)]
	assert "1 are still" in str(taken(box, scans=[Scan("c", "BOX", 3)]))
	for times in (0, -1, 0.3):
		assert "above zero" in str(taken(box, times))


def test_what_the_document_names_no_more_is_not_scanned():
	scans = [
		of("S1"),
		of("S9"),
		Scan("b", "POWDER", 9, "B1"),
		Scan("c", "BOX", 9),
		Scan("gone", "CYL", 1, "", "S2"),
	]
	assert [total(scanned(line, scans)) for line in LINES] == [1, 6, 4]
	assert [room(line, scans) for line in LINES] == [2, 4, 0]
	assert pieces(GOODS, scanned(GOODS, scans)) == [("B1", "", 6, 6), ("B2", "", 4, 0)]


def test_what_is_scanned_takes_the_place_of_what_is_not():
	then = named_then(PIECES, [of("S3")], [of("S9")])
	assert are_same(then, (Source(3, "", ("S1", "S3", "S9")),))
	assert displaced(PIECES.named, then) == ["S2"]
	then = named_then(GOODS, [Scan("b", "POWDER", 1, "B1")], [Scan("b", "POWDER", 5, "B9")])
	assert then == (Source(5, "B1"), Source(5, "B9"))
	assert displaced(GOODS.named, then) == ["B1", "B2"]
	assert named_then(BOXES, [], [Scan("c", "BOX", 4)]) == ()


def test_rows_keep_what_they_say_besides():
	rows = [
		Entry("a", "CYL", 2, "", ("S1", "S2"), heat_no="H1", key="0"),
		Entry("a", "CYL", 1, "", ("S3",), heat_no="H2", key="1"),
	]
	first, second = rows_then(PIECES, rows, (Source(3, "", ("S1", "S3", "S9")),))
	assert (first.key, first.serial_nos, first.qty, first.heat_no) == ("0", ("S1", "S9"), 2, "H1")
	assert (second.key, second.serial_nos, second.heat_no) == ("1", ("S3",), "H2")
	waiting = [Entry("b", "POWDER", 10, key="4")]
	named, rest = rows_then(GOODS, waiting * 2, (Source(3, "B9"),))
	assert (named.key, named.batch_no, named.qty, rest.batch_no, rest.qty) == ("4", "B9", 3, "", 7)


NAMES = [f"S{number}" for number in range(8)]
COUNTS = st.tuples(st.sampled_from(["B1", "B2", "B3"]), st.sampled_from([0.25, 1, 2, 3.5, 7]))


@given(st.lists(st.sampled_from(NAMES), max_size=12), st.lists(COUNTS, max_size=8))
def test_whatever_is_scanned_nothing_is_lost_and_nothing_is_too_much(numbers, counts):
	"""All that was taken stays named, and no line names more than it ships."""
	codes = [(piece(name), 1) for name in numbers] + [(goods(name), qty) for name, qty in counts]
	lines, scans = {line.key: line for line in LINES}, []
	for code, times in codes:
		found = taken_for(code, times, lines.values(), scans, "DN-1")
		if isinstance(found, Problem):
			continue
		for scan in found:
			line = lines[scan.line]
			lines[scan.line] = replace(line, named=named_then(line, scans, [scan]))
			scans.append(scan)
	for line in lines.values():
		mine = [scan for scan in scans if scan.line == line.key]
		assert total(scanned(line, scans)) == pytest.approx(sum(scan.qty for scan in mine))
		assert total(line.named) <= line.qty
		rows = rows_then(line, [], line.named)
		assert total(Source(row.qty) for row in rows) == total(line.named)
	assert total(lines["a"].named) == 3 and total(lines["b"].named) == 10


@pytest.mark.parametrize(
	"unit, qty, written, around",
	[
		(Unit(6, 3), 3, 0.5, [6]),
		(Unit(6, 3), 4, None, [3, 6]),
		(Unit(12, 3), 7, None, [6, 9]),
		(Unit(6, 3, whole=True), 4, None, [6]),
		(Unit(6, 9), 4, None, [3, 6]),
		(Unit(1, 3), 4, 4, [3, 5]),
	],
)
def test_what_a_unit_can_say(unit, qty, written, around):
	line = ScanLine("c", 1, "BOX", 12, whole=True)
	assert unit.written(qty) == written
	assert next_to(qty, line, unit) == around


def test_next_to_a_weight_is_one_that_a_drum_can_say():
	line = ScanLine("c", 1, "POWDER", 60)
	assert Unit(30, 3).written(7) is None
	assert Unit(0.454, 3).written(0.3) == 0.661  # less off than is counted
	assert next_to(7, line, Unit(30, 3)) == [6.99, 7.02]
	assert next_to(59.99, line, Unit(30, 3)) == [59.97, 60]


def test_what_is_less_than_is_counted_is_all():
	"""Half a kilogram of a line in pounds is 0.499854 of it."""
	line = ScanLine("c", 1, "POWDER", 0.499854, places=3)
	code = Code("POWDER", ITEM, "POWDER")
	assert taken(code, 0.5, lines=[line]) == [Scan("c", "POWDER", 0.499854)]
	assert "too many" in str(taken(code, 0.501, lines=[line]))
	assert room(line, [Scan("c", "POWDER", 0.4997)]) == 0
