"""How numbers are written: whoever reads them gets the value back, in every format that a site can have."""

import re
import unittest

from hypothesis import given
from hypothesis import strategies as st

from metalcraft_workflow.rules.quantity import PLACES, Money, NumberFormat, Qty, number_format, written

# Every format of System Settings and of currencies, with what stands before the decimals
DECIMAL = {
	"#,###.##": ".",
	"#.###,##": ",",
	"# ###.##": ".",
	"# ###,##": ",",
	"#'###.##": ".",
	"#, ###.##": ".",
	"#,##,###.##": ".",
	"#,###.###": ".",
	"#.###": ",",
	"#,###": ".",
	"#.########": ".",
}

formats = st.sampled_from(sorted(DECIMAL))
values = st.decimals(-(10**9), 10**9, places=PLACES, allow_nan=False).map(float)


def read(text: str, pattern: str) -> float:
	"""The number that somebody reads who writes numbers as `pattern` shows."""
	whole, _decimal, decimals = text.partition(DECIMAL[pattern])
	return float(re.sub(r"[^\d-]", "", whole) + "." + (decimals or "0"))


class TestWritten(unittest.TestCase):
	@given(values, formats)
	def test_what_was_written_is_read_back(self, value, pattern):
		self.assertAlmostEqual(read(written(value, number_format(pattern)), pattern), value, PLACES)

	@given(values, formats)
	def test_a_quantity_has_no_decimals_that_say_nothing(self, value, pattern):
		_whole, decimal, decimals = written(value, number_format(pattern)).partition(DECIMAL[pattern])
		self.assertEqual(bool(decimal), bool(decimals))
		self.assertFalse(decimals.endswith("0"))

	@given(st.integers(-(10**9), 10**9), formats)
	def test_whole_numbers_have_no_decimals(self, value, pattern):
		self.assertNotIn(DECIMAL[pattern], written(float(value), number_format(pattern)))

	@given(values, formats, st.integers(0, 3))
	def test_an_amount_has_the_decimals_of_its_currency(self, value, pattern, places):
		text = written(value, number_format(pattern), places, places)
		self.assertEqual(len(text.partition(DECIMAL[pattern])[2]), places)
		self.assertLessEqual(abs(read(text, pattern) - value), 0.5 * 10**-places + 1e-6)

	@given(st.integers(0, 10**12), formats)
	def test_groups_have_three_digits(self, value, pattern):
		form = number_format(pattern)
		first, *others = written(float(value), form).split(form.group) if form.group else ["1"]
		if form.lakhs:
			others, last = others[:-1], others[-1:]
			self.assertTrue(all(len(group) == 3 for group in last))
		self.assertTrue(0 < len(first) <= 3 or not others)
		self.assertTrue(all(len(group) == (2 if form.lakhs else 3) for group in others))

	def test_each_format_writes_its_own_signs(self):
		for pattern, qty, amount in (
			("#,###.##", "1,234,567.25", "10,000.00"),
			("#.###,##", "1.234.567,25", "10.000,00"),
			("# ###,##", "1 234 567,25", "10 000,00"),
			("#'###.##", "1'234'567.25", "10'000.00"),
			("#,##,###.##", "12,34,567.25", "10,000.00"),
			# without decimals of their own: a quantity keeps its
			("#.###", "1.234.567,25", "10.000,00"),
			("#,###", "1,234,567.25", "10,000.00"),
			("#.########", "1234567.25", "10000.00"),
		):
			with self.subTest(pattern):
				form = number_format(pattern)
				self.assertEqual(written(1234567.25, form), qty)
				self.assertEqual(written(10000, form, 2, 2), amount)

	def test_what_computing_leaves_is_not_written(self):
		form = NumberFormat()
		self.assertEqual(written(0.1 + 0.2, form), "0.3")
		self.assertEqual(written(-0.0000001, form), "0")
		self.assertEqual(written(2.0000001, form), "2")
		self.assertEqual(written(1e11 + 0.1, form), "100,000,000,000.1")
		self.assertEqual(written(0.125, form, 2, 2), "0.13")
		self.assertEqual(written(float("nan"), form), "nan")

	def test_decimals_of_a_format(self):
		self.assertEqual(
			[number_format(pattern).decimals for pattern in ("#,###", "#.###,##", "#,###.###")], [0, 2, 3]
		)

	def test_without_a_reader_numbers_are_plain(self):
		self.assertEqual(f"{Qty(2500.5, 'Kg')}, {Qty(3)}, {Money(0.5, 'EUR')}", "2500.5 Kg, 3, 0.50 EUR")
