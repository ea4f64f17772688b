import unittest
from dataclasses import replace
from datetime import date, timedelta

from hypothesis import given
from hypothesis import strategies as st

from metalcraft_workflow.rules.acceptance import (
	MAX_FILE_MB,
	Acceptance,
	EarlierOrder,
	Offer,
	OfferedLine,
	file_name,
	latest_day,
	problems,
	why_closed,
)

TODAY = date(2026, 3, 2)
OFFER = Offer(
	status="Open",
	valid_till=TODAY,
	today=TODAY,
	lines=(
		OfferedLine("a", 1, "CYL", 10, set_key="a", whole=True),
		OfferedLine("b", 2, "CYL-B", 10, set_key="a"),
		OfferedLine("c", 3, "VALVE", 5, taken=3, set_key="c"),
	),
)
GOOD = Acceptance(
	po_no="PO-1",
	po_date=TODAY,
	wanted_on=TODAY + timedelta(days=30),
	quantities={"a": 10, "b": 0, "c": 2},
	filename="po.pdf",
	content=b"%PDF-1.4",
)


def said(offer: Offer = OFFER, **changes) -> str:
	return " ".join(p.message.format(**p.params) for p in problems(offer, replace(GOOD, **changes)))


class TestAcceptance(unittest.TestCase):
	def test_an_open_quotation_is_accepted_whole_or_less(self):
		self.assertIsNone(why_closed(OFFER))
		for quantities in (GOOD.quantities, {"a": 1}, {"b": 2.5}, {"c": 0.5, "a": 0}):
			with self.subTest(quantities):
				self.assertEqual(said(quantities=quantities), "")

	def test_a_buyer_may_be_a_day_ahead(self):
		tomorrow = TODAY + timedelta(days=1)
		ahead = replace(OFFER, latest_today=tomorrow)
		self.assertEqual(said(ahead, po_date=tomorrow), "")
		self.assertIn("date of your purchase order", said(ahead, po_date=tomorrow + timedelta(days=1)))
		self.assertIn(
			"before the date of your purchase order", said(ahead, po_date=tomorrow, wanted_on=TODAY)
		)

	def test_each_thing_that_is_not_right_is_said(self):
		for words, changes in (
			("number of your purchase order", {"po_no": "  "}),
			("too long", {"po_no": "1" * 141}),
			("date of your purchase order", {"po_date": None}),
			("date of your purchase order", {"po_date": TODAY + timedelta(days=1)}),
			("want the goods", {"wanted_on": TODAY - timedelta(days=1)}),
			("2031-03-01 at the latest", {"wanted_on": date(2031, 3, 2)}),
			("2031-03-01 at the latest", {"wanted_on": date.max}),
			("Attach", {"content": b"", "filename": ""}),
			("too large", {"content": b"%PDF-" + b"0" * MAX_FILE_MB * 1024 * 1024}),
			("no PDF", {"content": b"MZ"}),
			("no PDF", {"filename": "po.svg"}),
			("Row 1, CYL: 10 at most", {"quantities": {"a": 11}}),
			("Row 3, VALVE: 2 at most", {"quantities": {"c": 3}}),
			("Row 1, CYL: enter a quantity of zero", {"quantities": {"a": -1}}),
			("Row 1, CYL: enter a quantity of zero", {"quantities": {"a": float("nan")}}),
			("Row 1, CYL: enter a whole number", {"quantities": {"a": 1.5}}),
			("Rows 1, 2 are alternatives", {"quantities": {"a": 1, "b": 1}}),
			("at least one line", {"quantities": {"a": 0}}),
			("at least one line", {"quantities": {}}),
			("has changed", {"quantities": {"x": 1}}),
		):
			with self.subTest(words):
				self.assertIn(words, said(**changes))

	def test_goods_can_be_ordered_for_years_ahead_and_not_for_ever(self):
		self.assertEqual(said(wanted_on=date(2031, 3, 1)), "")
		self.assertEqual(latest_day(TODAY), date(2031, 3, 1))

	def test_closed_quotations_say_why(self):
		draft = EarlierOrder("SO-1", "po 1", draft=True)
		for words, changes in (
			("valid until", {"valid_till": TODAY - timedelta(days=1)}),
			("valid until", {"status": "Expired"}),
			("ordered already", {"status": "Ordered"}),
			("no longer open", {"status": "Lost"}),
			("under review: order SO-1", {"orders": (draft,)}),
			("ordered already", {"lines": (replace(OFFER.lines[0], taken=10),)}),
			("still open", {"lines": (replace(OFFER.lines[0], qty=0),)}),
		):
			with self.subTest(words):
				problem = why_closed(replace(OFFER, **changes))
				self.assertIn(words, problem.message.format(**problem.params))

	def test_a_purchase_order_is_known_again_however_it_is_written(self):
		offer = replace(OFFER, orders=(EarlierOrder("SO-1", "po 1", draft=False),))
		self.assertEqual(offer.order_with("PO1 ").name, "SO-1")
		self.assertIsNone(offer.order_with("PO2"))
		self.assertIsNone(offer.order_with(""))
		# the rest can be ordered with another number
		self.assertIsNone(why_closed(offer))

	@given(st.dictionaries(st.sampled_from("abc"), st.floats(allow_nan=True, allow_infinity=True)))
	def test_no_quantity_is_ever_raised(self, quantities):
		if said(quantities=quantities):
			return
		for line in OFFER.lines:
			self.assertLessEqual(quantities.get(line.name, 0), line.left + 1e-6)
			self.assertGreaterEqual(quantities.get(line.name, 0), 0)
		self.assertTrue(any(quantities.values()))

	def test_the_name_of_a_file_says_nothing_to_a_page_or_a_disk(self):
		self.assertEqual(file_name("PO 12-a.pdf"), "PO 12-a.pdf")
		self.assertEqual(file_name("<img src=x onerror=alert(1)>.pdf"), "_img src=x onerror=alert(1)_.pdf")
		self.assertEqual(file_name("../../\x00etc/x.PDF"), ".._..__etc_x.PDF")
		self.assertEqual(len(file_name("a" * 250 + ".pdf")), 104)
