"""Any order of events: see `tests/support/histories.py`."""

import random

import frappe
from frappe.tests.utils import FrappeTestCase

from metalcraft_workflow.tests.support import histories, returns

# Histories that went wrong once, in their shortest form
KEPT: dict[str, list] = {}


class TestHistories(FrappeTestCase):
	@classmethod
	def setUpClass(cls):
		super().setUpClass()
		histories.stage_set()
		cls.addClassCleanup(returns.leave_returns)

	def test_a_few_at_random(self):
		seed = random.randrange(10**6)
		for number in range(2):
			steps = histories.history(seed + number, 14)
			self.assertEqual(histories.play(steps), "", f"seed {seed + number}: {steps}")

	def test_those_that_went_wrong_once(self):
		for why, steps in KEPT.items():
			with self.subTest(why):
				self.assertEqual(histories.play(steps), "")

	def test_a_history_is_shortened_to_what_it_takes(self):
		steps = histories.history(1, 20)
		needed = [steps[0], steps[4], steps[11]]

		def goes_wrong(tried):
			return "wrong" if all(step in tried for step in needed) else ""

		self.assertEqual(histories.shortest(steps, goes_wrong), needed)
		self.assertFalse(frappe.flags.orders_to_settle)
