import unittest

from hypothesis import given
from hypothesis import strategies as st

from metalcraft_workflow.rules.clearance import Order, prepayment, prepayment_due, released
from metalcraft_workflow.rules.documents import Demand, Row, derive, documents, missing, reasons

TYPES = st.sampled_from(["Conformance", "Mill", "Pictures"])


class TestDocuments(unittest.TestCase):
	def test_reasons_do_not_depend_on_the_order_of_demands(self):
		demands = [
			Demand("Mill", "Item", "CYL"),
			Demand("Conformance", "Item", "CYL"),
			Demand("Conformance", "Customer", "ACME"),
			Demand("Conformance", "Item", "CYL"),
		]
		expected = {
			"Conformance": {"Customer": ["ACME"], "Item": ["CYL"]},
			"Mill": {"Item": ["CYL"]},
		}
		self.assertEqual(reasons(demands), expected)
		self.assertEqual(reasons(reversed(demands)), expected)

	def test_rows_nobody_needs_go_without_a_file_only(self):
		rows = [
			Row("Mill", reason="Item: CYL", key="0"),
			Row("Pictures", file="f", reason="Item: CYL", key="1"),
			Row("Declaration", key="2"),
		]
		self.assertEqual(derive(rows, {}), [Row("Pictures", "f", key="1"), Row("Declaration", key="2")])

	@given(
		st.lists(st.builds(Row, TYPES, st.sampled_from(["", "f"]), st.sampled_from(["", "why"]))),
		st.dictionaries(TYPES, st.just("why")),
	)
	def test_what_is_asked_for_has_its_row_and_files_are_never_lost(self, rows, why):
		derived = derive(rows, why)
		self.assertLessEqual(set(why), {row.document_type for row in derived})
		self.assertEqual(sum(bool(row.file) for row in derived), sum(bool(row.file) for row in rows))
		self.assertEqual(derive(derived, why), derived)
		self.assertLessEqual(
			{row.document_type for row in rows if not row.reason}, {row.document_type for row in derived}
		)

	def test_missing(self):
		rows = [Row("Mill"), Row("Mill"), Row("Pictures", "f")]
		self.assertEqual(missing(rows), ["Mill"])
		self.assertEqual(missing(rows, ["Pictures", "Conformance"]), ["Mill", "Conformance"])
		self.assertTrue(documents([], "DN").met)
		self.assertFalse(documents(["Mill"], "DN").met)
		self.assertTrue(documents(["Mill"], "DN", waived=True).met)


class TestClearance(unittest.TestCase):
	def test_every_order_has_to_be_released(self):
		self.assertIsNone(released([]))
		self.assertTrue(released([Order("SO-1", approved=True)]).met)
		for wrong, word in (
			(Order("SO-2", approved=False), "not approved"),
			(Order("SO-2", approved=False, in_review=True), "changed after"),
			(Order("SO-2", approved=True, stopped="Closed"), "closed"),
			(Order("SO-2", approved=True, stopped="On Hold"), "on hold"),
		):
			requirement = released([Order("SO-1", approved=True), wrong])
			self.assertFalse(requirement.met)
			self.assertIn(word, requirement.message)
			self.assertEqual((requirement.params["order"], requirement.link.name), ("SO-2", "SO-2"))

	def test_prepayment(self):
		self.assertIsNone(prepayment([Order("SO-1", True, total=100)]))
		wanting = prepayment([Order("SO-1", True, total=1000, prepayment=30, paid=299.98)])
		self.assertFalse(wanting.met)
		self.assertEqual(wanting.params["due"], "0.02")

	@given(st.decimals(0, 10**6, places=2), st.integers(0, 100))
	def test_who_paid_the_share_owes_nothing(self, total, percent):
		total = float(total)
		share = round(total * percent / 100, 2)
		self.assertEqual(prepayment_due(Order("SO", True, total=total, prepayment=percent, paid=share)), 0)
		self.assertEqual(prepayment_due(Order("SO", True, total=total, prepayment=percent, paid=total)), 0)
