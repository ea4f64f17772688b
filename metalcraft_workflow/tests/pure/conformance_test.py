from unittest import TestCase

from hypothesis import given
from hypothesis import strategies as st

from metalcraft_workflow.rules.conformance import CANCELLED, CHANGED, TAKEN_OUT, UNPACKED, Delivery, why_void
from metalcraft_workflow.rules.contents import ContentsLine, ContentsSource, gather

SOURCES = st.builds(
	ContentsSource,
	qty=st.integers(1, 50).map(float),
	batch_no=st.sampled_from(("", "B1", "B2")),
	heat_no=st.sampled_from(("", "H1")),
	serial_nos=st.lists(st.sampled_from("abcdef"), unique=True).map(tuple),
)
LINES = st.builds(
	ContentsLine,
	item_code=st.sampled_from(("CYL", "KIT")),
	qty=st.integers(1, 50).map(float),
	order_line=st.integers(1, 2),
	sources=st.lists(SOURCES, max_size=3).map(tuple),
)


class TestContents(TestCase):
	def test_lines_that_packing_split_are_one_again(self):
		lines = [
			ContentsLine(
				"CYL",
				5,
				po_no="4500",
				order_line=2,
				sources=(ContentsSource(5, batch_no="B1", heat_no="H1"),),
			),
			ContentsLine(
				"CYL",
				3,
				po_no="4500",
				order_line=2,
				sources=(ContentsSource(3, batch_no="B2", heat_no="H2"),),
			),
			ContentsLine("CYL", 1, po_no="4501", order_line=1),
		]
		first, second = gather(lines)
		self.assertEqual((first.qty, [row.batch_no for row in first.sources]), (8, ["B1", "B2"]))
		self.assertEqual((second.qty, second.po_no, second.sources), (1, "4501", ()))

	@given(st.lists(LINES))
	def test_nothing_is_lost(self, lines):
		found = gather(lines)
		self.assertEqual(sum(line.qty for line in found), sum(line.qty for line in lines))
		self.assertEqual(named(found), named(lines))
		self.assertEqual(gather(found), found)


def named(lines) -> set:
	"""Every batch, heat and serial number that a line names."""
	return {
		(line.item_code, line.order_line, source.batch_no, source.heat_no, serial_no)
		for line in lines
		for source in line.sources
		for serial_no in source.serial_nos or ("",)
	} - {
		# a source without serial numbers is in one that has some
		(line.item_code, line.order_line, source.batch_no, source.heat_no, "")
		for line in lines
		for source in line.sources
	}


class TestVoid(TestCase):
	def why(self, **changes):
		now = {"packed": True, "cancelled": False, "says": "x", "files": frozenset({"/a.pdf"}), **changes}
		return why_void("x", "/a.pdf", Delivery(**now))

	def test_it_holds_while_the_delivery_is_what_it_says(self):
		self.assertEqual(self.why(), "")
		self.assertEqual(self.why(cancelled=True), CANCELLED)
		self.assertEqual(self.why(packed=False), UNPACKED)
		self.assertEqual(self.why(says="y"), CHANGED)
		self.assertEqual(self.why(files=frozenset()), TAKEN_OUT)
