"""What test cases have in common."""

import frappe
from frappe.tests.utils import FrappeTestCase

from metalcraft_workflow.gates.checklist import get_checklist
from metalcraft_workflow.tests.support import factories, money
from metalcraft_workflow.tests.support.factories import SUPPORT, as_user


class FinalPackCase(FrappeTestCase):
	@classmethod
	def setUpClass(cls):
		super().setUpClass()
		factories.setup_world()

	def assertRefused(self, *words, exception=frappe.ValidationError):
		"""Like assertRaises; each of `words` has to be in the message that the user sees."""
		return Refused(self, words, exception)


class Refused:
	def __init__(self, case, words, exception):
		self.case, self.words, self.exception = case, words, exception

	def __enter__(self):
		frappe.clear_messages()

	def __exit__(self, kind, error, traceback):
		self.case.assertIsNotNone(kind, "nothing was refused")
		if not issubclass(kind, self.exception):
			return False
		for word in self.words:
			self.case.assertIn(str(word), str(error))
		return True


class ClosingCase(FrappeTestCase):
	@classmethod
	def setUpClass(cls):
		super().setUpClass()
		factories.setup_world()

	def setUp(self):
		frappe.set_user("Administrator")

	def tearDown(self):
		money.commit()  # a sweep has committed the settings of the test: so are those put back

	def assertClosed(self, order):
		money.commit()
		self.assertEqual(money.state(order), ("Closed", "Closed"), self.open_points(order))
		self.assertEqual(frappe.db.get_value("Sales Order", order.name, "closed_by_workflow"), 1)

	def assertOpen(self, order, *codes):
		"""The order is open; its form gives `codes` as the reasons, when there are any named."""
		money.commit()
		self.assertNotEqual(money.state(order)[0], "Closed")
		if codes:
			self.assertEqual(sorted(self.open_points(order)), sorted(codes))

	def open_points(self, order):
		with as_user(SUPPORT):
			gates = get_checklist("Sales Order", order.name)
		return {
			row["code"]: row["message"]
			for gate in gates
			if gate["gate"] == "close"
			for row in gate["requirements"]
			if not row["met"] and not row["waived"]
		}
