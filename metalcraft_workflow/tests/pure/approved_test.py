from dataclasses import replace
from unittest import TestCase

from hypothesis import given
from hypothesis import strategies as st

from metalcraft_workflow.rules.approved import (
	ApprovedLine,
	ApprovedPart,
	DeliveredLine,
	Discount,
	differences,
	other_discount,
	parts_for,
	price_of,
)

APPROVED = ApprovedLine(
	"line", "SO-1", "KIT", "Nos", 1, 4, 100, parts=(ApprovedPart("P", 8), ApprovedPart("Q", 2))
)
DELIVERED = DeliveredLine(1, "line", "KIT", "Nos", 1, 2, 100, (ApprovedPart("P", 4), ApprovedPart("Q", 1)))
prices = st.decimals(0, 1000, places=2).map(float)


class TestPrices(TestCase):
	@given(prices, prices)
	def test_the_parts_of_a_price_add_up(self, rate, listed):
		price = price_of(replace(APPROVED, rate=rate, price_list_rate=listed))
		self.assertEqual(price["rate"], rate)
		if listed:
			discounted = listed - price["discount_amount"] + price["margin_rate_or_amount"]
			self.assertAlmostEqual(discounted, rate)
			self.assertAlmostEqual(listed * (1 - price["discount_percentage"] / 100), min(rate, listed), 3)
		self.assertFalse(price["discount_amount"] and price["margin_rate_or_amount"])


class TestParts(TestCase):
	def test_a_share_of_them(self):
		self.assertEqual(parts_for(APPROVED.parts, 4, 2), DELIVERED.parts)
		self.assertEqual([part.qty for part in parts_for(APPROVED.parts, 4, -1)], [-2, -0.5])
		self.assertEqual(parts_for(APPROVED.parts, 0, 1), ())


class TestDifferences(TestCase):
	def said(self, line, **approved):
		found = differences([line], {"line": replace(APPROVED, **approved)}, 2, "USD")
		return [problem.message.format(**problem.params) for problem in found]

	def test_none(self):
		self.assertEqual(self.said(DELIVERED), [])
		self.assertEqual(self.said(replace(DELIVERED, rate=100.004)), [])
		self.assertEqual(self.said(replace(DELIVERED, order_line="other", rate=1)), [])

	def test_each_in_words(self):
		for line, *words in (
			(replace(DELIVERED, rate=90), "Row 1", "KIT", "90.00 USD", "100.00 USD", "SO-1", "Update Items"),
			(replace(DELIVERED, uom="Box", factor=10), "Row 1", "Box of 10", "Nos of 1", "SO-1"),
			(replace(DELIVERED, parts=DELIVERED.parts[:1]), "Row 1: 0 of Q", "it is 1"),
			(replace(DELIVERED, parts=(*DELIVERED.parts, ApprovedPart("R", 2))), "Row 1: 2 of R", "it is 0"),
			(replace(DELIVERED, stock_qty=3), "Row 1: 4 of P", "it is 6"),
		):
			with self.subTest(words=words):
				said = " ".join(self.said(line))
				for word in words:
					self.assertIn(word, said)

	def test_discounts_of_the_whole(self):
		def said(discount, **approved):
			lines = [replace(APPROVED, discount=Discount(**approved))]
			found = other_discount(discount, lines, "USD")
			return " ".join(problem.message.format(**problem.params) for problem in found)

		self.assertEqual(said(Discount()), "")
		self.assertEqual(said(Discount(5, 20), percentage=5, amount=50), "")
		self.assertEqual(said(Discount(amount=20), amount=50), "")
		self.assertIn("is 5%, and 0% was approved on Sales Order SO-1", said(Discount(5, 20)))
		self.assertIn("is 20.00 USD, and 0.00 USD was approved", said(Discount(amount=20)))
		self.assertIn("is 60.00 USD, and 50.00 USD was approved", said(Discount(amount=60), amount=50))
