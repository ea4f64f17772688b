from unittest import TestCase

from hypothesis import given
from hypothesis import strategies as st

from metalcraft_workflow.rules.inspections import Inspection, InspectionPolicy, must_exist, problems

policies = st.builds(InspectionPolicy, st.booleans(), st.booleans(), st.booleans())


class TestInspections(TestCase):
	def said(self, inspection, **policy):
		found = problems([inspection], InspectionPolicy(**policy))
		return " ".join(problem.message.format(**problem.params) for problem in found)

	def test_each_in_words(self):
		for inspection, *words in (
			(Inspection(1, "X"), "Row 1", "X", "Make its Quality Inspection"),
			(Inspection(2, "X", "QI-1"), "Row 2", "QI-1", "not submitted"),
			(Inspection(3, "X", "QI-1", submitted=True, rejected=True), "Row 3", "QI-1", "did not pass"),
		):
			with self.subTest(words=words):
				for word in words:
					self.assertIn(word, self.said(inspection))
		self.assertEqual(self.said(Inspection(1, "X", "QI-1", submitted=True)), "")

	def test_only_what_the_site_stops_at(self):
		self.assertEqual(self.said(Inspection(1, "X"), afterwards=True, stops_unsubmitted=False), "")
		self.assertTrue(self.said(Inspection(1, "X"), afterwards=True))
		self.assertEqual(self.said(Inspection(1, "X", "QI-1"), stops_unsubmitted=False), "")
		rejected = Inspection(1, "X", "QI-1", submitted=True, rejected=True)
		self.assertEqual(self.said(rejected, stops_rejected=False), "")

	@given(policies)
	def test_one_that_was_passed_never_stops(self, policy):
		self.assertEqual(problems([Inspection(1, "X", "QI-1", submitted=True)], policy), [])
		self.assertEqual(bool(problems([Inspection(1, "X")], policy)), must_exist(policy))
