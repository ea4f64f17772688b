import json
import unittest
from datetime import date

from metalcraft_workflow.rules.orders import OrderFacts, OrderLine
from metalcraft_workflow.rules.promise import Promise, PromisedLine, as_json, as_promised, from_json
from metalcraft_workflow.rules.stage import order_stage

PROMISE = Promise(
	delivery_date=date(2026, 3, 2),
	amount=1000.5,
	lines=(PromisedLine("a", 1, "CYL", "Cylinder", "P-1", "Nos", 10, 1000.5),),
)


class TestPromise(unittest.TestCase):
	def test_it_reads_as_it_was_written(self):
		for promise in (PROMISE, Promise(None, 0, ())):
			self.assertEqual(from_json(json.loads(json.dumps(as_json(promise)))), promise)

	def test_an_order_under_review_stands_as_it_was_approved(self):
		changed = OrderFacts(
			name="SO",
			docstatus=1,
			gate="change_review",
			lines=(
				OrderLine(1, "CYL", 20, 2000, name="a", delivered=4),
				OrderLine(2, "VALVE", 5, 50, name="b"),
			),
		)
		self.assertEqual(order_stage(changed), "Pending Approval")
		promised = as_promised(changed, PROMISE)
		self.assertEqual(order_stage(promised), "Partially Shipped")
		self.assertEqual([(line.qty, line.amount) for line in promised.lines], [(10, 1000.5)])
