import unittest

from hypothesis import given
from hypothesis import strategies as st

from metalcraft_workflow.rules.customer_mail import LONGEST, Approval, has_news, stamp, stamps_like


class TestMails(unittest.TestCase):
	def test_an_acknowledgement_brings_news_or_does_not_go(self):
		told, untold = (lambda text: Approval(text, True)), (lambda text: Approval(text, False))
		for expected, approvals in (
			(True, [untold("a")]),
			(False, [told("a")]),
			(False, [untold("a"), told("a")]),
			(True, [untold("b"), told("a")]),
			# changed, with nobody told, and changed back
			(False, [untold("a"), untold("b"), told("a")]),
			(True, [untold("a"), told("b"), told("a")]),
			(False, []),
		):
			with self.subTest(approvals):
				self.assertEqual(has_news(approvals), expected)

	def test_all_stamps_of_a_kind_look_alike(self):
		self.assertEqual(stamps_like("shipped"), "shipped-%")

	@given(st.lists(st.text(min_size=1, max_size=200), min_size=1, max_size=3))
	def test_a_stamp_is_the_event_s_own_and_fits(self, event):
		name = stamp("shipped", *event)
		self.assertLessEqual(len(name), LONGEST)
		self.assertEqual(name, stamp("shipped", *event))
		self.assertNotEqual(name, stamp("shipped", *event, "again"))
