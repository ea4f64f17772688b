from metalcraft_workflow.rules.clearance import Order, prepayment_due


def test_a_prepayment_is_short_by_the_smallest_amount_of_its_currency():
	for rounding, paid, due in ((0.5, 300, 0), (0.5, 299, 1.3), (0.005, 300.3, 0), (0.0005, 300.296, 0.004)):
		order = Order("SO-1", True, total=1001, prepayment=30, paid=paid, rounding=rounding)
		assert prepayment_due(order) == due
